//! Judging: a case and an exchange in, a verdict out. Pure: no clock, no file, no network.

mod body;
mod header;
mod identity;
mod multi_status;
mod odata;
mod status;

use std::sync::Arc;

use serde_json::Value;

use crate::binding::Inverse;
use crate::case::{Case, Content, Promise, Role};
use crate::exchange::Exchange;
use crate::json;
use crate::message::{Response, status_text};
use crate::multi_status::State;
use crate::rule::{self, Deviation, Profile, Severity};
use crate::schema::{self, Numbers, Types};

/// What came of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The answer keeps the promise; warnings may remain.
    Pass,
    /// The target deviates.
    Fail,
    /// Network or harness: this says nothing about the target.
    Error,
    /// Not sent.
    Skip,
}

impl Kind {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Pass => "pass",
            Kind::Fail => "fail",
            Kind::Error => "error",
            Kind::Skip => "skip",
        }
    }
}

/// A case's verdict with everything that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The verdict.
    pub kind: Kind,
    /// Every deviation found, in the order of the answer.
    pub deviations: Vec<Deviation>,
    /// Why the case was not sent.
    pub skip: Option<String>,
}

impl Verdict {
    /// The verdict that these deviations make: `fail` exactly when one is a failure.
    pub fn of(deviations: Vec<Deviation>) -> Self {
        let has = |severity| deviations.iter().any(|d| d.severity == severity);
        let kind = if has(Severity::Failure) {
            Kind::Fail
        } else if has(Severity::Error) {
            Kind::Error
        } else {
            Kind::Pass
        };
        Verdict { kind, deviations, skip: None }
    }

    /// A case that was not sent.
    pub fn skipped(reason: impl Into<String>) -> Self {
        Verdict { kind: Kind::Skip, deviations: Vec::new(), skip: Some(reason.into()) }
    }
}

/// The most deviations that one verdict reports: nobody reads more, and a hostile answer could
/// have millions.
const MOST: usize = 100;

/// The number of JSON values from which on an answer is judged sparingly.
const HUGE: usize = 20_000;

/// What answers are held to beside their pages.
#[derive(Clone, Debug)]
pub struct Standard {
    /// The types of the service.
    pub types: Arc<Types>,
    /// How strictly.
    pub profile: Profile,
}

impl Default for Standard {
    /// The bundled types, as a client sees them.
    fn default() -> Self {
        Standard { types: schema::bundled_types(), profile: Profile::Consumer }
    }
}

/// A case with its schemas compiled, ready to judge any number of answers.
pub struct Judge {
    case: Arc<Case>,
    shapes: Vec<body::Shape>,
    alternative: body::Shape,
}

impl Judge {
    /// Compiles what `case` promises, to be held to the types that are bundled.
    pub fn new(case: &Arc<Case>) -> Self {
        Judge::with(case, &Standard::default())
    }

    /// Compiles what `case` promises.
    pub fn with(case: &Arc<Case>, standard: &Standard) -> Self {
        let law = case.law.as_deref();
        // Only answers of full or partial success are made of entries.
        let under =
            |p: &Promise| law.filter(|l| p.status == Some(l.dialect.success) || p.status == Some(l.dialect.partial));
        let shapes = case.promises.iter().map(|p| body::Shape::new(case, Some(p), under(p), standard));
        let alternative = body::Shape::new(case, None, law, standard);
        Judge { shapes: shapes.collect(), alternative, case: Arc::clone(case) }
    }

    /// Judges one exchange. `inverse` turns the target's own values back into documented ones;
    /// `state` is what the requests before it have changed. Every deviation is found, not the
    /// first alone.
    pub fn judge(&self, exchange: &Exchange, inverse: &Inverse, state: &State) -> Verdict {
        let mut out = Vec::new();
        match &exchange.outcome {
            Err(failure) => {
                let message = failure.message.clone();
                out.push(Deviation::new(failure.rule, &message).between("an answer", message));
            }
            Ok(response) => self.answer(response, inverse, state, &mut out),
        }
        keep_most(&mut out);
        for deviation in &mut out {
            for text in [&mut deviation.expected, &mut deviation.actual, &mut deviation.message] {
                clip(text);
            }
        }
        let fallback = self.case.promises.first().map(|p| &p.span);
        for deviation in &mut out {
            deviation.source = deviation.source.take().or_else(|| fallback.cloned());
        }
        Verdict::of(out)
    }

