//! Two texts as a unified diff. The only user of `similar`.

use similar::{ChangeTag, TextDiff};

/// One line of a diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// In both texts.
    Both,
    /// Only in the first.
    Old,
    /// Only in the second.
    New,
    /// Lines left out between two hunks.
    Gap,
}

/// The lines that differ between `old` and `new`, with three lines of context around them,
/// at most `limit` lines in all (the last line then says how many were left out).
pub fn lines(old: &str, new: &str, limit: usize) -> Vec<(Side, String)> {
    let diff = TextDiff::from_lines(old, new);
    let mut out = Vec::new();
    let mut dropped = 0usize;
    for (at, group) in diff.grouped_ops(3).iter().enumerate() {
        if at > 0 {
            out.push((Side::Gap, "...".to_owned()));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            if out.len() >= limit {
                dropped += 1;
                continue;
            }
            let side = match change.tag() {
                ChangeTag::Equal => Side::Both,
                ChangeTag::Delete => Side::Old,
                ChangeTag::Insert => Side::New,
            };
            let text = change.to_string_lossy();
            out.push((side, text.trim_end_matches(['\r', '\n']).to_owned()));
        }
    }
    if dropped > 0 {
        out.push((Side::Gap, format!("... {dropped} more lines")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_changed_and_bounds_itself() {
        let shown = lines("a\nb\nc\n", "a\nx\nc\n", 50);
        assert_eq!(
            shown,
            [(Side::Both, "a".into()), (Side::Old, "b".into()), (Side::New, "x".into()), (Side::Both, "c".into())]
        );
        assert!(lines("a\n", "a\n", 50).is_empty());
        let many = "y\n".repeat(100);
        assert_eq!(lines("", &many, 10).last().map(|l| l.1.as_str()), Some("... 90 more lines"));
    }
}
