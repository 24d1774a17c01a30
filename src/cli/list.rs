//! `graphspec list`.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::{Value, json};

use super::args::{ListArgs, ListFormat};
use super::{Refused, note, quiet_pipe, sources};
use crate::binding::Bindings;
use crate::case::{Case, Promise};
use crate::page::{self, BlockKind, Page};
use crate::plan::{Plan, Selection, TargetKind};

pub fn main(args: &ListArgs) -> Result<u8, Refused> {
    let pages = page::read_all(&sources(&args.pages)?);
    for problem in pages.iter().flat_map(|p| &p.problems) {
        if args.format == ListFormat::Text {
            note(&format!("{}: {}: {}", problem.span, problem.rule.name, problem.message));
        }
    }
    if args.blocks {
        let mut out = io::BufWriter::new(io::stdout().lock());
        let written = pages.iter().try_for_each(|page| blocks(page, args.format, &mut out));
        quiet_pipe(written.and_then(|()| out.flush()))?;
        return Ok(if pages.iter().all(|p| p.blocks.is_empty()) { 4 } else { 0 });
    }
    let cases: Vec<Arc<Case>> = pages.into_iter().flat_map(|p| p.cases).map(Arc::new).collect();
    let selection = Selection {
        filters: args.select.filters.clone(),
        repeat: 1,
        kind: TargetKind::Mock,
        allow_writes: true,
        has_token: true,
        bindings: Bindings::default(),
        headers: Vec::new(),
    };
    let plan = Plan::new(&cases, selection);
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = match args.format {
        ListFormat::Json => plan.cases.iter().try_for_each(|p| writeln!(out, "{}", line(&p.case))),
        ListFormat::Text => text(&plan, &mut out),
    };
    quiet_pipe(written.and_then(|()| out.flush()))?;
    if plan.cases.is_empty() {
        let why = if cases.is_empty() { "the pages hold no case" } else { "no case matches --filter" };
        note(why);
        return Ok(4);
    }
    Ok(0)
}

fn text(plan: &Plan, out: &mut impl Write) -> io::Result<()> {
    let width = plan.cases.iter().map(|p| p.case.id.as_str().len()).max().unwrap_or(0);
    let mut page = None;
    for planned in &plan.cases {
        let case = &planned.case;
        if page.as_ref() != Some(&case.span.page) {
            if page.is_some() {
                writeln!(out)?;
            }
            writeln!(out, "{}", case.span.page)?;
            page = Some(Arc::clone(&case.span.page));
        }
        let mut remarks = String::new();
        if case.derived {
            remarks.push_str("  (request derived from the promise)");
        }
        if let Some(reason) = &case.skip {
            remarks.push_str(&format!("  skipped: {reason}"));
        }
        writeln!(out, "  {:width$}  {} {}{remarks}", case.id.as_str(), case.method, case.path)?;
    }
    let skipped = plan.cases.iter().filter(|p| p.case.skip.is_some()).count();
    let count = plan.cases.len();
    let plural = if count == 1 { "case" } else { "cases" };
    let remark = if skipped == 0 { String::new() } else { format!(", {skipped} of them skipped") };
    if count > 0 {
        writeln!(out, "\n{count} {plural}{remark}")?;
    }
    Ok(())
}

/// Every HTTP block of a page and its one fate.
fn blocks(page: &Page, format: ListFormat, out: &mut impl Write) -> io::Result<()> {
    for block in &page.blocks {
        // A request is in all of its cases, a response in those that promise it.
        let holds = |case: &&Case| {
            let own = block.owner == Some(case.span.line);
            let promised = case.promises.iter().any(|p| p.span.line == block.line);
            promised || (own && block.kind == BlockKind::Request)
        };
        let cases: Vec<&Case> = page.cases.iter().filter(holds).collect();
        let skipped = cases.iter().find_map(|case| case.skip.clone());
        let (fate, reason) = match (&cases[..], block.kind) {
            ([], _) if block.intended => ("skipped", block.reason.clone()),
            ([], _) => ("unread", block.reason.clone().or_else(|| Some("it belongs to no case".to_owned()))),
            (cases, _) if cases.iter().all(|case| case.skip.is_some()) => ("skipped", skipped),
            _ => ("case", None),
        };
        let ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        let kind = block.kind.name();
        match format {
            ListFormat::Json => {
                let line = json!({
                    "page": &*page.name, "line": block.line, "kind": kind, "fate": fate, "cases": ids, "reason": reason,
                });
                writeln!(out, "{line}")?;
            }
            ListFormat::Text => {
                let why = reason.unwrap_or_else(|| ids.join(" "));
                writeln!(out, "{}:{}  {kind:8}  {fate:7}  {why}", page.name, block.line)?;
            }
        }
    }
    Ok(())
}

/// One case as a JSON line.
fn line(case: &Case) -> Value {
    let law = case.law.as_deref();
    json!({
        "case": case.id.as_str(),
        "page": &*case.span.page,
        "line": case.span.line,
        "method": case.method,
        "url": case.url,
        "path": case.path,
        "headers": case.headers.to_json(),
        "body": case.content.as_value(),
        "repaired": case.repaired,
        "derived": case.derived,
        "expect": case.promises.iter().map(promise).collect::<Vec<_>>(),
        "multiStatus": law.map(|l| l.dialect.as_value()),
        "skip": case.skip,
    })
}

fn promise(promise: &Promise) -> Value {
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
    if !promise.accepts.is_empty() {
        out["accepts"] = promise.accepts.iter().map(|a| a.as_value()).collect();
    }
    out
}
