//! Error answers whose body is no error body (OData JSON Format 4.01, section 21).

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::Fault;
use super::answer::{Answer, other_case, rename};
use super::failed::{remove, set};
use crate::message::Response;

pub const FAULTS: &[Fault] = &[
    Fault {
        name: "error-without-envelope",
        sentence: "Code and message of an error answer stand at the root.",
        breaks: |a| a.is_error().then(|| a.changed(|body| replace(body, |old| old["error"].clone())))?,
    },
    Fault {
        name: "error-as-string",
        sentence: "`error` of an error answer is a string, as the token endpoint has it.",
        breaks: |a| {
            let body = json!({"error": "invalid_request", "error_description": "The request is not valid"});
            a.is_error().then(|| a.with_body(&body))
        },
    },
    Fault {
        name: "error-as-array",
        sentence: "`error` of an error answer is an array.",
        breaks: |a| a.is_error().then(|| a.changed(|body| replace(body, |old| json!({"error": [old["error"]]}))))?,
    },
    Fault {
        name: "error-null",
        sentence: "`error` of an error answer is null.",
        breaks: |a| a.is_error().then(|| a.with_body(&json!({"error": null}))),
    },
    Fault {
        name: "error-renamed",
        sentence: "`error` of an error answer is called `errors`.",
        breaks: |a| a.is_error().then(|| a.changed(|body| rename(body.as_object_mut()?, "error", "errors")))?,
    },
    Fault {
        name: "error-other-case",
        sentence: "`error` of an error answer is called `Error`.",
        breaks: |a| a.is_error().then(|| a.changed(|body| rename(body.as_object_mut()?, "error", "Error")))?,
    },
    Fault {
        name: "error-problem-details",
        sentence: "An error answer holds problem details (RFC 9457) instead of an error.",
        breaks: |a| {
            let status = a.right.status;
            a.is_error().then(|| a.with_body(&json!({"type": "about:blank", "title": "Refused", "status": status})))
        },
    },
    Fault {
        name: "error-empty-object",
        sentence: "The body of an error answer is {}.",
        breaks: |a| a.is_error().then(|| a.with_body(&json!({}))),
    },
    Fault {
        name: "error-without-code",
        sentence: "The error of an error answer has no code.",
        breaks: |a| inside(a, |error| remove(error, "code")),
    },
    Fault {
        name: "error-code-null",
        sentence: "The code of an error answer is null.",
        breaks: |a| inside(a, |error| set(error, "code", Value::Null)),
    },
    Fault {
        name: "error-code-number",
        sentence: "The code of an error answer is its status, a number.",
        breaks: |a| {
            let status = json!(a.right.status);
            inside(a, |error| set(error, "code", status))
        },
    },
    Fault {
        name: "error-code-object",
        sentence: "The code of an error answer is an object.",
        breaks: |a| inside(a, |error| set(error, "code", json!({}))),
    },
    Fault {
        name: "error-code-other-case",
        sentence: "The code of an error answer stands under `Code`.",
        breaks: |a| inside(a, |error| rename(error, "code", &other_case("code"))),
    },
    Fault {
        name: "error-without-message",
        sentence: "The error of an error answer has no message.",
        breaks: |a| inside(a, |error| remove(error, "message")),
    },
    Fault {
        name: "error-message-null",
        sentence: "The message of an error answer is null.",
        breaks: |a| inside(a, |error| set(error, "message", Value::Null)),
    },
    Fault {
        name: "error-message-object",
        sentence: "The message of an error answer is an object, as in OData 3.",
        breaks: |a| inside(a, |error| set(error, "message", json!({"lang": "en-us", "value": "Refused"}))),
    },
    Fault {
        name: "error-html",
        sentence: "An error answer is an HTML page.",
        breaks: |a| {
            let mut wrong =
                a.is_error().then(|| a.with_text("<!DOCTYPE html>\n<html><body><h1>Error</h1></body></html>\n"))?;
            wrong.headers.set("Content-Type", "text/html");
            Some(wrong)
        },
    },
    Fault {
        name: "error-text",
        sentence: "An error answer is plain text.",
        breaks: |a| {
            let mut wrong = a.is_error().then(|| a.with_text("The request was refused"))?;
            wrong.headers.set("Content-Type", "text/plain");
            Some(wrong)
        },
    },
    Fault {
        name: "error-empty",
        sentence: "An error answer has no body.",
        breaks: |a| {
            let mut wrong = a.is_error().then(|| a.with_text(Bytes::new()))?;
            wrong.headers.remove("content-type");
            Some(wrong)
        },
    },
];

#[expect(clippy::unnecessary_wraps, reason = "a change may find nothing")]
fn replace(body: &mut Value, by: impl FnOnce(&Value) -> Value) -> Option<()> {
    *body = by(body);
    Some(())
}

/// An error answer with its error changed.
fn inside(a: &Answer<'_>, change: impl FnOnce(&mut Map<String, Value>) -> Option<()>) -> Option<Response> {
    a.body.as_ref().filter(|_| a.is_error())?;
    a.changed(|body| change(body.get_mut("error")?.as_object_mut()?))
}
