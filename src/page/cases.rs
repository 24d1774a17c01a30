//! Requests with their responses → cases: what becomes a case of its own, which law it is under,
//! and which request a promise needs.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::annotation::{Annotation, BlockType, DialectPatch};
use super::block::{Answer, Example};
use super::pairing::Paired;
use super::template::Templates;
use super::{Problem, service_root};
use crate::case::{Case, CaseId, Composite, Content, Promise, Role};
use crate::json;
use crate::message::Headers;
use crate::multi_status::{self, Dialect, Listed, Shown};
use crate::rule;

/// The cases of a page, in page order.
pub fn build(stem: &str, paired: &Paired, problems: &mut Vec<Problem>) -> Vec<Case> {
    let dialects = dialects(paired);
    let templates = Templates::of(paired);
    let pairs = !paired.templates.is_empty() || paired.examples.iter().any(|e| !e.responses.is_empty());
    let mut cases = Vec::new();
    let mut names: HashSet<String> = HashSet::new();
    let mut taken: HashMap<String, u32> = HashMap::new();
    for (at, example) in paired.examples.iter().enumerate() {
        let name = example.annotation.names.first().filter(|name| !name.is_empty()).cloned();
        if let Some(name) = &name
            && !names.insert(name.to_ascii_lowercase())
            && example.annotation.block_type == Some(BlockType::Request)
        {
            let message = format!("the name `{name}` is taken by an earlier request of this page");
            problems.push(Problem::new(&rule::PAGE_DUPLICATE_NAME, example.span.clone(), &message));
        }
        let name = name.unwrap_or_else(|| format!("request-{}", at + 1));
        let operation = dialects.get(&operation(example));
        let (path, foreign) = match service_root::cut(&example.url) {
            Ok(path) => (path, None),
            Err(host) => (example.url.clone(), Some(host)),
        };
        let foreign = foreign.or_else(|| service_root::foreign_host(&example.url, example.headers.get("host")));
        let asked =
            Asked { example, name: &name, template: templates.find(&example.method, &path), path, foreign, pairs };
        for part in split(example, operation.map(|(dialect, _)| dialect)) {
            let status = part.first().map_or_else(
                || "none".to_owned(),
                |(answer, _)| answer.status.map_or_else(|| "any".to_owned(), |s| s.to_string()),
            );
            let id = unused(CaseId::new(stem, &name, &status), &mut taken, |again| {
                CaseId::new(stem, &name, &format!("{status}-{again}"))
            });
            cases.push(asked.case(id, &part, operation, problems));
        }
    }
    cases
}

/// The id, or one with a number that no case of the page has yet.
fn unused(id: CaseId, taken: &mut HashMap<String, u32>, numbered: impl Fn(u32) -> CaseId) -> CaseId {
    let again = taken.entry(id.as_str().to_ascii_lowercase()).or_default();
    *again += 1;
    let mut number = *again;
    if number == 1 {
        return id;
    }
    loop {
        let next = numbered(number);
        let key = next.as_str().to_ascii_lowercase();
        if let Entry::Vacant(free) = taken.entry(key) {
            free.insert(1);
            taken.insert(id.as_str().to_ascii_lowercase(), number);
            return next;
        }
        number += 1;
    }
}

/// A request, and what its URL comes to.
struct Asked<'a> {
    example: &'a Example,
    name: &'a str,
    path: String,
    template: Option<String>,
    foreign: Option<String>,
    /// The page shows answers, or URL templates: it is about operations.
    pairs: bool,
}

type Part<'a> = Vec<(&'a Answer, Role)>;

