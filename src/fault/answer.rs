//! A right answer, read once, and the ways to take it apart.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::Context;
use crate::json;
use crate::message::{self, Response};
use crate::multi_status::{Identity, is_failed};

/// An answer that is about to be broken.
pub struct Answer<'a> {
    /// As it is.
    pub right: &'a Response,
    /// What was asked.
    pub context: &'a Context<'a>,
    /// Its body, where that is labelled as JSON and is it.
    pub body: Option<Value>,
    /// The pointer to its collection.
    pub entries_at: Option<String>,
}

impl<'a> Answer<'a> {
    pub fn new(right: &'a Response, context: &'a Context<'a>) -> Self {
        let label = right.headers.get("content-type").map(message::media_type);
        let labelled = label.is_some_and(|label| message::is_json(&label));
        let body = Some(&right.body).filter(|_| labelled).and_then(|body| json::read(body).ok()).map(|read| read.value);
        let mut answer = Answer { right, context, body, entries_at: None };
        answer.entries_at = answer.find_entries();
        answer
    }

    /// The collection of a success: where the dialect has it, else the first array of objects at
    /// the top, else the first empty array there.
    fn find_entries(&self) -> Option<String> {
        let body = self.body.as_ref().filter(|_| self.is_success())?;
        if let Some(dialect) = self.context.dialect {
            return dialect.entries_of(body).map(|_| dialect.entries.clone());
        }
        let members = body.as_object()?;
        let find = |fits: fn(&[Value]) -> bool| {
            members.iter().find(|(name, value)| !name.contains('@') && value.as_array().is_some_and(|all| fits(all)))
        };
        let found =
            find(|all| !all.is_empty() && all.iter().all(Value::is_object)).or_else(|| find(<[Value]>::is_empty));
        found.map(|(name, _)| json::child("", name))
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.right.status)
    }

    /// Whether it is an error answer with an error body that is JSON.
    pub fn is_error(&self) -> bool {
        self.right.status >= 400 && self.body.as_ref().is_some_and(|body| body["error"].is_object())
    }

    /// Whether it is a partial success under its dialect.
    pub fn is_partial(&self) -> bool {
        self.context.dialect.is_some_and(|d| d.partial == self.right.status && d.success != d.partial)
    }

    /// The entries of its collection; none where it has no collection.
    pub fn entries(&self) -> &[Value] {
        let found = self.body.as_ref().zip(self.entries_at.as_ref()).and_then(|(body, at)| body.pointer(at));
        found.and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Where the entries that report a failure stand.
    pub fn failed(&self) -> Vec<usize> {
        self.positions(is_failed)
    }

    /// Where the entries that report a success stand.
    pub fn succeeded(&self) -> Vec<usize> {
        self.positions(|entry| !is_failed(entry))
    }

    fn positions(&self, wanted: impl Fn(&Value) -> bool) -> Vec<usize> {
        self.entries().iter().enumerate().filter(|(_, entry)| wanted(entry)).map(|(at, _)| at).collect()
    }

    /// The pointer to an entry's key: the dialect's, else `/id` where every entry has one.
    pub fn key(&self) -> Option<&str> {
        match self.context.dialect {
            Some(dialect) => Some(dialect.entry_key.as_str()),
            None => self.entries().iter().all(|entry| entry.get("id").is_some()).then_some("/id"),
        }
        .filter(|key| !key.is_empty())
    }

    /// The identity of the entry at a position.
    pub fn id(&self, at: usize) -> Option<Identity> {
        let entry = self.entries().get(at)?;
        self.context.dialect?.entry_id(entry)
    }

    /// The identities that were asked for, each as often as it was.
    pub fn asked(&self) -> Vec<Identity> {
        let Some(dialect) = self.context.dialect else { return Vec::new() };
        self.context.asked.iter().filter_map(|item| dialect.item_id(item)).collect()
    }

    /// Whether an item was asked for exactly once.
    pub fn asked_once(&self, id: &Identity) -> bool {
        self.asked().iter().filter(|asked| *asked == id).count() == 1
    }

    /// The same answer with another status.
    pub fn with_status(&self, status: u16) -> Response {
        Response { status, ..self.right.clone() }
    }

    /// The same answer with this text as its body.
    pub fn with_text(&self, text: impl Into<Bytes>) -> Response {
        Response { body: text.into(), ..self.right.clone() }
    }

    /// The same answer with this value as its body.
    pub fn with_body(&self, body: &Value) -> Response {
        self.with_text(body.to_string())
    }

    /// An answer of `status` with this JSON body, whatever body the right one has.
    pub fn with_json(&self, status: u16, body: &Value) -> Response {
        let mut wrong = self.with_status(status);
        wrong.body = body.to_string().into();
        wrong.headers.set("Content-Type", "application/json");
        wrong
    }

    /// An answer of `status` without content.
    pub fn without_content(&self, status: u16) -> Response {
        let mut wrong = self.with_status(status);
        wrong.body = Bytes::new();
        wrong.headers.remove("content-type");
        wrong
    }

    /// The same answer with its body changed; `None` where `change` finds nothing to change.
    pub fn changed(&self, change: impl FnOnce(&mut Value) -> Option<()>) -> Option<Response> {
        let mut body = self.body.clone()?;
        change(&mut body)?;
        Some(self.with_body(&body))
    }

    /// The same answer with its entries changed.
    pub fn with_entries(&self, change: impl FnOnce(&mut Vec<Value>) -> Option<()>) -> Option<Response> {
        let at = self.entries_at.as_ref()?;
        self.changed(|body| change(body.pointer_mut(at)?.as_array_mut()?))
    }

    /// The same answer with one entry changed.
    pub fn with_entry(&self, at: usize, change: impl FnOnce(&mut Value) -> Option<()>) -> Option<Response> {
        self.with_entries(|entries| change(entries.get_mut(at)?))
    }

    /// The same answer with the object that holds the collection changed; `change` gets that
    /// object and the collection's name in it.
    pub fn with_envelope(&self, change: impl FnOnce(&mut Map<String, Value>, &str) -> Option<()>) -> Option<Response> {
        let at = self.entries_at.as_ref()?;
        self.changed(|body| {
            let (object, name) = holder(body, at)?;
            change(object, &name)
        })
    }

    /// An answer of `status` whose collection holds these entries, under the operation's dialect.
    pub fn listing(&self, status: u16, entries: Vec<Value>) -> Option<Response> {
        let at = &self.context.dialect?.entries;
        let mut body = match &self.body {
            Some(body) if self.entries_at.is_some() => body.clone(),
            _ => json!({}),
        };
        put(&mut body, at, Value::Array(entries))?;
        Some(self.with_json(status, &body))
    }

    /// An entry that reports the failure of an item.
    pub fn blame(&self, id: &Identity) -> Option<Value> {
        let mut entry = json!({});
        put(&mut entry, &self.context.dialect?.entry_key, id.as_str().into())?;
        entry.as_object_mut()?.insert(
            "error".to_owned(),
            json!({"code": "invalidRequest", "message": "The item could not be processed"}),
        );
        Some(entry)
    }

    /// An id that nobody asked for, and that no entry has, of the same form as `id`.
    pub fn unasked(&self, id: &str) -> Option<String> {
        let asked = self.asked();
        let answered: Vec<Identity> = (0..self.entries().len())
            .filter_map(|at| self.entries()[at].pointer(self.key()?))
            .filter_map(as_id)
            .collect();
        let mut candidates = (0..id.len()).rev().flat_map(|at| ['0', '1', '7'].map(|digit| (at, digit)));
        candidates.find_map(|(at, digit)| {
            let old = *id.as_bytes().get(at)?;
            if !old.is_ascii_alphanumeric() {
                return None;
            }
            let other = format!("{}{digit}{}", &id[..at], &id[at + 1..]);
            let new = Identity::new(&other);
            (!asked.contains(&new) && !answered.contains(&new)).then_some(other)
        })
    }
}

