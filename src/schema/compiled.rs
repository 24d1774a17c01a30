//! JSON Schema, compiled. The only user of the schema library.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

/// A schema, ready to be held against any number of values.
#[derive(Debug)]
pub struct Compiled(Validator);

/// One place where a value breaks its schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// JSON pointer into the value.
    pub at: String,
    /// JSON pointer into the schema, to the keyword.
    pub schema: String,
    /// How.
    pub broken: Broken,
}

/// How a value breaks its schema.
#[derive(Clone, Debug, PartialEq)]
pub enum Broken {
    /// A member is missing.
    Required(String),
    /// The value is of none of these JSON types.
    Type(Vec<&'static str>),
    /// Members that the schema does not know.
    Unknown(Vec<String>),
    /// A number out of range.
    Range(String),
    /// Something else, in the library's words.
    Other(String),
}

impl Compiled {
    /// Compiles a schema of JSON Schema 2020-12. `None` where it is none: those here are made by
    /// this program.
    pub fn new(schema: &Value) -> Option<Self> {
        // Patterns in linear time: what they are held against is hostile.
        let options = jsonschema::draft202012::options().with_pattern_options(PatternOptions::regex());
        options.build(schema).ok().map(Compiled)
    }

    /// Whether `value` keeps to it.
    pub fn is_valid(&self, value: &Value) -> bool {
        self.0.is_valid(value)
    }

    /// Every place where `value` breaks it.
    pub fn violations<'v>(&'v self, value: &'v Value) -> impl Iterator<Item = Violation> + 'v {
        self.0.iter_errors(value).map(|error| violation(&error))
    }

    /// The first such place; cheaper than all of them.
    pub fn first_violation(&self, value: &Value) -> Option<Violation> {
        self.0.validate(value).err().map(|error| violation(&error))
    }
}

fn violation(error: &jsonschema::ValidationError<'_>) -> Violation {
    let broken = match error.kind() {
        ValidationErrorKind::Required { property } => Broken::Required(property.as_str().unwrap_or_default().into()),
        ValidationErrorKind::Type { kind: TypeKind::Single(one) } => Broken::Type(vec![one.as_str()]),
        ValidationErrorKind::Type { kind: TypeKind::Multiple(many) } => {
            Broken::Type(many.iter().map(jsonschema::JsonType::as_str).collect())
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => Broken::Unknown(unexpected.clone()),
        ValidationErrorKind::Minimum { limit } => Broken::Range(format!("at least {limit}")),
        ValidationErrorKind::Maximum { limit } => Broken::Range(format!("at most {limit}")),
        _ => Broken::Other(error.to_string()),
    };
    Violation { at: error.instance_path().as_str().to_owned(), schema: error.schema_path().as_str().to_owned(), broken }
}
