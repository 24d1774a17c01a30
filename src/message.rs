//! HTTP messages as plain values: parsed leniently from a page, rendered to HTTP text.

use bytes::Bytes;
use serde_json::{Map, Value};

/// Header fields in their order. Names compare without case (RFC 9110, section 5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(pub Vec<(String, String)>);

impl Headers {
    /// The first value of `name`, if the field is there.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Every value of `name`, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Sets `name` to `value`, in the place of the first one alike, and drops the others.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        match self.0.iter().position(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some(at) => {
                self.0[at].1 = value;
                let mut seen = false;
                self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name) || !std::mem::replace(&mut seen, true));
            }
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// One JSON object; the values of a repeated field are joined by `, ` (RFC 9110, 5.3).
    pub fn to_json(&self) -> Map<String, Value> {
        let mut out: Map<String, Value> = Map::new();
        for (name, value) in &self.0 {
            let known = out.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
            if let Some((_, Value::String(known))) = known {
                known.push_str(", ");
                known.push_str(value);
            } else {
                out.insert(name.clone(), value.clone().into());
            }
        }
        out
    }

    /// Drops every field of that name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Headers {
    fn from(fields: [(&str, &str); N]) -> Self {
        Headers(fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }
}

/// A request: what is asked of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method, upper case.
    pub method: String,
    /// The URL or path, as written.
    pub url: String,
    /// Header fields.
    pub headers: Headers,
    /// The content; empty where there is none.
    pub body: Bytes,
}

/// A response: what came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header fields.
    pub headers: Headers,
    /// The content, decoded; empty where there is none.
    pub body: Bytes,
}

/// A message as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Starts with a request line.
    Request(Request),
    /// Starts with a status line, or with nothing but header fields (`status: None`).
    Response {
        /// The status code, where the page gives one.
        status: Option<u16>,
        /// Header fields.
        headers: Headers,
        /// The content.
        body: String,
    },
}

/// What a page's HTTP text does that HTTP would not. The line counts from 0 inside the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// No blank line between header fields and content.
    NoBlankLine(usize),
}

/// The methods a request line may start with (RFC 9110, RFC 5789).
pub const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// The method that `line` starts with, upper case, if what follows can be a request target.
pub fn method_of(line: &str) -> Option<&'static str> {
    let (word, rest) = line.trim().split_once([' ', '\t'])?;
    let method = METHODS.iter().find(|m| m.eq_ignore_ascii_case(word))?;
    (!rest.trim().is_empty()).then_some(method)
}

fn status_of(line: &str) -> Option<u16> {
    let line = line.trim();
    let rest = match line.get(..4) {
        Some(head) if head.eq_ignore_ascii_case("http") => {
            line[4..].trim_start_matches(|c: char| c == '/' || c == '.' || c.is_ascii_digit()).trim_start()
        }
        _ => line,
    };
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let after = rest.get(digits.len()..).unwrap_or("");
    let code: u16 = digits.parse().ok()?;
    let bounded = after.is_empty() || after.starts_with(char::is_whitespace);
    (digits.len() == 3 && (100..600).contains(&code) && bounded).then_some(code)
}

/// Reads HTTP text as pages write it: leading blank lines, a URL wrapped over lines, blank lines
/// between start line and header fields, no blank line before the content, any reason phrase,
/// tabs, CRLF. Gives the message and what was odd about it.
pub fn parse(text: &str) -> (Option<Shown>, Vec<Flaw>) {
    let mut flaws = Vec::new();
    let lines: Vec<&str> = text.lines().map(|l| l.trim_end_matches('\r')).collect();
    let Some(first) = lines.iter().position(|l| !l.trim().is_empty()) else {
        return (None, Vec::new());
    };
    let start = lines[first];
    let mut at = first + 1;
    let mut request = None;
    let mut status = None;
    if let Some(method) = method_of(start) {
        let mut url = start.trim()[method.len()..].trim().to_owned();
        while at < lines.len() && continues_url(lines[at], &url) {
            url.push_str(lines[at].trim());
            at += 1;
        }
        request = Some((method, without_version(&url)));
    } else if let Some(read) = status_of(start) {
        status = Some(read);
    } else if header_of(start).is_some() {
        at = first;
    } else {
        return (None, Vec::new());
    }

    let mut headers = Headers::default();
    let blank_run = lines[at..].iter().take_while(|l| l.trim().is_empty()).count();
    if blank_run > 0 && lines.get(at + blank_run).is_some_and(|l| is_known_header(l)) {
        at += blank_run;
    }
    while let Some(line) = lines.get(at) {
        if line.trim().is_empty() {
            at += 1;
            break;
        }
        match header_of(line) {
            Some((name, value)) => headers.0.push((name.to_owned(), value.to_owned())),
            None => {
                flaws.push(Flaw::NoBlankLine(at));
                break;
            }
        }
        at += 1;
    }
    let body = lines[at.min(lines.len())..].join("\n");
    let body = body.trim_matches(['\r', '\n', ' ', '\t', '\u{a0}']).to_owned();
    let shown = match request {
        Some((method, url)) => {
            Shown::Request(Request { method: method.to_owned(), url, headers, body: Bytes::from(body) })
        }
        None => Shown::Response { status, headers, body },
    };
    (Some(shown), flaws)
}

