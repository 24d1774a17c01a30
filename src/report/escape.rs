//! What a target sent, made harmless for a terminal.

use std::borrow::Cow;

/// Characters that a terminal acts on, or that show text in another order than it has: C0 and C1
/// controls, DEL, and the bidi controls (Unicode Technical Report 36, section 3.2).
pub(super) fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        // Line separators break a layout as newlines do.
        || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether there is any; most text is printable ASCII, which is seen at once.
pub(super) fn holds_active(text: &str) -> bool {
    !text.bytes().all(|b| (0x20..0x7f).contains(&b)) && text.contains(is_active)
}

/// `text` with every such character, newline and tab included, shown like `\u{1b}`, `\n`.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !holds_active(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_active(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// `text` escaped and cut at about `limit` characters.
pub(super) fn brief(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}… [{} bytes in all]", escape(&text[..end]), text.len()),
        None => escape(text).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_shown() {
        assert_eq!(
            escape("\u{1b}[31m\r\n\u{9b}\u{7f}\u{202e}\u{2067}\u{200f}"),
            r"\u{1b}[31m\r\n\u{9b}\u{7f}\u{202e}\u{2067}\u{200f}"
        );
        assert!(matches!(escape("Grüße, 世界 \\ 'x'"), Cow::Borrowed(_)));
        assert_eq!(brief("äbcd", 2), "äb… [5 bytes in all]");
        assert_eq!(brief("äb", 2), "äb");
    }

    proptest::proptest! {
        #[test]
        fn nothing_active_is_left(text in proptest::string::string_regex("(?s).{0,60}").unwrap()) {
            proptest::prop_assert!(!escape(&text).contains(is_active));
        }
    }
}
