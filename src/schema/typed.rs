//! A type of CSDL → JSON Schema 2020-12, by the rules of OData JSON Format 4.01.
//!
//! A definition says what an object of exactly its type may hold, inherited members too. Where the
//! declared type has others derived from it, `NAME+derived` picks the definition by `@odata.type`.
//! Nothing is ever required: Graph leaves out what was not selected, and `Nullable=false` says no
//! more than that a member that is there is not null.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::csdl::{Edm, Kind, Model, Property, Target, TypeId, TypeUse};

/// How numbers of 64 bits are written (OData JSON Format 4.01, section 3.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Numbers {
    /// As JSON numbers.
    #[default]
    Json,
    /// As strings too: the label says `IEEE754Compatible=true`.
    Strings,
}

impl Numbers {
    /// What the label of a body says.
    pub fn of_label(content_type: Option<&str>) -> Self {
        let says = content_type.is_some_and(|label| label.to_ascii_lowercase().contains("ieee754compatible=true"));
        if says { Numbers::Strings } else { Numbers::Json }
    }
}

/// What is added to a type's name where a type derived from it may stand too.
pub const OR_DERIVED: &str = "+derived";

const DATE: &str = "(?:-?[0-9]{4,}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|-?[0-9]*(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)";
const TIME: &str = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\\.[0-9]{1,12})?)?";

/// The definition of a primitive type whose values are texts of some form; nothing for others.
/// The forms are those of the OData ABNF, durations those of ISO 8601, base64 of either alphabet.
pub fn form(name: &str, numbers: Numbers) -> Option<Value> {
    let (pattern, description) = match name {
        "Edm.DateTimeOffset" => (
            format!("^{DATE}[Tt]{TIME}(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"),
            "a date and time with an offset, e.g. 2021-03-14T15:09:26Z",
        ),
        "Edm.Date" => (format!("^{DATE}$"), "a date, e.g. 2021-03-14"),
        "Edm.TimeOfDay" => (format!("^{TIME}$"), "a time of day, e.g. 15:09:26"),
        "Edm.Duration" => {
            let time = "T(?:[0-9]+H(?:[0-9]+M)?(?:[0-9]+(?:\\.[0-9]+)?S)?|[0-9]+M(?:[0-9]+(?:\\.[0-9]+)?S)?|[0-9]+(?:\\.[0-9]+)?S)";
            let days = "(?:[0-9]+Y(?:[0-9]+M)?(?:[0-9]+W)?(?:[0-9]+D)?|[0-9]+M(?:[0-9]+W)?(?:[0-9]+D)?|[0-9]+W(?:[0-9]+D)?|[0-9]+D)";
            (format!("^[+-]?P(?:{days}(?:{time})?|{time})$"), "a duration, e.g. P1DT2H30M")
        }
        "Edm.Guid" => (
            "^[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$".to_owned(),
            "a GUID, e.g. 0271110f-634f-4300-a841-3a8a2e851851",
        ),
        "Edm.Binary" => (
            "^(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-]{2}(?:==)?|[A-Za-z0-9+/_-]{3}=?)?$".to_owned(),
            "base64 or base64url",
        ),
        "Edm.Double" => ("^(?:-?INF|NaN)$".to_owned(), "a number, or INF, -INF, NaN"),
        "Edm.Int64" if numbers == Numbers::Strings => ("^-?[0-9]{1,19}$".to_owned(), "a whole number of 64 bits"),
        "Edm.Decimal" => {
            let digits = if numbers == Numbers::Strings { "|-?[0-9]+(?:\\.[0-9]+)?(?:[Ee][+-]?[0-9]+)?" } else { "" };
            (format!("^(?:-?INF|NaN{digits})$"), "a decimal number")
        }
        _ => return None,
    };
    Some(json!({"description": description, "pattern": pattern}))
}

/// The name of the file that a model was read from, without its folder.
fn file(model: &Model) -> &str {
    model.source.rsplit(['/', '\\']).next().unwrap_or(&model.source)
}

