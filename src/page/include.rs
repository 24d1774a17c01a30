//! `[!INCLUDE [title](path)]`: what a page takes from other files of its docset.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::decode;
use super::markdown::{self, Markdown};

/// The most bytes of an include that are looked at.
const LONGEST_INCLUDE: usize = 2_048;

/// `[!INCLUDE [title](path)]`, each with its place.
pub fn named(text: &str) -> impl Iterator<Item = (usize, &str)> {
    memchr::memmem::find_iter(text.as_bytes(), "[!").filter_map(|at| {
        let rest = &text[at + 2..];
        let rest = rest.get(7..).filter(|_| rest.as_bytes()[..7].eq_ignore_ascii_case(b"include"))?;
        let rest = rest.trim_start_matches([' ', '\t']).strip_prefix('[')?;
        let line = rest[..rest.floor_char_boundary(LONGEST_INCLUDE)].lines().next().unwrap_or("");
        let path = line.split_once("](")?.1;
        let path = path.split_once(')')?.0.trim();
        Some((at, path.trim_matches(['<', '>'])))
    })
}

/// Files that mark the root of a docset.
const ROOTS: [&str; 3] = [".git", "docfx.json", ".openpublishing.publish.config.json"];

/// The folders from which a page may include: the root of its docset, where a file marks it; else
/// the folder given, and the folders named `includes` beside it and beside the one above.
pub fn roots(path: &Path, is_folder: bool) -> Vec<PathBuf> {
    let Ok(whole) = path.canonicalize() else { return Vec::new() };
    let folder = if is_folder { whole.as_path() } else { whole.parent().unwrap_or(&whole) };
    if let Some(root) = folder.ancestors().find(|folder| ROOTS.iter().any(|mark| folder.join(mark).exists())) {
        return vec![root.to_owned()];
    }
    let beside = folder.ancestors().skip(1).take(2).map(|above| above.join("includes"));
    std::iter::once(folder.to_owned()).chain(beside).collect()
}

/// The most files that one page may include, all levels together.
const MOST_INCLUDED: usize = 256;

/// The most bytes that they may hold together.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// The deepest that files include each other.
const DEEPEST: usize = 8;

/// The largest file that is included, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;

/// What is known of the files that pages include.
#[derive(Debug, Default)]
pub struct Included {
    /// The pages, which are read as themselves and are no part of another.
    pages: HashSet<PathBuf>,
    /// The text of each that holds a block, by its canonical path.
    known: Mutex<HashMap<PathBuf, Option<Arc<[u8]>>>>,
    /// Files and folders, as they were named, and their canonical paths, if they are there.
    paths: Mutex<HashMap<PathBuf, Option<PathBuf>>>,
}

impl Included {
    /// Nothing is known yet; `pages` are read as themselves.
    pub fn of(pages: HashSet<PathBuf>) -> Self {
        Included { pages, ..Included::default() }
    }

    /// The canonical path of a file, if it is there. That of a folder is asked for once.
    fn whole(&self, path: &Path) -> Option<PathBuf> {
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = paths.get(path) {
            return known.clone();
        }
        let (folder, name) = (path.parent()?, path.file_name()?);
        let below = match paths.get(folder) {
            Some(known) => known.clone(),
            None => paths.entry(folder.to_owned()).or_insert_with(|| folder.canonicalize().ok()).clone(),
        };
        let whole = below.and_then(|below| match std::fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_symlink() => path.canonicalize().ok(),
            Ok(_) => Some(below.join(name)),
            Err(_) => None,
        });
        paths.insert(path.to_owned(), whole.clone());
        whole
    }

    /// The bytes of a file that holds an HTTP block, or may.
    fn get(&self, path: &Path) -> Option<Arc<[u8]>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(path) {
            return found.clone();
        }
        let is_page = self.pages.contains(path);
        let is_small = |path: &Path| std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() <= LARGEST);
        let bytes = (!is_page && is_small(path)).then(|| std::fs::read(path).ok()).flatten();
        let bytes = bytes.filter(|bytes| may_hold_example(bytes)).map(Arc::from);
        known.insert(path.to_owned(), bytes.clone());
        bytes
    }

    /// Whether a page includes a file, so far.
    pub fn has(&self, path: &Path) -> bool {
        let Some(path) = self.whole(path) else { return false };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&path).is_some_and(Option::is_some)
    }
}

/// Whether a file is worth reading as Markdown: it holds a fence and what HTTP starts with.
fn may_hold_example(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let fenced = text.contains("```") || text.contains("~~~") || text.contains("[!");
    let methods = crate::message::METHODS;
    fenced && (text.contains("HTTP/") || text.contains("[!") || methods.iter().any(|method| text.contains(method)))
}

/// The files that one page includes.
pub struct Inclusion<'a> {
    roots: &'a [PathBuf],
    included: &'a Included,
    /// The files that are being read, outermost first.
    open: Vec<PathBuf>,
    left: usize,
    bytes_left: usize,
}

impl<'a> Inclusion<'a> {
    /// Those of one page, from files below `roots`.
    pub fn new(roots: &'a [PathBuf], included: &'a Included) -> Self {
        Inclusion { roots, included, open: Vec::new(), left: MOST_INCLUDED, bytes_left: MOST_BYTES }
    }

    /// The file that `from` (shown as `name`) includes as `named`, if it is a part of the docset
    /// and holds a block.
    pub fn of(&mut self, name: &str, from: &Path, named: &str) -> Option<Markdown> {
        if self.left == 0 || self.open.len() > DEEPEST || Path::new(named).is_absolute() {
            return None;
        }
        if self.open.is_empty() {
            self.open.push(self.included.whole(from)?);
        }
        // `~/` is the root of the docset.
        let path = match named.strip_prefix("~/") {
            Some(below) => self.roots.first()?.join(below),
            None => from.parent()?.join(named),
        };
        let path = self.included.whole(&path)?;
        if self.open.contains(&path) || !self.roots.iter().any(|root| path.starts_with(root)) {
            return None;
        }
        let bytes = self.included.get(&path)?;
        self.left -= 1;
        let shown: Arc<str> = beside(name, named).into();
        self.bytes_left = self.bytes_left.checked_sub(bytes.len())?;
        let mut problems = Vec::new();
        let text = decode(&shown, bytes.to_vec(), &mut problems);
        self.open.push(path.clone());
        let mut read = markdown::read(&shown, &text, &mut |inner| self.of(&shown, &path, inner));
        self.open.pop();
        read.problems.append(&mut problems);
        Some(read)
    }
}

/// How a file is shown that the page shown as `name` includes as `named`.
fn beside(name: &str, named: &str) -> String {
    let mut parts: Vec<&str> = name.split('/').collect();
    parts.pop();
    for part in Path::new(named).components() {
        match part {
            Component::ParentDir if parts.last().is_some_and(|last| !matches!(*last, ".." | "." | "")) => {
                parts.pop();
            }
            Component::ParentDir => parts.push(".."),
            Component::Normal(part) => parts.push(part.to_str().unwrap_or("")),
            _ => {}
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_included_file_is_shown_beside_its_page() {
        assert_eq!(beside("docs/api/x.md", "../includes/y.md"), "docs/includes/y.md");
        assert_eq!(beside("x.md", "../y.md"), "../y.md");
        assert_eq!(beside("./x.md", "z/y.md"), "./z/y.md");
        assert_eq!(beside("../x.md", "../y.md"), "../../y.md");
    }
}
