//! The command line: the only part that reads arguments and environment, prints, and ends the
//! process.

mod args;
mod explain;
mod list;
mod mock;
mod output;
mod run;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Verb};

/// Something that ends the program with exit code 2: usage, configuration, input that cannot be
/// opened.
#[derive(Debug)]
struct Refused(String);

impl<E: std::error::Error> From<E> for Refused {
    fn from(error: E) -> Self {
        Refused(error.to_string())
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let done = match arguments.verb {
        Verb::Run(args) => run::main(&args),
        Verb::List(args) => list::main(&args),
        Verb::Mock(args) => mock::main(&args),
        Verb::Explain(args) => explain::main(&args),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(Refused(message)) => {
            let _ = writeln!(io::stderr(), "graphspec: {message}");
            ExitCode::from(2)
        }
    }
}

/// A reader that hangs up (`| head`) is no error.
fn quiet_pipe(result: io::Result<()>) -> Result<(), Refused> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Refused(format!("cannot write the output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// A remark for the user, beside the results.
fn note(message: &str) {
    let _ = writeln!(io::stderr(), "graphspec: {message}");
}

/// The known word nearest to `word`, if it is near: for suggestions.
fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known.filter(|k| !k.is_empty()).map(|k| (strsim::damerau_levenshtein(word, k), k));
    let best = scored.min_by_key(|(distance, _)| *distance)?;
    let near = best.0 <= 1.max(word.len() / 3) && best.0 < word.len();
    near.then_some(best.1)
}

/// Pages as named on the command line; none is the built-in suite.
fn sources(pages: &args::Pages) -> Result<Vec<crate::page::Source>, Refused> {
    if pages.pages.is_empty() {
        return Ok(crate::suite::pages());
    }
    Ok(crate::page::open(&pages.pages)?)
}
