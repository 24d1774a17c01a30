//! HTTP messages as plain values, and HTTP text as pages write it.

mod shown;

pub use shown::{Flaw, METHODS, Shown, Start, method_of, read};

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::{Map, Value};

/// Header fields in their order. Names compare without case (RFC 9110, section 5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(pub Vec<(String, String)>);

impl Headers {
    /// The first value of `name`, if the field is there.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Every value of `name`, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Sets `name` to `value`, in the place of the first one alike, and drops the others.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        match self.0.iter().position(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some(at) => {
                self.0[at].1 = value;
                let mut seen = false;
                self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name) || !std::mem::replace(&mut seen, true));
            }
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// One JSON object; the values of a repeated field are joined by `, ` (RFC 9110, 5.3).
    pub fn to_json(&self) -> Map<String, Value> {
        let mut out: Map<String, Value> = Map::new();
        let mut spelled: HashMap<String, &str> = HashMap::new();
        for (name, value) in &self.0 {
            let spelling = *spelled.entry(name.to_ascii_lowercase()).or_insert(name);
            if let Some(Value::String(known)) = out.get_mut(spelling) {
                known.push_str(", ");
                known.push_str(value);
            } else {
                out.insert(name.clone(), value.clone().into());
            }
        }
        out
    }

    /// The fields as HTTP text, a line each.
    pub fn render(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
    }

    /// Drops every field of that name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Headers {
    fn from(fields: [(&str, &str); N]) -> Self {
        Headers(fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }
}

/// A request: what is asked of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method, upper case.
    pub method: String,
    /// The URL or path, as written.
    pub url: String,
    /// Header fields.
    pub headers: Headers,
    /// The content; empty where there is none.
    pub body: Bytes,
}

/// A response: what came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields.
    pub headers: Headers,
    /// The content, decoded; empty where there is none.
    pub body: Bytes,
}

/// The media type of a `Content-Type` value, lower case, without parameters (RFC 9110, 8.3.1).
pub fn media_type(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or("");
    essence.trim().to_ascii_lowercase()
}

/// Whether a media type says JSON: `application/json`, or a `+json` suffix (RFC 6839).
/// `application/jsonp` and `application/json-seq` are other things.
pub fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || (media_type.contains('/') && media_type.ends_with("+json"))
}

/// The standard phrase of a status, for people (RFC 9110; 207 is RFC 4918).
pub fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        207 => "Multi-Status",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        422 => "Unprocessable Content",
        423 => "Locked",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        507 => "Insufficient Storage",
        _ => "",
    }
}

/// A status as people write it: `207 Multi-Status`.
pub fn status_text(status: u16) -> String {
    format!("{status} {}", reason(status)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types() {
        assert!(is_json(&media_type("Application/JSON;odata.metadata=minimal; charset=utf-8")));
        assert!(is_json("application/problem+json"));
        for other in ["application/jsonp", "application/json-seq", "text/json", "+json", ""] {
            assert!(!is_json(other), "{other}");
        }
    }
}
