//! The lenient reading of what a page shows as JSON: mended where it can be, with each place that
//! had to be.

use serde_json::{Map, Number, Value};

/// The deepest nesting, as of the strict reader.
const DEEPEST: usize = 127;

/// The most places that are kept; a text that needs more is mended all the same.
const MOST: usize = 16;

/// What was read, and what was wrong with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Lenient {
    /// The value.
    pub value: Value,
    /// The first places that had to be mended, in order; none where the text is JSON.
    pub mends: Vec<Trouble>,
}

/// One place in a text that is no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What is wrong, for a person.
    pub what: Mend,
    /// The line, from 1.
    pub line: usize,
    /// The character in that line, from 1.
    pub column: usize,
}

/// What is wrong with a place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mend {
    /// An author's shorthand, `...` or `…`, for what is left out.
    #[error("an ellipsis, which JSON does not have")]
    Ellipsis,
    /// A remark.
    #[error("a comment, which JSON does not have")]
    Comment,
    /// A slip.
    #[error("{0}")]
    Slip(&'static str),
    /// What the strict reader said; nothing could be made of it.
    #[error("{0}")]
    Broken(String),
}

impl Mend {
    /// Whether an author does this on purpose, for readers who are people.
    pub fn is_shorthand(&self) -> bool {
        matches!(self, Mend::Ellipsis | Mend::Comment)
    }
}

/// Reads what a page shows as JSON: strictly where that works, else mended: comments, ellipses,
/// stray and missing commas, `;` for `:`, other quotes or none, raw control characters, ends that
/// do not match.
///
/// # Errors
/// Where nothing can be made of the text: the first thing wrong, in the strict reader's words.
pub fn read_lenient(text: &str) -> Result<Lenient, Trouble> {
    let strict = match super::read_str(text) {
        Ok(value) => return Ok(Lenient { value, mends: Vec::new() }),
        Err(error) => error,
    };
    let mut reader = Reader { text, at: 0, mends: Vec::new(), open: Vec::new(), values: 0 };
    let value = reader.value(false).filter(|_| reader.ends());
    match value {
        Some(value) if matches!(value, Value::Object(_) | Value::Array(_)) => {
            let mends = reader.mends.into_iter().map(|(at, what)| place(text, at, what)).collect();
            Ok(Lenient { value, mends })
        }
        _ => {
            let said = strict.to_string();
            let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what);
            // The library's column counts bytes.
            let line = text.lines().nth(strict.line().saturating_sub(1)).unwrap_or("");
            let before = line.floor_char_boundary(strict.column().saturating_sub(1));
            let column = line[..before].chars().count() + 1;
            Err(Trouble { what: Mend::Broken(said.to_owned()), line: strict.line().max(1), column })
        }
    }
}

fn place(text: &str, at: usize, what: Mend) -> Trouble {
    let before = &text[..at];
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    Trouble { what, line, column: before[start..].chars().count() + 1 }
}

/// What stood between two values, beside blanks.
#[derive(Default)]
struct Gap {
    line_ended: bool,
    ellipsis: bool,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    mends: Vec<(usize, Mend)>,
    /// The closing marks that are due.
    open: Vec<char>,
    /// Values so far.
    values: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn mend(&mut self, what: Mend) {
        if self.mends.len() < MOST {
            self.mends.push((self.at, what));
        }
    }

    fn slip(&mut self, what: &'static str) {
        self.mend(Mend::Slip(what));
    }

    /// Passes blank space, comments and ellipses.
    fn space(&mut self) -> Gap {
        let mut gap = Gap::default();
        while let Some(c) = self.peek() {
            let rest = self.rest();
            if c.is_ascii_whitespace() {
                gap.line_ended |= c == '\n';
                self.at += 1;
            } else if c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\0') {
                self.slip("a blank that JSON does not have (a no-break space, perhaps)");
                self.at += c.len_utf8();
            } else if rest.starts_with("//") || c == '#' {
                self.mend(Mend::Comment);
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if let Some(remark) = rest.strip_prefix("/*") {
                self.mend(Mend::Comment);
                self.at += remark.find("*/").map_or(rest.len(), |end| end + 4);
            } else if c == '…' || rest.starts_with("..") {
                self.mend(Mend::Ellipsis);
                gap.ellipsis = true;
                self.at += if c == '…' { c.len_utf8() } else { rest.len() - rest.trim_start_matches('.').len() };
            } else {
                break;
            }
        }
        gap
    }

