//! Answers against the metadata of their service: what it forbids breaks a rule, what it allows
//! passes, and where the page shows otherwise, either does.

use graphspec::csdl;
use graphspec::rule::Profile;
use graphspec::schema::Types;
use graphspec::verdict::Standard;

use super::*;

fn standard(profile: Profile) -> Standard {
    let model = csdl::read(&"library.csdl".into(), include_bytes!("../types/library.csdl")).unwrap();
    Standard { types: Arc::new(Types::of(Arc::new(model))), profile }
}

/// A page of one case.
fn page(line: &str, annotation: &str, body: &Value) -> String {
    format!(
        "<!-- {{ \"blockType\": \"request\", \"name\": \"a\" }} -->\n```http\n{line}\n```\n\n\
         <!-- {{ \"blockType\": \"response\"{annotation} }} -->\n```http\nHTTP/1.1 200 OK\nContent-Type: application/json\n\n{body}\n```\n"
    )
}

fn judged(case: &Arc<Case>, body: &Value, profile: Profile) -> Verdict {
    labelled(case, body, profile, "application/json")
}

fn labelled(case: &Arc<Case>, body: &Value, profile: Profile, label: &str) -> Verdict {
    let mut response = answer(200, body);
    response.headers.set("content-type", label);
    let request = Request { method: "GET".into(), url: "/".into(), headers: Headers::default(), body: "".into() };
    let exchange = Exchange { request, outcome: Ok(response), attempts: 1, duration: Duration::ZERO };
    Judge::with(case, &standard(profile)).judge(&exchange, &Inverse::default(), &State::default())
}

fn shown() -> Value {
    json!({"value": [{"id": "1", "displayName": "x", "pages": 1, "genre": "fiction", "lent": true}]})
}

/// The case with the type in its annotation, and the case without: the path leads there too.
fn books() -> [Arc<Case>; 2] {
    let annotation = ", \"@odata.type\": \"example.library.book\", \"isCollection\": true";
    [annotation, ""].map(|annotation| cases(&page("GET /me/borrowed", annotation, &shown())).remove(0))
}

#[test]
fn what_the_type_allows_passes() {
    for case in books() {
        for (pointer, value) in [
            ("/value/0/displayName", json!("y")),
            ("/value/0/authors", json!([{"name": "A", "@odata.type": "#example.library.author"}])),
            ("/value/0/genre", json!("unknownFutureValue")),
            ("/value/0/@odata.type", json!("#example.library.novel")),
            ("/value/0/origin", json!({"new": 1})),
            ("/value/0/@new.thing", json!(1)),
            ("/@odata.count", json!(1)),
            ("/value", json!([])),
        ] {
            let verdict = judged(&case, &set(&shown(), pointer, Some(value)), Profile::Producer);
            let rules: Vec<_> = verdict.deviations.iter().map(|d| d.rule.name).collect();
            assert!(rules.is_empty() || rules == ["body/empty-collection"], "{pointer}: {rules:?}");
        }
    }
}

#[test]
fn what_the_type_forbids_breaks_one_rule_at_one_place() {
    for case in books() {
        for (pointer, value, rule) in [
            ("/value/0/shelfMark", json!("1"), "body/type"),
            ("/value/0/lent", Value::Null, "body/type"),
            ("/value/0/id", Value::Null, "body/type"),
            ("/value/0/authors", json!([{"name": 1}]), "body/type"),
            ("/value/0/createdDateTime", json!("yesterday"), "body/format"),
            ("/value/0/serial", json!("7"), "body/format"),
            ("/value/0/condition", json!("worn"), "body/enum"),
            ("/value/0/@odata.type", json!("#example.library.reader"), "odata/annotation"),
            ("/value/0/@odata.type", json!("#example.library.Novel"), "odata/annotation"),
            ("/value/0/@odata.type", json!(5), "odata/annotation"),
        ] {
            for profile in [Profile::Consumer, Profile::Producer] {
                let verdict = judged(&case, &set(&shown(), pointer, Some(value.clone())), profile);
                assert_eq!(fails(&verdict), [rule], "{pointer}: {value}: {:?}", verdict.deviations);
                assert!(verdict.deviations.iter().all(|d| d.at.as_deref().unwrap().starts_with(pointer)));
            }
        }
        let missing = set(&shown(), "/value/0/pages", None);
        assert_eq!(fails(&judged(&case, &missing, Profile::Consumer)), ["body/missing-member"]);
    }
}

