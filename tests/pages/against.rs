//! A page's examples against the metadata of its service: what breaks a rule, what comes near and
//! does not, and whether drift explains it.

use std::sync::{Arc, OnceLock};

use graphspec::csdl;
use graphspec::page::Problem;
use graphspec::schema::Types;

use super::*;

/// The types of a made-up service.
fn types() -> &'static Types {
    static TYPES: OnceLock<Types> = OnceLock::new();
    let text = include_bytes!("../types/library.csdl");
    TYPES.get_or_init(|| Types::of(Arc::new(csdl::read(&"library.csdl".into(), text).unwrap())))
}

fn problems(text: &str) -> Vec<Problem> {
    let reading = examine("page.md", text.as_bytes());
    graphspec::check::problems(&reading, Some(types()))
}

/// Rule, line, pointer and whether drift explains it.
type Found = (&'static str, u32, Option<String>, bool);

fn found(text: &str) -> Vec<Found> {
    let told = |problem: Problem| {
        let against = problem.against.unwrap_or_else(|| panic!("{}", problem.message));
        (problem.rule.name, problem.span.line, against.at, against.drift)
    };
    problems(text).into_iter().map(told).collect()
}

#[track_caller]
fn breaks(text: &str, wanted: (&'static str, u32, &str, bool)) {
    let (rule, line, at, drift) = wanted;
    let at = (at != "-").then(|| at.to_owned());
    assert_eq!(found(text), [(rule, line, at, drift)], "{text}");
}

/// `GET /books/{id}`, answered with a body; its first line is the page's line 12.
fn book(body: &str) -> String {
    request("GET https://graph.microsoft.com/v1.0/books/{id}")
        + &response(", \"@odata.type\": \"example.library.book\"", &format!("HTTP/1.1 200 OK\n{JSON}\n\n{body}"))
}

#[test]
fn members() {
    breaks(&book("{\n\"id\": \"1\",\n\"colour\": 1\n}"), ("page/undeclared-member", 13, "/colour", true));
    breaks(&book("{\"id\": \"1\", \"dispalyName\": \"x\"}"), ("page/undeclared-member", 11, "/dispalyName", false));
    breaks(&book("{\"DisplayName\": \"x\"}"), ("page/undeclared-member", 11, "/DisplayName", false));
    breaks(&book("{\"odata.context\": \"x\"}"), ("page/undeclared-member", 11, "/odata.context", false));
    // Beside the true name too.
    breaks(&book("{\"pages\": 1, \"pagse\": 1}"), ("page/undeclared-member", 11, "/pagse", false));
    // Of a type derived from what is declared, which the object does not say that it is.
    breaks(&book("{\"chapters\": 3}"), ("page/undeclared-member", 11, "/chapters", false));
    let nested = "{\n\"authors\": [\n{\"name\": \"A\"},\n{\n\"name\": \"B\",\n\"age\": 1}]\n}";
    breaks(&book(nested), ("page/undeclared-member", 16, "/authors/1/age", true));
    for right in [
        "{}",
        "{\"@odata.context\": \"x\", \"pages@odata.type\": \"#Int32\", \"@x.y\": 1}",
        "{\"@odata.type\": \"#example.library.novel\", \"chapters\": 3}",
        "{\"origin\": {\"anything\": 1}}",
        "{\"shelf\": {\"label\": \"x\"}}",
    ] {
        assert_eq!(found(&book(right)), [], "{right}");
    }
}

#[test]
fn values() {
    let shape = |body: &str, at: &str| breaks(&book(body), ("page/shape", 11, at, false));
    shape("{\"pages\": \"12\"}", "/pages");
    shape("{\"lent\": \"Boolean\"}", "/lent");
    shape("{\"weight\": \"1.5\"}", "/weight");
    shape("{\"authors\": {}}", "/authors");
    shape("{\"createdDateTime\": \"datetime\"}", "/createdDateTime");
    shape("{\"id\": null}", "/id");
    shape("{\"@odata.type\": \"#example.library.shelf\", \"label\": \"x\"}", "/@odata.type");
    let severity = |body: &str| problems(&book(body))[0].severity.name();
    assert_eq!(severity("{\"pages\": \"12\"}"), "failure");
    assert_eq!((severity("{\"id\": null}"), severity("{\"printed\": \"x\"}")), ("warning", "warning"));
    assert_eq!(found(&book("{\"displayName\": null, \"printed\": \"2021-03-14\", \"bytes\": 7}")), []);
}

#[test]
fn enumerations() {
    let value = |body: &str, at: &str, drift| breaks(&book(body), ("page/enum-value", 11, at, drift));
    value("{\"genre\": \"poetry\"}", "/genre", true);
    value("{\"genre\": \"Fiction\"}", "/genre", false);
    value("{\"genre\": \"String\"}", "/genre", false);
    value("{\"genre\": \"\"}", "/genre", false);
    value("{\"formats\": \"paper,film\"}", "/formats", true);
    value("{\"formats\": \"Paper,audio\"}", "/formats", false);
    value("{\"formats\": \"paper,brialle\"}", "/formats", false);
    assert_eq!(found(&book("{\"genre\": \"history\", \"formats\": \"paper, audio\", \"genres\": []}")), []);
}

#[test]
fn types_by_name() {
    let annotated = |name: &str| {
        request("GET https://graph.microsoft.com/v1.0/books/{id}")
            + &response(
                &format!(", \"@odata.type\": \"{name}\""),
                &format!("HTTP/1.1 200 OK\n{JSON}\n\n{{\"id\": \"1\"}}"),
            )
    };
    breaks(&annotated("example.library.Book"), ("page/unknown-type", 7, "-", false));
    breaks(&annotated("book"), ("page/unknown-type", 7, "-", false));
    breaks(&annotated("example.library.scroll"), ("page/unknown-type", 7, "-", true));
    breaks(&annotated("example.library.boook"), ("page/unknown-type", 7, "-", false));
    breaks(&annotated("example.library.reader"), ("page/shape", 7, "-", false));
    for right in ["example.library.book", "lib.book", "example.library.novel", "lib.item", "string", "Edm.Int32"] {
        assert_eq!(found(&annotated(right)), [], "{right}");
    }
    breaks(&book("{\"@odata.type\": \"#lib.scroll\"}"), ("page/unknown-type", 11, "/@odata.type", true));
    breaks(&book("{\"@odata.type\": \"#example.library.nvoel\"}"), ("page/unknown-type", 11, "/@odata.type", false));
    breaks(&book("{\"@odata.type\": 5}"), ("page/shape", 11, "/@odata.type", false));
    breaks(&book("{\"@odata.type\": \"#example.library.Novel\"}"), ("page/unknown-type", 11, "/@odata.type", false));
}

#[test]
fn the_path_tells_where_the_annotation_does_not() {
    let page = |line: &str, body: &str| {
        request(&format!("{line} https://graph.microsoft.com/v1.0/me/borrowed"))
            + &response("", &format!("HTTP/1.1 200 OK\n{JSON}\n\n{body}"))
    };
    breaks(
        &page("GET", "{\"value\": [{\"pages\": 1}, {\"pages\": \"1\"}]}"),
        ("page/shape", 11, "/value/1/pages", false),
    );
    breaks(&page("GET", "{\"id\": \"1\"}"), ("page/shape", 7, "-", false));
    assert_eq!(found(&page("GET", "{\"value\": [], \"@odata.nextLink\": \"x\"}")), []);
    let one = |body: &str| book(body).replace(", \"@odata.type\": \"example.library.book\"", "");
    breaks(&one("{\"value\": {\"id\": \"1\"}}"), ("page/shape", 7, "-", false));
    breaks(&one("{\"value\": [{\"id\": \"1\"}]}"), ("page/shape", 7, "-", false));
    breaks(&one("{\"pages\": true}"), ("page/shape", 11, "/pages", false));
    breaks(&one("[{\"id\": \"1\"}]"), ("page/shape", 7, "-", false));
    // A list that is none is told once.
    breaks(
        &page("GET", "{\"value\": \"x\"}").replace(
            "\"blockType\": \"response\"",
            "\"blockType\": \"response\", \"@odata.type\": \"lib.book\", \"isCollection\": true",
        ),
        ("page/shape", 7, "-", false),
    );
    // What a path ends in may be a primitive.
    let pages = |body: &str| {
        request("GET https://graph.microsoft.com/v1.0/books/7/pages")
            + &response("", &format!("HTTP/1.1 200 OK\n{JSON}\n\n{body}"))
    };
    breaks(&pages("{\"value\": \"x\"}"), ("page/shape", 11, "/value", false));
    assert_eq!(found(&pages("{\"value\": 7}")), []);
    // However many are alike, the one that is not is told.
    let many = "{\"x\": 1}, ".repeat(200);
    let told = found(&page("GET", &format!("{{\"value\": [{many}{{\"pages\": \"1\"}}]}}")));
    assert_eq!(told.iter().map(|(rule, ..)| *rule).collect::<Vec<_>>(), ["page/shape", "page/undeclared-member"]);
    // A mild problem hides no other at the same place.
    let lent = |first: &str, second: &str| {
        let text = page("GET", &format!("{{\"value\": [{{\"lent\": {first}}}, {{\"lent\": {second}}}]}}"));
        problems(&text).iter().filter(|p| p.severity.name() == "failure").count()
    };
    assert_eq!((lent("null", "\"no\""), lent("\"no\"", "null")), (1, 1));
    // What is the same in every item of a list is said once.
    breaks(&page("GET", "{\"value\": [{\"x\": 1}, {\"x\": 2}]}"), ("page/undeclared-member", 11, "/value/0/x", true));
}

#[test]
fn requests_are_held_to_what_they_ask() {
    let page = |line: &str, body: &str, status: &str| {
        request(&format!("{line}\n{JSON}\n\n{body}")) + &response("", &format!("HTTP/1.1 {status}"))
    };
    let sent = |line: &str, body: &str| page(line, body, "204 No Content");
    breaks(&sent("POST /books", "{\"pages\": \"1\"}"), ("page/shape", 6, "/pages", false));
    breaks(&sent("PATCH /books/7", "{\"pagse\": 1}"), ("page/undeclared-member", 6, "/pagse", false));
    breaks(&sent("POST /books/7/lend", "{\"days\": \"1\"}"), ("page/shape", 6, "/days", false));
    breaks(&sent("POST /books/7/lend", "{\"Days\": 1, \"whom\": 1}"), ("page/undeclared-member", 6, "/whom", true));
    breaks(&sent("POST /me/borrowed/add", "[1, 2]"), ("page/shape", 6, "", false));
    let long = sent("POST /books", "{\"bytes\": \"12\"}");
    breaks(&long, ("page/shape", 6, "/bytes", false));
    let label = "application/json;IEEE754Compatible=true";
    assert_eq!(found(&long.replace("application/json", label)), []);
    breaks(&sent("POST /me/borrowed/add", "{\"values\": []}"), ("page/undeclared-member", 6, "/values", false));
    breaks(
        &sent("POST /me/borrowed/add", "{\"value\": [{\"id\": \"1\", \"colour\": 1}]}"),
        ("page/undeclared-member", 6, "/value/0/colour", true),
    );
    for (line, body) in [
        ("POST /books", "{\"@odata.type\": \"example.library.novel\", \"chapters\": 1, \"shelf@odata.bind\": \"x\"}"),
        ("POST /books/7/lend", "{\"days\": 1, \"To\": {\"id\": \"1\"}}"),
        ("POST /me/friends/$ref", "{\"@odata.id\": \"x\"}"),
        ("POST /me/borrowed/add", "{\"value\": [{\"id\": \"1\"}]}"),
        ("PATCH /nothing/known", "{\"x\": 1}"),
    ] {
        assert_eq!(found(&sent(line, body)), [], "{line} {body}");
    }
    // A request that is shown to be refused may be wrong on purpose.
    let refused = page("POST /books", "{\"pages\": \"1\"}", "400 Bad Request");
    assert_eq!(problems(&refused).len(), 0);
}

#[test]
fn errors_and_other_hosts_are_not_of_the_type() {
    let error = book("{\"error\": {\"code\": \"x\", \"message\": \"y\"}}").replace("200 OK", "404 Not Found");
    assert_eq!(problems(&error), []);
    assert_eq!(problems(&book("{\"pages\": \"x\"}").replace("graph.microsoft.com", "example.org")), []);
}

#[test]
fn numbers_that_the_label_makes_texts() {
    let text = book("{\"bytes\": \"7\"}");
    breaks(&text, ("page/shape", 11, "/bytes", false));
    assert_eq!(found(&text.replace("application/json", "application/json;IEEE754Compatible=true")), []);
}
