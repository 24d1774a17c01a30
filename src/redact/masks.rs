//! Volatile values → stable masks, so that two answers that differ only in them look the same.

use std::collections::HashMap;

use crate::multi_status::is_guid;

/// Masks of one snapshot: equal values get equal masks, numbered in order of appearance.
/// Only members that are volatile by name are masked, never the ids of items.
#[derive(Debug, Default)]
pub struct Masks {
    seen: HashMap<(&'static str, String), usize>,
    count: HashMap<&'static str, usize>,
}

impl Masks {
    /// What stands for `value` in a member of this name, or nothing where it stays as it is.
    ///
    /// Request ids become `[guid-1]` (`[id-1]` where they are no GUID), dates `[date-1]`, entity
    /// tags `[etag-1]`, the tokens inside paging links `[token-1]`. A value that has not the form
    /// that its name promises stays, so that the difference shows.
    pub fn member(&mut self, name: &str, value: &str) -> Option<String> {
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "request-id" | "client-request-id" | "requestid" | "clientrequestid" if !value.is_empty() => {
                let kind = if is_guid(value) { "guid" } else { "id" };
                Some(self.mask(kind, &value.to_ascii_lowercase()))
            }
            "etag" | "ctag" if !value.is_empty() => Some(self.mask("etag", value)),
            "date" => is_date(value).then(|| self.mask("date", value)),
            _ if name.ends_with("DateTime") => is_date(value).then(|| self.mask("date", value)),
            _ if lower.ends_with("@odata.etag") && !value.is_empty() => Some(self.mask("etag", value)),
            _ if lower.ends_with("@odata.nextlink") || lower.ends_with("@odata.deltalink") => {
                let link = self.link(value);
                (link != value).then_some(link)
            }
            _ if lower.ends_with("@odata.context") => {
                let link = without_loopback(value);
                (link != value).then_some(link)
            }
            _ => None,
        }
    }

    /// A link with the values of `$skiptoken` and `$deltatoken` masked, and without a loopback
    /// origin: its port changes from run to run.
    pub fn link(&mut self, link: &str) -> String {
        let link = without_loopback(link);
        let mut out = String::with_capacity(link.len());
        for (at, part) in link.split_inclusive(['?', '&', '#']).enumerate() {
            let end = part.trim_end_matches(['?', '&', '#']);
            match end.split_once('=') {
                Some((name, value)) if at > 0 && !value.is_empty() && is_token(name) => {
                    let mask = self.mask("token", value);
                    out.extend([name, "=", &mask, &part[end.len()..]]);
                }
                _ => out.push_str(part),
            }
        }
        out
    }

