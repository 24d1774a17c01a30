//! Body shape: what the page's example shows, and what the metadata allows. They complement each
//! other: the example says what must be there, the metadata what may be, and of which type. Where
//! they disagree, an answer may satisfy either.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::{MOST, Standard, is_enough};
use crate::case::{Case, Content, Promise};
use crate::json;
use crate::message::{is_json, media_type};
use crate::multi_status::{Law, is_failed};
use crate::rule::{self, Deviation, Profile};
use crate::schema::{self, Body, Broken, Compiled, Expected, Mismatch, Numbers, Types, Violation, Wrong};

/// What an answer's body must keep to.
pub struct Shape {
    example: Option<Compiled>,
    /// The same of what the page wraps in `value`, where its type has no such envelope.
    bare: Option<Compiled>,
    typed: Option<Typed>,
    entries: Option<String>,
    entry_key: String,
}

/// The type of an answer, beside what its page documents of that type.
struct Typed {
    types: Arc<Types>,
    profile: Profile,
    expected: Expected,
    documented: Option<Arc<Value>>,
    /// What the documented body itself does against its type, each with its place, lists aside.
    own: OnceLock<Vec<(String, Mismatch)>>,
}

impl Shape {
    /// Of a promise of a case, and of the law that the answer is under.
    pub fn new(case: &Case, promise: Option<&Promise>, law: Option<&Law>, standard: &Standard) -> Self {
        let example = schema::of_answer(promise, law).as_ref().and_then(Compiled::new);
        let entries = law.map(|l| l.dialect.entries.clone());
        let typed = promise.and_then(|p| Typed::new(case, p, entries.as_deref(), standard));
        let entry_key = law.map_or_else(|| "/id".to_owned(), |l| l.dialect.entry_key.clone());
        let inner = typed.as_ref().zip(promise).and_then(|(typed, promise)| {
            let content = Content::Json(Arc::new(typed.wrapped()?.clone()));
            schema::of_answer(Some(&Promise { content, ..promise.clone() }), None)
        });
        let bare = inner.as_ref().and_then(Compiled::new);
        Shape { example, bare, typed, entries, entry_key }
    }

    fn envelope(&self) -> &str {
        self.entries.as_deref().unwrap_or("/value")
    }

    /// Every place where `body` deviates, each once; of a `huge` body the first place alone that
    /// the example is broken at, since the library gathers all errors before it gives the first.
    pub fn judge(&self, body: &Value, numbers: Numbers, huge: bool, out: &mut Vec<Deviation>) {
        let body = Body { value: body, entries: self.envelope(), numbers };
        let mut mismatches = self.typed.as_ref().map_or_else(Vec::new, |typed| typed.judge(body));
        // A failed entry says why it failed, whatever its type declares.
        mismatches.retain(|found| !self.is_reason_of_failure(found, body.value));
        let mut seen = HashSet::new();
        let mut add = |deviation: Deviation, out: &mut Vec<Deviation>| {
            if seen.insert((deviation.rule.name, deviation.at.clone())) {
                out.push(deviation);
            }
        };
        // An envelope that the page shows, and the type has not, may be missing.
        let bare = self.bare.as_ref().filter(|_| self.typed.as_ref().is_some_and(|typed| typed.is_bare(body)));
        let example = bare.or(self.example.as_ref());
        if let Some(example) = example.filter(|example| !example.is_valid(body.value)) {
            let few = if huge { 1 } else { EXAMINED };
            let first = huge.then(|| example.first_violation(body.value)).flatten();
            let all = (!huge).then(|| example.violations(body.value)).into_iter().flatten();
            for violation in first.into_iter().chain(all).take(few) {
                if is_enough(out) {
                    return;
                }
                if !self.settled(&violation, body, &mismatches) {
                    add(self.deviation(&violation, body.value), out);
                }
            }
        }
        let Some(typed) = &self.typed else { return };
        for found in &mismatches {
            add(typed.deviation(found), out);
        }
    }

    fn is_reason_of_failure(&self, found: &Mismatch, body: &Value) -> bool {
        let Some(entries) = &self.entries else { return false };
        let is_error = matches!(&found.wrong, Wrong::Undeclared { name, .. } if name == "error");
        let entry = found.at.strip_suffix("/error").filter(|entry| is_error && entry.starts_with(entries.as_str()));
        entry.and_then(|entry| json::at(body, entry)).is_some_and(is_failed)
    }

