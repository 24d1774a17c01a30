//! What a page says is not to be said of it: `suppressions` in its own annotation.

use crate::page::{Problem, Reading};
use crate::rule::{self, Rule};

/// Takes out what the page suppresses, and says which suppressions take nothing out.
///
/// An entry names a rule, `page/json`, alone or with more: a line (`page/json:42`), or words of the
/// message. Entries for the tool that the member was made for begin with `Error:` or `Warning:`
/// and are left to it.
pub fn apply(reading: &Reading, problems: &mut Vec<Problem>) {
    let entries =
        reading.remarks.iter().flat_map(|remark| remark.suppressions.iter().map(move |entry| (remark, entry)));
    let entries: Vec<_> = entries.take(MOST).collect();
    if entries.is_empty() {
        return;
    }
    let read: Vec<Entry<'_>> = entries.iter().map(|(_, entry)| Entry::read(entry)).collect();
    let mut used = vec![false; read.len()];
    problems.retain(|problem| {
        let mut suppressed = false;
        for (entry, used) in read.iter().zip(&mut used) {
            if entry.means(problem) {
                *used = true;
                suppressed = true;
            }
        }
        !suppressed
    });
    for (((remark, text), entry), used) in entries.iter().zip(&read).zip(used) {
        if !used && !entry.is_foreign {
            let shown: String = text.chars().take(80).collect();
            let message = format!("the suppression `{shown}` suppresses nothing");
            problems.push(Problem::new(&rule::PAGE_SUPPRESSION, remark.span.clone(), &message));
        }
    }
}

/// The most suppressions of one page.
const MOST: usize = 256;

struct Entry<'e> {
    text: &'e str,
    rule: Option<&'static Rule>,
    line: Option<u32>,
    is_foreign: bool,
}

impl<'e> Entry<'e> {
    fn read(text: &'e str) -> Self {
        let is_end = |c: char| c.is_whitespace() || matches!(c, ':' | ',' | '(' | ')' | '[' | ']' | '`' | '"');
        let rule = text.split(is_end).find_map(rule::find);
        let line = rule.and_then(|rule| {
            let after = &text[text.find(rule.name)? + rule.name.len()..];
            let after = after.trim_start_matches([':', ' ', '(']).trim_start_matches("line ");
            after.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        });
        let is_foreign = ["Error:", "Warning:"].iter().any(|head| text.trim_start().starts_with(head));
        Entry { text, rule, line, is_foreign }
    }

    fn means(&self, problem: &Problem) -> bool {
        match self.rule.filter(|_| !self.is_foreign) {
            Some(rule) => rule == problem.rule && self.line.is_none_or(|line| line == problem.span.line),
            None => self.text.contains(&problem.message),
        }
    }
}
