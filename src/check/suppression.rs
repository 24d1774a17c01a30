//! What a page says is not to be said of it: `suppressions` in its own annotation.

use crate::page::{Problem, Reading};
use crate::rule::{self, Rule};

/// Takes out what the page suppresses, and says which suppressions take nothing out.
///
/// An entry names a rule, `page/json`, or a rule and a line, `page/json:42`; what follows a blank is
/// a remark. One that names no rule means the problem whose message it holds. Entries for the tool
/// that the member was made for begin with `Error:` or `Warning:` and are left to it.
pub fn apply(reading: &Reading, problems: &mut Vec<Problem>) {
    // Those of a block count for the page too.
    let of_blocks = reading.fences.iter().filter_map(|fence| fence.comment.as_ref());
    let remarks = reading.remarks.iter().chain(of_blocks);
    let entries = remarks.flat_map(|remark| remark.suppressions.iter().map(move |entry| (remark, entry)));
    let entries: Vec<_> = entries.take(MOST).collect();
    if entries.is_empty() {
        return;
    }
    let read: Vec<Entry<'_>> = entries.iter().map(|(_, entry)| Entry::read(entry)).collect();
    let mut used = vec![false; read.len()];
    problems.retain(|problem| {
        let mut suppressed = false;
        for (entry, used) in read.iter().zip(&mut used) {
            if entry.means(&reading.page.name, problem) {
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

/// The longest entry, in bytes, that may hold a message.
const LONGEST: usize = 1_000;

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
        let text = text.trim();
        let is_foreign = ["Error:", "Warning:"].iter().any(|head| text.starts_with(head));
        let word = text.split(char::is_whitespace).next().unwrap_or("").trim_end_matches([':', ',', ';']);
        let (name, line) = match word.split_once(':') {
            Some((name, line)) => (name, line.parse().ok()),
            None => (word, None),
        };
        Entry { text, rule: rule::find(name), line, is_foreign }
    }

    fn means(&self, page: &str, problem: &Problem) -> bool {
        if self.is_foreign {
            return false;
        }
        match self.rule {
            Some(rule) => {
                let here = |line: u32| line == problem.span.line && *problem.span.page == *page;
                rule == problem.rule && self.line.is_none_or(here)
            }
            None => self.text.len() <= LONGEST && self.text.contains(&problem.message),
        }
    }
}