    /// Whether the metadata settles what breaks the example: the value is of the declared type, or
    /// the type does not have the member that is missed.
    fn settled(&self, violation: &Violation, body: Body<'_>, mismatches: &[Mismatch]) -> bool {
        let Some(typed) = self.typed.as_ref().filter(|typed| typed.applies(body)) else { return false };
        match &violation.broken {
            Broken::Type(_) => {
                let came = json::at(body.value, &violation.at).unwrap_or(&Value::Null);
                let is_kind = |found: &&Mismatch| matches!(found.wrong, Wrong::Kind { .. });
                mismatches.iter().filter(is_kind).any(|found| found.at == violation.at)
                    || (!came.is_null() && typed.types.declares(&typed.expected, body, &violation.at) == Some(true))
            }
            // What the documented type does not have, the page alone demands.
            Broken::Required(name) => {
                let at = json::without_places(&json::child(&violation.at, name));
                let is_undeclared = |own: &Mismatch| matches!(own.wrong, Wrong::Undeclared { .. });
                typed.own(body).iter().any(|(place, own)| *place == at && is_undeclared(own))
            }
            _ => false,
        }
    }

    fn deviation(&self, violation: &Violation, body: &Value) -> Deviation {
        let at = violation.at.clone();
        let instance = json::at(body, &at).unwrap_or(&Value::Null);
        match &violation.broken {
            Broken::Required(property) => missing(&at, property, instance),
            Broken::Type(wanted) => {
                let wanted = type_words(wanted);
                let place = json::in_words(&at);
                let came = json::type_name(instance);
                let message = format!("{place} is {} where the page shows {wanted}", json::with_article(came));
                let deviation = Deviation::new(&rule::BODY_TYPE, message).between(wanted, json::brief(instance, 80));
                let deviation = if instance.is_null() && !self.matters(&at) { deviation.warning() } else { deviation };
                deviation.at(at)
            }
            _ => Deviation::new(&rule::BODY_FORMAT, format!("`{at}` is not as the page shows it"))
                .between("what the page shows", json::brief(instance, 80))
                .at(at),
        }
    }

    /// Whether something depends on the value at `at`, so that null is no answer: the root, the
    /// envelope, an item, an id, `code`, `message`.
    fn matters(&self, at: &str) -> bool {
        let envelope = self.envelope();
        let item = at.strip_prefix(envelope).and_then(|rest| rest.strip_prefix('/'));
        let inside = item.and_then(|rest| rest.split_once('/')).map(|(_, inner)| format!("/{inner}"));
        at.is_empty()
            || at == envelope
            || envelope.starts_with(&format!("{at}/"))
            || item.is_some_and(|rest| !rest.contains('/'))
            || inside.as_deref() == Some(&self.entry_key)
            || at.ends_with("/id")
            || at.ends_with("error/code")
            || at.ends_with("error/message")
    }
}

/// The most places of one body that are looked at, told or not.
const EXAMINED: usize = 10_000;

impl Standard {
    /// The type that the answer to a promise is held to: the page's annotation or the path tells.
    /// `entries` points to the list in the body, where a law says.
    pub fn expected(&self, case: &Case, promise: &Promise, entries: Option<&str>) -> Option<Expected> {
        let may_have_body = match &promise.content {
            Content::Json(_) => promise.status.is_none_or(|status| status < 400),
            Content::None => matches!(promise.status, None | Some(200 | 201)),
            // An example that is no JSON, though it says so: the type is all there is to go by.
            Content::Text(_) => promise.headers.get("content-type").map(media_type).is_some_and(|t| is_json(&t)),
        };
        if !may_have_body {
            return None;
        }
        let body = promise.content.json().map(|value| Body {
            value,
            entries: entries.unwrap_or("/value"),
            numbers: Numbers::of_label(promise.headers.get("content-type")),
        });
        let said = promise.type_name.as_deref().map(|name| (name, promise.collection));
        let mut expected = self.types.answer((&case.method, &case.path), said, body)?;
        // Annotations leave out that it is a list; the list that they show says so.
        let shows_list =
            body.is_some_and(|body| self.types.envelope(&expected, body.value).is_some_and(Value::is_array));
        expected.collection |= shows_list;
        Some(expected)
    }
}

