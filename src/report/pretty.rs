//! The report for people: a line a case as it comes, then each failure in full, then the sum.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::time::Duration;

use super::escape::{brief, escape};
use super::paint::{Paint, wrapped};
use super::summary::{count, sentence};
use super::{Reporter, failure};
use crate::event::{Event, Judged, Started, Tally};
use crate::rule::{Deviation, Severity};
use crate::verdict::Kind;

/// Failures shown in full.
const FULL: usize = 50;
/// Failures shown in one line after that; of the others only the number is kept.
const SHORT: usize = 1_000;
/// Distinct warnings and skip reasons that are shown.
const NOTES: usize = 50;

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Only failures and the sum.
    Quiet,
    /// What most people want.
    Normal,
    /// The messages too.
    Verbose,
}

/// How the report looks.
#[derive(Clone, Debug)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
    /// Where lines end, in columns; nowhere without it.
    pub width: Option<usize>,
    /// How much is shown.
    pub level: Level,
    /// The environment variable that holds the credential, for the `curl` lines.
    pub token_env: Option<String>,
}

/// The report. Of 100,000 cases it keeps only what it prints at the end.
pub struct Pretty<W> {
    out: W,
    style: Style,
    paint: Paint,
    full: Vec<(String, usize)>,
    rule: Option<&'static str>,
    short: Vec<(String, usize)>,
    beyond: usize,
    known: HashMap<u64, usize>,
    warnings: Notes,
    skips: Notes,
    /// The target ends with the run.
    embedded: bool,
    /// How many cases failed with 404.
    lost: usize,
}

/// Texts and how often each was noted; at most [`NOTES`] of them.
#[derive(Default)]
struct Notes {
    seen: HashMap<String, usize>,
    list: Vec<(String, String, usize)>,
    beyond: usize,
}

impl Notes {
    fn add(&mut self, key: String, first: impl FnOnce() -> String) {
        match self.seen.get(&key) {
            Some(at) => self.list[*at].2 += 1,
            None if self.list.len() < NOTES => {
                self.seen.insert(key.clone(), self.list.len());
                self.list.push((key, first(), 1));
            }
            None => self.beyond += 1,
        }
    }
}

impl<W: Write> Pretty<W> {
    /// Writes to `out`.
    pub fn new(out: W, style: Style) -> Self {
        Pretty {
            out,
            paint: Paint(style.color),
            style,
            full: Vec::new(),
            rule: None,
            short: Vec::new(),
            beyond: 0,
            known: HashMap::new(),
            warnings: Notes::default(),
            skips: Notes::default(),
            embedded: false,
            lost: 0,
        }
    }

    fn started(&mut self, started: &Started) -> io::Result<()> {
        self.embedded = started.target == "mock";
        if self.style.level == Level::Quiet {
            return Ok(());
        }
        let text = format!("{} against {}", count(started.selected, "case"), escape(&started.target));
        writeln!(self.out, "{}\n", self.paint.bold(&wrapped(&text, self.style.width, 0, 2)))
    }

    fn judged(&mut self, judged: &Judged) -> io::Result<()> {
        self.lost += usize::from(judged.verdict.kind == Kind::Fail && judged.status() == Some(404));
        match judged.verdict.kind {
            Kind::Fail | Kind::Error => self.keep(judged),
            Kind::Pass => {
                for warning in warnings(judged) {
                    let at = warning.at.as_deref().map_or_else(String::new, |at| format!(" at {}", brief(at, 200)));
                    let key = format!("{}{at}\n{}", warning.rule.name, brief(&warning.message, 400));
                    self.warnings.add(key, || judged.case.id.to_string());
                }
            }
            Kind::Skip => {
                let reason = judged.verdict.skip.as_deref().unwrap_or("no reason given");
                self.skips.add(brief(reason, 400), String::new);
            }
        }
        if self.style.level != Level::Quiet {
            self.line(judged)?;
        }
        if self.style.level == Level::Verbose && judged.verdict.kind == Kind::Pass {
            self.out.write_all(failure::passed(judged, &self.style).as_bytes())?;
        }
        Ok(())
    }

    /// One line: the verdict, the case, and as much of status, duration and warnings as fits.
    fn line(&mut self, judged: &Judged) -> io::Result<()> {
        let paint = self.paint;
        let word = match judged.verdict.kind {
            Kind::Pass => paint.green("pass "),
            Kind::Fail => paint.loud("FAIL "),
            Kind::Error => paint.magenta("error"),
            Kind::Skip => paint.dim("skip "),
        };
        let mut more = Vec::new();
        if let Some(exchange) = &judged.exchange {
            more.push(judged.status().map_or_else(|| "no answer".to_owned(), |status| status.to_string()));
            more.push(duration(exchange.duration));
        }
        if let found @ 1.. = warnings(judged).count() {
            more.push(count(found, "warning"));
        }
        let title = wrapped(&failure::title(judged), self.style.width, 7, 9);
        let last = title.rsplit('\n').next().unwrap_or("").chars().count();
        let mut used = if title.contains('\n') { last } else { 7 + last };
        let fits = more.iter().take_while(|part| {
            used += part.chars().count() + 2;
            self.style.width.is_none_or(|width| used <= width)
        });
        let more: String = fits.flat_map(|part| ["  ", part]).collect();
        writeln!(self.out, "{word}  {title}{}", paint.dim(&more))
    }

