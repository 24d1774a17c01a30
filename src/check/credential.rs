//! Credentials that look real: an example that somebody pasted from a session of their own.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::page::{Problem, Reading};
use crate::rule;
use crate::source::Span;

/// What it is, and the shape that it has. None matches a placeholder: no `{`, `<`, `…` or `...`.
const SHAPES: [(&str, &str); 10] = [
    // RFC 7519: three parts, header and claims being JSON in Base64.
    ("a JSON Web Token", r"eyJ[A-Za-z0-9_-]{12,}\.eyJ[A-Za-z0-9_-]{12,}\.[A-Za-z0-9_-]{12,}"),
    ("a private key", r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    ("a client secret of Microsoft Entra", r"(?:^|[^A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}"),
    ("a storage account's key", r"AccountKey=[A-Za-z0-9+/]{86}=="),
    ("a shared access signature", r"[?&;]sig=[A-Za-z0-9%+/_-]{40,}(?:%3[dD]|=)"),
    ("an AWS access key", r"(?:^|[^A-Z0-9])AKIA[0-9A-Z]{16}(?:$|[^A-Z0-9])"),
    ("a GitHub token", r"gh[pousr]_[A-Za-z0-9]{36}"),
    ("a Slack token", r"xox[abprs]-[0-9A-Za-z-]{20,}"),
    ("an API key of Google", r"AIza[0-9A-Za-z_-]{35}"),
    ("a bearer token", r"(?i:authorization *: *bearer) +[A-Za-z0-9._~+/-]{20,}=*"),
];

static ANY: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    let compiled = SHAPES.iter().map(|(what, shape)| Regex::new(shape).map(|regex| (*what, regex)));
    compiled.filter_map(Result::ok).collect()
});

/// What every shape holds somewhere: most lines hold none of it, and are not looked at twice.
static SIGN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"eyJ|-----BEGIN|Q~|AccountKey=|sig=|AKIA|gh[pousr]_|xox|AIza|[bB]earer |BEARER ").ok()
});

fn holds_sign(text: &str) -> bool {
    SIGN.as_ref().is_none_or(|sign| sign.is_match(text))
}

/// Lines that hold a credential: of the page, and of the blocks that it includes.
pub fn check(reading: &Reading, problems: &mut Vec<Problem>) {
    let first = Span::new(&reading.page.name, 1);
    let own = std::iter::once((first, reading.text.as_str()));
    let others = reading.fences.iter().filter(|fence| fence.span.page != reading.page.name);
    let others = others.map(|fence| (fence.span.at_line(fence.span.line + 1), fence.text.as_str()));
    for (span, text) in own.chain(others) {
        if !holds_sign(text) {
            continue;
        }
        for (line, text) in (span.line..).zip(text.lines()) {
            if let Some(what) = credential(text) {
                let message = format!("{what} that looks real; revoke it if it is");
                problems.push(Problem::new(&rule::PAGE_SECRET, span.at_line(line), &message));
            }
        }
    }
}

/// What credential a line holds, if any.
fn credential(line: &str) -> Option<&'static str> {
    if !holds_sign(line) {
        return None;
    }
    let found = ANY.iter().find(|(_, shape)| shape.find_iter(line).any(|found| is_random(found.as_str())));
    found.map(|(what, _)| *what)
}

/// Whether a text is no word that an author made up: its characters are of many kinds, and few
/// repeat.
fn is_random(text: &str) -> bool {
    let value = text.rsplit([' ', '=', '-']).find(|part| part.len() >= 16).unwrap_or(text);
    if text.contains("BEGIN") {
        return true;
    }
    // Cut short by whoever showed it.
    if text.ends_with("..") {
        return false;
    }
    let has = |set: fn(u8) -> bool| value.bytes().any(set);
    let mut kinds: Vec<u8> = value.bytes().collect();
    kinds.sort_unstable();
    kinds.dedup();
    let words = ["token", "secret", "example", "sample", "your", "access", "xxxx", "abcdef", "redacted"];
    let lower = value.to_ascii_lowercase();
    has(|b| b.is_ascii_digit())
        && has(|b| b.is_ascii_alphabetic())
        && kinds.len() >= 12
        && !words.iter().any(|word| lower.contains(word))
}

/// `text` without its credentials, for a person's eyes: each is overwritten, character by
/// character, so that places stay where they are.
pub fn masked(text: &str) -> Cow<'_, str> {
    if !holds_sign(text) {
        return Cow::Borrowed(text);
    }
    let mut out = Cow::Borrowed(text);
    for (_, shape) in ANY.iter() {
        let filled = shape.replace_all(&out, |found: &Captures<'_>| {
            let length = found.get_match().as_str().chars().count();
            format!("{:*<length$}", "[secret]")
        });
        if let Cow::Owned(filled) = filled {
            out = Cow::Owned(filled);
        }
    }
    out
}

/// The lines, from 1, that a private key takes.
pub fn key_lines(text: &str) -> Vec<RangeInclusive<u32>> {
    let mut found = Vec::new();
    if !text.contains("PRIVATE KEY-----") {
        return found;
    }
    let mut open = None;
    for (line, text) in (1..).zip(text.lines()) {
        if text.contains("PRIVATE KEY-----") && text.contains("-----BEGIN") {
            open = Some(line);
        }
        if text.contains("-----END")
            && let Some(start) = open.take()
        {
            found.push(start..=line);
        }
        // A key has a few dozen lines; what is never closed hides no page.
        if open.is_some_and(|start| line - start > 128) {
            found.extend(open.take().map(|start| start..=line));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9";

    #[test]
    fn every_shape_compiles() {
        assert_eq!(ANY.len(), SHAPES.len());
    }

    #[test]
    fn what_looks_real_is_found_and_what_stands_for_it_is_not() {
        let jwt = format!("{HEADER}.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U");
        for real in [
            format!("Authorization: Bearer {jwt}"),
            format!("  \"accessToken\": \"{jwt}\""),
            "-----BEGIN RSA PRIVATE KEY-----".to_owned(),
            "\"secretText\": \"q.F8Q~V3pXk2nR7sT0uW4yZ6aB8cD1eF3gH5iJ7kL\"".to_owned(),
            "authorization: bearer EwBwA8l6BAAU7p9QDpi6D7xJLwsTgCg3TskyTaQAAXu71AU9".to_owned(),
            "x?sv=2019&sig=Z9p1Wq8cM4vK2nB7xR5tY3uI6oP0aS1dF8gH4jK2lQ%3D".to_owned(),
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a".to_owned(),
        ] {
            assert!(credential(&real).is_some(), "{real}");
            assert!(masked(&real).contains("[secret]"), "{real}");
        }
        for other in [
            "Authorization: Bearer {token}",
            "Authorization: Bearer <token>",
            "Authorization: Bearer eyJ0eXAiOiJKV1QiLCJub25jZSI6...",
            "Authorization: Bearer your-access-token-goes-here",
            "Authorization: Bearer eyJ0eXAiO...",
            "\"password\": \"xWwvJ]6NMw+bWH-d\"",
            "\"skipToken\": \"eyJwYWdlIjoiMSIsImRhdGUiOiIyMDE5In0\"",
            "?sig={signature}",
            "\"contentBytes\": \"R0lGODlhEAAOALMAAOazToeHh0tLS/7LZv\"",
        ] {
            assert_eq!(credential(other), None, "{other}");
        }
    }
}
