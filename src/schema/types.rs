//! The types of a service by name, each one definition, compiled when first met and once; and
//! which of them judges a body.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::compiled::Compiled;
use super::mismatch::{Chosen, SENTINEL};
use super::typed::{self, Numbers, OR_DERIVED};
use crate::csdl::{Edm, Model, Property, RequestBody, Target, TypeId, Unknown};

/// Types by name, ready to be held against values.
#[derive(Debug)]
pub struct Types {
    pub(super) source: Source,
    pub(super) numbers: Numbers,
    pub(super) slots: Vec<Slot>,
    pub(super) names: HashMap<Arc<str>, usize>,
    /// The same for answers that write numbers as strings.
    strings: OnceLock<Box<Types>>,
    /// How many members the definitions have that were compiled.
    compiled: AtomicUsize,
}

/// The most members that definitions have in all, before further ones allow everything: Graph's own
/// have some 60,000, and hostile metadata could fill the memory.
const MEMBERS: usize = 1_000_000;

#[derive(Debug)]
pub(super) enum Source {
    Model(Arc<Model>),
    /// The definitions of bundled documents, and which of them derive from which.
    Bundled(Vec<Value>, HashMap<usize, HashSet<usize>>),
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) name: Arc<str>,
    compiled: OnceLock<Definition>,
}

/// A definition, compiled.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) itself: Option<Compiled>,
    /// Its enumeration, where it is one.
    pub(super) options: Option<Options>,
    pub(super) members: HashMap<Box<str>, Member>,
    /// It takes members that it does not declare.
    pub(super) open: bool,
}

/// The members of an enumeration.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) names: Arc<[String]>,
    known: HashSet<String>,
    /// A value is a combination of them.
    is_flags: bool,
}

impl Options {
    /// The first part of a text that is none of them.
    pub(super) fn unknown<'v>(&self, text: &'v str) -> Option<&'v str> {
        if self.known.is_empty() || self.known.contains(text) {
            return None;
        }
        let parts = text.split(',').enumerate();
        let parts = parts.map(|(at, part)| if at == 0 { part } else { part.strip_prefix(' ').unwrap_or(part) });
        let mut parts = parts;
        if self.is_flags { parts.find(|part| !self.known.contains(*part)) } else { Some(text) }
    }

    pub(super) fn is_evolvable(&self) -> bool {
        self.known.contains(SENTINEL)
    }
}

#[derive(Debug)]
pub(super) struct Member {
    /// Its type, as CSDL writes it.
    pub(super) title: Box<str>,
    /// Where its value, or each item of it, is judged.
    pub(super) leads: Option<Leads>,
    pub(super) many: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Leads {
    /// A declared type, or one derived from it.
    Slot(usize),
    /// A primitive type with a form.
    Form(&'static str),
}

/// The type that a body is held against, and how it was found. It is of the [`Types`] that gave it.
#[derive(Clone, Debug)]
pub struct Expected {
    pub(super) root: Root,
    /// The body is a list of it.
    pub collection: bool,
    /// How it was found.
    pub chosen: Chosen,
}

#[derive(Clone, Debug)]
pub(super) enum Root {
    Slot(usize),
    /// An object that no type declares: parameters, or what a primitive value is wrapped in.
    Members {
        /// What it is.
        name: Arc<str>,
        /// What it holds.
        members: Box<[Property]>,
        /// It is a primitive value, wrapped in `value`, without which there is none.
        is_wrapped: bool,
    },
}

/// How many mismatches of a kind tell which of two types fits better.
const FEW: usize = 100;

/// A body, and where the list is in it that its type is of.
#[derive(Clone, Copy, Debug)]
pub struct Body<'v> {
    /// The body.
    pub value: &'v Value,
    /// JSON pointer to the list, where there is one.
    pub entries: &'v str,
    /// How its label says that numbers are written.
    pub numbers: Numbers,
}

impl<'v> Body<'v> {
    /// A body as most are: a list is in `value`, numbers are numbers.
    pub fn plain(value: &'v Value) -> Self {
        Body { value, entries: "/value", numbers: Numbers::Json }
    }
}

impl Types {
    /// The types of a model.
    pub fn of(model: Arc<Model>) -> Self {
        Types::with(model, Numbers::Json)
    }

    fn with(model: Arc<Model>, numbers: Numbers) -> Self {
        let slots: Vec<Slot> = model.types().map(|id| Slot::new(Arc::clone(&model.type_of(id).name))).collect();
        Types { source: Source::Model(model), numbers, ..Types::named(slots) }
    }

