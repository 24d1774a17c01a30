//! One fence → the HTTP messages in it, and what kind of block it is.

use std::cell::OnceCell;
use std::sync::Arc;

use super::annotation::{Annotation, BlockType};
use super::markdown::Fence;
use super::{Block, BlockKind, Problem};
use crate::case::Content;
use crate::json;
use crate::message::{self, Flaw, Headers, Shown, Start};
use crate::rule;
use crate::source::Span;

/// A documented request and the responses that belong to it.
#[derive(Clone, Debug)]
pub struct Example {
    /// The opening fence.
    pub span: Span,
    /// What the page says of it.
    pub annotation: Arc<Annotation>,
    /// Upper case.
    pub method: String,
    /// As written, without the version.
    pub url: String,
    /// As written.
    pub headers: Headers,
    /// The body.
    pub content: Content,
    /// The body had to be mended.
    pub repaired: bool,
    /// Where its parts are.
    pub parts: Parts,
    /// Why it is no case of its own, where the page says or shows so.
    pub aside: Option<&'static str>,
    /// Its responses, in page order.
    pub responses: Vec<Answer>,
    /// Its place among the page's blocks.
    pub block: usize,
    /// The headings it stands under: see [`Fence`].
    pub section: usize,
    /// The same of the first two levels.
    pub chapter: usize,
}

/// A documented response.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The opening fence.
    pub span: Span,
    /// What the page says of it.
    pub annotation: Arc<Annotation>,
    /// The status, where there is a status line.
    pub status: Option<u16>,
    /// The reason phrase, as written.
    pub phrase: String,
    /// As written.
    pub headers: Headers,
    /// The body.
    pub content: Content,
    /// Where its parts are.
    pub parts: Parts,
    /// Its place among the page's blocks.
    pub block: usize,
}

/// The lines of a page on which the parts of a message begin.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    /// The start line.
    pub start: u32,
    /// The body; where there is none, the line after the header fields.
    pub body: u32,
}

/// One URL of a template block.
pub struct Shape {
    /// Upper case.
    pub method: String,
    /// As written.
    pub url: String,
    /// What the page says of it.
    pub annotation: Arc<Annotation>,
}

/// What a block adds to a page.
pub enum Piece {
    Request(Example),
    Response {
        answer: Answer,
        bare: bool,
    },
    /// A block that holds requests alone, several or not for a reader to send.
    Templates(usize, Vec<Shape>),
}

const NO_EXAMPLE: &str = "the page does not mark this request as an example";

/// One fence as HTTP; nothing where it is no HTTP block.
pub fn read(fence: &Fence, blocks: &mut Vec<Block>, pieces: &mut Vec<Piece>, problems: &mut Vec<Problem>) {
    let annotation = fence.comment.as_ref().and_then(|comment| comment.annotation.clone());
    let said = annotation.as_ref().and_then(|a| a.block_type);
    let http_info = matches!(fence.info.as_str(), "http" | "msgraph-interactive");
    let marked = matches!(said, Some(BlockType::Request | BlockType::Response | BlockType::Ignored));
    if !marked && !http_info && !starts_http(&fence.text) {
        return;
    }
    let mut messages = message::read(&fence.text);
    let is_request = |m: &Shown| matches!(m.start, Start::Request { .. });
    let at = blocks.len();
    let mut block = Block::new(fence.span.clone());
    // One that holds both is the request's.
    block.kind = match messages.first() {
        Some(_) if messages.iter().any(is_request) => BlockKind::Request,
        Some(_) => BlockKind::Response,
        None => BlockKind::Other,
    };
    if said == Some(BlockType::Other) || (messages.is_empty() && said == Some(BlockType::Ignored)) {
        block.skip("the page annotates it as no example");
        blocks.push(block);
        if !messages.is_empty() && messages.iter().all(is_request) {
            pieces.push(Piece::Templates(at, shapes(&messages, &annotation.unwrap_or_default())));
        }
        return;
    }
    if let Some(line) = fence.text.lines().position(opens_fence) {
        let span = fence.span.at_line(fence.span.line + 1 + lines(line));
        let message = "a fence opens inside this block: the one before it was not closed";
        problems.push(Problem::new(&rule::PAGE_UNCLOSED, span, message).losing());
    }
    if messages.is_empty() {
        fragment(fence, annotation, block, blocks, pieces, problems);
        return;
    }
    let annotation = annotation.unwrap_or_default();
    let several = messages.len() > 1 && messages.iter().all(is_request);
    if several && said != Some(BlockType::Request) {
        pieces.push(Piece::Templates(at, shapes(&messages, &annotation)));
        blocks.push(block);
        return;
    }
    if several {
        let line = fence.span.line + 1 + lines(messages[1].line);
        let message = "only the first request of a block is read; give each a block of its own";
        problems.push(Problem::new(&rule::PAGE_SEVERAL_REQUESTS, fence.span.at_line(line), message).losing());
        messages.truncate(1);
    }
    let wrong_role = match block.kind {
        BlockKind::Request => said == Some(BlockType::Response),
        _ => said == Some(BlockType::Request),
    };
    if wrong_role {
        let (says, is) =
            if block.kind == BlockKind::Request { ("response", "request") } else { ("request", "response") };
        let message = format!("annotated as a {says}, but it is a {is}");
        problems.push(Problem::new(&rule::PAGE_ANNOTATION, fence.span.clone(), &message));
    }
    let text = OnceCell::new();
    for shown in messages {
        for flaw in &shown.flaws {
            let (rule, line, message) = match flaw {
                Flaw::NoBlankLine(line) => {
                    (&rule::PAGE_NO_BLANK_LINE, line, "no blank line between header fields and body")
                }
                Flaw::NoField(line) => (&rule::PAGE_HEADER, line, "not a header field; it is not sent"),
            };
            problems.push(Problem::new(rule, fence.span.at_line(fence.span.line + 1 + lines(*line)), message));
        }
        pieces.push(piece(fence, &text, &annotation, shown, at, problems));
    }
    blocks.push(block);
}

