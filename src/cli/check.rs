//! `graphspec check`.

use std::collections::HashSet;
use std::io::{self, BufWriter};

use super::args::{CheckArgs, CheckForm};
use super::{
    Refused, docset, metadata, nearest, note, quiet_pipe, report_unopened, terminal_width, unless_unopened, wants_color,
};
use crate::check::{self, Finding};
use crate::page::Reading;
use crate::report::{Look, ProblemFormat, Problems};
use crate::rule::{self, Rule, Severity};
use crate::source::Span;

pub fn main(args: &CheckArgs) -> Result<u8, Refused> {
    let (deny, allow) = (codes("--deny", &args.deny)?, codes("--allow", &args.allow)?);
    if let Some(both) = deny.iter().find(|code| allow.contains(code)) {
        return Err(Refused(format!("{}: --deny and --allow contradict each other", both.name)));
    }
    let standard = args.metadata.as_deref().map(metadata::standard).transpose()?;
    let types = standard.as_ref().map(|standard| &*standard.types);
    let of = |reading: Reading| {
        let mut found = check::findings(&reading, types);
        found.retain(|finding| !allow.contains(&finding.problem.rule));
        for finding in found.iter_mut().filter(|finding| deny.contains(&finding.problem.rule)) {
            finding.problem.severity = Severity::Failure;
        }
        (reading.page.name, found)
    };
    let format = match args.format {
        CheckForm::Text => ProblemFormat::Text(Look { color: wants_color(args.color), width: terminal_width() }),
        CheckForm::Json => ProblemFormat::Json,
        CheckForm::Sarif => ProblemFormat::Sarif,
        CheckForm::Github => ProblemFormat::GitHub,
    };
    let mut report = Problems::new(BufWriter::new(io::stdout().lock()), format);
    let mut shared: HashSet<(Span, String)> = HashSet::new();
    let unopened = docset(&args.pages)?.read(of, |(page, mut found): (_, Vec<Finding>)| {
        // What is wrong with a file that several pages include is said once.
        found.retain(|finding| {
            let problem = &finding.problem;
            problem.span.page == page || shared.insert((problem.span.clone(), problem.message.clone()))
        });
        report.page(&found);
    });
    let (sum, written) = report.finish();
    quiet_pipe(written)?;
    let all_read = report_unopened(&unopened);
    let code = match (sum.pages.0, sum.total()) {
        (0, _) => {
            note("there is no page");
            4
        }
        (_, (0, _)) => 0,
        _ => 1,
    };
    Ok(unless_unopened(code, all_read))
}

/// The rules of those names.
fn codes(flag: &str, names: &[String]) -> Result<Vec<&'static Rule>, Refused> {
    let known = || rule::ALL.iter().copied().filter(|rule| rule.name.starts_with("page/"));
    let read = names.iter().map(|name| {
        known().find(|rule| rule.name == name || rule.name.strip_prefix("page/") == Some(name)).ok_or_else(|| {
            let near = nearest(name, known().map(|rule| rule.name));
            let hint = near.map_or_else(
                || "; `graphspec explain` lists them".to_owned(),
                |near| format!("; did you mean `{near}`?"),
            );
            Refused(format!("{flag} {name}: no rule about pages has this name{hint}"))
        })
    });
    read.collect()
}
