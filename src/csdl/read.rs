//! CSDL XML → [`Model`]. The only user of the XML library.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::Arc;

use indexmap::IndexMap;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::{Edm, Entry, Flaw, Kind, MissingId, Model, Operation, Property, Target, Type, TypeId, TypeUse};

/// The largest text that is read, in bytes: Graph's own metadata has 3.4 MB, beta's twice that.
const MOST: usize = 64 << 20;

/// The most flaws that are kept.
const FLAWS: usize = 100;

/// Why metadata could not be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{source_name}:{line}: {message}")]
pub struct Unreadable {
    /// What it was to be read from.
    pub source_name: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong, for a person.
    pub message: String,
}

/// Reads a CSDL document (CSDL XML 4.01); `source` is how the user named it. Types that occur
/// twice, unknown and cyclic bases and the like are [`Model::flaws`].
///
/// # Errors
/// [`Unreadable`] for what is no XML, no CSDL, cut off, or larger than 64 MiB.
pub fn read(source: &Arc<str>, bytes: &[u8]) -> Result<Model, Unreadable> {
    let fail = |line: u32, message: String| Unreadable { source_name: Arc::clone(source), line, message };
    if bytes.len() > MOST {
        let message = format!("{} MiB, and metadata of more than {} MiB is not read", bytes.len() >> 20, MOST >> 20);
        return Err(fail(1, message));
    }
    let text = decode(bytes).map_err(|at| fail(line_of(bytes, at), "not UTF-8".to_owned()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut build = Build { lines: Lines { text: text.as_bytes(), at: 0, line: 1 }, ..Build::default() };
    let mut reader = Reader::from_str(text);
    loop {
        let at = offset(reader.buffer_position());
        match reader.read_event() {
            Ok(Event::Start(tag)) => build.open(&tag, at),
            Ok(Event::Empty(tag)) => {
                build.open(&tag, at);
                build.close();
            }
            Ok(Event::End(_)) => build.close(),
            Ok(Event::Eof) => break,
            Ok(_) => continue,
            Err(error) => {
                let at = offset(reader.error_position()).min(text.len());
                build.refused.get_or_insert((at, format!("not XML: {error}")));
            }
        }
        if let Some((at, message)) = build.refused {
            return Err(fail(line_of(text.as_bytes(), at), message));
        }
    }
    if build.depth > 0 {
        let line = line_of(text.as_bytes(), text.len());
        return Err(fail(line, "cut off: the text ends before its last element is closed".to_owned()));
    }
    if build.depth_of_root.is_none() {
        return Err(fail(1, "not XML: there is no element in it".to_owned()));
    }
    if build.types.is_empty() {
        return Err(fail(1, "no CSDL: it declares no type".to_owned()));
    }
    Ok(build.finish(source))
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

/// UTF-8, or UTF-16 by its byte order mark. The error is the first byte that is neither.
fn decode(bytes: &[u8]) -> Result<std::borrow::Cow<'_, str>, usize> {
    let wide = match bytes {
        [0xff, 0xfe, rest @ ..] => Some((rest, u16::from_le_bytes as fn([u8; 2]) -> u16)),
        [0xfe, 0xff, rest @ ..] => Some((rest, u16::from_be_bytes as fn([u8; 2]) -> u16)),
        _ => None,
    };
    match wide {
        Some((rest, unit)) => {
            let units = rest.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
            let text: Result<String, _> = char::decode_utf16(units).collect();
            text.map(Into::into).map_err(|_| 0)
        }
        None => std::str::from_utf8(bytes).map(Into::into).map_err(|bad| bad.valid_up_to()),
    }
}

fn line_of(bytes: &[u8], at: usize) -> u32 {
    let before = &bytes[..at.min(bytes.len())];
    u32::try_from(memchr::memchr_iter(b'\n', before).count() + 1).unwrap_or(u32::MAX)
}

/// Lines of places that come in order.
#[derive(Default)]
struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn of(&mut self, at: usize) -> u32 {
        let ends = memchr::memchr_iter(b'\n', &self.text[self.at..at]).count();
        self.line = self.line.saturating_add(u32::try_from(ends).unwrap_or(u32::MAX));
        self.at = at;
        self.line
    }
}

/// What an element that is open adds to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Type,
    Operation,
    Container,
    /// Nothing: annotations, and declarations that are left out.
    Nothing,
}

/// A type name as written.
type Written = String;

