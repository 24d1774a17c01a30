//! A body held against its type.
//!
//! The schema library judges an object by the definition of its type; from there this walks to the
//! members that are of other types, and picks the type of each by `@odata.type`. So a mismatch is
//! always one thing wrong with one object of one type, however many types might have stood there.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::compiled::{Broken, Violation};
use super::mismatch::{Chosen, Mismatch, Wrong};
use super::typed;
use super::types::{Body, Definition, Expected, Leads, Root, Source, Types, has_form};
use crate::csdl::{TypeId, Unknown};
use crate::json;
use crate::spelling::nearest;

/// A place on the way into a value.
#[derive(Clone, Copy)]
struct At<'p> {
    before: Option<&'p At<'p>>,
    token: Token<'p>,
}

#[derive(Clone, Copy)]
enum Token<'p> {
    /// A pointer, whole.
    Pointer(&'p str),
    Name(&'p str),
    Index(usize),
}

impl<'p> At<'p> {
    fn root(pointer: &'p str) -> Self {
        At { before: None, token: Token::Pointer(pointer) }
    }

    fn to(&'p self, token: Token<'p>) -> Self {
        At { before: Some(self), token }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(before) = self.before {
            before.fmt(f)?;
        }
        match self.token {
            Token::Pointer(pointer) => f.write_str(pointer),
            Token::Name(name) => f.write_str(&json::child("", name)),
            Token::Index(index) => write!(f, "/{index}"),
        }
    }
}

/// A walk into one value.
struct Walk<'t> {
    types: &'t Types,
    out: Vec<Mismatch>,
    /// How many are gathered, of those that a client must be ready for and of the others each.
    most: usize,
    compatible: usize,
    /// What `@odata.type` says so far, by name: the search for a spelling goes through all types.
    said: HashMap<String, Result<usize, Option<usize>>>,
}

/// The type that an object turns out to be of.
struct Choice {
    slot: usize,
    chosen: Chosen,
    /// It may be of a type that is not known here, and have members that are not either.
    open: bool,
}

impl Types {
    /// The name of the type: `Collection(…)` for a list.
    pub fn name_of(&self, expected: &Expected) -> String {
        let name = match &expected.root {
            Root::Slot(slot) => &*self.slots[*slot].name,
            Root::Members { name, .. } => return name.to_string(),
        };
        if expected.collection { format!("Collection({name})") } else { name.to_owned() }
    }

    /// Everything in a body that its type does not allow: at most `most` things that a client must be
    /// ready for, and as many others.
    pub fn judge(&self, expected: &Expected, body: Body<'_>, most: usize) -> Vec<Mismatch> {
        let types = self.numbers(body.numbers);
        let mut walk = Walk { types, out: Vec::new(), most, compatible: 0, said: HashMap::new() };
        match &expected.root {
            Root::Slot(slot) => types.roots(expected, body, &mut |at, value| match value {
                Value::Object(_) => walk.object(*slot, expected.chosen, value, at),
                _ => walk.scalar(*slot, expected.chosen, value, at),
            }),
            Root::Members { name, members, is_wrapped } => {
                let at = At::root("");
                match (types.model(), body.value) {
                    (Some(model), Value::Object(given)) if !is_wrapped || given.contains_key("value") => {
                        // Graph takes the names of parameters in any case.
                        let spelled = |name: &str| given.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned();
                        let definition = types.compile(typed::members(model, members, body.numbers, spelled));
                        let judged = Judged { name, definition: &definition, chosen: expected.chosen };
                        walk.members(&judged, Unknowns::Tell(None), body.value, at);
                    }
                    _ => walk.tell(Mismatch::of_kind(name, expected.chosen, at.to_string(), body.value)),
                }
            }
        }
        walk.out
    }

    /// Whether a body is what a type alone asks for: a list in `value` for a collection, else an
    /// object. Pages show other envelopes, and where they do these are looked into.
    pub fn is_enveloped(&self, expected: &Expected, body: Body<'_>) -> bool {
        match (&expected.root, expected.collection) {
            (Root::Members { .. }, _) => true,
            (_, true) => json::at(body.value, body.entries).is_some_and(Value::is_array),
            (_, false) => body.value.is_object() && self.envelope(expected, body.value).is_none(),
        }
    }

