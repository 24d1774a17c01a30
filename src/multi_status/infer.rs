//! A dialect, read from what a page shows: by structure first, by shared values second.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Dialect, Documented, Identity, Law, Listed, Outcome, is_failed};
use crate::json;
use crate::source::Span;

/// One documented request with one documented response of the same operation.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The request's body.
    pub request: &'a Value,
    /// The response's status.
    pub status: u16,
    /// The response's body, where it has one.
    pub response: Option<&'a Value>,
    /// Where the response stands.
    pub span: &'a Span,
}

/// How deep keys and arrays are looked for.
const DEPTH: usize = 3;

/// The dialect of an operation: `None` where no response of it has the partial status 207, or
/// where items and entries cannot be told.
pub fn infer(shown: &[Shown<'_>]) -> Option<Dialect> {
    let partials: Vec<&Shown<'_>> = shown.iter().filter(|s| s.status == 207 && s.response.is_some()).collect();
    let success = success_status(shown);
    let mut best: Option<(i64, Dialect)> = None;
    for partial in &partials {
        let response = partial.response?;
        for (items_at, items) in arrays(partial.request) {
            for (entries_at, entries) in arrays(response) {
                let Some((score, item_key, entry_key)) = keys(items, entries) else { continue };
                // Entries that may hold an error are told by it; a list without any is a guess.
                let telling = i64::from(entries.iter().any(|e| e.get("error").is_some())) * 100;
                if best.as_ref().is_none_or(|(known, _)| score + telling > *known) {
                    let dialect = Dialect {
                        items: items_at.clone(),
                        item_key,
                        entries: entries_at,
                        entry_key,
                        success,
                        partial: 207,
                        listed: Listed::Listed,
                        whole_call_may_fail: false,
                        lines: Vec::new(),
                    };
                    best = Some((score + telling, dialect));
                }
            }
        }
    }
    let mut dialect = best?.1;
    dialect.listed = listed(&dialect, &partials);
    let mut lines: Vec<u32> = shown.iter().filter(|s| s.status < 300).map(|s| s.span.line).collect();
    lines.sort_unstable();
    lines.dedup();
    // A page of thousands of examples is told by its first.
    lines.truncate(32);
    dialect.lines = lines;
    Some(dialect)
}

/// The other 2xx of the operation; the partial status itself where that is all the page shows
/// and no entry of it ever fails; else 200.
fn success_status(shown: &[Shown<'_>]) -> u16 {
    if let Some(other) = shown.iter().find(|s| (200..300).contains(&s.status) && s.status != 207) {
        return other.status;
    }
    let fails = shown
        .iter()
        .filter_map(|s| s.response)
        .any(|body| arrays(body).iter().any(|(_, entries)| entries.iter().any(is_failed)));
    if fails { 200 } else { 207 }
}

/// Whether successes stand in the partial answer. Where every entry is a result (it has an
/// `error`, perhaps null) or is all there is to success, each item has one. Where successes are
/// entities among failures, pages contradict themselves (an example that lists some, prose that
/// speaks of failures alone): all or none.
fn listed(dialect: &Dialect, partials: &[&Shown<'_>]) -> Listed {
    let mut successes = partials
        .iter()
        .filter_map(|partial| partial.response.and_then(|body| dialect.entries_of(body)))
        .flatten()
        .filter(|entry| !is_failed(entry))
        .peekable();
    if successes.peek().is_none() {
        return Listed::Omitted;
    }
    let results = successes.all(|entry| entry.get("error").is_some());
    if results || dialect.success == dialect.partial { Listed::Listed } else { Listed::Either }
}

fn ids(dialect: &Dialect, request: &Value) -> Vec<Identity> {
    let items = request.pointer(&dialect.items).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(|item| dialect.item_id(item)).collect()
}

/// Arrays of objects or strings that are not empty, with their pointers, outermost first.
fn arrays(body: &Value) -> Vec<(String, &Vec<Value>)> {
    let mut found = Vec::new();
    let mut level = vec![(String::new(), body)];
    for _ in 0..DEPTH {
        let mut next = Vec::new();
        for (at, value) in level {
            match value {
                Value::Array(items) if !items.is_empty() && items.iter().all(|i| i.is_object() || i.is_string()) => {
                    found.push((at, items));
                }
                Value::Object(members) => {
                    let inner = members.iter().filter(|(name, _)| !name.contains('@'));
                    next.extend(inner.map(|(name, value)| (json::child(&at, name), value)));
                }
                _ => {}
            }
        }
        level = next;
    }
    found
}

/// The pair of members that name the same thing: score, pointer in an item, pointer in an entry.
fn keys(items: &[Value], entries: &[Value]) -> Option<(i64, String, String)> {
    let item_keys = leaves(items);
    let entry_keys = leaves(entries);
    let mut best: Option<(i64, String, String)> = None;
    for (item_at, item_values) in &item_keys {
        for (entry_at, entry_values) in &entry_keys {
            let shared = item_values.intersection(entry_values).count();
            let by_name = name_affinity(item_at, entry_at);
            if shared == 0 && by_name == 0 {
                continue;
            }
            let score = i64::try_from(shared).unwrap_or(i64::MAX / 64) * 8 + by_name;
            if best.as_ref().is_none_or(|(known, _, _)| score > *known) {
                best = Some((score, item_at.clone(), entry_at.clone()));
            }
        }
    }
    best
}

/// How much two members sound like one key: the same place, best where it is called an id;
/// `user@odata.bind` and `userId`.
fn name_affinity(item: &str, entry: &str) -> i64 {
    let is_id = |at: &str| at == "/id" || at.ends_with("Id");
    if item == entry && is_id(item) {
        return 4;
    }
    let stem = item.strip_suffix("@odata.bind");
    i64::from(stem.is_some_and(|stem| entry.strip_suffix("Id") == Some(stem))) * 4
}

/// Pointers to strings that every one of `objects` has outside its `error`, with their values.
fn leaves(objects: &[Value]) -> BTreeMap<String, BTreeSet<Identity>> {
    let mut found: BTreeMap<String, (usize, BTreeSet<Identity>)> = BTreeMap::new();
    for object in objects {
        let mut stack = vec![(String::new(), object, 0)];
        while let Some((at, value, depth)) = stack.pop() {
            match value {
                Value::String(_) | Value::Number(_) => {
                    if let Some(id) = Identity::of(&at, value) {
                        let slot = found.entry(at).or_default();
                        slot.0 += 1;
                        slot.1.insert(id);
                    }
                }
                Value::Object(members) if depth < DEPTH => {
                    let inner = members.iter().filter(|(name, _)| {
                        !name.starts_with('@') && !name.ends_with("@odata.type") && *name != "error"
                    });
                    stack.extend(inner.map(|(name, value)| (json::child(&at, name), value, depth + 1)));
                }
                _ => {}
            }
        }
    }
    let every = found.into_iter().filter(|(_, (count, _))| *count == objects.len());
    every.map(|(at, (_, values))| (at, values)).collect()
}

/// The law of one case: the outcomes that its own response documents, and what entries look like.
pub fn law(dialect: &Dialect, own: Shown<'_>, items: &[Value], operation: &[Shown<'_>]) -> Law {
    let mut outcomes = BTreeMap::new();
    let entries = own.response.and_then(|body| dialect.entries_of(body));
    for entry in entries.into_iter().flatten() {
        if let Some(id) = dialect.entry_id(entry) {
            let outcome = if is_failed(entry) { Outcome::Fails } else { Outcome::Succeeds };
            outcomes.insert(id, Documented { outcome, span: own.span.clone() });
        }
    }
    // What a response of the dialect does not blame has succeeded.
    if own.status == dialect.success || own.status == dialect.partial {
        for id in items.iter().filter_map(|item| dialect.item_id(item)) {
            let documented = Documented { outcome: Outcome::Succeeds, span: own.span.clone() };
            outcomes.entry(id).or_insert(documented);
        }
    }
    let asked: BTreeSet<Identity> = items.iter().filter_map(|item| dialect.item_id(item)).collect();
    let identified = entries.into_iter().flatten().all(|e| dialect.entry_id(e).is_some_and(|id| asked.contains(&id)));
    let key_type = operation
        .iter()
        .filter_map(|shown| shown.response.and_then(|body| dialect.entries_of(body)))
        .flatten()
        .find_map(|entry| json::at(entry, &dialect.entry_key))
        .map(json::type_name);
    Law {
        key_type,
        identified,
        succeeded: examples(dialect, own, operation, false),
        failed: examples(dialect, own, operation, true),
        dialect: dialect.clone(),
        outcomes,
    }
}

/// The most entries of one kind that say what such an entry looks like.
const MOST_EXAMPLES: usize = 256;

fn examples(dialect: &Dialect, own: Shown<'_>, operation: &[Shown<'_>], failed: bool) -> Vec<Value> {
    let of = |shown: &Shown<'_>| -> Vec<Value> {
        let under = shown.status == dialect.success || shown.status == dialect.partial;
        let entries = shown.response.filter(|_| under).and_then(|body| dialect.entries_of(body));
        entries.into_iter().flatten().filter(|e| is_failed(e) == failed).take(MOST_EXAMPLES).cloned().collect()
    };
    let mine = of(&own);
    if !mine.is_empty() {
        return mine;
    }
    operation.iter().map(of).find(|found| !found.is_empty()).unwrap_or_default()
}

