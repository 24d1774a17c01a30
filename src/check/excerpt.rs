//! The line of a page that a problem is about, made fit to be shown.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::credential;
use crate::page::{Fence, Problem, Reading};

/// A line, and the characters of it that are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The line, or of a long one the part around the place; without credentials, but still the
    /// page's own text, to be escaped by whoever shows it.
    pub line: String,
    /// The character of the whole line that is meant, from 1.
    pub column: usize,
    /// The same in `line`, from 0.
    pub start: usize,
    /// How many are.
    pub length: usize,
}

/// Beyond this many characters a line is not shown whole.
const LONGEST: usize = 2_000;

/// The lines of a page, and its own blocks in their order.
#[derive(Default)]
pub struct Lines<'r> {
    page: &'r str,
    text: Vec<&'r str>,
    fences: Vec<&'r Fence>,
    keys: Vec<RangeInclusive<u32>>,
    set_in: RefCell<HashMap<u32, usize>>,
}

impl<'r> Lines<'r> {
    /// Those of a reading.
    pub fn of(reading: &'r Reading) -> Self {
        let page = &*reading.page.name;
        let fences = reading.own_fences().collect();
        let keys = credential::key_lines(&reading.text);
        Lines { page, text: reading.text.lines().collect(), fences, keys, set_in: RefCell::default() }
    }

    /// The excerpt of a problem, where its line is one of the page's own.
    pub fn excerpt(&self, problem: &Problem) -> Option<Excerpt> {
        if &*problem.span.page != self.page {
            return None;
        }
        let whole = self.text.get((problem.span.line as usize).checked_sub(1)?)?.trim_end();
        let indent = whole.chars().take_while(|c| c.is_whitespace()).count();
        let masked = credential::masked(whole);
        let in_key = self.keys.iter().any(|key| key.contains(&problem.span.line));
        let line: &str = if in_key { "[secret]" } else { &masked };
        // A column counts inside the block; the block may be set in.
        let column = problem.column.map(|column| self.set_in(whole, problem.span.line) + column as usize - 1);
        let skipped = column.map_or(0, |column| column.saturating_sub(LONGEST / 2));
        let line: String = line.chars().skip(skipped).take(LONGEST).collect();
        let length = line.chars().count();
        let (start, length) = match column {
            Some(column) => ((column - skipped).min(length.saturating_sub(1)), 1),
            None => (indent.min(length), length.saturating_sub(indent)),
        };
        Some(Excerpt { line, column: skipped + start + 1, start, length: length.max(1) })
    }

    /// How far a block's lines are set in by its container; looked up once a block.
    fn set_in(&self, whole: &str, line: u32) -> usize {
        let after = self.fences.partition_point(|fence| fence.span.line < line);
        let Some(fence) = after.checked_sub(1).map(|at| self.fences[at]) else { return 0 };
        let mut known = self.set_in.borrow_mut();
        *known.entry(fence.span.line).or_insert_with(|| {
            let inner = fence.text.lines().nth((line - fence.span.line - 1) as usize);
            let prefix = inner.and_then(|inner| whole.strip_suffix(inner.trim_end()));
            prefix.map_or(0, |prefix| prefix.chars().count())
        })
    }
}
