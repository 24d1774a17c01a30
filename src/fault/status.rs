//! The wrong status.

use serde_json::json;

use super::Fault;
use super::answer::{Answer, put};
use crate::message::Response;

pub const FAULTS: &[Fault] = &[
    Fault {
        name: "status-500",
        sentence: "Every answer is 500 with a proper error body.",
        breaks: |a| (a.right.status < 500).then(|| a.with_json(500, &crash())),
    },
    Fault {
        name: "error-500",
        sentence: "A request that should be refused with a 4xx crashes the server: 500, the error body kept.",
        breaks: |a| (400..500).contains(&a.right.status).then(|| a.with_status(500)),
    },
    Fault {
        name: "success-404",
        sentence: "A success comes with status 404, its body kept.",
        breaks: |a| a.is_success().then(|| a.with_status(404)),
    },
    Fault { name: "status-201", sentence: "200 becomes 201.", breaks: |a| instead_of_200(a, 201) },
    Fault { name: "status-202", sentence: "200 becomes 202.", breaks: |a| instead_of_200(a, 202) },
    Fault { name: "status-206", sentence: "200 becomes 206.", breaks: |a| instead_of_200(a, 206) },
    Fault {
        name: "status-204",
        sentence: "200 with a body becomes 204 without one.",
        breaks: |a| (a.right.status == 200).then(|| a.without_content(204)),
    },
    Fault {
        name: "hides-failure",
        sentence: "A partial success says 200, its failures still inside.",
        breaks: |a| (a.is_partial() && !a.failed().is_empty()).then(|| a.with_status(200)),
    },
    Fault {
        name: "swallows-failure",
        sentence: "A partial success says 204, and nothing of its failures.",
        breaks: |a| (a.is_partial() && !a.failed().is_empty()).then(|| a.without_content(204)),
    },
    Fault {
        name: "false-alarm",
        sentence: "A full success says 207, with no failure inside.",
        breaks: |a| (a.right.status == 200 && a.failed().is_empty()).then(|| a.with_status(207)),
    },
    Fault {
        name: "false-alarm-empty",
        sentence: "204 becomes 207 with an empty list.",
        breaks: |a| {
            let mut body = json!({});
            put(&mut body, a.context.dialect.map_or("/value", |d| &d.entries), json!([]))?;
            (a.right.status == 204).then(|| a.with_json(207, &body))
        },
    },
    Fault {
        name: "body-for-204",
        sentence: "204 becomes 200 with an empty object.",
        breaks: |a| (a.right.status == 204).then(|| a.with_json(200, &json!({}))),
    },
    Fault {
        name: "redirect",
        sentence: "A success becomes a redirect (302) that nobody promised.",
        breaks: |a| {
            let mut wrong = a.is_success().then(|| a.without_content(302))?;
            wrong.headers.set("Location", "/moved");
            Some(wrong)
        },
    },
    Fault {
        name: "not-modified",
        sentence: "A success becomes 304, though nothing was asked conditionally.",
        breaks: |a| a.is_success().then(|| a.without_content(304)),
    },
    Fault {
        name: "success-for-error",
        sentence: "A refusal comes with status 200, its error body kept.",
        breaks: |a| a.is_error().then(|| a.with_status(200)),
    },
    Fault {
        name: "accepts-everything",
        sentence: "What should be refused is accepted: 202 without content.",
        breaks: |a| a.is_error().then(|| a.without_content(202)),
    },
];

fn instead_of_200(a: &Answer<'_>, status: u16) -> Option<Response> {
    (a.right.status == 200).then(|| a.with_status(status))
}

fn crash() -> serde_json::Value {
    json!({"error": {"code": "generalException", "message": "An unexpected error has occurred"}})
}
