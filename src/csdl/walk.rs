//! What a path of a request leads to (OData URL Conventions 4.01, section 4, and the habits of
//! Graph's pages), and so what is asked and answered there.

use super::{Edm, Entry, Kind, Model, Operation, Target, TypeId, TypeUse, Unknown};

/// What a path leads to.
#[derive(Clone, Copy, Debug)]
pub enum Place<'m> {
    /// An entity, a collection or a property.
    Value(TypeUse),
    /// An item of a collection, by its key.
    Item(TypeUse),
    /// A stream that belongs to an entity.
    Stream(TypeUse),
    /// An action or a function.
    Operation(&'m Operation),
    /// `$count`, `$ref` and the like: no value of a type.
    System,
}

/// What the body of a request is.
#[derive(Clone, Copy, Debug)]
pub enum RequestBody<'m> {
    /// A value of a type.
    Value(Target),
    /// The parameters of an operation.
    Parameters(&'m Operation),
}

/// Why a path leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The segment that is not known there.
    pub segment: String,
    /// What it was looked for in.
    pub within: String,
}

/// The most segments of a path that are walked.
const MOST: usize = 64;

impl Model {
    /// What a documented path (without its service root) leads to.
    ///
    /// # Errors
    /// [`Stop`] at the first segment that is not known.
    pub fn walk(&self, path: &str) -> Result<Place<'_>, Stop> {
        let mut segments = segments(path);
        segments.truncate(MOST);
        let mut rest = segments.iter().map(String::as_str);
        let (mut place, mut addressed) = self.start(&mut rest)?;
        for segment in rest {
            // `root:/a/b.txt:/children` names an item by its path.
            if addressed {
                addressed = !segment.ends_with(':');
                continue;
            }
            let (segment, opens) = match segment.strip_suffix(':') {
                Some(before) => (before, true),
                None => (segment, false),
            };
            if !segment.is_empty() {
                let at = match place {
                    Place::Value(at) | Place::Item(at) => at,
                    // A function goes on from what it returns.
                    Place::Operation(Operation { is_action: false, returns: Some(returns), .. }) => *returns,
                    Place::Operation(_) | Place::Stream(_) | Place::System => {
                        let within = "what the path leads to before it".to_owned();
                        return Err(Stop { segment: segment.to_owned(), within });
                    }
                };
                place = self.step(at, segment)?;
            }
            addressed = opens;
        }
        Ok(place)
    }

    /// What a request answers with success, by its method: the type and whether it is many.
    pub fn answer(&self, method: &str, path: &str) -> Option<TypeUse> {
        match (self.walk(path).ok()?, method) {
            (Place::Operation(operation), "POST") => operation.returns,
            (Place::Operation(operation), "GET" | "PATCH") if !operation.is_action => operation.returns,
            (Place::Value(of) | Place::Item(of), "GET" | "HEAD") => Some(of),
            // What is made or changed is answered, one at a time; nothing is made at a key.
            (Place::Value(of), "POST") => Some(of.item()),
            (Place::Value(of) | Place::Item(of), "PATCH" | "PUT") if !of.collection => Some(of),
            // Graph answers a new content with the item that it is of.
            (Place::Stream(holder), "PUT") => Some(holder),
            _ => None,
        }
    }

    /// What the body of a request is, by its method.
    pub fn request(&self, method: &str, path: &str) -> Option<RequestBody<'_>> {
        match (self.walk(path).ok()?, method) {
            (Place::Operation(operation), "PATCH") => Some(RequestBody::Value(operation.returns?.of)),
            (Place::Operation(operation), _) => Some(RequestBody::Parameters(operation)),
            (Place::Value(use_of), "POST") => Some(RequestBody::Value(use_of.of)),
            (Place::Value(use_of) | Place::Item(use_of), "PATCH" | "PUT") if !use_of.collection => {
                Some(RequestBody::Value(use_of.of))
            }
            _ => None,
        }
    }

    /// The beginning of a path: something that the container offers. A cut of the metadata without
    /// one begins where a segment names a navigation property that is of one type everywhere.
    fn start<'s>(&self, rest: &mut impl Iterator<Item = &'s str>) -> Result<(Place<'_>, bool), Stop> {
        let first = rest.next().unwrap_or("");
        let (name, opens) = first.strip_suffix(':').map_or((first, false), |name| (name, true));
        let (bare, arguments) = split_arguments(name);
        if let Some(entry) = lookup(&self.entries, bare) {
            return match entry {
                Entry::Set(of) if arguments.is_some() => Ok((Place::Item(of.item()), opens)),
                Entry::Set(of) => Ok((Place::Value(*of), opens)),
                Entry::Singleton(of) => Ok((Place::Value(*of), opens)),
                Entry::Import(operation) => {
                    let operation = self.overload(operation, None, arguments);
                    Ok((operation.map_or(Place::System, Place::Operation), opens))
                }
            };
        }
        let stop = || Stop { segment: first.to_owned(), within: "the service".to_owned() };
        if !self.entries.is_empty() {
            // Some pages leave out what every path begins with.
            return Err(stop());
        }
        for segment in rest {
            let named = |id: TypeId| self.type_of(id).properties.iter().filter(|p| p.navigation && *p.name == *segment);
            let mut found = self.types().flat_map(named).map(|property| property.type_use);
            if let Some(first) = found.next()
                && found.all(|other| other == first)
            {
                return Ok((Place::Value(first), false));
            }
        }
        Err(stop())
    }

    fn step(&self, at: TypeUse, segment: &str) -> Result<Place<'_>, Stop> {
        if segment.starts_with('$') {
            return Ok(Place::System);
        }
        let (name, arguments) = split_arguments(segment);
        let keyed = |of: TypeUse| Ok(if arguments.is_some() { Place::Item(of.item()) } else { Place::Value(of) });
        let is_word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.".contains(c));
        if is_word {
            if let Some(id) = self.cast(at, name) {
                return keyed(TypeUse { of: Target::Declared(id), ..at });
            }
            if let Some(operation) = self.overload(self.unqualified(name), Some(at), arguments) {
                return Ok(Place::Operation(operation));
            }
        }
        let stop = || Stop { segment: segment.to_owned(), within: self.shown(at) };
        if at.collection {
            // Whatever else stands there is a key; what has none is counted. A key is not called as a
            // member is: there the page has left the key out.
            if at.declared().is_some_and(|id| is_word && self.member(id, name).is_some()) {
                return Err(stop());
            }
            let has_key = at.declared().is_none_or(|id| matches!(self.type_of(id).kind, Kind::Entity));
            let is_place = segment.starts_with('{') || segment.bytes().all(|b| b.is_ascii_digit());
            return if has_key || is_place { Ok(Place::Item(at.item())) } else { Err(stop()) };
        }
        let id = at.declared().ok_or_else(stop)?;
        match self.property(id, name).ok_or_else(stop)? {
            TypeUse { of: Target::Edm(Edm::Stream), .. } => Ok(Place::Stream(at)),
            of => keyed(of),
        }
    }

    /// A property by its name, in any case; else that of the types that derive from `id`, where
    /// they agree.
    fn property(&self, id: TypeId, name: &str) -> Option<TypeUse> {
        let all = || self.members(id).map(|(_, property)| property);
        let own = all().find(|p| &*p.name == name).or_else(|| all().find(|p| p.name.eq_ignore_ascii_case(name)));
        if let Some(own) = own {
            return Some(own.type_use);
        }
        let mut derived = self.derived(id);
        derived.sort_unstable();
        let declared = |at: &TypeId| {
            self.type_of(*at).properties.iter().find(|p| p.name.eq_ignore_ascii_case(name)).map(|p| p.type_use)
        };
        let mut found = derived.iter().filter_map(declared);
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }

    /// A segment that says which derived type is meant: `microsoft.graph.user`.
    fn cast(&self, at: TypeUse, name: &str) -> Option<TypeId> {
        let found = name.contains('.').then(|| self.find(name))?;
        let id = match found {
            Ok(id) => id,
            Err(Unknown::Spelling(id)) if self.unqualified(name) != name => id,
            Err(_) => return None,
        };
        let from = at.declared()?;
        (self.is_a(id, from) || self.is_a(from, id)).then_some(id)
    }

    /// A name without the namespace that it may be qualified by.
    fn unqualified<'n>(&self, name: &'n str) -> &'n str {
        let known = |qualifier: &str| {
            self.aliases.contains_key(qualifier)
                || self.aliases.values().any(|namespace| **namespace == *qualifier)
                || self
                    .types
                    .iter()
                    .any(|t| t.name.rsplit_once('.').is_some_and(|(namespace, _)| namespace == qualifier))
        };
        match name.rsplit_once('.') {
            Some((qualifier, local)) if known(qualifier) => local,
            _ => name,
        }
    }

    /// The operation of that name that fits: bound to what `at` is (the most derived binding
    /// wins), with these parameters. Where none is, pages leave out the cast to a derived type that
    /// has it.
    fn overload(&self, name: &str, at: Option<TypeUse>, arguments: Option<&str>) -> Option<&Operation> {
        let named = lookup(&self.operations, name)?;
        let given = parameter_names(arguments);
        let fit = |operation: &&Operation| {
            let binding = match (&operation.binding, at) {
                (None, None) => Some(0),
                (Some(binding), Some(at)) if binding.collection == at.collection => self.distance(at.of, binding.of),
                _ => None,
            };
            let missing = given
                .iter()
                .filter(|name| !operation.parameters.iter().any(|parameter| parameter.name.eq_ignore_ascii_case(name)));
            let surplus = operation.parameters.len().abs_diff(given.len());
            binding.map(|distance| (distance, missing.count(), if operation.is_action { 0 } else { surplus }))
        };
        let fits = named.iter().filter_map(|operation| Some((fit(&operation)?, operation)));
        if let Some((_, operation)) = fits.min_by_key(|(fit, _)| *fit) {
            return Some(operation);
        }
        let of_derived = |operation: &&Operation| {
            let (Some(binding), Some(at)) = (operation.binding, at) else { return false };
            binding.collection == at.collection && self.distance(binding.of, at.of).is_some()
        };
        let mut derived = named.iter().filter(of_derived);
        let first = derived.next()?;
        derived.all(|other| other.returns == first.returns).then_some(first)
    }

    /// How many bases up `from` is `to`.
    fn distance(&self, from: Target, to: Target) -> Option<usize> {
        match (from, to) {
            (Target::Declared(from), Target::Declared(to)) => self.lineage(from).position(|at| at == to),
            (from, to) => (from == to).then_some(0),
        }
    }
}

