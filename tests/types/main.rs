//! Metadata: read, walked, made into schemas, and bodies held against it.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test may stop")]

mod instances;
mod metadata;
mod paths;
mod schemas;

use std::path::Path;
use std::sync::Arc;

use graphspec::csdl::{self, Model};
use graphspec::schema::{Body, Mismatch, Types};
use serde_json::Value;

/// A made-up service.
fn library() -> Arc<Model> {
    Arc::new(csdl::read(&"library.csdl".into(), include_bytes!("library.csdl")).unwrap())
}

/// Microsoft Graph's own metadata, where it is at hand.
fn graph(file: &str) -> Option<Arc<Model>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/metadata").join(file);
    let bytes = std::fs::read(path).ok()?;
    Some(Arc::new(csdl::read(&file.into(), &bytes).unwrap()))
}

/// What is wrong with a body of that type.
fn judge(types: &Types, name: &str, body: &Value) -> Vec<Mismatch> {
    types.judge(&types.annotated(name, false).unwrap(), Body::plain(body), 100)
}
