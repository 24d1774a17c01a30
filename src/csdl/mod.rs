//! Metadata of an OData service (CSDL XML 4.01): its types, its operations, and what its paths
//! lead to.

mod edm;
mod read;
mod resolve;
mod walk;

pub use edm::Edm;
pub use read::{Unreadable, read};
pub use walk::{Place, RequestBody, Stop};

use std::collections::HashMap;
use std::sync::Arc;

use crate::spelling::nearest;

/// A type of a [`Model`], by its place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub usize);

/// A type that is named and not declared, by its place among those.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MissingId(usize);

/// What a type name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A primitive type.
    Edm(Edm),
    /// A type that the model declares.
    Declared(TypeId),
    /// A type that the model names and does not declare.
    Missing(MissingId),
}

/// A type as a property, parameter or path has it: one value, or a collection of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeUse {
    /// The type of the value, or of each item.
    pub of: Target,
    /// `Collection(…)`.
    pub collection: bool,
}

impl TypeUse {
    /// One of what this is a collection of.
    #[must_use]
    pub fn item(self) -> Self {
        TypeUse { collection: false, ..self }
    }

    /// The declared type of the value, or of each item.
    pub fn declared(self) -> Option<TypeId> {
        match self.of {
            Target::Declared(id) => Some(id),
            _ => None,
        }
    }
}

/// A property or a navigation property.
#[derive(Clone, Debug)]
pub struct Property {
    /// Its name.
    pub name: Box<str>,
    /// Its type.
    pub type_use: TypeUse,
    /// `Nullable`, where it is stated; of a collection it speaks of the items (CSDL, 7.2.1).
    pub nullable: Option<bool>,
    /// A navigation property: there only when it is expanded.
    pub navigation: bool,
    /// `Scale` is `floating` or `variable`: a decimal that may be `INF` or `NaN`.
    pub floating: bool,
}

impl Property {
    /// A property that may be null, of that type.
    pub fn new(name: &str, type_use: TypeUse) -> Self {
        Property { name: name.into(), type_use, nullable: None, navigation: false, floating: false }
    }
}

/// A member of an enumeration.
pub type Member = Box<str>;

/// What a declared type is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// An entity type.
    Entity,
    /// A complex type.
    Complex,
    /// An enumeration: the names of its members, and whether values are combinations of them.
    Enum(Vec<Member>, bool),
    /// A type definition over a primitive type.
    Definition(Edm),
}

/// A declared type.
#[derive(Clone, Debug)]
pub struct Type {
    /// Its qualified name: namespace and name.
    pub name: Arc<str>,
    /// The line of its declaration.
    pub line: u32,
    /// What it is.
    pub kind: Kind,
    /// The type it derives from.
    pub base: Option<TypeId>,
    /// It, or a type that it derives from, takes members that are not declared.
    pub open: bool,
    /// It has no instances of its own.
    pub is_abstract: bool,
    /// What it declares itself, in order.
    pub properties: Vec<Property>,
    /// The types that derive from it directly.
    pub derived: Vec<TypeId>,
}

/// An action or a function.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its name, without namespace.
    pub name: Box<str>,
    /// An action; else a function.
    pub is_action: bool,
    /// The type that it is bound to.
    pub binding: Option<TypeUse>,
    /// Its parameters, without the one that it is bound by.
    pub parameters: Vec<Property>,
    /// What it returns, if anything.
    pub returns: Option<TypeUse>,
}

/// What the container of a service offers under a name.
#[derive(Clone, Debug)]
enum Entry {
    /// An entity set.
    Set(TypeUse),
    /// A singleton.
    Singleton(TypeUse),
    /// An unbound action or function, by its name.
    Import(Box<str>),
}

/// Something wrong with metadata that could be read all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The line, from 1.
    pub line: u32,
    /// What, for a person.
    pub message: String,
}

/// Why a name is no type of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Only its case or its namespace differs from this type.
    Spelling(TypeId),
    /// Nothing of that name; these come near.
    Missing(Vec<Arc<str>>),
}

/// Things by the qualified names of types; there are thousands, and hashing them is a good part of
/// reading.
type Names<V> = HashMap<Arc<str>, V, foldhash::fast::RandomState>;

/// The metadata of a service.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// What it was read from, as the user named it.
    pub source: Arc<str>,
    /// What is wrong with it.
    pub flaws: Vec<Flaw>,
    types: Vec<Type>,
    missing: Vec<Box<str>>,
    names: Names<TypeId>,
    aliases: HashMap<Box<str>, Box<str>>,
    operations: HashMap<Box<str>, Vec<Operation>>,
    entries: HashMap<Box<str>, Entry>,
}

impl Model {
    /// How many types it declares.
    pub fn len(&self) -> usize {
        self.types.len()
    }

    /// Whether it declares no type.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// A type.
    pub fn type_of(&self, id: TypeId) -> &Type {
        &self.types[id.0]
    }

    /// Every type, in the order of the declarations.
    pub fn types(&self) -> impl Iterator<Item = TypeId> + use<> {
        (0..self.types.len()).map(TypeId)
    }

