//! CSDL XML → [`Model`]. The only user of the XML library.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::Arc;

use foldhash::fast::RandomState;
use indexmap::IndexSet;
use memchr::memmem::{self, Finder};
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::{Edm, Entry, Flaw, Kind, Model, Names, Operation, Property, Target, Type, TypeId, TypeUse};

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
        let message = format!("larger than {} MiB, and so not read: is it metadata?", MOST >> 20);
        return Err(fail(1, message));
    }
    let text = narrow(bytes);
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let mut build = Build::new(text);
    let end_of_annotations = Finder::new("</Annotations");
    // Bytes, not text: the library looks itself whether they are UTF-8.
    let mut reader = Reader::from_reader(text);
    loop {
        let at = text.len() - reader.get_ref().len();
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                build.open(&tag, at);
                if build.within.is_some_and(|(within, _)| within == Within::Annotations) {
                    // They are half of the text, and say nothing that is judged.
                    let rest = *reader.get_ref();
                    let end = match tag.name().as_ref() {
                        "Annotations" => end_of_annotations.find(rest),
                        prefixed => memmem::find(rest, format!("</{prefixed}").as_bytes()),
                    };
                    // A comment may quote anything.
                    let end = end.filter(|end| memmem::find(&rest[..*end], b"<!").is_none());
                    *reader.get_mut() = &rest[end.unwrap_or(0)..];
                }
            }
            Ok(Event::Empty(tag)) => {
                build.open(&tag, at);
                build.close();
            }
            Ok(Event::End(_)) => build.close(),
            Ok(Event::Eof) => break,
            Ok(Event::Text(text)) if build.depth == 0 && !text.trim_ascii().is_empty() => {
                build.refused = Some((at, "not XML: text outside of the document's element".to_owned()));
            }
            Ok(_) => continue,
            Err(quick_xml::Error::Encoding(_)) => {
                let valid = std::str::from_utf8(&text[at..]).map_or_else(|bad| bad.valid_up_to(), str::len);
                build.refused = Some((at + valid, "not UTF-8".to_owned()));
            }
            Err(error) => build.refused = Some((at, format!("not XML: {error}"))),
        }
        if let Some((at, message)) = build.refused {
            return Err(fail(line_of(text, at), message));
        }
    }
    if build.depth > 0 {
        let line = line_of(text, text.len());
        return Err(fail(line, "cut off: the text ends before its last element is closed".to_owned()));
    }
    if !build.has_root {
        return Err(fail(1, "not XML: there is no element in it".to_owned()));
    }
    if build.types.is_empty() {
        return Err(fail(1, "no CSDL: it declares no type".to_owned()));
    }
    Ok(build.finish(source))
}

/// The bytes of a text; of one in UTF-16 by its byte order mark, those of the same in UTF-8.
fn narrow(bytes: &[u8]) -> Cow<'_, [u8]> {
    let (rest, unit) = match bytes {
        [0xff, 0xfe, rest @ ..] => (rest, u16::from_le_bytes as fn([u8; 2]) -> u16),
        [0xfe, 0xff, rest @ ..] => (rest, u16::from_be_bytes as fn([u8; 2]) -> u16),
        _ => return Cow::Borrowed(bytes),
    };
    let units = rest.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Cow::Owned(text.into_bytes())
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
    /// `Annotations`, which are left out.
    Annotations,
    /// Nothing: declarations that are left out.
    Nothing,
}

/// A type name as written, by its place among all that were.
pub type Written = usize;

/// An operation, and its types as written.
pub struct Signature {
    pub operation: Operation,
    pub parameters: Vec<Written>,
    pub returns: Option<Written>,
    pub bound: bool,
    /// The line of its declaration.
    pub line: u32,
}

/// What has been read so far.
#[derive(Default)]
pub struct Build<'t> {
    lines: Lines<'t>,
    depth: usize,
    has_root: bool,
    namespace: String,
    /// What is open, and at which depth.
    within: Option<(Within, usize)>,
    pub types: Vec<Type>,
    pub bases: Vec<Option<Written>>,
    pub names: Names<TypeId>,
    pub aliases: HashMap<Box<str>, Box<str>>,
    pub written: IndexSet<Box<str>, RandomState>,
    string: Option<Written>,
    /// The types of properties, in the order of the properties.
    pub property_types: Vec<Written>,
    pub operations: Vec<Signature>,
    pub entries: HashMap<Box<str>, (Entry, Option<Written>)>,
    pub flaws: Vec<Flaw>,
    pub missing: IndexSet<Box<str>, RandomState>,
    refused: Option<(usize, String)>,
}

/// The attributes that mean something here.
#[derive(Default)]
struct Attributes<'a> {
    name: Cow<'a, str>,
    type_name: Cow<'a, str>,
    base: Cow<'a, str>,
    alias: Cow<'a, str>,
    other: Cow<'a, str>,
    nullable: Option<bool>,
    open: bool,
    is_abstract: bool,
    flags: bool,
    bound: bool,
    floating: bool,
}

