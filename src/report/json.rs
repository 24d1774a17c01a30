//! JSON Lines: one line a case in plan order, then one summary. The fields are a contract.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::Reporter;
use super::escape::{holds_active, is_active};
use crate::event::{Event, Judged, Tally};
use crate::exchange::Exchange;
use crate::rule::Deviation;
use crate::verdict::Kind;

/// The report.
pub struct Json<W> {
    out: W,
    target: String,
}

impl<W: Write> Json<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Json { out, target: String::new() }
    }
}

impl<W: Write> Reporter for Json<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Started(started) => {
                self.target.clone_from(&started.target);
                Ok(())
            }
            Event::Judged(judged) => writeln!(self.out, "{}", harmless(&line(judged))),
            Event::Finished(tally) => {
                writeln!(self.out, "{}", harmless(&summary(&self.target, tally)))?;
                self.out.flush()
            }
        }
    }
}

/// The JSON text, with what a terminal would act on escaped as JSON allows: such characters stand
/// only inside strings there, and all are below U+FFFF.
pub fn harmless(value: &Value) -> String {
    let text = value.to_string();
    if !holds_active(&text) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_active(c) {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{:04x}", c as u32);
        } else {
            out.push(c);
        }
    }
    out
}

fn line(judged: &Judged) -> Value {
    let case = &judged.case;
    let shown = matches!(judged.verdict.kind, Kind::Fail | Kind::Error);
    let duration = judged.exchange.as_ref().map_or(0.0, |e| (e.duration.as_secs_f64() * 10_000.0).round() / 10.0);
    json!({
        "case": case.id.as_str(),
        "index": judged.index,
        "repeat": judged.repeat,
        "page": &*case.span.page,
        "line": case.span.line,
        "verdict": judged.verdict.kind.name(),
        "known": false,
        "status": judged.status(),
        "attempts": judged.exchange.as_ref().map_or(0, |e| e.attempts),
        "durationMs": duration,
        "skip": judged.verdict.skip,
        "exchange": judged.exchange.as_ref().filter(|_| shown).map(exchange),
        "deviations": judged.verdict.deviations.iter().map(deviation).collect::<Vec<_>>(),
    })
}

fn deviation(deviation: &Deviation) -> Value {
    json!({
        "rule": deviation.rule.name,
        "severity": deviation.severity.name(),
        "at": deviation.at,
        "expected": deviation.expected,
        "actual": deviation.actual,
        "message": deviation.message,
        "source": deviation.source.as_ref().map(ToString::to_string),
    })
}

fn exchange(exchange: &Exchange) -> Value {
    let request = &exchange.request;
    let (response, failure) = match &exchange.outcome {
        Ok(response) => {
            let shown = json!({
                "status": response.status,
                "headers": response.headers.to_json(),
                "body": body(&response.body),
            });
            (shown, Value::Null)
        }
        Err(failure) => (Value::Null, failure.message.as_str().into()),
    };
    json!({
        "request": {
            "method": request.method,
            "url": request.url,
            "headers": request.headers.to_json(),
            "body": body(&request.body),
        },
        "response": response,
        "failure": failure,
    })
}

/// Values of one name, whatever its case, joined as RFC 9110, section 5.3, allows.
/// JSON as JSON, other text as a string, nothing as null.
fn body(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    match crate::json::read(bytes) {
        Ok(read) => read.value,
        Err(_) => String::from_utf8_lossy(bytes).into(),
    }
}

fn summary(target: &str, tally: &Tally) -> Value {
    json!({"summary": {
        "target": target,
        "planned": tally.planned,
        "shard": null,
        "selected": tally.selected,
        "passed": tally.passed,
        "failed": tally.failed,
        "known": 0,
        "errors": tally.errors,
        "skipped": tally.skipped,
        "stale": 0,
        "warnings": tally.warnings,
    }})
}
