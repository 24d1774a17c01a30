//! The statuses that the prose promises against those that the examples show.

use std::collections::BTreeSet;

use crate::message;
use crate::page::{Fence, Problem, Reading, foreign};
use crate::rule;
use crate::source::Span;

/// Statuses of success that the prose names and no example shows, and the reverse.
///
/// Read is what stands under a heading `Response`, outside of fences and tables: there pages say
/// what comes back. Elsewhere a number is a count, a version, or the answer to something else.
/// Errors are left out: pages name more of them than they show.
pub fn check(reading: &Reading, problems: &mut Vec<Problem>) {
    let (named, sections) = named(reading);
    if named.is_empty() {
        return;
    }
    let mut shown: BTreeSet<u16> = BTreeSet::new();
    let judged = reading.examples.iter().filter(|e| foreign(&e.url).is_none());
    for example in judged {
        let mut redirected = false;
        for answer in &example.responses {
            let Some(status) = answer.status else { return };
            redirected |= (300..400).contains(&status);
            // What a redirect leads to is an answer to another request.
            if (200..300).contains(&status) && !redirected {
                shown.insert(status);
            }
        }
    }
    if shown.is_empty() {
        return;
    }
    let codes: BTreeSet<u16> = named.iter().map(|(code, _)| *code).collect();
    // Where one of several is shown, the others are what may come instead; 207 is no alternative,
    // but what comes when something fails.
    let agreed = codes.intersection(&shown).next().is_some();
    for (code, line) in &named {
        let lacks = !shown.contains(code) && (!agreed || *code == 207);
        if lacks {
            let status = message::status_text(*code);
            let message = format!("the text promises {status}, and no example shows it");
            let span = Span::new(&reading.page.name, *line);
            problems.push(Problem::new(&rule::PAGE_PROSE_STATUS, span, &message));
        }
    }
    // A page that names no full success leaves it to the examples.
    // One that describes several operations has a text for each.
    if agreed && sections == 1 && codes.iter().any(|code| *code != 207) {
        let unnamed = |status: Option<u16>| status.is_some_and(|s| shown.contains(&s) && !codes.contains(&s));
        for example in reading.examples.iter().filter(|e| foreign(&e.url).is_none()) {
            let mut before = example.responses.iter().take_while(|a| a.status.is_none_or(|s| s < 300));
            if let Some(answer) = before.find(|a| unnamed(a.status))
                && !mentions(reading, answer.status.unwrap_or(0))
            {
                let status = message::status_text(answer.status.unwrap_or(0));
                let message = format!("the example shows {status}, which the text does not name");
                let span = answer.span.at_line(answer.parts.start);
                problems.push(Problem::new(&rule::PAGE_PROSE_STATUS, span, &message));
                return;
            }
        }
    }
}

/// The statuses of success that the text under `Response` names, each with its first line; and how
/// many such sections there are.
fn named(reading: &Reading) -> (Vec<(u16, u32)>, usize) {
    let text = &reading.text;
    let fences: Vec<&Fence> = reading.own_fences().collect();
    let mut found: Vec<(u16, u32)> = Vec::new();
    let mut sections = 0;
    let (mut from, mut line) = (0, 1);
    while let Some(at) = memchr::memmem::find(&text.as_bytes()[from..], b"## ").map(|at| from + at) {
        line += count_lines(&text[from..at]);
        from = at + 3;
        let mut rest = text[from..].split_inclusive('\n');
        let title = rest.next().unwrap_or("").trim().trim_end_matches(['s', 'S', ':', '#', ' ']);
        let is_heading = at == 0 || text.as_bytes()[at - 1] == b'\n';
        if !is_heading || !title.eq_ignore_ascii_case("response") || fenced(&fences, line) {
            continue;
        }
        sections += 1;
        let mut commented = false;
        for (line, text) in (line + 1..).zip(rest) {
            if fenced(&fences, line) {
                continue;
            }
            let text = text.trim();
            if is_title(text) {
                break;
            }
            commented = (commented || text.starts_with("<!--")) && !text.contains("-->");
            if commented || text.starts_with(['|', '<']) {
                continue;
            }
            for code in codes(text) {
                if !found.iter().any(|(known, _)| *known == code) {
                    found.push((code, line));
                }
            }
        }
    }
    (found, sections)
}

/// Whether the text names a status anywhere outside of fences, in whatever words.
fn mentions(reading: &Reading, status: u16) -> bool {
    let code = status.to_string();
    let fences: Vec<&Fence> = reading.own_fences().collect();
    (1..).zip(reading.text.lines()).any(|(line, text)| {
        text.split(|c: char| !c.is_alphanumeric()).any(|word| word == code) && !fenced(&fences, line)
    })
}

/// Whether a line stands inside one of the fences, which are in order.
fn fenced(fences: &[&Fence], line: u32) -> bool {
    let after = fences.partition_point(|fence| fence.span.line <= line);
    after.checked_sub(1).is_some_and(|at| line <= fences[at].end)
}

fn count_lines(text: &str) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', text.as_bytes()).count()).unwrap_or(u32::MAX)
}

fn is_title(text: &str) -> bool {
    let title = text.trim_start_matches('#');
    title.len() < text.len() && title.starts_with(' ')
}

/// Numbers of a line that are plainly statuses of success: in a code span, or before their phrase.
fn codes(text: &str) -> Vec<u16> {
    let mut found = Vec::new();
    let digits = |at: usize| text.get(at..at + 3).filter(|code| code.bytes().all(|b| b.is_ascii_digit()));
    for (at, _) in text.match_indices('2') {
        let Some(code) = digits(at).and_then(|code| code.parse::<u16>().ok()) else { continue };
        let (before, after) = (&text[..at], &text[at + 3..]);
        if before.ends_with(|c: char| c.is_alphanumeric() || "./-:,".contains(c))
            || after.starts_with(|c: char| c.is_alphanumeric() || c == '-')
        {
            continue;
        }
        let phrase = message::reason(code);
        let rest = after.trim_start_matches([' ', '`', '*', '-', ',', '(']);
        let starts = |phrase: &str| rest.get(..phrase.len()).is_some_and(|head| head.eq_ignore_ascii_case(phrase));
        let phrased = !phrase.is_empty() && (starts(phrase) || starts(&phrase.replace(['-', ' '], "")));
        let ends = |word: &str| {
            let tail = before.len().checked_sub(word.len()).and_then(|at| before.get(at..));
            tail.is_some_and(|tail| tail.eq_ignore_ascii_case(word))
        };
        let next = after.trim_start();
        let follows = |word: &str| next.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
        let quoted = before.ends_with('`') && (after.starts_with('`') || phrased)
            || ends("HTTP ")
            || follows("response code")
            || follows("status");
        if !phrase.is_empty() && (phrased || quoted) {
            found.push(code);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_plainly_a_status_counts() {
        for (text, want) in [
            ("If successful, this method returns `200 OK` and a `207 Multi-Status`.", &[200, 207][..]),
            ("returns a 204 No Content response code", &[204]),
            ("returns `204`, or HTTP 202.", &[204, 202]),
            ("returns a `201 - Created` or **201** (Created)", &[201, 201]),
            ("returns 200 places per page, `250` of them at most, in Microsoft 2019 or v1.200", &[]),
            ("`404 Not Found` or 2xx, 206.5, 2-200 or 200-299", &[]),
        ] {
            assert_eq!(codes(text), want, "{text}");
        }
    }
}
