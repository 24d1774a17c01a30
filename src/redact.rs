//! Secrets and volatile values → masks. Text or values in, the same without them out. Knows
//! nothing of cases or reports.

mod masks;

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

use crate::exchange::{Exchange, Failure};
use crate::message::{Headers, Request, Response};
use crate::secret::{MASK, Secret};

pub use masks::Masks;

/// The most of a body that a redacted exchange keeps, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// How far beyond [`BODY_LIMIT`] is looked, so that no secret is cut in half and shown.
const MARGIN: usize = 16 * 1024;

/// Members and parameters that hold secrets (RFC 6749, 7523, 8628; `OpenID` Connect Core).
const MEMBERS: [&str; 6] =
    ["access_token", "refresh_token", "client_secret", "client_assertion", "device_code", "id_token"];

/// Header fields whose value is a credential or a session.
const CREDENTIALS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];

/// `text`, of any length, without secrets. Masked is what looks like one wherever it stands (JSON Web
/// Tokens, `Bearer` values, and the values of members such as `access_token` in JSON, also JSON
/// inside a JSON string, or form text), and the `given` ones in every spelling.
pub fn secrets<'a>(text: &'a str, given: &[Secret]) -> Cow<'a, str> {
    masked(text, &found(text, given), None)
}

fn line(text: &str, given: &[Secret]) -> String {
    secrets(text, given).into_owned()
}

/// The same exchange as it may be shown: what looks like a secret, and the `given` ones, masked
/// everywhere (percent-encoded, JSON-escaped and HTML-escaped forms too), each body cut at [`BODY_LIMIT`]
/// with a note.
pub fn exchange(exchange: &Exchange, given: &[Secret]) -> Exchange {
    let request = &exchange.request;
    Exchange {
        request: Request {
            method: line(&request.method, given),
            url: without_password(&line(&request.url, given)),
            headers: fields(&request.headers, given),
            body: body(&request.body, given),
        },
        outcome: match &exchange.outcome {
            Ok(response) => Ok(Response {
                status: response.status,
                headers: fields(&response.headers, given),
                body: body(&response.body, given),
            }),
            Err(failure) => Err(Failure { rule: failure.rule, message: line(&failure.message, given) }),
        },
        ..*exchange
    }
}

fn fields(headers: &Headers, given: &[Secret]) -> Headers {
    let clean = headers.0.iter().map(|(name, value)| {
        let lower = name.to_ascii_lowercase();
        let secret = CREDENTIALS.contains(&lower.as_str())
            // Keys that gateways ask for: x-api-key, ocp-apim-subscription-key, x-auth-token.
            || lower.ends_with("-key")
            || lower.ends_with("-token")
            || lower.ends_with("-secret");
        let value = if secret { credential(value) } else { line(value, given) };
        (line(name, given), value)
    });
    Headers(clean.collect())
}

fn credential(value: &str) -> String {
    let scheme = value.trim_start().split_once(' ').map(|(scheme, _)| scheme);
    let known = |s: &&str| ["bearer", "basic", "digest", "negotiate"].contains(&s.to_ascii_lowercase().as_str());
    match scheme.filter(known) {
        Some(scheme) => format!("{scheme} {MASK}"),
        None => MASK.to_owned(),
    }
}

/// `https://user:password@host/` without the password.
fn without_password(url: &str) -> String {
    let place = url.split_once("://").and_then(|(scheme, rest)| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let user = authority.rfind('@')?;
        let colon = authority[..user].find(':')?;
        let start = scheme.len() + 3;
        Some(start + colon + 1..start + user)
    });
    place.map_or_else(|| url.to_owned(), |range| format!("{}{MASK}{}", &url[..range.start], &url[range.end..]))
}

fn body(bytes: &Bytes, given: &[Secret]) -> Bytes {
    let longest = given.iter().map(|secret| secret.expose().len()).max().unwrap_or(0);
    let margin = MARGIN.max(longest.saturating_mul(6));
    let window = &bytes[..bytes.len().min(BODY_LIMIT + margin)];
    // Bytes that are not text stay as they are, unless they hold a secret.
    let text = String::from_utf8_lossy(window);
    let ranges = found(&text, given);
    if bytes.len() <= BODY_LIMIT {
        return match masked(&text, &ranges, None) {
            Cow::Borrowed(_) => bytes.clone(),
            Cow::Owned(clean) => Bytes::from(clean),
        };
    }
    let shown = masked(&text, &ranges, Some(BODY_LIMIT));
    Bytes::from(format!("{shown}\n[cut here: {} bytes in all]", bytes.len()))
}

/// `text` with each range masked, as far as `limit`. Ranges are in order and do not overlap.
fn masked<'a>(text: &'a str, ranges: &[Range<usize>], limit: Option<usize>) -> Cow<'a, str> {
    let end = text.floor_char_boundary(limit.unwrap_or(text.len()));
    if ranges.is_empty() && limit.is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(end);
    let mut at = 0;
    for range in ranges.iter().take_while(|r| r.start < end) {
        out.push_str(&text[at..range.start]);
        out.push_str(MASK);
        at = range.end;
    }
    out.push_str(text.get(at..end).unwrap_or(""));
    Cow::Owned(out)
}

