//! JSON as text: the strict reading of an answer (RFC 8259) within a budget, the lenient reading
//! of what a page shows, and JSON pointers (RFC 6901).

mod lenient;
mod locate;

pub use lenient::{Lenient, Mend, Trouble, read_lenient};
pub use locate::locate_all;

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

/// The most values (scalars, arrays, objects) that one body may hold. A value costs up to some 150
/// bytes once read, so this bounds the memory of a hostile body of millions of tiny values; a page
/// of a thousand users with a hundred members each stays below.
pub const MAX_VALUES: usize = 128 * 1024;

/// Why a body could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The bytes are not one JSON text.
    #[error("{0}")]
    NotJson(String),
    /// The bytes may be JSON, but hold more values than the budget allows.
    #[error("holds more than {0} JSON values")]
    TooMany(usize),
}

/// A JSON text, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The value. Of a member that occurs twice, the last is kept, as most readers do.
    pub value: Value,
    /// How many values it holds.
    pub values: usize,
    /// The first member name that occurs twice in one object, if any (RFC 8259, section 4).
    pub repeated: Option<String>,
}

/// Reads `bytes` strictly: one JSON text, UTF-8, no comments, no trailing commas, at most
/// [`MAX_VALUES`] values and 127 levels.
///
/// # Errors
/// [`Unreadable`], in words for a person.
pub fn read(bytes: &[u8]) -> Result<Read, Unreadable> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(Unreadable::NotJson(
            "starts with a byte order mark, which a JSON text must not (RFC 8259, section 8.1)".into(),
        ));
    }
    let count = Counter::default();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = Seed(&count).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    match read {
        Ok(value) => Ok(Read { value, values: count.values.get(), repeated: count.repeated.take() }),
        Err(_) if count.values.get() > MAX_VALUES => Err(Unreadable::TooMany(MAX_VALUES)),
        Err(error) => Err(Unreadable::NotJson(plain(&error, bytes))),
    }
}

/// The same of a page's text, with the library's error, which says its place.
fn read_str(text: &str) -> Result<Value, serde_json::Error> {
    let count = Counter::default();
    let mut reader = serde_json::Deserializer::from_str(text);
    Seed(&count).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value))
}

fn plain(error: &serde_json::Error, bytes: &[u8]) -> String {
    if let Err(bad) = std::str::from_utf8(bytes) {
        return format!("not UTF-8 at byte {}", bad.valid_up_to());
    }
    let said = error.to_string();
    match said.strip_prefix("recursion limit exceeded") {
        Some(place) => format!("nested deeper than 127 levels{place}"),
        None => said,
    }
}

#[derive(Default)]
struct Counter {
    values: Cell<usize>,
    repeated: Cell<Option<String>>,
}

struct Seed<'a>(&'a Counter);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Seed<'_> {
    fn count<E: de::Error>(&self) -> Result<(), E> {
        let seen = self.0.values.get() + 1;
        self.0.values.set(seen);
        if seen > MAX_VALUES {
            return Err(E::custom(format_args!("holds more than {MAX_VALUES} values")));
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        self.count()?;
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        self.count()?;
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        self.count()?;
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        self.count()?;
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        self.count()?;
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        self.count()?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        self.count()?;
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.count()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(Seed(self.0))? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        self.count()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(Seed(self.0))?;
            match object.entry(name) {
                Entry::Vacant(free) => {
                    free.insert(value);
                }
                Entry::Occupied(mut taken) => {
                    let first = self.0.repeated.take().unwrap_or_else(|| taken.key().clone());
                    self.0.repeated.set(Some(first));
                    taken.insert(value);
                }
            }
        }
        Ok(Value::Object(object))
    }
}

/// The JSON type of `value` in RFC 8259's words.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A JSON type as a sentence has it: `a string`, `an object`, `null`.
pub fn with_article(type_name: &str) -> String {
    match type_name {
        "null" => type_name.to_owned(),
        "array" | "object" | "integer" => format!("an {type_name}"),
        _ => format!("a {type_name}"),
    }
}

/// A pointer with `*` for each place in a list: two that differ by these alone are alike.
pub fn without_places(pointer: &str) -> String {
    let is_index = |token: &str| !token.is_empty() && token.bytes().all(|b| b.is_ascii_digit());
    pointer.split('/').map(|token| if is_index(token) { "*" } else { token }).collect::<Vec<_>>().join("/")
}

