//! Metadata on the command line: where it comes from, what is said of it, what it changes.

use std::sync::{Arc, Mutex};
use std::thread;

use super::*;

const LIBRARY: &str = include_str!("../types/library.csdl");

/// A page of one book whose type the path alone tells.
fn page(body: &str) -> String {
    format!(
        "# Book\n\n<!-- {{\"blockType\": \"request\", \"name\": \"get-book\"}} -->\n```http\nGET /books/{{id}}\n```\n\n<!-- {{\"blockType\": \"response\"}} -->\n```http\nHTTP/1.1 200 OK\nContent-Type: application/json\n\n{body}\n```\n"
    )
}

fn folder(body: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("book.md"), page(body)).unwrap();
    std::fs::write(folder.path().join("library.csdl"), LIBRARY).unwrap();
    folder
}

/// A service that answers `$metadata` with `metadata` and all else with `body`; and the heads of
/// the requests that came.
fn service(metadata: &'static str, body: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1.0", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heads = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut read = [0; 8192];
            let Ok(length) = stream.read(&mut read) else { continue };
            let head = String::from_utf8_lossy(&read[..length]).into_owned();
            let is_metadata = head.starts_with("GET /v1.0/$metadata ");
            let (status, label, text) = match metadata {
                "" if is_metadata => ("404 Not Found", "text/plain", ""),
                _ if is_metadata => ("200 OK", "application/xml", metadata),
                _ => ("200 OK", "application/json", body),
            };
            heads.lock().unwrap().push(head);
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: {label}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
                text.len()
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (url, seen)
}

#[test]
fn a_type_is_printed_as_it_judges() {
    let folder = folder("{}");
    let ran = graphspec_in(folder.path(), &["schema", "lib.novel", "--metadata", "library.csdl"]);
    ran.says(0, &[]);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["$id"], "https://graphspec.dev/schemas/example.library.novel.json");
    assert!(ran.err.is_empty(), "{}", ran.err);
    let long = |args: &[&str]| graphspec_in(folder.path(), args).out.len();
    let base = ["schema", "lib.book", "--metadata", "library.csdl"];
    assert!(long(&[&base[..], &["--deep"]].concat()) > long(&base));
    assert!(graphspec_in(folder.path(), &[&base[..], &["--ieee754"]].concat()).out.contains("\"Edm.Int64\": {"));
    let refused = |name: &str, words: &[&str]| {
        graphspec_in(folder.path(), &["schema", name, "--metadata", "library.csdl"]).says(2, words);
    };
    refused("lib.boook", &["no type of library.csdl; did you mean `example.library.book`?"]);
    refused("lib.Book", &["did you mean `example.library.book`?"]);
    refused("lib.zebra", &["no type of library.csdl"]);
    graphspec(&["schema", "microsoft.graph.site"]).says(0, &["microsoft.graph.sharepointIds"]);
    graphspec(&["schema", "site"]).says(0, &["microsoft.graph.sharepointIds"]);
    graphspec(&["schema", "Collection(microsoft.graph.site)"]).says(0, &["\"items\""]);
    graphspec(&["schema", "site", "--deep"]).says(2, &["--metadata"]);
    graphspec(&["schema", ""]).says(2, &["name a type"]);
    graphspec(&["schema", "microsoft.graph.sitte"])
        .says(2, &["did you mean `microsoft.graph.site`?", "--metadata FILE"]);
}

#[test]
fn check_tells_place_pointer_and_drift() {
    let folder = folder("{\n\"pages\": \"12\",\n\"colour\": 1\n}");
    let check = |args: &[&str]| {
        let base = ["check", "--metadata", "library.csdl"];
        graphspec_in(folder.path(), &[&base[..], args, &["book.md"]].concat())
    };
    let json = check(&["--format", "json"]);
    json.says(1, &[]);
    let told: Vec<_> = json.lines().iter().map(|l| (l["line"].clone(), l["at"].clone(), l["drift"].clone())).collect();
    assert_eq!(told, [(14.into(), "/pages".into(), false.into()), (15.into(), "/colour".into(), true.into())]);
    check(&[])
        .says(1, &["book.md:14:1", "drift", "Page and metadata may be of different years", "page/undeclared-member"]);
    let sarif: Value = serde_json::from_str(&check(&["--format", "sarif"]).out).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["properties"], serde_json::json!({"at": "/pages", "drift": false}));
    check(&["--format", "github"]).says(1, &["::error file=book.md,line=14,title=page/shape::"]);
    check(&["--allow", "page/shape"]).says(0, &["1 warning"]);
    graphspec_in(folder.path(), &["check", "book.md"]).says(0, &["nothing is wrong"]);
}

