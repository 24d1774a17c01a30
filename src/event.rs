//! What a run tells its reports, in plan order. Everything in an event is redacted already.

use std::sync::Arc;

use crate::case::Case;
use crate::exchange::Exchange;
use crate::rule::Severity;
use crate::verdict::{Kind, Verdict};

/// The beginning of a run.
#[derive(Clone, Debug)]
pub struct Started {
    /// The target as given; `mock` when embedded.
    pub target: String,
    /// Cases in the plan, repeats included.
    pub planned: usize,
    /// Cases that were selected of them.
    pub selected: usize,
}

/// One case, judged.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The case.
    pub case: Arc<Case>,
    /// Its place in the plan, from 0; the same for every repeat.
    pub index: usize,
    /// Which repeat, from 0.
    pub repeat: usize,
    /// What came of it.
    pub verdict: Verdict,
    /// What was sent and what came back, redacted; nothing for a skipped case.
    pub exchange: Option<Exchange>,
    /// The accepted and the new snapshot text, where they differ.
    pub changed: Option<(String, String)>,
}

impl Judged {
    /// The status that came, if any did.
    pub fn status(&self) -> Option<u16> {
        let exchange = self.exchange.as_ref()?;
        exchange.outcome.as_ref().ok().map(|response| response.status)
    }
}

/// The end of a run, in numbers: passed + failed + errors + skipped = selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Cases in the plan, repeats included.
    pub planned: usize,
    /// Cases selected.
    pub selected: usize,
    /// Cases that conform.
    pub passed: usize,
    /// Cases where the target deviates.
    pub failed: usize,
    /// Cases that say nothing about the target.
    pub errors: usize,
    /// Cases that were not sent.
    pub skipped: usize,
    /// Warnings, in all cases.
    pub warnings: usize,
    /// The run was stopped by the user.
    pub interrupted: bool,
}

impl Tally {
    /// Counts one more case.
    pub fn add(&mut self, judged: &Judged) {
        match judged.verdict.kind {
            Kind::Pass => self.passed += 1,
            Kind::Fail => self.failed += 1,
            Kind::Error => self.errors += 1,
            Kind::Skip => self.skipped += 1,
        }
        let warnings = judged.verdict.deviations.iter().filter(|d| d.severity == Severity::Warning);
        self.warnings += warnings.count();
    }

    /// The exit code of the contract: 0 all conform, 1 the target deviates, 3 a case ended in an
    /// error and none deviates, 4 nothing was judged, 130 interrupted.
    pub fn exit_code(&self) -> u8 {
        match self {
            Tally { interrupted: true, .. } => 130,
            Tally { failed: 1.., .. } => 1,
            Tally { errors: 1.., .. } => 3,
            Tally { passed: 0, .. } => 4,
            _ => 0,
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The run begins.
    Started(Started),
    /// A case was judged.
    Judged(Box<Judged>),
    /// The run is over.
    Finished(Tally),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes() {
        let code =
            |passed, failed, errors, skipped| Tally { passed, failed, errors, skipped, ..Tally::default() }.exit_code();
        assert_eq!([code(1, 0, 0, 0), code(1, 0, 0, 5), code(5, 1, 1, 0)], [0, 0, 1]);
        assert_eq!([code(5, 0, 1, 0), code(0, 0, 0, 0), code(0, 0, 0, 3)], [3, 4, 4]);
        assert_eq!(Tally { failed: 1, interrupted: true, ..Tally::default() }.exit_code(), 130);
    }
}