/// The value at a JSON pointer; as [`Value::pointer`], but without a copy of each name.
pub fn at<'a>(value: &'a Value, pointer: &str) -> Option<&'a Value> {
    if pointer.contains('~') {
        return value.pointer(pointer);
    }
    let Some(path) = pointer.strip_prefix('/') else {
        return pointer.is_empty().then_some(value);
    };
    path.split('/').try_fold(value, |at, name| match at {
        Value::Object(members) => members.get(name),
        Value::Array(items) => name.parse::<usize>().ok().and_then(|index| items.get(index)),
        _ => None,
    })
}

/// `pointer` lengthened by one member name or index (RFC 6901).
pub fn child(pointer: &str, token: impl fmt::Display) -> String {
    let token = token.to_string();
    if token.contains(['~', '/']) {
        format!("{pointer}/{}", token.replace('~', "~0").replace('/', "~1"))
    } else {
        format!("{pointer}/{token}")
    }
}

/// A pointer as a sentence has it.
pub fn in_words(pointer: &str) -> String {
    if pointer.is_empty() { "the body".to_owned() } else { format!("`{pointer}`") }
}

/// The member name that a token of a pointer stands for (RFC 6901, section 4).
pub fn unescaped(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// One line of `value` for a message, cut at about `width` characters.
pub fn brief(value: &Value, width: usize) -> String {
    struct Bounded(String, usize);
    impl fmt::Write for Bounded {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let room = self.1.saturating_sub(self.0.len());
            let end = text.floor_char_boundary(room.min(text.len()));
            self.0.push_str(&text[..end]);
            if end < text.len() { Err(fmt::Error) } else { Ok(()) }
        }
    }
    let mut out = Bounded(String::new(), width);
    if fmt::write(&mut out, format_args!("{value}")).is_err() {
        out.0.push('…');
    }
    out.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn strict_reading_refuses_what_rfc_8259_refuses() {
        for bad in [
            "",
            " ",
            "{} {}",
            "[1,]",
            "{\"a\":1,}",
            "// x\n{}",
            "{'a':1}",
            "{a:1}",
            "NaN",
            "01",
            "\"\t\"",
            "[1 2]",
            "{\"a\" 1}",
            "\u{feff}{}",
            "{}x",
        ] {
            assert!(matches!(read(bad.as_bytes()), Err(Unreadable::NotJson(_))), "{bad}");
        }
        assert!(read(b"{\"a\":\"\xff\"}").unwrap_err().to_string().contains("UTF-8 at byte 6"));
        assert_eq!(read(b" {\"a\": [1, null, 2.5]}\r\n").unwrap().value, json!({"a": [1, null, 2.5]}));
    }

    #[test]
    fn depth_and_count_are_bounded() {
        let deep = "[".repeat(200_000);
        assert!(read(deep.as_bytes()).unwrap_err().to_string().contains("127 levels"));
        let wide = format!("[{}0]", "0,".repeat(MAX_VALUES));
        assert_eq!(read(wide.as_bytes()), Err(Unreadable::TooMany(MAX_VALUES)));
    }

    #[test]
    fn a_repeated_member_is_noticed() {
        let got = read(br#"{"a":1,"b":{"c":1,"c":2},"a":3}"#).unwrap();
        assert_eq!((got.repeated.as_deref(), got.value["a"].as_i64()), (Some("c"), Some(3)));
    }

    #[test]
    fn pointers_escape_and_briefs_are_cut_between_characters() {
        assert_eq!(child("/a", "b/c~d"), "/a/b~1c~0d");
        assert_eq!(brief(&json!("ääää"), 6), "\"ää…");
        assert_eq!(brief(&json!({"a": 1}), 60), "{\"a\":1}");
    }

    #[test]
    fn values_are_found_as_by_the_library() {
        let value = json!({"a": [{"b/c": 1, "": 2}], "": 3});
        for pointer in ["", "/", "/a", "/a/0", "/a/0/b~1c", "/a/0/", "/a/1", "/a/x", "a", "/b"] {
            assert_eq!(at(&value, pointer), value.pointer(pointer), "{pointer}");
        }
    }
}
