//! An answer as text that stays the same from run to run, and the store of accepted texts.
//! A response in, text out; knows nothing of verdicts or reports.

mod store;

use std::cmp::Ordering;
use std::fmt::Write as _;

use serde_json::Value;

use crate::json;
use crate::message::{Headers, Response, media_type};
use crate::multi_status::Identity;
use crate::redact::Masks;

pub use store::{Outcome, Store, StoreError, Update};

/// The most characters of a body that is no JSON.
const TEXT_LIMIT: usize = 2_000;

/// Replaces every scalar in `value` by its type (`[string]`, `[number]`, `[boolean]`), so that a
/// snapshot of somebody's production holds the shape and none of the values. Error codes stay,
/// and strings that `keep` knows.
pub fn mask_scalars(value: &mut Value, keep: impl Fn(&str) -> bool + Copy) {
    match value {
        Value::Null => {}
        Value::Bool(_) => *value = "[boolean]".into(),
        Value::Number(_) => *value = "[number]".into(),
        Value::String(text) if keep(text) => {}
        Value::String(text) => "[string]".clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(|item| mask_scalars(item, keep)),
        Value::Object(members) => {
            let is_error = members.contains_key("message");
            for (name, member) in members {
                if !(is_error && name == "code" && member.is_string()) {
                    mask_scalars(member, keep);
                }
            }
        }
    }
}

/// `response` as a snapshot holds it: the status, chosen header fields, and the body with sorted
/// members and masked volatile values. `entries` gives the pointer of a multi-status answer's
/// entries and, from an entry, of its key: entries are sorted by it, since order is never
/// promised. Ends with exactly one newline.
///
/// ```text
/// HTTP 207
/// content-type: application/json
///
/// {
///   "value": []
/// }
/// ```
pub fn text(response: &Response, entries: Option<(&str, &str)>) -> String {
    let mut masks = Masks::default();
    let mut out = format!("HTTP {}\n", response.status);
    headers(&response.headers, &mut masks, &mut out);
    if !response.body.is_empty() {
        out.push('\n');
        match json::read(&response.body) {
            Ok(read) => {
                let mut value = read.value;
                if let Some((place, key)) = entries {
                    sort(&mut value, place, key);
                }
                pretty(&value, None, 0, &mut masks, &mut out);
            }
            Err(_) => other(response, &mut out),
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// Fields that an answer's reader depends on, each reduced to what is promised of it.
fn headers(headers: &Headers, masks: &mut Masks, out: &mut String) {
    let mut field = |name: &str, value: &str| {
        if !value.is_empty() {
            let value = escaped(value);
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{name}: {}", value.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    };
    field("content-type", &headers.get("content-type").map(media_type).unwrap_or_default());
    let mut methods: Vec<String> =
        headers.all("allow").flat_map(|v| v.split(',')).map(|m| m.trim().to_ascii_uppercase()).collect();
    methods.retain(|m| !m.is_empty());
    methods.sort();
    methods.dedup();
    field("allow", &methods.join(", "));
    field("www-authenticate", &schemes(headers).join(", "));
    field("location", &headers.get("location").map(|v| masks.path(v)).unwrap_or_default());
    field("preference-applied", &headers.all("preference-applied").collect::<Vec<_>>().join(", "));
    field("retry-after", if headers.get("retry-after").is_some() { "[present]" } else { "" });
}

/// The schemes of all challenges (RFC 9110, section 11.6.1), lower case, without parameters.
fn schemes(headers: &Headers) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for value in headers.all("www-authenticate") {
        let mut quoted = false;
        let parts = value.split(|c| {
            quoted ^= c == '"';
            c == ',' && !quoted
        });
        for part in parts {
            let word = part.split_whitespace().next().unwrap_or("");
            let scheme = word.to_ascii_lowercase();
            if !word.is_empty() && !word.contains('=') && !out.contains(&scheme) {
                out.push(scheme);
            }
        }
    }
    out
}

/// Sorts the entries by their key; entries alike in that by all that is not volatile in them.
fn sort(value: &mut Value, place: &str, key: &str) {
    let Some(Value::Array(entries)) = value.pointer_mut(place) else { return };
    let identity = |entry: &Value| entry.pointer(key).and_then(|id| Identity::of(key, id));
    let shown = |entry: &Value| {
        let mut out = String::new();
        pretty(entry, None, 0, &mut Masks::default(), &mut out);
        out
    };
    let mut keyed: Vec<(Option<Identity>, Value)> = entries.drain(..).map(|e| (identity(&e), e)).collect();
    keyed.sort_by(|(a, left), (b, right)| match a.cmp(b) {
        Ordering::Equal => shown(left).cmp(&shown(right)),
        other => other,
    });
    entries.extend(keyed.into_iter().map(|(_, entry)| entry));
}

/// JSON with sorted members, two spaces a level, volatile members masked. What an editor or a
/// terminal would act on is escaped, as JSON allows.
fn pretty(value: &Value, name: Option<&str>, depth: usize, masks: &mut Masks, out: &mut String) {
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                line(out, depth + 1);
                pretty(item, None, depth + 1, masks, out);
            }
            line(out, depth);
            out.push(']');
        }
        Value::Object(members) if !members.is_empty() => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (at, (name, member)) in sorted.into_iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                line(out, depth + 1);
                string(name, out);
                out.push_str(": ");
                pretty(member, Some(name), depth + 1, masks, out);
            }
            line(out, depth);
            out.push('}');
        }
        Value::String(text) => {
            let mask = name.and_then(|name| masks.member(name, text));
            string(mask.as_deref().unwrap_or(text), out);
        }
        scalar => {
            let _ = write!(out, "{scalar}");
        }
    }
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // All of them are below U+FFFF.
            c if is_active(c) => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Characters that a terminal or an editor acts on: controls, line separators, bidi controls.
fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            c if is_active(c) => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

/// A body that is no JSON: what it says it is, its size, and its beginning. Indented, so that none
/// of its lines can be taken for a line of the file's own.
fn other(response: &Response, out: &mut String) {
    let kind = response.headers.get("content-type").map(media_type).filter(|t| !t.is_empty());
    let kind = escaped(kind.as_deref().unwrap_or("no content type"));
    let size = response.body.len();
    let _ = write!(out, "{kind}, {size} {}", if size == 1 { "byte" } else { "bytes" });
    let mut left = TEXT_LIMIT;
    let mut line = String::new();
    let flush = |line: &mut String, out: &mut String| {
        let _ = write!(out, "\n  {}", line.trim_end());
        line.clear();
    };
    for chunk in response.body.utf8_chunks() {
        for c in chunk.valid().chars().take(left) {
            left -= 1;
            match c {
                '\n' => flush(&mut line, out),
                '\r' => line.push_str("\\r"),
                c => line.push_str(&escaped(c.encode_utf8(&mut [0; 4]))),
            }
        }
        for byte in chunk.invalid().iter().take(left) {
            left -= 1;
            let _ = write!(line, "\\x{byte:02x}");
        }
        if left == 0 {
            line.push('…');
            break;
        }
    }
    flush(&mut line, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn response(status: u16, headers: Headers, body: impl Into<Bytes>) -> Response {
        Response { status, headers, body: body.into() }
    }

    #[test]
    fn a_multi_status_answer() {
        let body = r#"{"value":[
            {"id":"b","error":{"message":"m","code":"c","innerError":{
              "date":"2024-01-01T00:00:00","request-id":"0271110f-634f-4300-a841-3a8a2e851851",
              "client-request-id":"0271110f-634f-4300-a841-3a8a2e851851"}}},
            {"name":"x","id":"a","createdDateTime":"2024-01-01T00:00:00Z"}], "@odata.context":"x#y"}"#;
        let headers = [("Content-Type", "Application/JSON; charset=utf-8"), ("request-id", "1"), ("Retry-After", "3")];
        let got = text(&response(207, headers.into(), body), Some(("/value", "/id")));
        insta::assert_snapshot!(got, @r##"
        HTTP 207
        content-type: application/json
        retry-after: [present]

        {
          "@odata.context": "x#y",
          "value": [
            {
              "createdDateTime": "[date-1]",
              "id": "a",
              "name": "x"
            },
            {
              "error": {
                "code": "c",
                "innerError": {
                  "client-request-id": "[guid-1]",
                  "date": "[date-2]",
                  "request-id": "[guid-1]"
                },
                "message": "m"
              },
              "id": "b"
            }
          ]
        }
        "##);
    }

    #[test]
    fn order_makes_no_difference_even_without_keys() {
        let one = r#"{"value":[{"id":"B"},{"error":{"date":"2024-01-01T00:00:00"}},{"error":{"date":"2025-01-01T00:00:00","x":1}},{"id":"b"},{"id":1}]}"#;
        let two = r#"{"value":[{"error":{"x":1,"date":"2020-01-01T00:00:00"}},{"id":1},{"id":"b"},{"error":{"date":"2021-01-01T00:00:00"}},{"id":"B"}]}"#;
        let of = |body: &'static str| text(&response(200, Headers::default(), body), Some(("/value", "/id")));
        assert_eq!(of(one), of(two));
        assert_ne!(of(one), text(&response(200, Headers::default(), one), None), "other lists keep their order");
    }

    #[test]
    fn header_fields() {
        let headers = [
            ("Allow", "POST,get"),
            ("WWW-Authenticate", r#"Bearer realm="a, b", error="x", Basic realm="y""#),
            ("Location", "https://h/v1.0/me/0271110f-634f-4300-a841-3a8a2e851851?x"),
            ("Preference-Applied", "return=\u{1b}minimal"),
        ];
        assert_eq!(
            text(&response(405, headers.into(), ""), None),
            "HTTP 405\nallow: GET, POST\nwww-authenticate: bearer, basic\nlocation: /v1.0/me/[guid-1]\n\
             preference-applied: return=\\u{1b}minimal\n"
        );
        assert_eq!(text(&response(204, Headers::default(), ""), None), "HTTP 204\n");
    }

    #[test]
    fn hostile_bodies() {
        let of = |body: &[u8]| text(&response(200, [("content-type", "text/html")].into(), body.to_vec()), None);
        assert_eq!(
            of(b"<<<<<<< a\r\n---\n\x1b[2J\xff\\ \n\n"),
            "HTTP 200\ncontent-type: text/html\n\ntext/html, 24 bytes\n  <<<<<<< a\\r\n  ---\n  \\u{1b}[2J\\xff\\\\\n"
        );
        let huge = of("ä".repeat(1_000_000).as_bytes());
        assert!(huge.ends_with("ä…\n") && huge.chars().filter(|c| *c == 'ä').count() == 2_000);
        assert!(of(b"\"\\u001b\\u202e\xc2\x9b\"").contains("\"\\u001b\\u202e\\u009b\""));
        assert!(of(b"{\"a\":[],\"b\":{}}").ends_with("{\n  \"a\": [],\n  \"b\": {}\n}\n"));
        assert!(of(b"x").contains("1 byte\n"));
    }

    proptest::proptest! {
        #[test]
        fn deterministic_and_one_newline_at_the_end(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let answer = response(200, Headers::default(), bytes);
            let got = text(&answer, Some(("", "/id")));
            proptest::prop_assert_eq!(&got, &text(&answer, Some(("", "/id"))));
            proptest::prop_assert!(got.ends_with('\n') && !got.ends_with("\n\n"));
            proptest::prop_assert!(!got.contains(|c: char| c.is_control() && c != '\n'));
        }
    }
}
