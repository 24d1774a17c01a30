//! What the pages show of ids: which of them succeed, and the objects they stand for.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::routes::Routes;
use crate::case::Case;
use crate::multi_status::{Identity, Outcome, is_failed};
use crate::page;

/// Ids that any page shows succeeding.
#[derive(Default)]
pub struct Known {
    /// Each id's place below.
    places: BTreeMap<Identity, usize>,
    /// The ids, as first written.
    pub ids: Vec<Identity>,
    /// What each id stands for: all documented objects of it, merged.
    pub objects: Vec<Option<Value>>,
    /// Documented entries of ids that fail, by the key they are told by.
    pub failed: BTreeMap<(String, Identity), Value>,
}

impl Known {
    /// Gathers from every case of every page. `routes` tell which lists are collections that
    /// items are added to.
    pub fn of(cases: &[Arc<Case>], routes: &Routes) -> Self {
        let mut known = Known::default();
        for law in cases.iter().filter_map(|case| case.law.as_ref()) {
            for (id, documented) in &law.outcomes {
                if documented.outcome == Outcome::Succeeds {
                    known.place(id);
                }
            }
            for entry in &law.succeeded {
                let Some(id) = law.dialect.entry_id(entry) else { continue };
                let place = known.place(&id);
                // An entry that has an `error`, if only null, is a result and not the thing itself.
                if law.dialect.entry_key == "/id" && entry.get("error").is_none() {
                    known.enrich(place, entry);
                }
            }
            for entry in &law.failed {
                if let Some(id) = law.dialect.entry_id(entry) {
                    known.failed.entry((law.dialect.entry_key.clone(), id)).or_insert_with(|| entry.clone());
                }
            }
        }
        let bound: Vec<(String, String)> =
            routes.bound(cases).map(|(path, key)| (last_name(path).to_owned(), key.to_owned())).collect();
        for case in cases.iter().filter(|case| case.method == "GET" && case.path.starts_with('/')) {
            let shape = page::shape(&case.path);
            let Some((_, key)) = bound.iter().find(|(name, _)| name == last_name(&shape)) else { continue };
            for item in listed(case) {
                let found = [key, "/id"].iter().find_map(|key| Identity::of(key, item.pointer(key)?));
                if let Some(id) = found {
                    let place = known.place(&id);
                    known.enrich(place, item);
                }
            }
        }
        known
    }

    fn place(&mut self, id: &Identity) -> usize {
        if let Some(place) = self.places.get(id) {
            return *place;
        }
        self.places.insert(id.clone(), self.ids.len());
        self.ids.push(id.clone());
        self.objects.push(None);
        self.ids.len() - 1
    }

    fn enrich(&mut self, place: usize, with: &Value) {
        match &mut self.objects[place] {
            Some(object) => fill(object, with),
            none => *none = Some(with.clone()),
        }
    }
}

/// The last segment of a shape that is no placeholder.
fn last_name(shape: &str) -> &str {
    shape.rsplit('/').next().unwrap_or("")
}

/// The items of a documented list, failures apart.
fn listed(case: &Case) -> impl Iterator<Item = &Value> {
    let answers = case.promises.iter().filter(|p| p.status.is_none_or(|status| (200..300).contains(&status)));
    let bodies = answers.filter_map(|p| p.content.json()?.as_object());
    let arrays = bodies.flat_map(Map::values).filter_map(Value::as_array);
    arrays.flatten().filter(|item| item.is_object() && !is_failed(item))
}

/// Adds to `object` the members of `other` that it lacks, at any depth.
pub fn fill(object: &mut Value, other: &Value) {
    let (Value::Object(members), Value::Object(others)) = (object, other) else { return };
    for (name, value) in others {
        match members.get_mut(name) {
            Some(known) => fill(known, value),
            None => {
                members.insert(name.clone(), value.clone());
            }
        }
    }
}

/// The members that both have, at any depth, with the values of the first.
pub fn common(one: &Value, other: &Value) -> Value {
    let (Value::Object(members), Value::Object(others)) = (one, other) else { return one.clone() };
    let shared = members.iter().filter_map(|(name, value)| Some((name.clone(), common(value, others.get(name)?))));
    Value::Object(shared.collect())
}
