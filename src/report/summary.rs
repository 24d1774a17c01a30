//! A run in one plain sentence.

use crate::event::Tally;

/// `1 case`, `2 cases`.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// `2 cases: 1 passed, 1 failed`; only what there is any of.
pub(super) fn sentence(tally: &Tally) -> String {
    let parts = [
        (tally.passed, "passed".to_owned()),
        (tally.failed, "failed".to_owned()),
        (tally.errors, if tally.errors == 1 { "error" } else { "errors" }.to_owned()),
        (tally.skipped, "skipped".to_owned()),
    ];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    let mut out = count(tally.selected, "case");
    let others = tally.planned.saturating_sub(tally.selected);
    if others > 0 {
        out.extend([" (", &others.to_string(), " not selected)"]);
    }
    out.push_str(": ");
    out.push_str(&if parts.is_empty() { "nothing was judged".to_owned() } else { parts.join(", ") });
    if tally.passed + tally.failed + tally.errors == 0 && tally.skipped > 0 {
        out.push_str("; nothing was judged");
    }
    if tally.warnings > 0 {
        out.extend(["; ", &count(tally.warnings, "warning")]);
    }
    if tally.interrupted {
        out.push_str("; interrupted");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_and_parts() {
        let say = |planned, passed, failed, errors, skipped, warnings| {
            let selected = passed + failed + errors + skipped;
            sentence(&Tally { planned, selected, passed, failed, errors, skipped, warnings, interrupted: false })
        };
        assert_eq!(say(2, 1, 1, 0, 0, 0), "2 cases: 1 passed, 1 failed");
        assert_eq!(say(1, 1, 0, 0, 0, 1), "1 case: 1 passed; 1 warning");
        assert_eq!(say(9, 1, 0, 1, 3, 2), "5 cases (4 not selected): 1 passed, 1 error, 3 skipped; 2 warnings");
        assert_eq!(say(2, 0, 0, 2, 0, 0), "2 cases: 2 errors");
        assert_eq!(say(2, 0, 0, 0, 2, 0), "2 cases: 2 skipped; nothing was judged");
        assert_eq!(say(0, 0, 0, 0, 0, 0), "0 cases: nothing was judged");
        assert!(sentence(&Tally { interrupted: true, ..Tally::default() }).ends_with("; interrupted"));
    }
}
