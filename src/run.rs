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
use crate::plan::{Plan, Planned, TargetKind};
use crate::redact;
use crate::rule::{self, Deviation, Severity};
use crate::secret::Secret;
use crate::snapshot::{self, Store};
use crate::verdict::{Judge, Kind, Standard, Verdict};

/// How a plan is run.
#[derive(Debug, Default)]
pub struct Options {
    /// Exchanges at once; at least 1.
    pub jobs: usize,
    /// Cases after the first failure in plan order are skipped.
    pub fail_fast: bool,
    /// What answers are held to beside their pages.
    pub standard: Standard,
    /// Warnings are failures.
    pub strict: bool,
    /// Where accepted answers are, if they are compared.
    pub store: Option<Store>,
    /// A case without an accepted answer fails.
    pub require_snapshots: bool,
    /// What must not appear in an event or a snapshot.
    pub secrets: Vec<Secret>,
    /// Answers are kept as snapshot text although there is no store.
    pub keep_answers: bool,
    /// Passing exchanges are kept whole too.
    pub keep_exchanges: bool,
    /// How the target is called in reports.
    pub target_name: String,
}

/// How many verdicts may wait for an earlier one: bounds memory when one case is slow.
const AHEAD: usize = 128;

/// Bodies above this are judged one at a time: once parsed, a body of small values is many times
/// as large as its text.
const HEAVY: usize = 64 * 1024;

/// How much of a snapshot a report shows the difference of.
const SHOWN: usize = 64 * 1024;

/// A case, judged, and the text of its answer where that is kept.
pub type Outcome = (Judged, Option<String>);

/// One run of a plan.
pub struct Run {
    plan: Plan,
    target: Target,
    options: Options,
    judges: Vec<OnceLock<Judge>>,
    interrupted: AtomicBool,
    failed: AtomicBool,
    heavy: Semaphore,
    next: AtomicUsize,
    gate: RwLock<()>,
}

impl Run {
    /// A run that has not begun.
    pub fn new(plan: Plan, target: Target, options: Options) -> Arc<Self> {
        let kept = if plan.selection.repeat > 1 { plan.cases.len() } else { 0 };
        let judges = (0..kept).map(|_| OnceLock::new()).collect();
        Arc::new(Run {
            plan,
            target,
            options,
            judges,
            interrupted: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            heavy: Semaphore::new(1),
            next: AtomicUsize::new(0),
            gate: RwLock::new(()),
        })
    }

    /// How many snapshot files were written.
    pub fn written(&self) -> usize {
        self.options.store.as_ref().map_or(0, Store::written)
    }

