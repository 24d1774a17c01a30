//! The primitive types of OData (CSDL 4.01, section 3.3).

/// A primitive or abstract type of the namespace `Edm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are OData's")]
pub enum Edm {
    Binary,
    Boolean,
    Byte,
    Date,
    DateTimeOffset,
    Decimal,
    Double,
    Duration,
    Guid,
    Int16,
    Int32,
    Int64,
    SByte,
    Single,
    String,
    TimeOfDay,
    /// A stream, which stands beside a body, not in it.
    Stream,
    /// `Edm.Geography…` and `Edm.Geometry…`: `GeoJSON` objects.
    Geo,
    /// Any primitive value: `Edm.PrimitiveType`.
    Primitive,
    /// Any object: `Edm.ComplexType`, `Edm.EntityType`.
    Structured,
    /// Any value: `Edm.Untyped`, and names of `Edm` that are not known.
    Untyped,
}

impl Edm {
    /// The type of that name, without its `Edm.`.
    pub fn named(name: &str) -> Self {
        match name {
            "Binary" => Edm::Binary,
            "Boolean" => Edm::Boolean,
            "Byte" => Edm::Byte,
            "Date" => Edm::Date,
            "DateTimeOffset" => Edm::DateTimeOffset,
            "Decimal" => Edm::Decimal,
            "Double" => Edm::Double,
            "Duration" => Edm::Duration,
            "Guid" => Edm::Guid,
            "Int16" => Edm::Int16,
            "Int32" => Edm::Int32,
            "Int64" => Edm::Int64,
            "SByte" => Edm::SByte,
            "Single" => Edm::Single,
            "String" => Edm::String,
            "TimeOfDay" => Edm::TimeOfDay,
            "Stream" => Edm::Stream,
            "PrimitiveType" => Edm::Primitive,
            "ComplexType" | "EntityType" => Edm::Structured,
            name if name.starts_with("Geography") || name.starts_with("Geometry") => Edm::Geo,
            _ => Edm::Untyped,
        }
    }

    /// Its qualified name.
    pub fn name(self) -> &'static str {
        match self {
            Edm::Binary => "Edm.Binary",
            Edm::Boolean => "Edm.Boolean",
            Edm::Byte => "Edm.Byte",
            Edm::Date => "Edm.Date",
            Edm::DateTimeOffset => "Edm.DateTimeOffset",
            Edm::Decimal => "Edm.Decimal",
            Edm::Double => "Edm.Double",
            Edm::Duration => "Edm.Duration",
            Edm::Guid => "Edm.Guid",
            Edm::Int16 => "Edm.Int16",
            Edm::Int32 => "Edm.Int32",
            Edm::Int64 => "Edm.Int64",
            Edm::SByte => "Edm.SByte",
            Edm::Single => "Edm.Single",
            Edm::String => "Edm.String",
            Edm::TimeOfDay => "Edm.TimeOfDay",
            Edm::Stream => "Edm.Stream",
            Edm::Geo => "Edm.Geography",
            Edm::Primitive => "Edm.PrimitiveType",
            Edm::Structured => "Edm.ComplexType",
            Edm::Untyped => "Edm.Untyped",
        }
    }
}