#[test]
fn profiles_differ_where_graph_calls_a_change_compatible() {
    let [case, _] = books();
    for (pointer, value, rule) in [
        ("/value/0/new", json!(1), "body/unknown-member"),
        ("/value/0/genre", json!("poetry"), "body/enum"),
        ("/value/0/genres", json!(["poetry"]), "body/enum"),
        ("/value/0/@odata.type", json!("#example.library.film"), "odata/annotation"),
        ("/value/0/authors", Value::Null, "body/type"),
    ] {
        let body = set(&shown(), pointer, Some(value));
        let consumer = judged(&case, &body, Profile::Consumer);
        assert_eq!((fails(&consumer), warns(&consumer)), (vec![], vec![rule]), "{pointer}");
        let producer = judged(&case, &body, Profile::Producer);
        assert_eq!((fails(&producer), warns(&producer)), (vec![rule], vec![]), "{pointer}");
    }
}

#[test]
fn null_where_the_page_shows_a_value_is_worth_a_warning() {
    let [case, _] = books();
    let verdict = judged(&case, &set(&shown(), "/value/0/displayName", Some(Value::Null)), Profile::Consumer);
    assert_eq!((fails(&verdict), warns(&verdict)), (vec![], vec!["body/type"]));
}

#[test]
fn where_page_and_metadata_disagree_either_passes() {
    let odd = json!({"id": "1", "pages": "12", "gone": 1, "genre": "Fiction", "printed": "14.3.2021", "opens": "time",
                     "authors": [{"name": "A", "age": 7}]});
    let case = cases(&page("GET /books/{id}", ", \"@odata.type\": \"example.library.book\"", &odd)).remove(0);
    let said = |body: &Value| {
        let verdict = judged(&case, body, Profile::Producer);
        let rules: Vec<_> = verdict.deviations.iter().map(|d| (d.rule.name, d.at.clone().unwrap())).collect();
        rules
    };
    let is = |body: Value, rule: &'static str, at: &str| assert_eq!(said(&body), [(rule, at.to_owned())], "{body}");
    // As the page shows it; a placeholder for no more than itself.
    assert_eq!(said(&odd), []);
    is(set(&odd, "/opens", Some(json!("soon"))), "body/format", "/opens");
    let as_shown = |pointer: &str, value: Option<Value>| set(&odd, pointer, value);
    // As the metadata has it.
    for (pointer, value) in [
        ("/pages", Some(json!(12))),
        ("/gone", None),
        ("/genre", Some(json!("fiction"))),
        ("/printed", Some(json!("2021-03-14"))),
        ("/authors/0/age", None),
    ] {
        assert_eq!(said(&as_shown(pointer, value)), [], "{pointer}");
    }
    // As neither has it.
    is(as_shown("/pages", Some(json!(true))), "body/type", "/pages");
    is(as_shown("/genre", Some(json!("Poetry"))), "body/enum", "/genre");
    is(as_shown("/authors/0/name", Some(json!(1))), "body/type", "/authors/0/name");
}

