//! Members that are missing, misnamed or of another type. Where items are listed, one of them
//! alone is broken, and in a member that every succeeded item has: a page shows such a member in
//! each of its objects, and so demands it.

use serde_json::{Map, Value, json};

use super::Fault;
use super::answer::{Answer, holder, other_case, rename};
use crate::json;
use crate::message::Response;

pub const FAULTS: &[Fault] = &[
    Fault {
        name: "member-missing",
        sentence: "A member is missing in the last item.",
        breaks: |a| last(a, string, remove),
    },
    Fault {
        name: "member-missing-first",
        sentence: "A member is missing in the first item.",
        breaks: |a| one(a, Place::First, string, remove),
    },
    Fault {
        name: "member-renamed",
        sentence: "A member of the last item has another name.",
        breaks: |a| last(a, string, |object, name| rename(object, name, &format!("{name}2"))),
    },
    Fault {
        name: "member-other-case",
        sentence: "A member of the last item is written in another case.",
        breaks: |a| last(a, string, |object, name| rename(object, name, &other_case(name))),
    },
    Fault {
        name: "object-missing",
        sentence: "A member that is an object is missing in the last item.",
        breaks: |a| last(a, object, remove),
    },
    Fault {
        name: "object-renamed",
        sentence: "A member of the last item that is an object has another name.",
        breaks: |a| last(a, object, |object, name| rename(object, name, &format!("{name}2"))),
    },
    Fault {
        name: "nested-member-missing",
        sentence: "A member inside an object is missing in the last item.",
        breaks: |a| last(a, nested, remove),
    },
    Fault {
        name: "nested-member-renamed",
        sentence: "A member inside an object of the last item has another name.",
        breaks: |a| last(a, nested, |object, name| rename(object, name, &format!("{name}2"))),
    },
    Fault {
        name: "nested-member-other-case",
        sentence: "A member inside an object of the last item is written in another case.",
        breaks: |a| last(a, nested, |object, name| rename(object, name, &other_case(name))),
    },
    Fault {
        name: "object-emptied",
        sentence: "A member of the last item that is an object with members is empty.",
        breaks: |a| last(a, object, |object, name| set(object, name, json!({}))),
    },
    Fault {
        name: "number-for-string",
        sentence: "A string of the last item is a number.",
        breaks: |a| last(a, string, |object, name| set(object, name, json!(42))),
    },
    Fault {
        name: "boolean-for-string",
        sentence: "A string of the last item is true.",
        breaks: |a| last(a, string, |object, name| set(object, name, json!(true))),
    },
    Fault {
        name: "object-for-string",
        sentence: "A string of the last item is {}.",
        breaks: |a| last(a, string, |object, name| set(object, name, json!({}))),
    },
    Fault {
        name: "array-for-string",
        sentence: "A string of the last item is [].",
        breaks: |a| last(a, string, |object, name| set(object, name, json!([]))),
    },
    Fault {
        name: "array-for-string-first",
        sentence: "A string of the first item stands in an array of its own.",
        breaks: |a| {
            one(a, Place::First, string, |object, name| {
                let value = object.get(name)?.clone();
                set(object, name, json!([value]))
            })
        },
    },
    Fault {
        name: "number-for-nested-string",
        sentence: "A string inside an object of the last item is a number.",
        breaks: |a| last(a, nested, |object, name| set(object, name, json!(42))),
    },
    Fault {
        name: "object-for-nested-string",
        sentence: "A string inside an object of the last item is {}.",
        breaks: |a| last(a, nested, |object, name| set(object, name, json!({}))),
    },
    Fault {
        name: "array-for-object",
        sentence: "An object of the last item is an array that holds it.",
        breaks: |a| {
            last(a, object, |object, name| {
                let value = object.get(name)?.clone();
                set(object, name, json!([value]))
            })
        },
    },
    Fault {
        name: "string-for-object",
        sentence: "An object of the last item is a string.",
        breaks: |a| last(a, object, |object, name| set(object, name, json!("[object Object]"))),
    },
    Fault {
        name: "number-for-object",
        sentence: "An object of the last item is a number.",
        breaks: |a| last(a, object, |object, name| set(object, name, json!(0))),
    },
];

type Change = fn(&mut Map<String, Value>, &str) -> Option<()>;

/// Which of the objects is broken.
#[derive(Clone, Copy)]
enum Place {
    First,
    Last,
}

fn last(a: &Answer<'_>, find: fn(&Value) -> Vec<String>, change: Change) -> Option<Response> {
    one(a, Place::Last, find, change)
}

/// The answer with one of its objects changed at a member that `find` finds in all of them.
fn one(a: &Answer<'_>, place: Place, find: fn(&Value) -> Vec<String>, change: Change) -> Option<Response> {
    let body = a.body.as_ref().filter(|_| a.is_success())?;
    let listed = a.succeeded();
    let objects: Vec<&Value> = match a.entries_at {
        Some(_) => listed.iter().map(|at| &a.entries()[*at]).collect(),
        None => vec![body],
    };
    let (first, rest) = objects.split_first()?;
    let key = a.key();
    let shared = |pointer: &String| rest.iter().all(|object| find(object).contains(pointer));
    let pointer = find(first).into_iter().find(|pointer| Some(pointer.as_str()) != key && shared(pointer))?;
    let apply = |object: &mut Value| {
        let (holder, name) = holder(object, &pointer)?;
        change(holder, &name)
    };
    if a.entries_at.is_none() {
        return a.changed(apply);
    }
    let at = match place {
        Place::First => listed.first(),
        Place::Last => listed.last(),
    };
    a.with_entry(*at?, apply)
}

/// Pointers to the members of `object` that a page may demand: no annotations, and no error.
fn members(object: &Value) -> impl Iterator<Item = (String, &Value)> {
    let named = object.as_object().into_iter().flatten().filter(|(name, _)| !name.contains('@') && *name != "error");
    named.map(|(name, value)| (json::child("", name), value))
}

fn string(object: &Value) -> Vec<String> {
    members(object).filter(|(_, value)| value.is_string()).map(|(at, _)| at).collect()
}

fn object(object: &Value) -> Vec<String> {
    let full = |value: &Value| value.as_object().is_some_and(|members| !members.is_empty());
    members(object).filter(|(_, value)| full(value)).map(|(at, _)| at).collect()
}

fn nested(object: &Value) -> Vec<String> {
    let inside = |(at, value)| string(value).into_iter().map(move |inner| format!("{at}{inner}"));
    members(object).filter(|(_, value)| value.is_object()).flat_map(inside).collect()
}

fn remove(object: &mut Map<String, Value>, name: &str) -> Option<()> {
    object.shift_remove(name).map(|_| ())
}

fn set(object: &mut Map<String, Value>, name: &str, value: Value) -> Option<()> {
    object.insert(name.to_owned(), value).map(|_| ())
}
