//! An operation under a multi-status law, answered from its dialect.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::known::{Known, common, fill};
use crate::case::Case;
use crate::multi_status::{Action, Dialect, Identity, Listed, Outcome, is_failed};

/// What one operation does with the items it is given.
pub struct Operation {
    /// How it reports.
    pub dialect: Dialect,
    /// What it does to the collection whose path has this many segments.
    pub action: Option<(Action, usize)>,
    /// The place of each id that succeeds, and its entry.
    succeeds: BTreeMap<Identity, (usize, Value)>,
    /// The documented entries of ids that fail.
    fails: BTreeMap<Identity, Value>,
    /// The failed entry of any other id, its key to be replaced.
    failed: Value,
    /// The documented bodies of full and of partial success.
    full: Option<Value>,
    partial: Option<Value>,
    /// Documented keys are not all strings.
    any_key: bool,
}

/// The items of a request, and their ids.
pub struct Items<'a> {
    /// As sent.
    pub values: &'a [Value],
    /// In their order, each once.
    pub ids: Vec<Identity>,
}

/// What came of the items.
pub struct Outcomes {
    /// The status that follows.
    pub status: u16,
    /// The body, where the dialect has one.
    pub body: Option<Value>,
    /// The places of the ids that succeeded.
    pub done: Vec<usize>,
}

impl Operation {
    /// The operation that these cases document; `None` where none of them is under a law.
    pub fn of(cases: &[&Case], known: &Known) -> Option<Self> {
        let laws: Vec<_> = cases.iter().filter_map(|case| case.law.as_deref()).collect();
        let dialect = laws.first()?.dialect.clone();
        let examples: Vec<&Value> = laws.iter().flat_map(|law| &law.succeeded).collect();
        let template =
            examples.first().map(|first| examples.iter().fold((*first).clone(), |all, one| common(&all, one)));
        let outcome = |id: &Identity, wanted: Outcome| {
            laws.iter().filter_map(|law| law.outcome(id)).any(|documented| documented.outcome == wanted)
        };
        let succeeds = known
            .ids
            .iter()
            .enumerate()
            .filter(|(_, id)| outcome(id, Outcome::Succeeds) || !outcome(id, Outcome::Fails));
        let entry = |place: usize, id: &Identity| succeeded(&dialect, place, id, known, &examples, template.as_ref());
        let succeeds = succeeds.map(|(place, id)| (id.clone(), (place, entry(place, id)))).collect();
        let failures: Vec<&Value> = laws.iter().flat_map(|law| &law.failed).collect();
        let mut fails: BTreeMap<Identity, Value> = BTreeMap::new();
        for failure in &failures {
            if let Some(id) = dialect.entry_id(failure) {
                fails.entry(id).or_insert_with(|| (*failure).clone());
            }
        }
        for ((key, id), failure) in &known.failed {
            if *key == dialect.entry_key {
                fails.entry(id.clone()).or_insert_with(|| failure.clone());
            }
        }
        let failed = failures.first().map_or_else(unknown_item, |first| (*first).clone());
        // Requests that are shown as mistakes say nothing of what is right.
        let right = |case: &&&Case| case.promise().and_then(|p| p.status).is_some_and(|status| status < 400);
        let items = cases.iter().filter(right).flat_map(|case| case.items());
        let any_key = items.filter_map(|item| item.pointer(&dialect.item_key)).any(|key| !key.is_string());
        Some(Operation {
            full: envelope(&dialect, dialect.success, cases),
            partial: envelope(&dialect, dialect.partial, cases),
            dialect,
            action: None,
            succeeds,
            fails,
            failed,
            any_key,
        })
    }

