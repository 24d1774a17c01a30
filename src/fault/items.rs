//! Items that are wrong as a whole, or whose ids are.

use serde_json::{Map, Value, json};

use super::Fault;
use super::answer::{Answer, holder, other_case, put, rename};
use crate::message::Response;

pub const FAULTS: &[Fault] = &[
    Fault {
        name: "item-dropped",
        sentence: "An item that was asked for and succeeded has no entry.",
        breaks: |a| {
            a.context.dialect?;
            let listed = a.succeeded();
            // Of one listed success nothing may be left: a partial answer may list none at all.
            let last = listed.last().filter(|_| !a.is_partial() || listed.len() > 1)?;
            without(a, *last)
        },
    },
    Fault {
        name: "list-forgets-item",
        sentence: "A list that is read misses its last item.",
        breaks: |a| {
            if a.context.dialect.is_some() {
                return None;
            }
            without(a, a.entries().len().checked_sub(1)?)
        },
    },
    Fault {
        name: "item-unasked",
        sentence: "An item comes along that nobody asked for.",
        breaks: |a| {
            let last = a.entries().len().checked_sub(1)?;
            let id = a.unasked(a.id(last)?.as_str())?;
            a.with_entries(|entries| {
                let mut extra = entries.get(last)?.clone();
                put(&mut extra, a.key()?, id.into())?;
                entries.push(extra);
                Some(())
            })
        },
    },
    Fault {
        name: "item-replaced",
        sentence: "The last item has the id of another one, which nobody asked for.",
        breaks: |a| {
            let last = a.entries().len().checked_sub(1)?;
            let id = a.unasked(a.id(last)?.as_str())?;
            a.with_entry(last, |entry| put(entry, a.key()?, id.into()))
        },
    },
    Fault {
        name: "item-duplicated",
        sentence: "The last item is listed twice.",
        breaks: |a| {
            let last = a.entries().len().checked_sub(1)?;
            a.id(last).filter(|id| a.asked_once(id))?;
            a.with_entries(|entries| {
                entries.push(entries.get(last)?.clone());
                Some(())
            })
        },
    },
    Fault { name: "item-null", sentence: "The last item is null.", breaks: |a| last_is(a, Value::Null) },
    Fault { name: "item-string", sentence: "The last item is a string.", breaks: |a| last_is(a, json!("item")) },
    Fault { name: "item-array", sentence: "The last item is an array.", breaks: |a| last_is(a, json!([])) },
    Fault { name: "item-empty", sentence: "The last item is an empty object.", breaks: |a| last_is(a, json!({})) },
    Fault {
        name: "item-first-null",
        sentence: "The first item is null.",
        breaks: |a| a.with_entry(0, |entry| replace(entry, Value::Null)),
    },
    Fault {
        name: "items-as-ids",
        sentence: "Items are their ids alone, without the objects around them.",
        breaks: |a| {
            let key = a.key()?.to_owned();
            let ids: Option<Vec<Value>> = a.entries().iter().map(|entry| entry.pointer(&key).cloned()).collect();
            let ids = ids.filter(|ids| !ids.is_empty())?;
            a.with_entries(|entries| {
                *entries = ids;
                Some(())
            })
        },
    },
    Fault {
        name: "id-missing",
        sentence: "The last item has no id.",
        breaks: |a| last_key(a, |object, name| object.shift_remove(name).map(|_| ())),
    },
    Fault {
        name: "id-missing-everywhere",
        sentence: "No item has an id.",
        breaks: |a| {
            let key = a.key()?.to_owned();
            a.with_entries(|entries| {
                let mut holders = entries.iter_mut().map(|entry| {
                    let (object, name) = holder(entry, &key)?;
                    object.shift_remove(&name).map(|_| ())
                });
                holders.next()??;
                holders.collect()
            })
        },
    },
    Fault { name: "id-null", sentence: "The id of the last item is null.", breaks: |a| last_id(a, Value::Null) },
    Fault { name: "id-number", sentence: "The id of the last item is a number.", breaks: |a| last_id(a, json!(712)) },
    Fault { name: "id-object", sentence: "The id of the last item is an object.", breaks: |a| last_id(a, json!({})) },
    Fault {
        name: "id-array",
        sentence: "The id of the last item is an array.",
        breaks: |a| {
            let key = a.key()?;
            let id = a.entries().last()?.pointer(key)?.clone();
            last_id(a, json!([id]))
        },
    },
    Fault {
        name: "id-empty",
        sentence: "The id of the last item is empty.",
        breaks: |a| a.context.dialect.and_then(|_| last_id(a, json!(""))),
    },
    Fault {
        name: "id-renamed",
        sentence: "The id of the last item stands under another name.",
        breaks: |a| last_key(a, |object, name| rename(object, name, "uniqueId")),
    },
    Fault {
        name: "id-other-case",
        sentence: "The id of the last item stands under its name in another case.",
        breaks: |a| last_key(a, |object, name| rename(object, name, &other_case(name))),
    },
    Fault {
        name: "id-truncated",
        sentence: "The id of the last item misses its end.",
        breaks: |a| {
            let id = a.id(a.entries().len().checked_sub(1)?)?;
            let short: String = id.as_str().chars().take(id.as_str().chars().count() / 2).collect();
            (!short.is_empty()).then(|| last_id(a, short.into()))?
        },
    },
    Fault {
        name: "id-spaced",
        sentence: "The id of the last item ends in a space.",
        breaks: |a| {
            let id = a.id(a.entries().len().checked_sub(1)?)?;
            last_id(a, format!("{id} ").into())
        },
    },
];

fn without(a: &Answer<'_>, at: usize) -> Option<Response> {
    a.with_entries(|entries| (at < entries.len()).then(|| drop(entries.remove(at))))
}

#[expect(clippy::unnecessary_wraps, reason = "a change may find nothing")]
fn replace(entry: &mut Value, by: Value) -> Option<()> {
    *entry = by;
    Some(())
}

fn last_is(a: &Answer<'_>, value: Value) -> Option<Response> {
    a.with_entry(a.entries().len().checked_sub(1)?, |entry| replace(entry, value))
}

/// The last entry with its key's holder changed.
fn last_key(a: &Answer<'_>, change: impl FnOnce(&mut Map<String, Value>, &str) -> Option<()>) -> Option<Response> {
    let key = a.key()?.to_owned();
    a.with_entry(a.entries().len().checked_sub(1)?, |entry| {
        let (object, name) = holder(entry, &key)?;
        change(object, &name)
    })
}

fn last_id(a: &Answer<'_>, id: Value) -> Option<Response> {
    last_key(a, |object, name| object.insert(name.to_owned(), id).map(|_| ()))
}
