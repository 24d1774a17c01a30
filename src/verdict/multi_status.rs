//! The 200-vs-207 law (design: the multi-status law), matched by identity, whatever the order.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{MOST, body, is_enough};
use crate::json;
use crate::message;
use crate::multi_status::{Documented, Identity, Law, Listed, Outcome, is_failed};
use crate::rule::{self, Deviation};

/// What an answer says of one item.
#[derive(Default)]
struct Said {
    failed: Vec<usize>,
    succeeded: Vec<usize>,
}

/// An answer, held against its law.
pub struct Reading<'a> {
    law: &'a Law,
    status: u16,
    entries: &'a [Value],
}

impl<'a> Reading<'a> {
    /// Reads the entries of an answer; `None` where they are not where the dialect has them.
    pub fn of(law: &'a Law, status: u16, body: &'a Value) -> Option<Self> {
        let entries = law.dialect.entries_of(body)?;
        Some(Reading { law, status, entries })
    }

    /// Whether the law says what is wrong with the status, so that nothing else need to.
    pub fn explains_status(&self) -> bool {
        let dialect = &self.law.dialect;
        let failed = self.entries.iter().any(is_failed);
        let told_apart = dialect.success != dialect.partial;
        told_apart && (if failed { self.status == dialect.success } else { self.status == dialect.partial })
    }

    /// Judges the entries against the items asked. `outcomes`: whether documented outcomes bind.
    pub fn judge(&self, items: &[Value], outcomes: bool, out: &mut Vec<Deviation>) {
        self.status_law(out);
        self.shapes(out);
        let asked: Option<Vec<Identity>> = items.iter().map(|item| self.law.dialect.item_id(item)).collect();
        if let Some(asked) = asked.filter(|_| self.law.identified) {
            self.identities(&asked, outcomes, out);
        }
    }

    fn place(&self, entry: usize) -> String {
        json::child(&self.law.dialect.entries, entry)
    }

    fn key_place(&self, entry: usize) -> String {
        format!("{}{}", self.place(entry), self.law.dialect.entry_key)
    }

    /// Law 1: some entry failed exactly when the status is the partial one.
    fn status_law(&self, out: &mut Vec<Deviation>) {
        let dialect = &self.law.dialect;
        if dialect.success == dialect.partial {
            return;
        }
        let failed: Vec<usize> = (0..self.entries.len()).filter(|at| is_failed(&self.entries[*at])).collect();
        let partial = message::status_text(dialect.partial);
        let came = message::status_text(self.status);
        if self.status != dialect.partial {
            for at in failed.into_iter().take(MOST) {
                let message = format!("{came} says that every item succeeded, yet this entry holds an error");
                out.push(
                    Deviation::new(&rule::MULTI_STATUS_HIDDEN_FAILURE, message)
                        .between(&partial, &came)
                        .at(format!("{}/error", self.place(at))),
                );
            }
        } else if failed.is_empty() {
            let message = format!("{came} says that an item failed, yet no entry holds an error");
            out.push(
                Deviation::new(&rule::MULTI_STATUS_FALSE_ALARM, message)
                    .between(message::status_text(dialect.success), &came)
                    .at(dialect.entries.clone()),
            );
        }
    }

    /// Law 4: a failed entry carries its id and an error; a succeeded one its id.
    fn shapes(&self, out: &mut Vec<Deviation>) {
        for (at, entry) in self.entries.iter().enumerate() {
            if is_enough(out) {
                return;
            }
            let place = self.place(at);
            let entry_key = &self.law.dialect.entry_key;
            if !entry.is_object() && !entry_key.is_empty() {
                let message = format!("entry {at} is {}, not an object", json::brief(entry, 40));
                out.push(
                    Deviation::new(&rule::MULTI_STATUS_SUCCESS_SHAPE, message)
                        .between("an object", json::brief(entry, 80))
                        .at(place),
                );
                continue;
            }
            let failed = is_failed(entry);
            let rule = if failed { &rule::MULTI_STATUS_FAILURE_SHAPE } else { &rule::MULTI_STATUS_SUCCESS_SHAPE };
            let kind = if failed { "failed" } else { "succeeded" };
            let key = json::at(entry, entry_key);
            // An id is of the type that the page shows; most are strings.
            let right = |k: &Value| match &self.law.key_type {
                Some(shown) => json::type_name(k) == *shown && k.as_str() != Some(""),
                None => k.as_str().is_some_and(|text| !text.is_empty()),
            };
            if !key.is_some_and(right) {
                let message = format!("the {kind} entry {at} does not say which item it is about");
                let actual = key.map_or_else(|| "no such member".to_owned(), |k| json::brief(k, 80));
                out.push(Deviation::new(rule, message).between("the item's id", actual).at(self.key_place(at)));
            }
            if failed {
                error_shape(&entry["error"], at, &format!("{place}/error"), out);
            }
        }
    }

