//! Where a request goes: its path in segments, below the service root.

use percent_encoding::percent_decode_str;

/// A path, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Decoded and in lower case: Graph's paths do not tell cases apart.
    pub segments: Vec<String>,
    /// The query without its `?`, decoded.
    pub query: String,
}

impl Target {
    /// Reads a path, with or without service root and query. A request's target and a documented
    /// path are read alike.
    pub fn read(url: &str) -> Self {
        let url = url.split('#').next().unwrap_or("");
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let mut segments: Vec<String> = path
            .trim_start_matches('/')
            .trim_end_matches('/')
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().to_lowercase())
            .collect();
        if segments.first().is_some_and(|first| first == "v1.0" || first == "beta") {
            segments.remove(0);
        }
        if segments.iter().all(String::is_empty) {
            segments.clear();
        }
        Target { segments, query: percent_decode_str(query).decode_utf8_lossy().into_owned() }
    }

    /// The whole path as a key: no two paths share one, whatever characters they hold.
    pub fn key(&self) -> String {
        self.key_of(self.segments.len())
    }

    /// The key of the path's first `depth` segments.
    pub fn key_of(&self, depth: usize) -> String {
        self.segments[..depth.min(self.segments.len())].join("\0")
    }

    /// For a message.
    pub fn path(&self) -> String {
        format!("/{}", self.segments.join("/"))
    }

    /// Whether it holds a placeholder, as documented paths do.
    pub fn is_template(&self) -> bool {
        self.segments.iter().any(|segment| segment.contains(['{', '<']))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_and_queries_are_cut_and_segments_decoded() {
        for url in ["/v1.0/users/A%40b/X", "/beta/users/a@b/x/", "/users/a@b/x", "/V1.0/users/a@b/x?"] {
            assert_eq!(Target::read(url).segments, ["users", "a@b", "x"], "{url}");
        }
        assert_eq!(Target::read("/me?$top=5").query, "$top=5");
        assert!(Target::read("/v1.0").segments.is_empty() && Target::read("").segments.is_empty());
        assert_ne!(Target::read("/a%2Fb").key(), Target::read("/a/b").key());
    }
}
