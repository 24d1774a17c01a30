//! Example → JSON Schema: what a documented body demands of an answered one.
//!
//! A member is required when every documented object at that place has it; a documented type is
//! demanded; documented `null` or `[]` allows anything. Names that hold `@`, and whatever is
//! inside an inner error, are never required.

use serde_json::{Map, Value, json};

use crate::case::{Content, Promise};
use crate::multi_status::Law;

/// What the annotations of a case loosen.
struct Loose<'a> {
    optional: &'a [String],
    nullable: &'a [String],
}

/// The schema of an answer to a case: of `promise`'s body, with the entries under `law` told
/// apart into failed and succeeded ones. `None` where the page shows no JSON to go by.
pub fn of_answer(promise: Option<&Promise>, law: Option<&Law>) -> Option<Value> {
    let loose =
        Loose { optional: promise.map_or(&[], |p| &p.optional), nullable: promise.map_or(&[], |p| &p.nullable) };
    let documented = promise.and_then(|p| match &p.content {
        Content::Json(body) => Some(body),
        _ => None,
    });
    let Some(law) = law else {
        return documented.map(|body| shape(&[body], &loose));
    };
    let mut schema = match documented {
        Some(body) => shape(&[body], &loose),
        None => json!({}),
    };
    let entry = json!({
        "if": reports_failure(),
        "then": entry_shape(&law.failed, &loose, &law.dialect.entry_key),
        "else": entry_shape(&law.succeeded, &loose, &law.dialect.entry_key),
    });
    put(&mut schema, &law.dialect.entries, json!({"type": "array", "items": entry}));
    Some(schema)
}

/// The condition that an entry reports a failure: it is an object whose `error` is not null.
fn reports_failure() -> Value {
    json!({"type": "object", "required": ["error"], "properties": {"error": {"not": {"type": "null"}}}})
}

/// Entries of one kind. Without an example only the key is known.
fn entry_shape(examples: &[Value], loose: &Loose<'_>, key: &str) -> Value {
    let mut schema = if examples.is_empty() {
        json!({"type": "object"})
    } else {
        let all: Vec<&Value> = examples.iter().collect();
        shape(&all, loose)
    };
    if key.is_empty() {
        return schema;
    }
    // `error: null` and no `error` at all are one and the same success.
    let failed = examples.iter().any(|e| e.get("error").is_some_and(|e| !e.is_null()));
    if let (false, Some(required)) = (failed, schema.get_mut("required").and_then(Value::as_array_mut)) {
        required.retain(|name| name != "error");
    }
    // An entry carries its key, whatever its example does.
    let mut segments = key.trim_start_matches('/').split('/');
    if let (Some(first), Some(members)) = (segments.next(), schema.as_object_mut()) {
        let required = members.entry("required").or_insert_with(|| json!([]));
        if let Some(names) = required.as_array_mut().filter(|names| !names.iter().any(|n| n == first)) {
            names.push(first.into());
        }
    }
    schema
}

/// Sets the schema at `pointer`, every object on the way required.
fn put(schema: &mut Value, pointer: &str, what: Value) {
    let mut at = schema;
    for name in pointer.split('/').skip(1) {
        let name = crate::json::unescaped(name);
        let Some(members) = at.as_object_mut() else { return };
        members.insert("type".into(), "object".into());
        let required = members.entry("required").or_insert_with(|| json!([]));
        if let Some(names) = required.as_array_mut().filter(|names| !names.iter().any(|n| *n == name)) {
            names.push(name.clone().into());
        }
        let properties = members.entry("properties").or_insert_with(|| json!({}));
        let Some(properties) = properties.as_object_mut() else { return };
        at = properties.entry(name).or_insert_with(|| json!({}));
    }
    *at = what;
}

/// The schema that all of `documented` keep to, as loosely as they differ.
fn shape(documented: &[&Value], loose: &Loose<'_>) -> Value {
    let typed: Vec<&Value> = documented.iter().copied().filter(|v| !v.is_null()).collect();
    let free = |v: &&Value| v.as_array().is_some_and(Vec::is_empty);
    if typed.is_empty() || typed.iter().any(free) {
        return json!({});
    }
    let mut types: Vec<&str> = Vec::new();
    for value in &typed {
        let name = crate::json::type_name(value);
        if !types.contains(&name) {
            types.push(name);
        }
    }
    let mut schema = Map::new();
    let objects: Vec<&Map<String, Value>> = typed.iter().filter_map(|v| v.as_object()).collect();
    let elements: Vec<&Value> = typed.iter().filter_map(|v| v.as_array()).flatten().collect();
    if !objects.is_empty() {
        members(&objects, loose, &mut schema);
    }
    if !elements.is_empty() {
        schema.insert("items".into(), items(&elements, loose));
    }
    if typed.len() < documented.len() {
        types.push("null");
    }
    let types = if types.len() == 1 { json!(types[0]) } else { json!(types) };
    schema.insert("type".into(), types);
    Value::Object(schema)
}