    /// Laws 2, 3 and 6.
    fn identities(&self, asked: &[Identity], outcomes: bool, out: &mut Vec<Deviation>) {
        let mut wanted: BTreeMap<&Identity, usize> = BTreeMap::new();
        for id in asked {
            *wanted.entry(id).or_default() += 1;
        }
        let mut said: BTreeMap<Identity, Said> = BTreeMap::new();
        let mut nameless = 0;
        for (at, entry) in self.entries.iter().enumerate() {
            let Some(id) = self.law.dialect.entry_id(entry).filter(|id| !id.as_str().is_empty()) else {
                nameless += 1;
                continue;
            };
            let slot = said.entry(id).or_default();
            if is_failed(entry) { slot.failed.push(at) } else { slot.succeeded.push(at) }
        }
        for (id, what) in &said {
            if is_enough(out) {
                break;
            }
            let first = what.failed.iter().chain(&what.succeeded).min().copied().unwrap_or(0);
            let place = self.key_place(first);
            let Some(times) = wanted.get(id) else {
                out.push(
                    Deviation::new(&rule::MULTI_STATUS_UNASKED_ITEM, format!("`{id}` was not asked for"))
                        .between(listing(asked), id.to_string())
                        .at(place),
                );
                continue;
            };
            if !what.failed.is_empty() && !what.succeeded.is_empty() {
                out.push(
                    Deviation::new(&rule::MULTI_STATUS_CONTRADICTION, format!("`{id}` has both failed and succeeded"))
                        .between("one outcome", "an entry with an error and one without")
                        .at(place.clone()),
                );
            } else if what.failed.len() + what.succeeded.len() > *times {
                let count = what.failed.len() + what.succeeded.len();
                out.push(
                    Deviation::new(&rule::MULTI_STATUS_DUPLICATE_ITEM, format!("`{id}` has {count} entries"))
                        .between(format!("at most {times}"), count.to_string())
                        .at(place.clone()),
                );
            }
            if let Some(documented) = self.law.outcome(id).filter(|_| outcomes) {
                wrong_outcome(id, documented, what, &place, out);
            }
        }
        // An entry that names no item may be the one that seems to be missing.
        let silent: Vec<&Identity> = wanted.keys().copied().filter(|id| !said.contains_key(*id)).collect();
        if silent.len() > nameless {
            let succeeded = said.values().any(|what| !what.succeeded.is_empty());
            self.unaccounted(&silent, succeeded, outcomes, out);
        }
        self.listed_in_vain(&said, out);
    }

