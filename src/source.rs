//! Where a thing stands in a page.

use std::fmt;
use std::sync::Arc;

/// A line of a page, counted from 1. Prints as `page.md:42`, which terminals and editors open.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The page as the user named it, `/` as separator.
    pub page: Arc<str>,
    /// The line, from 1.
    pub line: u32,
}

impl Span {
    /// The place of `line` (from 1) in `page`.
    pub fn new(page: &Arc<str>, line: u32) -> Self {
        Span { page: Arc::clone(page), line }
    }

    /// Another line of the same page.
    #[must_use]
    pub fn at_line(&self, line: u32) -> Self {
        Span::new(&self.page, line)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.page, self.line)
    }
}