    /// What is wrong with a body that is not so.
    pub fn misplaced(&self, expected: &Expected, body: Body<'_>) -> Mismatch {
        let list = json::at(body.value, body.entries).filter(|_| expected.collection);
        let (at, came) = list.map_or(("", body.value), |list| (body.entries, list));
        Mismatch::of_kind(&self.name_of(expected).into(), expected.chosen, at.to_owned(), came)
    }

    /// The values in a body that are to be of the type.
    fn roots<'v>(&self, expected: &Expected, body: Body<'v>, each: &mut impl FnMut(At<'_>, &'v Value)) {
        let mut all = |pointer: &str, items: &'v [Value]| {
            let root = At::root(pointer);
            items.iter().enumerate().for_each(|(at, item)| each(root.to(Token::Index(at)), item));
        };
        if expected.collection
            && let Some(Value::Array(items)) = json::at(body.value, body.entries)
        {
            return all(body.entries, items);
        }
        // Whatever the annotation says: a `value` alone, which the type does not have, is an envelope.
        match (self.envelope(expected, body.value), body.value) {
            (Some(Value::Array(items)), _) => all("/value", items),
            (Some(value), _) => each(At::root("/value"), value),
            (None, Value::Array(items)) => all("", items),
            (None, value) => each(At::root(""), value),
        }
    }

    /// What `value` holds, where it is all that a body has and the type has no such member.
    pub fn envelope<'v>(&self, expected: &Expected, body: &'v Value) -> Option<&'v Value> {
        let members = body.as_object()?;
        let value = members.get("value")?;
        let Root::Slot(slot) = expected.root else { return None };
        // What says its own type is an object of it, whatever its members are.
        let alone = members.keys().all(|name| name == "value" || (name.contains('@') && !name.ends_with("type")));
        let own = self.definition(slot).members.contains_key("value");
        (alone && !own).then_some(value)
    }

    /// Whether the metadata says what the member at `pointer` is; `None` where it does not say
    /// whether there may be such a member.
    pub fn declares(&self, expected: &Expected, body: Body<'_>, pointer: &str) -> Option<bool> {
        let Root::Slot(slot) = expected.root else { return None };
        let in_list = |items: &str| {
            let rest = pointer.strip_prefix(items)?.strip_prefix('/')?;
            let end = rest.find('/')?;
            let item = json::at(body.value, items)?.get(rest[..end].parse::<usize>().ok()?)?;
            self.declared_below(slot, item, &rest[end..])
        };
        if expected.collection && json::at(body.value, body.entries).is_some_and(Value::is_array) {
            return in_list(body.entries);
        }
        match (self.envelope(expected, body.value), body.value) {
            (Some(Value::Array(_)), _) => in_list("/value"),
            (Some(value), _) => self.declared_below(slot, value, pointer.strip_prefix("/value")?),
            (None, Value::Array(_)) => in_list(""),
            (None, value) => self.declared_below(slot, value, pointer),
        }
    }
}

/// An object's type, as far as a walk needs it.
struct Judged<'d> {
    name: &'d Arc<str>,
    definition: &'d Definition,
    chosen: Chosen,
}

/// The type that an object says to be of.
fn said(members: &Map<String, Value>) -> Option<&Value> {
    members.get("@odata.type").or_else(|| members.get("@type"))
}

/// The name in what `@odata.type` says: after the `#`.
fn name_in(said: &str) -> &str {
    said.rsplit_once('#').map_or(said, |(_, name)| name)
}

impl Types {
    /// The type of that name, or the one that only the spelling differs from.
    fn spelled(&self, name: &str) -> Result<usize, Option<usize>> {
        match &self.source {
            Source::Model(model) => {
                model.spelled(name).map(|TypeId(slot)| slot).map_err(|id| id.map(|TypeId(slot)| slot))
            }
            Source::Bundled(..) => self.names.get(name).copied().ok_or(None),
        }
    }