#[test]
fn a_type_that_the_page_alone_knows_passes() {
    let odd = json!({"id": "1", "@odata.type": "#example.library.scroll", "length": "P1D"});
    let case = cases(&page("GET /books/{id}", "", &odd)).remove(0);
    let said = |name: &str| {
        let body = set(&odd, "/@odata.type", Some(json!(name)));
        fails(&judged(&case, &body, Profile::Producer))
    };
    assert_eq!((said("#example.library.scroll"), said("#example.library.novel")), (vec![], vec![]));
    assert_eq!(
        (said("#example.library.tablet"), said("#lib.reader")),
        (vec!["odata/annotation"], vec!["odata/annotation"])
    );
}

#[test]
fn an_envelope_that_the_page_shows_by_mistake_may_be_missing() {
    let book = json!({"id": "1", "pages": 1});
    let case = cases(&page("GET /books/{id}", "", &json!({"value": book}))).remove(0);
    for right in [json!({"value": book}), book.clone(), json!({"@odata.context": "x", "id": "1", "pages": 2})] {
        assert_eq!(judged(&case, &right, Profile::Producer).deviations, [], "{right}");
    }
    for wrong in [json!({"value": {"id": "1", "pages": "x"}}), json!({"id": "1", "pages": "x"})] {
        assert_eq!(fails(&judged(&case, &wrong, Profile::Consumer)), ["body/type"], "{wrong}");
    }
}

#[test]
fn long_numbers_may_be_texts_where_the_label_says_so() {
    let [case, _] = books();
    let body = set(&shown(), "/value/0/bytes", Some(json!("9223372036854775807")));
    assert_eq!(fails(&judged(&case, &body, Profile::Consumer)), ["body/type"]);
    let label = "application/json;odata.metadata=minimal;IEEE754Compatible=true";
    assert_eq!(labelled(&case, &body, Profile::Producer, label).deviations, []);
}

#[test]
fn a_message_says_which_type_and_why() {
    let [case, by_path] = books();
    let message = |case: &Arc<Case>, pointer: &str, value: Value| {
        judged(case, &set(&shown(), pointer, Some(value)), Profile::Consumer).deviations[0].clone()
    };
    let found = message(&case, "/value/0/shelfMark", json!("1"));
    assert_eq!(
        found.message,
        "`/value/0/shelfMark` is a string where example.library.book (as the page annotates it) has Edm.Int16 [example.library.book/properties/shelfMark/type]"
    );
    assert_eq!((found.expected.as_str(), found.actual.as_str()), ("Edm.Int16", "\"1\""));
    let found = message(&case, "/value/0/genre", json!("poetry"));
    assert_eq!(found.expected, "one of fiction, history, unknownFutureValue; the page shows \"fiction\"");
    assert!(message(&by_path, "/value/0/shelfMark", json!("1")).message.contains("as the path leads to it"));
    let near = message(&case, "/value/0/shelfmark", json!(1));
    assert!(near.message.contains("it has `shelfMark`"), "{}", near.message);
}

#[test]
fn no_number_of_warnings_hides_a_failure() {
    let [case, by_path] = books();
    for case in [case, by_path] {
        let item = |more: Value| {
            let mut item = shown()["value"][0].clone();
            item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            item
        };
        for odd in [json!({"new": 1}), json!({"genre": "poetry"}), json!({"displayName": null})] {
            for (wrong, rule) in [
                (json!({"shelfMark": "x"}), "body/type"),
                (json!({"pages": "x"}), "body/type"),
                (json!({"condition": "worn"}), "body/enum"),
            ] {
                let mut items = vec![item(odd.clone()); 150];
                items.push(item(wrong));
                let verdict = judged(&case, &json!({ "value": items }), Profile::Consumer);
                assert_eq!(fails(&verdict), [rule], "{odd}");
                assert_eq!(verdict.deviations.len(), 100);
            }
        }
    }
}

