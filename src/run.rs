//! A plan → exchanges → verdicts → events, in plan order whatever the number of jobs.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{RwLock, Semaphore, mpsc};

use crate::binding::Inverse;
use crate::case::Case;
use crate::client::Target;
use crate::event::{Event, Judged, Started, Tally};
use crate::exchange::Exchange;
use crate::message::Response;
use crate::plan::{Plan, Planned};
use crate::redact;
use crate::rule::{self, Deviation, Severity};
use crate::secret::Secret;
use crate::snapshot::{self, Outcome, Store};
use crate::verdict::{Judge, Kind, Verdict};

/// How a plan is run.
#[derive(Debug, Default)]
pub struct Options {
    /// Exchanges at once; at least 1.
    pub jobs: usize,
    /// Cases after the first failure in plan order are skipped.
    pub fail_fast: bool,
    /// Warnings are failures.
    pub strict: bool,
    /// Where accepted answers are, if they are compared.
    pub store: Option<Store>,
    /// A case without an accepted answer fails.
    pub require_snapshots: bool,
    /// What must not appear in an event.
    pub token: Option<Secret>,
    /// Answers are kept as snapshot text although there is no store.
    pub keep_answers: bool,
    /// How the target is called in reports.
    pub target_name: String,
}

/// How many verdicts may wait for an earlier one: bounds memory when one case is slow.
const AHEAD: usize = 1024;

/// One run of a plan.
pub struct Run {
    plan: Plan,
    target: Target,
    options: Options,
    judges: Vec<OnceLock<Judge>>,
    stop: AtomicBool,
    next: AtomicUsize,
    gate: RwLock<()>,
}

impl Run {
    /// A run that has not begun.
    pub fn new(plan: Plan, target: Target, options: Options) -> Arc<Self> {
        let judges = plan.cases.iter().map(|_| OnceLock::new()).collect();
        Arc::new(Run {
            plan,
            target,
            options,
            judges,
            stop: AtomicBool::new(false),
            next: AtomicUsize::new(0),
            gate: RwLock::new(()),
        })
    }