/// A line after the request line that goes on with the URL: it starts a query, or the URL so far
/// is plainly open.
fn continues_url(line: &str, url: &str) -> bool {
    let text = line.trim_start();
    if text.is_empty() {
        return false;
    }
    let open = url.ends_with(['?', '&', '=', '(', '[', ',']);
    text.starts_with(['?', '&']) || (open && !text.starts_with('{') && !is_known_header(line))
}

fn without_version(url: &str) -> String {
    match url.rsplit_once(char::is_whitespace) {
        Some((rest, last)) if last.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("http/")) => {
            rest.trim().to_owned()
        }
        _ => url.trim().to_owned(),
    }
}

fn header_of(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim();
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    (!name.is_empty() && name.chars().all(token)).then(|| (name, value.trim()))
}

fn is_known_header(line: &str) -> bool {
    header_of(line).is_some_and(|(name, _)| name.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// The media type of a `Content-Type` value, lower case, without parameters (RFC 9110, 8.3.1).
pub fn media_type(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or("");
    essence.trim().to_ascii_lowercase()
}

/// Whether a media type says JSON: `application/json`, or a `+json` suffix (RFC 6839).
/// `application/jsonp` and `application/json-seq` are other things.
pub fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || (media_type.contains('/') && media_type.ends_with("+json"))
}

/// The standard phrase of a status, for people (RFC 9110; 207 is RFC 4918).
pub fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        207 => "Multi-Status",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

/// A status as people write it: `207 Multi-Status`.
pub fn status_text(status: u16) -> String {
    format!("{status} {}", reason(status)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str) -> Request {
        match parse(text).0 {
            Some(Shown::Request(request)) => request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn request_lines_as_pages_write_them() {
        assert_eq!(request("\n\nget  /me HTTP/1.1\nA: b").url, "/me");
        assert_eq!(request("GET /users?$filter=url eq 'HTTP foo'").url, "/users?$filter=url eq 'HTTP foo'");
        assert_eq!(request("GET /users\n   ?$top=5\n   &$skip=1\nA: b").url, "/users?$top=5&$skip=1");
        let spaced = request("POST /x\n\nContent-Type: application/json\n\n{}");
        assert_eq!((spaced.headers.get("content-type"), &spaced.body[..]), (Some("application/json"), &b"{}"[..]));
        assert!(parse("hello world").0.is_none());
    }

    #[test]
    fn responses_as_pages_write_them() {
        let (shown, flaws) = parse("HTTP/1.1 207 Multi-Status\nContent-type: application/json\n{\n \"a\": 1 }");
        let Some(Shown::Response { status, body, headers, .. }) = shown else { panic!() };
        assert_eq!((status, body.as_str()), (Some(207), "{\n \"a\": 1 }"));
        assert_eq!(headers.get("CONTENT-TYPE"), Some("application/json"));
        assert_eq!(flaws, [Flaw::NoBlankLine(2)]);
        for (line, want) in
            [("HTTP/2 204", 204), ("204 ", 204), ("HTTP 201 Created", 201), ("HTTP/1.1 200 Success", 200)]
        {
            assert!(matches!(parse(line).0, Some(Shown::Response { status: Some(s), .. }) if s == want), "{line}");
        }
        assert!(matches!(parse("Content-Type: a/b\n\nx").0, Some(Shown::Response { status: None, .. })));
    }

    #[test]
    fn media_types() {
        assert!(is_json(&media_type("Application/JSON;odata.metadata=minimal; charset=utf-8")));
        assert!(is_json("application/problem+json"));
        for other in ["application/jsonp", "application/json-seq", "text/json", "+json", ""] {
            assert!(!is_json(other), "{other}");
        }
    }
}