fn as_id(value: &Value) -> Option<Identity> {
    Identity::of("", value)
}

/// The object that holds what `pointer` points to, and the last name of the pointer.
pub fn holder<'v>(value: &'v mut Value, pointer: &str) -> Option<(&'v mut Map<String, Value>, String)> {
    let (parent, name) = pointer.rsplit_once('/')?;
    let name = name.replace("~1", "/").replace("~0", "~");
    let object = value.pointer_mut(parent)?.as_object_mut()?;
    object.contains_key(&name).then_some((object, name))
}

/// Sets what `pointer` points to, making the objects on the way.
pub fn put(value: &mut Value, pointer: &str, what: Value) -> Option<()> {
    let mut at = value;
    for name in pointer.split('/').skip(1) {
        let name = name.replace("~1", "/").replace("~0", "~");
        at = at.as_object_mut()?.entry(name).or_insert_with(|| json!({}));
    }
    *at = what;
    Some(())
}

/// Renames a member, in its place.
pub fn rename(object: &mut Map<String, Value>, old: &str, new: &str) -> Option<()> {
    if old == new || object.contains_key(new) || !object.contains_key(old) {
        return None;
    }
    let members = std::mem::take(object);
    object.extend(members.into_iter().map(|(name, value)| (if name == old { new.to_owned() } else { name }, value)));
    Some(())
}

/// `name` with the case of its first letter turned.
pub fn other_case(name: &str) -> String {
    let mut letters = name.chars();
    let first =
        letters.next().map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() });
    first.into_iter().chain(letters).collect()
}
