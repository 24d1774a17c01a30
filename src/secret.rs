//! A credential that cannot be printed by accident.

use std::fmt;

/// A bearer token. `Debug` and `Display` show a mask; only [`Secret::expose`] gives the value,
/// and only the client calls it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// What stands in a report where a secret stood.
pub const MASK: &str = "[secret]";

impl Secret {
    /// Wraps a credential, without the white space that files and variables often end with.
    pub fn new(value: &str) -> Self {
        Secret(value.trim().to_owned())
    }

    /// The credential itself, to be sent and never to be shown.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing inside.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `text` with every occurrence of the secret masked.
    pub fn scrub(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, MASK) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_shows_its_value() {
        let secret = Secret::new("eyJhbGciOi\n");
        assert_eq!(format!("{secret} {secret:?}"), "[secret] [secret]");
        assert_eq!(secret.scrub("Bearer eyJhbGciOi!"), "Bearer [secret]!");
        assert_eq!(Secret::new(" ").scrub("a b"), "a b");
    }
}
