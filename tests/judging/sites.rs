//! The built-in suite's pages, and a made-up operation of another shape.

use super::*;

fn suite(name: &str) -> Arc<Case> {
    let pages = graphspec::page::read_all(&graphspec::suite::pages());
    let mut cases = pages.into_iter().flat_map(|p| p.cases);
    Arc::new(cases.find(|c| c.id.as_str() == name).unwrap())
}

fn documented(case: &Case) -> Value {
    case.promise().unwrap().content.json().unwrap().clone()
}

const ERROR: &str = "/value/0/error";

fn expect(case: &Arc<Case>, response: Response, rules: &[&str]) {
    let shown = format!("{response:?}");
    let verdict = judge(case, response);
    assert_eq!(fails(&verdict), rules, "{shown}\n{:#?}", verdict.deviations);
}

#[test]
fn full_success_wrongly_answered() {
    let case = suite("follow-sites/follow-sites/200");
    let right = documented(&case);
    expect(&case, answer(200, &right), &[]);
    let failed = json!({"code": "c", "message": "m"});
    for (status, body, rules) in [
        (207, right.clone(), &["multi-status/false-alarm"][..]),
        (201, right.clone(), &["status/unexpected"]),
        (200, set(&right, ERROR, Some(failed.clone())), &["multi-status/hidden-failure", "multi-status/wrong-outcome"]),
        (207, set(&right, ERROR, Some(failed)), &["multi-status/wrong-outcome", "status/unexpected"]),
        (200, set(&right, "/value/1", None), &["multi-status/missing-item"]),
        (200, set(&right, "/value/2", Some(right["value"][0].clone())), &["multi-status/duplicate-item"]),
        (
            200,
            set(&right, "/value/1/id", Some(json!("x"))),
            &["multi-status/missing-item", "multi-status/unasked-item"],
        ),
        (200, set(&right, "/value/1/id", None), &["body/missing-member", "multi-status/success-shape"]),
        (200, set(&right, "/value/1", Some(Value::Null)), &["body/type", "multi-status/success-shape"]),
        (200, set(&right, "/value/1/webUrl", None), &["body/missing-member"]),
        (200, set(&right, "/value/1/sharepointIds/webId", None), &["body/missing-member"]),
        (200, set(&right, "/value/1/sharepointIds", Some(json!("x"))), &["body/type"]),
        (200, set(&right, "/value/0/name", Some(json!([]))), &["body/type"]),
        (200, set(&right, "/value", None), &["body/missing-member"]),
        (200, set(&right, "/value", Some(Value::Null)), &["body/type"]),
        (200, json!([]), &["body/type"]),
        (200, set(&right, "/error", Some(json!({"code": "c", "message": "m"}))), &["error/envelope"]),
        (200, set(&right, "/@odata.count", Some(json!("two"))), &["odata/annotation"]),
        (200, set(&right, "/@odata.nextLink", Some(json!(5))), &["odata/next-link"]),
        (500, json!({"error": {"code": "c", "message": "m"}}), &["status/unexpected"]),
        (500, json!({"error": "boom"}), &["error/envelope", "status/unexpected"]),
    ] {
        expect(&case, answer(status, &body), rules);
    }
}

#[test]
fn partial_success_wrongly_answered() {
    let case = suite("follow-sites/follow-some-fail/207");
    let right = documented(&case);
    expect(&case, answer(207, &right), &[]);
    let good = right["value"][1].clone();
    let id = right["value"][0]["id"].clone();
    for (status, body, rules) in [
        (200, right.clone(), &["multi-status/hidden-failure"][..]),
        (207, set(&right, "/value/0", None), &["multi-status/false-alarm", "multi-status/missing-item"]),
        (
            207,
            set(&right, ERROR, None),
            &["body/missing-member", "multi-status/false-alarm", "multi-status/wrong-outcome"],
        ),
        (207, set(&right, "/value/0/error/code", None), &["body/missing-member", "multi-status/failure-shape"]),
        (207, set(&right, "/value/0/error/message", Some(json!({}))), &["body/type", "multi-status/failure-shape"]),
        (207, set(&right, "/value/0/error", Some(json!("bad"))), &["body/type", "multi-status/failure-shape"]),
        (207, set(&right, "/value/0/id", None), &["body/missing-member", "multi-status/failure-shape"]),
        (207, set(&right, "/value/2", Some(set(&good, "/id", Some(id)))), &["multi-status/contradiction"]),
        (204, json!(null), &["status/unexpected"]),
        (404, json!({"error": {"code": "c", "message": "m"}}), &["status/unexpected"]),
    ] {
        let mut response = answer(status, &body);
        if status == 204 {
            response = Response { status, headers: Headers::default(), body: "".into() };
        }
        expect(&case, response, rules);
    }
    let swapped = json!({"value": [
        set(&right["value"][0], "/id", Some(right["value"][1]["id"].clone())),
        set(&right["value"][1], "/id", Some(right["value"][0]["id"].clone())),
    ]});
    expect(&case, answer(207, &swapped), &["multi-status/wrong-outcome"]);
}

