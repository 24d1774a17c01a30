//! Documented values ↔ the target's values: applied to a request on its way out, inverted on an
//! answer before it is judged. Whole values only: JSON strings, path segments and parts of
//! composite ids, never part of a word, never a member name.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use crate::multi_status::Identity;

/// Characters that end a path segment or that a URL cannot hold (RFC 3986, section 3.3).
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Why bindings cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBinding {
    /// No `=`.
    #[error("--bind {0}: write KEY=VALUE, e.g. --bind user-id=megan@contoso.com")]
    NoValue(String),
    /// Nothing before or after the `=`.
    #[error("--bind {0}: the {1} is empty")]
    Empty(String, &'static str),
    /// A value that is no path segment.
    #[error("--bind {0}: `.` and `..` mean another path (RFC 3986, section 5.2.4)")]
    Dots(String),
    /// One key, two values.
    #[error("--bind {0}: bound twice, to `{1}` and to `{2}`")]
    Twice(String, String, String),
    /// Two documented values for one of the target's.
    #[error("--bind: `{0}` and `{1}` are both bound to `{2}`; an answer that holds it could mean either")]
    Ambiguous(String, String, String),
}

/// What a key of a binding stands for in the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// A placeholder's name, perhaps scoped: `user-id`, `users/{id}`.
    Placeholder,
    /// A documented value.
    Literal,
}

/// Bindings as the user gave them: key → value. Keys are scoped placeholders (`users/{id}`),
/// placeholder names (`user-id`), or documented literals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bindings {
    values: BTreeMap<String, String>,
    placeholders: BTreeSet<String>,
}

impl Bindings {
    /// Reads `KEY=VALUE` texts. `known` says what the pages hold: a text splits after the longest
    /// key that they do, else at its first `=`.
    ///
    /// # Errors
    /// [`BadBinding`] for the first text that cannot be used.
    pub fn read<'a>(
        texts: impl IntoIterator<Item = &'a str>,
        known: impl Fn(&str) -> Option<KeyKind>,
    ) -> Result<Self, BadBinding> {
        let mut pairs = Vec::new();
        for text in texts {
            let splits: Vec<usize> = text.match_indices('=').map(|(at, _)| at).collect();
            let Some(first) = splits.first() else { return Err(BadBinding::NoValue(text.to_owned())) };
            let at = splits.iter().rev().find(|at| known(text[..**at].trim()).is_some()).unwrap_or(first);
            let (key, value) = (text[..*at].trim(), text[at + 1..].trim());
            pairs.push((key.to_owned(), value.to_owned()));
        }
        Bindings::of(pairs, known)
    }

    /// The same of keys and values that are told apart already.
    ///
    /// # Errors
    /// [`BadBinding`] for the first that cannot be used.
    pub fn of(
        pairs: impl IntoIterator<Item = (String, String)>,
        known: impl Fn(&str) -> Option<KeyKind>,
    ) -> Result<Self, BadBinding> {
        let mut read = BTreeMap::new();
        for (key, value) in pairs {
            let text = || format!("{key}={value}");
            // `{user-id}` is `user-id`.
            let key = key.strip_prefix('{').and_then(|k| k.strip_suffix('}')).unwrap_or(&key);
            for (part, what) in [(key, "key"), (value.as_str(), "value")] {
                if part.is_empty() {
                    return Err(BadBinding::Empty(text(), what));
                }
            }
            if matches!(value.as_str(), "." | "..") {
                return Err(BadBinding::Dots(text()));
            }
            if let Some(other) = read.insert(key.to_owned(), value.clone()).filter(|other| *other != value) {
                return Err(BadBinding::Twice(key.to_owned(), other, value));
            }
        }
        let placeholders: BTreeSet<String> =
            read.keys().filter(|key| known(key) == Some(KeyKind::Placeholder)).cloned().collect();
        let bindings = Bindings { values: read, placeholders };
        bindings.bijective()?;
        Ok(bindings)
    }

    /// These, and of `others` those whose keys these do not have.
    ///
    /// # Errors
    /// [`BadBinding`], where the two contradict each other.
    pub fn or(self, others: Bindings) -> Result<Self, BadBinding> {
        let mut values = others.values;
        values.extend(self.values);
        let placeholders = self.placeholders.into_iter().chain(others.placeholders).collect();
        let bindings = Bindings { values, placeholders };
        bindings.bijective()?;
        Ok(bindings)
    }

    fn bijective(&self) -> Result<(), BadBinding> {
        let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
        for (key, value) in &self.values {
            // Placeholders have no literal of their own: two may well mean one user.
            let literal = !self.placeholders.contains(key);
            if let Some(other) = seen.insert(value, key).filter(|other| literal && !self.placeholders.contains(*other))
            {
                return Err(BadBinding::Ambiguous(other.to_owned(), key.clone(), value.clone()));
            }
        }
        Ok(())
    }

    /// Whether anything is bound.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// The value of a placeholder after the path segment `before`: the scoped key wins; of
    /// `{id | userPrincipalName}` each name will do.
    pub fn placeholder(&self, before: &str, name: &str) -> Option<&str> {
        let names = || std::iter::once(name).chain(name.split('|')).map(str::trim);
        names()
            .find_map(|name| self.get(&format!("{before}/{{{name}}}")))
            .or_else(|| names().find_map(|name| self.get(name)))
    }

    /// `text` with a documented literal replaced: the whole of it, else its parts.
    pub fn literal<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.values.is_empty() {
            return Cow::Borrowed(text);
        }
        rewrite(text, |part| self.get(part).filter(|_| !self.placeholders.contains(part)))
    }
}

