//! Pages → cases and problems. Parsing never fails: what cannot be read becomes a problem with a
//! place, and everything else is kept.

mod annotation;
mod cases;
mod markdown;
mod pairing;
mod service_root;

pub use service_root::{joins, shape};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::case::{Case, clean};
use crate::rule::{self, Rule, Severity};
use crate::source::Span;

/// Something wrong with a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// One of the `page/` rules.
    pub rule: &'static Rule,
    /// What it weighs here.
    pub severity: Severity,
    /// Where.
    pub span: Span,
    /// What, for a person.
    pub message: String,
}

impl Problem {
    fn new(rule: &'static Rule, span: Span, message: &str) -> Self {
        Problem { rule, severity: rule.severity, span, message: message.to_owned() }
    }

    fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }
}

/// What an HTTP block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// An example request.
    Request,
    /// An example response.
    Response,
    /// A URL template.
    Template,
    /// Neither.
    Other,
}

impl BlockKind {
    /// The word used in reports.
    pub fn name(self) -> &'static str {
        match self {
            BlockKind::Request => "request",
            BlockKind::Response => "response",
            BlockKind::Template => "template",
            BlockKind::Other => "other",
        }
    }
}

/// One HTTP block of a page and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The line of its opening fence.
    pub line: u32,
    /// What it is.
    pub kind: BlockKind,
    /// The line of the request that it belongs to (its own for a request), where it is in a case.
    pub owner: Option<u32>,
    /// Why it is in no case.
    pub reason: Option<String>,
    /// The page itself says that it is no example.
    pub intended: bool,
}

/// One page, read.
#[derive(Clone, Debug)]
pub struct Page {
    /// How the user named it.
    pub name: Arc<str>,
    /// Its cases, in page order.
    pub cases: Vec<Case>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// Its HTTP blocks.
    pub blocks: Vec<Block>,
    /// Its URL templates: method and path.
    pub templates: Vec<(String, String)>,
}

/// Reads one page. `name` is how the user named it; its file stem begins the case ids.
pub fn read(name: &str, bytes: &[u8]) -> Page {
    let name: Arc<str> = name.into();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes);
    let mut problems = Vec::new();
    if let Err(bad) = std::str::from_utf8(bytes) {
        let line = bytes[..bad.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        let span = Span::new(&name, u32::try_from(line).unwrap_or(u32::MAX));
        problems.push(Problem::new(&rule::PAGE_ENCODING, span, "not UTF-8 from here; the bytes were replaced"));
    }
    let fences = markdown::fences(&text);
    let paired = pairing::pair(&name, &fences, &mut problems);
    let stem = Path::new(&*name).file_stem().map_or_else(|| name.to_string(), |s| s.to_string_lossy().into_owned());
    let templates = paired
        .templates
        .iter()
        .filter_map(|(method, url, _)| service_root::cut(url).ok().map(|path| (method.clone(), path)));
    let templates = templates.collect();
    let cases = cases::build(&stem, &paired, &mut problems);
    problems.sort_by_key(|p| p.span.line);
    Page { name, cases, problems, blocks: paired.blocks, templates }
}

/// Pages that could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum Unopened {
    /// The path cannot be read.
    #[error("{path}: {reason}")]
    Io {
        /// As the user named it.
        path: String,
        /// Why.
        reason: String,
    },
    /// The folder holds no page.
    #[error("{0}: the folder holds no *.md page")]
    Empty(String),
    /// The file is not text.
    #[error("{0}: not a Markdown page (it holds NUL bytes)")]
    Binary(String),
}

/// A page's source text: how the user named it, and its bytes.
pub type Source = (String, Vec<u8>);

/// Opens files and folders of `*.md` (by name, deep), in the order given; each file once.
///
/// # Errors
/// [`Unopened`] for the first path that cannot be read.
pub fn open(paths: &[PathBuf]) -> Result<Vec<Source>, Unopened> {
    let mut sources = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for path in paths {
        let shown = path.to_string_lossy().replace('\\', "/");
        let io = |error: std::io::Error| Unopened::Io { path: shown.clone(), reason: plain(&error) };
        let mut files = Vec::new();
        if std::fs::metadata(path).map_err(io)?.is_dir() {
            collect(path, &mut files).map_err(io)?;
            if files.is_empty() {
                return Err(Unopened::Empty(shown));
            }
        } else if path.is_file() {
            files.push(path.clone());
        } else {
            return Err(Unopened::Io { path: shown, reason: "neither a file nor a folder".to_owned() });
        }
        for file in files {
            let key = file.canonicalize().unwrap_or_else(|_| file.clone());
            if !seen.insert(key) {
                continue;
            }
            let name = file.to_string_lossy().replace('\\', "/");
            let bytes =
                std::fs::read(&file).map_err(|error| Unopened::Io { path: name.clone(), reason: plain(&error) })?;
            if bytes.contains(&0) {
                return Err(Unopened::Binary(name));
            }
            sources.push((name, bytes));
        }
    }
    Ok(sources)
}

fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        // A link to a folder is not followed: it may lead back up.
        if entry.file_type()?.is_dir() {
            collect(&path, into)?;
        } else if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("md")) && path.is_file() {
            into.push(path);
        }
    }
    Ok(())
}

/// Reads many pages. Where two share a stem, their ids begin with the parent folders that tell
/// them apart, joined by `.`.
pub fn read_all(sources: &[Source]) -> Vec<Page> {
    let mut pages: Vec<Page> = sources.iter().map(|(name, bytes)| read(name, bytes)).collect();
    let mut by_stem: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, (name, _)) in sources.iter().enumerate() {
        let stem = clean(&stems(name, 1)).to_ascii_lowercase();
        by_stem.entry(stem).or_default().push(at);
    }
    for shared in by_stem.values().filter(|shared| shared.len() > 1) {
        let deepest = shared.iter().map(|at| sources[*at].0.split('/').count()).max().unwrap_or(1);
        let told_apart = |depth: &usize| {
            let mut ids: Vec<String> =
                shared.iter().map(|at| clean(&stems(&sources[*at].0, *depth)).to_ascii_lowercase()).collect();
            ids.sort();
            ids.windows(2).all(|pair| pair[0] != pair[1])
        };
        let depth = (2..=deepest).find(told_apart).unwrap_or(deepest);
        for at in shared {
            let stem = stems(&sources[*at].0, depth);
            for case in &mut pages[*at].cases {
                case.id = case.id.with_stem(&stem);
            }
        }
    }
    // Names that only differ in what an id cannot hold are told apart by number.
    let mut seen = std::collections::HashSet::new();
    for page in &mut pages {
        let ids = |page: &Page| -> Vec<String> {
            page.cases.iter().map(|case| case.id.as_str().to_ascii_lowercase()).collect()
        };
        let stem = page.cases.first().map_or(String::new(), |case| case.id.stem().to_owned());
        let mut number = 2;
        while ids(page).iter().any(|id| seen.contains(id)) {
            for case in &mut page.cases {
                case.id = case.id.with_stem(&format!("{stem}-{number}"));
            }
            number += 1;
        }
        seen.extend(ids(page));
    }
    pages
}

/// The last `depth` parts of a page's path, the extension cut off, joined by `.`.
fn stems(name: &str, depth: usize) -> String {
    let path = Path::new(name).with_extension("");
    let parts: Vec<String> = path
        .components()
        .filter_map(|part| match part {
            std::path::Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect();
    parts[parts.len().saturating_sub(depth)..].join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# x\n\n<!-- {\"blockType\": \"request\", \"name\": \"a\"} -->\n```http\nGET /me\n```\n\n<!-- {\"blockType\": \"response\"} -->\n```http\nHTTP/1.1 204 No Content\n```\n";

    #[test]
    fn pages_that_share_a_stem_are_told_apart() {
        let sources = ["v1.0/api/a.md", "beta/api/a.md", "beta/api/b.md"].map(|name| (name.to_owned(), PAGE.into()));
        let ids: Vec<String> = read_all(&sources).iter().map(|p| p.cases[0].id.to_string()).collect();
        assert_eq!(ids, ["v1.0.api.a/a/204", "beta.api.a/a/204", "b/a/204"]);
        let sources = ["x/a.md", "y/a.md", "x.a.md", "y z.md", "y-z.md"].map(|name| (name.to_owned(), PAGE.into()));
        let ids: Vec<String> = read_all(&sources).iter().map(|p| p.cases[0].id.to_string()).collect();
        assert_eq!(ids, ["x.a/a/204", "y.a/a/204", "x.a-2/a/204", "y-z/a/204", "y-z-2/a/204"]);
    }

    #[test]
    fn bad_bytes_are_replaced_and_said() {
        let mut bytes = PAGE.as_bytes().to_vec();
        bytes.insert(2, 0xff);
        let page = read("p.md", &bytes);
        assert_eq!((page.cases.len(), page.problems[0].rule.name, page.problems[0].span.line), (1, "page/encoding", 1));
    }
}