#[derive(Default)]
struct Build<'t> {
    lines: Lines<'t>,
    depth: usize,
    depth_of_root: Option<usize>,
    namespace: String,
    /// What is open, and at which depth.
    within: Option<(Within, usize)>,
    types: Vec<(Type, Option<Written>)>,
    names: HashMap<Arc<str>, TypeId>,
    aliases: HashMap<Box<str>, Box<str>>,
    /// Of each property, by type and place: its type as written.
    property_types: Vec<(usize, usize, Written)>,
    operations: Vec<(Operation, Vec<Written>, Option<Written>, bool)>,
    entries: HashMap<Box<str>, (Entry, Written)>,
    flaws: Vec<Flaw>,
    missing: IndexMap<Box<str>, u32>,
    refused: Option<(usize, String)>,
}

/// The attributes that mean something here.
#[derive(Default)]
struct Attributes<'a> {
    name: std::borrow::Cow<'a, str>,
    type_name: std::borrow::Cow<'a, str>,
    base: std::borrow::Cow<'a, str>,
    alias: std::borrow::Cow<'a, str>,
    other: std::borrow::Cow<'a, str>,
    nullable: Option<bool>,
    open: bool,
    is_abstract: bool,
    flags: bool,
    bound: bool,
    floating: bool,
}

impl<'a> Attributes<'a> {
    fn read(tag: &'a BytesStart<'_>) -> Result<Self, String> {
        let mut read = Attributes::default();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let value = attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|error| error.to_string())?;
            let is = value.as_ref() == "true" || value.as_ref() == "1";
            match attribute.key.local_name().as_ref() {
                "Name" | "Namespace" => read.name = value,
                "Type" | "EntityType" | "UnderlyingType" => read.type_name = value,
                "BaseType" => read.base = value,
                "Alias" => read.alias = value,
                "Action" | "Function" => read.other = value,
                "Nullable" => read.nullable = Some(is),
                "OpenType" => read.open = is,
                "Abstract" => read.is_abstract = is,
                "IsFlags" => read.flags = is,
                "IsBound" => read.bound = is,
                "Scale" => read.floating = matches!(value.as_ref(), "floating" | "variable"),
                _ => {}
            }
        }
        Ok(read)
    }
}