impl<'a> Attributes<'a> {
    fn read(tag: &'a BytesStart<'_>, local: &str) -> Result<Self, String> {
        let mut read = Attributes::default();
        // That an attribute occurs twice is not looked for: the last counts.
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| error.to_string())?;
            // Most values are as they are written.
            let value = match memchr::memchr(b'&', attribute.value.as_bytes()) {
                None => attribute.value,
                Some(_) => attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|error| error.to_string())?,
            };
            let is = value.as_ref() == "true" || value.as_ref() == "1";
            match attribute.key.as_ref() {
                "Name" | "Namespace" => {
                    read.name = value;
                    if local == "Member" {
                        break;
                    }
                }
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

impl<'t> Build<'t> {
    fn new(text: &'t [u8]) -> Self {
        // About as many as Graph's own metadata has, for its size.
        let types = text.len() / 800;
        Build {
            lines: Lines { text, at: 0, line: 1 },
            types: Vec::with_capacity(types),
            bases: Vec::with_capacity(types),
            names: Names::with_capacity_and_hasher(types, RandomState::default()),
            property_types: Vec::with_capacity(types * 3),
            ..Build::default()
        }
    }

    pub fn flaw(&mut self, line: u32, message: String) {
        if self.flaws.len() < FLAWS {
            self.flaws.push(Flaw { line, message });
        }
    }

    fn write_down(&mut self, type_name: &str) -> Written {
        // Half of all properties are texts.
        if type_name == "Edm.String" {
            return *self.string.get_or_insert_with(|| self.written.insert_full(type_name.into()).0);
        }
        match self.written.get_index_of(type_name) {
            Some(at) => at,
            None => self.written.insert_full(type_name.into()).0,
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
        if depth == 0 && self.has_root {
            self.refused = Some((at, "not XML: a second element after the first has ended".to_owned()));
            return;
        }
        if !std::mem::replace(&mut self.has_root, true) && !matches!(local, "Edmx" | "Schema") {
            let shown: String = local.chars().take(40).collect();
            self.refused = Some((at, format!("no CSDL: it starts with <{shown}>, not with <edmx:Edmx>")));
            return;
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
            (None, "Annotations") => {
                self.within = Some((Within::Annotations, depth));
                return;
            }
            _ => return,
        }
        match Attributes::read(tag, local) {
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
            "Include" if read.alias.is_empty() => {}
            "Include" => {
                self.aliases.insert(read.alias.into(), read.name.into());
            }
            "EntityType" => self.declare_type(Kind::Entity, depth, at, read),
            "ComplexType" => self.declare_type(Kind::Complex, depth, at, read),
            "EnumType" => self.declare_type(Kind::Enum(Vec::with_capacity(8), read.flags), depth, at, read),
            "TypeDefinition" => {
                let underlying = read.type_name.strip_prefix("Edm.").map_or(Edm::Untyped, Edm::named);
                self.declare_type(Kind::Definition(underlying), depth, at, read);
            }
            "Property" | "NavigationProperty" => {
                let type_name = self.write_down(&read.type_name);
                self.property_types.push(type_name);
                if let Some(declared) = self.types.last_mut() {
                    declared.properties.push(property(local == "NavigationProperty", &read));
                }
            }
            "Member" => {
                if let Some(Type { kind: Kind::Enum(members, _), .. }) = self.types.last_mut() {
                    members.push(read.name.into());
                }
            }
            "Action" | "Function" => {
                let operation = Operation {
                    name: read.name.into(),
                    is_action: local == "Action",
                    binding: None,
                    parameters: Vec::new(),
                    returns: None,
                };
                let line = self.lines.of(at);
                let (parameters, bound) = (Vec::new(), read.bound);
                self.operations.push(Signature { operation, parameters, returns: None, bound, line });
                self.within = Some((Within::Operation, depth));
            }
            "Parameter" => {
                let type_name = self.write_down(&read.type_name);
                if let Some(signature) = self.operations.last_mut() {
                    signature.parameters.push(type_name);
                    signature.operation.parameters.push(property(false, &read));
                }
            }
            "ReturnType" => {
                let type_name = self.write_down(&read.type_name);
                if let Some(signature) = self.operations.last_mut() {
                    signature.returns = Some(type_name);
                }
            }
            "EntityContainer" => self.within = Some((Within::Container, depth)),
            "EntitySet" | "Singleton" => {
                let nothing = TypeUse { of: Target::Edm(Edm::Untyped), collection: local == "EntitySet" };
                let entry = if local == "EntitySet" { Entry::Set(nothing) } else { Entry::Singleton(nothing) };
                let type_name = self.write_down(&read.type_name);
                self.entries.insert(read.name.into(), (entry, Some(type_name)));
            }
            _ => {
                let local = read.other.rsplit_once('.').map_or(read.other.as_ref(), |(_, local)| local);
                self.entries.insert(read.name.into(), (Entry::Import(local.into()), None));
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
                let first = self.types[first.get().0].line;
                self.flaw(line, format!("{name} is declared twice, first in line {first}; that one counts"));
            }
            Slot::Vacant(free) => {
                free.insert(TypeId(self.types.len()));
                let is_structured = matches!(kind, Kind::Entity | Kind::Complex);
                let declared = Type {
                    name,
                    line,
                    kind,
                    base: None,
                    open: read.open,
                    is_abstract: read.is_abstract,
                    properties: Vec::with_capacity(if is_structured { 8 } else { 0 }),
                    derived: Vec::new(),
                };
                let base = (!read.base.is_empty()).then(|| self.write_down(&read.base));
                self.types.push(declared);
                self.bases.push(base);
                self.within = Some((Within::Type, depth));
            }
        }
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