    /// Lets no further case begin; those not begun are skipped.
    pub fn stop(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
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
        let mut emit = |at: usize, (mut judged, answer): Outcome, tally: &mut Tally| -> io::Result<()> {
            if self.failed.load(Ordering::Relaxed) && self.planned(at).skip.is_none() {
                judged.verdict = Verdict::skipped(FAILED_FAST);
                judged.exchange = None;
            } else if let Some(text) = answer {
                self.snapshot(&mut judged, &text);
            }
            if self.options.fail_fast && judged.verdict.kind == Kind::Fail {
                self.failed.store(true, Ordering::Relaxed);
            }
            tally.interrupted |= judged.verdict.skip.as_deref() == Some(INTERRUPTED);
            tally.add(&judged);
            on(&Event::Judged(Box::new(judged)))
        };
        if self.options.jobs <= 1 {
            for at in 0..total {
                emit(at, self.one(at).await, &mut tally)?;
            }
        } else {
            let (send, mut receive) = mpsc::unbounded_channel();
            let window = Arc::new(Semaphore::new(AHEAD));
            let jobs = self.options.jobs.min(total);
            for _ in 0..jobs {
                tokio::spawn(Arc::clone(self).work(Arc::clone(&window), send.clone()));
            }
            drop(send);
            let mut waiting: BTreeMap<usize, Outcome> = BTreeMap::new();
            let mut due = 0;
            let mut batch = Vec::new();
            while receive.recv_many(&mut batch, AHEAD).await > 0 {
                waiting.extend(batch.drain(..));
                while let Some(outcome) = waiting.remove(&due) {
                    window.add_permits(1);
                    emit(due, outcome, &mut tally)?;
                    due += 1;
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

    fn planned(&self, at: usize) -> &Planned {
        &self.plan.cases[at % self.plan.cases.len()]
    }

    fn total(&self) -> usize {
        self.plan.cases.len() * self.plan.selection.repeat.max(1)
    }

    async fn work(self: Arc<Self>, window: Arc<Semaphore>, send: mpsc::UnboundedSender<(usize, Outcome)>) {
        loop {
            match window.acquire().await {
                Ok(permit) => permit.forget(),
                Err(_) => return,
            }
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            if at >= self.total() {
                return;
            }
            if send.send((at, self.one(at).await)).is_err() {
                return;
            }
        }
    }

    /// The `at`th run of a case (all cases once, then all again), and the text of its answer as a
    /// snapshot holds it.
    pub async fn one(&self, at: usize) -> Outcome {
        let place = at % self.plan.cases.len();
        let repeat = at / self.plan.cases.len();
        let planned = self.planned(at);
        let stopped = [(&self.interrupted, INTERRUPTED), (&self.failed, FAILED_FAST)];
        let skip = planned.skip.clone().or_else(|| {
            let why = stopped.into_iter().find(|(flag, _)| flag.load(Ordering::Relaxed));
            why.map(|(_, reason)| reason.to_owned())
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
        let large = sent.exchange.outcome.as_ref().is_ok_and(|response| response.body.len() > HEAVY);
        let _one_at_a_time = if large { self.heavy.acquire().await.ok() } else { None };
        // Compiled schemas are large: only cases that run again keep theirs.
        let once;
        let judge = match self.judges.get(place) {
            Some(kept) => kept.get_or_init(|| Judge::with(&planned.case, &self.options.standard)),
            None => {
                once = Judge::with(&planned.case, &self.options.standard);
                &once
            }
        };
        let mut verdict = judge.judge(&sent.exchange, &prepared.inverse, &planned.state);
        // Repeats are held to the same answer, but only the first is written.
        let store = self.options.store.as_ref().filter(|store| repeat == 0 || !store.writes());
        let answer = match &sent.exchange.outcome {
            Ok(response) if self.options.keep_answers || store.is_some() => {
                Some(self.snapshot_text(&planned.case, response, &prepared.inverse))
            }
            _ => None,
        };
        if self.options.strict {
            for deviation in &mut verdict.deviations {
                if deviation.severity == Severity::Warning {
                    deviation.severity = Severity::Failure;
                }
            }
            verdict = Verdict::of(verdict.deviations);
        }
        judged.exchange = Some(match verdict.kind {
            // A passing exchange is not shown, unless its snapshot turns out to differ.
            Kind::Pass | Kind::Skip if store.is_none() && !self.options.keep_exchanges => bare(sent.exchange),
            _ => self.redacted(&sent.exchange),
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

    /// Compares an answer with the accepted one, in plan order, so that what a run writes does
    /// not depend on its jobs.
    fn snapshot(&self, judged: &mut Judged, text: &str) {
        let Some(store) = &self.options.store else { return };
        let case = Arc::clone(&judged.case);
        let span = case.promises.first().map(|p| p.span.clone());
        let page = span.as_ref().map_or("", |s| &s.page);
        let mut deviation = match store.check(&case.id, page, text) {
            Ok(snapshot::Outcome::Changed { accepted }) => {
                judged.changed = Some((cut(&accepted), cut(text)));
                let message = "the answer differs from the accepted snapshot";
                Deviation::new(&rule::SNAPSHOT_CHANGED, message).between("the accepted answer", "another")
            }
            Ok(snapshot::Outcome::New) if self.options.require_snapshots => {
                let message = "no accepted snapshot; run with --update pending, review, and accept";
                Deviation::new(&rule::SNAPSHOT_MISSING, message).between("an accepted snapshot", "none")
            }
            Ok(snapshot::Outcome::Same | snapshot::Outcome::New) => {
                if judged.verdict.kind == Kind::Pass && !self.options.keep_exchanges {
                    judged.exchange = judged.exchange.take().map(bare);
                }
                return;
            }
            Err(error) => {
                let mut deviation = Deviation::new(&rule::SNAPSHOT_MISSING, error.to_string());
                deviation.severity = Severity::Error;
                deviation
            }
        };
        deviation.source = span;
        judged.verdict.deviations.push(deviation);
        judged.verdict = Verdict::of(std::mem::take(&mut judged.verdict.deviations));
    }

    fn redacted(&self, exchange: &Exchange) -> Exchange {
        let mut shown = redact::exchange(exchange, &self.options.secrets);
        // The id that the client made up is another each time; an answer that only echoes it is
        // the same answer.
        if let (None, Ok(response)) = (shown.request.headers.get(OURS), &mut shown.outcome)
            && response.headers.get(OURS).is_some()
        {
            response.headers.set(OURS, "[ours]");
        }
        shown
    }

    fn scrub(&self, deviation: &mut Deviation) {
        for text in [&mut deviation.expected, &mut deviation.actual, &mut deviation.message] {
            *text = redact::secrets(text, &self.options.secrets).into_owned();
        }
        // A target may well name a member by what it was sent.
        if let Some(at) = &mut deviation.at {
            *at = redact::secrets(at, &self.options.secrets).into_owned();
        }
    }

    /// The text of an answer as a snapshot holds it: documented values in the place of the
    /// target's own, no secret, and of a tenant no value at all.
    fn snapshot_text(&self, case: &Case, response: &Response, inverse: &Inverse) -> String {
        let mut response = response.clone();
        for (_, value) in &mut response.headers.0 {
            *value = inverse.text(value).into_owned();
        }
        if let Ok(read) = crate::json::read(&response.body) {
            let mut value = read.value;
            inverse.value(&mut value);
            if self.plan.selection.kind == TargetKind::Tenant {
                snapshot::mask_scalars(&mut value, |text| inverse.documents(text));
            }
            response.body = value.to_string().into();
        }
        let keys = case.law.as_deref().map(|l| (l.dialect.entries.as_str(), l.dialect.entry_key.as_str()));
        redact::secrets(&snapshot::text(&response, keys), &self.options.secrets).into_owned()
    }
}

/// The field by which a client names its requests.
const OURS: &str = "client-request-id";

const INTERRUPTED: &str = "interrupted";
const FAILED_FAST: &str = "after the first failure (--fail-fast)";

/// The beginning of a snapshot, whole lines of it.
fn cut(text: &str) -> String {
    let end = text.floor_char_boundary(SHOWN);
    if end == text.len() { text.to_owned() } else { format!("{}\n…\n", text[..end].trim_end()) }
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
