//! Any text as HTTP: what is read is read again from what is rendered.
#![no_main]

use graphspec::message::{Start, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for shown in read(text) {
        assert!(shown.line <= text.lines().count() && shown.body_line <= text.lines().count());
        if let Ok(json) = graphspec::json::read_lenient(&shown.body) {
            // What was mended is JSON from then on.
            let again = graphspec::json::read_lenient(&json.value.to_string()).map(|again| again.value);
            assert_eq!(again, Ok(json.value));
        }
        let plain = shown.flaws.is_empty() && matches!(shown.start, Start::Request { .. });
        if plain && shown.body.is_empty() {
            let again = read(&shown.render());
            assert_eq!(again.first().map(|m| &m.start), Some(&shown.start));
            assert_eq!(again.first().map(|m| &m.headers), Some(&shown.headers));
        }
    }
});
