//! What an example demands of a body, whatever it is about.

use proptest::prelude::*;

use super::*;

fn page(body: &Value, annotation: &str) -> Vec<Arc<Case>> {
    cases(&format!(
        "<!-- {{\"blockType\": \"request\"}} -->\n```http\nGET /things\n```\n\n<!-- {{\"blockType\": \"response\"{annotation}}} -->\n```http\nHTTP/1.1 200 OK\nContent-Type: application/json\n\n{body:#}\n```\n"
    ))
}

fn expect(case: &Arc<Case>, body: &Value, rules: &[&str]) {
    let verdict = judge(case, answer(200, body));
    assert_eq!(fails(&verdict), rules, "{body}\n{:#?}", verdict.deviations);
}

#[test]
fn every_item_is_judged_at_any_depth() {
    let shown = json!({"value": [{"id": "1", "a": {"b": [{"c": 1, "d": "x"}, {"c": 2}]}}]});
    let case = &page(&shown, "")[0];
    let two = json!({"value": [shown["value"][0], shown["value"][0]]});
    expect(case, &two, &[]);
    expect(case, &set(&two, "/value/1/a/b/1/c", None), &["body/missing-member"]);
    expect(case, &set(&two, "/value/1/a/b/1/d", None), &[]);
    expect(case, &set(&two, "/value/1/a/b/0/d", Some(json!(1))), &["body/type"]);
    expect(case, &set(&two, "/value/1/a/b", Some(json!({}))), &["body/type"]);
    expect(case, &set(&two, "/value/1/id", Some(json!(null))), &["body/type"]);
    let verdict = judge(case, answer(200, &set(&two, "/value/1/a/b/1/c", None)));
    let deviation = &verdict.deviations[0];
    assert_eq!(deviation.at.as_deref(), Some("/value/1/a/b/1/c"));
    assert_eq!(deviation.source.as_ref().unwrap().to_string(), "page.md:7");
}

#[test]
fn annotations_of_the_case_loosen() {
    let shown = json!({"a": "x", "b": "y"});
    expect(&page(&shown, ", \"optionalProperties\": [\"a\"]")[0], &json!({"b": "y"}), &[]);
    expect(&page(&shown, "")[0], &json!({"b": "y"}), &["body/missing-member"]);
    let nullable =
        judge(&page(&shown, ", \"nullableProperties\": [\"a\"]")[0], answer(200, &json!({"a": null, "b": "y"})));
    assert!(nullable.deviations.is_empty());
}

#[test]
fn an_empty_collection_is_a_warning() {
    let case = &page(&json!({"value": [{"id": "1"}]}), "")[0];
    let verdict = judge(case, answer(200, &json!({"value": []})));
    assert_eq!((fails(&verdict), warns(&verdict)), (vec![], vec!["body/empty-collection"]));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-f]{1,2}", inner, 0..4).prop_map(|m| m.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Law: a body keeps the promise that it is itself.
    #[test]
    fn a_documented_body_conforms_to_itself(inner in any_json()) {
        let body = json!({"x": inner});
        let case = &page(&body, "")[0];
        let verdict = judge(case, answer(200, &body));
        prop_assert!(fails(&verdict).is_empty(), "{body} {:?}", verdict.deviations);
    }

    /// Law: any answer at all gets a verdict.
    #[test]
    fn any_answer_is_judged(shown in any_json(), came in any_json(), status in 200u16..600) {
        let case = &page(&json!({"value": [shown]}), "")[0];
        judge(case, answer(status, &came));
    }

    /// Law: a member taken away, renamed or of another type is noticed wherever it stands.
    #[test]
    fn a_member_taken_away_is_missed(names in prop::collection::vec("[a-f]{1,3}", 1..5)) {
        let leaf = json!("leaf");
        let body = names.iter().rev().fold(leaf, |inner, name| json!({name: inner}));
        let case = &page(&body, "")[0];
        let pointer: String = names.iter().map(|n| format!("/{n}")).collect();
        let gone = judge(case, answer(200, &set(&body, &pointer, None)));
        prop_assert_eq!(fails(&gone), vec!["body/missing-member"]);
        let other = judge(case, answer(200, &set(&body, &pointer, Some(json!({})))));
        prop_assert_eq!(fails(&other), vec!["body/type"]);
    }
}

