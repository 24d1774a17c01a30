//! Cases → a plan: which are sent, in which order, with which values, and what runs before each.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use wildmatch::WildMatch;

use crate::binding::{Bindings, Inverse, KeyKind, segment};
use crate::case::placeholder::{self, placeholders};
use crate::case::{Case, Content};
use crate::message::{Headers, Request, media_type};
use crate::multi_status::{Action, Outcome, State, is_literal_id};

/// What kind of target a plan is for. It alone decides writes, sample values and unbound ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// A mock: anything may be sent, placeholders get sample values.
    Mock,
    /// Somebody's production.
    Tenant,
}

/// What is asked of a plan.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Globs on case ids; `!GLOB` excludes. None selects all.
    pub filters: Vec<String>,
    /// How often each case runs.
    pub repeat: usize,
    /// The kind of target.
    pub kind: TargetKind,
    /// Requests that change something may go to a tenant.
    pub allow_writes: bool,
    /// A token is sent, so that cases without one make sense.
    pub has_token: bool,
    /// Documented values ↔ the target's.
    pub bindings: Bindings,
    /// Header fields set on every request.
    pub headers: Vec<(String, String)>,
}

/// Globs on case ids: `*` matches `/` too, `!GLOB` excludes, none takes all.
#[derive(Clone, Debug)]
pub struct Filter {
    take: Vec<WildMatch>,
    leave: Vec<WildMatch>,
}

impl Filter {
    /// Reads globs.
    pub fn new(globs: &[String]) -> Self {
        let (leave, take): (Vec<&String>, Vec<&String>) = globs.iter().partition(|glob| glob.starts_with('!'));
        let read =
            |globs: Vec<&String>| globs.iter().map(|glob| WildMatch::new(glob.trim_start_matches('!'))).collect();
        Filter { take: read(take), leave: read(leave) }
    }

    /// Whether a case of that id is meant.
    pub fn takes(&self, id: &str) -> bool {
        (self.take.is_empty() || self.take.iter().any(|glob| glob.matches(id)))
            && !self.leave.iter().any(|glob| glob.matches(id))
    }
}

/// One case of a plan.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The case.
    pub case: Arc<Case>,
    /// Its place among all cases of the pages, from 0.
    pub index: usize,
    /// The requests that run just before, in order, for the same user.
    pub before: Vec<Arc<Case>>,
    /// What they make of the collection that the case reads.
    pub state: State,
    /// Why it is not sent.
    pub skip: Option<String>,
}

/// Cases in order.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The selected cases.
    pub cases: Vec<Planned>,
    /// How many cases the pages hold.
    pub planned: usize,
    /// What was asked.
    pub selection: Selection,
    /// Cases share bound values, so that those with requests before them must run alone.
    pub exclusive: bool,
}

/// A request with the target's values in it, and the way back.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Ready to be sent; its URL is a path below the target's base.
    pub request: Request,
    /// The way back for the answer.
    pub inverse: Inverse,
}

impl Plan {
    /// Selects and orders `cases`, which are all cases of the pages.
    pub fn new(cases: &[Arc<Case>], selection: Selection) -> Self {
        let by_name = names(cases);
        let filter = Filter::new(&selection.filters);
        let planned =
            cases.iter().enumerate().filter(|(_, case)| filter.takes(case.id.as_str())).map(|(index, case)| {
                let (before, missing) = before(case, &by_name);
                let skip = missing.or_else(|| skip(case, &before, &selection));
                Planned { state: state(case, &before), case: Arc::clone(case), index, before, skip }
            });
        let cases_of_plan: Vec<Planned> = planned.collect();
        // A case whose path has a placeholder of its own has a user of its own.
        let shares = |case: &Case| {
            placeholders(&case.path).into_iter().all(|(b, n)| selection.bindings.placeholder(b, n).is_some())
        };
        let exclusive = cases_of_plan.iter().any(|p| !p.before.is_empty() && shares(&p.case));
        Plan { cases: cases_of_plan, planned: cases.len(), selection, exclusive }
    }

