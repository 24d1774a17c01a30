//! When two ids are the same: GUIDs and host names compare without case, all else exactly.

use std::fmt;

use serde_json::Value;

/// An id, ready to be compared. Prints as it was written, a very long one cut.
#[derive(Clone, Debug)]
pub struct Identity {
    shown: String,
    folded: String,
}

impl Identity {
    /// The identity in a string or number; of a reference (`…@odata.bind`), the key it names:
    /// `…/users('18a8…')` and `…/users/18a8…` name `18a8…`.
    pub fn of(pointer: &str, value: &Value) -> Option<Self> {
        let shown = match value {
            Value::String(text) if pointer.ends_with("@odata.bind") || pointer.ends_with("@odata.id") => {
                referenced(text).to_owned()
            }
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some(Identity::new(&shown))
    }

    /// The identity of this text.
    pub fn new(text: &str) -> Self {
        let folded = if text.bytes().any(|b| b.is_ascii_uppercase()) {
            text.split(',').map(fold).collect::<Vec<_>>().join(",")
        } else {
            text.to_owned()
        };
        Identity { shown: text.to_owned(), folded }
    }

    /// Whether two texts are one identity.
    pub fn same(one: &str, other: &str) -> bool {
        one == other || (one.eq_ignore_ascii_case(other) && Identity::new(one) == Identity::new(other))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.shown
    }
}

fn referenced(url: &str) -> &str {
    let key = url.strip_suffix("')").and_then(|rest| rest.rsplit_once("('"));
    key.map(|(_, key)| key).or_else(|| url.trim_end_matches('/').rsplit_once('/').map(|(_, last)| last)).unwrap_or(url)
}

fn fold(part: &str) -> String {
    if is_guid(part) || is_host(part) { part.to_ascii_lowercase() } else { part.to_owned() }
}

/// Whether `text` is a GUID in its usual form (RFC 9562, section 4).
pub fn is_guid(text: &str) -> bool {
    let mut groups = text.split('-');
    let right = [8, 4, 4, 4, 12]
        .iter()
        .all(|length| groups.next().is_some_and(|g| g.len() == *length && g.bytes().all(|b| b.is_ascii_hexdigit())));
    right && groups.next().is_none()
}

/// Whether a path segment looks like the literal id of one thing, as opposed to a name of the API:
/// a GUID, an address, a composite, or many digits.
pub fn is_literal_id(segment: &str) -> bool {
    is_guid(segment) || segment.contains(['@', ',']) || segment.bytes().filter(u8::is_ascii_digit).count() >= 4
}

/// Whether `text` looks like a host name of two labels or more (RFC 1123, section 2.1).
fn is_host(text: &str) -> bool {
    text.contains('.')
        && text
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
        && text.rsplit('.').next().is_some_and(|top| top.bytes().any(|b| b.is_ascii_alphabetic()))
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for Identity {}

impl PartialOrd for Identity {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Identity {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded.cmp(&other.folded)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WIDTH: usize = 300;
        let end = self.shown.floor_char_boundary(WIDTH);
        f.write_str(&self.shown[..end])?;
        if end < self.shown.len() { f.write_str("…") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_and_hosts_fold_and_nothing_else_does() {
        let same = |a: &str, b: &str| Identity::new(a) == Identity::new(b);
        assert!(same(
            "Contoso.SharePoint.com,DA60e844-ba1d-49bc-b4d4-d5e36bae9019,x",
            "contoso.sharepoint.com,da60e844-BA1D-49bc-b4d4-d5e36bae9019,x"
        ));
        assert!(!same("AbC", "abc"));
        assert!(!same("AAMkAD=", "aamkad="));
        assert!(!same("contoso.com,1", "contoso.com,1,1"));
    }

    #[test]
    fn references_name_their_key() {
        let of = |text: &str| Identity::of("/user@odata.bind", &text.into()).unwrap();
        let plain = Identity::new("18a80140-b0fb-4489-b360-2f6efaf225a0");
        assert_eq!(of("https://graph.microsoft.com/v1.0/users('18A80140-b0fb-4489-b360-2f6efaf225a0')"), plain);
        assert_eq!(of("https://graph.microsoft.com/v1.0/users/18a80140-b0fb-4489-b360-2f6efaf225a0"), plain);
        assert_eq!(Identity::of("/id", &serde_json::json!({})), None);
    }
}
