//! Wrong header fields.

use super::Fault;
use super::answer::Answer;
use crate::message::Response;

pub const FAULTS: &[Fault] = &[
    Fault {
        name: "content-type-text",
        sentence: "JSON is labelled text/plain.",
        breaks: |a| labelled(a, "text/plain; charset=utf-8"),
    },
    Fault {
        name: "content-type-html",
        sentence: "JSON is labelled text/html.",
        breaks: |a| labelled(a, "text/html; charset=utf-8"),
    },
    Fault {
        name: "content-type-xml",
        sentence: "JSON is labelled application/xml.",
        breaks: |a| labelled(a, "application/xml"),
    },
    Fault {
        name: "content-type-jsonp",
        sentence: "JSON is labelled application/jsonp, which only starts like JSON.",
        breaks: |a| labelled(a, "application/jsonp"),
    },
    Fault {
        name: "content-type-json-seq",
        sentence: "JSON is labelled application/json-seq, which is another format (RFC 7464).",
        breaks: |a| labelled(a, "application/json-seq"),
    },
    Fault {
        name: "content-type-missing",
        sentence: "JSON has no Content-Type.",
        breaks: |a| without(a, "content-type", a.body.is_some()),
    },
    Fault {
        name: "allow-missing",
        sentence: "405 does not say which methods are allowed.",
        breaks: |a| without(a, "allow", a.right.status == 405),
    },
];

fn labelled(a: &Answer<'_>, label: &str) -> Option<Response> {
    a.body.as_ref()?;
    let mut wrong = a.right.clone();
    wrong.headers.set("Content-Type", label);
    Some(wrong)
}

fn without(a: &Answer<'_>, name: &str, applies: bool) -> Option<Response> {
    let mut wrong = applies.then(|| a.right.clone())?;
    wrong.headers.remove(name);
    Some(wrong)
}