/// Whether a line opens a fence with an info string, as no example's own text does.
fn opens_fence(line: &str) -> bool {
    let info = line.trim_start().strip_prefix("```").map(|info| info.trim_start_matches('`').trim());
    info.is_some_and(|info| !info.is_empty() && info.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
}

/// A block that is marked as HTTP and holds no message: part of one, or something else.
fn fragment(
    fence: &Fence,
    annotation: Option<Arc<Annotation>>,
    mut block: Block,
    blocks: &mut Vec<Block>,
    pieces: &mut Vec<Piece>,
    problems: &mut Vec<Problem>,
) {
    let said = annotation.as_ref().and_then(|a| a.block_type);
    let text = fence.text.trim();
    let first = text.lines().next().unwrap_or("");
    if said == Some(BlockType::Response) && text.starts_with(['{', '[']) {
        // A body alone: a promise without a status.
        block.kind = BlockKind::Response;
        let gap = fence.text.lines().take_while(|line| line.trim().is_empty()).count();
        let body = Shown {
            start: Start::Bare,
            line: gap,
            headers: Headers::default(),
            body: text.to_owned(),
            body_line: gap,
            flaws: Vec::new(),
        };
        let annotation = annotation.unwrap_or_default();
        pieces.push(piece(fence, &OnceCell::new(), &annotation, body, blocks.len(), problems));
    } else if said == Some(BlockType::Request) || said == Some(BlockType::Response) {
        let message = match said {
            Some(BlockType::Request) => "annotated as a request, but it does not start with a method and a URL",
            _ => "annotated as a response, but it does not start with a status line",
        };
        block.reason = Some("neither a request line nor a status line".to_owned());
        problems.push(Problem::new(&rule::PAGE_ANNOTATION, fence.span.clone(), message).losing());
    } else if text.is_empty() {
        block.skip("an empty block");
    } else if text.starts_with(['{', '[', '<']) {
        block.skip("a body alone, without the message it belongs to");
    } else if first.contains("://") || first.starts_with(['/', '?', '$', '&']) {
        block.skip("a URL alone, without a method");
    } else {
        block.reason = Some("neither a request line nor a status line".to_owned());
        let message = "marked as HTTP, but it starts with neither a request line nor a status line";
        problems.push(Problem::new(&rule::PAGE_ANNOTATION, fence.span.clone(), message).warning().losing());
    }
    blocks.push(block);
}

fn piece<'f>(
    fence: &'f Fence,
    text: &OnceCell<Vec<&'f str>>,
    annotation: &Arc<Annotation>,
    shown: Shown,
    block: usize,
    problems: &mut Vec<Problem>,
) -> Piece {
    let line = |line: usize| fence.span.line + 1 + lines(line);
    let parts = Parts { start: line(shown.line), body: line(shown.body_line) };
    let span = fence.span.clone();
    let raw = annotation.ours.raw;
    // The text of a body begins with its first character: what that was set in counts for columns.
    let set_in = || {
        let text = text.get_or_init(|| fence.text.lines().collect());
        text.get(shown.body_line).map_or(0, |first| first.chars().take_while(|c| c.is_whitespace()).count())
    };
    let (content, repaired) = content_of(&shown, raw, &span.at_line(parts.body), set_in, problems);
    match shown.start {
        Start::Request { method, url } => Piece::Request(Example {
            span,
            annotation: Arc::clone(annotation),
            method: method.to_owned(),
            url,
            headers: shown.headers,
            content,
            repaired,
            parts,
            aside: (annotation.block_type == Some(BlockType::Ignored)).then_some(NO_EXAMPLE),
            responses: Vec::new(),
            block,
            section: fence.section,
            chapter: fence.chapter,
        }),
        start => {
            let bare = start == Start::Bare && annotation.block_type != Some(BlockType::Response);
            let (status, phrase) = match start {
                Start::Status { code, phrase } => (code, phrase),
                _ => (None, String::new()),
            };
            let annotation = Arc::clone(annotation);
            let answer = Answer { span, annotation, status, phrase, headers: shown.headers, content, parts, block };
            Piece::Response { answer, bare }
        }
    }
}

