//! A message against itself: phrase and code, type and body, flag and list, error and envelope.

use serde_json::Value;

use crate::case::Content;
use crate::json;
use crate::message::{self, Headers};
use crate::page::{Answer, Example, Problem, foreign};
use crate::rule;
use crate::source::Span;

/// What is wrong with a response.
pub fn check(example: &Example, answer: &Answer, problems: &mut Vec<Problem>) {
    let body = answer.span.at_line(answer.parts.body);
    problems.extend(phrase(answer));
    problems.extend(label(&answer.headers, &answer.content, &body));
    problems.extend(content_of_none(answer, &body));
    problems.extend(collection(answer));
    if foreign(&example.url).is_none() {
        problems.extend(error(answer, &body));
    }
}

/// What is wrong with a request.
pub fn check_request(example: &Example, problems: &mut Vec<Problem>) {
    let body = example.span.at_line(example.parts.body);
    if !super::is_refused(example) {
        problems.extend(label(&example.headers, &example.content, &body));
    }
    if matches!(example.method.as_str(), "GET" | "HEAD") && example.content != Content::None {
        let message = format!("a {} request with a body: few servers read it", example.method);
        problems.push(Problem::new(&rule::PAGE_UNEXPECTED_BODY, body, &message).warning());
    }
}

/// A phrase that is the standard one of another code. Others are never compared: pages write
/// `200 Success` and mean 200.
fn phrase(answer: &Answer) -> Option<Problem> {
    let status = answer.status?;
    let squashed = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_ascii_lowercase();
    let own = squashed(&answer.phrase);
    if own.is_empty() || own == squashed(message::reason(status)) {
        return None;
    }
    let other = (100..600).find(|code| *code != status && squashed(message::reason(*code)) == own)?;
    let said = answer.phrase.trim();
    let message = match message::reason(status) {
        "" => format!("`{status} {said}`: that is the phrase of {other}"),
        right => format!("`{status} {said}`: {status} is {right}, and {said} is {other}"),
    };
    Some(Problem::new(&rule::PAGE_STATUS_PHRASE, answer.span.at_line(answer.parts.start), &message))
}

/// A media type that the body is not of.
fn label(headers: &Headers, content: &Content, place: &Span) -> Option<Problem> {
    let label = headers.get("content-type").map(message::media_type)?;
    let message = match content {
        Content::Json(value) if !message::is_json(&label) => {
            // Counts and flags are plain text too, and a file may well hold JSON.
            let is_other = label != "text/json"
                && matches!(value.as_ref(), Value::Object(_) | Value::Array(_))
                && (["application/xml", "application/xhtml+xml", "application/zip", "application/pdf"]
                    .contains(&label.as_str())
                    || ["text/", "image/", "audio/", "video/"].iter().any(|kind| label.starts_with(kind)));
            is_other.then(|| format!("the body is JSON, but it is labelled {label}"))?
        }
        Content::Text(text) if message::is_json(&label) => {
            // A placeholder stands for anything, and what begins like JSON is `page/json`.
            let first = text.chars().next()?;
            let is_placeholder = matches!(first, '{' | '[' | '(' | '…' | '.') || is_tag(text);
            (!is_placeholder).then(|| format!("the body is labelled {label}, but it is no JSON"))?
        }
        _ => return None,
    };
    Some(Problem::new(&rule::PAGE_CONTENT_TYPE, place.clone(), &message))
}

/// `<Image>`, `<binary data>`: one tag that is the whole text, and none of HTML's.
fn is_tag(text: &str) -> bool {
    text.starts_with('<') && text.ends_with('>') && text.matches('<').count() == 1
}

/// A body where the status has none (RFC 9110, sections 15.3.5 and 15.4.5).
fn content_of_none(answer: &Answer, place: &Span) -> Option<Problem> {
    let status = answer.status.filter(|status| matches!(status, 204 | 304))?;
    if answer.content == Content::None {
        return None;
    }
    let message = format!("{} is an answer without a body", message::status_text(status));
    Some(Problem::new(&rule::PAGE_UNEXPECTED_BODY, place.clone(), &message))
}

/// The collection flag of the annotation against the body.
fn collection(answer: &Answer) -> Option<Problem> {
    let annotation = &answer.annotation;
    let type_name = annotation.type_name.as_deref()?;
    let Value::Object(members) = answer.content.json()? else { return None };
    let is_error = answer.status.is_some_and(|status| status >= 400);
    let list = members.get("value").and_then(Value::as_array);
    let message = if annotation.collection && !is_error {
        let named = members.values().any(Value::is_array) && annotation.collection_property.is_some();
        if list.is_some() || named {
            return None;
        }
        format!("annotated as a collection of {type_name}, but the body holds no list `value`")
    } else if !annotation.collection && list.is_some_and(|list| list.iter().any(Value::is_object)) {
        // An object that has a list of its own by that name has other members.
        if members.keys().any(|name| name != "value" && !name.contains('@')) {
            return None;
        }
        format!("annotated as one {type_name}, but the body is a list of them")
    } else {
        return None;
    };
    Some(Problem::new(&rule::PAGE_SHAPE, answer.span.clone(), &message))
}

/// The envelope of an error (OData JSON Format 4.01, section 21).
fn error(answer: &Answer, place: &Span) -> Option<Problem> {
    answer.status.filter(|status| *status >= 400)?;
    let body = answer.content.json()?;
    let missing = match body.get("error") {
        Some(Value::Object(error)) => {
            // An empty one is there: Graph's own pages show both.
            let lacks = |name: &&&str| !error.get(**name).is_some_and(Value::is_string);
            let missing: Vec<&str> = ["code", "message"].iter().filter(lacks).copied().collect();
            if missing.is_empty() {
                return None;
            }
            format!("the `error` has no {}", missing.join(" and no "))
        }
        Some(other) => format!("`error` is {}, not an object with `code` and `message`", json::type_name(other)),
        None => "an error without `error`, which holds `code` and `message`".to_owned(),
    };
    Some(Problem::new(&rule::PAGE_ERROR_BODY, place.clone(), &missing))
}