/// The request that a partial promise speaks of, where the documented one names none of its
/// failed items or not all of its ids: the promise's ids, and, where the promise lists no
/// success, the documented items that it does not blame. `None` where the documented request
/// will do.
pub fn derive(dialect: &Dialect, request: &Value, response: &Value) -> Option<Value> {
    let entries = dialect.entries_of(response)?;
    let documented = request.pointer(&dialect.items)?.as_array()?;
    let sent: BTreeSet<Identity> = ids(dialect, request).into_iter().collect();
    let answered: Vec<Identity> = entries.iter().filter_map(|e| dialect.entry_id(e)).collect();
    if answered.iter().all(|id| sent.contains(id)) {
        return None;
    }
    let template = documented.first()?;
    let mut known: BTreeMap<Identity, &Value> = BTreeMap::new();
    for item in documented {
        if let Some(id) = dialect.item_id(item) {
            known.entry(id).or_insert(item);
        }
    }
    let mut items: Vec<Value> = Vec::new();
    for id in &answered {
        items.push(known.get(id).copied().cloned().or_else(|| with_key(dialect, template, id))?);
    }
    if entries.iter().all(is_failed) {
        let blamed: BTreeSet<&Identity> = answered.iter().collect();
        let others = documented.iter().filter(|item| dialect.item_id(item).is_some_and(|id| !blamed.contains(&id)));
        items.extend(others.cloned());
    }
    let mut derived = request.clone();
    *derived.pointer_mut(&dialect.items)? = Value::Array(items);
    Some(derived)
}

