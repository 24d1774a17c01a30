//! Judged cases for the tests of reports.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::case::{Case, CaseId, Content};
use crate::event::{Event, Judged, Started, Tally};
use crate::exchange::{Exchange, Failure};
use crate::message::{Headers, Request, Response};
use crate::rule::{self, Deviation};
use crate::source::Span;
use crate::verdict::Verdict;

pub(super) fn case(name: &str, status: &str) -> Arc<Case> {
    let page: Arc<str> = "site-follow.md".into();
    Arc::new(Case {
        id: CaseId::new("site-follow", name, status),
        span: Span::new(&page, 55),
        name: name.to_owned(),
        method: "POST".to_owned(),
        url: "/users/{user-id}/followedSites/add".to_owned(),
        template: None,
        path: "/users/{user-id}/followedSites/add".to_owned(),
        headers: Headers::default(),
        content: Content::None,
        repaired: false,
        derived: status == "207",
        anonymous: false,
        needs: None,
        promises: Vec::new(),
        law: None,
        skip: None,
    })
}

pub(super) fn exchange(status: u16, body: &[u8]) -> Exchange {
    let id = "contoso.sharepoint.com,da60e844-ba1d-49bc-b4d4-d5e36bae9019,512a596e-90a1-49e3-9b48-bfa80bee8740";
    Exchange {
        request: Request {
            method: "POST".to_owned(),
            url: "http://127.0.0.1:3000/v1.0/users/u1/followedSites/add".to_owned(),
            headers: [("Content-Type", "application/json")].into(),
            body: json!({"value": [{"id": id}]}).to_string().into(),
        },
        outcome: Ok(Response {
            status,
            headers: [("Content-Type", "application/json"), ("X-A", "1"), ("x-a", "2")].into(),
            body: body.to_vec().into(),
        }),
        attempts: 1,
        duration: Duration::from_micros(3_140),
    }
}

pub(super) fn judged(case: Arc<Case>, deviations: Vec<Deviation>, exchange: Exchange) -> Judged {
    Judged { case, index: 1, repeat: 0, verdict: Verdict::of(deviations), exchange: Some(exchange), changed: None }
}

pub(super) fn promised(mut deviation: Deviation, line: u32) -> Deviation {
    deviation.source = Some(Span::new(&"site-follow.md".into(), line));
    deviation
}

/// A pass with a warning, a failure, an error, two skips.
pub(super) fn run() -> Vec<Event> {
    let warning = Deviation::new(&rule::IDENTITY_COMPOSITE, "the id's last part differs from `sharepointIds/webId`")
        .at("/value/0/id")
        .between("712a596e", "0271110f");
    let pass = judged(case("follow-site", "200"), vec![promised(warning, 84)], exchange(200, b"{\"value\":[]}"));
    let hidden =
        Deviation::new(&rule::MULTI_STATUS_HIDDEN_FAILURE, "an entry failed, but the status says that all succeeded")
            .at("/value/0/error")
            .between("207 Multi-Status", "200 OK");
    let missing = |at: &str| {
        Deviation::new(&rule::BODY_MISSING_MEMBER, "the member `webUrl` is missing")
            .at(at)
            .between("a string", "nothing")
    };
    let mut fail = judged(
        case("follow-site", "207"),
        vec![promised(hidden, 124), promised(missing("/value/1"), 124), promised(missing("/value/2"), 124)],
        exchange(200, br#"{"value":[{"id":"x","error":{"code":"c","message":"m"}}]}"#),
    );
    let changed = Deviation::new(&rule::SNAPSHOT_CHANGED, "the answer differs from the accepted snapshot");
    fail.verdict.deviations.push(promised(changed.between("the accepted answer", "another"), 124));
    fail.changed = Some(("HTTP 207\n\n{\n  \"a\": 1\n}\n".into(), "HTTP 200\n\n{\n  \"a\": 1\n}\n".into()));
    let mut error = judged(case("slow", "200"), Vec::new(), exchange(200, b""));
    let message = "no answer within 30 s";
    error.verdict = Verdict::of(vec![Deviation::new(&rule::TRANSPORT_TIMEOUT, message).between("an answer", message)]);
    if let Some(exchange) = &mut error.exchange {
        exchange.outcome = Err(Failure { rule: &rule::TRANSPORT_TIMEOUT, message: message.into() });
        exchange.attempts = 3;
    }
    let skip = |name: &str| {
        let mut judged = judged(case(name, "404"), Vec::new(), exchange(200, b""));
        judged.verdict = Verdict::skipped("no request shown provokes it");
        judged.exchange = None;
        judged
    };
    events([pass, fail, error, skip("gone"), skip("lost")])
}

pub(super) fn events(judged: impl IntoIterator<Item = Judged>) -> Vec<Event> {
    let judged: Vec<Judged> = judged.into_iter().collect();
    let mut tally = Tally { planned: judged.len(), selected: judged.len(), ..Tally::default() };
    for one in &judged {
        tally.add(one);
    }
    let target = "http://127.0.0.1:3000/v1.0".to_owned();
    let start = Event::Started(Started { target, planned: judged.len(), selected: judged.len() });
    let judged = judged.into_iter().map(|one| Event::Judged(Box::new(one)));
    std::iter::once(start).chain(judged).chain(std::iter::once(Event::Finished(tally))).collect()
}