    /// The request of `case` with the target's values in it. `owner` is the case that it is sent
    /// for, and `repeat` which run of it: on a mock each has a user of its own.
    pub fn prepare(&self, case: &Case, owner: &Case, repeat: usize) -> Prepared {
        let bindings = &self.selection.bindings;
        let mut inverse = Inverse::default();
        inverse.note_all(bindings);
        let url = fill(&case.path, bindings, &mut inverse, |name| sample(owner.id.as_str(), repeat, name));
        let body = match &case.content {
            Content::Json(value) if !bindings.is_empty() => {
                let mut value = Value::clone(value);
                bind_strings(&mut value, bindings, &mut inverse);
                Bytes::from(value.to_string())
            }
            // A multipart body is lines that end in CRLF (RFC 2046, section 5.1.1), however a page's
            // own lines end.
            Content::Text(text) if is_multipart(&case.headers) => {
                Bytes::from(text.replace("\r\n", "\n").replace('\n', "\r\n"))
            }
            content => content.bytes(),
        };
        let mut headers = case.headers.clone();
        for (_, value) in &mut headers.0 {
            *value = bindings.literal(value).into_owned();
        }
        for (name, value) in &self.selection.headers {
            headers.set(name, value.as_str());
        }
        Prepared { request: Request { method: case.method.clone(), url, headers, body }, inverse }
    }
}

fn is_multipart(headers: &Headers) -> bool {
    headers.get("content-type").is_some_and(|label| media_type(label).starts_with("multipart/"))
}

/// Every key that a binding may have: placeholders, scoped placeholders and literals of `cases`.
pub fn binding_keys(cases: &[Arc<Case>]) -> BTreeMap<String, KeyKind> {
    let mut keys = BTreeMap::new();
    for case in cases {
        for (before, name) in placeholders(&case.path) {
            for part in std::iter::once(name).chain(name.split('|')).map(str::trim) {
                keys.insert(part.to_owned(), KeyKind::Placeholder);
                keys.insert(format!("{before}/{{{part}}}"), KeyKind::Placeholder);
            }
        }
        for segment in case.path.split(['/', '?', '&', '=']) {
            literals(segment, &mut keys);
        }
        let mut stack: Vec<&Value> = case.content.json().into_iter().collect();
        while let Some(value) = stack.pop() {
            match value {
                Value::String(text) => {
                    literals(text, &mut keys);
                    for (_, name) in placeholders(text) {
                        keys.insert(name.to_owned(), KeyKind::Placeholder);
                    }
                }
                Value::Array(items) => stack.extend(items),
                Value::Object(members) => stack.extend(members.values()),
                _ => {}
            }
        }
    }
    keys
}

fn literals(text: &str, into: &mut BTreeMap<String, KeyKind>) {
    let parts = text.split(|c: char| ",/'()".contains(c)).filter(|part| !part.is_empty());
    for part in std::iter::once(text).chain(parts) {
        into.entry(part.to_owned()).or_insert(KeyKind::Literal);
    }
}

type ByName<'a> = HashMap<(String, String), &'a Arc<Case>>;

/// The first case of each request, by page stem and name.
fn names(cases: &[Arc<Case>]) -> ByName<'_> {
    let mut map: ByName<'_> = HashMap::new();
    for case in cases {
        map.entry((case.id.stem().to_owned(), case.name.clone())).or_insert(case);
    }
    map
}

/// The chain of requests that `case` needs, first first; or what is missing.
fn before(case: &Arc<Case>, by_name: &ByName<'_>) -> (Vec<Arc<Case>>, Option<String>) {
    let mut chain = Vec::new();
    let mut current = case;
    while let Some(needs) = &current.needs {
        let key = match needs.split_once('/') {
            Some((page, name)) => (page.to_owned(), name.to_owned()),
            None => (current.id.stem().to_owned(), needs.clone()),
        };
        let Some(found) = by_name.get(&key) else {
            return (Vec::new(), Some(format!("needs the request `{needs}`, which no given page has")));
        };
        if chain.len() > 16 {
            return (Vec::new(), Some(format!("needs itself, by way of `{needs}`")));
        }
        if let Some(reason) = &found.skip {
            return (Vec::new(), Some(format!("needs the request `{needs}`, which is not sent: {reason}")));
        }
        chain.push(Arc::clone(found));
        current = found;
    }
    chain.reverse();
    (chain, None)
}

fn state(case: &Case, before: &[Arc<Case>]) -> State {
    let mut state = State::default();
    if case.method != "GET" {
        return state;
    }
    for setup in before {
        if let (Some((action, collection)), Some(law)) = (Action::of(&setup.path), &setup.law)
            && collection == case.path
        {
            state.apply(action, law, setup.items());
        }
    }
    state
}

fn skip(case: &Case, before: &[Arc<Case>], selection: &Selection) -> Option<String> {
    if let Some(reason) = &case.skip {
        return Some(reason.clone());
    }
    if case.anonymous && !selection.has_token {
        return Some("only for a target that asks for a token (--token-env)".to_owned());
    }
    if selection.kind == TargetKind::Mock {
        return None;
    }
    let all = || before.iter().map(|c| &**c).chain([case]);
    if !selection.allow_writes && all().any(|c| !c.is_read()) {
        return Some("it writes; a tenant is only written to with --allow-writes".to_owned());
    }
    all()
        .find_map(|case| unbound(case, &selection.bindings))
        .map(|key| format!("`{key}` is not bound: add --bind \"{key}=VALUE\""))
}

