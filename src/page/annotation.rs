//! The comment before a block: what the page's author says of it. Keys as Graph's documentation
//! uses them, in any case; `graphspec` is ours and ignored by other tools.

use serde_json::{Map, Value};

use crate::case::{Accept, Composite};
use crate::json;
use crate::multi_status::Listed;

/// What `blockType` says a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockType {
    /// An example request.
    Request,
    /// An example response.
    Response,
    /// Not an example by intent (`ignored`, `example`); it may be one all the same.
    Ignored,
    /// Something that is no HTTP message (`resource`, `samples`, `permissions`, ...).
    Other,
}

/// An annotation, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Annotation {
    /// `None` where the annotation does not say.
    pub block_type: Option<BlockType>,
    /// `name`: one, or several where a response answers several requests.
    pub names: Vec<String>,
    /// `@odata.type` or `@type`, without `Collection(…)`.
    pub type_name: Option<String>,
    /// `isCollection`, or a type written `Collection(…)`.
    pub collection: bool,
    /// `truncated`.
    pub truncated: bool,
    /// `isEmpty`.
    pub is_empty: bool,
    /// `optionalProperties`.
    pub optional: Vec<String>,
    /// `nullableProperties`.
    pub nullable: Vec<String>,
    /// `graphspec`.
    pub ours: Ours,
}

/// The member `graphspec`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ours {
    /// Statuses that keep the promise too.
    pub accepts: Vec<Accept>,
    /// `"auth": "none"`.
    pub anonymous: bool,
    /// The body is sent as written.
    pub raw: bool,
    /// The request that runs just before.
    pub needs: Option<String>,
    /// Composite ids.
    pub composites: Vec<Composite>,
    /// What the page says of the operation's dialect.
    pub dialect: DialectPatch,
}

/// Parts of a dialect that a page declares: `multiStatus`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DialectPatch {
    /// `listed`.
    pub listed: Option<Listed>,
    /// `items`, `itemKey`, `entries`, `entryKey`: JSON pointers.
    pub pointers: [Option<String>; 4],
    /// `success`.
    pub success: Option<u16>,
    /// `allFailed` holds a `4XX`.
    pub whole_call_may_fail: Option<bool>,
}

/// Reads the text of a comment. `None` where it is no annotation at all (prose, a page's own
/// annotation); the second value says what is wrong with it.
pub fn read(comment: &str) -> (Option<Annotation>, Vec<String>) {
    if !comment.starts_with('{') {
        return (None, Vec::new());
    }
    let members = match json::read_lenient(comment) {
        Ok((Value::Object(members), _)) => members,
        Ok(_) => return (None, vec!["the annotation is not a JSON object".to_owned()]),
        Err(error) => return (None, vec![format!("the annotation is not JSON: {error}")]),
    };
    let mut flaws = Vec::new();
    let of = |name: &str| member(&members, name);
    let Some(block_type) = of("blockType") else {
        return (None, flaws);
    };
    let block_type = match block_type.as_str().unwrap_or("").to_ascii_lowercase().as_str() {
        "request" => BlockType::Request,
        "response" => BlockType::Response,
        "ignored" | "ignore" | "example" => BlockType::Ignored,
        // Every other kind that Graph's documentation is known to hold.
        "resource" | "samples" | "simulatedresponse" | "testparams" | "permissions" | "rbacpermissions" => {
            BlockType::Other
        }
        _ => {
            let said = json::brief(block_type, 40);
            flaws.push(format!("there is no blockType {said}; use request, response or ignored"));
            return (None, flaws);
        }
    };
    let declared = of("@odata.type").or_else(|| of("@type")).and_then(Value::as_str).map(str::trim);
    let inner = declared.and_then(|t| t.strip_prefix("Collection(").and_then(|t| t.strip_suffix(')')));
    let flag =
        |name: &str| of(name).is_some_and(|v| v == true || v.as_str().is_some_and(|s| s.eq_ignore_ascii_case("true")));
    let annotation = Annotation {
        block_type: Some(block_type),
        names: strings(of("name")),
        type_name: inner.or(declared).filter(|t| !t.is_empty()).map(str::to_owned),
        collection: inner.is_some() || flag("isCollection"),
        truncated: flag("truncated"),
        is_empty: flag("isEmpty"),
        optional: strings(of("optionalProperties")),
        nullable: strings(of("nullableProperties")),
        ours: of("graphspec").map(|value| ours(value, &mut flaws)).unwrap_or_default(),
    };
    (Some(annotation), flaws)
}

fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.get(name).or_else(|| members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v))
}

/// One string, or an array of them.
fn strings(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn ours(value: &Value, flaws: &mut Vec<String>) -> Ours {
    let mut ours = Ours::default();
    let Some(members) = value.as_object() else {
        flaws.push("`graphspec` is not an object".to_owned());
        return ours;
    };
    for (name, value) in members {
        let understood = match name.as_str() {
            "accepts" => value.as_array().is_some_and(|items| {
                ours.accepts = items.iter().filter_map(Accept::read).collect();
                ours.accepts.len() == items.len()
            }),
            "auth" => {
                ours.anonymous = value == "none";
                ours.anonymous
            }
            "raw" => {
                ours.raw = value == true;
                value.is_boolean()
            }
            "needs" => {
                ours.needs = value.as_str().map(str::to_owned);
                ours.needs.is_some()
            }
            "identity" => composites(value, &mut ours.composites),
            "multiStatus" => dialect(value, &mut ours.dialect),
            _ => {
                flaws.push(format!("`graphspec` has no member `{name}`"));
                continue;
            }
        };
        if !understood {
            flaws.push(format!("`graphspec`: `{name}` cannot be {}", json::brief(value, 60)));
        }
    }
    ours
}

fn composites(value: &Value, into: &mut Vec<Composite>) -> bool {
    let Some(members) = value.as_object() else { return false };
    for (id, parts) in members {
        let Some(parts) = parts.as_array() else { return false };
        let parts = parts.iter().map(|p| p.as_str().map(str::to_owned)).collect();
        let id = if id.starts_with('/') { id.clone() } else { format!("/{id}") };
        into.push(Composite { id, parts });
    }
    true
}

fn dialect(value: &Value, into: &mut DialectPatch) -> bool {
    let Some(members) = value.as_object() else { return false };
    for (name, value) in members {
        let pointer = ["items", "itemKey", "entries", "entryKey"].iter().position(|known| known == name);
        let understood = match (pointer, name.as_str()) {
            (Some(at), _) => {
                into.pointers[at] = value.as_str().filter(|p| p.is_empty() || p.starts_with('/')).map(str::to_owned);
                into.pointers[at].is_some()
            }
            (None, "listed") => {
                into.listed = value.as_str().and_then(Listed::read);
                into.listed.is_some()
            }
            (None, "success") => {
                into.success = value.as_u64().and_then(|s| u16::try_from(s).ok()).filter(|s| (200..300).contains(s));
                into.success.is_some()
            }
            (None, "allFailed") => value.as_array().is_some_and(|items| {
                let accepts: Vec<Accept> = items.iter().filter_map(Accept::read).collect();
                into.whole_call_may_fail = Some(accepts.contains(&Accept::Class(4)));
                accepts.len() == items.len()
            }),
            _ => false,
        };
        if !understood {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_pages_write() {
        let (got, flaws) =
            read("{ \"blocktype\": 'Response', '@type': \"Collection(microsoft.graph.site)\", truncated: true, }");
        let got = got.unwrap();
        assert!(flaws.is_empty());
        assert_eq!(got.block_type, Some(BlockType::Response));
        assert_eq!(
            (got.type_name.as_deref(), got.collection, got.truncated),
            (Some("microsoft.graph.site"), true, true)
        );
        let (got, _) = read("{\"blockType\": \"response\", \"name\": [\"a\", \"b\"]}");
        assert_eq!(got.unwrap().names, ["a", "b"]);
    }

    #[test]
    fn prose_and_page_annotations_are_none() {
        assert_eq!(read("markdownlint-disable"), (None, vec![]));
        assert_eq!(read("{ \"type\": \"#page.annotation\" }"), (None, vec![]));
    }

    #[test]
    fn says_what_is_wrong() {
        assert!(read("{ \"blockType\": ").1[0].contains("not JSON"));
        let (_, flaws) = read(
            r#"{"blockType":"request","graphspec":{"acepts":[],"accepts":["9XX"],"raw":1,"multiStatus":{"listed":"some"}}}"#,
        );
        assert_eq!(flaws.len(), 4, "{flaws:?}");
        assert!(read(r#"{"blockType":"reqest"}"#).1[0].contains("reqest"));
    }
}
