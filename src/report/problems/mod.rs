//! What `check` finds → text for people, JSON Lines, SARIF, or the annotations of GitHub's CI.

mod github;
mod sarif;
mod text;

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::json;

use super::json::harmless;
use crate::check::Finding;
use crate::rule::Severity;

pub use text::Look;

/// The form of a report on pages.
#[derive(Clone, Copy, Debug)]
pub enum ProblemFormat {
    /// As compilers print.
    Text(Look),
    /// JSON Lines, one a problem; the fields are a contract.
    Json,
    /// SARIF 2.1.0, one log.
    Sarif,
    /// Workflow commands of GitHub Actions.
    GitHub,
}

/// How many problems of each rule there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Pages judged, and those with a problem.
    pub pages: (usize, usize),
    /// Failures and warnings of each rule, by its name.
    pub rules: BTreeMap<&'static str, (usize, usize)>,
    /// Of those against the metadata: how many drift explains, by rule. Nothing without metadata.
    pub drift: Option<BTreeMap<&'static str, usize>>,
}

impl Sum {
    /// All failures, and all warnings.
    pub fn total(&self) -> (usize, usize) {
        self.rules.values().fold((0, 0), |(a, b), (failures, warnings)| (a + failures, b + warnings))
    }
}

/// A report on pages, written page by page.
pub struct Problems<W> {
    out: W,
    format: ProblemFormat,
    sum: Sum,
    begun: bool,
    written: io::Result<()>,
}

impl<W: Write> Problems<W> {
    /// Writes to `out`.
    pub fn new(out: W, format: ProblemFormat) -> Self {
        Problems { out, format, sum: Sum::default(), begun: false, written: Ok(()) }
    }

    /// Reports what one page has; nothing is a page too. A reader that has gone misses it, and it
    /// counts all the same.
    pub fn page(&mut self, findings: &[Finding]) {
        self.sum.pages.0 += 1;
        self.sum.pages.1 += usize::from(!findings.is_empty());
        for finding in findings {
            let (failures, warnings) = self.sum.rules.entry(finding.problem.rule.name).or_default();
            *(if finding.problem.severity == Severity::Warning { warnings } else { failures }) += 1;
            if let Some(against) = &finding.problem.against {
                let drift = self.sum.drift.get_or_insert_default();
                *drift.entry(finding.problem.rule.name).or_default() += usize::from(against.drift);
            }
            if self.written.is_ok() {
                self.written = self.finding(finding);
            }
        }
    }

    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        let first = !std::mem::replace(&mut self.begun, true);
        match self.format {
            ProblemFormat::Text(look) => text::finding(&mut self.out, look, finding),
            ProblemFormat::Json => writeln!(self.out, "{}", line(finding)),
            ProblemFormat::GitHub => github::finding(&mut self.out, finding),
            ProblemFormat::Sarif => {
                let before = if first { sarif::head() } else { ",\n".to_owned() };
                write!(self.out, "{before}{}", sarif::result(finding))
            }
        }
    }

    /// Ends the report. Gives the sum, and what writing came to.
    pub fn finish(mut self) -> (Sum, io::Result<()>) {
        let end = |report: &mut Self| {
            match report.format {
                ProblemFormat::Text(look) => text::sum(&mut report.out, look, &report.sum)?,
                ProblemFormat::Sarif => {
                    let head = if report.begun { String::new() } else { sarif::head() };
                    write!(report.out, "{head}{}", sarif::tail())?;
                }
                ProblemFormat::Json | ProblemFormat::GitHub => {}
            }
            report.out.flush()
        };
        let written = std::mem::replace(&mut self.written, Ok(())).and_then(|()| end(&mut self));
        (self.sum, written)
    }
}

fn line(finding: &Finding) -> String {
    let problem = &finding.problem;
    let mut line = json!({
        "page": &*problem.span.page,
        "line": problem.span.line,
        "code": problem.rule.name,
        "severity": problem.severity.name(),
        "message": problem.message,
    });
    if let Some(against) = &problem.against {
        line["at"] = against.at.as_deref().into();
        line["drift"] = against.drift.into();
    }
    harmless(&line)
}
