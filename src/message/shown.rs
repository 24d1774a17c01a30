//! HTTP text as pages write it → messages. Nothing is refused for a small flaw; what is odd is
//! said beside what was read.

use super::Headers;

/// The methods a request line may start with (RFC 9110, RFC 5789).
pub const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// The most lines that one URL goes on for: pages use up to three.
const MOST_LINES: usize = 64;

/// What a message starts with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// A request line.
    Request {
        /// Upper case.
        method: &'static str,
        /// As written, without the version; wrapped lines joined.
        url: String,
    },
    /// A status line, with or without version, code and phrase.
    Status {
        /// The status code, where there is one.
        code: Option<u16>,
        /// The reason phrase, perhaps empty.
        phrase: String,
    },
    /// Nothing: header fields come first.
    Bare,
}

/// A message as a page shows it. Lines count from 0 inside the text that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The first line.
    pub start: Start,
    /// Where that is.
    pub line: usize,
    /// Header fields, as written.
    pub headers: Headers,
    /// The content, without the blank space around it.
    pub body: String,
    /// The line of its first character.
    pub body_line: usize,
    /// What HTTP would not take.
    pub flaws: Vec<Flaw>,
}

/// What a page's HTTP text does that HTTP would not. The line counts from 0 inside the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// No blank line between header fields and content.
    NoBlankLine(usize),
    /// A line among the header fields that is none.
    NoField(usize),
}

impl Shown {
    /// The message as HTTP text. A request line without a version, a status line with one: what
    /// pages write, and what [`read`] takes back.
    pub fn render(&self) -> String {
        let first = match &self.start {
            Start::Request { method, url } => format!("{method} {url}\n"),
            Start::Status { code, phrase } => {
                let code = code.map_or_else(String::new, |c| c.to_string());
                format!("{}\n", format!("HTTP/1.1 {code} {phrase}").trim_end())
            }
            Start::Bare => String::new(),
        };
        let body = if self.body.is_empty() { String::new() } else { format!("\n{}\n", self.body) };
        format!("{first}{}{body}", self.headers.render())
    }
}

/// The method that `line` starts with, upper case, if what follows can be a request target.
pub fn method_of(line: &str) -> Option<&'static str> {
    let (word, rest) = line.trim().split_once([' ', '\t'])?;
    let method = METHODS.iter().find(|m| m.eq_ignore_ascii_case(word))?;
    (!rest.trim().is_empty()).then_some(method)
}

/// Reads HTTP text: leading blank lines and remarks, a URL wrapped over lines, blank lines between
/// start line and header fields, folded fields, no blank line before the content, any reason
/// phrase, tabs, CRLF. A text may hold several messages, each beginning where the one before it
/// is plainly over. Nothing where the text is no HTTP at all.
pub fn read(text: &str) -> Vec<Shown> {
    let lines: Vec<&str> = text.lines().map(|line| line.trim_end_matches('\r')).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((shown, next)) = message(&lines, at, found.is_empty()) {
        found.push(shown);
        at = next;
    }
    found
}

