//! The built-in suite: the pages under `specs/`, compiled into the program.

use crate::page::Source;

include!("../specs/bundle.rs");

const PAGES: &[(&str, &str)] = bundle!(pages);

/// Its pages, named `specs/NAME.md`.
pub fn pages() -> Vec<Source> {
    PAGES.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
}
