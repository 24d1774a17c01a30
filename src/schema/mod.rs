//! JSON Schemas: those bundled with the built-in suite, and those made from examples.

mod example;

pub use example::of_answer;

use serde_json::Value;

include!("../../specs/bundle.rs");

/// Type name and text of each bundled schema.
const BUNDLED: &[(&str, &str)] = bundle!(schemas);

/// The bundled schema of a type: `microsoft.graph.…`, `odata.error` or `odata.collection`.
pub fn bundled(type_name: &str) -> Option<Value> {
    let (_, text) = BUNDLED.iter().find(|(name, _)| name.eq_ignore_ascii_case(type_name))?;
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_schema_reads_and_names_itself() {
        for (name, _) in BUNDLED {
            let schema = bundled(name).unwrap();
            assert_eq!(schema["$id"], format!("https://graphspec.dev/schemas/{name}.json"));
            assert!(schema["description"].is_string());
        }
        assert!(bundled("microsoft.graph.nothing").is_none());
    }
}
