//! One case that did not pass, in full.

use super::escape::{brief, escape};
use super::paint::{Paint, wrapped};
use super::pretty::{Level, Style};
use super::summary::count;
use super::{curl, diff};
use crate::event::Judged;
use crate::exchange::Exchange;
use crate::message::{Headers, status_text};
use crate::rule::{Deviation, Severity};
use crate::verdict::Kind;

/// The most kinds of deviation shown of one case, unless verbose.
const GROUPS: usize = 20;
/// The most characters of an expected or actual value.
const VALUE: usize = 600;
/// The most lines and characters of a body, when verbose.
const BODY: (usize, usize) = (100, 4_000);

/// Deviations alike but for their place: the first of them, and every place.
struct Group<'a> {
    first: &'a Deviation,
    places: Vec<&'a str>,
}

/// The case's name, request, deviations with what was promised where, diff, and `curl` line.
/// Ends with a newline; nothing in it but the `curl` line is wider than the style's width.
pub(super) fn block(judged: &Judged, style: &Style) -> String {
    let paint = Paint(style.color);
    let mut out = Lines { text: String::new(), width: style.width };
    match judged.verdict.kind {
        Kind::Error => out.line(0, &format!("error  {}", title(judged)), |t| paint.magenta(t)),
        _ => out.line(0, &format!("FAIL  {}", title(judged)), |t| paint.loud(t)),
    }
    request(judged, paint, &mut out);

    let groups = groups(&judged.verdict.deviations);
    let shown = if style.level == Level::Verbose { groups.len() } else { groups.len().min(GROUPS) };
    for group in &groups[..shown] {
        out.text.push('\n');
        deviation(group, judged, paint, &mut out);
    }
    if shown < groups.len() {
        let more: usize = groups[shown..].iter().map(|g| g.places.len().max(1)).sum();
        out.text.push('\n');
        out.line(2, &format!("and {}; -v or --report json shows all", count(more, "more deviation")), |t| paint.dim(t));
    }
    if let Some(exchange) = &judged.exchange {
        if style.level == Level::Verbose {
            bodies(exchange, paint, &mut out);
        }
        let token = style.token_env.as_deref().filter(|_| !judged.case.anonymous);
        out.text.extend(["\n  ", &paint.dim(&curl::command(exchange, token)), "\n"]);
    }
    out.text
}

/// The exchange of a case that passed, for those who want to see all of them.
pub(super) fn passed(judged: &Judged, style: &Style) -> String {
    let paint = Paint(style.color);
    let mut out = Lines { text: String::new(), width: style.width };
    request(judged, paint, &mut out);
    if let Some(exchange) = &judged.exchange {
        bodies(exchange, paint, &mut out);
    }
    out.text.push('\n');
    out.text
}

/// The case's id, with the number of its repeat from the second on.
pub(super) fn title(judged: &Judged) -> String {
    match judged.repeat {
        0 => judged.case.id.to_string(),
        again => format!("{} #{}", judged.case.id, again + 1),
    }
}

fn request(judged: &Judged, paint: Paint, out: &mut Lines) {
    let case = &judged.case;
    let line = match &judged.exchange {
        Some(exchange) => format!("{} {}", exchange.request.method, exchange.request.url),
        None => format!("{} {}", case.method, case.path),
    };
    out.line(2, &escape(&line), str::to_owned);
    let mut from = format!("of {}", case.span);
    if case.derived {
        from.push_str(", derived from the promise");
    }
    if let Some(exchange) = &judged.exchange {
        let came = match &exchange.outcome {
            Ok(response) => format!("answered {}", status_text(response.status)),
            Err(_) => "no answer".to_owned(),
        };
        from = format!("{from}; {came}");
        if exchange.attempts > 1 {
            from.extend([" after ", &count(exchange.attempts as usize, "attempt")]);
        }
    }
    out.line(2, &escape(&from), |t| paint.dim(t));
}

fn groups(deviations: &[Deviation]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group> = Vec::new();
    for deviation in deviations {
        let all_but_place = |d: &Deviation| {
            (d.rule.name, d.severity) == (deviation.rule.name, deviation.severity)
                && (&d.message, &d.expected, &d.actual) == (&deviation.message, &deviation.expected, &deviation.actual)
                && d.source == deviation.source
        };
        let place = deviation.at.as_deref();
        match groups.iter_mut().find(|g| all_but_place(g.first)) {
            Some(group) => group.places.extend(place),
            None => groups.push(Group { first: deviation, places: place.into_iter().collect() }),
        }
    }
    groups
}