    /// One value; `member` where a bare word may stand for a string.
    fn value(&mut self, member: bool) -> Option<Value> {
        self.space();
        self.values += 1;
        if self.values > super::MAX_VALUES {
            return None;
        }
        match self.peek()? {
            '{' => self.nested('}', Reader::object),
            '[' => self.nested(']', Reader::array),
            quote if closing(quote).is_some() => self.string().map(Value::String),
            _ => self.word(member),
        }
    }

    fn nested(&mut self, close: char, inside: fn(&mut Self) -> Option<Value>) -> Option<Value> {
        if self.open.len() >= DEEPEST {
            return None;
        }
        self.at += 1;
        self.open.push(close);
        self.space();
        if self.peek() == Some(',') {
            self.separator();
        }
        let value = inside(self)?;
        self.open.pop();
        Some(value)
    }

    /// Whether the object or array that is open ends here; passes its closing mark.
    fn closes(&mut self) -> bool {
        let due = self.open.last().copied();
        loop {
            match self.peek() {
                None => self.slip("the text ends before its last bracket is closed"),
                Some(c) if Some(c) == due => self.at += 1,
                Some(c @ ('}' | ']')) if self.open.contains(&c) => {
                    self.slip("a bracket is closed by one of the other kind");
                }
                Some('}' | ']') => {
                    self.slip("a closing bracket too many");
                    self.at += 1;
                    self.space();
                    continue;
                }
                Some(_) => return false,
            }
            return true;
        }
    }

    /// Passes what stands between two members or items. Whether they are told apart at all.
    fn separator(&mut self) -> bool {
        let mut gap = self.space();
        let mut commas = 0;
        while let Some(c @ (',' | ';')) = self.peek() {
            commas += 1;
            if c == ';' {
                self.slip("`;` where `,` belongs");
            } else if commas > 1 {
                self.slip("a comma too many");
            }
            let comma = self.at;
            self.at += 1;
            let after = self.space();
            if after.ellipsis {
                // The commas around an ellipsis are a part of it.
                commas = 0;
                gap.ellipsis = true;
            }
            if commas > 0 && matches!(self.peek(), Some('}' | ']') | None) {
                let after = std::mem::replace(&mut self.at, comma);
                self.slip("a comma before the closing bracket");
                self.at = after;
            }
        }
        let more = !matches!(self.peek(), Some('}' | ']') | None);
        if commas == 0 && more && !gap.ellipsis {
            self.slip("no comma between two values");
            return gap.line_ended || matches!(self.peek(), Some('"' | '\'' | '{'));
        }
        true
    }

    fn object(&mut self) -> Option<Value> {
        let mut members = Map::new();
        while !self.closes() {
            let name = match self.peek()? {
                quote if closing(quote).is_some() => self.string()?,
                _ => {
                    let length = self.rest().find(|c: char| !(c.is_alphanumeric() || "_$@.-".contains(c)))?;
                    if length == 0 {
                        return None;
                    }
                    self.slip("a member name without quotes");
                    let name = self.rest()[..length].to_owned();
                    self.at += length;
                    name
                }
            };
            self.space();
            match self.peek()? {
                ':' => {}
                ';' | '=' => self.slip("another mark where `:` belongs"),
                _ => return None,
            }
            self.at += 1;
            let value = self.value(true)?;
            members.insert(name, value);
            if !self.separator() {
                return None;
            }
        }
        Some(Value::Object(members))
    }

    fn array(&mut self) -> Option<Value> {
        let mut items = Vec::new();
        while !self.closes() {
            items.push(self.value(false)?);
            if !self.separator() {
                return None;
            }
        }
        Some(Value::Array(items))
    }

