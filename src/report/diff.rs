//! A changed snapshot as a coloured unified diff.

use super::escape::brief;
use super::paint::Paint;
use crate::diff::{self, Side};

/// The most lines of one diff.
const LINES: usize = 60;
/// The most characters of one line: a target may send a megabyte without a newline.
const COLUMNS: usize = 300;

/// The lines of the diff from the accepted text to the new one, escaped.
pub(super) fn lines(accepted: &str, new: &str, paint: Paint) -> Vec<String> {
    let shown = diff::lines(accepted, new, LINES).into_iter().map(|(side, line)| {
        let line = brief(&line, COLUMNS);
        match side {
            Side::Both => format!("  {line}"),
            Side::Old => paint.red(&format!("- {line}")),
            Side::New => paint.green(&format!("+ {line}")),
            Side::Gap => paint.dim(&line),
        }
    });
    shown.map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_escaped_and_bounded() {
        let shown = lines("a\nb\n", &format!("a\n\u{1b}c\n{}\n", "x".repeat(5_000)), Paint(false));
        assert_eq!(shown[..3], ["  a", "- b", r"+ \u{1b}c"]);
        assert!(shown[3].ends_with("… [5000 bytes in all]") && shown[3].len() < 400);
        assert!(lines("", &"x\n".repeat(500), Paint(true)).len() <= LINES + 1);
    }
}