/// The definition of a declared type.
pub fn definition(model: &Model, id: TypeId, numbers: Numbers) -> Value {
    let declared = model.type_of(id);
    let place = format!("{}:{}", file(model), declared.line);
    match &declared.kind {
        Kind::Enum(members, _) if members.is_empty() => json!({"$comment": format!("{place}: an empty enumeration")}),
        Kind::Enum(members, false) => {
            let mut options: Vec<Value> = members.iter().map(|name| Value::from(&**name)).collect();
            options.push(Value::Null);
            json!({"$comment": format!("{place}: an enumeration"), "enum": options})
        }
        Kind::Enum(members, true) => {
            let names = members.iter().map(|name| escaped(name)).collect::<Vec<_>>().join("|");
            let pattern = format!("^(?:{names})(?:, ?(?:{names}))*$");
            json!({"$comment": format!("{place}: an enumeration of flags"), "pattern": pattern})
        }
        Kind::Definition(edm) => {
            let of = edm.name();
            let mut schema = form(of, numbers).unwrap_or_else(|| json!({}));
            schema["$comment"] = format!("{place}: a definition of {of}").into();
            schema
        }
        Kind::Entity | Kind::Complex => object(model, id, &place, numbers),
    }
}

fn object(model: &Model, id: TypeId, place: &str, numbers: Numbers) -> Value {
    let declared = model.type_of(id);
    let kind = if matches!(declared.kind, Kind::Entity) { "entity" } else { "complex" };
    let bases: Vec<&str> = model.lineage(id).skip(1).map(|base| &*model.type_of(base).name).collect();
    let mut comment = format!("{place}: {kind} type");
    if !bases.is_empty() {
        comment += &format!(", derived from {}", bases.join(", "));
    }
    if declared.open {
        comment += "; open: it takes any member";
    } else if declared.is_abstract {
        comment += "; abstract: an object says by `@odata.type` of which derived type it is";
    }
    let mut properties = Map::new();
    for (owner, property) in model.members(id) {
        let mut schema = member(model, property, numbers);
        if let Some(members) = schema.as_object_mut().filter(|_| owner != id) {
            members.insert("$comment".into(), format!("of {}", model.type_of(owner).name).into());
        }
        properties.insert(property.name.to_string(), schema);
    }
    let mut schema = json!({"$comment": comment, "properties": properties});
    schema["patternProperties"] = json!({(TYPE): {"type": "string", "pattern": says(&model.names_of(id))}});
    if !declared.open {
        schema["patternProperties"]["@"] = true.into();
        schema["additionalProperties"] = false.into();
    }
    schema
}

/// The definition of an object that no type declares, such as the parameters of an operation (OData
/// JSON Format 4.01, section 18). `spelled`: how the body spells a name, where it has it.
pub fn members(
    model: &Model,
    members: &[Property],
    numbers: Numbers,
    spelled: impl Fn(&str) -> Option<String>,
) -> Value {
    let members = members.iter().map(|one| {
        let name = spelled(&one.name).unwrap_or_else(|| one.name.to_string());
        (name, member(model, one, numbers))
    });
    json!({
        "properties": members.collect::<Map<_, _>>(),
        "patternProperties": {"@": true},
        "additionalProperties": false,
    })
}

/// The schema of a member.
fn member(model: &Model, property: &Property, numbers: Numbers) -> Value {
    let nullable = property.nullable != Some(false);
    // What is inside an inner error is the service's own (OData JSON Format 4.01, section 21.1).
    if property.name.eq_ignore_ascii_case("innererror") {
        return json!({"title": model.shown(property.type_use), "type": ["object", "null"]});
    }
    let mut title = model.shown(property.type_use);
    if !nullable {
        title += ", not null";
    }
    let (use_of, floating) = (property.type_use, property.floating);
    let mut schema = if use_of.collection {
        // Of a collection, `Nullable` speaks of the items; those of a navigation are entities.
        let items = value(model, use_of.item(), nullable && !property.navigation, floating, numbers);
        json!({"type": "array", "items": items})
    } else {
        value(model, use_of, nullable, floating, numbers)
    };
    if let Some(members) = schema.as_object_mut() {
        members.shift_insert(0, "title".into(), title.into());
    }
    schema
}

