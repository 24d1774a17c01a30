//! The least that reading a documentation set can cost: every `*.md` below a folder through the
//! Markdown library on two threads, and nothing done with it. `benches/scan.sh` compares.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench may stop")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), into);
        } else if entry.path().extension().is_some_and(|e| e == "md") {
            into.push(entry.path());
        }
    }
}

fn main() {
    // `cargo bench` itself hands over `--bench`, and no folder: then there is nothing to do.
    let Some(folder) = std::env::args().skip(1).find(|argument| !argument.starts_with('-')) else { return };
    let mut pages = Vec::new();
    walk(Path::new(&folder), &mut pages);
    let (next, events) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(page) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let text = std::fs::read_to_string(page).unwrap();
                    events.fetch_add(pulldown_cmark::Parser::new(&text).count(), Ordering::Relaxed);
                }
            });
        }
    });
    println!("{} pages, {} events", pages.len(), events.into_inner());
}
