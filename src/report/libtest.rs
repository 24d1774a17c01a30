//! The report as `cargo test` prints it, for tools that read that.

use std::io::{self, Write};
use std::time::Instant;

use super::escape::escape;
use super::paint::Paint;
use super::pretty::{Level, Style};
use super::{Reporter, failure};
use crate::event::{Event, Tally};
use crate::verdict::Kind;

/// Failures shown in full; of the others only the name is kept.
const FULL: usize = 50;

/// The report. A case that ended in an error counts as failed, since the format has no other word.
pub struct Libtest<W> {
    out: W,
    paint: Paint,
    start: Instant,
    details: Vec<(String, String)>,
    failed: Vec<String>,
}

impl<W: Write> Libtest<W> {
    /// Writes to `out`, in colours or without.
    pub fn new(out: W, color: bool) -> Self {
        Libtest { out, paint: Paint(color), start: Instant::now(), details: Vec::new(), failed: Vec::new() }
    }

    fn finished(&mut self, tally: &Tally) -> io::Result<()> {
        if !self.failed.is_empty() {
            writeln!(self.out, "\nfailures:")?;
            for (name, details) in &self.details {
                writeln!(self.out, "\n---- {name} stdout ----\n{}", details.trim_end())?;
            }
            let rest = self.failed.len() - self.details.len();
            if rest > 0 {
                writeln!(self.out, "\n(details of {rest} more are left out)")?;
            }
            writeln!(self.out, "\n\nfailures:")?;
            for name in &self.failed {
                writeln!(self.out, "    {name}")?;
            }
        }
        let result = if self.failed.is_empty() { self.paint.green("ok") } else { self.paint.red("FAILED") };
        writeln!(
            self.out,
            "\ntest result: {result}. {} passed; {} failed; {} ignored; 0 measured; {} filtered out; finished in {:.2}s\n",
            tally.passed,
            tally.failed + tally.errors,
            tally.skipped,
            tally.planned.saturating_sub(tally.selected),
            self.start.elapsed().as_secs_f64(),
        )?;
        self.out.flush()
    }
}

impl<W: Write> Reporter for Libtest<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Started(started) => {
                self.start = Instant::now();
                let noun = if started.selected == 1 { "test" } else { "tests" };
                writeln!(self.out, "\nrunning {} {noun}", started.selected)
            }
            Event::Judged(judged) => {
                let name = failure::title(judged);
                let word = match judged.verdict.kind {
                    Kind::Pass => self.paint.green("ok"),
                    Kind::Fail | Kind::Error => self.paint.red("FAILED"),
                    Kind::Skip => {
                        let reason = judged.verdict.skip.as_deref().unwrap_or("");
                        let ignored = self.paint.yellow("ignored");
                        if reason.is_empty() { ignored } else { format!("{ignored}, {}", escape(reason)) }
                    }
                };
                writeln!(self.out, "test {name} ... {word}")?;
                if matches!(judged.verdict.kind, Kind::Fail | Kind::Error) {
                    if self.details.len() < FULL {
                        let style = Style { color: self.paint.0, width: None, level: Level::Normal, token_env: None };
                        self.details.push((name.clone(), failure::block(judged, &style)));
                    }
                    self.failed.push(name);
                }
                Ok(())
            }
            Event::Finished(tally) => self.finished(tally),
        }
    }
}
