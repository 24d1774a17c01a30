//! Pages → cases and problems. Parsing never fails: what cannot be read becomes a problem with a
//! place, and everything else is kept.

mod annotation;
mod block;
mod cases;
mod docset;
mod include;
mod markdown;
mod pairing;
mod service_root;
mod stems;
mod template;

pub use annotation::{Annotation, BlockType, Flaw, Read, read as read_annotation};
pub use block::{Answer, Example, Parts};
pub use docset::{Docset, Source, Unopened};
pub use markdown::{Comment, Fence};
pub use service_root::{cut, foreign, joins, shape};

use std::path::Path;
use std::sync::Arc;

use crate::case::Case;
use crate::rule::{self, Rule, Severity};
use crate::source::Span;
use markdown::Include;

/// Something wrong with a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// One of the `page/` rules.
    pub rule: &'static Rule,
    /// What it weighs here.
    pub severity: Severity,
    /// Where.
    pub span: Span,
    /// The character in that line, from 1, where it is known; counted in the block's own text.
    pub column: Option<u32>,
    /// What, for a person.
    pub message: String,
    /// A case is lost by it, or is not what the page means.
    pub loses: bool,
    /// What the service's metadata has to do with it, where it has.
    pub against: Option<Against>,
}

/// A part of a body that the metadata does not have so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Against {
    /// JSON pointer into the body; nothing where the annotation is meant.
    pub at: Option<String>,
    /// Page and metadata being of different years explains it: something is gone, or has another
    /// name. Else the page is wrong by itself.
    pub drift: bool,
}

impl Problem {
    /// A problem with the rule's own severity.
    pub fn new(rule: &'static Rule, span: Span, message: &str) -> Self {
        Problem {
            rule,
            severity: rule.severity,
            span,
            column: None,
            message: message.to_owned(),
            loses: false,
            against: None,
        }
    }

    /// The same, as a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The same, at a character of the line.
    #[must_use]
    pub fn column(mut self, column: usize) -> Self {
        self.column = u32::try_from(column).ok();
        self
    }

    fn losing(mut self) -> Self {
        self.loses = true;
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
    /// Its opening fence.
    pub span: Span,
    /// What it is.
    pub kind: BlockKind,
    /// The request that it belongs to (its own for a request), where it is in a case.
    pub owner: Option<Span>,
    /// Why it is in no case.
    pub reason: Option<String>,
    /// It is no example, and nothing is lost.
    pub intended: bool,
}

impl Block {
    fn new(span: Span) -> Self {
        Block { span, kind: BlockKind::Other, owner: None, reason: None, intended: false }
    }

