//! From a documented path to a URL below the base.

use std::borrow::Cow;
use std::fmt::Write;

use url::Url;

use super::base::Base;

/// The URL of `path` below `base`. The path's text is kept, except that what a URL cannot hold is
/// percent-encoded (RFC 3986, section 2), and dot segments are resolved, never above the base.
/// Whatever `path` is, even another URL, it names something at the base's origin.
pub(super) fn below(base: &Base, path: &str) -> Result<Url, String> {
    let encoded = encode(path);
    let (path, query) = match encoded.find('?') {
        Some(at) => encoded.split_at(at),
        None => (&*encoded, ""),
    };
    let path = without_dots(path);
    let mut text = String::with_capacity(base.text.len() + path.len() + query.len() + 1);
    text.push_str(&base.text);
    // The slash is what ends the authority: nothing after it can change the host.
    if !path.starts_with('/') && !path.is_empty() {
        text.push('/');
    }
    text.push_str(&path);
    text.push_str(query);
    let url = Url::parse(&text).map_err(|error| format!("the request's path makes no URL: {error}"))?;
    if url.as_str().starts_with(&base.text) {
        Ok(url)
    } else {
        Err("the request's path leads away from the target".to_owned())
    }
}

fn needs_encoding(byte: u8) -> bool {
    // `#` would start a fragment, and a browser's `\` is a `/`.
    !byte.is_ascii_graphic() || b"\"#<>[\\]^`{|}".contains(&byte)
}

fn encode(path: &str) -> Cow<'_, str> {
    let bytes = path.as_bytes();
    let lone_percent = |at: usize| {
        bytes[at] == b'%' && !bytes.get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    };
    let wrong = |at: usize| needs_encoding(bytes[at]) || lone_percent(at);
    if !(0..bytes.len()).any(wrong) {
        return Cow::Borrowed(path);
    }
    let mut out = String::with_capacity(path.len() + 16);
    for (at, byte) in bytes.iter().enumerate() {
        if wrong(at) {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        } else {
            out.push(char::from(*byte));
        }
    }
    Cow::Owned(out)
}

/// RFC 3986, section 5.2.4, counting `%2e` as a dot like the URL parser after us does.
fn without_dots(path: &str) -> Cow<'_, str> {
    let dots = |segment: &str| match segment.len() {
        1..=6 => match segment.to_ascii_lowercase().replace("%2e", ".").as_str() {
            "." => 1,
            ".." => 2,
            _ => 0,
        },
        _ => 0,
    };
    let suspect = |segment: &str| segment.starts_with('.') || segment.starts_with("%2");
    if !path.split('/').any(|segment| suspect(segment) && dots(segment) > 0) {
        return Cow::Borrowed(path);
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.strip_prefix('/').unwrap_or(path).split('/').peekable();
    while let Some(segment) = segments.next() {
        let found = dots(segment);
        if found == 2 {
            kept.pop();
        }
        if found == 0 {
            kept.push(segment);
        } else if segments.peek().is_none() {
            kept.push("");
        }
    }
    Cow::Owned(format!("/{}", kept.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(base: &str, path: &str) -> String {
        let base = Base::parse(base).expect("a base");
        below(&base, path).expect("a URL").to_string()
    }

    #[test]
    fn paths_stay_below_the_base() {
        let base = "http://h:1/x/v1.0";
        for (path, want) in [
            ("/users/1?q", "http://h:1/x/v1.0/users/1?q"),
            ("users", "http://h:1/x/v1.0/users"),
            ("", "http://h:1/x/v1.0"),
            ("?$top=1", "http://h:1/x/v1.0?$top=1"),
            ("//evil.com/x", "http://h:1/x/v1.0//evil.com/x"),
            ("http://evil/a", "http://h:1/x/v1.0/http://evil/a"),
            ("@evil/a", "http://h:1/x/v1.0/@evil/a"),
            (":2/a", "http://h:1/x/v1.0/:2/a"),
            ("\\\\evil\\a", "http://h:1/x/v1.0/%5C%5Cevil%5Ca"),
            ("/../../../etc", "http://h:1/x/v1.0/etc"),
            ("/a/%2E%2e/./b/..", "http://h:1/x/v1.0/"),
            ("/a/b/.", "http://h:1/x/v1.0/a/b/"),
            ("/a/..b/.c", "http://h:1/x/v1.0/a/..b/.c"),
            ("/a?x=../..", "http://h:1/x/v1.0/a?x=../.."),
        ] {
            assert_eq!(url(base, path), want, "{path}");
        }
        assert_eq!(url("https://h", "//evil"), "https://h//evil");
        assert_eq!(url("https://h", "@evil"), "https://h/@evil");
        assert_eq!(url("https://h", ""), "https://h/");
        assert_eq!(url("https://h", "?a"), "https://h/?a");
    }

    #[test]
    fn what_a_url_cannot_hold_is_encoded() {
        let base = "http://h";
        for (path, want) in [
            ("/users?$filter=a eq 'b'", "http://h/users?$filter=a%20eq%20%27b%27"),
            ("/sites/{site-id}", "http://h/sites/%7Bsite-id%7D"),
            ("/a%20b/100%/%zz", "http://h/a%20b/100%25/%25zz"),
            ("/a#b\t\r\n\"", "http://h/a%23b%09%0D%0A%22"),
            ("/f('é')", "http://h/f('%C3%A9')"),
            ("/contoso.sharepoint.com,a,b:/x:", "http://h/contoso.sharepoint.com,a,b:/x:"),
        ] {
            assert_eq!(url(base, path), want, "{path}");
        }
    }
}
