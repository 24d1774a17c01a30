//! JSON Schemas: those bundled with the built-in suite, and those made from examples.

mod compiled;
mod example;
mod mismatch;
mod typed;
mod types;
mod walk;

pub use compiled::{Broken, Compiled, Violation};
pub use example::of_answer;
pub use mismatch::{Chosen, Mismatch, Wrong};
pub use typed::{Numbers, TooLarge, document};
pub use types::{Body, Expected, Types};

use std::sync::{Arc, OnceLock};

use serde_json::Value;

include!("../../specs/bundle.rs");

/// Type name and text of each bundled schema.
const BUNDLED: &[(&str, &str)] = bundle!(schemas);

/// The bundled schema of a type: `microsoft.graph.…`, `odata.error` or `odata.collection`.
pub fn bundled(type_name: &str) -> Option<Value> {
    let (_, text) = BUNDLED.iter().find(|(name, _)| name.eq_ignore_ascii_case(type_name))?;
    serde_json::from_str(text).ok()
}

/// The types of the bundled schemas.
pub fn bundled_types() -> Arc<Types> {
    static TYPES: OnceLock<Arc<Types>> = OnceLock::new();
    let documents = || BUNDLED.iter().filter_map(|(_, text)| serde_json::from_str(text).ok());
    Arc::clone(TYPES.get_or_init(|| Arc::new(Types::bundled(documents()))))
}

/// The names of the bundled schemas.
pub fn bundled_names() -> impl Iterator<Item = &'static str> {
    BUNDLED.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_schema_reads_and_names_itself() {
        for (name, _) in BUNDLED {
            let schema = bundled(name).unwrap();
            assert_eq!(schema["$id"], format!("https://graphspec.dev/schemas/{name}.json"));
            assert!(schema["$comment"].is_string());
        }
        assert!(bundled("microsoft.graph.nothing").is_none());
    }
}