/// A page of one request and these responses: status, annotation, body.
fn exchange(request: &str, responses: &[(u16, &str, &str)]) -> Vec<Arc<Case>> {
    let shown: String = responses
        .iter()
        .map(|(status, annotation, body)| {
            format!(
                "<!-- {{\"blockType\": \"response\"{annotation}}} -->\n```http\nHTTP/1.1 {status} X\nContent-Type: application/json\n\n{body}\n```\n\n"
            )
        })
        .collect();
    cases(&format!("<!-- {{\"blockType\": \"request\", \"name\": \"r\"}} -->\n```http\n{request}\n```\n\n{shown}"))
}

#[test]
fn another_accepted_success_is_shaped_like_the_shown_one() {
    let case = &exchange("GET /x", &[(200, ", \"graphspec\": {\"accepts\": [201]}", "{\"id\": \"1\"}")])[0];
    assert_eq!(fails(&judge(case, answer(201, &json!({"id": "2"})))), Vec::<&str>::new());
    assert_eq!(fails(&judge(case, answer(201, &json!([])))), ["body/type"]);
    let empty = Response { status: 201, headers: Headers::default(), body: "".into() };
    assert_eq!(fails(&judge(case, empty)), ["body/missing"]);
}

#[test]
fn a_nullable_object_is_judged_inside() {
    let case = &exchange("GET /x", &[(200, ", \"nullableProperties\": [\"o\"]", "{\"o\": {\"a\": 1}}")])[0];
    expect(case, &json!({"o": null}), &[]);
    let verdict = judge(case, answer(200, &json!({"o": {}})));
    assert_eq!((fails(&verdict), verdict.deviations[0].at.as_deref()), (vec!["body/missing-member"], Some("/o/a")));
}

const ADD: &str =
    "POST /groups/{id}/things/add\nContent-Type: application/json\n\n{\"value\": [{\"id\": 1}, {\"id\": 2}]}";
const BOTH: &str = "{\"value\": [{\"id\": 1, \"n\": \"a\"}, {\"id\": 2, \"n\": \"b\"}]}";
const ONE_FAILS: &str =
    "{\"value\": [{\"id\": 9, \"error\": {\"code\": \"c\", \"message\": \"m\"}}, {\"id\": 2, \"n\": \"b\"}]}";

#[test]
fn ids_may_be_numbers_and_responses_in_any_order() {
    for order in [[(200, "", BOTH), (207, "", ONE_FAILS)], [(207, "", ONE_FAILS), (200, "", BOTH)]] {
        let mut cases = exchange(ADD, &order);
        cases.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(cases.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), ["page/r/200", "page/r/207"]);
        assert_eq!((cases[0].derived, cases[1].derived), (false, true));
        assert_eq!(cases[1].content.json().unwrap()["value"], json!([{"id": 9}, {"id": 2}]));
        for (case, status, body) in [(&cases[0], 200, BOTH), (&cases[1], 207, ONE_FAILS)] {
            let verdict = judge(case, answer(status, &serde_json::from_str(body).unwrap()));
            assert_eq!(fails(&verdict), Vec::<&str>::new(), "{:#?}", verdict.deviations);
        }
        let other_type = json!({"value": [{"id": "1", "n": "a"}, {"id": 2, "n": "b"}]});
        assert_eq!(fails(&judge(&cases[0], answer(200, &other_type))), ["body/type", "multi-status/success-shape"]);
    }
}

#[test]
fn answers_that_nothing_tells_apart_are_alternatives() {
    let partial = ONE_FAILS.replace('9', "1");
    let cases = exchange(ADD, &[(200, "", BOTH), (207, "", &partial)]);
    assert_eq!((cases.len(), cases[0].id.as_str(), cases[0].promises.len()), (1, "page/r/200", 2));
    for (status, body) in [(200, BOTH), (207, partial.as_str())] {
        let verdict = judge(&cases[0], answer(status, &serde_json::from_str(body).unwrap()));
        assert_eq!(fails(&verdict), Vec::<&str>::new(), "{:#?}", verdict.deviations);
    }
    let hidden = judge(&cases[0], answer(200, &serde_json::from_str(&partial).unwrap()));
    assert!(fails(&hidden).contains(&"multi-status/hidden-failure"));
}

#[test]
fn a_dialect_may_be_declared() {
    let declared = ", \"graphspec\": {\"multiStatus\": {\"items\": \"/value\", \"itemKey\": \"/id\", \"entries\": \"/value\", \"entryKey\": \"/id\"}}";
    let case = &exchange(ADD, &[(200, declared, BOTH)])[0];
    let mut body: Value = serde_json::from_str(BOTH).unwrap();
    expect(case, &body, &[]);
    body["value"].as_array_mut().unwrap().pop();
    expect(case, &body, &["multi-status/missing-item"]);
}