/// `template` with its key replaced; of a reference, the key inside it.
fn with_key(dialect: &Dialect, template: &Value, id: &Identity) -> Option<Value> {
    let mut item = template.clone();
    let old = dialect.item_id(template)?;
    let slot = item.pointer_mut(&dialect.item_key)?;
    *slot = match slot {
        Value::String(text) => Value::String(text.replace(old.as_str(), id.as_str())),
        // A number stays one.
        _ => id.as_str().parse().map_or_else(|_| Value::String(id.as_str().to_owned()), Value::Number),
    };
    Some(item)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::Arc;

    fn span(line: u32) -> Span {
        Span::new(&Arc::from("p.md"), line)
    }

    fn thing(id: &str) -> Value {
        json!({"id": id, "webUrl": format!("http://h/{id}")})
    }

    #[test]
    fn a_page_that_contradicts_itself_gives_either() {
        let request = json!({"value": [{"id": "a"}, {"id": "b"}]});
        let full = json!({"value": [thing("a"), thing("b")]});
        let partial = json!({"value": [{"id": "x", "error": {"code": "c", "message": "m"}}, thing("b")]});
        let (one, two) = (span(10), span(20));
        let shown = [
            Shown { request: &request, status: 200, response: Some(&full), span: &one },
            Shown { request: &request, status: 207, response: Some(&partial), span: &two },
        ];
        let dialect = infer(&shown).unwrap();
        assert_eq!(
            dialect.as_value(),
            json!({
                "items": "/value", "itemKey": "/id", "entries": "/value", "entryKey": "/id",
                "success": 200, "partial": 207, "listed": "either", "allFailed": [207], "lines": [10, 20],
            })
        );
        let derived = derive(&dialect, &request, &partial).unwrap();
        assert_eq!(derived, json!({"value": [{"id": "x"}, {"id": "b"}]}));
        let items = derived["value"].as_array().unwrap();
        let law = law(&dialect, shown[1], items, &shown);
        assert_eq!(law.outcome(&Identity::new("x")).unwrap().outcome, Outcome::Fails);
        assert_eq!(law.outcome(&Identity::new("b")).unwrap().outcome, Outcome::Succeeds);
        assert_eq!((law.failed.len(), law.succeeded.len()), (1, 1));
        assert!(!law.all_fail(items) && law.all_fail(&items[..1]));
    }

    #[test]
    fn failures_alone_give_omitted_and_keep_the_unblamed() {
        let request = json!({"value": [{"id": "a"}, {"id": "b"}]});
        let partial = json!({"value": [{"id": "x", "error": {"code": "c", "message": "m"}}]});
        let (one, two) = (span(10), span(20));
        let shown = [
            Shown { request: &request, status: 204, response: None, span: &one },
            Shown { request: &request, status: 207, response: Some(&partial), span: &two },
        ];
        let dialect = infer(&shown).unwrap();
        assert_eq!((dialect.success, dialect.listed), (204, Listed::Omitted));
        assert_eq!(
            derive(&dialect, &request, &partial).unwrap(),
            json!({"value": [{"id": "x"}, {"id": "a"}, {"id": "b"}]})
        );
    }

    #[test]
    fn keys_inside_references_are_found() {
        let bind = |id: &str| json!({"roles": [], "user@odata.bind": format!("https://g/v1.0/users('{id}')")});
        let request = json!({"values": [bind("u1"), bind("u2")]});
        let partial = json!({"@odata.context": "c", "value": [
            {"@odata.type": "#r", "userId": "u1", "error": {"code": "NotFound", "message": ""}},
            {"@odata.type": "#r", "userId": "u2", "error": null}]});
        let at = span(1);
        let shown = [Shown { request: &request, status: 207, response: Some(&partial), span: &at }];
        let dialect = infer(&shown).unwrap();
        assert_eq!(
            (dialect.items.as_str(), dialect.item_key.as_str(), dialect.entry_key.as_str()),
            ("/values", "/user@odata.bind", "/userId")
        );
        assert_eq!((dialect.success, dialect.listed), (200, Listed::Listed));
        assert_eq!(derive(&dialect, &request, &partial), None);
    }

    #[test]
    fn a_207_without_any_failure_is_its_own_success() {
        let request = json!({"ids": ["1", "2"]});
        let partial = json!({"value": [{"id": "1"}, {"id": "2"}]});
        let at = span(1);
        let dialect = infer(&[Shown { request: &request, status: 207, response: Some(&partial), span: &at }]).unwrap();
        assert_eq!((dialect.success, dialect.item_key.as_str(), dialect.items.as_str()), (207, "", "/ids"));
    }

    #[test]
    fn no_partial_answer_no_dialect() {
        let request = json!({"value": [{"id": "a"}]});
        let at = span(1);
        assert_eq!(infer(&[Shown { request: &request, status: 200, response: Some(&request), span: &at }]), None);
    }
}
