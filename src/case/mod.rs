//! A case: one request, and what a page promises for it.

pub mod placeholder;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use crate::message::Headers;
use crate::multi_status::Law;
use crate::source::Span;

/// `page-stem/request-name/status`. Characters outside `A-Za-z0-9._-` are `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseId(Arc<str>);

impl CaseId {
    /// The id of a promise; `status` is a number, `none` (no response documented) or `any`
    /// (no status line).
    pub fn new(stem: &str, name: &str, status: &str) -> Self {
        CaseId(format!("{}/{}/{status}", clean(stem), clean(name)).into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The page's part of the id.
    pub fn stem(&self) -> &str {
        self.0.split('/').next().unwrap_or("")
    }

    /// The same id with its page stem replaced (pages that share a stem).
    #[must_use]
    pub fn with_stem(&self, stem: &str) -> Self {
        let rest = self.0.split_once('/').map_or("", |(_, rest)| rest);
        CaseId(format!("{}/{rest}", clean(stem)).into())
    }

    /// The id as a file name: `/` is `__`.
    pub fn file_name(&self) -> String {
        self.0.replace('/', "__")
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `text` with every character outside `A-Za-z0-9._-` as `-`.
pub fn clean(text: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    text.chars().map(keep).collect()
}

/// A body as a page shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Content {
    /// No body.
    #[default]
    None,
    /// JSON, perhaps mended.
    Json(Arc<Value>),
    /// Anything else, as written.
    Text(Arc<str>),
}

impl Content {
    /// The JSON value, if it is one.
    pub fn json(&self) -> Option<&Value> {
        match self {
            Content::Json(value) => Some(value),
            _ => None,
        }
    }

    /// The bytes that would be sent.
    pub fn bytes(&self) -> Bytes {
        match self {
            Content::None => Bytes::new(),
            Content::Json(value) => Bytes::from(value.to_string()),
            Content::Text(text) => Bytes::copy_from_slice(text.as_bytes()),
        }
    }

    /// As a report shows it: the JSON, a string, or null.
    pub fn as_value(&self) -> Value {
        match self {
            Content::None => Value::Null,
            Content::Json(value) => Value::clone(value),
            Content::Text(text) => Value::String(text.to_string()),
        }
    }
}

/// A status, or a class of them, that keeps a promise too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Exactly this status.
    Status(u16),
    /// All of a class: 4 is `4XX`.
    Class(u16),
}

impl Accept {
    /// Reads `207`, `"207"` or `"4XX"`.
    pub fn read(value: &Value) -> Option<Self> {
        let text = match value {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.to_ascii_uppercase(),
            _ => return None,
        };
        match text.strip_suffix("XX") {
            Some(class) => class.parse().ok().filter(|c| (1..=5).contains(c)).map(Accept::Class),
            None => text.parse().ok().filter(|s| (100..600).contains(s)).map(Accept::Status),
        }
    }

    /// Whether `status` is meant.
    pub fn covers(self, status: u16) -> bool {
        match self {
            Accept::Status(only) => only == status,
            Accept::Class(class) => status / 100 == class,
        }
    }

    /// As written in a page: `207` or `"4XX"`.
    pub fn as_value(self) -> Value {
        match self {
            Accept::Status(status) => status.into(),
            Accept::Class(class) => format!("{class}XX").into(),
        }
    }
}

impl fmt::Display for Accept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Accept::Status(status) => write!(f, "{status}"),
            Accept::Class(class) => write!(f, "{class}XX"),
        }
    }
}

/// What a documented response is to its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The answer, or one of several alike.
    Answer,
    /// What the redirect before it leads to.
    RedirectTarget,
    /// A failure that the shown request does not provoke.
    ErrorVariant,
}

impl Role {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Role::Answer => "answer",
            Role::RedirectTarget => "redirect-target",
            Role::ErrorVariant => "error-variant",
        }
    }
}