    /// Follows `pointer` into a value of the type `slot`.
    fn declared_below(&self, slot: usize, value: &Value, pointer: &str) -> Option<bool> {
        let (mut slot, mut value) = (slot, value);
        let mut tokens = pointer.split('/').skip(1).map(json::unescaped).peekable();
        loop {
            let name = tokens.next()?;
            let members = value.as_object()?;
            let own = said(members).map(|said| said.as_str().map(name_in).and_then(|name| self.spelled(name).ok()));
            let is_known = own.is_none_or(|own| own.is_some());
            let definition = self.definition(own.flatten().unwrap_or(slot));
            let Some(member) = definition.members.get(name.as_str()) else {
                return (is_known && !definition.open && tokens.peek().is_none()).then_some(false);
            };
            value = members.get(&name).unwrap_or(&Value::Null);
            if member.many
                && let Some(index) = tokens.next()
            {
                value = value.get(index.parse::<usize>().ok()?)?;
            }
            match member.leads {
                _ if tokens.peek().is_none() => return Some(true),
                Some(Leads::Slot(next)) => slot = next,
                _ => return None,
            }
        }
    }
}

impl Walk<'_> {
    /// The type of an object at a place that is declared of the type `slot`.
    fn choose(&mut self, slot: usize, chosen: Chosen, members: &Map<String, Value>) -> (Choice, Option<Wrong>) {
        let types = self.types;
        let as_declared = |open| Choice { slot, chosen, open };
        let name = match said(members) {
            None => return (as_declared(false), None),
            Some(Value::String(said)) => name_in(said),
            Some(_) => return (as_declared(true), Some(Wrong::NoTypeName)),
        };
        let is = |other| Choice { slot: other, chosen: Chosen::Named, open: false };
        if *name == *types.slots[slot].name {
            return (is(slot), None);
        }
        match self.spelled(name) {
            Ok(other) if types.derives(other, slot) => (is(other), None),
            Ok(other) => {
                let declared = Arc::clone(&types.slots[slot].name);
                (is(other), Some(Wrong::NotDerived { name: name.to_owned(), declared }))
            }
            Err(Some(other)) => {
                let spelling = Some(Arc::clone(&types.slots[other].name));
                let choice = if types.derives(other, slot) { is(other) } else { as_declared(true) };
                (choice, Some(Wrong::UnknownType { name: name.to_owned(), spelling, near: None }))
            }
            // What is bundled is a part of the metadata, and others may be derived from it.
            Err(None) => {
                let model = types.model().filter(|_| self.has_room(true));
                let wrong = model.map(|model| {
                    let near = match model.find(name) {
                        Err(Unknown::Missing(near)) => near.into_iter().next(),
                        _ => None,
                    };
                    Wrong::UnknownType { name: name.to_owned(), spelling: None, near }
                });
                (as_declared(true), wrong)
            }
        }
    }

    /// As [`Types::spelled`], each name looked up once.
    fn spelled(&mut self, name: &str) -> Result<usize, Option<usize>> {
        if let Some(found) = self.said.get(name) {
            return *found;
        }
        let found = self.types.spelled(name);
        self.said.insert(name.to_owned(), found);
        found
    }

    /// Whether another mismatch is still told, of those that a client must be ready for or of others.
    fn has_room(&self, is_compatible: bool) -> bool {
        if is_compatible { self.compatible < self.most } else { !self.is_full() }
    }

    fn push(&mut self, judged: &Judged<'_>, at: String, schema: &str, actual: &Value, wrong: Wrong) {
        self.tell(Mismatch {
            at,
            schema: format!("{}{schema}", judged.name),
            of: Arc::clone(judged.name),
            chosen: judged.chosen,
            actual: json::brief(actual, 80),
            wrong,
        });
    }

    fn tell(&mut self, found: Mismatch) {
        if found.is_compatible() {
            if self.compatible >= self.most {
                return;
            }
            self.compatible += 1;
        }
        self.out.push(found);
    }

    /// Whether there is enough of what a client cannot be ready for.
    fn is_full(&self) -> bool {
        self.out.len() - self.compatible >= self.most
    }

    fn object(&mut self, slot: usize, chosen: Chosen, value: &Value, at: At<'_>) {
        let Some(members) = value.as_object().filter(|_| !self.is_full()) else { return };
        let types = self.types;
        let (choice, wrong) = self.choose(slot, chosen, members);
        let definition = types.definition(choice.slot);
        let judged = Judged { name: &types.slots[choice.slot].name, definition, chosen: choice.chosen };
        if let Some(wrong) = wrong {
            let name = if members.contains_key("@odata.type") { "@odata.type" } else { "@type" };
            let said = members.get(name).unwrap_or(&Value::Null);
            self.push(&judged, at.to(Token::Name(name)).to_string(), "/patternProperties", said, wrong);
        }
        let unknowns = match choice.chosen {
            _ if choice.open => Unknowns::Pass,
            // An object that does not say what it is may be meant as one of a derived type.
            Chosen::Named => Unknowns::Tell(None),
            _ => Unknowns::Tell(Some(choice.slot)),
        };
        self.members(&judged, unknowns, value, at);
    }

    /// An object by its definition, then its members by theirs.
    fn members(&mut self, judged: &Judged<'_>, unknowns: Unknowns, value: &Value, at: At<'_>) {
        let definition = judged.definition;
        let mut own = definition.broken(value);
        for (name, value) in value.as_object().into_iter().flatten() {
            if self.is_full() {
                return;
            }
            let place = at.to(Token::Name(name));
            for violation in own.members.remove(name).unwrap_or_default() {
                self.violation(judged, violation, value, place);
            }
            if own.unknown.contains(name)
                && self.has_room(true)
                && let Unknowns::Tell(slot) = unknowns
            {
                let wrong = self.types.undeclared(name, definition, slot);
                self.push(judged, place.to_string(), "/additionalProperties", value, wrong);
            }
            let Some(member) = definition.members.get(name.as_str()) else {
                // What an open type holds may say itself what it is.
                if let Some(Value::String(said)) = value.as_object().and_then(said)
                    && let Ok(slot) | Err(Some(slot)) = self.spelled(name_in(said))
                {
                    self.object(slot, Chosen::Named, value, place);
                }
                continue;
            };
            let Some(leads) = member.leads else { continue };
            match value {
                Value::Array(items) if member.many => {
                    for (index, item) in items.iter().enumerate() {
                        self.follow(judged, leads, item, name, place.to(Token::Index(index)));
                    }
                }
                value if !member.many => self.follow(judged, leads, value, name, place),
                _ => {}
            }
        }
    }

    fn follow(&mut self, from: &Judged<'_>, leads: Leads, value: &Value, name: &str, at: At<'_>) {
        if self.is_full() {
            return;
        }
        match (leads, value) {
            (Leads::Slot(slot), Value::Object(_)) => self.object(slot, Chosen::Declared, value, at),
            (Leads::Slot(slot), Value::String(text)) => {
                let definition = self.types.definition(slot);
                if let Some(wrong) = self.option(slot, definition, text) {
                    self.push(from, at.to_string(), &format!("/properties/{name}"), value, wrong);
                }
            }
            (Leads::Form(form), Value::String(_)) if !has_form(form, self.types.numbers, value) => {
                let is_number = matches!(form, "Edm.Double" | "Edm.Decimal" | "Edm.Int64");
                if is_number {
                    let wrong = Wrong::Kind { declared: form.to_owned(), came: "string" };
                    self.push(from, at.to_string(), &format!("/properties/{name}"), value, wrong);
                    return;
                }
                let wants = typed::form(form, self.types.numbers);
                let wants = wants.and_then(|form| Some(form["description"].as_str()?.to_owned()));
                let wrong = Wrong::Form { declared: (*form).to_owned(), wants };
                self.push(from, at.to_string(), &format!("/properties/{name}"), value, wrong);
            }
            _ => {}
        }
    }

    /// A body, or an item of a list, that is no object: a member of an enumeration, or wrong.
    fn scalar(&mut self, slot: usize, chosen: Chosen, value: &Value, at: At<'_>) {
        let definition = self.types.definition(slot);
        let name = &self.types.slots[slot].name;
        let judged = Judged { name, definition, chosen };
        match (&definition.options, value) {
            (Some(_), Value::String(text)) => {
                if let Some(wrong) = self.option(slot, definition, text) {
                    self.push(&judged, at.to_string(), "", value, wrong);
                }
            }
            _ => self.tell(Mismatch::of_kind(name, chosen, at.to_string(), value)),
        }
    }

    /// What is wrong with a text where a member of an enumeration is to be.
    fn option(&self, slot: usize, definition: &Definition, text: &str) -> Option<Wrong> {
        let options = definition.options.as_ref()?;
        let said = options.unknown(text).filter(|_| self.has_room(options.is_evolvable()))?;
        let near = nearest(said, options.names.iter().map(String::as_str)).map(str::to_owned);
        let declared = self.types.slots[slot].name.to_string();
        Some(Wrong::Option { declared, options: Arc::clone(&options.names), said: said.to_owned(), near })
    }

    /// What is wrong with a member, or with an item of it.
    fn violation(&mut self, judged: &Judged<'_>, found: Violation, member: &Value, at: At<'_>) {
        let (name, item) = split_first(&found.at);
        let came = json::at(member, item).unwrap_or(&Value::Null);
        let title = judged.definition.members.get(&*name).map_or("", |member| &*member.title);
        let of_item = title.strip_prefix("Collection(").and_then(|rest| rest.split(')').next());
        let declared = of_item.filter(|_| !item.is_empty()).unwrap_or(title).to_owned();
        let wrong = match found.broken {
            Broken::Type(_) => Wrong::Kind { declared, came: json::type_name(came) },
            Broken::Range(wants) | Broken::Other(wants) => Wrong::Form { declared, wants: Some(wants) },
            _ => Wrong::Form { declared, wants: None },
        };
        self.push(judged, format!("{at}{item}"), &found.schema, came, wrong);
    }
}