impl Typed {
    fn new(case: &Case, promise: &Promise, entries: Option<&str>, standard: &Standard) -> Option<Self> {
        let expected = standard.expected(case, promise, entries)?;
        let documented = match &promise.content {
            Content::Json(body) => Some(Arc::clone(body)),
            _ => None,
        };
        let own = OnceLock::new();
        let (types, profile) = (Arc::clone(&standard.types), standard.profile);
        Some(Typed { types, profile, expected, documented, own })
    }

    /// What the documented body itself does against its type.
    fn own(&self, body: Body<'_>) -> &[(String, Mismatch)] {
        self.own.get_or_init(|| {
            let Some(value) = self.documented.as_deref() else { return Vec::new() };
            let own = self.types.judge(&self.expected, Body { value, ..body }, MOST);
            own.into_iter().map(|own| (json::without_places(&own.at), own)).collect()
        })
    }

    /// Whether a body can be of the type at all: one without the list that the page shows is not, and
    /// the example says so.
    fn applies(&self, body: Body<'_>) -> bool {
        let has_list = |value: &Value| json::at(value, body.entries).is_some_and(Value::is_array);
        !self.expected.collection || has_list(body.value) || !self.documented.as_deref().is_some_and(has_list)
    }

    fn judge(&self, body: Body<'_>) -> Vec<Mismatch> {
        if !self.applies(body) {
            return Vec::new();
        }
        let mut found = self.types.judge(&self.expected, body, MOST);
        if self.documented.is_none() && !self.types.is_enveloped(&self.expected, body) {
            found.insert(0, self.types.misplaced(&self.expected, body));
        }
        if !found.is_empty() {
            let own = self.own(body);
            found.retain(|found| {
                let at = json::without_places(&found.at);
                !own.iter().any(|(place, own)| *place == at && is_as_documented(found, own))
            });
        }
        found
    }

    /// What the page wraps in `value`, where its type is of one thing that has no such envelope.
    fn wrapped(&self) -> Option<&Value> {
        let value = self.types.envelope(&self.expected, self.documented.as_deref()?)?;
        (!self.expected.collection && value.is_object()).then_some(value)
    }

    /// Whether an answer comes without the envelope that the page shows.
    fn is_bare(&self, body: Body<'_>) -> bool {
        self.types.envelope(&self.expected, body.value).is_none()
    }

    fn deviation(&self, found: &Mismatch) -> Deviation {
        let rule = match &found.wrong {
            Wrong::Kind { .. } => &rule::BODY_TYPE,
            Wrong::Form { .. } => &rule::BODY_FORMAT,
            Wrong::Option { .. } => &rule::BODY_ENUM,
            Wrong::Undeclared { .. } => &rule::BODY_UNKNOWN_MEMBER,
            Wrong::UnknownType { .. } | Wrong::NotDerived { .. } | Wrong::NoTypeName => &rule::ODATA_ANNOTATION,
        };
        let message = format!("{found} [{}]", found.schema);
        let mut expected = found.expected();
        if let Some(shown) = self.documented.as_deref().and_then(|body| shown_at(body, &found.at)) {
            expected += &format!("; the page shows {}", json::brief(shown, 60));
        }
        let deviation = Deviation::new(rule, message).between(expected, &found.actual).at(&found.at);
        match self.profile {
            Profile::Consumer if found.is_compatible() => deviation.warning(),
            _ => deviation.failure(),
        }
    }
}

/// What a documented body has at a place of an answer; of lists, in the first item that has it.
fn shown_at<'v>(documented: &'v Value, at: &str) -> Option<&'v Value> {
    let mut found = documented;
    let mut rest = at;
    while !rest.is_empty() {
        let end = rest[1..].find('/').map_or(rest.len(), |end| end + 1);
        found = match found {
            Value::Array(items) => return items.iter().find_map(|item| shown_at(item, &rest[end..])),
            _ => json::at(found, &rest[..end])?,
        };
        rest = &rest[end..];
    }
    Some(found)
}