impl Build<'_> {
    fn flaw(&mut self, line: u32, message: String) {
        if self.flaws.len() < FLAWS {
            self.flaws.push(Flaw { line, message });
        }
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.within.is_some_and(|(_, depth)| depth == self.depth) {
            self.within = None;
        }
    }

    fn open(&mut self, tag: &BytesStart<'_>, at: usize) {
        let depth = self.depth;
        self.depth += 1;
        let local = tag.local_name();
        let local: &str = local.as_ref();
        if self.depth_of_root.is_none() {
            self.depth_of_root = Some(depth);
            if !matches!(local, "Edmx" | "Schema") {
                let shown: String = local.chars().take(40).collect();
                self.refused = Some((at, format!("no CSDL: it starts with <{shown}>, not with <edmx:Edmx>")));
                return;
            }
        }
        match (self.within.map(|(within, _)| within), local) {
            (
                None,
                "Schema" | "Include" | "EntityType" | "ComplexType" | "EnumType" | "TypeDefinition" | "Action"
                | "Function" | "EntityContainer",
            )
            | (Some(Within::Type), "Property" | "NavigationProperty" | "Member")
            | (Some(Within::Operation), "Parameter" | "ReturnType")
            | (Some(Within::Container), "EntitySet" | "Singleton" | "ActionImport" | "FunctionImport") => {}
            (None, "Annotations" | "Annotation" | "Term") => {
                self.within = Some((Within::Nothing, depth));
                return;
            }
            _ => return,
        }
        match Attributes::read(tag) {
            Ok(attributes) => self.declare(local, depth, at, attributes),
            Err(error) => self.refused = Some((at, format!("not XML: {error}"))),
        }
    }

    fn declare(&mut self, local: &str, depth: usize, at: usize, read: Attributes<'_>) {
        match local {
            "Schema" => {
                self.namespace = read.name.into_owned();
                if !read.alias.is_empty() {
                    self.aliases.insert(read.alias.into(), self.namespace.as_str().into());
                }
            }
            "Include" => {
                self.aliases.insert(read.alias.into(), read.name.into());
            }
            "EntityType" => self.declare_type(Kind::Entity, depth, at, read),
            "ComplexType" => self.declare_type(Kind::Complex, depth, at, read),
            "EnumType" => self.declare_type(Kind::Enum(Vec::new(), read.flags), depth, at, read),
            "TypeDefinition" => {
                let underlying = read.type_name.strip_prefix("Edm.").map_or(Edm::Untyped, Edm::named);
                self.declare_type(Kind::Definition(underlying), depth, at, read);
            }
            "Property" | "NavigationProperty" => {
                let index = self.types.len() - 1;
                let (declared, _) = &mut self.types[index];
                self.property_types.push((index, declared.properties.len(), read.type_name.as_ref().to_owned()));
                declared.properties.push(property(local == "NavigationProperty", &read));
            }
            "Member" => {
                if let Some((Type { kind: Kind::Enum(members, _), .. }, _)) = self.types.last_mut() {
                    members.push(read.name.into());
                }
            }
            "Action" | "Function" => {
                let operation = Operation {
                    name: read.name.into(),
                    line: self.lines.of(at),
                    is_action: local == "Action",
                    binding: None,
                    parameters: Vec::new(),
                    returns: None,
                };
                self.operations.push((operation, Vec::new(), None, read.bound));
                self.within = Some((Within::Operation, depth));
            }
            "Parameter" => {
                if let Some((operation, types, ..)) = self.operations.last_mut() {
                    types.push(read.type_name.as_ref().to_owned());
                    operation.parameters.push(property(false, &read));
                }
            }
            "ReturnType" => {
                if let Some((_, _, returns, _)) = self.operations.last_mut() {
                    *returns = Some(read.type_name.into_owned());
                }
            }
            "EntityContainer" => self.within = Some((Within::Container, depth)),
            "EntitySet" | "Singleton" => {
                let nothing = TypeUse { of: Target::Edm(Edm::Untyped), collection: local == "EntitySet" };
                let entry = if local == "EntitySet" { Entry::Set(nothing) } else { Entry::Singleton(nothing) };
                self.entries.insert(read.name.into(), (entry, read.type_name.into_owned()));
            }
            _ => {
                let local = read.other.rsplit_once('.').map_or(read.other.as_ref(), |(_, local)| local);
                self.entries.insert(read.name.into(), (Entry::Import(local.into()), String::new()));
            }
        }
    }

    fn declare_type(&mut self, kind: Kind, depth: usize, at: usize, read: Attributes<'_>) {
        let line = self.lines.of(at);
        let name: Arc<str> = format!("{}.{}", self.namespace, read.name).into();
        self.within = Some((Within::Nothing, depth));
        if read.name.is_empty() {
            self.flaw(line, "a type without a name; it is left out".to_owned());
            return;
        }
        match self.names.entry(Arc::clone(&name)) {
            Slot::Occupied(first) => {
                let first = self.types[first.get().0].0.line;
                self.flaw(line, format!("{name} is declared twice, first in line {first}; that one counts"));
            }
            Slot::Vacant(free) => {
                free.insert(TypeId(self.types.len()));
                let declared = Type {
                    name,
                    line,
                    kind,
                    base: None,
                    open: read.open,
                    is_abstract: read.is_abstract,
                    properties: Vec::new(),
                    derived: Vec::new(),
                };
                self.types.push((declared, (!read.base.is_empty()).then(|| read.base.into_owned())));
                self.within = Some((Within::Type, depth));
            }
        }
    }

    /// What a type name in that line means.
    fn target(&mut self, written: &str, line: u32) -> Target {
        if let Some(edm) = written.strip_prefix("Edm.") {
            return Target::Edm(Edm::named(edm));
        }
        if let Some(id) = self.names.get(written) {
            return Target::Declared(*id);
        }
        let resolved = written.rsplit_once('.').and_then(|(alias, local)| {
            let namespace = self.aliases.get(alias)?;
            Some(format!("{namespace}.{local}"))
        });
        if let Some(id) = resolved.as_deref().and_then(|name| self.names.get(name)) {
            return Target::Declared(*id);
        }
        let missing = self.missing.entry(resolved.as_deref().unwrap_or(written).into());
        let id = MissingId(missing.index());
        missing.or_insert(line);
        Target::Missing(id)
    }

    fn type_use(&mut self, written: &str, line: u32) -> TypeUse {
        let inner = written.strip_prefix("Collection(").and_then(|rest| rest.strip_suffix(')'));
        TypeUse { of: self.target(inner.unwrap_or(written).trim(), line), collection: inner.is_some() }
    }

    fn finish(mut self, source: &Arc<str>) -> Model {
        for at in 0..self.types.len() {
            let Some(written) = self.types[at].1.take() else { continue };
            let (line, name) = (self.types[at].0.line, Arc::clone(&self.types[at].0.name));
            match self.target(&written, line) {
                Target::Declared(base) => self.types[at].0.base = Some(base),
                Target::Edm(_) => {}
                Target::Missing(_) => {
                    // What its base would declare is not known.
                    self.types[at].0.open = true;
                    self.flaw(line, format!("{name} derives from {written}, which is not declared; any member passes"));
                }
            }
        }
        self.break_circles();
        for at in 0..self.types.len() {
            if let Some(base) = self.types[at].0.base {
                self.types[base.0].0.derived.push(TypeId(at));
            }
        }
        self.inherit_openness();
        for (index, place, written) in std::mem::take(&mut self.property_types) {
            let line = self.types[index].0.line;
            let type_use = self.type_use(&written, line);
            self.types[index].0.properties[place].type_use = type_use;
        }
        let mut operations: HashMap<Box<str>, Vec<Operation>> = HashMap::new();
        for (mut operation, types, returns, bound) in std::mem::take(&mut self.operations) {
            for (parameter, written) in operation.parameters.iter_mut().zip(types) {
                parameter.type_use = self.type_use(&written, operation.line);
            }
            operation.returns = returns.map(|written| self.type_use(&written, operation.line));
            if bound && !operation.parameters.is_empty() {
                operation.binding = Some(operation.parameters.remove(0).type_use);
            }
            operations.entry(operation.name.clone()).or_default().push(operation);
        }
        let mut entries = HashMap::new();
        for (name, (entry, written)) in std::mem::take(&mut self.entries) {
            let entry = match entry {
                Entry::Set(_) => Entry::Set(TypeUse { of: self.target(&written, 1), collection: true }),
                Entry::Singleton(_) => Entry::Singleton(TypeUse { of: self.target(&written, 1), collection: false }),
                import @ Entry::Import(_) => import,
            };
            entries.insert(name, entry);
        }
        self.tell_missing();
        Model {
            source: Arc::clone(source),
            flaws: self.flaws,
            types: self.types.into_iter().map(|(declared, _)| declared).collect(),
            missing: self.missing.into_keys().collect(),
            names: self.names,
            aliases: self.aliases,
            operations,
            entries,
        }
    }

    /// Takes the base from a type of each circle of bases.
    fn break_circles(&mut self) {
        // The walk that came by a type first; one that meets itself has gone round.
        let mut walks: Vec<usize> = vec![0; self.types.len()];
        for start in 0..self.types.len() {
            let (mut at, walk) = (start, start + 1);
            while walks[at] == 0 {
                walks[at] = walk;
                let Some(base) = self.types[at].0.base else { break };
                if walks[base.0] == walk {
                    let (line, name) = (self.types[at].0.line, Arc::clone(&self.types[at].0.name));
                    let base = Arc::clone(&self.types[base.0].0.name);
                    self.types[at].0.base = None;
                    self.flaw(line, format!("{name} derives from {base}, which derives from it; the base is ignored"));
                    break;
                }
                at = base.0;
            }
        }
    }

    /// A type that derives from an open one is open (CSDL, section 6.3).
    fn inherit_openness(&mut self) {
        let mut due: Vec<TypeId> = (0..self.types.len()).map(TypeId).filter(|id| self.types[id.0].0.open).collect();
        while let Some(id) = due.pop() {
            for derived in self.types[id.0].0.derived.clone() {
                if !std::mem::replace(&mut self.types[derived.0].0.open, true) {
                    due.push(derived);
                }
            }
        }
    }

    /// Says which types are named and not declared, in one line.
    fn tell_missing(&mut self) {
        let Some(line) = self.missing.values().min().copied() else { return };
        let mut names: Vec<&str> = self.missing.keys().map(|name| &**name).collect();
        names.sort_unstable();
        let what = match names.len() {
            1 => "1 type is named and not declared".to_owned(),
            count => format!("{count} types are named and not declared"),
        };
        let more = if names.len() > 4 { ", …" } else { "" };
        names.truncate(4);
        let message = format!("{what}, and what is of them is not judged: {}{more}", names.join(", "));
        self.flaw(line, message);
    }
}

fn property(navigation: bool, read: &Attributes<'_>) -> Property {
    Property {
        name: read.name.as_ref().into(),
        type_use: TypeUse { of: Target::Edm(Edm::Untyped), collection: false },
        nullable: read.nullable,
        navigation,
        floating: read.floating,
    }
}