/// The way back: the target's value → the documented one.
#[derive(Clone, Debug, Default)]
pub struct Inverse {
    known: BTreeMap<Identity, String>,
    /// The lengths that known values have, and the letters that they begin with, as bit sets
    /// (the last bit: that or beyond), so that most of an answer is passed over without a look-up.
    lengths: u128,
    starts: u128,
}

fn length_bit(text: &str) -> u128 {
    1 << text.len().min(127)
}

fn start_bit(text: &str) -> u128 {
    1 << text.bytes().next().map_or(0, |first| first.to_ascii_lowercase().min(127))
}

impl Inverse {
    /// Notes that `documented` was sent as `bound`. Of two, the first stays.
    pub fn note(&mut self, documented: &str, bound: &str) {
        if documented != bound {
            self.known.entry(Identity::new(bound)).or_insert_with(|| documented.to_owned());
            self.lengths |= length_bit(bound);
            self.starts |= start_bit(bound);
        }
    }

    /// Notes every literal of `bindings`.
    pub fn note_all(&mut self, bindings: &Bindings) {
        for (key, value) in bindings.values.iter().filter(|(key, _)| !bindings.placeholders.contains(*key)) {
            self.note(key, value);
        }
    }

    /// Whether `text` is a documented value that something was bound to.
    pub fn documents(&self, text: &str) -> bool {
        self.known.values().any(|documented| documented == text)
    }

    /// `text` with the target's values turned back.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.known.is_empty() {
            return Cow::Borrowed(text);
        }
        let may_be = |part: &str| {
            part.contains('%') || self.lengths & length_bit(part) != 0 && self.starts & start_bit(part) != 0
        };
        let composite = |c: char| ends_part(c) && c != ',';
        if !text.split(ends_part).any(may_be) && !text.split(composite).any(may_be) && !may_be(text) {
            return Cow::Borrowed(text);
        }
        rewrite(text, |part| {
            if !may_be(part) {
                return None;
            }
            let decoded = percent_decode_str(part).decode_utf8_lossy();
            self.known.get(&Identity::new(&decoded)).map(String::as_str)
        })
    }

    /// Every string inside `value`, turned back in place. Member names stay.
    pub fn value(&self, value: &mut Value) {
        if self.known.is_empty() {
            return;
        }
        match value {
            Value::String(text) => {
                if let Cow::Owned(new) = self.text(text) {
                    *text = new;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.value(member)),
            _ => {}
        }
    }
}

/// A value as a path segment.
pub fn segment(value: &str) -> String {
    utf8_percent_encode(value, SEGMENT).to_string()
}

/// What parts of a composite value end at.
fn ends_part(c: char) -> bool {
    matches!(c, ',' | '/' | '\'' | '"' | '(' | ')' | '?' | '&' | '=' | ';' | '#')
}