fn lines(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX - 1)
}

fn shapes(messages: &[Shown], annotation: &Arc<Annotation>) -> Vec<Shape> {
    let of = |shown: &Shown| match &shown.start {
        Start::Request { method, url } => {
            Some(Shape { method: (*method).to_owned(), url: url.clone(), annotation: Arc::clone(annotation) })
        }
        _ => None,
    };
    messages.iter().filter_map(of).collect()
}

/// Whether a fence of any language starts as HTTP does, and as prose does not.
fn starts_http(text: &str) -> bool {
    let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or("").trim_start();
    let target = first.split_whitespace().nth(1).unwrap_or("");
    let method = message::METHODS.iter().any(|m| first.starts_with(*m) && first[m.len()..].starts_with([' ', '\t']));
    (method && target.contains(['/', '{'])) || first.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("http/"))
}

fn content_of(
    shown: &Shown,
    raw: bool,
    span: &Span,
    set_in: impl Fn() -> usize,
    problems: &mut Vec<Problem>,
) -> (Content, bool) {
    let text = shown.body.as_str();
    if text.is_empty() {
        return (Content::None, false);
    }
    let typed = shown.headers.get("content-type").map(message::media_type);
    let says = typed.as_deref().is_some_and(message::is_json);
    let mut begins = text.chars().filter(|c| !c.is_whitespace());
    let looks = matches!(begins.next(), Some('{' | '['));
    if raw || !(says || looks) {
        return (Content::Text(text.into()), false);
    }
    let place = |trouble: &json::Trouble| {
        let column = trouble.column + if trouble.line == 1 { set_in() } else { 0 };
        (span.at_line(span.line + lines(trouble.line - 1)), column)
    };
    match json::read_lenient(text) {
        Ok(json::Lenient { value, mends }) => {
            // The first slip says more than the first shorthand.
            let worst = mends.iter().find(|m| !m.what.is_shorthand()).or(mends.first());
            if let Some(worst) = worst {
                let (span, column) = place(worst);
                let message = format!("the body is JSON only after mending: {}", worst.what);
                let problem = Problem::new(&rule::PAGE_JSON, span, &message).column(column);
                problems.push(if worst.what.is_shorthand() { problem.warning() } else { problem });
            }
            (Content::Json(value.into()), !mends.is_empty())
        }
        Err(trouble) => {
            // `{Raw bytes of the file}` is no JSON and does not pretend to be.
            let pretends = matches!(begins.next(), Some('"' | '{' | '[' | '}' | ']' | '\''));
            if looks && (pretends || (says && text.contains(':'))) {
                let (span, column) = place(&trouble);
                let message = format!("the body is not JSON: {}", trouble.what);
                problems.push(Problem::new(&rule::PAGE_JSON, span, &message).column(column).losing());
            }
            (Content::Text(text.into()), false)
        }
    }
}
