//! The command line: the only part that reads arguments and environment, prints, and ends the
//! process.

mod args;
mod check;
mod dry_run;
mod explain;
mod init;
mod list;
mod metadata;
mod mock;
mod output;
mod run;
mod schema;
mod settings;

use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, ColorArg, Verb};

use crate::page::{Docset, Page, Problem, Unopened};
use crate::spelling::nearest;

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
        Verb::Check(args) => check::main(&args),
        Verb::Mock(args) => mock::main(&args),
        Verb::Init(args) => init::main(&args),
        Verb::Schema(args) => schema::main(&args),
        Verb::Explain(args) => explain::main(&args),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(Refused(message)) => {
            note(&message);
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
    let _ = writeln!(io::stderr(), "graphspec: {}", crate::report::escape(message));
}

/// Whether stdout is a terminal that colours may go to.
fn wants_color(asked: ColorArg) -> bool {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
        || std::env::var_os("TERM").is_some_and(|t| t == "dumb");
    match asked {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto => io::stdout().is_terminal() && !plain,
    }
}

/// The columns of the terminal that stdout is.
fn terminal_width() -> Option<usize> {
    io::stdout().is_terminal().then(|| terminal_size::terminal_size().map(|(w, _)| usize::from(w.0))).flatten()
}

/// Pages as named on the command line: files, folders, `-` for standard input; none is the built-in
/// suite.
fn docset(args: &args::Pages) -> Result<Docset, Refused> {
    if args.pages.is_empty() {
        return Ok(Docset::of(crate::suite::pages()));
    }
    let (standard, paths): (Vec<_>, Vec<_>) = args.pages.iter().cloned().partition(|path| path.as_os_str() == "-");
    let mut docset = Docset::open(&paths)?;
    if !standard.is_empty() {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map_err(|error| Refused(format!("-: {error}")))?;
        docset.add(("-".to_owned(), bytes));
    }
    Ok(docset)
}

/// Reads every page, and says what could not be read. The second value is whether that was all.
fn read_all(args: &args::Pages) -> Result<(Vec<Page>, bool), Refused> {
    let mut pages = Vec::new();
    let unopened = docset(args)?.read(|reading| reading.page, |page| pages.push(page));
    Ok((pages, report_unopened(&unopened)))
}

/// What is wrong with the pages so that a case is lost or changed, said after the results.
#[derive(Default)]
struct Losses {
    shown: Vec<String>,
    more: usize,
}

impl Losses {
    const SHOWN: usize = 20;

    fn add(&mut self, losses: Vec<String>) {
        for loss in losses {
            if self.shown.len() < Self::SHOWN { self.shown.push(loss) } else { self.more += 1 }
        }
    }

    fn tell(&self) {
        self.shown.iter().for_each(|loss| note(loss));
        match self.more {
            0 => {}
            1 => note("1 more problem with the pages; `graphspec check` shows it"),
            more => note(&format!("{more} more problems with the pages; `graphspec check` shows them")),
        }
    }
}

/// A problem by which a case is lost, in a line.
fn loss(problem: &Problem) -> String {
    format!("{}: {} ({})", problem.span, problem.message, problem.rule.name)
}

/// Says which pages could not be read. Whether there is none.
fn report_unopened(unopened: &[Unopened]) -> bool {
    for error in unopened {
        note(&error.to_string());
    }
    unopened.is_empty()
}

/// The exit code, where not all of the input could be opened: what is wrong with the rest weighs
/// more.
fn unless_unopened(code: u8, all_read: bool) -> u8 {
    if all_read || code == 1 || code == 130 { code } else { 2 }
}
