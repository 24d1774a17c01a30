//! What the case ids of a page begin with: its file stem, and where two share one, the folders that
//! tell them apart.

use std::collections::{BTreeMap, HashSet};
use std::path::{Component, Path};

use crate::case::clean;

/// The stem of a page that stands alone. A page from standard input has none of its own.
pub fn stem(name: &str) -> String {
    if name == "-" { "stdin".to_owned() } else { joined(name, 1) }
}

/// The stem of each page, by the names of all: no two are alike, whatever characters they hold,
/// and none depends on what the pages say.
pub fn stems<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let names: Vec<&str> = names.collect();
    let mut found: Vec<String> = names.iter().map(|name| clean(&stem(name))).collect();
    let mut alike: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, stem) in found.iter().enumerate() {
        alike.entry(stem.to_ascii_lowercase()).or_default().push(at);
    }
    for shared in alike.values().filter(|shared| shared.len() > 1) {
        let deepest = shared.iter().map(|at| names[*at].split('/').count()).max().unwrap_or(1);
        let told_apart = |depth: &usize| {
            let mut seen = HashSet::new();
            shared.iter().all(|at| seen.insert(clean(&joined(names[*at], *depth)).to_ascii_lowercase()))
        };
        let depth = (2..=deepest).find(told_apart).unwrap_or(deepest);
        for at in shared {
            found[*at] = clean(&joined(names[*at], depth));
        }
    }
    // Names that only differ in what an id cannot hold are told apart by number.
    let mut seen = HashSet::new();
    let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
    for stem in &mut found {
        if seen.insert(stem.to_ascii_lowercase()) {
            continue;
        }
        let number = numbers.entry(stem.to_ascii_lowercase()).or_insert(1);
        let plain = stem.clone();
        while !seen.insert(stem.to_ascii_lowercase()) {
            *number += 1;
            *stem = format!("{plain}-{number}");
        }
    }
    found
}

/// The last `depth` parts of a page's path, the extension cut off, joined by `.`.
fn joined(name: &str, depth: usize) -> String {
    let path = Path::new(name).with_extension("");
    let parts: Vec<String> = path
        .components()
        .filter_map(|part| match part {
            Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect();
    parts[parts.len().saturating_sub(depth)..].join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Vec<String> {
        stems(names.iter().copied())
    }

    #[test]
    fn pages_that_share_a_stem_are_told_apart() {
        assert_eq!(of(&["v1.0/api/a.md", "beta/api/a.md", "beta/api/b.md"]), ["v1.0.api.a", "beta.api.a", "b"]);
        assert_eq!(of(&["x/a.md", "y/a.md", "x.a.md", "y z.md", "y-z.md"]), ["x.a", "y.a", "x.a-2", "y-z", "y-z-2"]);
        assert_eq!(of(&["A.md", "x/a.md", "-"]), ["A", "x.a", "stdin"]);
    }

    #[test]
    fn many_alike_are_counted() {
        let names: Vec<String> =
            (0..200).map(|n| format!("{}.md", "é".repeat(n % 3 + 1) + &"ü".repeat(n / 3))).collect();
        let got = of(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let unlike: HashSet<&String> = got.iter().collect();
        assert_eq!(unlike.len(), names.len());
    }
}
