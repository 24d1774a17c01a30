//! The built-in suite: the pages under `specs/`, compiled into the program.

use crate::page::Source;

macro_rules! pages {
    ($($name:literal),* $(,)?) => {
        &[$((concat!("specs/", $name), include_bytes!(concat!("../specs/", $name)) as &[u8])),*]
    };
}

const PAGES: &[(&str, &[u8])] = pages!["follow-sites.md", "unfollow-sites.md", "list-followed-sites.md"];

/// Its pages, named `specs/NAME.md`.
pub fn pages() -> Vec<Source> {
    PAGES.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect()
}