    /// Lets no further case begin; those not begun are skipped.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Runs every case and tells `on` of each event, in plan order.
    ///
    /// # Errors
    /// What `on` returns; the run ends there.
    pub async fn drive(self: &Arc<Self>, on: &mut impl FnMut(&Event) -> io::Result<()>) -> io::Result<Tally> {
        let total = self.total();
        let repeat = self.plan.selection.repeat.max(1);
        let mut tally = Tally { planned: self.plan.planned * repeat, selected: total, ..Tally::default() };
        on(&Event::Started(Started {
            target: self.options.target_name.clone(),
            planned: tally.planned,
            selected: total,
        }))?;
        let mut failed = false;
        let mut emit = |mut judged: Judged, tally: &mut Tally| -> io::Result<()> {
            if failed && judged.verdict.kind != Kind::Skip {
                judged.verdict = Verdict::skipped("after the first failure (--fail-fast)");
                judged.exchange = None;
                judged.changed = None;
            }
            if self.options.fail_fast && judged.verdict.kind == Kind::Fail {
                failed = true;
                self.stop();
            }
            tally.interrupted |= judged.verdict.skip.as_deref() == Some(INTERRUPTED);
            tally.add(&judged);
            on(&Event::Judged(Box::new(judged)))
        };
        if self.options.jobs <= 1 {
            for at in 0..total {
                emit(self.one(at).await.0, &mut tally)?;
            }
        } else {
            let (send, mut receive) = mpsc::unbounded_channel();
            let window = Arc::new(Semaphore::new(AHEAD));
            let jobs = self.options.jobs.min(total);
            for _ in 0..jobs {
                tokio::spawn(Arc::clone(self).work(Arc::clone(&window), send.clone()));
            }
            drop(send);
            let mut waiting: BTreeMap<usize, Judged> = BTreeMap::new();
            let mut due = 0;
            let mut batch = Vec::new();
            while receive.recv_many(&mut batch, AHEAD).await > 0 {
                waiting.extend(batch.drain(..));
                while let Some(judged) = waiting.remove(&due) {
                    due += 1;
                    window.add_permits(1);
                    emit(judged, &mut tally)?;
                }
                // Waking for every verdict costs more than the verdict; a moment gathers many.
                if total - due > jobs {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        }
        on(&Event::Finished(tally))?;
        Ok(tally)
    }

    fn total(&self) -> usize {
        self.plan.cases.len() * self.plan.selection.repeat.max(1)
    }

    async fn work(self: Arc<Self>, window: Arc<Semaphore>, send: mpsc::UnboundedSender<(usize, Judged)>) {
        loop {
            match window.acquire().await {
                Ok(permit) => permit.forget(),
                Err(_) => return,
            }
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            if at >= self.total() {
                return;
            }
            let (judged, _) = self.one(at).await;
            if send.send((at, judged)).is_err() {
                return;
            }
        }
    }

    /// The `at`th run of a case (all cases once, then all again), and the text of its answer as a
    /// snapshot holds it.
    pub async fn one(&self, at: usize) -> (Judged, Option<String>) {
        let place = at % self.plan.cases.len();
        let repeat = at / self.plan.cases.len();
        let planned = &self.plan.cases[place];
        let skip = planned.skip.clone().or_else(|| {
            self.stop.load(Ordering::Relaxed).then(|| {
                if self.options.fail_fast {
                    "after the first failure (--fail-fast)".to_owned()
                } else {
                    INTERRUPTED.to_owned()
                }
            })
        });
        let mut judged = Judged {
            case: Arc::clone(&planned.case),
            index: planned.index,
            repeat,
            verdict: Verdict::skipped(""),
            exchange: None,
            changed: None,
        };
        if let Some(reason) = skip {
            judged.verdict = Verdict::skipped(reason);
            return (judged, None);
        }
        // Cases that share a user must not run between another's requests.
        let shared = self.plan.exclusive && planned.before.is_empty();
        let alone = self.plan.exclusive && !planned.before.is_empty();
        let _shared = if shared { Some(self.gate.read().await) } else { None };
        let _alone = if alone { Some(self.gate.write().await) } else { None };
        match self.before(planned, repeat).await {
            Ok(()) => {}
            Err(verdict) => {
                judged.verdict = verdict;
                return (judged, None);
            }
        }
        let prepared = self.plan.prepare(&planned.case, &planned.case, repeat);
        let promised = |status| planned.case.promises.iter().any(|p| p.covers(status));
        let sent = self.target.send(&prepared.request, !planned.case.anonymous, promised).await;
        let judge = self.judges[place].get_or_init(|| Judge::new(&planned.case));
        let mut verdict = judge.judge(&sent.exchange, &prepared.inverse, &planned.state);
        let answer = match &sent.exchange.outcome {
            Ok(response) if self.options.keep_answers || self.options.store.is_some() => {
                Some(snapshot_text(&planned.case, response, &prepared.inverse))
            }
            _ => None,
        };
        if let (Some(store), Some(text)) = (&self.options.store, &answer) {
            judged.changed = self.snapshot(store, &planned.case, text, &mut verdict);
        }
        if self.options.strict {
            for deviation in &mut verdict.deviations {
                if deviation.severity == Severity::Warning {
                    deviation.severity = Severity::Failure;
                }
            }
            verdict = Verdict::of(verdict.deviations);
        }
        judged.exchange = Some(match verdict.kind {
            // A passing exchange is not shown: only its numbers are kept.
            Kind::Pass | Kind::Skip => bare(sent.exchange),
            Kind::Fail | Kind::Error => redact::exchange(&sent.exchange, self.options.token.as_ref()),
        });
        for deviation in &mut verdict.deviations {
            self.scrub(deviation);
        }
        judged.verdict = verdict;
        (judged, answer)
    }

    /// The requests that a case needs; their own cases judge them, here they must only work.
    async fn before(&self, planned: &Planned, repeat: usize) -> Result<(), Verdict> {
        for setup in &planned.before {
            let prepared = self.plan.prepare(setup, &planned.case, repeat);
            let promised = |status| setup.promises.iter().any(|p| p.covers(status));
            let sent = self.target.send(&prepared.request, true, promised).await;
            match sent.exchange.outcome {
                Err(failure) => {
                    let message = format!("before it, {}: {}", setup.id, failure.message);
                    return Err(Verdict::of(vec![Deviation::new(failure.rule, message)]));
                }
                Ok(response) if !promised(response.status) => {
                    let came = crate::message::status_text(response.status);
                    return Err(Verdict::skipped(format!("needs {}, which answered {came}", setup.id)));
                }
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// Compares an answer with the accepted one; the two texts, where they differ.
    fn snapshot(&self, store: &Store, case: &Case, text: &str, verdict: &mut Verdict) -> Option<(String, String)> {
        let mut changed = None;
        let span = case.promises.first().map(|p| p.span.clone());
        let page = span.as_ref().map_or("", |s| &s.page);
        let mut found = Vec::new();
        match store.check(&case.id, page, text) {
            Ok(Outcome::Same) => {}
            Ok(Outcome::Changed { accepted }) => {
                let message = "the answer differs from the accepted snapshot";
                found.push(Deviation::new(&rule::SNAPSHOT_CHANGED, message).between("the accepted answer", "another"));
                changed = Some((accepted, text.to_owned()));
            }
            Ok(Outcome::New) if self.options.require_snapshots => {
                let message = "no accepted snapshot; run with --update pending, review, and accept";
                found.push(Deviation::new(&rule::SNAPSHOT_MISSING, message).between("an accepted snapshot", "none"));
            }
            Ok(Outcome::New) => {}
            Err(error) => {
                let mut deviation = Deviation::new(&rule::SNAPSHOT_MISSING, error.to_string());
                deviation.severity = Severity::Error;
                found.push(deviation);
            }
        }
        if !found.is_empty() {
            for deviation in &mut found {
                deviation.source.clone_from(&span);
            }
            verdict.deviations.append(&mut found);
            *verdict = Verdict::of(std::mem::take(&mut verdict.deviations));
        }
        changed
    }

    fn scrub(&self, deviation: &mut Deviation) {
        for text in [&mut deviation.expected, &mut deviation.actual, &mut deviation.message] {
            if let Some(token) = &self.options.token {
                *text = token.scrub(text);
            }
            if let std::borrow::Cow::Owned(clean) = redact::secrets(text) {
                *text = clean;
            }
        }
    }
}

const INTERRUPTED: &str = "interrupted";

/// The text of an answer as a snapshot holds it.
pub fn snapshot_text(case: &Case, response: &Response, inverse: &Inverse) -> String {
    let mut response = response.clone();
    for (_, value) in &mut response.headers.0 {
        *value = inverse.text(value).into_owned();
    }
    if let Ok(read) = crate::json::read(&response.body) {
        let mut value = read.value;
        inverse.value(&mut value);
        response.body = value.to_string().into();
    }
    let keys = case.law.as_deref().map(|l| (l.dialect.entries.as_str(), l.dialect.entry_key.as_str()));
    snapshot::text(&response, keys)
}

/// An exchange without its bodies.
fn bare(mut exchange: Exchange) -> Exchange {
    exchange.request.body = bytes::Bytes::new();
    if let Ok(response) = &mut exchange.outcome {
        response.body = bytes::Bytes::new();
        response.headers.0.clear();
    }
    exchange
}
