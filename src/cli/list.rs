//! `graphspec list`.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::args::{Form, ListArgs};
use super::{Losses, Refused, docset, metadata, note, quiet_pipe, report_unopened, unless_unopened};
use crate::case::{Case, Promise};
use crate::page::{Block, Page, Reading};
use crate::plan::Filter;
use crate::report::{escape, harmless};
use crate::source::Span;
use crate::verdict::Standard;

/// What a page adds to the list.
#[derive(Default)]
struct Listed {
    text: String,
    /// Blocks of files that the page includes; others may include them too.
    included: Vec<(Span, usize, String)>,
    /// How many cases or blocks are shown, and how many the page holds.
    shown: usize,
    held: usize,
    /// What became of those shown.
    fates: [usize; 3],
    losses: Vec<String>,
}

pub fn main(args: &ListArgs) -> Result<u8, Refused> {
    let filter = Filter::new(&args.select.filters);
    let standard = args.metadata.as_deref().map(metadata::standard).transpose()?;
    let of = |reading: Reading| listed(&reading.page, args, &filter, standard.as_ref());
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut total = Listed::default();
    let mut losses = Losses::default();
    let mut written = Ok(());
    let mut shared: HashSet<Span> = HashSet::new();
    let unopened = docset(&args.pages)?.read(of, |mut page| {
        for (span, place, line) in std::mem::take(&mut page.included) {
            // A block that several pages include is listed with the first of them.
            if shared.insert(span) {
                page.text.push_str(&line);
                page.fates[place] += 1;
                page.shown += 1;
            }
        }
        let between = args.format == Form::Text && !args.blocks && total.shown > 0 && page.shown > 0;
        if written.is_ok() {
            written =
                out.write_all(if between { b"\n" } else { b"" }).and_then(|()| out.write_all(page.text.as_bytes()));
        }
        total.shown += page.shown;
        total.held += page.held;
        total.fates.iter_mut().zip(page.fates).for_each(|(all, more)| *all += more);
        losses.add(page.losses);
    });
    if args.format == Form::Text && written.is_ok() && total.shown > 0 {
        written = writeln!(out, "\n{}", counts(&total, args.blocks));
    }
    quiet_pipe(written.and_then(|()| out.flush()))?;
    drop(out);
    losses.tell();
    let all_read = report_unopened(&unopened);
    if total.shown > 0 {
        return Ok(unless_unopened(0, all_read));
    }
    note(match (total.held, args.blocks) {
        (0, false) => "the pages hold no case",
        (0, true) => "the pages hold no HTTP block",
        _ => "no case matches --filter",
    });
    Ok(unless_unopened(4, all_read))
}

fn counts(total: &Listed, blocks: bool) -> String {
    let plural = |count: usize, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    let [plain, skipped, unread] = total.fates;
    if blocks {
        return format!("{}: {plain} in cases, {skipped} skipped, {unread} unread", plural(total.shown, "block"));
    }
    let remark = if skipped == 0 { String::new() } else { format!(", {skipped} of them skipped") };
    format!("{}{remark}", plural(total.shown, "case"))
}

fn listed(page: &Page, args: &ListArgs, filter: &Filter, standard: Option<&Standard>) -> Listed {
    let mut out = Listed::default();
    out.losses.extend(page.problems.iter().filter(|p| p.loses).map(super::loss));
    if args.blocks {
        blocks(page, args.format, &mut out);
    } else {
        cases(page, args.format, filter, standard, &mut out);
    }
    out
}

fn cases(page: &Page, format: Form, filter: &Filter, standard: Option<&Standard>, out: &mut Listed) {
    let taken: Vec<&Case> = page.cases.iter().filter(|case| filter.takes(case.id.as_str())).collect();
    out.held = page.cases.len();
    out.shown = taken.len();
    let skipped = taken.iter().filter(|case| case.skip.is_some()).count();
    out.fates = [taken.len() - skipped, skipped, 0];
    if format == Form::Json {
        for case in taken {
            let _ = writeln!(out.text, "{}", harmless(&line(case, standard)));
        }
        return;
    }
    if !taken.is_empty() {
        let _ = writeln!(out.text, "{}", escape(&page.name));
    }
    let width = |of: fn(&Case) -> usize| taken.iter().map(|case| of(case)).max().unwrap_or(0);
    let (ids, methods) = (width(|case| case.id.as_str().len()), width(|case| case.method.len()));
    for case in &taken {
        let mut remarks = String::new();
        if case.derived {
            remarks.push_str("  (request derived from the promise)");
        }
        if let Some(reason) = &case.skip {
            let _ = write!(remarks, "  skipped: {reason}");
        }
        if let Some((name, by)) = standard.and_then(|standard| schema(case.promise()?, case, standard)) {
            let _ = write!(remarks, "  answers {name} (by {by})");
        }
        let path = escape(&case.path);
        let _ = writeln!(out.text, "  {:ids$}  {:methods$} {path}{}", case.id.as_str(), case.method, escape(&remarks));
    }
}