/// The message that starts at line `from`, and the line after it.
fn message(lines: &[&str], from: usize, first: bool) -> Option<(Shown, usize)> {
    let blank = |line: &&&str| line.trim().is_empty() || line.starts_with("//") || line.starts_with('#');
    let line = from + lines.get(from..)?.iter().take_while(blank).count();
    let opening = lines.get(line)?;
    let mut at = line + 1;
    let start = if let Some(method) = method_of(opening) {
        Start::Request { method, url: url(lines, &mut at, opening, method) }
    } else if let Some(status) = status_line(opening) {
        status
    } else if first && field(opening).is_some() {
        at = line;
        Start::Bare
    } else {
        return None;
    };
    let mut shown =
        Shown { start, line, headers: Headers::default(), body: String::new(), body_line: 0, flaws: Vec::new() };
    let gap = lines[at..].iter().take_while(|l| l.trim().is_empty()).count();
    if gap > 0 && lines.get(at + gap).is_some_and(|l| field(l).is_some_and(|(name, _)| is_usual(name))) {
        at += gap;
    }
    let mut run = Run::default();
    while let Some(line) = lines.get(at) {
        if line.trim().is_empty() {
            at += 1;
            break;
        }
        // Lists of URLs are read aloud: this one or that one.
        let or = line.trim().eq_ignore_ascii_case("or") && lines.get(at + 1).is_some_and(|next| begins(next));
        if begins(line) || or {
            return Some((shown, at + usize::from(or)));
        }
        if let Some((name, value)) = field(line) {
            shown.headers.0.push((name.to_owned(), value.to_owned()));
        } else if let Some((_, value)) = shown.headers.0.last_mut().filter(|_| folds(line)) {
            if !value.is_empty() {
                value.push(' ');
            }
            value.push_str(line.trim());
        } else {
            // A field that is none, among others, is not yet the content.
            let json = line.trim_start().starts_with(['{', '[', '<', '"', '}', ']']);
            if json || !line.contains(':') || !run.has_field_after(lines, at) {
                shown.flaws.push(Flaw::NoBlankLine(at));
                break;
            }
            if shown.flaws.is_empty() {
                shown.flaws.push(Flaw::NoField(at));
            }
        }
        at += 1;
    }
    let end = body_end(lines, at, &shown.headers);
    let margin = |c: char| matches!(c, '\r' | '\n' | ' ' | '\t' | '\u{a0}');
    shown.body_line = at + lines[at..end].iter().take_while(|l| l.trim_matches(margin).is_empty()).count();
    let body = lines[shown.body_line.min(end)..end].join("\n");
    body.trim_matches(margin).clone_into(&mut shown.body);
    Some((shown, end))
}

/// A run of lines that each hold a colon, looked at once.
#[derive(Default)]
struct Run {
    end: usize,
    last_field: usize,
}

impl Run {
    fn has_field_after(&mut self, lines: &[&str], at: usize) -> bool {
        if at >= self.end {
            self.end = at + lines[at..].iter().take_while(|line| line.contains(':')).count();
            let fields = lines[at..self.end].iter().rposition(|line| field(line).is_some());
            self.last_field = fields.map_or(0, |last| at + last);
        }
        self.last_field > at
    }
}

/// The URL of a request line and of the lines that go on with it, without the version.
fn url(lines: &[&str], at: &mut usize, opening: &str, method: &str) -> String {
    let mut url = opening.trim_start()[method.len()..].trim_start();
    // The version may stand before the URL.
    while let Some((first, rest)) = url.split_once(char::is_whitespace).filter(|(first, _)| is_version(first)) {
        if rest.trim().is_empty() {
            url = first;
            break;
        }
        url = rest.trim_start();
    }
    let mut url = url.to_owned();
    let last = *at + MOST_LINES;
    while *at < last && !ends_in_version(&url) && lines.get(*at).is_some_and(|line| continues(line, &url)) {
        let more = lines[*at].trim_start();
        if more.starts_with(['?', '&']) {
            url.truncate(url.trim_end().len());
        }
        url.push_str(more);
        *at += 1;
    }
    without_version(url.trim_end()).to_owned()
}

/// Whether a line after the request line goes on with the URL: it begins a query or a further
/// option, or the URL so far is plainly open, or the line is set in and is nothing else.
fn continues(line: &str, url: &str) -> bool {
    let text = line.trim_start();
    if text.is_empty() {
        return false;
    }
    if text.starts_with(['?', '&']) || (text.starts_with('/') && !text.starts_with("//") && !url.contains(' ')) {
        return true;
    }
    if text.starts_with(['{', '<']) && !url.ends_with('/') || method_of(line).is_some() {
        return false;
    }
    let url = url.trim_end();
    let depth = |open: char, close: char| url.matches(open).count() > url.matches(close).count();
    if depth('(', ')') || depth('[', ']') || url.ends_with(['?', '&', '=', ',']) {
        return field(line).is_none() || !line.starts_with(|c: char| c.is_ascii_alphabetic());
    }
    let indented = line.starts_with([' ', '\t']);
    indented && field(line).is_none() && (url.contains('?') || url.ends_with('/')) && !text.starts_with(['[', '"'])
}

