//! Any bytes as a page: nothing panics, every place is a place of the page, every block has one
//! fate, no two ids are alike.
#![no_main]

use std::collections::HashSet;

use graphspec::page::{BlockKind, examine};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let reading = examine("page.md", bytes);
    let lines = u32::try_from(reading.text.lines().count()).unwrap_or(u32::MAX).max(1) + 1;
    for finding in graphspec::check::findings(&reading, None) {
        let line = finding.problem.span.line;
        assert!((1..=lines).contains(&line), "line {line} of {lines}: {}", finding.problem.message);
    }
    let page = &reading.page;
    let mut ids = HashSet::new();
    for case in &page.cases {
        assert!(ids.insert(case.id.as_str().to_ascii_lowercase()), "{} twice", case.id);
        assert!(case.skip.is_some() || case.path.starts_with('/'), "{}", case.path);
    }
    let mut blocks = HashSet::new();
    for block in &page.blocks {
        assert!(blocks.insert(block.span.clone()), "{} twice", block.span);
        let own = |case: &&graphspec::case::Case| block.kind == BlockKind::Request && case.span == block.span;
        let promised = |case: &graphspec::case::Case| case.promises.iter().any(|p| p.span == block.span);
        let held = page.cases.iter().any(|case| own(&case) || promised(case));
        let said = page.problems.iter().any(|problem| problem.span == block.span);
        assert!(held || block.reason.is_some() && (block.intended || said), "{} is lost", block.span);
    }
});
