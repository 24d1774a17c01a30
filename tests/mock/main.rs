//! The embedded mock, made of pages and asked.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may stop")]

mod examples;
mod made_up;
mod refusals;
mod socket;
mod suite;

use std::fmt::Write;
use std::sync::Arc;

use serde_json::Value;

use graphspec::case::Case;
use graphspec::message::{Headers, Request, Response};
use graphspec::mock::{Mock, Options};
use graphspec::page;

const BUILT_IN: [(&str, &[u8]); 3] = [
    ("follow-sites.md", include_bytes!("../../specs/follow-sites.md")),
    ("unfollow-sites.md", include_bytes!("../../specs/unfollow-sites.md")),
    ("list-followed-sites.md", include_bytes!("../../specs/list-followed-sites.md")),
];

const HOST: &str = "contoso.sharepoint.com,da60e844-ba1d-49bc-b4d4-d5e36bae9019,";

fn one() -> String {
    format!("{HOST}712a596e-90a1-49e3-9b48-bfa80bee8740")
}

fn two() -> String {
    format!("{HOST}0271110f-634f-4300-a841-3a8a2e851851")
}

fn bad() -> String {
    format!("{HOST}512a596e-90a1-49e3-9b48-bfa80bee8740")
}

fn read(pages: &[(&str, &[u8])]) -> (Vec<Arc<Case>>, Vec<(String, String)>) {
    let pages: Vec<page::Page> = pages.iter().map(|(name, bytes)| page::read(name, bytes)).collect();
    let cases = pages.iter().flat_map(|p| &p.cases).cloned().map(Arc::new).collect();
    (cases, pages.iter().flat_map(|p| p.templates.clone()).collect())
}

fn mock(pages: &[(&str, &[u8])], options: Options) -> Mock {
    let (cases, templates) = read(pages);
    Mock::new(&cases, &templates, options)
}

fn built_in() -> Mock {
    mock(&BUILT_IN, Options::default())
}

/// A page with these request and response blocks.
fn page_of(blocks: &[(&str, &str)]) -> String {
    let mut page = String::from("# Made up\n");
    for (at, (request, response)) in blocks.iter().enumerate() {
        write!(
            page,
            "\n<!-- {{ \"blockType\": \"request\", \"name\": \"r{at}\" }} -->\n\n```http\n{request}\n```\n\n\
             <!-- {{ \"blockType\": \"response\" }} -->\n\n```http\n{response}\n```\n"
        )
        .unwrap();
    }
    page
}

fn request(method: &str, url: &str, body: &str) -> Request {
    let mut headers = Headers::default();
    if !body.is_empty() {
        headers.set("Content-Type", "application/json");
    }
    Request { method: method.into(), url: url.into(), headers, body: body.to_owned().into() }
}

fn ask(mock: &Mock, method: &str, url: &str, body: &str) -> (u16, Value) {
    let response = mock.answer(&request(method, url, body));
    (response.status, json_of(&response))
}

fn json_of(response: &Response) -> Value {
    if response.body.is_empty() { Value::Null } else { serde_json::from_slice(&response.body).unwrap() }
}

fn ids(body: &Value) -> Vec<&str> {
    body["value"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

fn items(ids: &[&str]) -> String {
    let items: Vec<Value> = ids.iter().map(|id| serde_json::json!({"id": id})).collect();
    serde_json::json!({"value": items}).to_string()
}
