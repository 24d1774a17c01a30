//! The multi-status law as data: which items a request names, which entries an answer holds, and
//! what a page documents about each. One dialect an operation; nothing here knows any operation.
//!
//! Sources: the dialects are those of Graph's pages (200 or 204 when all items succeed, 207 when
//! one failed); RFC 4918, section 13, gives 207 its meaning.

mod identity;
mod infer;
mod state;

pub use identity::{Identity, is_guid, is_literal_id};
pub use infer::{Shown, derive, infer, law};
pub use state::{Action, State};

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::json;
use crate::source::Span;

/// Whether a partial answer holds entries for the items that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// All of them.
    Listed,
    /// None of them.
    Omitted,
    /// All or none.
    Either,
}

impl Listed {
    /// The word used in pages and reports.
    pub fn name(self) -> &'static str {
        match self {
            Listed::Listed => "listed",
            Listed::Omitted => "omitted",
            Listed::Either => "either",
        }
    }

    /// Reads the word.
    pub fn read(word: &str) -> Option<Self> {
        [Listed::Listed, Listed::Omitted, Listed::Either].into_iter().find(|known| known.name() == word)
    }
}

/// How one operation reports per-item outcomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Pointer to the items in the request's body.
    pub items: String,
    /// Pointer to an item's key, from the item; empty where the item is the key.
    pub item_key: String,
    /// Pointer to the entries in the answer's body.
    pub entries: String,
    /// Pointer to an entry's key, from the entry.
    pub entry_key: String,
    /// The status of full success: 200 with a list, 204 with nothing, or the partial status.
    pub success: u16,
    /// The status when an item failed.
    pub partial: u16,
    /// Whether the partial answer lists successes.
    pub listed: Listed,
    /// One error for the whole call is as good when every item fails.
    pub whole_call_may_fail: bool,
    /// Lines of the responses it was read from.
    pub lines: Vec<u32>,
}

impl Dialect {
    /// As `list --format json` shows it.
    pub fn as_value(&self) -> Value {
        let mut all_failed = vec![Value::from(self.partial)];
        if self.whole_call_may_fail {
            all_failed.push("4XX".into());
        }
        let mut out = Map::new();
        out.insert("items".into(), self.items.clone().into());
        out.insert("itemKey".into(), self.item_key.clone().into());
        out.insert("entries".into(), self.entries.clone().into());
        out.insert("entryKey".into(), self.entry_key.clone().into());
        out.insert("success".into(), self.success.into());
        out.insert("partial".into(), self.partial.into());
        out.insert("listed".into(), self.listed.name().into());
        out.insert("allFailed".into(), all_failed.into());
        out.insert("lines".into(), self.lines.clone().into());
        Value::Object(out)
    }

    /// The identity of an item of a request.
    pub fn item_id(&self, item: &Value) -> Option<Identity> {
        json::at(item, &self.item_key).and_then(|key| Identity::of(&self.item_key, key))
    }

    /// The identity of an entry of an answer.
    pub fn entry_id(&self, entry: &Value) -> Option<Identity> {
        json::at(entry, &self.entry_key).and_then(|key| Identity::of(&self.entry_key, key))
    }

    /// The entries of an answer's body, if they are where they should be.
    pub fn entries_of<'a>(&self, body: &'a Value) -> Option<&'a Vec<Value>> {
        json::at(body, &self.entries).and_then(Value::as_array)
    }
}

/// What a page documents of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Succeeds,
    /// It is refused, with an error of its own.
    Fails,
}

/// Whether an entry reports a failure: it has an `error` that is not null.
pub fn is_failed(entry: &Value) -> bool {
    entry.get("error").is_some_and(|error| !error.is_null())
}

/// A documented outcome, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Documented {
    /// What happens to the item.
    pub outcome: Outcome,
    /// The response that says so.
    pub span: Span,
}

/// The law that one case is under.
#[derive(Clone, Debug, PartialEq)]
pub struct Law {
    /// How the operation reports.
    pub dialect: Dialect,
    /// The documented outcome of each item of the case's own promise.
    pub outcomes: BTreeMap<Identity, Documented>,
    /// The JSON type of the ids in the page's own entries, where it shows any.
    pub key_type: Option<&'static str>,
    /// The page's own example answers the ids it asks for, so that answers can be held to it.
    pub identified: bool,
    /// Documented entries of items that succeed: the case's own, else those of its operation.
    pub succeeded: Vec<Value>,
    /// Documented entries of items that fail, likewise.
    pub failed: Vec<Value>,
}

impl Law {
    /// The outcome that the page documents for an item.
    pub fn outcome(&self, id: &Identity) -> Option<&Documented> {
        self.outcomes.get(id)
    }

    /// Whether every one of `items` is documented to fail.
    pub fn all_fail(&self, items: &[Value]) -> bool {
        !items.is_empty()
            && items.iter().all(|item| {
                let known = self.dialect.item_id(item).and_then(|id| self.outcomes.get(&id));
                known.is_some_and(|d| d.outcome == Outcome::Fails)
            })
    }
}
