//! Rules on header fields.

use crate::case::{Content, Promise};
use crate::message::{self, Response};
use crate::rule::{self, Deviation};

/// Fields that are part of a promise when the page shows them; all others are incidental.
const PROMISED: [&str; 3] = ["location", "preference-applied", "allow"];

/// Promised fields are there (presence, not value).
pub fn promised(promise: &Promise, response: &Response, out: &mut Vec<Deviation>) {
    for name in PROMISED {
        if let (Some(shown), None) = (promise.headers.get(name), response.headers.get(name)) {
            out.push(
                Deviation::new(&rule::HEADER_MISSING, format!("the promised header `{name}` is missing"))
                    .between(format!("{name}: {shown}"), "no such header")
                    .at(format!("header:{name}")),
            );
        }
    }
}

/// What a status demands of the fields beside it.
pub fn of_status(response: &Response, out: &mut Vec<Deviation>) {
    let has = |name: &str| response.headers.get(name).is_some();
    if response.status == 401 && !has("www-authenticate") {
        out.push(
            Deviation::new(&rule::ERROR_WWW_AUTHENTICATE, "401 does not say how to authenticate")
                .between("WWW-Authenticate: Bearer …", "no such header")
                .at("header:www-authenticate"),
        );
    }
    if matches!(response.status, 429 | 503) && !has("retry-after") {
        let message = format!("{} does not say when to come back", response.status);
        out.push(
            Deviation::new(&rule::ERROR_RETRY_AFTER, message)
                .between("Retry-After: SECONDS", "no such header")
                .at("header:retry-after"),
        );
    }
}

/// The media type of a body that is there: JSON where JSON is promised, else the documented one.
pub fn content_type(promised: Option<&Promise>, json: bool, response: &Response, out: &mut Vec<Deviation>) {
    let came = response.headers.get("content-type");
    let essence = came.map(message::media_type);
    let documented = promised.and_then(|p| p.headers.get("content-type")).map(message::media_type);
    let (expected, right) = if json {
        ("application/json".to_owned(), essence.as_deref().is_some_and(message::is_json))
    } else {
        let Some(documented) = documented.filter(|_| matches!(promised.map(|p| &p.content), Some(Content::Text(_))))
        else {
            return;
        };
        let right = essence.as_deref() == Some(documented.as_str());
        (documented, right)
    };
    if !right {
        let message = match came {
            Some(came) => format!("the body is labelled `{came}`"),
            None => "the body has no Content-Type".to_owned(),
        };
        out.push(
            Deviation::new(&rule::HEADER_CONTENT_TYPE, message)
                .between(expected, came.unwrap_or("no such header"))
                .at("header:content-type"),
        );
    }
}