#[test]
fn list_shows_which_type_judges() {
    let folder = folder("{\"id\": \"1\"}");
    let list = |args: &[&str]| graphspec_in(folder.path(), &[&["list", "book.md"], args].concat());
    let ran = list(&["--metadata", "library.csdl", "--format", "json"]);
    assert_eq!(
        ran.lines()[0]["expect"][0]["schema"],
        serde_json::json!({"type": "example.library.book", "by": "path"})
    );
    list(&["--metadata", "library.csdl"]).says(0, &["answers example.library.book (by path)"]);
    assert!(list(&["--format", "json"]).lines()[0]["expect"][0].get("schema").is_none());
}

#[test]
fn run_judges_by_the_metadata_of_a_file_or_of_the_target() {
    let folder = folder("{\"id\": \"1\"}");
    let (url, seen) = service(LIBRARY, "{\"id\": \"1\", \"pages\": \"12\", \"colour\": 1}");
    let run = |args: &[&str]| {
        let base = ["run", "book.md", "--target", &url, "--report", "json"];
        graphspec_in(folder.path(), &[&base[..], args].concat())
    };
    assert_eq!(run(&[]).code, 0, "the example alone has nothing against it");
    for source in ["library.csdl", "target"] {
        let ran = run(&["--metadata", source]);
        let found: Vec<String> = ran.lines()[0]["deviations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|d| format!("{} {} {}", d["rule"], d["severity"], d["at"]).replace('"', ""))
            .collect();
        assert_eq!(
            (ran.code, found),
            (1, vec!["body/type failure /pages".into(), "body/unknown-member warning /colour".into()])
        );
    }
    let producer = run(&["--metadata", "target", "--profile", "producer"]);
    assert!(producer.out.contains("\"severity\":\"failure\",\"at\":\"/colour\""), "{}", producer.out);
    seen.lock().unwrap().clear();
    let mut asked = command(
        folder.path(),
        &["run", "book.md", "--target", &url, "--metadata", "target", "--token-env", "TOK", "-H", "X-Key: k"],
    );
    ran(asked.env("TOK", "t0ken").output().unwrap()).says(1, &[]);
    let head = seen.lock().unwrap()[0].to_ascii_lowercase();
    assert!(head.starts_with("get /v1.0/$metadata ") && head.contains("authorization: bearer t0ken"), "{head}");
    assert!(head.contains("x-key: k"), "{head}");
}

#[test]
fn metadata_that_cannot_be_had_is_said() {
    let folder = folder("{\"id\": \"1\"}");
    let write = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).unwrap();
    write("empty.csdl", b"");
    write("page.html", b"<!DOCTYPE html>\n<html></html>");
    write("cut.csdl", &LIBRARY.as_bytes()[..2000]);
    write("flaws.csdl", LIBRARY.replace("BaseType=\"lib.item\"", "BaseType=\"lib.gone\"").as_bytes());
    for (name, words) in [
        ("missing.csdl", "--metadata missing.csdl: "),
        (".", "a folder; name the CSDL file in it"),
        ("empty.csdl", "empty.csdl:1: not XML"),
        ("page.html", "page.html:2: no CSDL: it starts with <html>"),
        ("cut.csdl", "cut.csdl:"),
        ("", "--metadata"),
    ] {
        for verb in [&["check", "book.md"][..], &["run", "book.md"], &["list", "book.md"], &["schema", "lib.book"]] {
            graphspec_in(folder.path(), &[verb, &["--metadata", name]].concat()).says(2, &[words]);
        }
    }
    let flawed = graphspec_in(folder.path(), &["check", "book.md", "--metadata", "flaws.csdl"]);
    flawed.says(0, &["flaws.csdl:55: example.library.book derives from lib.gone, which is not declared"]);

    let target = |url: &str, words: &[&str]| {
        let args = ["run", "book.md", "--target", url, "--metadata", "target", "--timeout", "1s", "--retry", "0"];
        graphspec_in(folder.path(), &args).says(2, words);
    };
    target(
        &service("", "{}").0,
        &["--metadata target: GET http://127.0.0.1:", "/v1.0/$metadata: answered 404 Not Found"],
    );
    target(&service("<html></html>", "{}").0, &["$metadata:1: no CSDL: it starts with <html>"]);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    target(&format!("http://{free}"), &["--metadata target"]);
}

#[test]
fn hostile_names_do_not_steer_the_terminal() {
    let folder = folder("{\"id\": \"1\"}");
    let text = LIBRARY.replace("Name=\"book\" BaseType=\"lib.item\"", "Name=\"book\" BaseType=\"lib.&#27;]0;x&#7;\"");
    std::fs::write(folder.path().join("bad.csdl"), text).unwrap();
    let ran = graphspec_in(folder.path(), &["check", "book.md", "--metadata", "bad.csdl"]);
    assert!(!ran.err.contains('\u{1b}') && !ran.out.contains('\u{1b}'), "{}", ran.err);
    ran.says(0, &["bad.csdl:55"]);
}
