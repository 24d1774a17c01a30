//! The built-in suite against the embedded mock, each case a test of its own; every answer that
//! passes is held to its accepted snapshot by insta.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may stop")]

use graphspec::trials::{Suite, trials};

fn main() {
    let arguments = libtest_mimic::Arguments::from_args();
    let suite = Suite::builtin().on_answer(snapshot);
    let trials = trials(&suite).expect("the built-in suite is in order");
    libtest_mimic::run(&arguments, trials).exit();
}

fn snapshot(case: &str, answer: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/mock"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let name = case.replace('/', "__");
    settings.bind(|| insta::assert_snapshot!(name, answer));
}
