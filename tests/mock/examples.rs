//! Operations without a law: their documented examples.

use serde_json::json;

use crate::{ask, json_of, mock, page_of, request};
use graphspec::mock::{Mock, Options};

fn made_of(blocks: &[(&str, &str)]) -> Mock {
    mock(&[("made-up.md", page_of(blocks).as_bytes())], Options::default())
}

fn post(body: &str) -> String {
    format!("POST /things\nContent-Type: application/json\n\n{body}")
}

#[test]
fn the_example_most_like_the_request_is_answered() {
    const OK: &str = "HTTP/1.1 200 OK\nContent-Type: application/json\n\n";
    const REFUSED: &str = "\nContent-Type: application/json\n\n{\"error\": {\"code\": \"c\", \"message\": \"m\"}}";
    let ok = |body: &str| format!("{OK}{body}");
    let patch = "PATCH /things/{id}\nContent-Type: application/json\nPrefer: return=representation\n\n{\"a\": 1}";
    let mock = made_of(&[
        ("GET /me", &ok("{\"id\": \"me\"}")),
        ("GET /things/{id}", &ok("{\"id\": \"any\"}")),
        ("GET /things/9999", &format!("HTTP/1.1 404 Not Found{REFUSED}")),
        ("GET /things/5678", &ok("{\"id\": \"5678\"}")),
        ("GET /things/{id}?$select=id", &ok("{\"only\": \"id\"}")),
        (&post("{\"name\": \"a\"}"), "HTTP/1.1 201 Created\nContent-Type: application/json\n\n{\"id\": \"1\"}"),
        (&post("{\"name\": \"b\"}"), &format!("HTTP/1.1 409 Conflict{REFUSED}")),
        (patch, &ok("{}")),
        (&patch.replace("Prefer: return=representation\n", ""), "HTTP/1.1 204 No Content"),
        ("GET /reports/one(period='{period}')", &ok("{\"is\": 1}")),
        ("GET /reports/two(period='{period}')", &ok("{\"is\": 2}")),
    ]);
    let get = |url: &str| ask(&mock, "GET", url, "");
    assert_eq!(get("/v1.0/me"), (200, json!({"id": "me"})));
    assert_eq!(get("/things/x").1["id"], "any");
    assert_eq!(get("/things/5678").1["id"], "5678");
    assert_eq!(get("/things/9999").0, 404);
    assert_eq!(get("/things/x?$select=id").1, json!({"only": "id"}));
    assert_eq!(get("/reports/two(period='D7')").1["is"], 2);
    assert_eq!(ask(&mock, "POST", "/things", "{\"name\": \"z\"}"), (201, json!({"id": "1"})));
    assert_eq!(ask(&mock, "POST", "/things", "{\"name\": \"b\"}").0, 409);
    assert_eq!(ask(&mock, "POST", "/things", "{\"name\": ").0, 400);
    let mut change = request("PATCH", "/things/x", "{\"a\": 2}");
    assert_eq!(mock.answer(&change).status, 204);
    change.headers.set("Prefer", "return=representation");
    assert_eq!(mock.answer(&change).status, 200);
}

#[test]
fn documented_header_fields_are_sent_and_those_of_the_connection_are_not() {
    let mock = made_of(&[
        (
            &post("{}"),
            "HTTP/1.1 201 Created\nLocation: https://graph.microsoft.com/v1.0/things/1\nContent-Length: 999\n\
             Content-Type: application/json\n\n{\"id\": \"1\"}",
        ),
        ("PUT /things/{id}/photo\nContent-Type: image/jpeg\n\nbinary", "HTTP/1.1 200 OK"),
        ("GET /report", "HTTP/1.1 302 Found\nLocation: https://reports.example/x"),
        ("GET /report/text", "HTTP/1.1 200 OK\nContent-Type: text/csv\n\na,b\n1,2"),
    ]);
    let made = mock.answer(&request("POST", "/things", "{}"));
    assert_eq!((made.status, json_of(&made)), (201, json!({"id": "1"})));
    assert_eq!(made.headers.get("location"), Some("https://graph.microsoft.com/v1.0/things/1"));
    assert_eq!(made.headers.get("content-length"), None);
    let mut photo = request("PUT", "/things/1/photo", "\u{1}");
    photo.headers.set("Content-Type", "image/jpeg");
    assert_eq!(mock.answer(&photo).status, 200);
    let moved = mock.answer(&request("GET", "/report", ""));
    assert_eq!((moved.status, moved.headers.get("location")), (302, Some("https://reports.example/x")));
    let csv = mock.answer(&request("GET", "/report/text", ""));
    assert_eq!((csv.headers.get("content-type"), &csv.body[..]), (Some("text/csv"), &b"a,b\n1,2"[..]));
}

#[test]
fn a_template_alone_makes_a_method_known_and_no_answer() {
    let page = b"# x\n\n<!-- { \"blockType\": \"ignored\" } -->\n\n```http\nDELETE /things/{id}\n```\n";
    let mock = mock(&[("x.md", page)], Options::default());
    assert_eq!(ask(&mock, "DELETE", "/things/1", "").0, 501);
    let wrong = mock.answer(&request("GET", "/things/1", ""));
    assert_eq!((wrong.status, wrong.headers.get("allow")), (405, Some("DELETE")));
}
