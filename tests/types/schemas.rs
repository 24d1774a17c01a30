//! Types as JSON Schema.

use std::path::Path;
use std::sync::Arc;

use graphspec::csdl::{self, Target, TypeUse};
use graphspec::schema::{self, Numbers, Types};
use serde_json::{Value, json};

use super::{graph, judge, library};

fn document(name: &str, collection: bool, numbers: Numbers) -> Value {
    let model = library();
    let of = Target::Declared(model.named(name).unwrap());
    schema::document(&model, TypeUse { of, collection }, numbers, true).unwrap()
}

#[test]
fn a_document_says_what_it_is_and_where_from() {
    let book = document("lib.book", false, Numbers::Json);
    assert_eq!(book["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(book["$id"], "https://graphspec.dev/schemas/example.library.book.json");
    assert_eq!(book["title"], "example.library.book");
    let own = &book["$defs"]["example.library.book"];
    assert_eq!(
        own["$comment"],
        "library.csdl:55: entity type, derived from example.library.item, example.library.entity"
    );
    assert_eq!(own["properties"]["id"]["$comment"], "of example.library.entity");
    assert_eq!(own["properties"]["id"]["title"], "Edm.String, not null");
    assert_eq!(own["additionalProperties"], false);
    assert!(own.get("required").is_none());
    assert!(book["$defs"]["example.library.address"].get("additionalProperties").is_none(), "an open type");
    assert!(jsonschema::draft202012::meta::is_valid(&book));
    let many = document("lib.book", true, Numbers::Json);
    assert_eq!((&many["title"], &many["required"]), (&json!("Collection(example.library.book)"), &json!(["value"])));
}

#[test]
fn other_types_lead_nowhere_by_navigation_unless_asked() {
    let model = library();
    let of = Target::Declared(model.named("lib.book").unwrap());
    let made = schema::document(&model, TypeUse { of, collection: false }, Numbers::Json, false).unwrap();
    let shelf = &made["$defs"]["example.library.shelf"]["properties"];
    assert_eq!(shelf["items"], json!({"title": "Collection(example.library.item)", "type": "array"}));
    assert!(made["$defs"].get("example.library.folder").is_none());
    assert!(document("lib.book", false, Numbers::Json)["$defs"].get("example.library.folder").is_some());
}

#[expect(clippy::too_many_lines, reason = "a table")]
/// A member of a book, values that are right and values that are wrong.
fn forms() -> Vec<(&'static str, Vec<Value>, Vec<Value>)> {
    vec![
        ("id", vec![json!("")], vec![Value::Null, json!(1)]),
        ("displayName", vec![json!("x"), Value::Null], vec![json!(1), json!([]), json!({})]),
        ("lent", vec![json!(true)], vec![Value::Null, json!("true"), json!(0)]),
        (
            "pages",
            vec![json!(0), json!(-7), json!(1.0), Value::Null],
            vec![json!(1.5), json!("1"), json!(3_000_000_000_u64)],
        ),
        ("shelfMark", vec![json!(32767)], vec![json!(32768), json!(-32769)]),
        ("bytes", vec![json!(9_223_372_036_854_775_807_u64)], vec![json!("1"), json!(9_223_372_036_854_775_808_u64)]),
        (
            "weight",
            vec![json!(1), json!(1.5), json!("INF"), json!("-INF"), json!("NaN")],
            vec![json!("1.5"), json!("inf"), json!("")],
        ),
        ("height", vec![json!(-1.5), json!("NaN")], vec![json!("Infinity"), json!(true)]),
        ("price", vec![json!(1.25)], vec![json!("1.25"), json!("INF")]),
        (
            "createdDateTime",
            vec![
                json!("2021-03-14T15:09:26Z"),
                json!("2021-03-14T15:09Z"),
                json!("2021-03-14T15:09:26.123456789012+14:00"),
                json!("0001-01-01T00:00:00Z"),
                json!("2020-02-29T00:00:00z"),
                json!("2000-02-29T00:00:00-00:00"),
            ],
            vec![
                json!("2021-03-14T15:09:26"),
                json!("2021-03-14 15:09:26Z"),
                json!("2021-03-14"),
                json!("2021-02-29T00:00:00Z"),
                json!("1900-02-29T00:00:00Z"),
                json!("2021-04-31T00:00:00Z"),
                json!("2021-13-01T00:00:00Z"),
                json!("2021-03-14T24:00:00Z"),
                json!("2021-03-14T15:09:61Z"),
                json!("2021-03-14T15:09:26Z "),
                json!("datetime"),
                json!(""),
                json!(1_615_734_566),
                Value::Null,
            ],
        ),
        (
            "printed",
            vec![json!("2021-03-14")],
            vec![json!("2021-03-14T00:00:00Z"), json!("14.3.2021"), json!("2021-3-14")],
        ),
        ("opens", vec![json!("09:30"), json!("09:30:15.25")], vec![json!("9:30"), json!("25:00"), json!("09:30Z")]),
        (
            "length",
            vec![json!("P1D"), json!("PT2H30M"), json!("-PT0.5S"), json!("P1Y2M3DT4H"), json!("P2W"), json!("PT30M0S")],
            vec![json!("P"), json!("PT"), json!("1D"), json!("P1DT"), json!("P1H"), json!("PT1.5H"), json!(60)],
        ),
        (
            "serial",
            vec![json!("0271110f-634f-4300-a841-3a8a2e851851"), json!("0271110F-634F-4300-A841-3A8A2E851851")],
            vec![
                json!("0271110f634f4300a8413a8a2e851851"),
                json!("{0271110f-634f-4300-a841-3a8a2e851851}"),
                json!("q271110f-634f-4300-a841-3a8a2e851851"),
            ],
        ),
        (
            "cover",
            vec![json!(""), json!("QUI="), json!("QUI"), json!("QUJD"), json!("_-8"), json!("/+8="), json!("QQ==")],
            vec![json!("Q"), json!("QUJDR"), json!("QUI=="), json!("a b="), json!("=QUI"), json!([1])],
        ),
        (
            "genre",
            vec![json!("fiction"), json!("unknownFutureValue"), Value::Null],
            vec![json!("Fiction"), json!("poetry"), json!(""), json!(0)],
        ),
        ("condition", vec![json!("new")], vec![Value::Null, json!("New")]),
        (
            "formats",
            vec![json!("paper"), json!("paper,audio"), json!("paper, braille")],
            vec![json!("paper,"), json!("paper;audio"), json!("film"), json!("")],
        ),
        (
            "genres",
            vec![json!([]), json!(["history", "fiction"])],
            vec![json!([null]), json!("history"), Value::Null, json!(["history", "x"])],
        ),
        ("tags", vec![json!(["a"])], vec![json!([null]), json!([1])]),
        ("notes", vec![json!(1), json!([{}]), Value::Null, json!({"x": 1})], vec![]),
        ("scan", vec![json!("x"), Value::Null], vec![]),
        (
            "mark",
            vec![json!({}), Value::Null, json!({"@odata.type": "#example.library.mark"})],
            vec![json!({"x": 1}), json!("x")],
        ),
        (
            "authors",
            vec![json!([]), json!([null]), json!([{"name": "A", "home": {"any": [1]}}])],
            vec![
                json!({}),
                json!([{"name": null}]),
                json!([{"nam": "A"}]),
                json!([{"home": {"city": 1}}]),
                json!(["A"]),
            ],
        ),
        (
            "origin",
            vec![json!({"city": "X", "more": 1}), json!({"@odata.type": "#example.library.depot", "gates": 3})],
            vec![
                json!({"floor": 200}),
                json!({"@odata.type": "#example.library.depot", "gates": null}),
                json!({"@odata.type": "#example.library.author"}),
            ],
        ),
        ("shelf", vec![json!({"label": "x"}), Value::Null], vec![json!({"lable": "x"}), json!([])]),
        ("@any.thing", vec![json!(1), Value::Null], vec![]),
        ("displayName@odata.type", vec![json!({})], vec![]),
        ("unheard", vec![], vec![json!(1), Value::Null]),
    ]
}

#[test]
fn every_form_is_judged_alike_by_the_document_and_by_the_walk() {
    let types = Types::of(library());
    let document = document("lib.book", false, Numbers::Json);
    let validator = jsonschema::draft202012::new(&document).unwrap();
    for (member, right, wrong) in forms() {
        for (value, is_right) in right.into_iter().map(|v| (v, true)).chain(wrong.into_iter().map(|v| (v, false))) {
            let body = json!({ member: value });
            let found = judge(&types, "lib.book", &body);
            assert_eq!(found.is_empty(), is_right, "{body}: {found:?}");
            assert_eq!(validator.is_valid(&body), is_right, "{body}, by the document");
            assert!(found.iter().all(|found| found.at.starts_with(&format!("/{member}"))), "{found:?}");
        }
    }
}

#[test]
fn long_numbers_are_texts_where_the_label_says_so() {
    let types = Types::of(library());
    let expected = types.annotated("lib.book", false).unwrap();
    let validator = jsonschema::draft202012::new(&document("lib.book", false, Numbers::Strings)).unwrap();
    for (body, is_right) in [
        (json!({"bytes": "9223372036854775807", "price": "1.25"}), true),
        (json!({"bytes": 1, "price": -1.5e3}), true),
        (json!({"price": "-1.5e3"}), true),
        (json!({"bytes": "1.5"}), false),
        (json!({"bytes": ""}), false),
        (json!({"price": "a"}), false),
        (json!({"pages": "1"}), false),
    ] {
        let numbers = Numbers::of_label(Some("application/json;IEEE754Compatible=TRUE"));
        let found = types.judge(&expected, schema::Body { numbers, ..schema::Body::plain(&body) }, 100);
        assert_eq!(found.is_empty(), is_right, "{body}: {found:?}");
        assert_eq!(validator.is_valid(&body), is_right, "{body}, by the document");
    }
}

#[test]
fn a_mismatch_is_said_in_a_sentence() {
    let types = Types::of(library());
    let said = |name: &str, body: Value| -> Vec<String> {
        judge(&types, name, &body).iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        said("lib.book", json!({"pages": "12"})),
        ["`/pages` is a string where example.library.book (as the page annotates it) has Edm.Int32"]
    );
    assert_eq!(
        said("lib.shelf", json!({"items": [{"@odata.type": "#example.library.novel", "chapters": true}]})),
        ["`/items/0/chapters` is a boolean where example.library.novel (as `@odata.type` says) has Edm.Int32"]
    );
    assert_eq!(
        said("lib.shelf", json!({"items": [{"id": "1", "pages": 3}]})),
        [
            "`/items/0/pages`: example.library.item (as it is declared) has no member `pages`; example.library.book has, but `@odata.type` does not say that this is one"
        ]
    );
    assert_eq!(
        said("lib.shelf", json!({"items": [{"@odata.type": "#example.library.reader", "id": "1"}]})),
        ["`/items/0/@odata.type` says example.library.reader, which is no example.library.item"]
    );
    assert_eq!(
        said(
            "lib.shelf",
            json!({"items": [{"@odata.type": "#example.library.Book", "id": "1"}, {"@odata.type": "#example.library.film", "reel": 1}]})
        ),
        [
            "`/items/0/@odata.type`: the type `example.library.Book` is not in the metadata; `example.library.book` is",
            "`/items/1/@odata.type`: the type `example.library.film` is not in the metadata"
        ]
    );
    assert_eq!(
        said("lib.book", json!({"genre": "Fiction"})),
        ["`/genre` is \"Fiction\", which example.library.genre does not have; did the author mean `fiction`?"]
    );
    assert_eq!(
        said("lib.book", json!({"dispayName": "x"})),
        [
            "`/dispayName`: example.library.book (as the page annotates it) has no member `dispayName`; it has `displayName`"
        ]
    );
    assert_eq!(
        said("lib.book", json!({"serial": "x", "id": null})),
        [
            "`/serial` is \"x\", which is no Edm.Guid (a GUID, e.g. 0271110f-634f-4300-a841-3a8a2e851851), as example.library.book (as the page annotates it) has it",
            "`/id` is null where example.library.book (as the page annotates it) has Edm.String, not null"
        ]
    );
}

#[test]
fn each_mismatch_has_its_place_in_value_and_schema() {
    let types = Types::of(library());
    let found = judge(&types, "lib.book", &json!({"authors": [{"name": "A"}, {"born": "x", "a/b": 1}]}));
    let places: Vec<(&str, &str)> = found.iter().map(|found| (found.at.as_str(), found.schema.as_str())).collect();
    assert_eq!(
        places,
        [
            ("/authors/1/born", "example.library.author/properties/born"),
            ("/authors/1/a~1b", "example.library.author/additionalProperties")
        ]
    );
}

#[test]
fn an_inner_error_is_the_services_own() {
    let types = Types::of(library());
    let body = json!({"error": {"code": "x", "innerError": {"date": "2021-03-14T15:09:26", "name": 1}}});
    assert_eq!(judge(&types, "lib.readerOutcome", &body), []);
}

#[test]
fn what_an_open_type_holds_may_say_what_it_is() {
    let types = Types::of(library());
    let body =
        |born: &str| json!({"any": {"@odata.type": "#example.library.author", "born": born}, "more": {"born": 1}});
    assert_eq!(judge(&types, "lib.reader", &body("2021-03-14")), []);
    assert_eq!(judge(&types, "lib.reader", &body("March"))[0].at, "/any/born");
}

#[test]
fn hostile_bodies_are_judged_in_bounds() {
    let types = Types::of(library());
    let mut deep = json!({"id": 1});
    for _ in 0..120 {
        deep = json!({"children": [deep]});
    }
    assert_eq!(judge(&types, "lib.folder", &deep).len(), 1);
    let wide: serde_json::Map<String, Value> = (0..100_000).map(|at| (format!("m{at}"), json!(at))).collect();
    assert_eq!(judge(&types, "lib.book", &wide.into()).len(), 100);
    // What is not told costs no search for what comes near.
    let unknown: Vec<Value> = (0..30_000).map(|at| json!({"@odata.type": format!("#x.film{at}")})).collect();
    assert_eq!(judge(&types, "lib.shelf", &json!({ "items": unknown })).len(), 100);
    let any: serde_json::Map<String, Value> =
        (0..30_000).map(|at| (format!("m{at}"), json!({"@odata.type": format!("#x.film{at}")}))).collect();
    assert_eq!(judge(&types, "lib.reader", &any.into()), []);
    let many = json!({"value": vec![json!({"pages": "x"}); 50_000]});
    let list = types.annotated("lib.book", true).unwrap();
    assert_eq!(types.judge(&list, schema::Body::plain(&many), 100).len(), 100);
}

#[test]
fn what_is_inherited_without_end_is_not_printed() {
    let members: String = (0..6_000).map(|at| format!("<Property Name=\"p{at}\" Type=\"Edm.String\"/>")).collect();
    let derived: String = (0..60).map(|at| format!("<ComplexType Name=\"d{at}\" BaseType=\"a.b\"/>")).collect();
    let text = format!("<Schema Namespace=\"a\"><ComplexType Name=\"b\">{members}</ComplexType>{derived}</Schema>");
    let model = csdl::read(&"x".into(), text.as_bytes()).unwrap();
    let document = |name: &str| {
        let of = Target::Declared(model.named(name).unwrap());
        schema::document(&model, TypeUse { of, collection: false }, Numbers::Json, true)
    };
    assert!(document("a.b").is_err_and(|error| error.to_string().contains("300000 members")));
    assert!(document("a.d0").is_ok(), "itself alone");
    assert_eq!(judge(&Types::of(Arc::new(model)), "a.d0", &json!({"p5999": "x", "p0": 1})).len(), 1);
}

#[test]
fn an_enumeration_of_any_size_is_judged() {
    let names: String = (0..20_000).map(|at| format!("<Member Name=\"m{at}\"/>")).collect();
    let text = format!(
        "<Schema Namespace=\"a\"><EnumType Name=\"e\" IsFlags=\"true\">{names}</EnumType><ComplexType Name=\"c\"><Property Name=\"f\" Type=\"a.e\"/></ComplexType></Schema>"
    );
    let types = Types::of(Arc::new(csdl::read(&"x".into(), text.as_bytes()).unwrap()));
    assert_eq!(judge(&types, "a.c", &json!({"f": "m0,m19999, m7"})), []);
    for wrong in ["m0,m20000", "m0,  m1", "", "m0,"] {
        assert_eq!(judge(&types, "a.c", &json!({ "f": wrong })).len(), 1, "{wrong}");
    }
}

/// The bundled schema is what the metadata's cut makes.
#[test]
fn the_bundled_schemas_are_made_by_this() {
    let Some(model) = graph("site.csdl") else { return };
    let of = Target::Declared(model.named("microsoft.graph.site").unwrap());
    let made = schema::document(&model, TypeUse { of, collection: false }, Numbers::Json, false).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs/schemas/site.json");
    let text = serde_json::to_string_pretty(&made).unwrap() + "\n";
    assert!(
        std::fs::read_to_string(&path).unwrap() == text,
        "write it anew: graphspec schema microsoft.graph.site --metadata site.csdl"
    );
}
