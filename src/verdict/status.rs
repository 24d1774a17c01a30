//! Rules on the status and on whether there is content.

use serde_json::Value;

use super::body;
use crate::case::{Case, Promise, Role};
use crate::json;
use crate::message::{Response, status_text};
use crate::multi_status::{Identity, State};
use crate::rule::{self, Deviation, Severity};

/// A status that no promise of the case covers.
pub fn unexpected(case: &Case, status: u16, out: &mut Vec<Deviation>) {
    let mut promised: Vec<String> = Vec::new();
    for promise in case.promises.iter().filter(|p| p.role == Role::Answer) {
        promised.extend(promise.status.map(status_text));
        promised.extend(promise.accepts.iter().map(ToString::to_string));
    }
    promised.dedup();
    let expected = if promised.is_empty() { "2XX".to_owned() } else { promised.join(" or ") };
    let came = status_text(status);
    let message = format!("promised {expected}, came {came}");
    out.push(Deviation::new(&rule::STATUS_UNEXPECTED, message).between(expected, came));
}

/// One 4xx for a call whose every item is documented to fail: tolerated, with a warning, where it
/// is an error answer; true when it is that.
pub fn all_failed(case: &Case, response: &Response, body: Option<&Value>, out: &mut Vec<Deviation>) -> bool {
    let Some(law) = case.law.as_deref() else { return false };
    // A target that does not let the call in at all has not judged its items.
    let turned_away = matches!(response.status, 401 | 403 | 405 | 406 | 411 | 413 | 415);
    if !(400..500).contains(&response.status) || turned_away || !law.all_fail(case.items()) {
        return false;
    }
    let mut flaws = Vec::new();
    match body {
        Some(body) => body::error_envelope(body, &mut flaws),
        None => return false,
    }
    if flaws.iter().any(|d| d.severity == Severity::Failure) {
        return false;
    }
    out.append(&mut flaws);
    if !law.dialect.whole_call_may_fail {
        let came = status_text(response.status);
        let expected = status_text(law.dialect.partial);
        let message = format!("every item failed, and the call as a whole was refused with {came}");
        out.push(Deviation::new(&rule::MULTI_STATUS_ALL_FAILED, message).between(expected, came));
    }
    true
}

/// A status that never has content, with some. HTTP libraries drop such content, so that its
/// announcement is all there is to see.
pub fn no_content(case: &Case, response: &Response, out: &mut Vec<Deviation>) {
    if case.method == "HEAD" {
        return;
    }
    let length = response.headers.get("content-length").and_then(|l| l.trim().parse::<u64>().ok());
    let announced = length.is_some_and(|l| l > 0) && response.status != 304;
    let chunked = response.headers.get("transfer-encoding").is_some();
    if announced || chunked || !response.body.is_empty() {
        let actual = match length {
            Some(length) => format!("Content-Length: {length}"),
            None if chunked => "Transfer-Encoding: chunked".to_owned(),
            None => format!("{} bytes", response.body.len()),
        };
        let message = format!("{} has no content, and this answer announces some", response.status);
        out.push(Deviation::new(&rule::BODY_UNEXPECTED, message).between("no content", actual));
    }
}

/// A collection shown with items and answered empty, or the other way round. Under a law the
/// items themselves are accounted for.
pub fn collection(promise: &Promise, lawful: bool, body: &Value, out: &mut Vec<Deviation>) {
    let list = |body: &Value| body.get("value").and_then(Value::as_array).map(Vec::len);
    let Some(documented) = promise.content.json().and_then(list) else { return };
    let Some(came) = list(body) else {
        // An example without items says nothing of their type, but it is a list all the same
        // (OData JSON Format 4.01, section 13). Other lists are judged by their schema.
        if let (0, Some(other)) = (documented, body.get("value")) {
            let message = format!("`/value` is {}, where the page shows a list", json::type_name(other));
            out.push(
                Deviation::new(&rule::BODY_TYPE, message).between("an array", json::brief(other, 80)).at("/value"),
            );
        }
        return;
    };
    let deviation = match (documented, came) {
        (1.., 0) if !lawful => {
            Deviation::new(&rule::BODY_EMPTY_COLLECTION, "the collection is empty, so that no item was judged")
                .between("items", "[]")
        }
        (0, 1..) if promise.is_empty => {
            Deviation::new(&rule::BODY_EMPTY_COLLECTION, "the collection is promised empty")
                .between("[]", format!("{came} items"))
        }
        _ => return,
    };
    out.push(deviation.at("/value"));
}

/// What the requests before this one changed, read back.
pub fn read_back(state: &State, body: &Value, out: &mut Vec<Deviation>) {
    if state.present.is_empty() && state.absent.is_empty() {
        return;
    }
    let Some(items) = body.get("value").and_then(Value::as_array) else { return };
    let keyed = items.iter().any(|item| json::at(item, &state.key).is_some());
    let key = if keyed { state.key.as_str() } else { "/id" };
    let ids: Vec<Option<Identity>> =
        items.iter().map(|item| json::at(item, key).and_then(|id| Identity::of(key, id))).collect();
    // What is missing may be on the next page.
    let whole = body.get("@odata.nextLink").is_none();
    for id in state.present.iter().filter(|_| whole) {
        if !ids.iter().flatten().any(|known| known == id) {
            let message = format!("`{id}` was added by the request before, and is not in the list");
            out.push(
                Deviation::new(&rule::STATE_MISSING_ITEM, message)
                    .between(format!("an item {id}"), "none")
                    .at("/value"),
            );
        }
    }
    for (at, id) in ids.iter().enumerate() {
        if let Some(id) = id.as_ref().filter(|id| state.absent.contains(*id)) {
            let message = format!("`{id}` was removed or refused by the request before, and is in the list");
            out.push(
                Deviation::new(&rule::STATE_UNEXPECTED_ITEM, message)
                    .between(format!("no item {id}"), json::brief(&items[at], 80))
                    .at(json::child("/value", at)),
            );
        }
    }
}
