//! What documented requests make of a collection that can be read back.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Identity, Law, Outcome};

/// What an action bound to a collection does with its items (OData actions `add` and `remove`,
/// by the last segment of the path).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Puts them in.
    Add,
    /// Takes them out.
    Remove,
}

impl Action {
    /// The action that ends `path`, and the path of the collection it is bound to.
    pub fn of(path: &str) -> Option<(Action, &str)> {
        let path = path.split('?').next().unwrap_or("");
        let (collection, last) = path.rsplit_once('/')?;
        match last {
            "add" => Some((Action::Add, collection)),
            "remove" => Some((Action::Remove, collection)),
            _ => None,
        }
    }
}

/// What the requests before a read have made of the collection it reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Pointer to an item's id, from the item, as the answers of the requests before have it.
    pub key: String,
    /// Items that the read must show.
    pub present: BTreeSet<Identity>,
    /// Items that the read must not show.
    pub absent: BTreeSet<Identity>,
}

impl State {
    /// Applies a request that was answered as its page documents.
    pub fn apply(&mut self, action: Action, law: &Law, items: &[Value]) {
        self.key.clone_from(&law.dialect.entry_key);
        for id in items.iter().filter_map(|item| law.dialect.item_id(item)) {
            let succeeds = law.outcome(&id).is_some_and(|d| d.outcome == Outcome::Succeeds);
            match (action, succeeds) {
                (Action::Add, true) => {
                    self.absent.remove(&id);
                    self.present.insert(id);
                }
                (Action::Remove, true) => {
                    self.present.remove(&id);
                    self.absent.insert(id);
                }
                (Action::Add, false) if !self.present.contains(&id) => {
                    self.absent.insert(id);
                }
                _ => {}
            }
        }
    }
}
