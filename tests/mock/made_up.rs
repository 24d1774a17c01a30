//! Operations of other shapes, known from pages alone.

use serde_json::{Value, json};

use crate::{ask, mock, page_of};
use graphspec::mock::Options;

fn bind(id: &str) -> Value {
    json!({"@odata.type": "#member", "roles": [], "user@odata.bind": format!("https://graph.microsoft.com/v1.0/users('{id}')")})
}

fn values(ids: &[&str]) -> String {
    json!({"values": ids.iter().map(|id| bind(id)).collect::<Vec<_>>()}).to_string()
}

fn post(path: &str, body: &str) -> String {
    format!("POST {path}\nContent-Type: application/json\n\n{body}")
}

fn json_answer(status: &str, body: &Value) -> String {
    format!("HTTP/1.1 {status}\nContent-Type: application/json\n\n{body}")
}

fn result(id: &str, error: &Value) -> Value {
    json!({"@odata.type": "#result", "userId": id, "error": error})
}

fn members() -> String {
    let context =
        |entries: &[Value]| json!({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#x", "value": entries});
    let error = json!({"code": "NotFound", "message": ""});
    let add = post("/teams/ece6f0a1-7ca4-498b-be79-edf6c8fc4d82/members/add", &values(&["u1", "u2"]));
    let some = post("/teams/{team-id}/members/add", &values(&["u3", "u2"]));
    let remove = post("/teams/{team-id}/members/remove", &values(&["u1", "u3"]));
    let member = json!({"id": "m1", "userId": "u1", "displayName": "One", "roles": ["owner"]});
    page_of(&[
        (&add, &json_answer("200 OK", &context(&[result("u1", &Value::Null), result("u2", &Value::Null)]))),
        (&some, &json_answer("207 MULTI-STATUS", &context(&[result("u3", &error), result("u2", &Value::Null)]))),
        (
            &remove,
            &json_answer(
                "207 Multi-Status",
                &json!({"value": [result("u3", &error), {"userId": "u1", "error": null}]}),
            ),
        ),
        (&post("/teams/{team-id}/members/remove", &values(&["u2"])), "HTTP/1.1 204 No Content"),
        ("GET /teams/{team-id}/members", &json_answer("200 OK", &json!({"@odata.count": 1, "value": [member]}))),
    ])
}

#[test]
fn items_are_references_and_entries_are_results() {
    let page = members();
    let mock = mock(&[("members.md", page.as_bytes())], Options::default());
    let (status, body) = ask(&mock, "POST", "/teams/t/members/add", &values(&["u2", "u9", "u1"]));
    assert_eq!(status, 207);
    let entries = body["value"].as_array().unwrap();
    assert_eq!(entries[0], result("u2", &Value::Null));
    assert_eq!(entries[1], result("u9", &json!({"code": "NotFound", "message": ""})));
    assert_eq!(entries[2], result("u1", &Value::Null));
    assert!(body["@odata.context"].is_string());
    let (status, body) = ask(&mock, "GET", "/teams/t/members", "");
    assert_eq!((status, &body["@odata.count"]), (200, &json!(2)));
    let listed = body["value"].as_array().unwrap();
    assert_eq!((&listed[0]["userId"], &listed[1]["displayName"]), (&json!("u2"), &json!("One")));
    let (status, body) = ask(&mock, "POST", "/teams/t/members/remove", &values(&["u1", "u2"]));
    assert_eq!((status, body), (204, Value::Null));
    assert_eq!(ask(&mock, "GET", "/teams/t/members", "").1["value"], json!([]));
    assert_eq!(ask(&mock, "POST", "/teams/t/members/add", "{\"values\": [{\"roles\": []}]}").0, 400);
}

#[test]
fn items_may_be_the_ids_themselves_and_207_the_only_success() {
    let request = post("/bins/{bin-id}/restore", "{\"ids\": [\"one\", \"two\"]}");
    let page =
        page_of(&[(&request, &json_answer("207 Multi-Status", &json!({"value": [{"id": "one"}, {"id": "two"}]})))]);
    let mock = mock(&[("restore.md", page.as_bytes())], Options::default());
    let (status, body) = ask(&mock, "POST", "/bins/b/restore", "{\"ids\": [\"two\", \"one\"]}");
    assert_eq!((status, body), (207, json!({"value": [{"id": "two"}, {"id": "one"}]})));
    let (_, body) = ask(&mock, "POST", "/bins/b/restore", "{\"ids\": [\"three\"]}");
    assert_eq!((&body["value"][0]["id"], body["value"][0]["error"]["code"].is_string()), (&json!("three"), true));
    assert_eq!(ask(&mock, "POST", "/bins/b/restore", "{\"ids\": [1]}").0, 400);
}

#[test]
fn an_entity_is_the_richest_of_all_pages_and_parts_of_ids_agree() {
    let follow =
        |id: &str| json!({"id": id, "name": "n", "parts": {"a": id.split(',').next(), "b": id.split(',').nth(1)}});
    let failed = json!({"id": "h,9", "error": {"code": "c", "message": "m"}});
    let asked = json!({"value": [{"id": "h,1"}, {"id": "h,2"}]}).to_string();
    let mixed = json!({"value": [{"id": "h,9"}, {"id": "h,2"}]}).to_string();
    let one = page_of(&[
        (
            &post("/users/{id}/kept/add", &asked),
            &json_answer("200 OK", &json!({"value": [follow("h,1"), follow("h,2")]})),
        ),
        (
            &post("/users/{id}/kept/add", &mixed),
            &json_answer("207 Multi-Status", &json!({"value": [failed, follow("h,2")]})),
        ),
    ]);
    let listed = json!({"value": [{"id": "h,3", "title": "Three"}, {"id": "h,2", "title": "Two"}]});
    let other = page_of(&[("GET /me/kept", &json_answer("200 OK", &listed))]);
    let mock = mock(&[("one.md", one.as_bytes()), ("other.md", other.as_bytes())], Options::default());
    let (status, body) = ask(&mock, "POST", "/users/x/kept/add", "{\"value\": [{\"id\": \"h,3\"}, {\"id\": \"h,2\"}]}");
    assert_eq!(status, 200, "{body}");
    let three = json!({"id": "h,3", "title": "Three", "name": "n", "parts": {"a": "h", "b": "3"}});
    assert_eq!(body["value"][0], three);
    assert_eq!((&body["value"][1]["name"], &body["value"][1]["title"]), (&json!("n"), &json!("Two")));
    // No page lists this path, and it can be read all the same.
    assert_eq!(ask(&mock, "GET", "/users/x/kept", "").1["value"].as_array().unwrap().len(), 2);
    assert_eq!(ask(&mock, "GET", "/me/kept", "").1, listed);
}

#[test]
fn entries_may_be_deep() {
    let asked = json!({"input": {"items": [{"key": "a"}, {"key": "b"}]}}).to_string();
    let entry = |key: &str| json!({"key": key, "done": true});
    let failed = json!({"key": "b", "error": {"code": "c", "message": "m"}});
    let page = page_of(&[(
        &post("/x/do", &asked),
        &json_answer("207 Multi-Status", &json!({"output": {"results": [entry("a"), failed]}, "n": 1})),
    )]);
    let mock = mock(&[("x.md", page.as_bytes())], Options::default());
    let (status, body) = ask(&mock, "POST", "/x/do", "{\"input\": {\"items\": [{\"key\": \"a\"}]}}");
    assert_eq!((status, &body["output"]["results"]), (200, &json!([entry("a")])));
    let (status, body) = ask(&mock, "POST", "/x/do", &asked);
    assert_eq!((status, &body["output"]["results"][1], &body["n"]), (207, &failed, &json!(1)));
}