/// `text` with the whole of it, or else each of its parts, replaced where `find` knows it. Prose
/// (anything with a space) is only taken whole.
fn rewrite<'a, 'v>(text: &'a str, find: impl Fn(&str) -> Option<&'v str>) -> Cow<'a, str> {
    if let Some(whole) = find(text) {
        return Cow::Owned(whole.to_owned());
    }
    if text.contains(char::is_whitespace) || !text.contains(ends_part) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut changed = false;
    // Longest first: a composite id inside a path is one value before it is several.
    for run in text.split_inclusive(|c| ends_part(c) && c != ',') {
        let (body, end) = match run.chars().next_back().filter(|c| ends_part(*c) && *c != ',') {
            Some(end) => (&run[..run.len() - end.len_utf8()], &run[run.len() - end.len_utf8()..]),
            None => (run, ""),
        };
        if let Some(new) = find(body) {
            out.push_str(new);
            changed = true;
        } else {
            for (at, part) in body.split(',').enumerate() {
                if at > 0 {
                    out.push(',');
                }
                let new = find(part);
                changed |= new.is_some();
                out.push_str(new.unwrap_or(part));
            }
        }
        out.push_str(end);
    }
    if changed { Cow::Owned(out) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kind(key: &str) -> Option<KeyKind> {
        ["user-id", "id"].contains(&key).then_some(KeyKind::Placeholder)
    }

    fn bind(texts: &[&str]) -> Bindings {
        Bindings::read(texts.iter().copied(), kind).unwrap()
    }

    #[test]
    fn keys_split_at_the_longest_known_one() {
        let known = Bindings::read(["a=b=c"], |key| (key == "a=b").then_some(KeyKind::Literal)).unwrap();
        assert_eq!((known.get("a=b"), known.get("a")), (Some("c"), None));
        assert_eq!(bind(&["a=b=c"]).get("a"), Some("b=c"));
        assert_eq!(bind(&["{user-id}=x"]).get("user-id"), Some("x"));
    }

    #[test]
    fn bad_bindings_are_refused() {
        let read = |texts: &[&str]| Bindings::read(texts.iter().copied(), kind);
        for bad in [&["x"][..], &["=x"], &["x="], &["x=.."], &["a=1", "a=2"], &["h1.contoso.com=h", "h2.contoso.com=h"]]
        {
            assert!(read(bad).is_err(), "{bad:?}");
        }
        assert!(read(&["user-id=x", "id=x", "a=1", "a=1"]).is_ok());
    }

    #[test]
    fn the_scoped_placeholder_wins() {
        let bindings = bind(&["users/{id}=u", "id=x", "userPrincipalName=upn"]);
        assert_eq!(bindings.placeholder("users", "id"), Some("u"));
        assert_eq!(bindings.placeholder("groups", "id"), Some("x"));
        assert_eq!(bindings.placeholder("x", "key | userPrincipalName"), Some("upn"));
        assert_eq!(bindings.placeholder("x", "other"), None);
    }

    #[test]
    fn literals_go_out_by_whole_and_by_part_and_come_back() {
        let bindings = bind(&["contoso.sharepoint.com=fabrikam.sharepoint.com", "da60=1111", "nobody=x y"]);
        let out = bindings.literal("contoso.sharepoint.com,da60,712a");
        assert_eq!(out, "fabrikam.sharepoint.com,1111,712a");
        assert_eq!(bindings.literal("http://contoso.sharepoint.com/sites/A"), "http://fabrikam.sharepoint.com/sites/A");
        assert_eq!(bindings.literal("see contoso.sharepoint.com, please"), "see contoso.sharepoint.com, please");
        assert_eq!(bindings.literal("xcontoso.sharepoint.com"), "xcontoso.sharepoint.com");
        assert_eq!(bind(&["id=x"]).literal("id,displayName"), "id,displayName", "a placeholder's name is no literal");
        let mut inverse = Inverse::default();
        inverse.note_all(&bindings);
        let mut body = json!({"1111": "1111", "url": "http://FABRIKAM.sharepoint.com/x%20y/a", "n": ["x 1111"]});
        inverse.value(&mut body);
        assert_eq!(body, json!({"1111": "da60", "url": "http://contoso.sharepoint.com/nobody/a", "n": ["x 1111"]}));
    }

    #[test]
    fn segments_are_encoded() {
        assert_eq!(segment("a b/c@d,e"), "a%20b%2Fc@d,e");
    }
}