    /// The types that schema documents define, as [`super::document`] makes them.
    pub fn bundled(documents: impl Iterator<Item = Value>) -> Self {
        let mut definitions: Vec<(Arc<str>, Value)> = Vec::new();
        let mut choices: Vec<(Arc<str>, Value)> = Vec::new();
        for mut document in documents {
            let Some(Value::Object(found)) = document.get_mut("$defs").map(Value::take) else { continue };
            for (name, schema) in found {
                match name.strip_suffix(OR_DERIVED) {
                    Some(base) => choices.push((base.into(), schema)),
                    None => definitions.push((name.into(), schema)),
                }
            }
        }
        let slots: Vec<Slot> = definitions.iter().map(|(name, _)| Slot::new(Arc::clone(name))).collect();
        let types = Types::named(slots);
        let mut derived: HashMap<usize, HashSet<usize>> = HashMap::new();
        for (base, schema) in &choices {
            let Some(base) = types.names.get(base) else { continue };
            let branches = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
            let names = branches.filter_map(|branch| reference(branch.get("then")?));
            derived.entry(*base).or_default().extend(names.filter_map(|name| types.names.get(name)));
        }
        let definitions = definitions.into_iter().map(|(_, schema)| schema).collect();
        Types { source: Source::Bundled(definitions, derived), ..types }
    }

    fn named(slots: Vec<Slot>) -> Self {
        let names = slots.iter().enumerate().map(|(at, slot)| (Arc::clone(&slot.name), at)).collect();
        let source = Source::Bundled(Vec::new(), HashMap::new());
        Types { source, numbers: Numbers::Json, slots, names, strings: OnceLock::new(), compiled: AtomicUsize::new(0) }
    }

    /// The model that these are of; bundled ones have none.
    pub fn model(&self) -> Option<&Model> {
        match &self.source {
            Source::Model(model) => Some(model),
            Source::Bundled(..) => None,
        }
    }

    /// The same types as a body has them whose label says `IEEE754Compatible=true`.
    pub(super) fn numbers(&self, numbers: Numbers) -> &Types {
        match (&self.source, numbers) {
            (Source::Model(model), Numbers::Strings) if self.numbers == Numbers::Json => {
                self.strings.get_or_init(|| Box::new(Types::with(Arc::clone(model), Numbers::Strings)))
            }
            _ => self,
        }
    }

    /// The type that an annotation names, if these know it by that very name, by the alias of its
    /// namespace, or by another case or no namespace.
    ///
    /// # Errors
    /// [`Unknown`], where it is not known or spelled otherwise.
    pub fn named_type(&self, name: &str) -> Result<(), Unknown> {
        match &self.source {
            Source::Model(model) => model.find(name).map(drop),
            Source::Bundled(..) => self.slot(name).map(drop).ok_or_else(|| Unknown::Missing(Vec::new())),
        }
    }

    pub(super) fn slot(&self, name: &str) -> Option<usize> {
        if let Some(slot) = self.names.get(name) {
            return Some(*slot);
        }
        match &self.source {
            Source::Model(model) => match model.spelled(name) {
                Ok(TypeId(slot)) | Err(Some(TypeId(slot))) => Some(slot),
                Err(None) => None,
            },
            Source::Bundled(..) => self.slots.iter().position(|slot| slot.name.eq_ignore_ascii_case(name)),
        }
    }

    /// The type of what a request answers with success: what its page says, else what its path
    /// leads to. Where these differ, it is the one that the documented body breaks less; the
    /// annotation counts where it only says more.
    pub fn answer(
        &self,
        (method, path): (&str, &str),
        said: Option<(&str, bool)>,
        documented: Option<Body<'_>>,
    ) -> Option<Expected> {
        let annotated = said.and_then(|(name, collection)| self.annotated(name, collection));
        let found = self.by_path(method, path);
        match (annotated, found, documented) {
            (Some(annotated), Some(found), Some(body)) if !self.is_at_least(&annotated, &found) => {
                let breaks = |expected: &Expected| self.judge(expected, body, FEW).len();
                Some(if breaks(&found) <= breaks(&annotated) { found } else { annotated })
            }
            (annotated, found, _) => annotated.or(found),
        }
    }

    /// The type that an annotation names.
    pub fn annotated(&self, name: &str, collection: bool) -> Option<Expected> {
        let root = Root::Slot(self.slot(name)?);
        Some(Expected { root, collection, chosen: Chosen::Annotation })
    }

    /// The type that the path of a request leads to.
    pub fn by_path(&self, method: &str, path: &str) -> Option<Expected> {
        let model = self.model()?;
        let found = model.answer(method, path)?;
        let chosen = Chosen::Path;
        match found.of {
            Target::Declared(TypeId(slot)) => {
                Some(Expected { root: Root::Slot(slot), collection: found.collection, chosen })
            }
            // One or many, they stand in `value` (OData JSON Format 4.01, section 11).
            Target::Edm(of) if !matches!(of, Edm::Stream | Edm::Untyped) => {
                let value = Property::new("value", found);
                let root =
                    Root::Members { name: model.shown(found).into(), members: Box::new([value]), is_wrapped: true };
                Some(Expected { root, collection: false, chosen })
            }
            _ => None,
        }
    }