    fn string(&mut self) -> Option<String> {
        let open = self.peek()?;
        let close = closing(open)?;
        match open {
            '"' => {}
            '\'' => self.slip("single quotes where `\"` belongs"),
            _ => self.slip("typographic quotes where `\"` belongs"),
        }
        self.at += open.len_utf8();
        let mut out = String::new();
        loop {
            let c = self.peek()?;
            match c {
                _ if close.contains(c) => {
                    self.at += c.len_utf8();
                    return Some(out);
                }
                '\\' => self.escape(&mut out)?,
                _ => {
                    if c < ' ' {
                        self.slip("a raw control character inside a string");
                    }
                    out.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Option<()> {
        let rest = self.rest();
        // The strict reader knows all escapes, surrogate pairs too.
        let length = match rest[1..].chars().next()? {
            'u' if rest.get(6..8) == Some("\\u") => 12,
            'u' => 6,
            c => 1 + c.len_utf8(),
        };
        let lengths = [length, 6];
        for length in lengths.into_iter().take(if length == 12 { 2 } else { 1 }) {
            let read = rest.get(..length).and_then(|e| serde_json::from_str::<String>(&format!("\"{e}\"")).ok());
            if let Some(read) = read {
                out.push_str(&read);
                self.at += length;
                return Some(());
            }
        }
        self.slip("a backslash that escapes nothing");
        out.push('\\');
        self.at += 1;
        Some(())
    }

    /// A number, a literal, or a word that has lost its quotes.
    fn word(&mut self, member: bool) -> Option<Value> {
        let rest = self.rest();
        let length = rest.find(|c: char| !(c.is_alphanumeric() || "_$@.:+-".contains(c))).unwrap_or(rest.len());
        let mut word = &rest[..length];
        if let Ok(value) = serde_json::from_str::<Value>(word) {
            self.at += length;
            return Some(value);
        }
        if let Some(value) = number(word).or_else(|| literal(word)) {
            self.slip("a number or literal that JSON writes otherwise");
            self.at += length;
            return Some(value);
        }
        if !member || word.is_empty() {
            return None;
        }
        // `Collection("x")`, whose quotes have moved inside.
        if let Some(call) = rest[length..].strip_prefix('(') {
            let end = call.find([')', '\n']).filter(|end| call[*end..].starts_with(')'))?;
            word = &rest[..length + end + 2];
        }
        self.slip("a string without quotes");
        self.at += word.len();
        Some(Value::String(word.replace(['"', '\''], "")))
    }

    /// Whether nothing but stray marks follows.
    fn ends(&mut self) -> bool {
        self.space();
        while let Some('}' | ']' | ')' | ',' | ';') = self.peek() {
            self.slip("a closing mark too many");
            self.at += 1;
            self.space();
        }
        self.peek().is_none()
    }
}

/// The marks that may close a string opened by `quote`.
fn closing(quote: char) -> Option<&'static str> {
    match quote {
        '"' => Some("\""),
        '\'' => Some("'"),
        '“' | '”' => Some("“”"),
        '‘' | '’' => Some("‘’"),
        _ => None,
    }
}

/// `+1`, `01`, `.5`, `1.`.
fn number(word: &str) -> Option<Value> {
    let plain = word.strip_prefix('+').unwrap_or(word);
    let numeric = plain.bytes().any(|b| b.is_ascii_digit()) && plain.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let value = plain.parse::<f64>().ok().filter(|_| numeric)?;
    match plain.parse::<u64>() {
        Ok(whole) => Some(whole.into()),
        Err(_) => Number::from_f64(value).map(Value::Number),
    }
}

/// `True`, `NULL`, `None`.
fn literal(word: &str) -> Option<Value> {
    let lower = word.to_ascii_lowercase();
    match lower.as_str() {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        "null" | "none" => Some(Value::Null),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn json_needs_no_mending() {
        for text in ["{}", " [1, -2.5e3, \"a\\u00e9\", null]\n", "\"x\"", "17"] {
            assert_eq!(read_lenient(text).unwrap().mends, [], "{text}");
        }
    }

    #[test]
    fn what_pages_write_is_mended() {
        for (text, want) in [
            ("{a: 1, /* x */ 'b': [2,],}", json!({"a": 1, "b": [2]})),
            ("{\"a\": 1 // one\n}", json!({"a": 1})),
            ("[{\"a\": \"...\"}, ...]", json!([{"a": "..."}])),
            ("[..., {\"a\": 1}]", json!([{"a": 1}])),
            ("{\"a\": 1, ..., \"b\\\"…\": 2}", json!({"a": 1, "b\"…": 2})),
            ("{\"a\": 1 ...}", json!({"a": 1})),
            ("{\"a\": 1,\n ...\n \"b\": 2}", json!({"a": 1, "b": 2})),
            ("{…}", json!({})),
            ("{\"a\"; \"b\"; \"c\": 1}", json!({"a": "b", "c": 1})),
            ("{“a”: “b”}", json!({"a": "b"})),
            ("{\"a\": 1\n\"b\": 2}", json!({"a": 1, "b": 2})),
            ("{\"a\": ['b' 'c'] \"d\": 1}", json!({"a": ["b", "c"], "d": 1})),
            ("# x\n{\"a\": 1}", json!({"a": 1})),
            ("{,\"a\": 1,,\"b\": 2}", json!({"a": 1, "b": 2})),
            ("{\"a\":\u{a0}\"b\nc\"}", json!({"a": "b\nc"})),
            ("{\"a\": \"\\d \\ud83d\\ude00 \\ud83d\"}", json!({"a": "\\d \u{1f600} \\ud83d"})),
            ("{\"a\": [1, {\"b\": 2", json!({"a": [1, {"b": 2}]})),
            ("{\"a\": [1, 2}", json!({"a": [1, 2]})),
            ("{\"a\": {\"b\": 1]}}", json!({"a": {"b": 1}})),
            ("{\"a\": 1}}\n],", json!({"a": 1})),
            ("{\"a\": True, \"b\": 01, \"c\": .5, \"d\": +3}", json!({"a": true, "b": 1, "c": 0.5, "d": 3})),
            ("{\"a\": 2018-04-01T12:39:16Z}", json!({"a": "2018-04-01T12:39:16Z"})),
            ("{\"@odata.type\": Collection(\"x.y\"),}", json!({"@odata.type": "Collection(x.y)"})),
        ] {
            let got = read_lenient(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
            assert_eq!(got.value, want, "{text}");
            assert!(!got.mends.is_empty(), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_stays_so() {
        for text in [
            "",
            "{Raw bytes of the file}",
            "[Zip file for a package]",
            "[binary]",
            "{id}",
            "{\"a\": }",
            "{\"a\": \"b}",
            "{\"code\": \"\"x\", \"b\": 1}",
            "{} {}",
            "{\"a\": 1}\n{\"a\": 2}",
            "{\"a\": 1 b: 2}",
            "{\"a\": 1, ...\n\"b\": 2, \"c\": [1 2]}",
            "[1 2]",
            "{\"a\": {string}}",
            "<html>",
            "word",
            "'word'",
            &"[".repeat(100_000),
            &"{\"a\":".repeat(100_000),
        ] {
            let got = read_lenient(text);
            assert!(got.is_err(), "{}: {got:?}", &text[..text.len().min(40)]);
        }
    }

    #[test]
    fn each_place_is_named() {
        let places = |text: &str| -> Vec<(String, usize, usize)> {
            read_lenient(text).unwrap().mends.into_iter().map(|t| (t.what.to_string(), t.line, t.column)).collect()
        };
        assert_eq!(
            places("{\n  \"ä\": [1,],\n  'b': ...\n 2}"),
            [
                ("a comma before the closing bracket".to_owned(), 2, 10),
                ("single quotes where `\"` belongs".to_owned(), 3, 3),
                ("an ellipsis, which JSON does not have".to_owned(), 3, 8),
            ]
        );
        let broken = read_lenient("{\n \"ä\": }").unwrap_err();
        assert_eq!((broken.what.to_string().as_str(), broken.line, broken.column), ("expected value", 2, 7));
        let many = format!("{{{}\"z\": [1 2]}}", "a: 1, ".repeat(30));
        assert!(read_lenient(&many).is_err() && read_lenient(&many.replace("1 2", "1, 2")).is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[\\[\\]{}:;,\"'a1.…\\\\/*\n -]{0,60}|\\PC{0,60}") {
            let _ = read_lenient(&text);
        }

        #[test]
        fn a_mended_value_is_what_was_meant(a in "[a-z]{1,5}", n in 0..99_u8) {
            let want = json!({"x": a, "y": [n]});
            for text in [
                format!("{{\"x\": \"{a}\", \"y\": [{n},],}}"),
                format!("{{x: '{a}', y: [{n}, ...] // z\n}}"),
                format!("{{\"x\"; \"{a}\"; \"y\"; [{n}"),
            ] {
                let got = read_lenient(&text).unwrap();
                prop_assert_eq!(&got.value, &want, "{}", text);
                prop_assert!(!got.mends.is_empty());
            }
        }
    }
}
