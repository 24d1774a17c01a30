//! The house has floors: a module imports only from floors below its own.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may stop")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const FLOORS: &[&[&str]] = &[
    &["source", "message", "secret", "diff", "json", "spelling"],
    &["rule", "multi_status", "csdl"],
    &["case", "exchange", "binding"],
    &["redact"],
    &["page", "schema", "client", "config", "fault", "snapshot", "plan"],
    &["suite", "verdict", "mock", "check"],
    &["event"],
    &["run", "report"],
    &["trials"],
    &["cli"],
];

/// Crates that only one module may use.
const ONLY: &[(&str, &[&str])] = &[
    ("similar", &["diff"]),
    ("pulldown_cmark", &["page"]),
    ("ignore", &["page"]),
    ("regex", &["check"]),
    ("strsim", &["spelling"]),
    ("toml", &["config"]),
    ("reqwest", &["client"]),
    ("jsonschema", &["schema"]),
    ("quick_xml", &["csdl"]),
    ("libtest_mimic", &["trials"]),
    ("clap", &["cli"]),
    // The client reads hyper's errors, which reqwest hands on.
    ("hyper", &["mock", "client"]),
];

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if ["tests", "samples", "store_tests"].contains(&name.as_str()) {
            // Test modules may use anything.
            continue;
        }
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

fn modules() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let named = files.into_iter().filter_map(|path| {
        let first = path.strip_prefix(&root).unwrap().components().next().unwrap();
        let module = first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
        let text = fs::read_to_string(&path).unwrap();
        (module != "lib" && module != "main").then_some((module, path, text))
    });
    named.collect()
}

/// The code without its tests, which may use anything.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap()
}

#[test]
fn modules_import_only_from_floors_below() {
    let floor: BTreeMap<&str, usize> =
        FLOORS.iter().enumerate().flat_map(|(at, names)| names.iter().map(move |n| (*n, at))).collect();
    for (module, path, text) in modules() {
        let own = *floor.get(module.as_str()).unwrap_or_else(|| panic!("{module} stands on no floor"));
        for used in code(&text).match_indices("crate::").map(|(at, _)| &code(&text)[at + 7..]) {
            let name: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if name == module || name.is_empty() {
                continue;
            }
            let other = floor.get(name.as_str()).unwrap_or_else(|| panic!("{}: crate::{name}?", path.display()));
            assert!(*other < own, "{}: {module} (floor {own}) uses {name} (floor {other})", path.display());
        }
    }
}

#[test]
fn each_library_has_one_user() {
    for (module, path, text) in modules() {
        for (library, user) in ONLY {
            let uses = code(&text).contains(&format!("{library}::"));
            assert!(!uses || user.contains(&module.as_str()), "{}: {library} is for {user:?} alone", path.display());
        }
    }
}

#[test]
fn only_the_command_line_prints_or_reads_the_environment() {
    for (module, path, text) in modules().iter().filter(|(module, ..)| module != "cli") {
        for word in [
            "println!",
            "eprintln!",
            "print!(",
            "dbg!",
            "std::env",
            "io::stdout",
            "io::stderr",
            "todo!",
            "unimplemented!",
        ] {
            assert!(!code(text).contains(word), "{}: {module} has {word}", path.display());
        }
    }
}

#[test]
fn nothing_in_the_source_knows_an_operation() {
    for (module, path, text) in modules() {
        // The name of a rule is the contract's; help shows examples of the built-in suite.
        let text = code(&text).replace("identity/site-id", "");
        for word in ["site", "follow-", "sharepoint", "contoso.share"] {
            let found = text.to_ascii_lowercase().replace("composite", "").replace("opposite", "").contains(word);
            assert!(!found || module == "cli", "{}: {word}", path.display());
        }
    }
}