#[test]
fn paths_that_end_in_a_primitive_are_judged() {
    let case = cases(&page("GET /books/{id}/pages", "", &json!({"value": null}))).remove(0);
    let said = |body: Value| {
        let verdict = judged(&case, &body, Profile::Consumer);
        (fails(&verdict), warns(&verdict))
    };
    assert_eq!(said(json!({"@odata.context": "x", "value": 7})), (vec![], vec![]));
    assert_eq!(said(json!({"value": "7"})), (vec!["body/type"], vec![]));
    assert_eq!(said(json!({"value": 7, "more": 1})), (vec![], vec!["body/unknown-member"]));
}

#[test]
fn what_is_demanded_stays_demanded() {
    let said = |line: &str, annotation: &str, shown: &Value, body: &Value| {
        let case = cases(&page(line, annotation, shown)).remove(0);
        fails(&judged(&case, body, Profile::Consumer))
    };
    let book = ", \"@odata.type\": \"example.library.book\"";
    // A list that the annotation does not call one.
    assert_eq!(said("GET /me/borrowed", book, &shown(), &json!({})), ["body/missing-member"]);
    assert_eq!(said("GET /me/borrowed", book, &shown(), &shown()["value"][0]), ["body/missing-member"]);
    // What an envelope holds that the page shows by mistake.
    let wrapped = json!({"value": {"id": "1", "pages": 1}});
    assert_eq!(said("GET /books/{id}", "", &wrapped, &json!({})), ["body/missing-member"]);
    assert_eq!(said("GET /books/{id}", "", &wrapped, &json!({"value": {"id": "1"}})), ["body/missing-member"]);
    // Members of a derived type, when the answer no longer says that it is one.
    let novels = json!({"value": [{"@odata.type": "#lib.novel", "id": "1", "chapters": 3}]});
    let plain = json!({"value": [{"id": "1"}]});
    assert_eq!(said("GET /me/borrowed", "", &novels, &plain), ["body/missing-member"]);
    // Another form than the page's own wrong one.
    let dated = json!({"id": "1", "printed": "2021-03-14T15:09:26"});
    assert_eq!(
        said("GET /books/{id}", book, &dated, &json!({"id": "1", "printed": "yesterday, I think"})),
        ["body/format"]
    );
    assert_eq!(
        said("GET /books/{id}", book, &dated, &json!({"id": "1", "printed": "2022-12-01T00:00:00"})),
        Vec::<&str>::new()
    );
}

#[test]
fn an_open_type_by_mistake_does_not_blind() {
    let annotation = ", \"@odata.type\": \"example.library.reader\"";
    let case = cases(&page("GET /books/{id}", annotation, &json!({"id": "1", "pages": 1}))).remove(0);
    let verdict = judged(&case, &json!({"id": "1", "pages": 1, "shelfMark": "x"}), Profile::Consumer);
    assert_eq!(fails(&verdict), ["body/type"]);
}

#[test]
fn an_answer_that_the_page_does_not_show_is_of_its_type() {
    let bare = |line: &str, annotation: &str| {
        let text = page(line, annotation, &json!(0)).replace("Content-Type: application/json\n\n0\n", "");
        cases(&text).remove(0)
    };
    let said = |case: &Arc<Case>, body: Value| fails(&judged(case, &body, Profile::Consumer));
    let none = Vec::<&str>::new();
    let books = bare("GET /books", "");
    assert_eq!((said(&books, json!({"value": []})), said(&books, json!({}))), (none.clone(), vec!["body/type"]));
    assert_eq!((said(&books, json!([])), said(&books, json!({"id": "5"}))), (vec!["body/type"], vec!["body/type"]));
    let book = bare("GET /books/{id}", "");
    assert_eq!((said(&book, json!({"id": "1"})), said(&book, json!([]))), (none.clone(), vec!["body/type"]));
    let pages = bare("GET /books/{id}/pages", "");
    assert_eq!((said(&pages, json!({"value": 7})), said(&pages, json!("x"))), (none, vec!["body/type"]));
    assert_eq!((said(&pages, json!({})), said(&pages, json!([1]))), (vec!["body/type"], vec!["body/type"]));
}