    /// The promise that an answer of `status` claims to keep.
    fn claimed(&self, status: u16) -> Option<usize> {
        let answers = || self.case.promises.iter().enumerate().filter(|(_, p)| p.role == Role::Answer);
        let exact = answers().find(|(_, p)| p.status == Some(status));
        exact.or_else(|| answers().find(|(_, p)| p.covers(status))).map(|(at, _)| at)
    }

    fn answer(&self, response: &Response, inverse: &Inverse, state: &State, out: &mut Vec<Deviation>) {
        let case = &*self.case;
        let status = response.status;
        let claimed = self.claimed(status);
        let promise = claimed.map(|at| &case.promises[at]);
        let exact = promise.is_some_and(|p| p.status.is_none() || p.status == Some(status));
        let law = case.law.as_deref().filter(|l| status == l.dialect.success || status == l.dialect.partial);

        let bodiless = case.method == "HEAD" || matches!(status, 204 | 205 | 304);
        let content = self.content(response, bodiless, inverse, out);
        let huge = content.as_ref().is_some_and(|(_, values)| *values > HUGE);
        let body = content.as_ref().map(|(body, _)| body);
        let reading = case
            .law
            .as_deref()
            .filter(|_| (200..300).contains(&status))
            .zip(body)
            .and_then(|(l, body)| multi_status::Reading::of(l, status, body));

        let refused_whole = promise.is_none() && status::all_failed(case, response, body, out);
        let explained = reading.as_ref().is_some_and(multi_status::Reading::explains_status);
        if promise.is_none() && !refused_whole && !explained {
            status::unexpected(case, status, out);
        }
        if let Some(promise) = promise.filter(|_| exact) {
            header::promised(promise, response, out);
        }
        header::of_status(response, out);

        // The body: an error, or what the page shows.
        if status >= 400 {
            if refused_whole {
                header::content_type(promise, true, response, out);
            } else if case.method != "HEAD" {
                error_answer(promise, response, body, out);
            }
            return;
        }
        if bodiless {
            status::no_content(case, response, out);
            if let Some(law) = law.filter(|_| promise.is_none_or(|p| p.status == Some(status))) {
                multi_status::all_succeeded(law, case.items(), &status_text(status), out);
            }
            return;
        }
        let refusal = case.promise().is_some_and(|p| p.status.is_some_and(|s| s >= 400));
        // Another success than the shown one, where the page accepts it, is shaped like it.
        let shown = promise.or(case.promise()).filter(|_| !refusal);
        let promised_json = matches!(shown, Some(Promise { content: Content::Json(_), .. }));
        if (promised_json || law.is_some())
            && body.is_none()
            && response.body.is_empty()
            && (200..300).contains(&status)
        {
            out.push(Deviation::new(&rule::BODY_MISSING, "the body is empty").between("a JSON body", "0 bytes"));
        }
        let Some(body) = body.filter(|_| (200..300).contains(&status)) else { return };
        // A success where the page promises a refusal is wrong as a whole; its parts are not.
        let lawful = promise.is_some() || !refusal;
        let numbers = Numbers::of_label(response.headers.get("content-type"));
        match claimed.filter(|_| exact || (law.is_none() && !refusal)) {
            Some(at) => self.shapes[at].judge(body, numbers, huge, out),
            None if lawful && (reading.is_some() || law.is_some()) => self.alternative.judge(body, numbers, huge, out),
            None => {}
        }
        if let Some(reading) = reading.as_ref().filter(|_| lawful) {
            reading.judge(case.items(), exact || promise.is_none(), out);
        }
        self.root(promise, body, out);
        odata::control_information(response, body, out);
        if let Some(promise) = promise {
            identity::composites(promise, case.law.as_deref(), body, out);
            status::collection(promise, case.law.is_some(), body, out);
            status::read_back(state, body, out);
        }
    }