    /// The items that a body names.
    ///
    /// # Errors
    /// What is wrong with the body, for a person.
    pub fn items<'a>(&self, body: &'a Value) -> Result<Items<'a>, String> {
        let at = &self.dialect.items;
        let name = at.trim_start_matches('/');
        let values = body.pointer(at).ok_or_else(|| format!("The request has no '{name}'"))?;
        let values = values.as_array().ok_or_else(|| format!("'{name}' is not an array"))?;
        if values.is_empty() {
            return Err(format!("'{name}' is empty"));
        }
        let key = self.dialect.item_key.trim_start_matches('/');
        let mut seen = BTreeSet::new();
        let mut ids = Vec::with_capacity(values.len());
        for (at, item) in values.iter().enumerate() {
            if !key.is_empty() && !item.is_object() {
                return Err(format!("Item {at} of '{name}' is not an object"));
            }
            let found = item.pointer(&self.dialect.item_key);
            let Some(found) = found else { return Err(format!("Item {at} of '{name}' has no '{key}'")) };
            let usable = if self.any_key { !found.is_null() } else { found.as_str().is_some_and(|id| !id.is_empty()) };
            let id = self.dialect.item_id(item).filter(|_| usable);
            let id = id.ok_or_else(|| format!("The '{key}' of item {at} of '{name}' is not an id"))?;
            if seen.insert(id.clone()) {
                ids.push(id);
            }
        }
        Ok(Items { values, ids })
    }

    /// The answer for these ids, in their order.
    pub fn answer(&self, ids: &[Identity]) -> Outcomes {
        let dialect = &self.dialect;
        let mut done = Vec::new();
        let mut entries = Vec::with_capacity(ids.len());
        for id in ids {
            match self.succeeds.get(id) {
                Some((place, entry)) => {
                    done.push(*place);
                    entries.push((true, entry));
                }
                None => entries.push((false, self.fails.get(id).unwrap_or(&self.failed))),
            }
        }
        let all = done.len() == ids.len();
        let status = if all { dialect.success } else { dialect.partial };
        let envelope = if all { &self.full } else { &self.partial };
        let Some(envelope) = envelope else { return Outcomes { status, body: None, done } };
        let lists_successes = all || dialect.listed != Listed::Omitted;
        let told = entries.into_iter().zip(ids).filter(|((succeeded, _), _)| !succeeded || lists_successes);
        let told = told.map(|((succeeded, entry), id)| {
            let mut entry = entry.clone();
            if !succeeded && dialect.entry_id(&entry).as_ref() != Some(id) {
                rekey(&mut entry, &dialect.entry_key, id);
            }
            entry
        });
        let mut body = envelope.clone();
        place_entries(&mut body, &dialect.entries, told.collect());
        Outcomes { status, body: Some(body), done }
    }
}

/// The entry of an id that succeeds: the object it stands for where entries are such objects,
/// else an entry like the operation's own.
fn succeeded(
    dialect: &Dialect,
    place: usize,
    id: &Identity,
    known: &Known,
    examples: &[&Value],
    template: Option<&Value>,
) -> Value {
    let own = examples.iter().find(|entry| dialect.entry_id(entry).as_ref() == Some(id));
    let is_result = dialect.entry_key != "/id" || template.is_some_and(|t| t.get("error").is_some());
    let object = known.objects[place].as_ref().filter(|_| !is_result);
    let mut entry = match (object, own, template) {
        (Some(object), _, _) => object.clone(),
        (None, Some(own), _) => (*own).clone(),
        (None, None, Some(template)) => like(template, dialect, id),
        (None, None, None) => json!({}),
    };
    if let Some(template) = template {
        fill(&mut entry, &like(template, dialect, id));
    }
    if dialect.entry_id(&entry).as_ref() != Some(id) {
        rekey(&mut entry, &dialect.entry_key, id);
    }
    entry
}

/// `template` about another id. Where the id is made of parts, members that repeat a part follow.
fn like(template: &Value, dialect: &Dialect, id: &Identity) -> Value {
    let mut entry = template.clone();
    if let Some(old) = dialect.entry_id(template) {
        let pairs: Vec<(Identity, &str)> =
            old.as_str().split(',').map(Identity::new).zip(id.as_str().split(',')).collect();
        if pairs.len() > 1 && old.as_str().matches(',').count() == id.as_str().matches(',').count() {
            follow(&mut entry, &pairs);
        }
    }
    rekey(&mut entry, &dialect.entry_key, id);
    entry
}

