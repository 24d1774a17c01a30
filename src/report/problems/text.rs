//! Findings as compilers print them: what, where, the line itself with a mark under the place, and
//! what to do.

use std::io::{self, Write};

use super::super::escape;
use super::super::paint::{Paint, wrapped};
use super::super::summary::count;
use super::Sum;
use crate::check::{Excerpt, Finding};
use crate::rule::Severity;

/// How it looks.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// ANSI colours.
    pub color: bool,
    /// Columns of the terminal; nothing where there is none.
    pub width: Option<usize>,
}

/// Columns of an excerpt where there is no terminal.
const WIDE: usize = 160;

pub fn finding(out: &mut impl Write, look: Look, finding: &Finding) -> io::Result<()> {
    let paint = Paint(look.color);
    let problem = &finding.problem;
    let (word, paint_word): (&str, fn(Paint, &str) -> String) = match problem.severity {
        Severity::Warning => ("warning", Paint::yellow),
        _ => ("failure", Paint::loud),
    };
    let head = format!("{word}[{}]", problem.rule.name);
    let message = wrapped(&escape(&problem.message), look.width, head.len() + 2, 2);
    writeln!(out, "{}: {}", paint_word(paint, &head), paint.bold(&message))?;
    let number = problem.span.line.to_string();
    let margin = " ".repeat(number.len());
    let column = finding.excerpt.as_ref().map_or_else(String::new, |e| format!(":{}", e.column));
    writeln!(out, "{margin}{} {}{column}", paint.dim("-->"), escape(&problem.span.to_string()))?;
    if let Some(excerpt) = &finding.excerpt {
        let width = look.width.unwrap_or(WIDE).max(24);
        let (line, before, length) = window(excerpt, width - margin.len() - 3);
        let bar = paint.dim("|");
        writeln!(out, "{} {bar} {line}", paint.dim(&number))?;
        writeln!(out, "{margin} {bar} {}{}", " ".repeat(before), paint_word(paint, &"^".repeat(length)))?;
    }
    if problem.against.as_ref().is_some_and(|against| against.drift) {
        let note = "Page and metadata may be of different years: this may have been so once.";
        let note = wrapped(note, look.width, margin.len() + 9, margin.len() + 3);
        writeln!(out, "{margin} {} {note}", paint.dim("= note:"))?;
    }
    let help = wrapped(problem.rule.remedy, look.width, margin.len() + 9, margin.len() + 3);
    writeln!(out, "{margin} {} {help}\n", paint.dim("= help:"))
}

/// The part of a line that holds what is meant, escaped; how many columns stand before that, and
/// how many it takes.
fn window(excerpt: &Excerpt, room: usize) -> (String, usize, usize) {
    let chars: Vec<char> = excerpt.line.chars().map(|c| if c == '\t' { ' ' } else { c }).collect();
    let room = room.max(8);
    let mut start = 0;
    let mut end = chars.len();
    if chars.len() > room {
        // A third of what is shown stands before the place.
        start = excerpt.start.saturating_sub(room / 3).min(chars.len() + 1 - room);
        let left = room - usize::from(start > 0);
        end = if chars.len() - start <= left { chars.len() } else { start + left - 1 };
    }
    let text = |range: &[char]| escape(&range.iter().collect::<String>()).into_owned();
    let meant = excerpt.start.clamp(start, end);
    let past = (excerpt.start + excerpt.length).clamp(meant, end);
    let ellipsis = |is_cut: bool| if is_cut { "…" } else { "" };
    let before = text(&chars[start..meant]);
    let marked = text(&chars[meant..past]);
    let after = text(&chars[past..end]);
    let lead = ellipsis(start > 0);
    let line: String = format!("{lead}{before}{marked}{after}{}", ellipsis(end < chars.len()));
    let columns = |text: &str| text.chars().count();
    // What is escaped takes more columns than it had.
    let line: String = line.chars().take(room).collect();
    let at = (columns(lead) + columns(&before)).min(room.saturating_sub(1));
    (line, at, columns(&marked).clamp(1, room - at))
}

pub fn sum(out: &mut impl Write, look: Look, sum: &Sum) -> io::Result<()> {
    let paint = Paint(look.color);
    let (failures, warnings) = sum.total();
    if sum.pages.0 == 0 {
        return Ok(());
    }
    if failures + warnings == 0 {
        return writeln!(out, "{}: {}", count(sum.pages.0, "page"), paint.green("nothing is wrong"));
    }
    if sum.rules.len() > 1 {
        let drift = sum.drift.as_ref();
        let head = drift.map_or("", |_| "     drift");
        writeln!(out, "{:>8}  {:>8}{head}", "failures", "warnings")?;
        for (rule, (failures, warnings)) in &sum.rules {
            let drift = drift.map_or_else(String::new, |of| format!("  {:>8}", of.get(rule).copied().unwrap_or(0)));
            writeln!(out, "{failures:>8}  {warnings:>8}{drift}  {rule}")?;
        }
        writeln!(out)?;
    }
    let (pages, wrong) = sum.pages;
    let parts = [(failures, "failure"), (warnings, "warning")];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, noun)| count(*n, noun)).collect();
    writeln!(out, "{} in {wrong} of {}", parts.join(" and "), count(pages, "page"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let excerpt = Excerpt { line: "x".repeat(50) + "!" + &"y".repeat(50), column: 51, start: 50, length: 1 };
        let (line, before, length) = window(&excerpt, 20);
        assert_eq!((line.chars().count(), line.chars().nth(before), length), (20, Some('!'), 1));
        let (line, before, _) = window(&Excerpt { start: 100, ..excerpt.clone() }, 20);
        assert_eq!((line.chars().nth(before), line.ends_with('y')), (Some('y'), true));
        let short = Excerpt { line: "  ab\tc".to_owned(), column: 3, start: 2, length: 4 };
        assert_eq!(window(&short, 20), ("  ab c".to_owned(), 2, 4));
    }

    #[test]
    fn what_a_terminal_acts_on_is_shown() {
        let hostile = Excerpt { line: "a\u{1b}[31mb".to_owned(), column: 1, start: 0, length: 7 };
        assert_eq!(window(&hostile, 40).0, "a\\u{1b}[31mb");
    }
}
