//! Body shape, by JSON Schema. The only user of `jsonschema`.

use std::collections::HashSet;
use std::sync::OnceLock;

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde_json::{Value, json};

use super::MOST;
use crate::case::Promise;
use crate::json;
use crate::multi_status::Law;
use crate::rule::{self, Deviation};
use crate::schema;

/// The compiled schemas that an answer must keep to.
pub struct Shape {
    validators: Vec<Validator>,
    entries: Option<String>,
    entry_key: String,
}

impl Shape {
    /// Of a promise, and of the law that the case is under.
    pub fn new(promise: Option<&Promise>, law: Option<&Law>) -> Self {
        let example = schema::of_answer(promise, law);
        let typed = promise.and_then(|p| typed(p, law));
        let compile = |schema: &Value| jsonschema::draft202012::new(schema).ok();
        Shape {
            validators: [example, typed].iter().flatten().filter_map(compile).collect(),
            entries: law.map(|l| l.dialect.entries.clone()),
            entry_key: law.map_or_else(|| "/id".to_owned(), |l| l.dialect.entry_key.clone()),
        }
    }

    /// Every place where `body` deviates, each once; of a `huge` body the first place alone, since
    /// the library gathers all errors before it gives the first.
    pub fn judge(&self, body: &Value, huge: bool, out: &mut Vec<Deviation>) {
        let mut seen = HashSet::new();
        for validator in &self.validators {
            if validator.is_valid(body) {
                continue;
            }
            if huge {
                out.extend(validator.validate(body).err().map(|error| self.deviation(&error, body)));
                continue;
            }
            for error in validator.iter_errors(body) {
                if out.len() > MOST {
                    return;
                }
                let deviation = self.deviation(&error, body);
                if seen.insert((deviation.rule.name, deviation.at.clone())) {
                    out.push(deviation);
                }
            }
        }
    }

    fn deviation(&self, error: &jsonschema::ValidationError<'_>, body: &Value) -> Deviation {
        let at = error.instance_path().as_str().to_owned();
        let instance = body.pointer(&at).unwrap_or(&Value::Null);
        match error.kind() {
            ValidationErrorKind::Required { property } => missing(&at, property, instance),
            ValidationErrorKind::Type { kind } => {
                let wanted = type_words(kind);
                let place = if at.is_empty() { "the body".to_owned() } else { format!("`{at}`") };
                let came = json::type_name(instance);
                let message = format!("{place} is {} where the page shows {wanted}", article(came));
                let deviation = Deviation::new(&rule::BODY_TYPE, message).between(wanted, json::brief(instance, 80));
                let deviation = if instance.is_null() && !self.matters(&at) { deviation.warning() } else { deviation };
                deviation.at(at)
            }
            ValidationErrorKind::Enum { options } => {
                let message = format!("`{at}` is none of the values that its type has");
                let options = format!("one of {}", json::brief(options, 200));
                Deviation::new(&rule::BODY_ENUM, message).between(options, json::brief(instance, 80)).at(at)
            }
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let names = unexpected.join(", ");
                let message = format!("`{at}` holds what its type does not know: {names}");
                Deviation::new(&rule::BODY_UNKNOWN_MEMBER, message).between("known members alone", names).at(at)
            }
            _ => Deviation::new(&rule::BODY_FORMAT, error.to_string())
                .between("what the type's schema allows", json::brief(instance, 80))
                .at(at),
        }
    }

    /// Whether something depends on the value at `at`, so that null is no answer: the root, the
    /// envelope, an item, an id, `code`, `message`.
    fn matters(&self, at: &str) -> bool {
        let envelope = self.entries.as_deref().unwrap_or("/value");
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

fn missing(at: &str, property: &Value, object: &Value) -> Deviation {
    let name = property.as_str().unwrap_or_default();
    let alike = object.as_object().and_then(|o| o.keys().find(|k| k.eq_ignore_ascii_case(name)));
    let place = if at.is_empty() { "the body".to_owned() } else { format!("`{at}`") };
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

fn type_words(kind: &jsonschema::error::TypeKind) -> String {
    match kind {
        jsonschema::error::TypeKind::Single(one) => article(&one.to_string()),
        jsonschema::error::TypeKind::Multiple(many) => {
            let words: Vec<String> = many.iter().map(|t| article(&t.to_string())).collect();
            words.join(" or ")
        }
    }
}

/// A type's name as a sentence has it: `a string`, `an object`, `null`.
fn article(name: &str) -> String {
    match name {
        "null" => name.to_owned(),
        "array" | "object" | "integer" => format!("an {name}"),
        _ => format!("a {name}"),
    }
}

/// The bundled schema of the promised type, put where the page says the type is.
fn typed(promise: &Promise, law: Option<&Law>) -> Option<Value> {
    let schema = schema::bundled(promise.type_name.as_deref()?)?;
    promise.content.json()?;
    if !promise.collection {
        return Some(schema);
    }
    let pointer = law.map_or("/value", |l| &l.dialect.entries);
    let mut around = json!({"items": schema});
    for name in pointer.rsplit('/').filter(|name| !name.is_empty()) {
        around = json!({"properties": {name: around}});
    }
    Some(around)
}

/// Every way in which `body` is no error body.
pub fn error_envelope(body: &Value, out: &mut Vec<Deviation>) {
    static ENVELOPE: OnceLock<Option<Validator>> = OnceLock::new();
    let compiled = ENVELOPE
        .get_or_init(|| schema::bundled("odata.error").and_then(|schema| jsonschema::draft202012::new(&schema).ok()));
    let Some(validator) = compiled else { return };
    for error in validator.iter_errors(body) {
        let at = error.instance_path().as_str().to_owned();
        let instance = body.pointer(&at).unwrap_or(&Value::Null);
        let deviation = match error.kind() {
            ValidationErrorKind::Required { property } => missing(&at, property, instance),
            ValidationErrorKind::Type { kind } => {
                let wanted = type_words(kind);
                let place = if at.is_empty() { "the error body".to_owned() } else { format!("`{at}`") };
                let message = format!("{place} is {}, not {wanted}", article(json::type_name(instance)));
                Deviation::new(&rule::ERROR_ENVELOPE, message).between(wanted, json::brief(instance, 80)).at(at)
            }
            _ => Deviation::new(&rule::ERROR_ENVELOPE, error.to_string()).at(at),
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
