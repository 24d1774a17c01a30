//! The comment before a block: what the page's author says of it. Keys as Graph's documentation
//! uses them, in any case; `graphspec` is ours and ignored by other tools.

use serde_json::{Map, Value};

use crate::case::{Accept, Composite};
use crate::json::{self, Lenient, Mend};
use crate::multi_status::Listed;
use crate::rule::Severity;

/// What `blockType` says a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockType {
    /// An example request.
    Request,
    /// An example response.
    Response,
    /// Not an example by intent (`ignored`, `example`); it may be one all the same.
    Ignored,
    /// Something that is no HTTP message (`resource`, `samples`, ...).
    Other,
    /// No block at all, but a table (`permissions`).
    Table,
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
    /// `collectionProperty`: the member that holds the list, where it is not `value`.
    pub collection_property: Option<String>,
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

/// What a comment says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// Of the next block; nothing where it says nothing of a block.
    pub annotation: Option<Annotation>,
    /// Of its page: `suppressions`.
    pub suppressions: Vec<String>,
    /// What is wrong with it.
    pub flaws: Vec<Flaw>,
}

/// Something wrong with an annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The line inside the comment, from 0.
    pub line: u32,
    /// What, for a person.
    pub message: String,
    /// What it weighs.
    pub severity: Severity,
}

impl Flaw {
    /// A flaw by which something is lost.
    pub fn failure(line: u32, message: impl Into<String>) -> Self {
        Flaw { line, message: message.into(), severity: Severity::Failure }
    }
}

/// Whether the text of a comment is an annotation at all, and no remark for other people.
pub fn may_be(comment: &str) -> bool {
    let text = comment.trim_start();
    let opens = text.strip_prefix('{').map(str::trim_start);
    opens.is_some_and(|rest| rest.starts_with(['"', '\'', '“', '}']) || rest.len() < text.len() && is_named(rest))
        || (text.len() < 4096 && text.to_ascii_lowercase().contains("blocktype"))
}

/// Whether a text begins with a member's name and its mark.
fn is_named(text: &str) -> bool {
    let name = text.trim_start_matches(|c: char| c.is_alphanumeric() || "_@.".contains(c));
    name.len() < text.len() && name.trim_start().starts_with([':', ';', '='])
}

/// Reads the text of a comment, whatever state it is in.
pub fn read(comment: &str) -> Read {
    let mut read = Read::default();
    // A comment that was not closed may have half of its mark left.
    let text = comment.trim().trim_end_matches(['-', '>', '\\', ' ', '\t']);
    let first = comment.len() - comment.trim_start().len();
    let first = u32::try_from(comment[..first].matches('\n').count()).unwrap_or(0);
    let line = |line: usize| first + u32::try_from(line.saturating_sub(1)).unwrap_or(0);
    let members = match json::read_lenient(text) {
        Ok(Lenient { value: Value::Object(members), mends }) => {
            // What the tool that annotations were made for takes without a word, we do too.
            let worst = mends.iter().find(|mend| !is_usual(&mend.what));
            read.flaws.extend(worst.map(|mend| Flaw {
                line: line(mend.line),
                message: format!("the annotation is JSON only after mending: {}", mend.what),
                severity: Severity::Warning,
            }));
            members
        }
        Ok(_) => {
            read.flaws.push(Flaw::failure(first, "the annotation is not a JSON object"));
            return read;
        }
        Err(trouble) => {
            let members = salvage(text);
            if members.contains_key("blockType") || text.starts_with('{') {
                let message = format!("the annotation is not JSON: {}", trouble.what);
                read.flaws.push(Flaw::failure(line(trouble.line), message));
            }
            members
        }
    };
    read.suppressions = strings(member(&members, "suppressions"));
    if let Some(block_type) = member(&members, "blockType") {
        read.annotation = annotation(&members, block_type, first, &mut read.flaws);
    }
    read
}

fn is_usual(mend: &Mend) -> bool {
    matches!(mend, Mend::Comment)
        || [
            "a raw control character inside a string",
            "a comma before the closing bracket",
            "a member name without quotes",
            "single quotes where `\"` belongs",
        ]
        .iter()
        .any(|usual| *mend == Mend::Slip(usual))
}

/// The members that say most, out of a text that is no JSON at all.
fn salvage(text: &str) -> Map<String, Value> {
    let mut members = Map::new();
    let lower = text.to_ascii_lowercase();
    for name in ["blockType", "name", "@odata.type", "@type", "truncated", "isCollection"] {
        let after = |at: usize| {
            lower[at..].chars().next().is_some_and(|c| matches!(c, '"' | '\'' | ':' | ';' | '=' | ' ' | '”'))
        };
        let key = name.to_ascii_lowercase();
        let before = |at: usize| !lower[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '@' | '_'));
        let found =
            lower.match_indices(&key).map(|(at, _)| (at, at + key.len())).find(|(s, e)| before(*s) && after(*e));
        let Some((_, end)) = found else { continue };
        let rest = text[end..].trim_start_matches(['"', '\'', '”', ' ', '\t']);
        let rest = rest.strip_prefix([':', ';', '=']).unwrap_or(rest);
        let rest = rest.trim_start_matches([' ', '\t', '"', '\'', '“']);
        let value = rest.split(['"', '\'', '”', ',', '\n', '}']).next().unwrap_or("").trim();
        if !value.is_empty() {
            members.insert(name.to_owned(), value.into());
        }
    }
    members
}

