//! What was sent and what came back, as values.

use std::time::Duration;

use crate::message::{Request, Response};
use crate::rule::Rule;

/// Why nothing came back that could be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One of the `transport/` rules.
    pub rule: &'static Rule,
    /// What happened, for a person.
    pub message: String,
}

/// One request and its outcome.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The request as sent, without its credential.
    pub request: Request,
    /// The last answer, or why there was none.
    pub outcome: Result<Response, Failure>,
    /// How often it was sent.
    pub attempts: u32,
    /// Wall time of all attempts, waits between them included.
    pub duration: Duration,
}
