//! Graph's manners: its error bodies and its header fields.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::{Value, json};

use super::Body;
use super::target::Target;
use crate::message::{Headers, Response};
use crate::multi_status::Dialect;

/// The label of Graph's JSON (OData JSON Format 4.01, section 3).
const JSON: &str = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

/// What Graph says to a request without a token.
const AUTHENTICATE: &str = "Bearer realm=\"\", \
     authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
     client_id=\"00000003-0000-0000-c000-000000000000\"";

/// A request that is refused as a whole.
pub struct Refusal<'m> {
    pub status: u16,
    pub headers: Headers,
    pub body: Value,
    /// Of the operation that was asked for, where one was.
    pub dialect: Option<&'m Dialect>,
}

impl Refusal<'_> {
    fn new(status: u16, code: &str, message: &str) -> Self {
        let body = json!({"error": {"code": code, "message": message}});
        Refusal { status, headers: Headers::default(), body, dialect: None }
    }

    pub fn no_token() -> Self {
        let headers = Headers::from([("WWW-Authenticate", AUTHENTICATE)]);
        Refusal { headers, ..Refusal::new(401, "InvalidAuthenticationToken", "Access token is empty.") }
    }

    pub fn no_such_path(target: &Target) -> Self {
        Refusal::new(404, "ResourceNotFound", &format!("No page shows the path '{}'.", target.path()))
    }

    pub fn wrong_method(allowed: &str) -> Self {
        let headers = Headers::from([("Allow", allowed)]);
        let message = format!("This path takes {allowed} only.");
        Refusal { headers, ..Refusal::new(405, "methodNotAllowed", &message) }
    }

    pub fn wrong_media_type(label: &str) -> Self {
        Refusal::new(415, "notSupported", &format!("The body must be application/json, not '{label}'."))
    }

    /// A body that is no JSON, or is not labelled at all.
    pub fn unreadable(why: &str) -> Self {
        Refusal::new(400, "BadRequest", &format!("Unable to read JSON request payload: {why}."))
    }

    /// JSON that is not what the operation takes.
    pub fn invalid(why: String) -> Self {
        Refusal::new(400, "invalidRequest", &(why + "."))
    }

    pub fn too_large(most: usize) -> Self {
        Refusal::new(413, "RequestEntityTooLarge", &format!("The body is larger than {most} bytes."))
    }

    pub fn no_example(shape: &str) -> Self {
        Refusal::new(501, "notImplemented", &format!("No page shows what '{shape}' answers."))
    }
}

/// The ids of one request.
pub struct Ids {
    request: String,
    client: String,
}

/// Makes ids that look like GUIDs and differ from one another.
pub struct Fresh {
    seed: u64,
    count: AtomicU64,
}

impl Default for Fresh {
    fn default() -> Self {
        Fresh { seed: RandomState::new().build_hasher().finish(), count: AtomicU64::new(0) }
    }
}

impl Fresh {
    /// A fresh request id; the client's own id is given back, or is the same as the fresh one.
    pub fn next(&self, client: Option<&str>) -> Ids {
        let count = self.count.fetch_add(1, Ordering::Relaxed).wrapping_mul(2);
        let (a, b) = (mix(self.seed.wrapping_add(count)), mix(self.seed.wrapping_add(count + 1)));
        // Version 4, variant 1 (RFC 9562, section 5.4).
        let request = format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | (b >> 50),
            b & 0xffff_ffff_ffff
        );
        let client = client.filter(|id| !id.is_empty()).map_or_else(|| request.clone(), str::to_owned);
        Ids { request, client }
    }
}

/// The finaliser of `SplitMix64`: neighbours become unlike.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Adds Graph's header fields, and the inner error of an error body.
pub fn finish(status: u16, headers: Headers, body: Body, ids: &Ids) -> Response {
    let mut all = headers;
    let bodiless = matches!(status, 204 | 205 | 304);
    let bytes = match body {
        Body::Json(mut value) if !bodiless => {
            if status >= 400 {
                all.set("Content-Type", "application/json");
                inner_error(&mut value, ids);
            } else {
                all.set("Content-Type", JSON);
                all.set("OData-Version", "4.0");
            }
            value.to_string().into()
        }
        Body::Text(text) if !bodiless => {
            if all.get("content-type").is_none() {
                all.set("Content-Type", "text/plain; charset=utf-8");
            }
            text
        }
        _ => {
            all.remove("content-type");
            Bytes::new()
        }
    };
    all.set("request-id", ids.request.as_str());
    all.set("client-request-id", ids.client.as_str());
    Response { status, headers: all, body: bytes }
}

fn inner_error(body: &mut Value, ids: &Ids) {
    let Some(error) = body.get_mut("error").and_then(Value::as_object_mut) else { return };
    if !error.keys().any(|name| name.eq_ignore_ascii_case("innererror")) {
        let inner = json!({"date": now(), "request-id": ids.request, "client-request-id": ids.client});
        error.insert("innerError".to_owned(), inner);
    }
}

/// The time as Graph writes it in an error: UTC, and no offset that would say so.
fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (year, month, day) = date(seconds / 86_400);
    let time = seconds % 86_400;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", time / 3600, time / 60 % 60, time % 60)
}

/// The Gregorian date of a day counted from 1970-01-01 (Howard Hinnant's `civil_from_days`).
fn date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// Header fields that belong to a connection or to the bytes of a body, which are not the
/// documented ones (RFC 9110, section 7.6.1).
pub fn is_of_the_connection(name: &str) -> bool {
    const FIELDS: [&str; 8] = [
        "connection",
        "content-encoding",
        "content-length",
        "date",
        "keep-alive",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    FIELDS.iter().any(|field| field.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_gregorian() {
        for (days, want) in [(0, (1970, 1, 1)), (59, (1970, 3, 1)), (11_016, (2000, 2, 29)), (20_454, (2026, 1, 1))] {
            assert_eq!(date(days), want);
        }
        assert_eq!(now().len(), "2026-01-01T00:00:00".len());
    }

    #[test]
    fn ids_are_guids_and_differ() {
        let fresh = Fresh::default();
        let (one, other) = (fresh.next(None), fresh.next(Some("mine")));
        assert!(crate::multi_status::is_guid(&one.request) && one.request != other.request);
        assert_eq!((one.client == one.request, other.client.as_str()), (true, "mine"));
    }
}