#[test]
fn odd_but_right_answers_pass() {
    let full = suite("follow-sites/follow-sites/200");
    let some = suite("follow-sites/follow-some-fail/207");
    let (ok, partial) = (documented(&full), documented(&some));
    let id = |v: &Value| v["id"].as_str().unwrap().to_ascii_uppercase();
    let reversed = |v: &Value| json!({"value": v["value"].as_array().unwrap().iter().rev().collect::<Vec<_>>()});
    for (case, status, body) in [
        (&full, 200, reversed(&ok)),
        (&some, 207, reversed(&partial)),
        (&full, 200, set(&ok, "/value/0/error", Some(Value::Null))),
        (&full, 200, set(&ok, "/value/0/id", Some(json!(id(&ok["value"][0]))))),
        (&full, 200, set(&ok, "/value/0/extra", Some(json!({"a": [1]})))),
        (&full, 200, set(&ok, "/@odata.context", Some(json!("https://x/$metadata#sites")))),
        (&some, 207, set(&partial, "/value/1", None)),
        (&some, 207, set(&partial, "/value/0/error/innerError", None)),
        (&some, 207, set(&partial, "/value/0/error/innerError", Some(json!({"date": "2026-01-01T00:00:00", "x": []})))),
        (&some, 207, set(&partial, "/value/0/error/innererror", Some(json!({})))),
        (&some, 207, set(&partial, "/value/0/error/code", Some(json!("somethingElse")))),
    ] {
        expect(case, answer(status, &body), &[]);
    }
    for label in
        ["application/json; charset=utf-8", "Application/JSON;odata.metadata=minimal", "application/vnd.x+json"]
    {
        let mut response = answer(200, &ok);
        response.headers.set("content-type", label);
        expect(&full, response, &[]);
    }
}

#[test]
fn warnings_do_not_fail() {
    let full = suite("follow-sites/follow-sites/200");
    let some = suite("follow-sites/follow-some-fail/207");
    let all = suite("follow-sites/follow-all-fail/207");
    let (ok, partial) = (documented(&full), documented(&some));
    let refused = json!({"error": {"code": "c", "message": "m"}});
    for (case, status, body, rule) in [
        (&full, 200, set(&ok, "/value/0/sharepointIds/webId", Some(json!("other"))), "identity/site-id"),
        (&full, 200, set(&ok, "/value/0/name", Some(Value::Null)), "body/type"),
        (&some, 207, set(&partial, "/value/0/error/message", Some(json!(""))), "multi-status/failure-shape"),
        (&all, 400, refused, "multi-status/all-failed"),
    ] {
        let verdict = judge(case, answer(status, &body));
        assert_eq!((fails(&verdict), warns(&verdict)), (vec![], vec![rule]), "{:#?}", verdict.deviations);
    }
}

#[test]
fn labels_and_text() {
    let case = suite("follow-sites/follow-sites/200");
    let right = documented(&case).to_string();
    let with = |label: Option<&str>, body: Vec<u8>| {
        let headers = label.map_or_else(Headers::default, |l| Headers::from([("content-type", l)]));
        Response { status: 200, headers, body: body.into() }
    };
    for label in [None, Some("text/plain"), Some("application/jsonp"), Some("application/json-seq"), Some("text/json")]
    {
        expect(&case, with(label, right.clone().into_bytes()), &["header/content-type"]);
    }
    let json = Some("application/json");
    let texts: Vec<Vec<u8>> = vec![
        format!("{right}{right}").into(),
        format!("// c\n{right}").into(),
        right.replace("]}", ",]}").into(),
        format!("\u{feff}{right}").into(),
        right[..right.len() - 1].into(),
        [&right.as_bytes()[..20], b"\xff", &right.as_bytes()[20..]].concat(),
    ];
    for text in texts {
        expect(&case, with(json, text), &["body/not-json"]);
    }
    expect(&case, with(json, Vec::new()), &["body/missing"]);
    expect(&case, with(Some("text/html"), b"<html>".to_vec()), &["body/not-json", "header/content-type"]);
}