/// The responses of a request, as cases: a success of each multi-status kind and each error
/// variant stand alone; other successes are alternatives of one case; what follows a redirect is
/// its target.
fn split<'a>(example: &'a Example, dialect: Option<&Dialect>) -> Vec<Part<'a>> {
    if example.responses.is_empty() {
        return vec![Vec::new()];
    }
    // A partial answer stands alone where a request of its own can be derived for it; else nothing
    // tells the two apart, and they are alternatives.
    let derives = |answer: &Answer| {
        let bodies = example.content.json().zip(answer.content.json());
        let derived = dialect.zip(bodies).and_then(|(d, (asked, came))| multi_status::derive(d, asked, came));
        derived.is_some()
    };
    let beside = example.responses.iter().any(|a| a.status.is_some_and(|s| s < 300 && s != 207));
    let succeeds = example.responses.iter().any(|a| a.status.is_none_or(|s| s < 400));
    let mut main: Part<'_> = Vec::new();
    let mut others: Vec<Part<'_>> = Vec::new();
    let mut redirected = false;
    for answer in &example.responses {
        match answer.status {
            Some(status) if status >= 400 && succeeds => others.push(vec![(answer, Role::ErrorVariant)]),
            Some(207) if beside && derives(answer) => others.push(vec![(answer, Role::Answer)]),
            Some(200) if redirected => main.push((answer, Role::RedirectTarget)),
            status => {
                redirected |= matches!(status, Some(301..=303 | 307 | 308));
                main.push((answer, Role::Answer));
            }
        }
    }
    let mut parts = if main.is_empty() { Vec::new() } else { vec![main] };
    parts.extend(others);
    parts.sort_by_key(|part| part.first().map_or(0, |(a, _)| a.span.line));
    parts
}

fn operation(example: &Example) -> (String, String) {
    let path = service_root::cut(&example.url).unwrap_or_else(|_| example.url.clone());
    (example.method.clone(), service_root::shape(&path))
}

/// The most examples of one operation that its dialect is read from.
const MOST_EXAMPLES: usize = 64;

type Operations<'a> = BTreeMap<(String, String), (Dialect, Vec<Shown<'a>>)>;

/// The dialect of each operation of the page: inferred, then patched by what the page declares.
fn dialects(paired: &Paired) -> Operations<'_> {
    let mut shown: BTreeMap<(String, String), Vec<Shown<'_>>> = BTreeMap::new();
    let mut patches: BTreeMap<(String, String), DialectPatch> = BTreeMap::new();
    let mut declare = |key: (String, String), annotation: &Annotation| {
        if annotation.ours.dialect != DialectPatch::default() {
            patches.insert(key, annotation.ours.dialect.clone());
        }
    };
    for shape in &paired.templates {
        if let Ok(path) = service_root::cut(&shape.url) {
            declare((shape.method.clone(), service_root::shape(&path)), &shape.annotation);
        }
    }
    for example in paired.examples.iter().filter(|e| e.aside.is_none()) {
        declare(operation(example), &example.annotation);
        let Content::Json(request) = &example.content else { continue };
        for answer in &example.responses {
            declare(operation(example), &answer.annotation);
            if let Some(status) = answer.status.filter(|s| *s < 300) {
                let all = shown.entry(operation(example)).or_default();
                // A page of thousands of examples of one operation says no more than its first.
                if all.len() >= MOST_EXAMPLES {
                    continue;
                }
                all.push(Shown { request, status, response: answer.content.json(), span: &answer.span });
            }
        }
    }
    let known = shown.into_iter().filter_map(|(key, shown)| {
        let patch = patches.remove(&key);
        let inferred = multi_status::infer(&shown);
        let mut dialect = inferred.or_else(|| declared(patch.as_ref()?, &shown))?;
        if let Some(patch) = patch {
            apply(patch, &mut dialect);
        }
        Some((key, (dialect, shown)))
    });
    known.collect()
}