/// The schema of one value.
fn value(model: &Model, use_of: TypeUse, nullable: bool, floating: bool, numbers: Numbers) -> Value {
    let reference = |name: &str| format!("#/$defs/{name}");
    let (types, reference): (&[&str], Option<String>) = match use_of.of {
        Target::Edm(edm) => return primitive(edm, nullable, floating, numbers),
        Target::Missing(_) => return json!({}),
        Target::Declared(id) if is_untyped(model, id) => return json!({}),
        Target::Declared(id) => {
            let declared = model.type_of(id);
            match declared.kind {
                Kind::Definition(edm) => return primitive(edm, nullable, floating, numbers),
                Kind::Enum(..) => (&["string"], Some(reference(&declared.name))),
                _ if declared.derived.is_empty() => (&["object"], Some(reference(&declared.name))),
                _ => (&["object"], Some(reference(&format!("{}{OR_DERIVED}", declared.name)))),
            }
        }
    };
    typed(types, nullable, reference)
}

/// `graph.Json` stands for any JSON.
fn is_untyped(model: &Model, id: TypeId) -> bool {
    let declared = model.type_of(id);
    declared.properties.is_empty() && declared.name.ends_with(".Json")
}

fn typed(types: &[&str], nullable: bool, reference: Option<String>) -> Value {
    let mut types: Vec<&str> = types.to_vec();
    if nullable {
        types.push("null");
    }
    let types = if types.len() == 1 { json!(types[0]) } else { json!(types) };
    match reference {
        Some(reference) => json!({"type": types, "$ref": reference}),
        None => json!({"type": types}),
    }
}

fn primitive(edm: Edm, nullable: bool, floating: bool, numbers: Numbers) -> Value {
    let form = |name: &str| Some(format!("#/$defs/{name}"));
    let whole = |least: i64, most: i64| {
        let mut schema = typed(&["integer"], nullable, None);
        schema["minimum"] = least.into();
        schema["maximum"] = most.into();
        schema
    };
    match edm {
        Edm::String => typed(&["string"], nullable, None),
        Edm::Boolean => typed(&["boolean"], nullable, None),
        Edm::Byte => whole(0, 255),
        Edm::SByte => whole(-128, 127),
        Edm::Int16 => whole(-32_768, 32_767),
        Edm::Int32 => whole(-2_147_483_648, 2_147_483_647),
        Edm::Int64 if numbers == Numbers::Json => whole(i64::MIN, i64::MAX),
        Edm::Int64 => typed(&["integer", "string"], nullable, form(edm.name())),
        Edm::Decimal if numbers == Numbers::Json && !floating => typed(&["number"], nullable, None),
        Edm::Decimal => typed(&["number", "string"], nullable, form(edm.name())),
        Edm::Single | Edm::Double => typed(&["number", "string"], nullable, form("Edm.Double")),
        Edm::Binary | Edm::Date | Edm::DateTimeOffset | Edm::Duration | Edm::Guid | Edm::TimeOfDay => {
            typed(&["string"], nullable, form(edm.name()))
        }
        Edm::Geo | Edm::Structured => typed(&["object"], nullable, None),
        Edm::Primitive => typed(&["string", "number", "boolean"], nullable, None),
        Edm::Stream | Edm::Untyped => json!({}),
    }
}

/// Members that say a type: OData 4.01 drops the `odata.` (JSON Format, section 4.6.3).
pub const TYPE: &str = "^@(?:odata\\.)?type$";

/// How they say one of these: after a `#`, after the address of the metadata and a `#`, or alone.
fn says(names: &[String]) -> String {
    format!("^(?:.*#)?(?:{})$", names.iter().map(|name| escaped(name)).collect::<Vec<_>>().join("|"))
}

