//! `graphspec schema`.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::args::SchemaArgs;
use super::{Refused, metadata, nearest, quiet_pipe};
use crate::csdl::{Model, Target, TypeUse, Unknown};
use crate::schema::{self, Numbers};

pub fn main(args: &SchemaArgs) -> Result<u8, Refused> {
    if args.type_name.trim().is_empty() {
        return Err(Refused("name a type, e.g. microsoft.graph.site".to_owned()));
    }
    let document = match &args.metadata {
        Some(path) => {
            let model = metadata::open(path)?;
            let numbers = if args.ieee754 { Numbers::Strings } else { Numbers::Json };
            let made = schema::document(&model, find(&model, &args.type_name)?, numbers, args.deep);
            made.map_err(|error| Refused(format!("{}: {error}", args.type_name)))?
        }
        None => bundled(&args.type_name)?,
    };
    let text = serde_json::to_string_pretty(&document)?;
    quiet_pipe(writeln!(io::stdout().lock(), "{text}"))?;
    Ok(0)
}

fn bundled(written: &str) -> Result<Value, Refused> {
    let inner = written.strip_prefix("Collection(").and_then(|rest| rest.strip_suffix(')'));
    let name = inner.unwrap_or(written);
    let short = |known: &str| known.strip_prefix("microsoft.").map(str::to_owned);
    let known = schema::bundled_names().find(|known| {
        *known == name || short(known).is_some_and(|short| short == name || short == format!("graph.{name}"))
    });
    let missing = || {
        let near = nearest(name, schema::bundled_names());
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        let all = schema::bundled_names().collect::<Vec<_>>().join(", ");
        Refused(format!("{name}: not bundled ({all} are){near}; --metadata FILE knows every type of a service"))
    };
    let mut document = known.and_then(schema::bundled).ok_or_else(missing)?;
    if let (Some(_), Some(members)) = (inner, document.as_object_mut()) {
        // The body that a collection is: what the document says of one goes to each item.
        let item: Map<String, Value> =
            ["$ref", "type"].iter().filter_map(|key| Some(((*key).to_owned(), members.shift_remove(*key)?))).collect();
        let title = format!("Collection({})", members["title"].as_str().unwrap_or(name));
        members.insert("title".into(), title.into());
        members.insert("type".into(), "object".into());
        members.insert("required".into(), json!(["value"]));
        members.insert("properties".into(), json!({"value": {"type": "array", "items": item}}));
    }
    Ok(document)
}

fn find(model: &Model, written: &str) -> Result<TypeUse, Refused> {
    let inner = written.strip_prefix("Collection(").and_then(|rest| rest.strip_suffix(')'));
    let name = inner.unwrap_or(written);
    let id = match model.find(name) {
        Ok(id) => id,
        // A bare name is right where one type alone has it.
        Err(Unknown::Spelling(id)) if model.type_of(id).name.ends_with(&format!(".{name}")) => id,
        Err(Unknown::Spelling(id)) => {
            return Err(Refused(format!(
                "{name}: no type of {}; did you mean `{}`?",
                model.source,
                model.type_of(id).name
            )));
        }
        Err(Unknown::Missing(near)) => {
            let near = match &near[..] {
                [] => String::new(),
                [one] => format!("; did you mean `{one}`?"),
                many => format!("; did you mean one of {}?", many.join(", ")),
            };
            return Err(Refused(format!("{name}: no type of {}{near}", model.source)));
        }
    };
    Ok(TypeUse { of: Target::Declared(id), collection: inner.is_some() })
}