/// A composite id and, part by part, the member that repeats it: data of a page, declared or seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composite {
    /// Pointer to the id, from the item.
    pub id: String,
    /// Pointer to the member of each part, from the item; a part may have none.
    pub parts: Vec<Option<String>>,
}

/// One documented response.
#[derive(Clone, Debug, PartialEq)]
pub struct Promise {
    /// Its opening fence.
    pub span: Span,
    /// The status, where the page gives one.
    pub status: Option<u16>,
    /// Statuses that keep the promise too.
    pub accepts: Vec<Accept>,
    /// What it is to the case.
    pub role: Role,
    /// The Graph type of the body or of its items.
    pub type_name: Option<String>,
    /// The body is a list of that type.
    pub collection: bool,
    /// The example leaves members out.
    pub truncated: bool,
    /// The list is shown empty on purpose.
    pub is_empty: bool,
    /// Members that may be absent.
    pub optional: Vec<String>,
    /// Members that may be null.
    pub nullable: Vec<String>,
    /// Composite ids that the page declares or shows.
    pub composites: Vec<Composite>,
    /// Header fields.
    pub headers: Headers,
    /// The body.
    pub content: Content,
}

impl Promise {
    /// Whether `status` is what this promises. A promise without a status line takes any 2xx.
    pub fn covers(&self, status: u16) -> bool {
        match self.status {
            Some(promised) => promised == status || self.accepts.iter().any(|a| a.covers(status)),
            None if self.accepts.is_empty() => (200..300).contains(&status),
            None => self.accepts.iter().any(|a| a.covers(status)),
        }
    }
}

/// One request with what its page promises for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its id, unique in a plan.
    pub id: CaseId,
    /// The opening fence of the request.
    pub span: Span,
    /// The request's name on the page.
    pub name: String,
    /// Upper case.
    pub method: String,
    /// As documented, without the HTTP version.
    pub url: String,
    /// The URL without its service root; starts with `/`.
    pub path: String,
    /// The URL template of the operation, where the page shows one that the path fits.
    pub template: Option<String>,
    /// Without Authorization, Host and Content-Length.
    pub headers: Headers,
    /// What is sent.
    pub content: Content,
    /// The body had to be mended.
    pub repaired: bool,
    /// The request was derived from the promise.
    pub derived: bool,
    /// Sent without a credential, and only to a target that asks for one.
    pub anonymous: bool,
    /// The request that runs just before, for the same user: `name` or `page/name`.
    pub needs: Option<String>,
    /// Every documented response, in page order.
    pub promises: Vec<Promise>,
    /// The multi-status law that the answer is under.
    pub law: Option<Arc<Law>>,
    /// Why it is never sent.
    pub skip: Option<String>,
}

impl Case {
    /// The first promise whose role is to answer.
    pub fn promise(&self) -> Option<&Promise> {
        self.promises.iter().find(|p| p.role == Role::Answer)
    }

    /// Whether the request only reads (RFC 9110, section 9.2.1).
    pub fn is_read(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }

    /// The items that the request names, under its law.
    pub fn items(&self) -> &[Value] {
        let found = self.law.as_ref().zip(self.content.json());
        let found = found.and_then(|(law, body)| body.pointer(&law.dialect.items));
        found.and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_are_file_name_safe() {
        let id = CaseId::new("a b", "x/y:ü", "200");
        assert_eq!(id.as_str(), "a-b/x-y--/200");
        assert_eq!(id.file_name(), "a-b__x-y--__200");
        assert_eq!(id.with_stem("v1.a b").as_str(), "v1.a-b/x-y--/200");
    }

    #[test]
    fn accepts_reads_statuses_and_classes() {
        assert_eq!(Accept::read(&json!("4xx")), Some(Accept::Class(4)));
        assert_eq!(Accept::read(&json!(207)), Some(Accept::Status(207)));
        for bad in [json!("9XX"), json!(20), json!([]), json!("XX")] {
            assert_eq!(Accept::read(&bad), None, "{bad}");
        }
        assert!(Accept::Class(4).covers(404) && !Accept::Class(4).covers(500));
    }
}