    /// The body as JSON with the target's values turned back, where it is promised as JSON or
    /// says that it is, and how many values it holds. Judges the label and the text.
    fn content(
        &self,
        response: &Response,
        bodiless: bool,
        inverse: &Inverse,
        out: &mut Vec<Deviation>,
    ) -> Option<(Value, usize)> {
        if bodiless || response.body.is_empty() {
            return None;
        }
        let case = &*self.case;
        let promise = self.claimed(response.status).map(|at| &case.promises[at]);
        let shown = promise.filter(|p| p.status.is_none() || p.status == Some(response.status));
        let law = case.law.as_deref();
        let lawful = law.is_some_and(|l| response.status == l.dialect.partial || response.status == l.dialect.success);
        let wants_json = match shown.map(|p| &p.content) {
            Some(Content::Json(_)) => true,
            Some(Content::Text(_)) => false,
            _ => lawful && response.status < 300,
        };
        // Other answers (an error, a surprise) are read where they can be; their rules say more.
        let error = response.status >= 400;
        if !error && (wants_json || shown.is_some()) {
            header::content_type(shown, wants_json, response, out);
        }
        let says_json = response.headers.get("content-type").map(crate::message::media_type);
        let says_json = says_json.is_some_and(|t| crate::message::is_json(&t));
        if !wants_json && !says_json && !error {
            return None;
        }
        match json::read(&response.body) {
            Ok(read) => {
                if let Some(name) = read.repeated {
                    let message = format!("the member `{name}` occurs twice in one object");
                    out.push(Deviation::new(&rule::BODY_NOT_JSON, message).between("unique names", name).warning());
                }
                let mut value = read.value;
                inverse.value(&mut value);
                Some((value, read.values))
            }
            Err(json::Unreadable::NotJson(reason)) => {
                if !error {
                    out.push(
                        Deviation::new(&rule::BODY_NOT_JSON, format!("the body is not JSON: {reason}"))
                            .between("one JSON text", text_start(&response.body)),
                    );
                }
                None
            }
            Err(json::Unreadable::TooMany(most)) => {
                out.push(
                    Deviation::new(&rule::TRANSPORT_TOO_LARGE, format!("the body holds more than {most} JSON values"))
                        .between(format!("at most {most} values"), format!("{} bytes", response.body.len())),
                );
                None
            }
        }
    }

    /// A success whose root holds an `error` that the page does not show.
    fn root(&self, promise: Option<&Promise>, body: &Value, out: &mut Vec<Deviation>) {
        let shown = promise.or(self.case.promise()).and_then(|p| p.content.json());
        let documented = shown.is_some_and(|b| b.get("error").is_some());
        let error = body.get("error").filter(|e| !e.is_null() && !documented);
        if let Some(error) = error {
            out.push(
                Deviation::new(&rule::ERROR_ENVELOPE, "a success whose body holds an `error`")
                    .between("no such member", json::brief(error, 80))
                    .at("/error"),
            );
        }
    }
}

/// Status 400 and above: an error body, unless the page itself shows another.
fn error_answer(promise: Option<&Promise>, response: &Response, body: Option<&Value>, out: &mut Vec<Deviation>) {
    if let Some(Promise { content: Content::Text(_), .. }) = promise {
        header::content_type(promise, false, response, out);
        return;
    }
    if promise.is_some() && !response.body.is_empty() {
        header::content_type(promise, true, response, out);
    }
    match body {
        Some(body) => body::error_envelope(body, out),
        None => {
            let actual = if response.body.is_empty() { "0 bytes".to_owned() } else { text_start(&response.body) };
            out.push(
                Deviation::new(&rule::ERROR_ENVELOPE, "an error answer without an error body that is JSON")
                    .between("{\"error\": {\"code\": …, \"message\": …}}", actual),
            );
        }
    }
}

/// Whether there are as many failures as are reported.
fn is_enough(found: &[Deviation]) -> bool {
    found.len() > MOST && found.iter().filter(|d| d.severity == Severity::Failure).count() > MOST
}

/// Keeps as many as are reported: failures before warnings, so that no number of warnings hides one.
fn keep_most(found: &mut Vec<Deviation>) {
    if found.len() <= MOST {
        return;
    }
    let failures = found.iter().filter(|d| d.severity != Severity::Warning).count();
    let (mut failures, mut warnings) = (MOST, MOST.saturating_sub(failures));
    found.retain(|deviation| {
        let left = if deviation.severity == Severity::Warning { &mut warnings } else { &mut failures };
        let keeps = *left > 0;
        *left -= usize::from(keeps);
        keeps
    });
}

/// Cuts a text that a target may have made long.
fn clip(text: &mut String) {
    const WIDTH: usize = 600;
    if text.len() > WIDTH {
        text.truncate(text.floor_char_boundary(WIDTH));
        text.push('…');
    }
}

/// The start of a body for a message.
fn text_start(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(120)]);
    json::brief(&Value::String(text.into_owned()), 80)
}
