//! Workflow commands: GitHub shows each beside its line in a pull request.

use std::io::{self, Write};

use crate::check::Finding;
use crate::rule::Severity;

pub fn finding(out: &mut impl Write, finding: &Finding) -> io::Result<()> {
    let problem = &finding.problem;
    let command = if problem.severity == Severity::Warning { "warning" } else { "error" };
    let file = property(&problem.span.page);
    let title = property(problem.rule.name);
    let message = format!("{}%0A{}", data(&problem.message), data(problem.rule.remedy));
    writeln!(out, "::{command} file={file},line={},title={title}::{message}", problem.span.line)
}

/// A command's message: what would end it is escaped.
fn data(text: &str) -> String {
    super::super::escape(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A command's property: its separators are escaped too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(data("100 %\n::error::x"), "100 %25\\n::error::x");
        assert_eq!(property("a:b,c.md"), "a%3Ab%2Cc.md");
    }
}