/// Whether an answer's mismatch is the one that the documented body has at the same place.
fn is_as_documented(found: &Mismatch, own: &Mismatch) -> bool {
    match (&found.wrong, &own.wrong) {
        (Wrong::Kind { came, .. }, Wrong::Kind { came: documented, .. }) => came == documented,
        (Wrong::Form { .. }, Wrong::Form { .. }) => {
            // A documented placeholder (`datetime`) is right word for word alone; another form is one.
            found.actual == own.actual
                || (own.actual.contains(|c: char| c.is_ascii_digit()) && outline(&found.actual) == outline(&own.actual))
        }
        (Wrong::Option { .. }, Wrong::Option { .. }) => found.actual == own.actual,
        (Wrong::Undeclared { .. }, Wrong::Undeclared { .. }) => true,
        (Wrong::UnknownType { name, .. }, Wrong::UnknownType { name: documented, .. })
        | (Wrong::NotDerived { name, .. }, Wrong::NotDerived { name: documented, .. }) => name == documented,
        _ => false,
    }
}

/// A text with `9` for each run of digits and `a` for each of letters: `9-9-9a9:9` for a date and time.
fn outline(text: &str) -> String {
    let mut out: String = String::new();
    for c in text.chars() {
        let kind = match c {
            _ if c.is_ascii_digit() => '9',
            _ if c.is_alphabetic() => 'a',
            c => c,
        };
        if !(out.ends_with(kind) && matches!(kind, '9' | 'a')) {
            out.push(kind);
        }
    }
    out
}

fn missing(at: &str, name: &str, object: &Value) -> Deviation {
    let alike = object.as_object().and_then(|o| o.keys().find(|k| k.eq_ignore_ascii_case(name)));
    let place = json::in_words(at);
    let (message, actual) = match alike {
        Some(other) => {
            (format!("{place} has no `{name}`; there is `{other}`, and names differ by case"), format!("`{other}`"))
        }
        None => (format!("{place} has no `{name}`"), names_of(object)),
    };
    Deviation::new(&rule::BODY_MISSING_MEMBER, message)
        .between(format!("a member `{name}`"), actual)
        .at(json::child(at, name))
}

fn names_of(object: &Value) -> String {
    let Some(members) = object.as_object() else { return json::brief(object, 80) };
    if members.is_empty() {
        return "an empty object".to_owned();
    }
    let short = |name: &String| name[..name.floor_char_boundary(40)].to_owned();
    let mut names: Vec<String> = members.keys().take(12).map(short).collect();
    if members.len() > names.len() {
        names.push("…".to_owned());
    }
    format!("members {}", names.join(", "))
}

fn type_words(types: &[&str]) -> String {
    types.iter().map(|name| json::with_article(name)).collect::<Vec<_>>().join(" or ")
}

/// Every way in which `body` is no error body.
pub fn error_envelope(body: &Value, out: &mut Vec<Deviation>) {
    static ENVELOPE: OnceLock<Option<Compiled>> = OnceLock::new();
    let compiled = ENVELOPE.get_or_init(|| schema::bundled("odata.error").as_ref().and_then(Compiled::new));
    let Some(envelope) = compiled.as_ref().filter(|envelope| !envelope.is_valid(body)) else {
        return empty_texts(body.get("error"), "/error", &rule::ERROR_ENVELOPE, out);
    };
    for violation in envelope.violations(body) {
        let at = violation.at.clone();
        let instance = json::at(body, &at).unwrap_or(&Value::Null);
        let deviation = match &violation.broken {
            Broken::Required(property) => missing(&at, property, instance),
            Broken::Type(wanted) => {
                let wanted = type_words(wanted);
                let place = if at.is_empty() { "the error body".to_owned() } else { format!("`{at}`") };
                let message = format!("{place} is {}, not {wanted}", json::with_article(json::type_name(instance)));
                Deviation::new(&rule::ERROR_ENVELOPE, message).between(wanted, json::brief(instance, 80)).at(at)
            }
            _ => Deviation::new(&rule::ERROR_ENVELOPE, "not an error body").at(at),
        };
        out.push(Deviation { rule: &rule::ERROR_ENVELOPE, severity: rule::ERROR_ENVELOPE.severity, ..deviation });
    }
    empty_texts(body.get("error"), "/error", &rule::ERROR_ENVELOPE, out);
}

/// An empty code or message is a warning: OData forbids it, Graph's own pages show it.
pub fn empty_texts(error: Option<&Value>, at: &str, rule: &'static rule::Rule, out: &mut Vec<Deviation>) {
    for name in ["code", "message"] {
        if error.and_then(|e| e.get(name)).and_then(Value::as_str) == Some("") {
            out.push(
                Deviation::new(rule, format!("`{name}` of the error is empty"))
                    .between("some text", "\"\"")
                    .at(json::child(at, name))
                    .warning(),
            );
        }
    }
}