#[test]
fn no_content_and_omitted_successes() {
    let none = suite("unfollow-sites/unfollow-sites/204");
    let some = suite("unfollow-sites/unfollow-some-fail/207");
    let empty = |length: Option<&str>| {
        let headers = length.map_or_else(Headers::default, |l| Headers::from([("content-length", l)]));
        Response { status: 204, headers, body: "".into() }
    };
    expect(&none, empty(None), &[]);
    expect(&none, empty(Some("0")), &[]);
    expect(&none, empty(Some("2")), &["body/unexpected"]);
    expect(&none, answer(200, &json!({"value": []})), &["status/unexpected"]);
    expect(&some, empty(None), &["multi-status/wrong-outcome", "status/unexpected"]);
    let right = documented(&some);
    expect(&some, answer(207, &right), &[]);
    expect(&some, answer(207, &json!({"value": []})), &["multi-status/false-alarm", "multi-status/wrong-outcome"]);
    let blamed = set(&right, "/value/1", Some(set(&right["value"][0], "/id", Some(some.items()[1]["id"].clone()))));
    expect(&some, answer(207, &blamed), &["multi-status/wrong-outcome"]);
    let listed = set(&right, "/value/1", Some(json!({"id": some.items()[1]["id"]})));
    let verdict = judge(&some, answer(207, &listed));
    assert_eq!((fails(&verdict), warns(&verdict)), (vec![], vec!["multi-status/success-shape"]));
}

#[test]
fn errors_are_errors() {
    let case = suite("follow-sites/follow-no-value/400");
    let right = documented(&case);
    expect(&case, answer(400, &right), &[]);
    expect(&case, answer(422, &right), &[]);
    expect(&case, answer(400, &json!({})), &["error/envelope"]);
    expect(&case, answer(400, &json!({"error": {"code": 1, "message": "m"}})), &["error/envelope"]);
    expect(&case, answer(400, &json!({"error": {"code": "c"}})), &["error/envelope"]);
    expect(&case, answer(500, &right), &["status/unexpected"]);
    expect(&case, answer(200, &json!({"value": []})), &["status/unexpected"]);
    let html = Response { status: 400, headers: Headers::from([("content-type", "text/html")]), body: "<p>".into() };
    expect(&case, html, &["error/envelope", "header/content-type"]);
    let wrong_method = suite("follow-sites/follow-wrong-method/405");
    expect(&wrong_method, answer(405, &right), &["header/missing"]);
    expect(&wrong_method, answer(404, &right), &[]);
}

const TEAMS: &str = r##"# Add members

<!-- { "blockType": "request", "name": "add" } -->
```http
POST https://graph.microsoft.com/v1.0/teams/ece6f0a1-7ca4-498b-be79-edf6c8fc4d82/members/add
Content-Type: application/json

{"values": [
  {"@odata.type": "microsoft.graph.aadUserConversationMember", "roles": [], "user@odata.bind": "https://graph.microsoft.com/v1.0/users('18a80140-b0fb-4489-b360-2f6efaf225a0')"},
  {"@odata.type": "microsoft.graph.aadUserConversationMember", "roles": ["owner"], "user@odata.bind": "https://graph.microsoft.com/v1.0/users('86503198-b81b-43fe-81ee-ad45b8848ac9')"}
]}
```

<!-- { "blockType": "response", "@odata.type": "Collection(microsoft.graph.actionResultPart)" } -->
```http
HTTP/1.1 200 OK
Content-Type: application/json

{"value": [
  {"@odata.type": "#microsoft.graph.aadUserConversationMemberResult", "userId": "18a80140-b0fb-4489-b360-2f6efaf225a0", "error": null},
  {"@odata.type": "#microsoft.graph.aadUserConversationMemberResult", "userId": "86503198-b81b-43fe-81ee-ad45b8848ac9", "error": null}
]}
```

