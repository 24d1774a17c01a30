//! Pages on their own: what is read of them, what is wrong with them, how folders are walked.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test may stop")]

mod against;
mod check;
mod docset;
mod reading;

use graphspec::page::{Page, examine};

/// A request block.
fn request(text: &str) -> String {
    format!("<!-- {{ \"blockType\": \"request\", \"name\": \"a\" }} -->\n```http\n{text}\n```\n\n")
}

/// A response block, with more members of its annotation.
fn response(more: &str, text: &str) -> String {
    format!("<!-- {{ \"blockType\": \"response\"{more} }} -->\n```http\n{text}\n```\n\n")
}

const GET: &str = "GET https://graph.microsoft.com/v1.0/me";
const JSON: &str = "Content-Type: application/json";

fn read(text: &str) -> Page {
    examine("page.md", text.as_bytes()).page
}
