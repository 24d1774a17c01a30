//! Failed entries of a partial success that do not say what failed, or why.

use serde_json::{Map, Value, json};

use super::Fault;
use super::answer::{Answer, holder, other_case, rename};
use crate::message::Response;

pub const FAULTS: &[Fault] = &[
    Fault {
        name: "failure-without-id",
        sentence: "A failed item has no id.",
        breaks: |a| {
            let key = a.key()?.to_owned();
            a.with_entry(*a.failed().last()?, |entry| {
                let (object, name) = holder(entry, &key)?;
                object.shift_remove(&name).map(|_| ())
            })
        },
    },
    Fault {
        name: "failure-error-string",
        sentence: "The error of a failed item is a string.",
        breaks: |a| error(a, json!("not found")),
    },
    Fault {
        name: "failure-error-array",
        sentence: "The error of a failed item is an array.",
        breaks: |a| error(a, json!([])),
    },
    Fault {
        name: "failure-error-empty",
        sentence: "The error of a failed item is an empty object.",
        breaks: |a| error(a, json!({})),
    },
    Fault {
        name: "failure-error-true",
        sentence: "The error of a failed item is true.",
        breaks: |a| error(a, json!(true)),
    },
    Fault {
        name: "failure-error-number",
        sentence: "The error of a failed item is a number.",
        breaks: |a| error(a, json!(404)),
    },
    Fault {
        name: "failure-error-null",
        sentence: "The error of a failed item is null.",
        breaks: |a| error(a, Value::Null),
    },
    Fault {
        name: "failure-error-missing",
        sentence: "A failed item has no error.",
        breaks: |a| entry(a, |entry| entry.shift_remove("error").map(|_| ())),
    },
    Fault {
        name: "failure-error-renamed",
        sentence: "The error of a failed item stands under another name.",
        breaks: |a| entry(a, |entry| rename(entry, "error", "errors")),
    },
    Fault {
        name: "failure-error-other-case",
        sentence: "The error of a failed item stands under `Error`.",
        breaks: |a| entry(a, |entry| rename(entry, "error", "Error")),
    },
    Fault {
        name: "failure-error-flat",
        sentence: "Code and message stand in the failed item itself; its error is their text.",
        breaks: |a| {
            entry(a, |entry| {
                let error = entry.get("error")?.as_object()?.clone();
                let message = error.get("message").cloned().unwrap_or_default();
                entry.extend(error.into_iter().filter(|(name, _)| name == "code" || name == "message"));
                set(entry, "error", message)
            })
        },
    },
    Fault {
        name: "failure-without-code",
        sentence: "The error of a failed item has no code.",
        breaks: |a| inside(a, |e| remove(e, "code")),
    },
    Fault {
        name: "failure-code-null",
        sentence: "The code of a failed item is null.",
        breaks: |a| inside(a, |e| set(e, "code", Value::Null)),
    },
    Fault {
        name: "failure-code-number",
        sentence: "The code of a failed item is a number.",
        breaks: |a| inside(a, |e| set(e, "code", json!(404))),
    },
    Fault {
        name: "failure-code-other-case",
        sentence: "The code of a failed item stands under `Code`.",
        breaks: |a| inside(a, |e| rename(e, "code", &other_case("code"))),
    },
    Fault {
        name: "failure-without-message",
        sentence: "The error of a failed item has no message.",
        breaks: |a| inside(a, |e| remove(e, "message")),
    },
    Fault {
        name: "failure-message-null",
        sentence: "The message of a failed item is null.",
        breaks: |a| inside(a, |e| set(e, "message", Value::Null)),
    },
    Fault {
        name: "failure-message-object",
        sentence: "The message of a failed item is an object.",
        breaks: |a| inside(a, |e| set(e, "message", json!({"lang": "en-us", "value": "Not found"}))),
    },
    Fault {
        name: "failure-message-array",
        sentence: "The message of a failed item is an array.",
        breaks: |a| inside(a, |e| set(e, "message", json!(["Not found"]))),
    },
];

/// The last failed entry, changed.
fn entry(a: &Answer<'_>, change: impl FnOnce(&mut Map<String, Value>) -> Option<()>) -> Option<Response> {
    a.with_entry(*a.failed().last()?, |entry| change(entry.as_object_mut()?))
}

/// The last failed entry with another error.
fn error(a: &Answer<'_>, error: Value) -> Option<Response> {
    entry(a, |entry| set(entry, "error", error))
}

/// The last failed entry with its error changed.
fn inside(a: &Answer<'_>, change: impl FnOnce(&mut Map<String, Value>) -> Option<()>) -> Option<Response> {
    entry(a, |entry| change(entry.get_mut("error")?.as_object_mut()?))
}

pub(super) fn remove(object: &mut Map<String, Value>, name: &str) -> Option<()> {
    object.shift_remove(name).map(|_| ())
}

pub(super) fn set(object: &mut Map<String, Value>, name: &str, value: Value) -> Option<()> {
    object.insert(name.to_owned(), value).map(|_| ())
}
