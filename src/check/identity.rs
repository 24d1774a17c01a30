//! The id that a request names against the id that its answer shows.

use serde_json::Value;

use crate::multi_status::Identity;
use crate::page::{Answer, Example, Problem};
use crate::rule;

/// A request for one thing by its id, answered with another: only where both ids are plainly of one
/// kind, since a thing may go by other keys, and placeholders look like anything.
pub fn check(example: &Example, answer: &Answer, problems: &mut Vec<Problem>) {
    let succeeds = answer.status.is_none_or(|status| (200..300).contains(&status) && status != 201);
    if !matches!(example.method.as_str(), "GET" | "PATCH") || !succeeds || example.aside.is_some() {
        return;
    }
    let path = example.url.split(['?', '#']).next().unwrap_or("");
    let Some((_, asked)) = path.trim_end_matches('/').rsplit_once('/') else { return };
    // `users('id')` is `users/id` (OData URL Conventions, section 4.3).
    let key = asked.split_once('(').and_then(|(_, key)| key.strip_suffix(')'));
    let asked = key.map_or(asked, |key| key.trim_matches('\''));
    let Some(Value::Object(members)) = answer.content.json() else { return };
    let mut members = members;
    // Some pages wrap the one thing as if it were a list.
    if let Some(Value::Object(wrapped)) = members.get("value") {
        members = wrapped;
    }
    let Some(shown) = members.get("id").and_then(Value::as_str) else { return };
    let (Some(kind), Some(of_shown)) = (kind(asked), kind(shown)) else { return };
    let same = |text: &str| Identity::new(text) == Identity::new(asked) || text.eq_ignore_ascii_case(asked);
    // A thing that is asked for by another key shows that key somewhere.
    let elsewhere = members.values().filter_map(Value::as_str).any(same);
    // A change may give a thing another opaque id: of its new version, or its new state.
    let may_change = matches!(kind, Kind::Opaque(_)) && example.method != "GET";
    if kind == of_shown && !elsewhere && !may_change {
        let message = format!("the request asks for `{asked}`, and the answer is about `{shown}`");
        problems.push(Problem::new(&rule::PAGE_ID_MISMATCH, answer.span.clone(), &message));
    }
}

/// What an id is made of.
#[derive(PartialEq, Eq)]
enum Kind {
    /// RFC 9562.
    Guid,
    /// A number.
    Number,
    /// Long, and without meaning to people; of a length.
    Opaque(usize),
}

fn kind(id: &str) -> Option<Kind> {
    let id = id.trim();
    let all = |set: fn(u8) -> bool| !id.is_empty() && id.bytes().all(set);
    // All zeros stand for any.
    if id.bytes().all(|b| matches!(b, b'0' | b'-')) {
        return None;
    }
    if id.len() == 36 && all(|b| b.is_ascii_hexdigit() || b == b'-') && id.matches('-').count() == 4 {
        return Some(Kind::Guid);
    }
    if all(|b| b.is_ascii_digit()) {
        return Some(Kind::Number);
    }
    let mixed = id.bytes().any(|b| b.is_ascii_digit()) && id.bytes().any(|b| b.is_ascii_uppercase());
    let opaque = all(|b| b.is_ascii_alphanumeric() || b"-_=!+".contains(&b));
    // Ids of one kind differ little in length; each eight characters are a class.
    (opaque && mixed && id.len() >= 24).then_some(Kind::Opaque(id.len() / 8))
}