    fn skip(&mut self, reason: &str) {
        self.reason = Some(reason.to_owned());
        self.intended = true;
    }
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

/// A page with all that was read of it, for whoever judges the page itself.
#[derive(Debug)]
pub struct Reading {
    /// What it comes to.
    pub page: Page,
    /// Its text, decoded.
    pub text: String,
    /// Its fenced blocks of any language, those of included files among them.
    pub fences: Vec<Fence>,
    /// Its annotations that stand before no block.
    pub remarks: Vec<Comment>,
    /// Its requests with their responses, before they are made into cases.
    pub examples: Vec<Example>,
}

impl Reading {
    /// The fenced blocks of the page's own text, in order.
    pub fn own_fences(&self) -> impl Iterator<Item = &Fence> {
        self.fences.iter().filter(|fence| fence.span.page == self.page.name)
    }
}

/// Reads one page by itself; what it includes is left out. `name` is how the user named it; its
/// file stem begins the case ids.
pub fn read(name: &str, bytes: &[u8]) -> Page {
    examine(name, bytes).page
}

/// Reads one page by itself, and keeps all that was read of it.
pub fn examine(name: &str, bytes: &[u8]) -> Reading {
    study(&name.into(), &stems::stem(name), bytes.to_vec(), &mut |_| None)
}

/// Reads one page, whose case ids begin with `stem`.
fn study(name: &Arc<str>, stem: &str, bytes: Vec<u8>, include: Include<'_>) -> Reading {
    let mut problems = Vec::new();
    let text = decode(name, bytes, &mut problems);
    let mut read = markdown::read(name, &text, include);
    problems.append(&mut read.problems);
    for comment in read.fences.iter().filter_map(|fence| fence.comment.as_ref()).chain(&read.remarks) {
        for flaw in &comment.flaws {
            let span = comment.span.at_line(comment.span.line.saturating_add(flaw.line));
            let mut problem = Problem::new(&rule::PAGE_ANNOTATION, span, &flaw.message);
            problem.severity = flaw.severity;
            problem.loses = flaw.severity == Severity::Failure;
            problems.push(problem);
        }
    }
    for fence in read.fences.iter().filter(|fence| fence.unclosed) {
        let problem = Problem::new(&rule::PAGE_UNCLOSED, fence.span.clone(), "the block is never closed");
        problems.push(problem.losing());
    }
    let paired = pairing::pair(&read.fences, &mut problems);
    let templates = paired
        .templates
        .iter()
        .filter_map(|shape| service_root::cut(&shape.url).ok().map(|path| (shape.method.clone(), path)));
    let templates = templates.collect();
    let cases = cases::build(stem, &paired, &mut problems);
    problems.sort_by(|a, b| (&a.span, a.column).cmp(&(&b.span, b.column)));
    let page = Page { name: Arc::clone(name), cases, problems, blocks: paired.blocks, templates };
    Reading { page, text, fences: read.fences, remarks: read.remarks, examples: paired.examples }
}

/// The text of a page: UTF-8, or UTF-16 by its byte order mark. Bytes that are neither, and NULs,
/// are replaced, as `CommonMark` (section 2.3) has it; a lone CR ends a line, as there (2.1).
fn decode(name: &Arc<str>, bytes: Vec<u8>, problems: &mut Vec<Problem>) -> String {
    let mut say = |line: usize, message: &str| {
        let span = Span::new(name, u32::try_from(line).unwrap_or(u32::MAX));
        problems.push(Problem::new(&rule::PAGE_ENCODING, span, message).losing());
    };
    let line_of = |bytes: &[u8], at: usize| {
        let lone = memchr::memchr_iter(b'\r', &bytes[..at]).filter(|at| bytes.get(at + 1) != Some(&b'\n')).count();
        memchr::memchr_iter(b'\n', &bytes[..at]).count() + lone + 1
    };
    let wide = match &bytes[..] {
        [0xff, 0xfe, rest @ ..] => Some((rest, u16::from_le_bytes as fn([u8; 2]) -> u16)),
        [0xfe, 0xff, rest @ ..] => Some((rest, u16::from_be_bytes as fn([u8; 2]) -> u16)),
        _ => None,
    };
    let mut text = if let Some((rest, unit)) = wide {
        say(1, "UTF-16; a page is UTF-8");
        let units = rest.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    } else {
        String::from_utf8(bytes).unwrap_or_else(|bad| {
            let at = bad.utf8_error().valid_up_to();
            say(line_of(bad.as_bytes(), at), "not UTF-8 from here; the bytes were replaced");
            String::from_utf8_lossy(bad.as_bytes()).into_owned()
        })
    };
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    if let Some(at) = memchr::memchr(0, text.as_bytes()) {
        say(line_of(text.as_bytes(), at), "a NUL byte, which no text holds; it was replaced");
        text = text.replace('\0', "\u{fffd}");
    }
    if lone_cr(text.as_bytes()) {
        let mut ended = text.into_bytes();
        for at in 0..ended.len() {
            if ended[at] == b'\r' && ended.get(at + 1) != Some(&b'\n') {
                ended[at] = b'\n';
            }
        }
        // Only ASCII was exchanged for ASCII.
        text = String::from_utf8(ended).unwrap_or_default();
    }
    text
}

fn lone_cr(text: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', text).any(|at| text.get(at + 1) != Some(&b'\n'))
}

/// Reads pages that are at hand. Where two share a stem, their ids begin with the parent folders
/// that tell them apart, joined by `.`.
pub fn read_all(sources: &[Source]) -> Vec<Page> {
    let mut pages = Vec::new();
    Docset::of(sources.to_vec()).read(|reading| reading.page, |page| pages.push(page));
    pages
}

/// Opens and reads files and folders of `*.md`: see [`Docset::open`].
///
/// # Errors
/// [`Unopened`] for the first path that cannot be read.
pub fn open_all(paths: &[std::path::PathBuf]) -> Result<Vec<Page>, Unopened> {
    let mut pages = Vec::new();
    let unopened = Docset::open(paths)?.read(|reading| reading.page, |page| pages.push(page));
    unopened.into_iter().next().map_or(Ok(pages), Err)
}

/// `path` as reports show it: `/` as separator, whatever the system's.
fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# x\n\n<!-- {\"blockType\": \"request\", \"name\": \"a\"} -->\n```http\nGET /me\n```\n\n<!-- {\"blockType\": \"response\"} -->\n```http\nHTTP/1.1 204 No Content\n```\n";

    fn problem(bytes: &[u8]) -> (usize, &'static str, u32) {
        let page = read("p.md", bytes);
        assert_eq!(page.problems.len(), 1, "{:?}", page.problems);
        (page.cases.len(), page.problems[0].rule.name, page.problems[0].span.line)
    }

    #[test]
    fn bad_bytes_are_replaced_and_said() {
        for (at, bad) in [(2, &b"\xff"[..]), (2, b"\0")] {
            let mut bytes = PAGE.as_bytes().to_vec();
            bytes.splice(at..at, bad.iter().copied());
            assert_eq!(problem(&bytes), (1, "page/encoding", 1));
        }
        let wide: Vec<u8> = "\u{feff}".encode_utf16().chain(PAGE.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(problem(&wide), (1, "page/encoding", 1));
    }

    #[test]
    fn any_line_end_and_a_byte_order_mark_will_do() {
        let unix = read("p.md", PAGE.as_bytes());
        for text in [PAGE.replace('\n', "\r\n"), PAGE.replace('\n', "\r"), format!("\u{feff}{PAGE}")] {
            let page = read("p.md", text.as_bytes());
            assert_eq!((&page.cases, &page.problems), (&unix.cases, &unix.problems), "{text:?}");
        }
    }
}
