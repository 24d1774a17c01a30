//! A page's examples against the metadata of its service.

use std::collections::{HashMap, HashSet};
use std::mem::{Discriminant, discriminant};

use serde_json::Value;

use crate::case::Content;
use crate::csdl::Unknown;
use crate::json;
use crate::page::{self, Against, Answer, Example, Fence, Parts, Problem, Reading};
use crate::rule;
use crate::schema::{Body, Chosen, Expected, Mismatch, Numbers, Types, Wrong};
use crate::source::Span;
use crate::spelling;

/// The most that is told of one body, before what is alike is told once.
const MOST: usize = 10_000;

/// Holds what a page shows against the types of its service.
pub fn check(types: &Types, reading: &Reading, problems: &mut Vec<Problem>) {
    let fences: HashMap<&Span, &Fence> = reading.fences.iter().map(|fence| (&fence.span, fence)).collect();
    for (example, answer) in super::answers(reading) {
        let is_success = answer.status.is_none_or(|status| (200..300).contains(&status));
        if let (true, Content::Json(body), Some(path)) = (is_success, &answer.content, path_of(example)) {
            let found = of_answer(types, (&example.method, &path), answer, body);
            place(found, &answer.span, answer.parts, fences.get(&answer.span), problems);
        }
    }
    for example in &reading.examples {
        if let (false, Content::Json(body), Some(path)) =
            (super::is_refused(example), &example.content, path_of(example))
        {
            let numbers = Numbers::of_label(example.headers.get("content-type"));
            let body = Body { numbers, ..Body::plain(body) };
            let found = types.request(&example.method, &path).map(|expected| types.judge(&expected, body, MOST));
            let found = found.unwrap_or_default().iter().map(|found| told(found, &example.span)).collect();
            place(found, &example.span, example.parts, fences.get(&example.span), problems);
        }
    }
}

fn path_of(example: &Example) -> Option<String> {
    page::cut(&example.url).ok()
}

fn of_answer(types: &Types, request: (&str, &str), answer: &Answer, value: &Value) -> Vec<Problem> {
    let annotation = &answer.annotation;
    let numbers = Numbers::of_label(answer.headers.get("content-type"));
    let body = Body { numbers, ..Body::plain(value) };
    let mut found = Vec::new();
    let mut tell = |rule, message: String, drift| {
        let mut problem = Problem::new(rule, answer.span.clone(), &message).warning();
        problem.against = Some(Against { at: None, drift });
        found.push(problem);
    };
    let said = annotation.type_name.as_deref();
    if let Some(name) = said.filter(|name| !is_primitive(name)) {
        match types.named_type(name) {
            Ok(()) => {}
            Err(Unknown::Spelling(id)) => {
                let right = types.model().map_or("", |model| &model.type_of(id).name);
                let message = format!("the annotation says {name}, and the metadata has {right}");
                tell(&rule::PAGE_UNKNOWN_TYPE, message, false);
            }
            Err(Unknown::Missing(near)) => {
                let near = near.first();
                let is_slip = near.is_some_and(|near| spelling::is_slip(name, near));
                let near = near.map_or_else(String::new, |near| format!("; the nearest is {near}"));
                let message = format!("the annotation says {name}, which the metadata does not have{near}");
                tell(&rule::PAGE_UNKNOWN_TYPE, message, !is_slip);
            }
        }
    }
    let (method, path) = request;
    let annotated = said.and_then(|name| types.annotated(name, annotation.collection));
    let by_path = types.by_path(method, path);
    if let (Some(annotated), Some(by_path)) = (&annotated, &by_path)
        && !types.is_related(annotated, by_path)
    {
        let (said, leads) = (types.name_of(annotated), types.name_of(by_path));
        tell(&rule::PAGE_SHAPE, format!("annotated as {said}, but {method} {path} leads to {leads}"), false);
    }
    let Some(expected) = types.answer(request, said.map(|name| (name, annotation.collection)), Some(body)) else {
        return found;
    };
    if let Some(message) = envelope(types, &expected, value) {
        tell(&rule::PAGE_SHAPE, message, false);
    }
    // Where a list is to be, and something else is, that is said already.
    let is_no_list = value.get("value").is_some_and(|value| !value.is_array() && !value.is_object());
    if expected.collection && is_no_list {
        return found;
    }
    found.extend(alike(types.judge(&expected, body, MOST)).iter().map(|found| told(found, &answer.span)));
    found
}

/// What annotations call the types that no metadata declares.
fn is_primitive(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "string",
        "stream",
        "binary",
        "boolean",
        "bool",
        "int",
        "int32",
        "int64",
        "integer",
        "number",
        "double",
        "guid",
        "date",
        "datetimeoffset",
        "object",
        "json",
        "none",
    ];
    let lower = name.to_ascii_lowercase();
    lower.starts_with("edm.") || NAMES.contains(&lower.as_str())
}