/// Whether a new message begins at `line`: a start line as nobody writes it inside a body.
fn begins(line: &str) -> bool {
    let word = line.split([' ', '\t']).next().unwrap_or("");
    let target = line[word.len()..].trim_start();
    let requests = METHODS.contains(&word) && (target.starts_with(['{', '<']) || target.contains('/'));
    requests || (line.starts_with("HTTP/") && matches!(status_line(line), Some(Start::Status { code: Some(_), .. })))
}

/// Where the content that starts at `from` ends: at the end of the text, or where another message
/// begins after complete JSON or nothing. The parts of a multipart body hold messages themselves.
fn body_end(lines: &[&str], from: usize, headers: &Headers) -> usize {
    let multipart =
        headers.get("content-type").is_some_and(|t| t.trim_start().to_ascii_lowercase().starts_with("mult"));
    let mut last = None;
    for (at, line) in lines.iter().enumerate().skip(from) {
        let complete = last.is_none_or(|end: char| matches!(end, '}' | ']'));
        if complete && !multipart && begins(line) {
            return at;
        }
        last = line.trim_end().chars().next_back().or(last);
    }
    lines.len()
}

/// `HTTP/1.1 200 OK`, `HTTP/2 204`, `HTTP 201 Created`, `204`, `400 Bad Request`, `HTTP/1.1`.
fn status_line(line: &str) -> Option<Start> {
    let line = line.trim();
    let versioned = line.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("http"));
    let rest = if versioned {
        let rest = line[4..].strip_prefix('/').unwrap_or(&line[4..]);
        let version = rest.len() - rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit()).len();
        let (version, after) = rest.split_at(version);
        let after = after.strip_prefix(':').unwrap_or(after);
        if !after.is_empty() && !after.starts_with(char::is_whitespace) || (version.is_empty() && after.is_empty()) {
            return None;
        }
        after.trim_start()
    } else {
        line
    };
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (code, phrase) = rest.split_at(digits);
    let code = code.parse().ok().filter(|code| digits == 3 && (100..600).contains(code));
    let bounded = phrase.is_empty() || phrase.starts_with(char::is_whitespace);
    if !(versioned || bounded && code.is_some()) {
        return None;
    }
    let phrase = if code.is_some() { phrase } else { rest };
    Some(Start::Status { code, phrase: phrase.trim().to_owned() })
}

fn without_version(mut url: &str) -> &str {
    while let Some((rest, _)) = url.rsplit_once(char::is_whitespace).filter(|_| ends_in_version(url)) {
        url = rest.trim_end();
    }
    url
}

fn ends_in_version(url: &str) -> bool {
    let last = url.trim_end().rsplit_once(char::is_whitespace).map_or("", |(_, last)| last);
    is_version(last)
}

fn is_version(word: &str) -> bool {
    let head = word.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("http/"));
    head && word[5..].starts_with(|c: char| c.is_ascii_digit())
        && word[5..].chars().all(|c| c == '.' || c.is_ascii_digit())
}

/// A header field: its name (a token, RFC 9110, 5.6.2, that begins with a letter) and value. A
/// URL's scheme is no name.
fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim();
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let named = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(token);
    (named && !value.starts_with("//")).then(|| (name, value.trim()))
}