    /// Keeps a failure to be shown at the end; one like it has been kept but once, and counted.
    fn keep(&mut self, judged: &Judged) {
        let alike = fingerprint(judged);
        if let Some(at) = self.known.get(&alike) {
            match at.checked_sub(FULL) {
                None => self.full[*at].1 += 1,
                Some(at) => self.short[at].1 += 1,
            }
            return;
        }
        if self.full.len() + self.short.len() >= FULL + SHORT {
            self.beyond += 1;
            return;
        }
        self.known.insert(alike, self.full.len() + self.short.len());
        if self.full.len() < FULL {
            // As text at once: the exchange and the snapshots behind it may be large.
            self.full.push((failure::block(judged, &self.style), 1));
            let worst = judged.verdict.deviations.iter().find(|d| d.severity != Severity::Warning);
            self.rule = self.rule.or(worst.map(|d| d.rule.name));
        } else {
            let rule = judged.verdict.deviations.first().map_or("", |d| d.rule.name);
            self.short.push((format!("{}  {rule}", failure::title(judged)), 1));
        }
    }

    fn finished(&mut self, tally: &Tally) -> io::Result<()> {
        let quiet = self.style.level == Level::Quiet;
        self.failures()?;
        if !quiet {
            self.warned()?;
            self.skipped()?;
        }
        if !quiet || !self.full.is_empty() {
            writeln!(self.out)?;
        }
        if self.embedded && !self.full.is_empty() {
            let hint = "the embedded mock ended with this run; `graphspec mock` starts one to repeat requests against";
            writeln!(self.out, "{}\n", self.paint.dim(&wrapped(hint, self.style.width, 0, 2)))?;
        }
        if self.lost > 0 && self.lost == tally.failed && tally.passed == 0 {
            let hint = "every answer is 404: is the base path of the target right?";
            writeln!(self.out, "{}\n", self.paint.yellow(&wrapped(hint, self.style.width, 0, 2)))?;
        }
        let text = wrapped(&sentence(tally), self.style.width, 0, 2);
        let text = match tally.exit_code() {
            0 => self.paint.green(&text),
            1 => self.paint.loud(&text),
            3 => self.paint.magenta(&text),
            _ => self.paint.yellow(&text),
        };
        writeln!(self.out, "{text}")?;
        self.out.flush()
    }

    fn failures(&mut self) -> io::Result<()> {
        let separate = self.style.level != Level::Quiet;
        for (at, (block, times)) in self.full.iter().enumerate() {
            if at > 0 || separate {
                writeln!(self.out)?;
            }
            write!(self.out, "{block}")?;
            if *times > 1 {
                let text = format!("{times} repeats of this case failed in this same way");
                writeln!(self.out, "  {}", self.paint.dim(&wrapped(&text, self.style.width, 2, 4)))?;
            }
        }
        if !self.short.is_empty() {
            let text = format!("the first {FULL} failures are shown in full; the others:");
            writeln!(self.out, "\n{}", self.paint.bold(&wrapped(&text, self.style.width, 0, 2)))?;
        }
        for (text, times) in &self.short {
            let times = if *times > 1 { format!("  ({times} times)") } else { String::new() };
            writeln!(self.out, "  {}", wrapped(&format!("{text}{times}"), self.style.width, 2, 4))?;
        }
        if self.beyond > 0 {
            let text = format!("and {}; --report json has them all", count(self.beyond, "more failure"));
            writeln!(self.out, "  {}", wrapped(&text, self.style.width, 2, 4))?;
        }
        if let Some(rule) = self.rule {
            let text = format!("more about a rule: graphspec explain {rule}");
            writeln!(self.out, "\n{}", wrapped(&text, self.style.width, 0, 2))?;
        }
        Ok(())
    }

    fn warned(&mut self) -> io::Result<()> {
        if self.warnings.list.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "\n{}", self.paint.bold("warnings in cases that passed"))?;
        for (key, case, times) in &self.warnings.list {
            let (rule, message) = key.split_once('\n').unwrap_or((key, ""));
            let place = match times {
                1 => format!("in {case}"),
                _ => format!("{times} times, first in {case}"),
            };
            let rule = wrapped(rule, self.style.width, 2, 4);
            let text = wrapped(&format!("{message} ({place})"), self.style.width, 4, 4);
            writeln!(self.out, "  {}\n    {text}", self.paint.yellow(&rule))?;
        }
        more(&mut self.out, self.warnings.beyond)
    }

    fn skipped(&mut self) -> io::Result<()> {
        if self.skips.list.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "\n{}", self.paint.bold("skipped"))?;
        for (reason, _, times) in &self.skips.list {
            let text = format!("{}: {reason}", count(*times, "case"));
            writeln!(self.out, "  {}", wrapped(&text, self.style.width, 2, 4))?;
        }
        more(&mut self.out, self.skips.beyond)
    }
}

fn more(out: &mut impl Write, beyond: usize) -> io::Result<()> {
    if beyond > 0 { writeln!(out, "  and {beyond} more") } else { Ok(()) }
}

impl<W: Write> Reporter for Pretty<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Started(started) => self.started(started),
            Event::Judged(judged) => self.judged(judged),
            Event::Finished(tally) => self.finished(tally),
        }
    }
}

fn warnings(judged: &Judged) -> impl Iterator<Item = &Deviation> {
    judged.verdict.deviations.iter().filter(|d| d.severity == Severity::Warning)
}

/// What makes two failures of one case the same: rules, places and messages.
fn fingerprint(judged: &Judged) -> u64 {
    let mut hasher = DefaultHasher::new();
    judged.case.id.hash(&mut hasher);
    for deviation in &judged.verdict.deviations {
        (deviation.rule.name, &deviation.at, &deviation.message).hash(&mut hasher);
    }
    hasher.finish()
}

fn duration(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
    } else {
        format!("{:.2} s", time.as_secs_f64())
    }
}