fn deviation(group: &Group, judged: &Judged, paint: Paint, out: &mut Lines) {
    let first = group.first;
    let mut head = format!("{} ({})", first.rule.name, first.severity);
    if let Some(at) = places(&group.places) {
        head = format!("{head} at {at}");
    }
    out.line(2, &head, |t| if first.severity == Severity::Warning { paint.yellow(t) } else { paint.red(t) });
    out.line(4, &brief(&first.message, VALUE), str::to_owned);
    let snapshot = judged.changed.as_ref().filter(|_| first.rule.name == "snapshot/changed");
    if let Some((accepted, new)) = snapshot {
        for line in diff::lines(accepted, new, paint) {
            out.text.push_str(format!("    {line}").trim_end());
            out.text.push('\n');
        }
    } else if first.actual != first.message {
        // Else nothing came, and the message has said so.
        for (name, value) in [("expected", &first.expected), ("  actual", &first.actual)] {
            if !value.is_empty() {
                out.labelled(name, &brief(value, VALUE), |t| paint.dim(t));
            }
        }
    }
    if let Some(source) = &first.source {
        out.line(4, &escape(&format!("promised at {source}")), |t| paint.dim(t));
    }
}

/// The places of a group: three at most, then how many more.
pub(super) fn places(places: &[&str]) -> Option<String> {
    let shown: Vec<String> =
        places.iter().take(3).map(|at| brief(if at.is_empty() { "the root" } else { at }, 200)).collect();
    let more = places.len() - shown.len();
    match (shown.is_empty(), more) {
        (true, _) => None,
        (_, 0) => Some(shown.join(", ")),
        _ => Some(format!("{} and {more} more", shown.join(", "))),
    }
}

/// Both messages, bounded.
fn bodies(exchange: &Exchange, paint: Paint, out: &mut Lines) {
    let request = &exchange.request;
    out.text.push('\n');
    out.line(2, &escape(&format!("> {} {}", request.method, request.url)), |t| paint.dim(t));
    message('>', &request.headers, &request.body, paint, out);
    out.text.push('\n');
    match &exchange.outcome {
        Ok(response) => {
            out.line(2, &format!("< {}", status_text(response.status)), |t| paint.dim(t));
            message('<', &response.headers, &response.body, paint, out);
        }
        Err(failure) => out.line(2, &format!("< {}", brief(&failure.message, VALUE)), |t| paint.dim(t)),
    }
}

fn message(mark: char, headers: &Headers, body: &[u8], paint: Paint, out: &mut Lines) {
    for (name, value) in &headers.0 {
        out.line(2, &format!("{mark} {}: {}", escape(name), brief(value, VALUE)), |t| paint.dim(t));
    }
    let text = String::from_utf8_lossy(body);
    let end = text.floor_char_boundary(BODY.1);
    let mut lines = text[..end].lines();
    if !body.is_empty() {
        out.line(2, &mark.to_string(), |t| paint.dim(t));
    }
    for line in lines.by_ref().take(BODY.0) {
        out.line(2, &format!("{mark} {}", escape(line)), |t| paint.dim(t));
    }
    if lines.next().is_some() || end < text.len() {
        out.line(2, &format!("{mark} … [{} in all]", count(body.len(), "byte")), |t| paint.dim(t));
    }
}

/// Text under construction.
struct Lines {
    text: String,
    width: Option<usize>,
}

impl Lines {
    /// One line at `indent`, wrapped two columns further in.
    fn line(&mut self, indent: usize, text: &str, paint: impl Fn(&str) -> String) {
        let wrapped = wrapped(text, self.width, indent, indent + 2);
        for (at, line) in wrapped.split('\n').enumerate() {
            // The lines after the first bring their own indent.
            let line = line.trim_start_matches(|c| at > 0 && c == ' ');
            let indent = if at > 0 { indent + 2 } else { indent };
            self.text.push_str(&" ".repeat(indent));
            self.text.push_str(&paint(line));
            self.text.push('\n');
        }
    }

    /// A value beside its name, wrapped under itself.
    fn labelled(&mut self, name: &str, value: &str, paint: impl Fn(&str) -> String) {
        let indent = 6 + name.len();
        self.text.extend(["    ", &paint(name), "  ", &wrapped(value, self.width, indent, indent), "\n"]);
    }
}
