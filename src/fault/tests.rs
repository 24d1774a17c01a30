use super::*;
use crate::message::Headers;
use crate::multi_status::Listed;
use serde_json::json;

fn dialect(success: u16, listed: Listed, entry_key: &str) -> Dialect {
    Dialect {
        items: "/value".into(),
        item_key: "/id".into(),
        entries: "/value".into(),
        entry_key: entry_key.into(),
        success,
        partial: 207,
        listed,
        whole_call_may_fail: false,
        lines: Vec::new(),
    }
}

fn answered(status: u16, body: &Value) -> Response {
    let mut headers = Headers::default();
    let mut bytes = Vec::new();
    if !body.is_null() {
        headers.set("Content-Type", "application/json");
        bytes = body.to_string().into_bytes();
    }
    if status == 405 {
        headers.set("Allow", "POST");
    }
    Response { status, headers, body: bytes.into() }
}

fn thing(id: &str) -> Value {
    json!({"id": id, "url": "http://h/", "parts": {"host": "h", "path": "p"}, "size": 1})
}

fn failure(id: &str) -> Value {
    json!({"id": id, "error": {"code": "c", "message": "m", "innerError": {}}})
}

struct Right {
    response: Response,
    method: &'static str,
    dialect: Option<Dialect>,
    asked: Vec<Value>,
}

impl Right {
    fn context(&self) -> Context<'_> {
        Context { method: self.method, dialect: self.dialect.as_ref(), asked: &self.asked }
    }

    fn broken_by(&self, name: &str) -> Option<(u16, Value)> {
        let wrong = find(name).unwrap().apply(&self.response, &self.context())?;
        Some((wrong.status, serde_json::from_slice(&wrong.body).unwrap_or_default()))
    }
}

fn right(status: u16, body: &Value, dialect: Option<Dialect>, asked: &[&str]) -> Right {
    let method = if dialect.is_some() { "POST" } else { "GET" };
    let asked = asked.iter().map(|id| json!({"id": id})).collect();
    Right { response: answered(status, body), method, dialect, asked }
}

fn rights() -> Vec<Right> {
    let either = || Some(dialect(200, Listed::Either, "/id"));
    let omitted = || Some(dialect(204, Listed::Omitted, "/id"));
    let error = json!({"error": {"code": "c", "message": "m", "innerError": {"date": "2026-01-01T00:00:00"}}});
    vec![
        right(200, &json!({"value": [thing("a1"), thing("a2")]}), either(), &["a1", "a2"]),
        right(207, &json!({"value": [failure("b1"), thing("a1"), failure("b2")]}), either(), &["b1", "a1", "b2"]),
        right(204, &Value::Null, omitted(), &["a1", "a2"]),
        right(207, &json!({"value": [failure("b1")]}), omitted(), &["b1", "a1"]),
        right(200, &json!({"value": [thing("a1"), thing("a2")]}), None, &[]),
        right(404, &error, either(), &["a1"]),
        right(405, &error, None, &[]),
    ]
}

#[test]
fn names_are_unique_kebab_case_and_every_fault_has_a_sentence() {
    let kebab = |name: &str| {
        name.split('-')
            .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
    };
    for (at, fault) in all().iter().enumerate() {
        assert!(kebab(fault.name), "{}", fault.name);
        assert!(!all()[..at].iter().any(|other| other.name == fault.name), "{}", fault.name);
        assert!(fault.sentence.ends_with('.'), "{}", fault.name);
    }
    assert!(all().len() >= 45 && find("status-500").is_some() && find("nothing").is_none());
}

#[test]
fn every_fault_breaks_some_right_answer_and_changes_it() {
    let rights = rights();
    for fault in all() {
        let broken = rights.iter().filter_map(|r| Some((r, fault.apply(&r.response, &r.context())?)));
        let mut count = 0;
        for (right, wrong) in broken {
            assert_ne!(wrong, right.response, "{}", fault.name);
            assert!((200..600).contains(&wrong.status), "{}", fault.name);
            count += 1;
        }
        assert!(count > 0, "{} breaks nothing", fault.name);
    }
}