    /// The type of exactly that name, qualified by its namespace or the alias of that.
    pub fn named(&self, name: &str) -> Option<TypeId> {
        if let Some(id) = self.names.get(name) {
            return Some(*id);
        }
        let (alias, local) = name.rsplit_once('.')?;
        let namespace = self.aliases.get(alias)?;
        self.names.get(format!("{namespace}.{local}").as_str()).copied()
    }

    /// The type that `name` means: exactly, or by another case, or without (all of) its namespace.
    ///
    /// # Errors
    /// [`Unknown`], with what comes near.
    pub fn find(&self, name: &str) -> Result<TypeId, Unknown> {
        match self.spelled(name) {
            Ok(id) => Ok(id),
            Err(Some(id)) => Err(Unknown::Spelling(id)),
            Err(None) => Err(Unknown::Missing(self.near(name))),
        }
    }

    /// The same without what comes near.
    ///
    /// # Errors
    /// The type that only the spelling differs from, if there is one.
    pub fn spelled(&self, name: &str) -> Result<TypeId, Option<TypeId>> {
        if let Some(id) = self.named(name) {
            return Ok(id);
        }
        let wanted = local_name(name);
        let alike = |id: &TypeId| local_name(&self.type_of(*id).name).eq_ignore_ascii_case(wanted);
        let alike: Vec<TypeId> = self.types().filter(alike).collect();
        // `security.alert` is of one namespace, `alert` may be of several.
        let ends = |id: &&TypeId| {
            let full = &*self.type_of(**id).name;
            let start = full.len().checked_sub(name.len());
            start.is_some_and(|at| {
                full.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(name))
                    && (at == 0 || full[..at].ends_with('.'))
            })
        };
        let whole: Vec<TypeId> = alike.iter().filter(ends).copied().collect();
        let pool = if whole.is_empty() { alike } else { whole };
        // Of several namespaces, the shortest is that of the service itself.
        let length = |id: &TypeId| self.type_of(*id).name.len();
        let shortest = pool.iter().map(length).min();
        let mut best = pool.iter().filter(|id| Some(length(id)) == shortest);
        match (best.next(), best.next()) {
            (Some(only), None) => Err(Some(*only)),
            _ => Err(None),
        }
    }

    /// The types whose names come near.
    fn near(&self, name: &str) -> Vec<Arc<str>> {
        let near = nearest(local_name(name), self.types.iter().map(|t| local_name(&t.name)));
        let is_near = |t: &&Type| near == Some(local_name(&t.name));
        self.types.iter().filter(is_near).map(|t| Arc::clone(&t.name)).collect()
    }

    /// `id` and the types that it derives from, nearest first.
    pub fn lineage(&self, id: TypeId) -> impl Iterator<Item = TypeId> + '_ {
        std::iter::successors(Some(id), |at| self.type_of(*at).base)
    }

    /// Whether `id` is `base` or derives from it.
    pub fn is_a(&self, id: TypeId, base: TypeId) -> bool {
        self.lineage(id).any(|at| at == base)
    }

    /// Every type that derives from `id`, in no order that means anything.
    pub fn derived(&self, id: TypeId) -> Vec<TypeId> {
        let mut all = Vec::new();
        let mut due = self.type_of(id).derived.clone();
        while let Some(next) = due.pop() {
            all.push(next);
            due.extend(&self.type_of(next).derived);
        }
        all
    }

    /// What instances of a type have, the members of its bases first, each with the type that
    /// declares it.
    pub fn members(&self, id: TypeId) -> impl Iterator<Item = (TypeId, &Property)> {
        let mut lineage: Vec<TypeId> = self.lineage(id).collect();
        lineage.reverse();
        lineage.into_iter().flat_map(|at| self.type_of(at).properties.iter().map(move |property| (at, property)))
    }

    /// The names by which a type is written: with its namespace, and with the (first) alias of that.
    pub fn names_of(&self, id: TypeId) -> Vec<String> {
        let name = &self.type_of(id).name;
        let mut names = vec![name.to_string()];
        if let Some((namespace, local)) = name.rsplit_once('.') {
            let aliases = self.aliases.iter().filter(|(_, of)| ***of == *namespace);
            names.extend(aliases.map(|(alias, _)| alias).min().map(|alias| format!("{alias}.{local}")));
        }
        names
    }

    /// A member of a type by its name.
    pub fn member(&self, id: TypeId, name: &str) -> Option<&Property> {
        self.lineage(id).find_map(|at| self.type_of(at).properties.iter().find(|p| &*p.name == name))
    }

    /// The name of a type, declared or not.
    pub fn name_of(&self, target: Target) -> &str {
        match target {
            Target::Edm(edm) => edm.name(),
            Target::Declared(id) => &self.type_of(id).name,
            Target::Missing(id) => &self.missing[id.0],
        }
    }

    /// How a type is written: `Collection(microsoft.graph.user)`.
    pub fn shown(&self, type_use: TypeUse) -> String {
        let name = self.name_of(type_use.of);
        if type_use.collection { format!("Collection({name})") } else { name.to_owned() }
    }
}

/// A name without its namespace.
fn local_name(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, local)| local)
}
