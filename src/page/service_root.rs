//! Where a documented URL leads: under a Graph service root, or elsewhere.

use url::Url;

use crate::case::placeholder::is_placeholder;
use crate::multi_status::is_literal_id;

/// Hosts of Graph's clouds (Graph's page on national cloud deployments).
const HOSTS: [&str; 6] = [
    "graph.microsoft.com",
    "graph.microsoft.us",
    "dod-graph.microsoft.us",
    "microsoftgraph.chinacloudapi.cn",
    "graph.microsoft.de",
    "canary.graph.microsoft.com",
];

/// The part of `url` below the service root, starting with `/`.
///
/// # Errors
/// The foreign host, where the URL is absolute and not Graph's.
pub fn cut(url: &str) -> Result<String, String> {
    // A URL that is a placeholder from its start is the reader's own: a callback.
    if url.trim_start().starts_with(['{', '<']) {
        return Err(url.split('/').next().unwrap_or(url).trim().to_owned());
    }
    let path = match authority_and_rest(url) {
        Some((is_http, rest)) => {
            let (host, path) = rest.split_at(rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len()));
            if !is_http || !is_graph(host) || path.starts_with('\\') {
                return Err(host.to_owned());
            }
            path
        }
        None => url,
    };
    let path = path.trim();
    let version = path.trim_start_matches('/').split(['/', '?']).next().unwrap_or("");
    let below = if is_version(version) { &path.trim_start_matches('/')[version.len()..] } else { path };
    Ok(if below.starts_with('/') { below.to_owned() } else { format!("/{below}") })
}

/// The host of a URL that is not Graph's.
pub fn foreign(url: &str) -> Option<String> {
    cut(url).err()
}

/// What follows the scheme of an absolute URL, and whether that is HTTP's; a URL that begins with
/// its host takes the scheme of its base (RFC 3986, section 4.2).
fn authority_and_rest(url: &str) -> Option<(bool, &str)> {
    let url = url.trim_start();
    if let Some(rest) = url.strip_prefix("//") {
        return Some((true, rest));
    }
    let (scheme, rest) = url.split_once("://")?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let is_http = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    is_scheme.then_some((is_http, rest))
}

/// Whether an authority (RFC 3986, section 3.2) is one of Graph's, without user information.
fn is_graph(authority: &str) -> bool {
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    port.bytes().all(|b| b.is_ascii_digit()) && HOSTS.iter().any(|known| known.eq_ignore_ascii_case(host))
}

/// The foreign host that a `Host` field names for a URL without one.
pub fn foreign_host(url: &str, field: Option<&str>) -> Option<String> {
    let field = field?.trim();
    let host = authority_and_rest(field).map_or(field, |(_, rest)| rest).trim_end_matches('/');
    let named = host.contains('.') && !host.contains(['{', '<', ' ']);
    (authority_and_rest(url).is_none() && named && !is_graph(host)).then(|| host.to_owned())
}

fn is_version(segment: &str) -> bool {
    let lower = segment.to_ascii_lowercase();
    lower == "beta" || matches!(lower.as_str(), "v1.0" | "v1" | "v2.0")
}

/// The shape of a path: placeholders and literal ids as `{}`, the query cut off. Two examples of
/// one operation have one shape.
pub fn shape(path: &str) -> String {
    let path = path.split('?').next().unwrap_or("");
    let segments = path.split('/').map(|segment| {
        if segment.contains(['{', '<']) || is_placeholder(segment) || is_literal_id(segment) {
            "{}".to_owned()
        } else {
            segment.to_ascii_lowercase()
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Whether the segment of a template takes what a path shows there: it is a placeholder, or a call
/// (OData URL Conventions, 4.6) of the same function.
pub fn is_open(template: &str, shown: &str) -> bool {
    if is_placeholder(template) {
        return !shown.is_empty();
    }
    let (called, _) = template.split_once('(').unwrap_or((template, ""));
    let same = shown.split_once('(').is_some_and(|(name, _)| name.eq_ignore_ascii_case(called));
    same && template.contains('(')
}

/// The longest path that is ever sent; servers take 8 KiB.
const LONGEST: usize = 16 * 1024;

/// Whether `base` and `path` make a URL at all.
pub fn joins(path: &str) -> bool {
    path.len() <= LONGEST && Url::parse(&format!("http://h{path}")).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_cut() {
        for (url, want) in [
            ("https://graph.microsoft.com/v1.0/me", "/me"),
            ("https://GRAPH.microsoft.com/V1.0/me?$top=5", "/me?$top=5"),
            ("https://dod-graph.microsoft.us/beta/users/{id}", "/users/{id}"),
            ("/v1.0/me", "/me"),
            ("me/devices", "/me/devices"),
            ("https://graph.microsoft.com/v1.0", "/"),
            ("/users/{user-id}/x/add", "/users/{user-id}/x/add"),
        ] {
            assert_eq!(cut(url).as_deref(), Ok(want), "{url}");
        }
        assert_eq!(cut("https://bot.contoso.com/callback"), Err("bot.contoso.com".into()));
        assert_eq!(cut("{notificationUrl}"), Err("{notificationUrl}".into()));
        for (url, host) in [
            ("ftp://graph.microsoft.com/v1.0/me", "graph.microsoft.com"),
            ("//evil.example/v1.0/me", "evil.example"),
            ("https://evil.example\\@graph.microsoft.com/v1.0/me", "evil.example"),
            ("https://evil.example@graph.microsoft.com/me", "evil.example@graph.microsoft.com"),
            ("https://graph.microsoft.com:x@evil.example/me", "graph.microsoft.com:x@evil.example"),
            ("https://graph.microsoft.com\\x/me", "graph.microsoft.com"),
        ] {
            assert_eq!(cut(url), Err(host.to_owned()), "{url}");
        }
        let login = Some("https://login.microsoftonline.com");
        assert_eq!(foreign_host("/common/oauth2", login).as_deref(), Some("login.microsoftonline.com"));
        assert_eq!(foreign_host("https://graph.microsoft.com/v1.0/me", login), None);
        assert_eq!(foreign_host("/me", Some("graph.microsoft.com:443")), None);
        assert_eq!(foreign_host("/me", Some("{host}")), None);
        assert_eq!(
            cut("https://graph.microsoft.com.evil.example/v1.0/me"),
            Err("graph.microsoft.com.evil.example".into())
        );
    }

    #[test]
    fn one_operation_has_one_shape() {
        assert_eq!(shape("/users/{user-id}/a/add"), shape("/users/nobody@contoso.com/a/add"));
        assert_eq!(shape("/Teams/ece6f0a1-7ca4-498b-be79-edf6c8fc4d82/x?y"), "/teams/{}/x");
        assert_ne!(shape("/me/x"), shape("/me/y"));
    }
}
