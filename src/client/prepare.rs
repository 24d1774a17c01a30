//! From a documented request to what goes on the wire, and to what reports show of it.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Method, Url};

use super::address;
use super::base::{Base, Token};
use super::trouble::printable;
use crate::message::{Headers, Request};

const AGENT: &str = concat!("graphspec/", env!("CARGO_PKG_VERSION"));
const JSON: &str = "application/json";
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

/// Fields that belong to one connection and so to the client (RFC 9110, section 7.6.1), not to
/// the page: a documented `Host: graph.microsoft.com` would send the request astray.
const OF_THE_CONNECTION: [&str; 9] = [
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A request as it is sent, once an attempt.
pub(super) struct Wire {
    pub method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
    own_id: bool,
}

impl Wire {
    /// The request for one attempt, with an id of its own.
    pub fn request(&self, ids: &Ids) -> reqwest::Request {
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        request.headers_mut().clone_from(&self.headers);
        if self.own_id {
            request.headers_mut().insert(CLIENT_REQUEST_ID, ids.next());
        }
        if !self.body.is_empty() {
            *request.body_mut() = Some(self.body.clone().into());
        }
        request
    }
}

/// Gives the request for the wire, and for reports: the full URL, and no field that holds a
/// credential or changes from run to run. `Err` says what cannot be sent.
pub(super) fn prepare(
    base: &Base,
    request: &Request,
    with_token: bool,
    token: Option<&Token>,
) -> Result<(Wire, Request), String> {
    let method = Method::from_bytes(request.method.as_bytes())
        .map_err(|_| format!("the request's method `{}` is not a token", printable(&request.method)))?;
    let url = address::below(base, &request.url)?;
    let fields = request.headers.0.len();
    let mut headers = HeaderMap::with_capacity(fields + 4);
    let mut shown = Vec::with_capacity(fields + 2);
    for (name, value) in &request.headers.0 {
        let field = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("the request's header field name `{}` is not a token", printable(name)))?;
        if OF_THE_CONNECTION.contains(&field.as_str()) {
            continue;
        }
        let content = HeaderValue::from_str(value)
            .or_else(|_| HeaderValue::from_bytes(value.as_bytes()))
            .map_err(|_| format!("the request's header field `{field}` holds control characters"))?;
        if field != AUTHORIZATION {
            shown.push((name.clone(), value.clone()));
            headers.append(field, content);
        } else if with_token && token.is_none() {
            headers.append(field, content);
        }
    }
    for (field, name, value) in [(ACCEPT, "Accept", JSON), (USER_AGENT, "User-Agent", AGENT)] {
        if !headers.contains_key(&field) {
            headers.insert(field, HeaderValue::from_static(value));
            shown.push((name.to_owned(), value.to_owned()));
        }
    }
    if let Some(token) = token {
        headers.insert(AUTHORIZATION, token.value.clone());
    }
    let shown = Request {
        method: request.method.clone(),
        url: url.as_str().to_owned(),
        headers: Headers(shown),
        body: request.body.clone(),
    };
    let own_id = !headers.contains_key(CLIENT_REQUEST_ID);
    Ok((Wire { method, url, headers, body: request.body.clone(), own_id }, shown))
}

/// Makes ids for `client-request-id`, by which a service's owner finds a request in the logs.
#[derive(Default)]
pub(super) struct Ids {
    /// Seeded by the operating system, so that two runs do not share ids.
    seed: RandomState,
    count: AtomicU64,
}

impl Ids {
    /// The next id, in the form of a random UUID (RFC 9562, section 5.4).
    fn next(&self) -> HeaderValue {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let [high, low] = [0_u8, 1].map(|half| self.seed.hash_one((count, half)));
        let mut bits = (u128::from(high) << 64) | u128::from(low);
        bits = bits & !(0xf << 76) | (0x4 << 76);
        bits = bits & !(0x3 << 62) | (0x2 << 62);
        let mut text = [b'-'; 36];
        let places = (0..36).filter(|at| !matches!(at, 8 | 13 | 18 | 23));
        for (place, nibble) in places.zip((0..32).rev()) {
            text[place] = DIGITS[(bits >> (4 * nibble)) as usize & 0xf];
        }
        HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static("0"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(headers: Headers, with_token: bool, token: bool) -> Result<(Wire, Request), String> {
        let base = Base::parse("http://h/v1.0").expect("a base");
        let token = token.then(|| Token::new(crate::secret::Secret::new("t0ken")).expect("a token"));
        let request = Request { method: "GET".to_owned(), url: "/a".to_owned(), headers, body: Bytes::new() };
        prepare(&base, &request, with_token, token.as_ref().filter(|_| with_token))
    }

    #[test]
    fn ids_look_like_uuids_and_differ() {
        let ids = Ids::default();
        let [a, b] = [ids.next(), ids.next()];
        assert_ne!(a, b);
        let text = a.to_str().expect("ASCII");
        assert_eq!(text.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{text}");
        assert!(text.as_bytes()[14] == b'4' && b"89ab".contains(&text.as_bytes()[19]), "{text}");
    }

    #[test]
    fn fields_on_the_wire_and_in_reports() {
        let documented = [("Authorization", "Bearer {token}"), ("HOST", "graph"), ("accept", "*/*"), ("a", "é")];
        let sent = |with_token, token| {
            let (wire, shown) = prepared(documented.into(), with_token, token).expect("can be sent");
            let wanted = Headers::from([("accept", "*/*"), ("a", "é"), ("User-Agent", AGENT)]);
            assert_eq!((shown.headers, shown.url.as_str()), (wanted, "http://h/v1.0/a"));
            assert!(!wire.headers.contains_key("host"));
            assert!(!format!("{:?}", wire.headers).contains("t0ken"));
            wire.headers.get(AUTHORIZATION).map(|v| v.as_bytes().to_vec())
        };
        assert_eq!(sent(false, true), None);
        assert_eq!(sent(true, true).as_deref(), Some(&b"Bearer t0ken"[..]));
        assert_eq!(sent(true, false).as_deref(), Some(&b"Bearer {token}"[..]));
        assert!(prepared([("a b", "c")].into(), false, false).is_err_and(|e| e.contains("`a b`")));
        assert!(prepared([("a", "b\nc")].into(), false, false).is_err_and(|e| e.contains("control")));
    }
}