/// An envelope where the path leads to one thing, or none where it leads to many. What an
/// annotation says of it is judged without metadata.
fn envelope(types: &Types, expected: &Expected, body: &Value) -> Option<String> {
    let name = types.name_of(expected);
    let is_list = body.get("value").is_some_and(Value::is_array) || body.is_array();
    match types.envelope(expected, body) {
        None if body.is_array() => Some("the body is an array; a list stands in `value`".to_owned()),
        Some(Value::Object(_)) => Some(format!("one {name} is wrapped in `value`, as lists are")),
        _ if expected.chosen != Chosen::Path => None,
        Some(Value::Array(_)) if !expected.collection => {
            Some(format!("the path leads to one {name}, but the body is a list"))
        }
        None if expected.collection && !is_list => {
            Some(format!("the path leads to {name}, but the body holds no list `value`"))
        }
        _ => None,
    }
}

/// The first of those that are the same in every item of a list.
fn alike(all: Vec<Mismatch>) -> Vec<Mismatch> {
    let mut seen: HashSet<(String, Discriminant<Wrong>, String)> = HashSet::new();
    let mut kept = all;
    kept.retain(|found| {
        let what = match &found.wrong {
            Wrong::Kind { came, .. } => (*came).to_owned(),
            Wrong::Option { said, .. } => said.clone(),
            Wrong::UnknownType { name, .. } | Wrong::NotDerived { name, .. } => name.clone(),
            _ => String::new(),
        };
        seen.insert((json::without_places(&found.at), discriminant(&found.wrong), what))
    });
    kept
}

/// A mismatch as a problem of the block that opens at `fence`.
fn told(found: &Mismatch, fence: &Span) -> Problem {
    let warning = |rule| Problem::new(rule, fence.clone(), &found.to_string()).warning();
    let text = found.actual.trim_matches('"');
    let (mut problem, drift) = match &found.wrong {
        Wrong::Kind { came: "null", .. } => (warning(&rule::PAGE_SHAPE), false),
        Wrong::Kind { .. } => (Problem { severity: rule::PAGE_SHAPE.severity, ..warning(&rule::PAGE_SHAPE) }, false),
        Wrong::Form { .. } | Wrong::NotDerived { .. } | Wrong::NoTypeName => (warning(&rule::PAGE_SHAPE), false),
        Wrong::Option { said, near, .. } => {
            let is_slip = near.as_deref().is_some_and(|near| spelling::is_slip(said, near));
            (warning(&rule::PAGE_ENUM_VALUE), !is_slip && !is_placeholder(text))
        }
        Wrong::Undeclared { name, near, derived } => {
            let is_slip = near.as_deref().is_some_and(|near| spelling::is_slip(name, near));
            (warning(&rule::PAGE_UNDECLARED_MEMBER), !is_slip && derived.is_none())
        }
        Wrong::UnknownType { name, spelling, near } => {
            let is_slip = near.as_deref().is_some_and(|near| spelling::is_slip(name, near));
            (warning(&rule::PAGE_UNKNOWN_TYPE), spelling.is_none() && !is_slip)
        }
    };
    problem.against = Some(Against { at: Some(found.at.clone()), drift });
    problem
}

/// Text that stands for a value and is none: `String`, `recurrence-value`.
fn is_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.is_empty()
        || lower.starts_with("string")
        || lower.starts_with("@odata.type")
        || lower.ends_with("-value")
        || lower.ends_with(" value")
        || lower.contains(" | ")
}

/// Gives each problem the line of the page that it is about.
fn place(found: Vec<Problem>, fence: &Span, parts: Parts, text: Option<&&Fence>, problems: &mut Vec<Problem>) {
    if found.is_empty() {
        return;
    }
    let first = parts.body.saturating_sub(fence.line + 1) as usize;
    let text = text.map_or("", |fence| &fence.text);
    let start = text.split_inclusive('\n').take(first).map(str::len).sum::<usize>();
    let body = text.get(start..).unwrap_or("");
    let at = |problem: &Problem| problem.against.as_ref()?.at.clone();
    let pointers: Vec<Option<String>> = found.iter().map(at).collect();
    let places = json::locate_all(body, pointers.iter().flatten().map(String::as_str));
    let starts: Vec<usize> =
        std::iter::once(0).chain(memchr::memchr_iter(b'\n', body.as_bytes()).map(|at| at + 1)).collect();
    for (mut problem, at) in found.into_iter().zip(&pointers) {
        if at.is_some() {
            problem.span = fence.at_line(parts.body);
        }
        if let Some(offset) = at.as_deref().and_then(|at| places.get(at)) {
            let line = starts.partition_point(|start| start <= offset).saturating_sub(1);
            problem.span = fence.at_line(parts.body.saturating_add(u32::try_from(line).unwrap_or(0)));
            problem = problem.column(body[starts[line]..*offset].chars().count() + 1);
        }
        problems.push(problem);
    }
}
