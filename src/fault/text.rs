//! Bodies that are not JSON (RFC 8259), not there, or there where none may be.

use bytes::Bytes;
use serde_json::{Value, json};

use super::Fault;
use super::answer::Answer;

pub const FAULTS: &[Fault] = &[
    Fault {
        name: "json-truncated",
        sentence: "The body ends before its JSON does.",
        breaks: |a| text(a).map(|t| a.with_text(t[..t.floor_char_boundary(t.len() - 1 - t.len() / 8)].to_owned())),
    },
    Fault {
        name: "json-trailing-comma",
        sentence: "A comma stands before the last closing bracket.",
        breaks: |a| {
            text(a).filter(|t| t.len() > 2).map(|t| a.with_text(format!("{},{}", &t[..t.len() - 1], &t[t.len() - 1..])))
        },
    },
    Fault {
        name: "json-comment",
        sentence: "The JSON starts with a comment.",
        breaks: |a| text(a).map(|t| a.with_text(format!("// generated\n{t}"))),
    },
    Fault {
        name: "json-two-documents",
        sentence: "The JSON is sent twice, one text after the other.",
        breaks: |a| text(a).map(|t| a.with_text(format!("{t}\n{t}"))),
    },
    Fault {
        name: "json-garbage-after",
        sentence: "Something other than white space follows the JSON.",
        breaks: |a| text(a).map(|t| a.with_text(format!("{t}\n</html>"))),
    },
    Fault {
        name: "json-bad-utf8",
        sentence: "A string holds a byte that is not UTF-8.",
        breaks: |a| {
            let text = text(a)?;
            let quote = text.find('"')?;
            let mut bytes = text.into_bytes();
            bytes.insert(quote + 1, 0xff);
            Some(a.with_text(bytes))
        },
    },
    Fault {
        name: "json-utf16",
        sentence: "The JSON is sent as UTF-16.",
        breaks: |a| text(a).map(|t| a.with_text(t.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())),
    },
    Fault {
        name: "json-byte-order-mark",
        sentence: "The JSON starts with a byte order mark.",
        breaks: |a| text(a).map(|t| a.with_text(format!("\u{feff}{t}"))),
    },
    Fault {
        name: "json-single-quotes",
        sentence: "Strings stand in single quotes.",
        breaks: |a| text(a).filter(|t| t.contains('"')).map(|t| a.with_text(t.replace('"', "'"))),
    },
    Fault {
        name: "json-unquoted-names",
        sentence: "A member name has no quotes.",
        breaks: |a| {
            let text = text(a)?;
            let name = a.body.as_ref()?.as_object()?.keys().next()?;
            Some(a.with_text(text.replacen(&format!("\"{name}\":"), &format!("{name}:"), 1)))
        },
    },
    Fault {
        name: "json-nan",
        sentence: "A member is NaN.",
        breaks: |a| {
            let text = text(a)?;
            let rest = text.strip_prefix('{')?;
            let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
            Some(a.with_text(format!("{{\"@odata.count\":NaN{comma}{rest}")))
        },
    },
    Fault {
        name: "json-line-break-in-string",
        sentence: "A string holds a raw line break.",
        breaks: |a| {
            let text = text(a)?;
            let at = text.find(":\"")? + 2;
            Some(a.with_text(format!("{}\n{}", &text[..at], &text[at..])))
        },
    },
    Fault {
        name: "json-as-string",
        sentence: "The JSON is sent as one JSON string that holds it.",
        breaks: |a| text(a).map(|t| a.with_body(&Value::String(t))),
    },
    Fault {
        name: "body-empty",
        sentence: "The body is empty.",
        breaks: |a| a.body.as_ref().map(|_| a.with_text(Bytes::new())),
    },
    Fault {
        name: "body-html",
        sentence: "An HTML page is sent as JSON.",
        breaks: |a| {
            a.body.as_ref().map(|_| a.with_text("<!DOCTYPE html>\n<html><body><h1>It works!</h1></body></html>\n"))
        },
    },
    Fault {
        name: "body-bare-array",
        sentence: "The body is an array without the object around it.",
        breaks: |a| {
            let body = a.body.as_ref().filter(|body| body.is_object())?;
            let bare = if a.entries_at.is_some() { json!(a.entries()) } else { json!([body]) };
            Some(a.with_body(&bare))
        },
    },
    Fault {
        name: "body-bare-string",
        sentence: "The body is the JSON string \"OK\".",
        breaks: |a| a.body.as_ref().map(|_| a.with_body(&json!("OK"))),
    },
    Fault {
        name: "body-null",
        sentence: "The body is null.",
        breaks: |a| a.body.as_ref().map(|_| a.with_body(&Value::Null)),
    },
    Fault {
        name: "body-true",
        sentence: "The body is true.",
        breaks: |a| a.body.as_ref().map(|_| a.with_body(&Value::Bool(true))),
    },
    Fault {
        name: "body-on-204",
        sentence: "204 announces content (`Content-Length: 2`).",
        breaks: |a| {
            if a.right.status != 204 {
                return None;
            }
            let mut wrong = a.with_text("{}");
            wrong.headers.set("Content-Type", "application/json");
            wrong.headers.set("Content-Length", "2");
            Some(wrong)
        },
    },
];

/// The body of an answer that is JSON with something inside.
fn text(a: &Answer<'_>) -> Option<String> {
    a.body.as_ref().filter(|body| body.is_object() || body.is_array()).map(Value::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Context;
    use crate::json;
    use crate::message::{Headers, Response};

    #[test]
    fn what_is_called_no_json_is_none() {
        let right = Response {
            status: 200,
            headers: Headers::from([("Content-Type", "application/json")]),
            body: Bytes::from_static(br#"{"value":[{"id":"1"}]}"#),
        };
        let context = Context { method: "GET", ..Context::default() };
        for fault in FAULTS.iter().filter(|f| f.name.starts_with("json-") && f.name != "json-as-string") {
            let wrong = fault.apply(&right, &context).unwrap_or_else(|| panic!("{}", fault.name));
            assert!(json::read(&wrong.body).is_err(), "{}", fault.name);
        }
    }
}