/// The definition that picks one by `@odata.type`: of the type, or of one derived from it.
fn choice(model: &Model, id: TypeId) -> Value {
    let mut derived: Vec<TypeId> = model.derived(id);
    derived.sort_unstable();
    let said = |names: &[String]| {
        json!({
            "anyOf": [{"required": ["@odata.type"]}, {"required": ["@type"]}],
            "patternProperties": {(TYPE): {"pattern": says(names)}},
        })
    };
    let mut branches: Vec<Value> = Vec::new();
    let mut all: Vec<String> = Vec::new();
    for id in derived {
        let names = model.names_of(id);
        branches.push(json!({"if": said(&names), "then": {"$ref": format!("#/$defs/{}", model.type_of(id).name)}}));
        all.extend(names);
    }
    let name = &model.type_of(id).name;
    branches.push(json!({"if": said(&all), "else": {"$ref": format!("#/$defs/{name}")}}));
    json!({"$comment": format!("{name}, or a type derived from it, as `@odata.type` says"), "allOf": branches})
}

/// The schema of a type, or of the body that a collection of it is, with all that it refers to.
/// Unless it is to be `deep`, the navigation properties of other types than this one lead nowhere:
/// they are held to be an object or an array, and no more. Deep, most of Graph is one schema.
///
/// # Errors
/// [`TooLarge`], where types that derive from each other in long chains would repeat without end
/// what they inherit.
pub fn document(model: &Model, use_of: TypeUse, numbers: Numbers, deep: bool) -> Result<Value, TooLarge> {
    let shown = model.shown(use_of);
    let one = value(model, use_of.item(), false, false, numbers);
    let mut definitions: Vec<(String, Value)> = Vec::new();
    let mut printed = 0;
    let mut seen: HashSet<String> = HashSet::new();
    let mut due: Vec<String> = Vec::new();
    references(&one, &mut due);
    while let Some(name) = due.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let of = model.named(name.strip_suffix(OR_DERIVED).unwrap_or(&name));
        let is_own = |id| use_of.declared().is_some_and(|own| model.is_a(id, own) || model.is_a(own, id));
        let schema = match of {
            Some(id) if name.ends_with(OR_DERIVED) => choice(model, id),
            Some(id) => {
                printed += model.lineage(id).map(|at| 1 + model.type_of(at).properties.len()).sum::<usize>();
                if printed > MOST {
                    return Err(TooLarge);
                }
                let mut schema = definition(model, id, numbers);
                if !deep && !is_own(id) {
                    flatten(model, id, &mut schema);
                }
                schema
            }
            None => form(&name, numbers).unwrap_or_else(|| json!({})),
        };
        references(&schema, &mut due);
        definitions.push((name, schema));
    }
    definitions.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("https://graphspec.dev/schemas/{}.json", shown.replace(['(', ')'], "-").trim_end_matches('-')),
        "title": shown,
        "$comment": format!("Made by `graphspec schema` from {}; the rules are those of OData JSON Format 4.01", file(model)),
    });
    if let Some(members) = document.as_object_mut() {
        if use_of.collection {
            let list = json!({"value": {"type": "array", "items": one}});
            members.extend([
                ("type".to_owned(), json!("object")),
                ("required".to_owned(), json!(["value"])),
                ("properties".to_owned(), list),
            ]);
        } else if let Value::Object(one) = one {
            members.extend(one);
        }
        members.insert("$defs".into(), Value::Object(definitions.into_iter().collect()));
    }
    Ok(document)
}

/// The most members that one document describes; all of Graph has some 60,000.
const MOST: usize = 300_000;

/// A schema that would have too many members to be of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its schema would describe more than {MOST} members, most of them inherited over and over")]
pub struct TooLarge;

/// Takes from a definition what its navigation properties lead to.
fn flatten(model: &Model, id: TypeId, schema: &mut Value) {
    for (_, property) in model.members(id).filter(|(_, property)| property.navigation) {
        if let Some(Value::Object(member)) = schema["properties"].get_mut(&*property.name) {
            member.shift_remove("$ref");
            member.shift_remove("items");
        }
    }
}

/// The names of the definitions that a schema refers to.
fn references(schema: &Value, into: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            let name = members.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/$defs/"));
            into.extend(name.map(str::to_owned));
            members.values().for_each(|inner| references(inner, into));
        }
        Value::Array(items) => items.iter().for_each(|inner| references(inner, into)),
        _ => {}
    }
}

/// A name as a pattern matches it.
fn escaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if !(c.is_alphanumeric() || c == '_') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