/// What is wrong with an object by its own definition.
#[derive(Default)]
struct Own {
    /// By member.
    members: HashMap<String, Vec<Violation>>,
    /// Members that are not declared.
    unknown: HashSet<String>,
}

impl Definition {
    fn broken(&self, value: &Value) -> Own {
        let mut own = Own::default();
        let Some(itself) = self.itself.as_ref().filter(|itself| !itself.is_valid(value)) else { return own };
        for violation in itself.violations(value) {
            match violation.broken {
                Broken::Unknown(names) => own.unknown.extend(names),
                _ => own.members.entry(split_first(&violation.at).0).or_default().push(violation),
            }
        }
        own
    }
}

/// The first name of a JSON pointer, and the pointer from there.
fn split_first(pointer: &str) -> (String, &str) {
    let rest = pointer.strip_prefix('/').unwrap_or(pointer);
    let end = rest.find('/').unwrap_or(rest.len());
    (json::unescaped(&rest[..end]), &rest[end..])
}

/// What is said of members that a definition does not have.
#[derive(Clone, Copy)]
enum Unknowns {
    /// Nothing: the object may be of a type that is not known here.
    Pass,
    /// That they are not declared; by a type derived from this one, perhaps.
    Tell(Option<usize>),
}

impl Types {
    fn undeclared(&self, name: &str, definition: &Definition, slot: Option<usize>) -> Wrong {
        let near = match name.strip_prefix("odata.") {
            Some(_) => Some(format!("@{name}")),
            None => nearest(name, definition.members.keys().map(|key| &**key)).map(str::to_owned),
        };
        let derived = slot.and_then(|slot| match &self.source {
            Source::Model(model) => {
                let mut all = model.derived(TypeId(slot));
                all.sort_unstable();
                let has = |id: &TypeId| model.type_of(*id).properties.iter().any(|property| *property.name == *name);
                all.into_iter().find(has).map(|id| Arc::clone(&model.type_of(id).name))
            }
            Source::Bundled(..) => None,
        });
        Wrong::Undeclared { name: name.to_owned(), near, derived }
    }
}
