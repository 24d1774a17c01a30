//! Any bytes as metadata, and after a NUL any JSON as a body of each of its types, or the path of a
//! request.
#![no_main]

use std::sync::Arc;

use graphspec::csdl;
use graphspec::schema::{Body, Types};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (metadata, rest) = data.split_at(data.iter().position(|b| *b == 0).unwrap_or(data.len()));
    let Ok(model) = csdl::read(&"x.csdl".into(), metadata) else { return };
    assert!(!model.is_empty());
    let rest = rest.get(1..).unwrap_or_default();
    if let Ok(path) = std::str::from_utf8(rest) {
        for method in ["GET", "POST", "PATCH", "PUT"] {
            model.answer(method, path);
            model.request(method, path);
        }
    }
    let types = Types::of(Arc::new(model));
    let Ok(read) = graphspec::json::read(rest) else { return };
    let model = types.model().unwrap();
    for id in model.types().take(50) {
        let expected = types.annotated(&model.type_of(id).name, rest.len() % 2 == 0).unwrap();
        let body = Body::plain(&read.value);
        for found in types.judge(&expected, body, 100) {
            assert!(found.at.is_empty() || read.value.pointer(&found.at).is_some(), "{found:?}");
            let _ = (found.to_string(), found.expected());
            types.declares(&expected, body, &found.at);
        }
    }
});