/// A name, in its own case or any.
fn lookup<'m, V>(map: &'m std::collections::HashMap<Box<str>, V>, name: &str) -> Option<&'m V> {
    map.get(name).or_else(|| {
        let mut alike: Vec<(&Box<str>, &V)> = map.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).collect();
        alike.sort_by_key(|(key, _)| *key);
        alike.first().map(|(_, value)| *value)
    })
}

/// `users('x')` → `users` and `'x'`.
fn split_arguments(segment: &str) -> (&str, Option<&str>) {
    match segment.split_once('(') {
        Some((name, rest)) if !name.is_empty() && !name.starts_with('{') => {
            (name, Some(rest.strip_suffix(')').unwrap_or(rest)))
        }
        _ => (segment, None),
    }
}

/// The names of `a=1,b='x'`.
fn parameter_names(arguments: Option<&str>) -> Vec<&str> {
    let mut names = Vec::new();
    let mut quoted = false;
    let parts = arguments.unwrap_or("").split(|c| {
        quoted ^= c == '\'';
        c == ',' && !quoted
    });
    for part in parts {
        if let Some((name, _)) = part.split_once('=') {
            names.push(name.trim());
        }
    }
    names
}

/// The segments of a path, without its query. A `/` in braces, in parentheses or in quotes within
/// them parts nothing.
fn segments(path: &str) -> Vec<String> {
    let path = path.split(['?', '#']).next().unwrap_or("");
    let mut segments = vec![String::new()];
    let (mut braces, mut parentheses) = (0_u32, 0_u32);
    for c in path.chars() {
        match c {
            '{' => braces += 1,
            '}' => braces = braces.saturating_sub(1),
            '(' => parentheses += 1,
            ')' => parentheses = parentheses.saturating_sub(1),
            _ => {}
        }
        match segments.last_mut() {
            Some(_) if c == '/' && braces == 0 && parentheses == 0 => segments.push(String::new()),
            Some(last) => last.push(c),
            None => {}
        }
    }
    segments.into_iter().map(|segment| segment.trim().to_owned()).filter(|segment| !segment.is_empty()).collect()
}