    /// The path of a `Location`, with the ids in it masked: they belong to what was made just now.
    pub fn path(&mut self, location: &str) -> String {
        let rest = location.split_once("://").map(|(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
        let path = rest.unwrap_or(location);
        let path = path.split(['?', '#']).next().unwrap_or(path);
        let segments = path.split('/').map(|segment| {
            let key = segment.split_once("('").and_then(|(head, rest)| Some((head, rest.strip_suffix("')")?)));
            match key {
                Some((head, id)) if is_opaque(id) => format!("{head}('{}')", self.id(id)),
                None if is_opaque(segment) => self.id(segment),
                _ => segment.to_owned(),
            }
        });
        segments.collect::<Vec<_>>().join("/")
    }

    fn id(&mut self, id: &str) -> String {
        if is_guid(id) { self.mask("guid", &id.to_ascii_lowercase()) } else { self.mask("id", id) }
    }

    fn mask(&mut self, kind: &'static str, value: &str) -> String {
        let count = &mut self.count;
        let number = *self.seen.entry((kind, value.to_owned())).or_insert_with(|| {
            let last = count.entry(kind).or_default();
            *last += 1;
            *last
        });
        format!("[{kind}-{number}]")
    }
}

fn is_token(name: &str) -> bool {
    let name = name.trim_start_matches("%24").trim_start_matches('$');
    name.eq_ignore_ascii_case("skiptoken") || name.eq_ignore_ascii_case("deltatoken")
}

/// A path segment that no page would have written: a GUID, a number, or long and with digits.
fn is_opaque(segment: &str) -> bool {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    is_guid(segment) || (digits > 0 && (digits == segment.len() || segment.len() >= 16))
}

fn without_loopback(link: &str) -> String {
    let Some((scheme, rest)) = link.split_once("://") else { return link.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..end].rsplit_once(':').map_or(&rest[..end], |(host, _)| host);
    let loopback = host.eq_ignore_ascii_case("localhost") || host.starts_with("127.") || host == "[::1]";
    if loopback && !scheme.contains('/') { format!("[origin]{}", &rest[end..]) } else { link.to_owned() }
}

/// An RFC 3339 date with a time (an offset is not asked for: Graph's `innerError.date` has none),
/// or an HTTP date (RFC 9110, section 5.6.7).
fn is_date(value: &str) -> bool {
    shaped(value, "0000-00-00T00:00:00", |rest| {
        let rest = match rest.strip_prefix('.') {
            Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
            None => rest,
        };
        matches!(rest, "" | "Z" | "z") || (rest.starts_with(['+', '-']) && shaped(&rest[1..], "00:00", str::is_empty))
    }) || shaped(value, "Aaa, 00 Aaa 0000 00:00:00 GMT", str::is_empty)
}

/// Whether `value` starts as `shape` does (`0` a digit, `A`/`a` a letter, `T` also small or a
/// space) and goes on as `rest` likes.
fn shaped(value: &str, shape: &str, rest: impl Fn(&str) -> bool) -> bool {
    let Some((head, tail)) = value.split_at_checked(shape.len()) else { return false };
    let fits = head.bytes().zip(shape.bytes()).all(|(byte, want)| match want {
        b'0' => byte.is_ascii_digit(),
        b'A' | b'a' => byte.is_ascii_alphabetic(),
        b'T' => matches!(byte, b'T' | b't' | b' '),
        other => byte == other,
    });
    fits && rest(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "0271110f-634f-4300-a841-3a8a2e851851";

    #[test]
    fn equal_values_get_equal_masks_in_order_of_appearance() {
        let mut masks = Masks::default();
        let mut mask = |name: &str, value: &str| masks.member(name, value).unwrap_or_default();
        assert_eq!(mask("request-id", GUID), "[guid-1]");
        assert_eq!(mask("clientRequestId", &GUID.to_uppercase()), "[guid-1]");
        assert_eq!(mask("client-request-id", "req 7"), "[id-1]");
        assert_eq!(mask("date", "2024-05-01T10:00:00"), "[date-1]");
        assert_eq!(mask("createdDateTime", "2024-05-01T10:00:00.123+02:00"), "[date-2]");
        assert_eq!(mask("lastModifiedDateTime", "Sun, 06 Nov 1994 08:49:37 GMT"), "[date-3]");
        assert_eq!(mask("photo@odata.etag", "W/\"1\""), "[etag-1]");
        assert_eq!(mask("cTag", "W/\"1\""), "[etag-1]");
    }

    #[test]
    fn other_members_and_other_forms_stay() {
        let mut masks = Masks::default();
        for (name, value) in [
            ("id", GUID),
            ("webId", GUID),
            ("date", "yesterday"),
            ("createdDateTime", "2024-05-01"),
            ("dateTime", "2024-05-01T10:00:00"),
            ("createdDateTime", "2024-05-01T10:00:00ü"),
            ("@odata.nextLink", "https://graph.microsoft.com/v1.0/me?$top=1"),
            ("@odata.context", "https://graph.microsoft.com/v1.0/$metadata#sites"),
        ] {
            assert_eq!(masks.member(name, value), None, "{name}: {value}");
        }
    }

    #[test]
    fn links_and_locations() {
        let mut masks = Masks::default();
        assert_eq!(
            masks.link("http://127.0.0.1:5000/v1.0/me?$top=1&$skiptoken=abc=&%24deltatoken=q#x"),
            "[origin]/v1.0/me?$top=1&$skiptoken=[token-1]&%24deltatoken=[token-2]#x"
        );
        assert_eq!(
            masks.path(&format!("https://h/v1.0/users/{GUID}/sites/12?x=1")),
            "/v1.0/users/[guid-1]/sites/[id-1]"
        );
        assert_eq!(masks.path(&format!("/teams('{GUID}')/operations('abc')")), "/teams('[guid-1]')/operations('abc')");
        assert_eq!(masks.path("https://h"), "/");
    }
}
