//! graphspec makes the documented examples of Microsoft Graph style APIs executable.
//!
//! One way through the house: page → case → plan → exchange → verdict → report. Modules stand
//! here in reading order, floor by floor; each imports only from floors below its own.

// floor 0: words
pub mod diff;
pub mod json;
pub mod message;
pub mod secret;
pub mod source;
pub mod spelling;
// floor 1: the law and the rules
pub mod csdl;
pub mod multi_status;
pub mod rule;
// floor 2: the promise
pub mod binding;
pub mod case;
pub mod exchange;
// floor 3
pub mod redact;
// floor 4: hands
pub mod client;
pub mod config;
pub mod fault;
pub mod page;
pub mod plan;
pub mod schema;
pub mod snapshot;
// floor 5: judgement
pub mod check;
pub mod mock;
pub mod suite;
pub mod verdict;
// floor 6
pub mod event;
// floor 7
pub mod report;
pub mod run;
// floor 8
pub mod trials;
// floor 9
pub mod cli;
