//! OData control information at the root of a body (OData JSON Format 4.01, section 4).

use serde_json::Value;

use crate::json;
use crate::message::Response;
use crate::rule::{self, Deviation};

/// Judges `@odata.…` members of the root; 4.01 services may drop the `odata.`.
pub fn control_information(response: &Response, body: &Value, out: &mut Vec<Deviation>) {
    let Some(members) = body.as_object() else { return };
    for (name, value) in members {
        let Some(control) = name.strip_prefix('@') else { continue };
        match control.strip_prefix("odata.").unwrap_or(control) {
            "nextLink" | "deltaLink" => link(name, value, out),
            "context" if !value.is_string() => annotation(name, "a string", value, out),
            "count" if !is_count(response, value) => annotation(name, "a whole number", value, out),
            _ => {}
        }
    }
}

/// A number, or a string of digits where the answer says `IEEE754Compatible=true`.
fn is_count(response: &Response, value: &Value) -> bool {
    let label = response.headers.get("content-type").unwrap_or("").to_ascii_lowercase();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    value.as_u64().is_some() || (label.contains("ieee754compatible=true") && value.as_str().is_some_and(digits))
}

fn annotation(name: &str, expected: &str, value: &Value, out: &mut Vec<Deviation>) {
    out.push(
        Deviation::new(&rule::ODATA_ANNOTATION, format!("`{name}` is not {expected}"))
            .between(expected, json::brief(value, 80))
            .at(json::child("", name)),
    );
}

fn link(name: &str, value: &Value, out: &mut Vec<Deviation>) {
    let usable = value
        .as_str()
        .is_some_and(|text| !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control()));
    if !usable {
        out.push(
            Deviation::new(&rule::ODATA_NEXT_LINK, format!("`{name}` is no URL to follow"))
                .between("a URL", json::brief(value, 80))
                .at(json::child("", name)),
        );
    }
}
