//! Events → reports. Each reporter writes to the `Write` that it is given and knows nothing of
//! terminals, files or the environment.

mod curl;
mod diff;
mod escape;
mod failure;
mod json;
mod libtest;
mod paint;
mod pretty;
mod problems;
mod summary;

use std::io;

use crate::event::{Event, Judged};

pub use curl::command;
pub use escape::escape;
pub use json::{Json, harmless};
pub use libtest::Libtest;
pub use pretty::{Level, Pretty, Style};
pub use problems::{Look, ProblemFormat, Problems, Sum};

/// What is told of every event of a run, in plan order.
pub trait Reporter {
    /// Takes in one event; flushes after the last.
    ///
    /// # Errors
    /// What writing returns, a reader that has hung up included.
    fn event(&mut self, event: &Event) -> io::Result<()>;
}

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Pretty,
    /// As `cargo test` prints.
    Libtest,
    /// JSON Lines.
    Json,
}

impl Format {
    /// The words that [`Format::parse`] knows.
    pub const NAMES: [&'static str; 3] = ["pretty", "libtest", "json"];

    /// The format of that name.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "pretty" => Some(Format::Pretty),
            "libtest" => Some(Format::Libtest),
            "json" => Some(Format::Json),
            _ => None,
        }
    }
}

/// Everything about one case that did not pass, as plain text: what a test prints when it fails.
pub fn details(judged: &Judged) -> String {
    let style = Style { color: false, width: None, level: Level::Normal, token_env: None };
    failure::block(judged, &style)
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
