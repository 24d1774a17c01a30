//! Right answer → wrong answer: one catalogue of faults, each of which breaks an answer in one
//! named way. A fault goes by structure alone and knows no operation, so that any right answer
//! can be broken: by the embedded mock, or by a mutation score.
//!
//! Every fault makes a deviation. What only draws a warning (an optional member that is null, an
//! empty message), and what is right (another order, members beyond the example, no inner
//! error), is no fault.

mod answer;
mod envelope;
mod error;
mod failed;
mod header;
mod items;
mod members;
mod outcome;
mod status;
mod text;

use std::fmt;
use std::sync::LazyLock;

use serde_json::Value;

use crate::message::Response;
use crate::multi_status::Dialect;
use answer::Answer;

/// One way to be wrong.
#[derive(Clone, Copy)]
pub struct Fault {
    /// Its name: lower case, words joined by `-`.
    pub name: &'static str,
    /// What it does to an answer, for a person.
    pub sentence: &'static str,
    breaks: fn(&Answer<'_>) -> Option<Response>,
}

/// What a fault may know of the request that was answered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// The request's method.
    pub method: &'a str,
    /// How the operation reports per-item outcomes, where it does.
    pub dialect: Option<&'a Dialect>,
    /// The items that the request names.
    pub asked: &'a [Value],
}

impl Fault {
    /// The wrong answer made of a right one; `None` where `right` has nothing that this fault
    /// could break.
    pub fn apply(&self, right: &Response, context: &Context<'_>) -> Option<Response> {
        let wrong = (self.breaks)(&Answer::new(right, context))?;
        (wrong != *right).then_some(wrong)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({})", self.name)
    }
}

/// Every fault, in the order of the catalogue: status, header fields, text, envelope, items,
/// members, outcomes, failed entries, error answers.
pub fn all() -> &'static [Fault] {
    static ALL: LazyLock<Vec<Fault>> = LazyLock::new(|| {
        let parts: [&[Fault]; 9] = [
            status::FAULTS,
            header::FAULTS,
            text::FAULTS,
            envelope::FAULTS,
            items::FAULTS,
            members::FAULTS,
            outcome::FAULTS,
            failed::FAULTS,
            error::FAULTS,
        ];
        parts.concat()
    });
    &ALL
}

/// The fault of that name.
pub fn find(name: &str) -> Option<&'static Fault> {
    all().iter().find(|fault| fault.name == name)
}

#[cfg(test)]
mod tests;
