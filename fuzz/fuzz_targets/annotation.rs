//! Any text as the comment before a block, alone and on a page.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let read = graphspec::page::read_annotation(text);
    for flaw in &read.flaws {
        assert!(flaw.line as usize <= text.lines().count(), "{flaw:?}");
    }
    let page = format!("<!--{text}-->\n```http\nGET /me\n```\n\n```http\nHTTP/1.1 200 OK\n```\n");
    graphspec::check::problems(&graphspec::page::examine("page.md", page.as_bytes()), None);
});
