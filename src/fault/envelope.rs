//! A collection whose envelope is wrong.

use serde_json::{Value, json};

use super::Fault;
use super::answer::{Answer, other_case, rename};
use crate::message::Response;

pub const FAULTS: &[Fault] = &[
    Fault {
        name: "collection-missing",
        sentence: "The member that holds the items is missing.",
        breaks: |a| a.with_envelope(|object, name| object.shift_remove(name).map(|_| ())),
    },
    Fault {
        name: "collection-renamed",
        sentence: "The member that holds the items has another name.",
        breaks: |a| {
            a.with_envelope(|object, name| rename(object, name, "items").or_else(|| rename(object, name, "results")))
        },
    },
    Fault {
        name: "collection-other-case",
        sentence: "The member that holds the items is written in another case.",
        breaks: |a| a.with_envelope(|object, name| rename(object, name, &other_case(name))),
    },
    Fault {
        name: "collection-null",
        sentence: "null stands for the array of items.",
        breaks: |a| replaced(a, |_| Value::Null),
    },
    Fault {
        name: "collection-object",
        sentence: "The first item stands for the array of items.",
        breaks: |a| replaced(a, |all| all[0].clone()),
    },
    Fault {
        name: "collection-map",
        sentence: "An object with an item a member stands for the array of items.",
        breaks: |a| {
            replaced(a, |all| all.iter().enumerate().map(|(at, item)| (at.to_string(), item.clone())).collect())
        },
    },
    Fault {
        name: "collection-string",
        sentence: "A string stands for the array of items.",
        breaks: |a| replaced(a, |all| Value::String(json!(all).to_string())),
    },
    Fault {
        name: "collection-number",
        sentence: "The number of items stands for the array of items.",
        breaks: |a| replaced(a, |all| all.len().into()),
    },
    Fault {
        name: "collection-empty",
        sentence: "The answer lists nothing, though items were asked for.",
        breaks: |a| {
            if a.context.asked.is_empty() {
                return None;
            }
            replaced(a, |_| json!([]))
        },
    },
    Fault {
        name: "error-beside-items",
        sentence: "A success holds an error beside its items.",
        breaks: |a| {
            a.entries_at.as_ref()?;
            a.changed(|body| {
                let error = json!({"code": "generalException", "message": "Something failed"});
                body.as_object_mut()?.insert("error".to_owned(), error).is_none().then_some(())
            })
        },
    },
    Fault {
        name: "count-as-words",
        sentence: "`@odata.count` is a word.",
        breaks: |a| annotated(a, "@odata.count", json!("two")),
    },
    Fault {
        name: "context-as-number",
        sentence: "`@odata.context` is a number.",
        breaks: |a| annotated(a, "@odata.context", json!(1)),
    },
    Fault {
        name: "next-link-empty",
        sentence: "`@odata.nextLink` is there, and empty.",
        breaks: |a| annotated(a, "@odata.nextLink", json!("")),
    },
];

/// Something else for the items. A list that a page shows empty says nothing of its type, so that
/// an empty one is left alone.
fn replaced(a: &Answer<'_>, by: impl FnOnce(&[Value]) -> Value) -> Option<Response> {
    let new = Some(a.entries()).filter(|entries| !entries.is_empty()).map(by)?;
    a.with_envelope(|object, name| object.insert(name.to_owned(), new).map(|_| ()))
}

fn annotated(a: &Answer<'_>, name: &str, value: Value) -> Option<Response> {
    a.entries_at.as_ref()?;
    a.changed(|body| {
        body.as_object_mut()?.insert(name.to_owned(), value);
        Some(())
    })
}
