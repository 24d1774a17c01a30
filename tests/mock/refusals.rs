use serde_json::Value;

use crate::{BUILT_IN, ask, built_in, items, json_of, mock, one, request};
use graphspec::message::Response;
use graphspec::mock::{MAX_BODY, Options};

const ADD: &str = "/v1.0/users/ann/followedSites/add";

fn code(response: &Response) -> (u16, String) {
    let body = json_of(response);
    assert!(body["error"]["message"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    (response.status, body["error"]["code"].as_str().unwrap().to_owned())
}

#[test]
fn bodies_that_are_not_what_is_asked_for() {
    let mock = built_in();
    for (body, want) in [
        ("{\"value\": [", "BadRequest"),
        ("[]", "invalidRequest"),
        ("{}", "invalidRequest"),
        ("null", "invalidRequest"),
        ("{\"value\": {}}", "invalidRequest"),
        ("{\"value\": []}", "invalidRequest"),
        ("{\"value\": [null]}", "invalidRequest"),
        ("{\"value\": [\"x\"]}", "invalidRequest"),
        ("{\"value\": [{}]}", "invalidRequest"),
        ("{\"value\": [{\"id\": 712}]}", "invalidRequest"),
        ("{\"value\": [{\"id\": null}]}", "invalidRequest"),
        ("{\"value\": [{\"id\": \"\"}]}", "invalidRequest"),
        ("{\"Value\": [{\"id\": \"x\"}]}", "invalidRequest"),
    ] {
        assert_eq!(code(&mock.answer(&request("POST", ADD, body))), (400, want.to_owned()), "{body}");
    }
    let mut bare = request("POST", ADD, "");
    bare.headers.set("Content-Type", "application/json");
    assert_eq!(code(&mock.answer(&bare)), (400, "BadRequest".to_owned()));
    let deep = format!("{{\"value\": {}", "[".repeat(100_000));
    assert_eq!(mock.answer(&request("POST", ADD, &deep)).status, 400);
}

#[test]
fn labels_that_are_not_json() {
    let mock = built_in();
    let labelled = |label: Option<&str>| {
        let mut request = request("POST", ADD, &items(&[&one()]));
        match label {
            Some(label) => request.headers.set("content-type", label),
            None => request.headers.remove("content-type"),
        }
        mock.answer(&request)
    };
    for label in ["text/plain", "application/jsonp", "application/x-www-form-urlencoded", ""] {
        assert_eq!(code(&labelled(Some(label))).0, 415, "{label}");
    }
    for label in ["Application/JSON; charset=utf-8", "application/vnd.x+json"] {
        assert_eq!(labelled(Some(label)).status, 200, "{label}");
    }
    assert_eq!(code(&labelled(None)), (400, "BadRequest".to_owned()));
}

#[test]
fn paths_and_methods_that_no_page_shows() {
    let mock = built_in();
    for url in
        ["/", "/v1.0", "/v1.0/", "", "/v1.0/users/ann/unknown", "/users//followedSites", "/v1.0/v1.0/me", "/%ff%00"]
    {
        let response = mock.answer(&request("GET", url, ""));
        assert_eq!(code(&response), (404, "ResourceNotFound".to_owned()), "{url}");
    }
    for (method, url, allow) in [
        ("PUT", ADD, "POST"),
        ("GET", ADD, "POST"),
        ("HEAD", ADD, "POST"),
        ("OPTIONS", ADD, "POST"),
        ("PUT", "/users/ann/followedSites", "GET"),
        ("post", ADD, "POST"),
    ] {
        let response = mock.answer(&request(method, url, ""));
        assert_eq!((response.status, response.headers.get("allow")), (405, Some(allow)), "{method} {url}");
    }
}

#[test]
fn a_token_where_one_is_required() {
    let mock = mock(&BUILT_IN, Options { require_token: true, fault: None });
    let with = |value: &str| {
        let mut request = request("GET", "/v1.0/users/ann/followedSites", "");
        request.headers.set("Authorization", value);
        mock.answer(&request)
    };
    assert_eq!((with("Bearer x").status, with("bearer  y").status), (200, 200));
    for none in ["", "Bearer", "Bearer ", "Basic eDp5"] {
        let response = with(none);
        assert_eq!(code(&response), (401, "InvalidAuthenticationToken".to_owned()), "{none}");
        let challenge = response.headers.get("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/"));
        assert!(challenge.ends_with("client_id=\"00000003-0000-0000-c000-000000000000\""));
    }
    // Before all else: who is not known is not told what there is.
    assert_eq!(ask(&mock, "GET", "/nowhere", "").0, 401);
}

#[test]
fn header_fields_are_those_of_graph() {
    let mock = built_in();
    let mut list = request("GET", "/v1.0/users/ann/followedSites", "");
    let first = mock.answer(&list);
    assert_eq!(first.headers.get("odata-version"), Some("4.0"));
    assert!(first.headers.get("content-type").unwrap().starts_with("application/json;odata.metadata=minimal;"));
    let id = first.headers.get("request-id").unwrap();
    assert!(graphspec::multi_status::is_guid(id));
    assert_eq!(first.headers.get("client-request-id"), Some(id));
    list.headers.set("Client-Request-Id", "mine");
    let second = mock.answer(&list);
    assert_eq!(second.headers.get("client-request-id"), Some("mine"));
    assert_ne!(second.headers.get("request-id"), Some(id));
    let mut wrong = request("POST", ADD, "{}");
    wrong.headers.set("client-request-id", "mine");
    let error = mock.answer(&wrong);
    assert_eq!(error.headers.get("content-type"), Some("application/json"));
    let inner = json_of(&error)["error"]["innerError"].clone();
    assert_eq!(inner["client-request-id"], "mine");
    assert_eq!(inner["request-id"].as_str(), error.headers.get("request-id"));
    assert_eq!(inner["date"].as_str().unwrap().len(), 19, "no offset");
    let gone = mock.answer(&request("POST", "/users/ann/followedSites/remove", &items(&[&one()])));
    assert_eq!((gone.status, gone.body.len(), gone.headers.get("content-type")), (204, 0, None));
    assert!(gone.headers.get("request-id").is_some());
}

#[test]
fn head_is_get_without_the_body() {
    let mock = built_in();
    let response = mock.answer(&request("HEAD", "/v1.0/users/ann/followedSites", ""));
    assert_eq!((response.status, response.body.len()), (200, 0));
    assert!(response.headers.get("content-type").is_some());
}

#[test]
fn bodies_that_are_too_large() {
    let large = format!("{{\"value\": \"{}\"}}", "x".repeat(MAX_BODY));
    assert_eq!(code(&built_in().answer(&request("POST", ADD, &large))).0, 413);
}

#[test]
fn nothing_makes_it_panic() {
    let mock = built_in();
    let bodies = ["", "{", "\u{0}", "{\"value\":[[[]]]}", "{\"value\":[{\"id\":{\"id\":[]}}]}", "1e999", "\"\\ud800\""];
    for method in ["GET", "POST", "HEAD", "", "\u{1}", "CONNECT"] {
        for url in [
            "",
            "*",
            "?",
            "//",
            "/../..",
            "/users/%zz/followedSites/add",
            "/users/{}/followedSites/add?%",
            "http://h/x",
        ] {
            for body in bodies {
                let response = mock.answer(&request(method, url, body));
                assert!((200..500).contains(&response.status), "{method} {url} {body}");
                assert!(response.status != 200 || json_of(&response) != Value::Null || method == "HEAD");
            }
        }
    }
    assert_eq!(crate::mock(&[], Options::default()).answer(&request("GET", "/", "")).status, 404);
}