/// Every HTTP block of a page and its one fate.
fn blocks(page: &Page, format: Form, out: &mut Listed) {
    // A request is in all of its cases, a response in those that promise it.
    let mut asking: HashMap<&Span, Vec<&Case>> = HashMap::new();
    let mut promising: HashMap<&Span, Vec<&Case>> = HashMap::new();
    for case in &page.cases {
        asking.entry(&case.span).or_default().push(case);
        for promise in &case.promises {
            promising.entry(&promise.span).or_default().push(case);
        }
    }
    for block in &page.blocks {
        let cases: Vec<&Case> =
            asking.get(&block.span).into_iter().chain(promising.get(&block.span)).flatten().copied().collect();
        let (fate, reason) = fate(block, &cases);
        let mut ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        ids.dedup();
        let (span, kind) = (&block.span, block.kind.name());
        let line = match format {
            Form::Json => {
                let line = json!({
                    "page": &*span.page, "line": span.line, "kind": kind, "fate": fate, "cases": ids, "reason": reason,
                });
                format!("{}\n", harmless(&line))
            }
            Form::Text => {
                let why = reason.unwrap_or_else(|| ids.join(" "));
                format!("{}  {kind:8}  {fate:7}  {}\n", escape(&span.to_string()), escape(&why))
            }
        };
        let place = ["case", "skipped", "unread"].iter().position(|known| *known == fate).unwrap_or(0);
        if span.page == page.name {
            out.text.push_str(&line);
            out.fates[place] += 1;
            out.shown += 1;
        } else {
            out.included.push((span.clone(), place, line));
        }
    }
    out.held = page.blocks.len();
}

fn fate(block: &Block, cases: &[&Case]) -> (&'static str, Option<String>) {
    if cases.is_empty() {
        let reason = block.reason.clone().or_else(|| Some("it belongs to no case".to_owned()));
        return (if block.intended { "skipped" } else { "unread" }, reason);
    }
    if cases.iter().all(|case| case.skip.is_some()) {
        return ("skipped", cases[0].skip.clone());
    }
    ("case", None)
}

/// The type that judges an answer, and what tells it.
fn schema(promise: &Promise, case: &Case, standard: &Standard) -> Option<(String, &'static str)> {
    let entries = case.law.as_deref().map(|law| law.dialect.entries.as_str());
    let expected = standard.expected(case, promise, entries)?;
    Some((standard.types.name_of(&expected), expected.chosen.name()))
}

/// One case as a JSON line.
fn line(case: &Case, standard: Option<&Standard>) -> Value {
    let law = case.law.as_deref();
    json!({
        "case": case.id.as_str(),
        "page": &*case.span.page,
        "line": case.span.line,
        "method": case.method,
        "url": case.url,
        "path": case.path,
        "template": case.template,
        "headers": case.headers.to_json(),
        "body": case.content.as_value(),
        "repaired": case.repaired,
        "derived": case.derived,
        "expect": case.promises.iter().map(|promise| expected(promise, case, standard)).collect::<Vec<_>>(),
        "multiStatus": law.map(|l| l.dialect.as_value()),
        "skip": case.skip,
    })
}

fn expected(promise: &Promise, case: &Case, standard: Option<&Standard>) -> Value {
    let mut out = json!({
        "status": promise.status,
        "line": promise.span.line,
        "role": promise.role.name(),
        "type": promise.type_name,
        "collection": promise.collection,
        "truncated": promise.truncated,
        "headers": promise.headers.to_json(),
        "body": promise.content.as_value(),
    });
    if let Some(standard) = standard {
        out["schema"] = schema(promise, case, standard).map(|(name, by)| json!({"type": name, "by": by})).into();
    }
    if promise.span.page != case.span.page {
        out["page"] = (*promise.span.page).into();
    }
    if !promise.accepts.is_empty() {
        out["accepts"] = promise.accepts.iter().map(|a| a.as_value()).collect();
    }
    out
}