    /// The type of the body of a request, by its path.
    pub fn request(&self, method: &str, path: &str) -> Option<Expected> {
        let root = match self.model()?.request(method, path)? {
            RequestBody::Value(Target::Declared(TypeId(slot))) => Root::Slot(slot),
            RequestBody::Value(_) => return None,
            RequestBody::Parameters(operation) => Root::Members {
                name: format!("the parameter object of {}", operation.name).into(),
                members: operation.parameters.clone().into(),
                is_wrapped: false,
            },
        };
        Some(Expected { root, collection: false, chosen: Chosen::Path })
    }

    /// Whether a type is the other, or derived from it.
    fn is_at_least(&self, one: &Expected, base: &Expected) -> bool {
        matches!((&one.root, &base.root), (Root::Slot(one), Root::Slot(base)) if self.derives(*one, *base))
    }

    /// Whether one of two types may stand for the other.
    pub fn is_related(&self, one: &Expected, other: &Expected) -> bool {
        self.is_at_least(one, other) || self.is_at_least(other, one)
    }

    pub(super) fn derives(&self, slot: usize, base: usize) -> bool {
        slot == base
            || match &self.source {
                Source::Model(model) => model.is_a(TypeId(slot), TypeId(base)),
                Source::Bundled(_, derived) => derived.get(&base).is_some_and(|all| all.contains(&slot)),
            }
    }

    pub(super) fn definition(&self, slot: usize) -> &Definition {
        self.slots[slot].compiled.get_or_init(|| match &self.source {
            Source::Model(model) => {
                let members = model.members(TypeId(slot)).count();
                if self.compiled.fetch_add(members, Ordering::Relaxed) > MEMBERS {
                    return self.compile(Value::Object(serde_json::Map::new()));
                }
                self.compile(typed::definition(model, TypeId(slot), self.numbers))
            }
            Source::Bundled(definitions, _) => self.compile(definitions[slot].clone()),
        })
    }

    /// Compiles a definition by itself: what it refers to is judged where the walk comes by.
    pub(super) fn compile(&self, mut schema: Value) -> Definition {
        let mut members = HashMap::new();
        if let Some(Value::Object(patterns)) = schema.get_mut("patternProperties") {
            patterns.shift_remove(typed::TYPE);
        }
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            for (name, property) in properties {
                members.insert(name.as_str().into(), self.member(property));
            }
        }
        let options = options(&schema);
        // Membership is looked up; a pattern of many names would be large.
        let is_object = options.is_none();
        let open = schema.get("additionalProperties").is_none();
        let itself = is_object.then(|| Compiled::new(&schema)).flatten();
        Definition { itself, options, members, open }
    }

    fn member(&self, property: &mut Value) -> Member {
        let title = property.get("title").and_then(Value::as_str).unwrap_or_default().into();
        let many = property.get("items").is_some();
        let value = if many { property.get_mut("items") } else { Some(property) };
        let reference = value.and_then(Value::as_object_mut).and_then(|members| members.shift_remove("$ref"));
        let name = reference.as_ref().and_then(Value::as_str).and_then(|r| r.strip_prefix("#/$defs/"));
        let leads = name.and_then(|name| match FORMS.iter().find(|form| **form == name) {
            Some(form) => Some(Leads::Form(form)),
            None => self.names.get(name.strip_suffix(OR_DERIVED).unwrap_or(name)).map(|slot| Leads::Slot(*slot)),
        });
        Member { title, leads, many }
    }
}

impl Slot {
    fn new(name: Arc<str>) -> Self {
        Slot { name, compiled: OnceLock::new() }
    }
}

/// The members of an enumeration; those of flags stand in its pattern.
fn options(schema: &Value) -> Option<Options> {
    let of = |names: Vec<String>, is_flags| Options {
        known: names.iter().cloned().collect(),
        names: names.into(),
        is_flags,
    };
    if let Some(options) = schema.get("enum").and_then(Value::as_array) {
        return Some(of(options.iter().filter_map(Value::as_str).map(str::to_owned).collect(), false));
    }
    let names = schema.get("pattern")?.as_str()?.strip_prefix("^(?:")?.split_once(")(?:, ?(?:")?.0;
    Some(of(names.replace('\\', "").split('|').map(str::to_owned).collect(), true))
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/$defs/"))
}

/// The primitive types whose values are texts of some form.
const FORMS: &[&str] = &[
    "Edm.Binary",
    "Edm.Date",
    "Edm.DateTimeOffset",
    "Edm.Decimal",
    "Edm.Double",
    "Edm.Duration",
    "Edm.Guid",
    "Edm.Int64",
    "Edm.TimeOfDay",
];

/// Whether a text is of the form of a primitive type.
pub(super) fn has_form(name: &str, numbers: Numbers, value: &Value) -> bool {
    static COMPILED: [[OnceLock<Option<Compiled>>; 2]; 9] = [const { [const { OnceLock::new() }; 2] }; 9];
    let Some(at) = FORMS.iter().position(|form| *form == name) else { return true };
    let compiled = COMPILED[at][usize::from(numbers == Numbers::Strings)]
        .get_or_init(|| typed::form(name, numbers).and_then(|schema| Compiled::new(&schema)));
    compiled.as_ref().is_none_or(|form| form.is_valid(value))
}