fn members(objects: &[&Map<String, Value>], loose: &Loose<'_>, into: &mut Map<String, Value>) {
    let mut properties = Map::new();
    let mut required = Vec::new();
    let names = objects.iter().flat_map(|o| o.keys());
    for name in names {
        if properties.contains_key(name) || name.contains('@') {
            continue;
        }
        let values: Vec<&Value> = objects.iter().filter_map(|o| o.get(name)).collect();
        let inner_error = name.eq_ignore_ascii_case("innererror");
        let mut schema = if inner_error { json!({"type": "object"}) } else { shape(&values, loose) };
        if loose.nullable.iter().any(|n| n == name) {
            or_null(&mut schema);
        }
        properties.insert(name.clone(), schema);
        let everywhere = values.len() == objects.len();
        if everywhere && !inner_error && !loose.optional.iter().any(|n| n == name) {
            required.push(Value::from(name.as_str()));
        }
    }
    into.insert("properties".into(), Value::Object(properties));
    if !required.is_empty() {
        into.insert("required".into(), required.into());
    }
}

/// Lets null in beside the types that `schema` asks for.
fn or_null(schema: &mut Value) {
    match schema.get_mut("type") {
        Some(Value::Array(names)) if !names.iter().any(|n| n == "null") => names.push("null".into()),
        Some(name @ Value::String(_)) => *name = json!([name.take(), "null"]),
        _ => {}
    }
}

/// Elements of an array. Where they name their types (`@odata.type`), each type has its own shape.
fn items(elements: &[&Value], loose: &Loose<'_>) -> Value {
    let type_of = |v: &Value| v.get("@odata.type").and_then(Value::as_str).map(str::to_owned);
    let mut names: Vec<String> = Vec::new();
    for element in elements {
        match type_of(element) {
            Some(name) if !names.contains(&name) => names.push(name),
            Some(_) => {}
            None => return shape(elements, loose),
        }
    }
    if names.len() < 2 {
        return shape(elements, loose);
    }
    let branches = names.iter().map(|name| {
        let alike: Vec<&Value> =
            elements.iter().copied().filter(|e| type_of(e).as_deref() == Some(name.as_str())).collect();
        json!({
            "if": {"required": ["@odata.type"], "properties": {"@odata.type": {"const": name}}},
            "then": shape(&alike, loose),
        })
    });
    json!({"type": "object", "allOf": branches.collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: Loose<'_> = Loose { optional: &[], nullable: &[] };

    #[test]
    fn required_is_what_every_object_has() {
        let body = json!({"value": [{"id": "1", "a": 1, "x@odata.type": "t"}, {"id": "2", "b": null}]});
        let schema = shape(&[&body], &STRICT);
        let item = &schema["properties"]["value"]["items"];
        assert_eq!(item["required"], json!(["id"]));
        assert_eq!(item["properties"], json!({"id": {"type": "string"}, "a": {"type": "number"}, "b": {}}));
    }

    #[test]
    fn documented_null_and_empty_arrays_allow_anything() {
        let body = json!({"a": null, "b": [], "c": {"innerError": {"x": 1}}});
        let schema = shape(&[&body], &STRICT);
        assert_eq!(schema["properties"]["a"], json!({}));
        assert_eq!(schema["properties"]["b"], json!({}));
        assert_eq!(
            schema["properties"]["c"],
            json!({"type": "object", "properties": {"innerError": {"type": "object"}}})
        );
    }

    #[test]
    fn elements_that_name_their_types_are_told_apart() {
        let body = json!([{"@odata.type": "#a", "x": 1}, {"@odata.type": "#b", "y": 1}]);
        let schema = shape(&[&body], &STRICT);
        assert_eq!(schema["items"]["allOf"][0]["then"]["required"], json!(["x"]));
        assert_eq!(schema["items"]["allOf"][1]["then"]["required"], json!(["y"]));
    }

    #[test]
    fn annotations_loosen() {
        let loose = Loose { optional: &["a".into()], nullable: &["b".into()] };
        let schema = shape(&[&json!({"a": 1, "b": "x"})], &loose);
        assert_eq!(schema["required"], json!(["b"]));
        assert_eq!(schema["properties"]["b"], json!({"type": ["string", "null"]}));
    }
}