fn follow(value: &mut Value, pairs: &[(Identity, &str)]) {
    match value {
        Value::String(text) => {
            let here = Identity::new(text);
            if let Some((_, new)) = pairs.iter().find(|(old, _)| *old == here) {
                (*new).clone_into(text);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| follow(item, pairs)),
        Value::Object(members) => members.values_mut().for_each(|member| follow(member, pairs)),
        _ => {}
    }
}

/// Puts an id in its place in an entry; in a reference, in the place of the id it names.
fn rekey(entry: &mut Value, key: &str, id: &Identity) {
    let old = entry.pointer(key).and_then(|value| Identity::of(key, value));
    let new = match (entry.pointer(key), old) {
        (Some(Value::String(text)), Some(old)) if !old.as_str().is_empty() => text.replace(old.as_str(), id.as_str()),
        _ => id.as_str().to_owned(),
    };
    put(entry, key, new.into());
}

/// Sets what `pointer` points to, making the objects on the way.
fn put(value: &mut Value, pointer: &str, what: Value) {
    let mut at = value;
    for name in pointer.split('/').skip(1) {
        let name = name.replace("~1", "/").replace("~0", "~");
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Some(members) = at.as_object_mut() else { return };
        at = members.entry(name).or_insert(Value::Null);
    }
    *at = what;
}

/// A body with its entries replaced; what it says of other entries goes.
fn place_entries(body: &mut Value, pointer: &str, entries: Vec<Value>) {
    if let Some(members) = body.as_object_mut() {
        if let Some(count) = members.get_mut("@odata.count") {
            *count = entries.len().into();
        }
        for stale in ["@odata.nextLink", "@odata.deltaLink"] {
            members.shift_remove(stale);
        }
    }
    put(body, pointer, Value::Array(entries));
}

/// The documented body of that status, its entries to be replaced; `None` where it has none.
fn envelope(dialect: &Dialect, status: u16, cases: &[&Case]) -> Option<Value> {
    let promises = || cases.iter().filter_map(|case| case.promise()).filter(|p| p.status == Some(status));
    let mut bodies = promises().filter_map(|p| p.content.json()).filter(|body| dialect.entries_of(body).is_some());
    let mut body = match bodies.next() {
        Some(body) => body.clone(),
        None if status == 204 || promises().next().is_some() => return None,
        None => json!({}),
    };
    place_entries(&mut body, &dialect.entries, Vec::new());
    Some(body)
}

/// A failed entry where the pages show none.
fn unknown_item() -> Value {
    json!({"error": {"code": "itemNotFound", "message": "The item could not be found"}})
}

/// A collection that actions add to and remove from, as it is read.
pub struct Collection {
    body: Value,
    at: String,
    key: String,
}

impl Collection {
    /// As `cases` document it; without any, a plain list. `key` tells its items apart.
    pub fn of<'a>(cases: impl Iterator<Item = &'a Case>, key: &str) -> Self {
        let promises = cases.filter_map(Case::promise).filter(|p| p.status.is_none_or(|s| (200..300).contains(&s)));
        let shown = promises.filter_map(|p| p.content.json()).find_map(|body| {
            let (name, _) = body.as_object()?.iter().find(|(name, value)| !name.contains('@') && value.is_array())?;
            Some((body.clone(), crate::json::child("", name)))
        });
        let (mut body, at) = shown.unwrap_or_else(|| (json!({}), "/value".to_owned()));
        place_entries(&mut body, &at, Vec::new());
        Collection { body, at, key: key.to_owned() }
    }

    /// The answer to a read, of the ids at these places.
    pub fn listing(&self, known: &Known, inside: &[usize]) -> Value {
        let items = inside.iter().map(|place| {
            known.objects[*place].clone().unwrap_or_else(|| {
                let mut bare = json!({});
                rekey(&mut bare, &self.key, &known.ids[*place]);
                bare
            })
        });
        let mut body = self.body.clone();
        place_entries(&mut body, &self.at, items.filter(|item| !is_failed(item)).collect());
        body
    }
}