fn annotation(
    members: &Map<String, Value>,
    block_type: &Value,
    line: u32,
    flaws: &mut Vec<Flaw>,
) -> Option<Annotation> {
    let of = |name: &str| member(members, name);
    let block_type = match block_type.as_str().unwrap_or("").trim().to_ascii_lowercase().as_str() {
        "request" => BlockType::Request,
        "response" => BlockType::Response,
        "ignored" | "ignore" | "example" => BlockType::Ignored,
        "permissions" | "rbacpermissions" => BlockType::Table,
        // Every other kind that Graph's documentation is known to hold.
        "resource" | "samples" | "simulatedresponse" | "testparams" => BlockType::Other,
        _ => {
            let said = json::brief(block_type, 40);
            let message = format!("there is no blockType {said}; use request, response or ignored");
            flaws.push(Flaw::failure(line, message));
            return None;
        }
    };
    let declared = of("@odata.type").or_else(|| of("@type")).and_then(Value::as_str).map(str::trim);
    let inner = declared.and_then(collection_of);
    let flag =
        |name: &str| of(name).is_some_and(|v| v == true || v.as_str().is_some_and(|s| s.eq_ignore_ascii_case("true")));
    Some(Annotation {
        block_type: Some(block_type),
        names: strings(of("name")),
        type_name: inner.or(declared).filter(|t| !t.is_empty()).map(str::to_owned),
        collection: inner.is_some() || flag("isCollection"),
        collection_property: of("collectionProperty").and_then(Value::as_str).map(str::to_owned),
        truncated: flag("truncated"),
        is_empty: flag("isEmpty"),
        optional: strings(of("optionalProperties")),
        nullable: strings(of("nullableProperties")),
        ours: of("graphspec").map(|value| ours(value, line, flaws)).unwrap_or_default(),
    })
}

/// The type inside `Collection(…)`, in any case.
fn collection_of(declared: &str) -> Option<&str> {
    let (head, rest) = declared.split_once('(')?;
    head.trim().eq_ignore_ascii_case("collection").then(|| rest.trim_end().trim_end_matches(')').trim())
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

fn ours(value: &Value, line: u32, flaws: &mut Vec<Flaw>) -> Ours {
    let mut say = |message: String| flaws.push(Flaw::failure(line, message));
    let mut ours = Ours::default();
    let Some(members) = value.as_object() else {
        say("`graphspec` is not an object".to_owned());
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
                say(format!("`graphspec` has no member `{name}`"));
                continue;
            }
        };
        if !understood {
            say(format!("`graphspec`: `{name}` cannot be {}", json::brief(value, 60)));
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
        let got = read(
            " { \"blocktype\": 'Response', '@type': \"collection(microsoft.graph.site)\", truncated: true, } // x",
        );
        assert!(got.flaws.is_empty(), "{:?}", got.flaws);
        let got = got.annotation.unwrap();
        assert_eq!(got.block_type, Some(BlockType::Response));
        assert_eq!(
            (got.type_name.as_deref(), got.collection, got.truncated),
            (Some("microsoft.graph.site"), true, true)
        );
        assert_eq!(
            read("{\"blockType\": \"response\", \"name\": [\"a\", \"b\",]}").annotation.unwrap().names,
            ["a", "b"]
        );
    }

    #[test]
    fn every_state_of_disrepair() {
        for text in [
            "{ \"blockType\"; \"request\"; \"name\"; \"a\" }",
            "{ \"blockType\": \"request\"; \"name\": \"a\"",
            "{ “blockType”: “request”, “name”: “a” }",
            "{ \"blockType\": \"request\"\n  \"name\": \"a\" }",
            "{ \"blockType\": request, \"name\": a }",
            "{ \"blockType\": \"request\", \"name\": \"a\", \"x\": }",
            "{ \"blockType\" \"request\" }, { \"blockType\": \"request\", \"name\": \"a\" }",
            "\"blockType\": \"request\", \"name\": \"a\"",
            "blockType: request, name: a",
        ] {
            let got = read(text);
            let annotation = got.annotation.unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                (annotation.block_type, &*annotation.names),
                (Some(BlockType::Request), &["a".to_owned()][..]),
                "{text}"
            );
            assert!(!got.flaws.is_empty(), "{text}");
        }
    }

    #[test]
    fn prose_and_page_annotations_are_none() {
        assert!(!may_be("markdownlint-disable"));
        let page = read("{ \"type\": \"#page.annotation\", \"suppressions\": [\"page/json\"], }");
        assert_eq!((page.annotation, page.suppressions), (None, vec!["page/json".to_owned()]));
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        let got = read("{\n \"name\": \"a\",\n \"blockType\": !\n}").flaws;
        assert!(got[0].message.contains("not JSON") && got[0].line == 2, "{got:?}");
        let got = read(
            r#"{"blockType":"request","graphspec":{"acepts":[],"accepts":["9XX"],"raw":1,"multiStatus":{"listed":"some"}}}"#,
        );
        assert_eq!(got.flaws.len(), 4, "{got:?}");
        assert!(read(r#"{"blockType":"reqest"}"#).flaws[0].message.contains("reqest"));
    }
}