/// Where secrets stand, in order, merged where they overlap.
fn found(text: &str, given: &[Secret]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    web_tokens(text, &mut ranges);
    bearers(text, &mut ranges);
    for name in MEMBERS {
        members(text, name, &mut ranges);
    }
    for secret in given.iter().filter(|secret| !secret.is_empty()) {
        literal(text, secret.expose().as_bytes(), &mut ranges);
        beginnings(text, secret.expose(), &mut ranges);
    }
    ranges.retain(|r| !r.is_empty() && &text[r.clone()] != MASK);
    ranges.sort_by_key(|r| (r.start, r.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// `eyJ` begins the Base64 of `{"`: a JSON Web Token's header (RFC 7519), then at least one dot.
fn web_tokens(text: &str, out: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let (mut from, mut end) = (0, 0);
    while let Some(start) = text[from..].find("eyJ").map(|at| from + at) {
        if start >= end {
            end = run(bytes, start, |b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        }
        let token = text[start..end].trim_end_matches('.');
        from = match token.find('.') {
            Some(dot) if dot < 10 => start + 3,
            Some(_) => {
                out.push(start..start + token.len());
                end
            }
            None => end,
        };
    }
}

/// `Bearer` and a token68 (RFC 9110, section 11.2); not a challenge's `Bearer realm="…"`, and not
/// the words of a sentence about bearer tokens.
fn bearers(text: &str, out: &mut Vec<Range<usize>>) {
    const WORDS: [&str; 8] =
        ["token", "tokens", "authentication", "authorization", "scheme", "challenge", "credentials", "auth"];
    let bytes = text.as_bytes();
    let mut covered = 0;
    for at in places(text, "bearer") {
        if at < covered {
            continue;
        }
        let gap = text[at + 6..].len() - text[at + 6..].trim_start_matches([' ', '\t', '+']).len();
        let gap = if text[at + 6..].starts_with("%20") { 3 } else { gap };
        if gap == 0 {
            continue;
        }
        let start = at + 6 + gap;
        let word = run(bytes, start, |b| b.is_ascii_alphanumeric() || b"-._~+/%".contains(&b));
        let end = run(bytes, word, |b| b == b'=');
        let parameter = end > word
            && bytes.get(end).is_some_and(|next| next.is_ascii_alphanumeric() || b"\"[".contains(next))
            && bytes[start..word].iter().all(|b| b.is_ascii_lowercase() || *b == b'_');
        let said = WORDS.contains(&text[start..word].trim_end_matches('.').to_ascii_lowercase().as_str());
        if word > start && !parameter && !said {
            covered = end;
            out.push(start..end);
        }
    }
}

/// The value after `name`: `"name": "…"`, `\"name\":\"…\"`, `name=…`, `name%3D…`, `name: …`.
fn members(text: &str, name: &str, out: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    // What a value covers is not looked at again: a hostile text must not cost its square.
    let mut covered = 0;
    for at in places(text, name) {
        if at < covered {
            continue;
        }
        let quote = |b: u8| b == b'\\' || b == b'"' || b == b'\'';
        let space = |b: u8| b.is_ascii_whitespace();
        let mut place = run(bytes, run(bytes, at + name.len(), quote), space);
        match text.get(place..) {
            Some(rest) if rest.starts_with([':', '=']) => place = run(bytes, place + 1, space),
            Some(rest) if rest.get(..3).is_some_and(|s| s.eq_ignore_ascii_case("%3d")) => place += 3,
            _ => continue,
        }
        let start = run(bytes, place, quote);
        let end = match bytes.get(place) {
            Some(b) if quote(*b) => closing(bytes, start, bytes[start - 1], start - place - 1),
            _ => {
                let bare = |b: u8| !b.is_ascii_whitespace() && !b"&,;}]\"'<>".contains(&b);
                let end = run(bytes, start, bare);
                if ["null", "true", "false"].contains(&&text[start..end]) { start } else { end }
            }
        };
        // An empty string is no secret: its closing quotes have been taken for opening ones.
        if end > start
            && !text[start..].starts_with(MASK)
            && !(start - place >= 2 && bytes[place..start].iter().all(|b| *b == b'"'))
        {
            covered = end;
            out.push(start..end);
        }
    }
}

/// Where the string that began at `start` ends: at a quote with as many backslashes before it as
/// the opening one had.
fn closing(bytes: &[u8], start: usize, quote: u8, slashes: usize) -> usize {
    let mut at = start;
    while at < bytes.len() {
        let end = run(bytes, at, |b| b == b'\\');
        if end - at == slashes && bytes.get(end) == Some(&quote) {
            return at;
        }
        at = end + 1;
    }
    bytes.len()
}

/// Where a message was shortened inside `secret`: the longest beginning of it that stands before
/// `…`. By the secret's prefix function (Knuth, Morris, Pratt), since text and secret may be long.
fn beginnings(text: &str, secret: &str, out: &mut Vec<Range<usize>>) {
    // Fewer letters than these tell nothing, and stand in many a word.
    const TELLING: usize = 4;
    let (bytes, secret) = (text.as_bytes(), secret.as_bytes());
    if !text.contains('…') {
        return;
    }
    let mut borders: Vec<usize> = vec![0; secret.len()];
    let extend = |borders: &[usize], mut alike: usize, byte: u8| {
        while alike > 0 && secret.get(alike) != Some(&byte) {
            alike = borders[alike - 1];
        }
        alike + usize::from(secret.get(alike) == Some(&byte))
    };
    for at in 1..secret.len() {
        borders[at] = extend(&borders, borders[at - 1], secret[at]);
    }
    let mut alike = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if (TELLING..secret.len()).contains(&alike) && bytes[at..].starts_with("…".as_bytes()) {
            out.push(at - alike..at);
        }
        alike = extend(&borders, alike, *byte);
    }
}

/// Every place of `token`, each of its bytes written plainly or escaped.
fn literal(text: &str, token: &[u8], out: &mut Vec<Range<usize>>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match spelled(&bytes[at..], token) {
            Some(length) if text.is_char_boundary(at) && text.is_char_boundary(at + length) => {
                out.push(at..at + length);
                at += length;
            }
            _ => at += 1,
        }
    }
}

/// How many bytes at the start of `bytes` spell `token`. A backslash may be itself or begin an
/// escape, so every reading is followed.
fn spelled(bytes: &[u8], token: &[u8]) -> Option<usize> {
    let (first, rest) = token.split_first()?;
    let mut ends: Vec<usize> = spellings(bytes, *first).into_iter().flatten().collect();
    for want in rest {
        let next = ends
            .iter()
            .flat_map(|end| spellings(&bytes[*end..], *want).into_iter().flatten().map(move |length| end + length));
        let mut next: Vec<usize> = next.collect();
        next.sort_unstable();
        next.dedup();
        ends = next;
        if ends.is_empty() {
            return None;
        }
    }
    ends.last().copied()
}

/// How many bytes at the start of `bytes` stand for `want`: itself (or `+` for a space), and the
/// escapes `%2B`, `\u002B`, `\/`, `&#x2B;`, `&#43;`.
fn spellings(bytes: &[u8], want: u8) -> [Option<usize>; 2] {
    let Some(first) = bytes.first() else { return [None, None] };
    let plain = *first == want || (*first == b'+' && want == b' ');
    let hex = |from: usize, to: usize| {
        let digits = std::str::from_utf8(bytes.get(from..to)?).ok()?;
        u8::from_str_radix(digits, 16).ok()
    };
    let escape = match first {
        b'%' if hex(1, 3) == Some(want) => Some(3),
        b'\\' if bytes.starts_with(b"\\u00") && hex(4, 6) == Some(want) => Some(6),
        b'\\' if bytes.get(1) == Some(&want) && !want.is_ascii_alphanumeric() => Some(2),
        b'&' if bytes.get(1) == Some(&b'#') => {
            character_reference(bytes).filter(|(value, _)| *value == want).map(|r| r.1)
        }
        _ => None,
    };
    [plain.then_some(1), escape]
}

/// The byte that `&#x2B;` or `&#43;` stands for, and its length.
fn character_reference(bytes: &[u8]) -> Option<(u8, usize)> {
    let end = bytes.iter().take(8).position(|b| *b == b';')?;
    let text = std::str::from_utf8(bytes.get(2..end)?).ok()?;
    let value = match text.strip_prefix(['x', 'X']) {
        Some(digits) => u8::from_str_radix(digits, 16).ok()?,
        None => text.parse().ok()?,
    };
    Some((value, end + 1))
}

/// Where `word` (ASCII, lower case) stands, in any case.
fn places<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = text.as_bytes();
    let first = word.as_bytes()[0];
    let last = bytes.len().saturating_sub(word.len() - 1);
    let starts = (0..last).filter(move |at| bytes[*at].to_ascii_lowercase() == first);
    starts.filter(move |at| bytes[*at..*at + word.len()].eq_ignore_ascii_case(word.as_bytes()))
}

/// The end of the bytes from `start` on that `wanted` accepts; only ever ASCII ones or whole
/// characters.
fn run(bytes: &[u8], start: usize, wanted: impl Fn(u8) -> bool) -> usize {
    bytes[start.min(bytes.len())..].iter().position(|b| !wanted(*b)).map_or(bytes.len(), |at| start + at)
}

#[cfg(test)]
#[path = "redact/tests.rs"]
mod tests;
