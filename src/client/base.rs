//! The base URL of a target, and the token that belongs to it.

use reqwest::header::HeaderValue;
use url::{Host, Url};

use super::trouble::printable;
use crate::secret::Secret;

/// Why a target cannot be used. The text is for people and holds no credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// The text has no scheme; the second part is a guess at what was meant.
    #[error("the target `{0}` has no scheme; did you mean `{1}`?")]
    NoScheme(String, String),
    /// The text is no URL.
    #[error("the target `{0}` is not a URL ({1}); write it as http://host:port/base/path")]
    NotAUrl(String, String),
    /// The URL's scheme is not HTTP's.
    #[error("the target's scheme is `{0}`; only http and https can be sent to")]
    Scheme(String),
    /// User name or password in the URL.
    #[error("the target's URL holds a user name or a password; give the credential as a token instead")]
    UserInfo,
    /// `?` in the URL.
    #[error("the target's URL has a query (`?…`); give the base alone, the requests bring their own")]
    Query,
    /// `#` in the URL.
    #[error("the target's URL has a fragment (`#…`), which is never sent; remove it")]
    Fragment,
    /// The token cannot stand in a header field.
    #[error("the token holds characters that cannot be sent in a header field (RFC 6750, section 2.1)")]
    Token,
    /// The HTTP client could not be set up, such as without any trusted certificate.
    #[error("the HTTP client could not start: {0}")]
    Client(String),
}

/// A base URL, taken apart once.
pub(super) struct Base {
    /// Normalised, no `/` at the end: every request's URL starts with it.
    pub text: String,
    /// `host:port`, for messages.
    pub place: String,
    pub host: String,
    pub loopback: bool,
    pub tls: bool,
}

impl Base {
    pub fn parse(text: &str) -> Result<Base, BadTarget> {
        let text = text.trim();
        let url = match Url::parse(text) {
            // `localhost:3000` parses, as the scheme `localhost`.
            Ok(url) if url.cannot_be_a_base() && !text.contains("://") => return Err(without_scheme(text)),
            Ok(url) => url,
            Err(url::ParseError::RelativeUrlWithoutBase) => return Err(without_scheme(text)),
            Err(error) => return Err(BadTarget::NotAUrl(shown(text), error.to_string())),
        };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(BadTarget::Scheme(printable(url.scheme())));
        }
        // `http:/h` and `http:h` are URLs to a browser, and a slip of the pen here.
        if !text.get(url.scheme().len()..).is_some_and(|rest| rest.starts_with("://")) {
            return Err(BadTarget::NotAUrl(shown(text), "no `//` after the scheme".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadTarget::UserInfo);
        }
        if url.query().is_some() {
            return Err(BadTarget::Query);
        }
        if url.fragment().is_some() {
            return Err(BadTarget::Fragment);
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(BadTarget::NotAUrl(shown(text), "no host".to_owned()));
        };
        Ok(Base {
            text: url.as_str().trim_end_matches('/').to_owned(),
            place: format!("{host}:{port}"),
            host: host.to_string(),
            loopback: is_loopback(&host),
            tls: url.scheme() == "https",
        })
    }

    /// Whether the host is a loopback name, which RFC 6761 says not to look up.
    pub fn is_loopback_name(&self) -> bool {
        self.loopback && self.host.ends_with(|c: char| c.is_ascii_alphabetic() || c == '.')
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.to_canonical().is_loopback(),
    }
}

fn without_scheme(text: &str) -> BadTarget {
    let rest = text.trim_start_matches('/');
    let guess = match Base::parse(&format!("http://{rest}")) {
        Ok(base) if base.loopback => base.text,
        Ok(base) => base.text.replacen("http", "https", 1),
        Err(_) => return BadTarget::NotAUrl(shown(text), "no scheme and no host".to_owned()),
    };
    BadTarget::NoScheme(shown(text), guess)
}

/// The text as a message may show it: nothing before an `@`, which could be a password.
fn shown(text: &str) -> String {
    let text = text.rsplit_once('@').map_or(text, |(_, rest)| rest);
    printable(text)
}

/// A bearer token, ready to be sent.
pub(super) struct Token {
    pub secret: Secret,
    pub value: HeaderValue,
}

impl Token {
    pub fn new(secret: Secret) -> Result<Token, BadTarget> {
        let bearer = format!("Bearer {}", secret.expose());
        let mut value = HeaderValue::try_from(bearer).map_err(|_| BadTarget::Token)?;
        // Keeps it out of Debug output and out of HTTP/2's compression tables.
        value.set_sensitive(true);
        Ok(Token { secret, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Base::parse(text).map(|base| base.text).expect_err(text).to_string()
    }

    #[test]
    fn what_is_wrong_with_a_base() {
        assert_eq!(
            error("127.0.0.1:3000"),
            "the target `127.0.0.1:3000` has no scheme; did you mean `http://127.0.0.1:3000`?"
        );
        assert!(error("localhost:3000/v1.0").contains("did you mean `http://localhost:3000/v1.0`?"));
        assert!(error("graph.microsoft.com/v1.0").contains("did you mean `https://graph.microsoft.com/v1.0`?"));
        assert!(error("").contains("is not a URL"));
        assert!(error("http://").contains("is not a URL"));
        assert!(error("http:/h/x").contains("`//`"));
        assert!(error("http://h:99999").contains("is not a URL"));
        assert!(error("ftp://h/x").contains("`ftp`"));
        assert!(error("file:///etc").contains("`file`"));
        assert_eq!(Base::parse("http://u:pw@h").map(|b| b.text), Err(BadTarget::UserInfo));
        assert!(!error("u:secret@h:1").contains("secret"));
        assert_eq!(Base::parse("http://h/?a=b").map(|b| b.text), Err(BadTarget::Query));
        assert_eq!(Base::parse("http://h/#a").map(|b| b.text), Err(BadTarget::Fragment));
        assert!(Token::new(Secret::new("a\nb")).is_err());
    }

    #[test]
    fn who_is_loopback() {
        for yes in
            ["127.0.0.1:1", "127.9.9.9", "[::1]:3", "[::ffff:127.0.0.1]", "LOCALHOST", "a.localhost", "localhost."]
        {
            assert!(Base::parse(&format!("http://{yes}/x/")).is_ok_and(|b| b.loopback), "{yes}");
        }
        for no in ["128.0.0.1", "[::2]", "localhost.com", "notlocalhost", "10.0.0.1", "0.0.0.0"] {
            assert!(Base::parse(&format!("http://{no}")).is_ok_and(|b| !b.loopback), "{no}");
        }
        let base = Base::parse(" http://LocalHost:80/x//v1.0/ ").map(|b| (b.is_loopback_name(), b.text, b.place));
        assert_eq!(base, Ok((true, "http://localhost/x//v1.0".to_owned(), "localhost:80".to_owned())));
    }
}
