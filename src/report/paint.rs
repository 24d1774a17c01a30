//! Colours, and text that fits a width.

/// Puts ANSI colours around text, or nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint(pub bool);

impl Paint {
    pub fn red(self, text: &str) -> String {
        self.with("31", text)
    }

    pub fn loud(self, text: &str) -> String {
        self.with("1;31", text)
    }

    pub fn green(self, text: &str) -> String {
        self.with("32", text)
    }

    pub fn yellow(self, text: &str) -> String {
        self.with("33", text)
    }

    pub fn magenta(self, text: &str) -> String {
        self.with("35", text)
    }

    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// `text` in lines: the first after `first` columns that are taken already, the others after
/// `indent`. Breaks at spaces, else after `/` and `,`, else anywhere. Columns are code points.
pub(super) fn wrap(text: &str, width: Option<usize>, first: usize, indent: usize) -> Vec<String> {
    let Some(width) = width else { return vec![text.to_owned()] };
    // However narrow, some text must fit.
    let room = |taken: usize| width.saturating_sub(taken).max(8);
    let mut lines = Vec::new();
    let mut rest = text.trim_end();
    loop {
        let room = room(if lines.is_empty() { first } else { indent });
        let Some((limit, _)) = rest.char_indices().nth(room) else {
            lines.push(rest.to_owned());
            return lines;
        };
        let head = &rest[..limit];
        // A break near the start of a line would leave it all but empty.
        let late = |at: &usize| head[..*at].chars().count() > room / 3;
        let space = if rest[limit..].starts_with(' ') { Some(limit) } else { head.rfind(' ') };
        let mark = || head.rfind(['/', ',']).map(|at| at + 1);
        let end = space.filter(late).or_else(|| mark().filter(late)).unwrap_or(limit);
        lines.push(rest[..end].trim_end().to_owned());
        rest = rest[end..].trim_start_matches(' ');
    }
}

/// [`wrap`], joined, with the lines after the first indented.
pub(super) fn wrapped(text: &str, width: Option<usize>, first: usize, indent: usize) -> String {
    wrap(text, width, first, indent).join(&format!("\n{}", " ".repeat(indent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_at_spaces_then_slashes_then_anywhere() {
        assert_eq!(wrap("aa bb cc dd", Some(8), 0, 0), ["aa bb cc", "dd"]);
        assert_eq!(wrap("users/x/followedSites", Some(10), 0, 0), ["users/x/", "followedSi", "tes"]);
        assert_eq!(wrap("ääääääääää", Some(8), 0, 0), ["ääääääää", "ää"]);
        assert_eq!(wrapped("aa bb cc dd", Some(12), 4, 2), "aa bb cc\n  dd");
        assert_eq!(wrap("", Some(8), 0, 0), [""]);
        assert_eq!(wrap("anything  goes", None, 0, 0), ["anything  goes"]);
    }

    proptest::proptest! {
        #[test]
        fn never_wider_and_nothing_lost(text in "[a-z/, ]{0,80}", width in 8usize..30) {
            let lines = wrap(&text, Some(width), 0, 0);
            proptest::prop_assert!(lines.iter().all(|l| l.chars().count() <= width));
            let strip = |t: &str| t.replace(' ', "");
            proptest::prop_assert_eq!(strip(&lines.concat()), strip(&text));
        }
    }
}