<!-- { "blockType": "request", "name": "add-partial" } -->
```http
POST https://graph.microsoft.com/v1.0/teams/ece6f0a1-7ca4-498b-be79-edf6c8fc4d82/members/add
Content-Type: application/json

{"values": [
  {"roles": [], "user@odata.bind": "https://graph.microsoft.com/v1.0/users('18a80140-b0fb-4489-b360-2f6efaf225a0')"},
  {"roles": [], "user@odata.bind": "https://graph.microsoft.com/v1.0/users('86503198-b81b-43fe-81ee-ad45b8848ac9')"}
]}
```

<!-- { "blockType": "response" } -->
```http
HTTP/1.1 207 MULTI-STATUS
Content-Type: application/json

{"value": [
  {"@odata.type": "#microsoft.graph.aadUserConversationMemberResult", "userId": "18a80140-b0fb-4489-b360-2f6efaf225a0", "error": {"code": "NotFound", "message": ""}},
  {"@odata.type": "#microsoft.graph.aadUserConversationMemberResult", "userId": "86503198-b81b-43fe-81ee-ad45b8848ac9", "error": null}
]}
```
"##;

#[test]
fn another_operation_has_the_same_law() {
    let cases = cases(TEAMS);
    let (full, partial) = (&cases[0], &cases[1]);
    assert_eq!(full.law.as_ref().unwrap().dialect.items, "/values");
    let (ok, some) = (documented(full), documented(partial));
    let failed = some["value"][0]["error"].clone();
    expect(full, answer(200, &ok), &[]);
    expect(partial, answer(207, &some), &[]);
    expect(full, answer(200, &set(&ok, "/value/0/error", None)), &[]);
    expect(full, answer(207, &ok), &["multi-status/false-alarm"]);
    expect(
        full,
        answer(200, &set(&ok, "/value/1/error", Some(failed))),
        &["multi-status/hidden-failure", "multi-status/wrong-outcome"],
    );
    expect(full, answer(200, &set(&ok, "/value/1", None)), &["multi-status/missing-item"]);
    expect(
        full,
        answer(200, &set(&ok, "/value/1/userId", Some(json!("x")))),
        &["multi-status/missing-item", "multi-status/unasked-item"],
    );
    expect(partial, answer(200, &some), &["multi-status/hidden-failure"]);
    expect(partial, answer(207, &set(&some, "/value/1", None)), &["multi-status/missing-item"]);
    expect(
        partial,
        answer(207, &set(&some, "/value/0/error", Some(json!({"code": "x"})))),
        &["body/missing-member", "multi-status/failure-shape"],
    );
    let verdict = judge(partial, answer(207, &some));
    assert_eq!(warns(&verdict), ["multi-status/failure-shape"], "an empty message is a warning");
}

#[test]
fn an_accepted_success_must_be_whole() {
    let label = [("content-type", "application/json")];
    let empty = |status| Response { status, headers: Headers::from(label), body: "".into() };
    expect(&suite("follow-sites/follow-empty-list/400"), answer(200, &json!({"value": []})), &[]);
    expect(&suite("follow-sites/follow-empty-list/400"), empty(200), &["body/missing"]);
    expect(&suite("follow-sites/follow-item-without-id/400"), empty(207), &["body/missing"]);
    let failed = json!({"value": [{"error": {"code": "c", "message": "m"}}]});
    let verdict = judge(&suite("follow-sites/follow-item-without-id/400"), answer(207, &failed));
    assert!(!fails(&verdict).contains(&"status/unexpected"));
}

#[test]
fn a_call_refused_as_a_whole_is_refused_properly() {
    let case = suite("follow-sites/follow-all-fail/207");
    let refused = json!({"error": {"code": "c", "message": "m"}});
    let mut text = answer(404, &refused);
    text.headers.set("content-type", "text/plain");
    expect(&case, text, &["header/content-type"]);
    for turned_away in [401, 405, 415] {
        let verdict = judge(&case, answer(turned_away, &refused));
        assert!(fails(&verdict).contains(&"status/unexpected"), "{turned_away}");
    }
}