    /// Items that the answer does not mention.
    fn unaccounted(&self, silent: &[&Identity], successes_listed: bool, outcomes: bool, out: &mut Vec<Deviation>) {
        let dialect = &self.law.dialect;
        let partial = self.status == dialect.partial && dialect.success != dialect.partial;
        let must_list = match dialect.listed {
            // Any other status is wrong already, and says nothing of what it lists.
            _ if self.status != dialect.success && self.status != dialect.partial => return,
            _ if !partial => true,
            Listed::Listed => true,
            Listed::Omitted => false,
            Listed::Either => successes_listed,
        };
        for id in silent {
            let documented = self.law.outcome(id).filter(|d| d.outcome == Outcome::Fails);
            if must_list {
                let message = format!("`{id}` was asked for and has no entry");
                out.push(
                    Deviation::new(&rule::MULTI_STATUS_MISSING_ITEM, message)
                        .between(format!("an entry for {id}"), "none")
                        .at(dialect.entries.clone()),
                );
            } else if let Some(documented) = documented.filter(|_| outcomes) {
                let message = format!("`{id}` is documented to fail, and the answer does not blame it");
                let mut deviation = Deviation::new(&rule::MULTI_STATUS_WRONG_OUTCOME, message)
                    .between("an entry with an error", "no entry")
                    .at(dialect.entries.clone());
                deviation.source = Some(documented.span.clone());
                out.push(deviation);
            }
        }
    }

    /// Successes in a partial answer that is documented to hold failures alone.
    fn listed_in_vain(&self, said: &BTreeMap<Identity, Said>, out: &mut Vec<Deviation>) {
        let dialect = &self.law.dialect;
        let partial = self.status == dialect.partial && dialect.success != dialect.partial;
        if !partial || dialect.listed != Listed::Omitted || !self.entries.iter().any(is_failed) {
            return;
        }
        for at in said.values().flat_map(|what| &what.succeeded) {
            out.push(
                Deviation::new(&rule::MULTI_STATUS_SUCCESS_SHAPE, "the page shows failures alone in this answer")
                    .between("no entry for an item that succeeded", json::brief(&self.entries[*at], 80))
                    .at(self.place(*at))
                    .warning(),
            );
        }
    }
}

/// Judges an answer without content that says that everything succeeded.
pub fn all_succeeded(law: &Law, items: &[Value], came: &str, out: &mut Vec<Deviation>) {
    for id in items.iter().filter_map(|item| law.dialect.item_id(item)) {
        if let Some(documented) = law.outcome(&id).filter(|d| d.outcome == Outcome::Fails) {
            let message = format!("`{id}` is documented to fail, and {came} says that it succeeded");
            let mut deviation =
                Deviation::new(&rule::MULTI_STATUS_WRONG_OUTCOME, message).between("an entry with an error", came);
            deviation.source = Some(documented.span.clone());
            out.push(deviation);
        }
    }
}

fn wrong_outcome(id: &Identity, documented: &Documented, what: &Said, place: &str, out: &mut Vec<Deviation>) {
    let (message, expected, actual) = match documented.outcome {
        Outcome::Fails if what.failed.is_empty() => {
            (format!("`{id}` is documented to fail, and succeeded"), "an error", "a success")
        }
        Outcome::Succeeds if what.succeeded.is_empty() => {
            (format!("`{id}` is documented to succeed, and is blamed"), "a success", "an error")
        }
        _ => return,
    };
    let mut deviation = Deviation::new(&rule::MULTI_STATUS_WRONG_OUTCOME, message).between(expected, actual).at(place);
    deviation.source = Some(documented.span.clone());
    out.push(deviation);
}

fn error_shape(error: &Value, entry: usize, place: &str, out: &mut Vec<Deviation>) {
    let rule = &rule::MULTI_STATUS_FAILURE_SHAPE;
    if !error.is_object() {
        let message = format!("`error` of entry {entry} is not an object");
        let wanted = "an object with code and message";
        out.push(Deviation::new(rule, message).between(wanted, json::brief(error, 80)).at(place));
        return;
    }
    for name in ["code", "message"] {
        if !error.get(name).is_some_and(Value::is_string) {
            let actual = error.get(name).map_or_else(|| "no such member".to_owned(), |v| json::brief(v, 80));
            let message = format!("the error of entry {entry} has no `{name}` that is a string");
            out.push(Deviation::new(rule, message).between("a string", actual).at(json::child(place, name)));
        }
    }
    body::empty_texts(Some(error), place, rule, out);
}

fn listing(asked: &[Identity]) -> String {
    let mut names: Vec<&str> = asked.iter().take(4).map(Identity::as_str).collect();
    if asked.len() > names.len() {
        names.push("…");
    }
    format!("one of {}", names.join(" · "))
}
