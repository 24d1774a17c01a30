//! Items whose outcome is another than it was. The status fits what the answer says, so that only
//! the outcome is wrong.

use serde_json::{Value, json};

use super::Fault;
use super::answer::{Answer, put};
use crate::message::Response;
use crate::multi_status::{Identity, is_failed};

pub const FAULTS: &[Fault] = &[
    Fault { name: "success-blamed", sentence: "An item that succeeded is reported as failed.", breaks: success_blamed },
    Fault {
        name: "all-blamed",
        sentence: "Every item is reported as failed, because one could be.",
        breaks: |a| {
            let asked = distinct(a);
            if asked.len() <= a.failed().len() {
                return None;
            }
            let entries: Option<Vec<Value>> =
                asked.iter().map(|id| failed_entry(a, id).or_else(|| a.blame(id))).collect();
            partial(a, entries?)
        },
    },
    Fault {
        name: "failure-forgiven",
        sentence: "An item that failed is reported as succeeded.",
        breaks: |a| {
            let at = *a.failed().last()?;
            let forgiven = success_of(a, at)?;
            let mut entries = a.entries().to_vec();
            entries[at] = forgiven;
            settled(a, entries)
        },
    },
    Fault {
        name: "failures-forgiven",
        sentence: "Every item is reported as succeeded, whatever happened.",
        breaks: |a| {
            let failed = a.failed();
            if failed.len() < 2 {
                return None;
            }
            let mut entries = a.entries().to_vec();
            for at in failed {
                entries[at] = success_of(a, at)?;
            }
            settled(a, entries)
        },
    },
    Fault {
        name: "failure-omitted",
        sentence: "An item that failed has no entry.",
        breaks: |a| {
            let at = *a.failed().last()?;
            a.with_entries(|entries| (at < entries.len()).then(|| drop(entries.remove(at))))
        },
    },
    Fault {
        name: "failure-duplicated",
        sentence: "An item that failed is blamed twice.",
        breaks: |a| {
            let at = *a.failed().first()?;
            a.id(at).filter(|id| a.asked_once(id))?;
            a.with_entries(|entries| {
                entries.push(entries.get(at)?.clone());
                Some(())
            })
        },
    },
    Fault {
        name: "contradiction",
        sentence: "An item is reported as failed and as succeeded at once.",
        breaks: |a| {
            let at = *a.failed().first()?;
            a.id(at).filter(|id| a.asked_once(id))?;
            let other = success_of(a, at)?;
            a.with_entries(|entries| {
                entries.push(other);
                Some(())
            })
        },
    },
];

fn success_blamed(a: &Answer<'_>) -> Option<Response> {
    if let Some(at) = a.succeeded().last() {
        let blamed = a.blame(&a.id(*at)?)?;
        let mut entries = a.entries().to_vec();
        entries[*at] = blamed;
        return partial(a, entries);
    }
    // A success that the answer does not mention.
    let silent = distinct(a).into_iter().rev().find(|id| failed_entry(a, id).is_none())?;
    let mut entries = a.entries().to_vec();
    entries.push(a.blame(&silent)?);
    partial(a, entries)
}

/// A partial success with these entries; of a success alone, since an error says nothing of items.
fn partial(a: &Answer<'_>, entries: Vec<Value>) -> Option<Response> {
    a.is_success().then(|| a.listing(a.context.dialect?.partial, entries))?
}

/// The answer that fits these entries: a full success where none of them has failed.
fn settled(a: &Answer<'_>, entries: Vec<Value>) -> Option<Response> {
    let dialect = a.context.dialect?;
    if entries.iter().any(is_failed) {
        return partial(a, entries);
    }
    if dialect.success == 204 {
        return Some(a.without_content(204));
    }
    a.listing(dialect.success, entries)
}

/// The items asked, each once.
fn distinct(a: &Answer<'_>) -> Vec<Identity> {
    let mut seen: Vec<Identity> = Vec::new();
    for id in a.asked() {
        if !seen.contains(&id) {
            seen.push(id);
        }
    }
    seen
}

fn failed_entry(a: &Answer<'_>, id: &Identity) -> Option<Value> {
    a.failed().into_iter().find(|at| a.id(*at).as_ref() == Some(id)).map(|at| a.entries()[at].clone())
}

/// A succeeded entry about the item that failed at `at`, like the other successes of the answer.
fn success_of(a: &Answer<'_>, at: usize) -> Option<Value> {
    let id = a.id(at)?;
    let mut entry = a.succeeded().first().map_or_else(|| json!({}), |at| a.entries()[*at].clone());
    put(&mut entry, &a.context.dialect?.entry_key, id.as_str().into())?;
    Some(entry)
}
