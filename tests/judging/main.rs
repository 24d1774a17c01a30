//! Judging by hand-made answers: each wrong one breaks its rule, each odd but right one passes.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may stop")]

use std::sync::Arc;
use std::time::Duration;

use graphspec::binding::Inverse;
use graphspec::case::Case;
use graphspec::exchange::Exchange;
use graphspec::message::{Headers, Request, Response};
use graphspec::multi_status::State;
use graphspec::rule::Severity;
use graphspec::verdict::{Judge, Kind, Verdict};
use serde_json::{Value, json};

mod faults;
mod members;
mod sites;
mod typed;

/// The cases of a page given as text.
fn cases(page: &str) -> Vec<Arc<Case>> {
    let read = graphspec::page::read("page.md", page.as_bytes());
    assert!(read.problems.iter().all(|p| p.severity == Severity::Warning), "{:?}", read.problems);
    read.cases.into_iter().map(Arc::new).collect()
}

/// An answer with a JSON body.
fn answer(status: u16, body: &Value) -> Response {
    Response { status, headers: Headers::from([("content-type", "application/json")]), body: body.to_string().into() }
}

fn judge(case: &Arc<Case>, response: Response) -> Verdict {
    let request = Request {
        method: case.method.clone(),
        url: case.path.clone(),
        headers: Headers::default(),
        body: case.content.bytes(),
    };
    let exchange = Exchange { request, outcome: Ok(response), attempts: 1, duration: Duration::ZERO };
    Judge::new(case).judge(&exchange, &Inverse::default(), &State::default())
}

/// The rules that an answer fails, sorted, each once.
fn fails(verdict: &Verdict) -> Vec<&'static str> {
    let mut names: Vec<&str> =
        verdict.deviations.iter().filter(|d| d.severity == Severity::Failure).map(|d| d.rule.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(verdict.kind == Kind::Fail, !names.is_empty());
    names
}

/// The rules that an answer draws warnings from.
fn warns(verdict: &Verdict) -> Vec<&'static str> {
    let mut names: Vec<&str> =
        verdict.deviations.iter().filter(|d| d.severity == Severity::Warning).map(|d| d.rule.name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Sets the value at `pointer` (its parent must be there); `Value::Null` in `None` removes it.
fn set(body: &Value, pointer: &str, value: Option<Value>) -> Value {
    let mut body = body.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match body.pointer_mut(parent).unwrap() {
        Value::Object(members) => match value {
            Some(value) => {
                members.insert(name.to_owned(), value);
            }
            None => {
                members.remove(name);
            }
        },
        Value::Array(items) => {
            let at: usize = name.parse().unwrap();
            match value {
                Some(value) if at == items.len() => items.push(value),
                Some(value) => items[at] = value,
                None => {
                    items.remove(at);
                }
            }
        }
        _ => panic!("{pointer}"),
    }
    body
}

#[test]
fn setting_works() {
    let body = json!({"a": [1, 2]});
    assert_eq!(set(&body, "/a/1", None), json!({"a": [1]}));
    assert_eq!(set(&body, "/a/2", Some(json!(3))), json!({"a": [1, 2, 3]}));
    assert_eq!(set(&body, "/b", Some(json!(3))), json!({"a": [1, 2], "b": 3}));
}
