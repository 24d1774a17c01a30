//! Composite ids: each part agrees with the member that repeats it.

use serde_json::Value;

use crate::case::{Composite, Promise};
use crate::json;
use crate::multi_status::{Identity, Law, is_failed};
use crate::rule::{self, Deviation};

/// Judges every object of a body at the composite ids that its page declares or shows. A member
/// that is absent or no string is another rule's business.
pub fn composites(promise: &Promise, law: Option<&Law>, body: &Value, out: &mut Vec<Deviation>) {
    let pointer = law.map_or("/value", |l| &l.dialect.entries);
    for composite in &promise.composites {
        match body.pointer(pointer).and_then(Value::as_array) {
            Some(items) => {
                for (at, item) in items.iter().enumerate().filter(|(_, item)| !is_failed(item)) {
                    judge(composite, item, &json::child(pointer, at), out);
                }
            }
            None => judge(composite, body, "", out),
        }
    }
}

fn judge(composite: &Composite, item: &Value, place: &str, out: &mut Vec<Deviation>) {
    let Some(id) = json::at(item, &composite.id).and_then(Value::as_str) else { return };
    let count = id.split(',').count();
    if count != composite.parts.len() {
        let message = format!("the id has {count} parts, the documented one {}", composite.parts.len());
        let expected = format!("{} parts joined by commas", composite.parts.len());
        out.push(
            Deviation::new(&rule::IDENTITY_COMPOSITE, message)
                .between(expected, json::brief(&id.into(), 80))
                .at(format!("{place}{}", composite.id)),
        );
        return;
    }
    for (part, pointer) in id.split(',').zip(&composite.parts) {
        let Some(pointer) = pointer else { continue };
        let Some(there) = json::at(item, pointer).and_then(Value::as_str) else { continue };
        if !Identity::same(part, there) {
            let message =
                format!("the part `{part}` of the id is not `{}`, which repeats it", pointer.trim_start_matches('/'));
            out.push(
                Deviation::new(&rule::IDENTITY_COMPOSITE, message).between(part, there).at(format!("{place}{pointer}")),
            );
        }
    }
}