/// The first documented id that a tenant cannot know. Ids that are documented to fail may go out
/// as they are.
fn unbound(case: &Case, bindings: &Bindings) -> Option<String> {
    if let Some((_, name)) = placeholders(&case.path).into_iter().find(|(b, n)| bindings.placeholder(b, n).is_none()) {
        return Some(name.to_owned());
    }
    let is_bound = |text: &str| bindings.get(text).is_some() || bindings.literal(text) != text;
    let fails = |status: Option<u16>| status.is_some_and(|s| s >= 400);
    if !fails(case.promise().and_then(|p| p.status)) {
        let path = case.path.split('?').next().unwrap_or("");
        let literal = path.split('/').find(|s| is_literal_id(s) && !s.contains('{') && !is_bound(s));
        if let Some(literal) = literal {
            return Some(literal.to_owned());
        }
    }
    let law = case.law.as_deref()?;
    let free = case.items().iter().filter_map(|item| law.dialect.item_id(item)).find(|id| {
        let documented_to_fail = law.outcome(id).is_some_and(|d| d.outcome == Outcome::Fails);
        !documented_to_fail && !is_bound(id.as_str())
    });
    free.map(|id| id.as_str().to_owned())
}

/// `path` with its placeholders filled and its literals bound.
fn fill(path: &str, bindings: &Bindings, inverse: &mut Inverse, sample: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut from = 0;
    while let Some((place, name)) = placeholder::next(path, from) {
        out.push_str(&bound_text(&path[from..place.start], bindings));
        let value = match bindings.placeholder(placeholder::segment_before(path, place.start), name) {
            Some(bound) => bound.to_owned(),
            None => sample(name),
        };
        inverse.note(&path[place.clone()], &value);
        out.push_str(&segment(&value));
        from = place.end;
    }
    out.push_str(&bound_text(&path[from..], bindings));
    out
}

fn bound_text(text: &str, bindings: &Bindings) -> String {
    let pieces = text.split_inclusive(['/', '?', '&', '=']).map(|piece| {
        let body = piece.trim_end_matches(['/', '?', '&', '=']);
        let bound = bindings.literal(body);
        if bound == body { piece.to_owned() } else { format!("{}{}", segment(&bound), &piece[body.len()..]) }
    });
    pieces.collect()
}

fn bind_strings(value: &mut Value, bindings: &Bindings, inverse: &mut Inverse) {
    match value {
        Value::String(text) => {
            let name = text.strip_prefix('{').and_then(|t| t.strip_suffix('}'));
            let bound = match name.and_then(|name| bindings.placeholder("", name)) {
                Some(bound) => Some(bound.to_owned()),
                None => {
                    let new = bindings.literal(text);
                    (new != text.as_str()).then(|| new.into_owned())
                }
            };
            if let Some(bound) = bound {
                inverse.note(text, &bound);
                *text = bound;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| bind_strings(item, bindings, inverse)),
        Value::Object(members) => members.values_mut().for_each(|m| bind_strings(m, bindings, inverse)),
        _ => {}
    }
}

/// A stable sample value for a placeholder: a GUID made of the case, the repeat and the name, so
/// that each case has a user of its own (FNV-1a, which needs no crate and never changes).
fn sample(case: &str, repeat: usize, name: &str) -> String {
    let hash = |seed: u64| {
        let text = format!("{case}\n{repeat}\n{name}");
        text.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    };
    let (a, b) = (hash(0xcbf2_9ce4_8422_2325), hash(0x6c62_272e_07bb_0142));
    format!(
        "{:08x}-{:04x}-8{:03x}-a{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multipart_body_has_the_line_ends_of_mime() {
        let page = "<!-- { \"blockType\": \"request\" } -->\n```http\nPOST /x\nContent-Type: multipart/form-data; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>\n--b--\n```\n";
        let cases: Vec<_> = crate::page::read("p.md", page.as_bytes()).cases.into_iter().map(Arc::new).collect();
        let selection = Selection {
            filters: Vec::new(),
            repeat: 1,
            kind: TargetKind::Mock,
            allow_writes: true,
            has_token: false,
            bindings: Bindings::default(),
            headers: Vec::new(),
        };
        let prepared = Plan::new(&cases, selection).prepare(&cases[0], &cases[0], 0);
        assert_eq!(prepared.request.body, "--b\r\nContent-Type: text/html\r\n\r\n<p>\r\n--b--");
    }
}