#[test]
fn odd_answers_are_survived() {
    let odd = [
        json!(null),
        json!([]),
        json!("x"),
        json!({}),
        json!({"value": []}),
        json!({"value": [null, 1, "x", [], {}, {"id": 1}, {"error": 1}]}),
        json!({"value": [{"id": {}, "error": {"code": null}}]}),
        json!({"error": "x"}),
        json!({"value": [{"id": "ä"}, {"id": ""}]}),
    ];
    for body in &odd {
        for status in [200, 204, 207, 302, 404, 500] {
            for key in ["/id", "", "/a/b", "/error/code"] {
                let asked = ["ä", "", "1"];
                let right = right(status, body, Some(dialect(200, Listed::Listed, key)), &asked);
                let read = Context { dialect: None, asked: &[], method: "GET" };
                for fault in all() {
                    let _ = fault.apply(&right.response, &right.context());
                    let _ = fault.apply(&right.response, &read);
                }
            }
        }
    }
}

#[test]
fn a_partial_answer_may_leave_out_all_successes_but_not_some() {
    let either = || Some(dialect(200, Listed::Either, "/id"));
    let one = right(207, &json!({"value": [failure("b1"), thing("a1")]}), either(), &["b1", "a1"]);
    assert_eq!(one.broken_by("item-dropped"), None);
    let two = json!({"value": [failure("b1"), thing("a1"), thing("a2")]});
    let two = right(207, &two, either(), &["b1", "a1", "a2"]);
    assert_eq!(two.broken_by("item-dropped"), Some((207, json!({"value": [failure("b1"), thing("a1")]}))));
}

#[test]
fn what_was_asked_twice_may_be_answered_twice() {
    let either = Some(dialect(200, Listed::Either, "/id"));
    let twice = right(200, &json!({"value": [thing("a1")]}), either, &["a1", "a1"]);
    assert_eq!(twice.broken_by("item-duplicated"), None);
}

#[test]
fn outcomes_change_with_a_status_that_fits() {
    let rights = rights();
    let [full, mixed, gone, blamed, ..] = &rights[..] else { panic!() };
    assert_eq!(full.broken_by("success-blamed").unwrap().0, 207);
    assert_eq!(gone.broken_by("success-blamed").unwrap().1["value"][0]["id"], "a2");
    assert_eq!(gone.broken_by("all-blamed").unwrap().1["value"].as_array().unwrap().len(), 2);
    assert_eq!(blamed.broken_by("failure-forgiven"), Some((204, Value::Null)));
    let (status, body) = mixed.broken_by("failures-forgiven").unwrap();
    assert_eq!((status, &body["value"][2]), (200, &thing("b2")));
    assert_eq!(mixed.broken_by("all-blamed").unwrap().1["value"][0], failure("b1"));
    assert_eq!(mixed.broken_by("hides-failure").unwrap().0, 200);
}

#[test]
fn members_that_only_some_items_have_are_left_alone() {
    let either = Some(dialect(200, Listed::Either, "/id"));
    let (one, other) = (json!({"id": "a1", "x": "1", "z": "3"}), json!({"id": "a2", "y": "2", "z": "3"}));
    let right = right(200, &json!({"value": [one, other]}), either, &["a1", "a2"]);
    assert_eq!(right.broken_by("member-missing").unwrap().1["value"][1], json!({"id": "a2", "y": "2"}));
    assert_eq!(right.broken_by("object-missing"), None);
}

#[test]
fn other_shapes_are_broken_in_their_own_way() {
    let mut nested = dialect(200, Listed::Listed, "/user/key");
    nested.entries = "/results/all".into();
    let entry = |id: &str| json!({"user": {"key": id}, "error": null});
    let body = json!({"results": {"all": [entry("u1"), entry("u2")]}});
    let right = right(200, &body, Some(nested), &["u1", "u2"]);
    assert_eq!(right.broken_by("id-number").unwrap().1["results"]["all"][1]["user"]["key"], 712);
    assert_eq!(right.broken_by("collection-missing").unwrap().1, json!({"results": {}}));
    let blamed = right.broken_by("success-blamed").unwrap().1;
    assert_eq!(blamed["results"]["all"][1]["user"]["key"], "u2");
    assert!(blamed["results"]["all"][1]["error"]["code"].is_string());
    let unasked = right.broken_by("item-unasked").unwrap().1;
    assert_eq!(unasked["results"]["all"][2], entry("u0"));
}
