//! One thing in a value that its type does not allow.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::json;

/// How the type of an object was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// The page's annotation names it.
    Annotation,
    /// The path leads to it.
    Path,
    /// The member that it is in is declared of it.
    Declared,
    /// Its own `@odata.type` names it.
    Named,
}

impl Chosen {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Chosen::Annotation => "annotation",
            Chosen::Path => "path",
            Chosen::Declared => "declared",
            Chosen::Named => "@odata.type",
        }
    }
}

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Chosen::Annotation => "as the page annotates it",
            Chosen::Path => "as the path leads to it",
            Chosen::Declared => "as it is declared",
            Chosen::Named => "as `@odata.type` says",
        })
    }
}

/// One thing that a type does not allow.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// JSON pointer to it.
    pub at: String,
    /// The place in the schema: definition and JSON pointer.
    pub schema: String,
    /// The type of the object that it is in, and how that was chosen.
    pub of: Arc<str>,
    /// How that type was chosen.
    pub chosen: Chosen,
    /// What came, in short.
    pub actual: String,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Wrong {
    /// Its JSON type: what CSDL has there, and what came.
    Kind {
        /// The declared type.
        declared: String,
        /// The JSON type that came.
        came: &'static str,
    },
    /// Its text or its range.
    Form {
        /// The declared type.
        declared: String,
        /// What that asks for, where the type alone does not say it.
        wants: Option<String>,
    },
    /// It is no member of its enumeration.
    Option {
        /// The declared type.
        declared: String,
        /// The members.
        options: Arc<[String]>,
        /// What is none of them; of flags, the first that is not.
        said: String,
        /// The member that comes near.
        near: Option<String>,
    },
    /// A member that a closed type does not have.
    Undeclared {
        /// The member.
        name: String,
        /// The declared one that comes near.
        near: Option<String>,
        /// A derived type that has it, where the object does not say what it is.
        derived: Option<Arc<str>>,
    },
    /// `@odata.type` names a type that is not known.
    UnknownType {
        /// The name.
        name: String,
        /// The type that is meant, but for case or namespace.
        spelling: Option<Arc<str>>,
        /// The type that comes near.
        near: Option<Arc<str>>,
    },
    /// `@odata.type` is no text.
    NoTypeName,
    /// `@odata.type` names a type that may not stand there.
    NotDerived {
        /// The name.
        name: String,
        /// The declared type.
        declared: Arc<str>,
    },
}

/// The member by which an enumeration says that it will grow (Graph's API guidelines, evolvable
/// enumerations).
pub const SENTINEL: &str = "unknownFutureValue";

impl Mismatch {
    /// A value of another JSON type than that of `name` at a place where nothing else may stand.
    pub fn of_kind(name: &Arc<str>, chosen: Chosen, at: String, value: &Value) -> Self {
        Mismatch {
            at,
            schema: name.to_string(),
            of: Arc::clone(name),
            chosen,
            actual: json::brief(value, 80),
            wrong: Wrong::Kind { declared: name.to_string(), came: json::type_name(value) },
        }
    }

    /// Whether an enumeration may have grown by this value.
    pub fn is_evolvable(&self) -> bool {
        matches!(&self.wrong, Wrong::Option { options, .. } if options.iter().any(|option| option == SENTINEL))
    }

    /// Whether a client must be ready for it: Graph's versioning policy calls it compatible when
    /// members, derived types, and values of enumerations that say they will grow, are added. Some
    /// services also answer null for no items, against OData JSON Format 4.01, section 7.3.
    pub fn is_compatible(&self) -> bool {
        match &self.wrong {
            Wrong::Kind { declared, came: "null" } => declared.starts_with("Collection("),
            Wrong::Option { .. } => self.is_evolvable(),
            Wrong::Undeclared { .. } => true,
            Wrong::UnknownType { spelling, .. } => spelling.is_none(),
            Wrong::Kind { .. } | Wrong::Form { .. } | Wrong::NotDerived { .. } | Wrong::NoTypeName => false,
        }
    }

    /// What its type asks for.
    pub fn expected(&self) -> String {
        match &self.wrong {
            Wrong::Kind { declared, .. } => declared.clone(),
            Wrong::Form { declared, wants } => match wants {
                Some(wants) => format!("{declared}: {wants}"),
                None => declared.clone(),
            },
            Wrong::Option { options, .. } => {
                let shown = options.iter().take(12).map(String::as_str).collect::<Vec<_>>().join(", ");
                format!("one of {shown}{}", if options.len() > 12 { ", …" } else { "" })
            }
            Wrong::Undeclared { .. } => format!("the members of {}", self.of),
            Wrong::UnknownType { .. } | Wrong::NoTypeName => "a type of the metadata".to_owned(),
            Wrong::NotDerived { declared, .. } => format!("{declared}, or a type derived from it"),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch { at, of, chosen, actual, .. } = self;
        let place = json::in_words(at);
        match &self.wrong {
            Wrong::Kind { declared, came } => {
                let came_as = json::with_article(came);
                if *declared == **of {
                    write!(f, "{place} is {came_as}, and no {of} ({chosen})")?;
                } else {
                    write!(f, "{place} is {came_as} where {of} ({chosen}) has {declared}")?;
                }
                let is_long = declared.starts_with("Edm.Int64") || declared.starts_with("Edm.Decimal");
                if is_long && *came == "string" {
                    f.write_str("; these are texts only where the label says IEEE754Compatible=true")?;
                }
                Ok(())
            }
            Wrong::Form { declared, wants } => {
                write!(f, "{place} is {actual}, which is no {declared}")?;
                if let Some(wants) = wants {
                    write!(f, " ({wants})")?;
                }
                write!(f, ", as {of} ({chosen}) has it")
            }
            Wrong::Option { declared, near, .. } => {
                write!(f, "{place} is {actual}, which {declared} does not have")?;
                match near {
                    Some(near) => write!(f, "; did the author mean `{near}`?"),
                    None => Ok(()),
                }
            }
            Wrong::Undeclared { name, near, derived } => {
                write!(f, "{place}: {of} ({chosen}) has no member `{name}`")?;
                match (near, derived) {
                    (_, Some(derived)) => write!(f, "; {derived} has, but `@odata.type` does not say that this is one"),
                    (Some(near), None) => write!(f, "; it has `{near}`"),
                    (None, None) => Ok(()),
                }
            }
            Wrong::UnknownType { name, spelling, near } => {
                write!(f, "{place}: the type `{name}` is not in the metadata")?;
                match spelling.as_ref().or(near.as_ref()) {
                    Some(right) => write!(f, "; `{right}` is"),
                    None => Ok(()),
                }
            }
            Wrong::NoTypeName => write!(f, "{place} is {actual}, which is no name of a type"),
            Wrong::NotDerived { name, declared } => {
                write!(f, "{place} says {name}, which is no {declared}")
            }
        }
    }
}