/// A dialect that the page declares whole, where its examples show none.
fn declared(patch: &DialectPatch, shown: &[Shown<'_>]) -> Option<Dialect> {
    let [Some(items), Some(item_key), Some(entries), Some(entry_key)] = patch.pointers.clone() else { return None };
    Some(Dialect {
        items,
        item_key,
        entries,
        entry_key,
        success: shown.iter().map(|s| s.status).find(|s| *s != 207).unwrap_or(200),
        partial: 207,
        listed: Listed::Either,
        whole_call_may_fail: false,
        lines: shown.iter().map(|s| s.span.line).take(32).collect(),
    })
}

fn apply(patch: DialectPatch, dialect: &mut Dialect) {
    let [items, item_key, entries, entry_key] = patch.pointers;
    dialect.items = items.unwrap_or_else(|| std::mem::take(&mut dialect.items));
    dialect.item_key = item_key.unwrap_or_else(|| std::mem::take(&mut dialect.item_key));
    dialect.entries = entries.unwrap_or_else(|| std::mem::take(&mut dialect.entries));
    dialect.entry_key = entry_key.unwrap_or_else(|| std::mem::take(&mut dialect.entry_key));
    dialect.listed = patch.listed.unwrap_or(dialect.listed);
    dialect.success = patch.success.unwrap_or(dialect.success);
    dialect.whole_call_may_fail = patch.whole_call_may_fail.unwrap_or(dialect.whole_call_may_fail);
}

impl Asked<'_> {
    fn case(
        &self,
        id: CaseId,
        part: &[(&Answer, Role)],
        operation: Option<&(Dialect, Vec<Shown<'_>>)>,
        problems: &mut Vec<Problem>,
    ) -> Case {
        let example = self.example;
        let promises: Vec<Promise> = part.iter().map(|(answer, role)| promise(answer, *role)).collect();
        let mut content = example.content.clone();
        let mut derived = false;
        let mut law = None;
        if let (Some((dialect, shown)), Content::Json(request)) = (operation, &example.content) {
            let own = part.first().map(|(answer, _)| *answer);
            let body = own.and_then(|a| a.content.json());
            if let (Some(answer), Some(body)) = (own.filter(|a| a.status == Some(dialect.partial)), body)
                && let Some(request) = multi_status::derive(dialect, request, body)
            {
                let message = unreachable(dialect, example.content.json(), body);
                problems.push(Problem::new(&rule::PAGE_UNREACHABLE_PROMISE, answer.span.clone(), &message));
                content = Content::Json(request.into());
                derived = true;
            }
            if let Some(answer) = own {
                let items = content.json().and_then(|b| b.pointer(&dialect.items)).and_then(Value::as_array);
                let items = items.cloned().unwrap_or_default();
                let own = Shown { request, status: answer.status.unwrap_or(0), response: body, span: &answer.span };
                let mut of_case = multi_status::law(dialect, own, &items, shown);
                let succeeds =
                    |(answer, role): &&(&Answer, Role)| *role == Role::Answer && answer.status.is_some_and(|s| s < 300);
                if part.iter().filter(succeeds).count() > 1 {
                    // Alternatives contradict each other on what becomes of an item.
                    of_case.outcomes.clear();
                }
                law = Some(Arc::new(of_case));
            }
        }
        // What stands alone on a page without examples is a snippet, and nobody promised an answer.
        let is_example = self.pairs || example.annotation.block_type == Some(BlockType::Request);
        if part.is_empty() && self.foreign.is_none() && example.aside.is_none() && is_example {
            problems.push(Problem::new(&rule::PAGE_NO_RESPONSE, example.span.clone(), "no response is documented"));
        }
        Case {
            id,
            span: example.span.clone(),
            name: self.name.to_owned(),
            method: example.method.clone(),
            url: example.url.clone(),
            path: self.path.clone(),
            template: self.template.clone(),
            headers: sent_headers(&example.headers, &content),
            content,
            repaired: example.repaired,
            derived,
            anonymous: example.annotation.ours.anonymous,
            needs: example.annotation.ours.needs.clone(),
            promises,
            law,
            skip: self.skip(part),
        }
    }

    fn skip(&self, part: &[(&Answer, Role)]) -> Option<String> {
        if let Some(host) = &self.foreign {
            return Some(format!("the request goes to {host}, which is not the target"));
        }
        if let Some(aside) = self.example.aside {
            return Some(aside.to_owned());
        }
        match part.first() {
            None => Some("no response is documented".to_owned()),
            Some((_, Role::ErrorVariant)) => Some("no request shown provokes this error".to_owned()),
            Some(_) if !service_root::joins(&self.path) => Some("the URL cannot be sent".to_owned()),
            Some(_) => None,
        }
    }
}

/// Which item an answer is about that the shown request does not send.
fn unreachable(dialect: &Dialect, request: Option<&Value>, body: &Value) -> String {
    let list = |value: Option<&Value>, pointer: &str| -> Vec<Value> {
        value.and_then(|v| json::at(v, pointer)).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let asked: BTreeSet<_> = list(request, &dialect.items).iter().filter_map(|item| dialect.item_id(item)).collect();
    let answered = list(Some(body), &dialect.entries);
    let foreign = answered.iter().filter_map(|entry| dialect.entry_id(entry)).find(|id| !asked.contains(id));
    let what = foreign.map_or_else(|| "items".to_owned(), |id| format!("`{}`", id.as_str()));
    format!("this answer is about {what}, which the shown request does not send; the request is derived from it")
}

/// The documented header fields that are sent: never a credential, a host or a length of the
/// page's own.
fn sent_headers(documented: &Headers, content: &Content) -> Headers {
    let mut headers = documented.clone();
    for never in ["authorization", "host", "content-length", "connection", "transfer-encoding"] {
        headers.remove(never);
    }
    headers.0.retain(|(_, value)| !value.is_empty());
    if matches!(content, Content::Json(_)) && headers.get("content-type").is_none() {
        headers.set("Content-Type", "application/json");
    }
    headers
}

fn promise(answer: &Answer, role: Role) -> Promise {
    let annotation = &answer.annotation;
    let mut composites = annotation.ours.composites.clone();
    if composites.is_empty() {
        composites = answer.content.json().map(shown_composites).unwrap_or_default();
    }
    Promise {
        span: answer.span.clone(),
        status: answer.status,
        accepts: annotation.ours.accepts.clone(),
        role,
        type_name: annotation.type_name.clone(),
        collection: annotation.collection,
        truncated: annotation.truncated,
        is_empty: annotation.is_empty,
        optional: annotation.optional.clone(),
        nullable: annotation.nullable.clone(),
        composites,
        headers: answer.headers.clone(),
        content: answer.content.clone(),
    }
}

/// Composite ids whose parts the example repeats elsewhere in the object, in every object that
/// has the parts at all. One agreement is chance; two are a pattern.
fn shown_composites(body: &Value) -> Vec<Composite> {
    let items: Vec<&Value> = match body.get("value") {
        Some(Value::Array(items)) => items.iter().filter(|i| !multi_status::is_failed(i)).collect(),
        _ => vec![body],
    };
    let Some(first) = items.first() else { return Vec::new() };
    let Some(id) = first.get("id").and_then(Value::as_str).filter(|id| id.contains(',')) else {
        return Vec::new();
    };
    if id.split(',').count() > MOST_PARTS {
        return Vec::new();
    }
    let pointers = strings(first);
    let parts: Vec<Option<String>> = (0..id.split(',').count())
        .map(|at| {
            let agrees = |item: &Value, pointer: &str| {
                let part = item.get("id").and_then(Value::as_str).and_then(|id| id.split(',').nth(at));
                let there = item.pointer(pointer).and_then(Value::as_str);
                part.zip(there).is_some_and(|(part, there)| part.eq_ignore_ascii_case(there))
            };
            pointers.iter().find(|pointer| items.iter().all(|item| agrees(item, pointer))).cloned()
        })
        .collect();
    let agreed = parts.iter().flatten().count();
    if agreed >= 2 { vec![Composite { id: "/id".to_owned(), parts }] } else { Vec::new() }
}

/// The most parts that an id is taken apart into.
const MOST_PARTS: usize = 16;

/// Pointers to the strings inside an object, its `id` apart.
fn strings(item: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut stack = vec![(String::new(), item)];
    while let Some((at, value)) = stack.pop() {
        match value {
            Value::String(_) if at != "/id" => found.push(at),
            Value::Object(members) => {
                stack.extend(members.iter().map(|(name, value)| (json::child(&at, name), value)));
            }
            _ => {}
        }
    }
    found.sort();
    found
}