/// Whether a field is one that documented messages have. Behind a blank line only these are taken
/// for fields: a calendar, a card or a letter has lines of the same form.
fn is_usual(name: &str) -> bool {
    const BEGINNINGS: [&str; 24] = [
        "accept",
        "allow",
        "authorization",
        "cache-",
        "client-",
        "connection",
        "consistency",
        "content-",
        "date",
        "etag",
        "expect",
        "host",
        "if-",
        "location",
        "odata",
        "prefer",
        "range",
        "request-",
        "retry-",
        "scenario",
        "transfer-",
        "user-agent",
        "workbook-",
        "x-",
    ];
    let name = name.to_ascii_lowercase();
    BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

/// A line that goes on with the field before it (RFC 9112, 5.2): set in, and no content.
fn folds(line: &str) -> bool {
    line.starts_with([' ', '\t']) && !line.trim_start().starts_with(['{', '[', '<', '"', '}', ']', '-'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(text: &str) -> Shown {
        let mut all = read(text);
        assert_eq!(all.len(), 1, "{text:?}: {all:?}");
        all.remove(0)
    }

    fn request(text: &str) -> (&'static str, String) {
        match one(text).start {
            Start::Request { method, url } => (method, url),
            other => panic!("{text:?}: {other:?}"),
        }
    }

    fn status(text: &str) -> (Option<u16>, String) {
        match one(text).start {
            Start::Status { code, phrase } => (code, phrase),
            other => panic!("{text:?}: {other:?}"),
        }
    }

    #[test]
    fn request_lines_as_pages_write_them() {
        for (text, want) in [
            ("\n\nget  /me HTTP/1.1\nA: b", "/me"),
            ("GET\t/me\tHTTP/2", "/me"),
            ("GET /users?$filter=url eq 'HTTP foo'", "/users?$filter=url eq 'HTTP foo'"),
            ("GET /users?$filter=url eq 'a HTTP/1.1'", "/users?$filter=url eq 'a HTTP/1.1'"),
            ("GET /users/{id | userPrincipalName}/x", "/users/{id | userPrincipalName}/x"),
            ("// a remark\nGET /me", "/me"),
            ("GET /users\n   ?$top=5 \n   &$skip=1\nA: b", "/users?$top=5&$skip=1"),
            ("GET /users?$top=5&\n$skip=1 HTTP/1.1\nA: b", "/users?$top=5&$skip=1"),
            ("GET /users?$filter=a eq 'b'\n  and c eq 'd'\n\n", "/users?$filter=a eq 'b'and c eq 'd'"),
            ("GET /x/\r\n  me\r\nPrefer: a", "/x/me"),
            ("GET https://h/x\n/me\nPrefer: a", "https://h/x/me"),
            ("GET HTTP/1.1 HTTP/2 /me", "/me"),
            ("GET /me HTTP/1.1 HTTP/1.1", "/me"),
            ("POST /f(ids=[\n  \"a\",\n  \"b\"\n])\nContent-Type: a/b\n\n{}", "/f(ids=[\"a\",\"b\"])"),
        ] {
            assert_eq!(request(text).1, want, "{text:?}");
        }
        let spaced = one("POST /x\n\nContent-Type: application/json\n\n{}");
        assert_eq!(
            (spaced.headers.get("content-type"), &*spaced.body, spaced.body_line),
            (Some("application/json"), "{}", 4)
        );
        for text in ["hello world", "", "  \n", "GET ", "https://host/path", "{\n  \"a\": 1\n}"] {
            assert_eq!(read(text), [], "{text:?}");
        }
    }

    #[test]
    fn header_fields_as_pages_write_them() {
        let got = one("GET /me\nA:b\nEmpty:\nFolded :\n  one\n   two\nBad header\n");
        assert_eq!(got.headers, Headers::from([("A", "b"), ("Empty", ""), ("Folded", "one two")]));
        assert_eq!((got.body.as_str(), got.flaws), ("Bad header", vec![Flaw::NoBlankLine(6)]));
        assert_eq!(one("Content-Type: a/b\n\nx").start, Start::Bare);
        let card = one("HTTP/1.1 200 OK\n\nBEGIN:VCARD\nVERSION:3.0\nEND:VCARD\n");
        assert_eq!((card.headers, card.body.as_str()), (Headers::default(), "BEGIN:VCARD\nVERSION:3.0\nEND:VCARD"));
    }

    #[test]
    fn responses_as_pages_write_them() {
        let got = one("HTTP/1.1 207 Multi-Status\nContent-type: application/json\n{\n \"a\": 1 }");
        assert_eq!((got.body.as_str(), got.body_line), ("{\n \"a\": 1 }", 2));
        assert_eq!(got.headers.get("CONTENT-TYPE"), Some("application/json"));
        assert_eq!(got.flaws, [Flaw::NoBlankLine(2)]);
        for (line, code, phrase) in [
            ("HTTP/2 204", Some(204), ""),
            ("204 ", Some(204), ""),
            ("HTTP 201 Created", Some(201), "Created"),
            ("HTTP/1.1 200 Success", Some(200), "Success"),
            ("400 Bad Request", Some(400), "Bad Request"),
            ("HTTP/1.1 200OK", Some(200), "OK"),
            ("HTTP/1.1: 200 OK", Some(200), "OK"),
            ("HTTP/1.1", None, ""),
            ("HTTP/1.1 OK", None, "OK"),
        ] {
            assert_eq!(status(line), (code, phrase.to_owned()), "{line}");
        }
        for none in ["HTTP", "https 200", "2000 x", "20", "HTTPS/1.1 200 OK", "999 x"] {
            assert_eq!(read(none), [], "{none}");
        }
    }

    #[test]
    fn a_field_that_is_none_ends_no_header() {
        let got = one("GET /me\n: x\nPr\u{e9}fer: y\nA: b\n\nc");
        assert_eq!((got.headers, got.body.as_str()), (Headers::from([("A", "b")]), "c"));
        assert_eq!(got.flaws, [Flaw::NoField(1)]);
    }

    #[test]
    fn several_messages_in_one_text() {
        let starts = |text: &str| read(text).iter().map(|m| m.line).collect::<Vec<_>>();
        assert_eq!(starts("GET /a\nGET /b\n\nGET /c\nor\nGET /d\n"), [0, 1, 3, 5]);
        assert_eq!(starts("POST /a\nA: b\n\n{\n}\n\nHTTP/1.1 200 OK\nA: b\n\n[\n]\nGET /c"), [0, 6, 11]);
        assert_eq!(starts("POST /a\n\nGET rich\nHTTP/1.1 200 OK inside prose"), [0]);
        let batch = "POST /$batch\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/http\n\nGET /me HTTP/1.1\n\n--b--";
        assert_eq!(starts(batch), [0]);
    }

    fn fields() -> impl Strategy<Value = Headers> {
        let value = "[!-~]{1,8}( [!-~]{1,5})?".prop_filter("a URL's scheme", |v| !v.starts_with("//"));
        prop::collection::vec(("[A-Za-z][A-Za-z0-9-]{0,8}", value), 0..4).prop_map(Headers)
    }

    fn start() -> impl Strategy<Value = Start> {
        let url = "/[a-z]{1,5}(/[a-zA-Z0-9.@{}-]{1,6})?(\\?\\$top=[0-9])?";
        let request =
            (prop::sample::select(METHODS.to_vec()), url).prop_map(|(method, url)| Start::Request { method, url });
        let status = (100..600_u16, "([A-Z][a-z]{1,6}( [A-Z][a-z]{1,4})?)?")
            .prop_map(|(code, phrase)| Start::Status { code: Some(code), phrase });
        prop_oneof![request, status]
    }

    proptest! {
        #[test]
        fn what_is_rendered_is_read_back(start in start(), headers in fields(), body in "(\\{\"[a-z]{0,5}\": \"[a-zA-Z0-9 :/.,]{0,9}\"\\})?") {
            // Without fields, content that looks like one would be taken for it; JSON never does.
            let body_line = 1 + headers.0.len() + 1;
            let shown = Shown { start, line: 0, headers, body, body_line, flaws: vec![] };
            let got = read(&shown.render());
            prop_assert_eq!(got.len(), 1);
            let body_line = if shown.body.is_empty() { got[0].body_line } else { shown.body_line };
            prop_assert_eq!(&got[0], &Shown { body_line, ..shown });
        }

        #[test]
        fn any_text_is_read(text in "\\PC{0,80}|([A-Z/: {}\n\r\t?&=.0-9]{0,80})") {
            for shown in read(&text) {
                prop_assert!(shown.line <= text.lines().count());
                prop_assert!(shown.body_line <= text.lines().count());
            }
        }
    }
}
