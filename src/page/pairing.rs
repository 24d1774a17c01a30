//! Blocks → requests with their responses, in page order.

use super::annotation::{self, Annotation, BlockType};
use super::markdown::Fence;
use super::{Block, BlockKind, Problem};
use crate::case::Content;
use crate::json;
use crate::message::{self, Flaw, Headers, Shown};
use crate::rule;
use crate::source::Span;

/// A documented request and the responses that belong to it.
#[derive(Clone, Debug)]
pub struct Example {
    /// The opening fence.
    pub span: Span,
    /// What the page says of it.
    pub annotation: Annotation,
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
    /// It is annotated `ignored`, though it is an example.
    pub ignored: bool,
    /// Its responses, in page order.
    pub responses: Vec<Answer>,
    block: usize,
    section: usize,
}

/// A documented response.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The opening fence.
    pub span: Span,
    /// What the page says of it.
    pub annotation: Annotation,
    /// The status, where there is a status line.
    pub status: Option<u16>,
    /// As written.
    pub headers: Headers,
    /// The body.
    pub content: Content,
    /// Its place among the page's blocks.
    pub block: usize,
}

/// What a page's blocks are.
pub struct Paired {
    /// The requests.
    pub examples: Vec<Example>,
    /// Every HTTP block, with its fate so far.
    pub blocks: Vec<Block>,
    /// URL templates: method, URL, annotation.
    pub templates: Vec<(String, String, Annotation)>,
}

enum Piece {
    Request(Example),
    Response(Answer, usize),
    Template(usize, String, String, Annotation),
}

/// Reads the fences as HTTP and pairs them.
pub fn pair(page: &std::sync::Arc<str>, fences: &[Fence], problems: &mut Vec<Problem>) -> Paired {
    let mut blocks = Vec::new();
    let mut pieces = Vec::new();
    let annotated_page = fences.iter().any(|fence| {
        let read = fence.comment.as_ref().and_then(|(_, text)| annotation::read(text).0);
        read.is_some_and(|a| a.block_type == Some(BlockType::Request))
    });
    for fence in fences {
        if let Some(piece) = read_fence(page, fence, annotated_page, &mut blocks, problems) {
            pieces.push(piece);
        }
    }
    let pieces = demote_templates(pieces, annotated_page);
    let mut examples: Vec<Example> = Vec::new();
    let mut templates = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Template(block, method, url, annotation) => {
                blocks[block].kind = BlockKind::Template;
                blocks[block].reason = Some("a URL template".to_owned());
                blocks[block].intended = true;
                templates.push((method, url, annotation));
            }
            Piece::Request(example) => examples.push(example),
            Piece::Response(answer, _) => assign(answer, &mut examples, &mut blocks, problems),
        }
    }
    for example in &examples {
        blocks[example.block].owner = Some(example.span.line);
        for answer in &example.responses {
            blocks[answer.block].owner = Some(example.span.line);
        }
    }
    Paired { examples, blocks, templates }
}

/// One fence as HTTP: nothing where it is no HTTP block.
fn read_fence(
    page: &std::sync::Arc<str>,
    fence: &Fence,
    annotated_page: bool,
    blocks: &mut Vec<Block>,
    problems: &mut Vec<Problem>,
) -> Option<Piece> {
    let span = Span::new(page, fence.line);
    let annotation = fence.comment.as_ref().and_then(|(line, text)| {
        let (annotation, flaws) = annotation::read(text);
        let place = || Span::new(page, *line);
        problems.extend(flaws.iter().map(|flaw| Problem::new(&rule::PAGE_ANNOTATION, place(), flaw)));
        annotation
    });
    let said = annotation.as_ref().and_then(|a| a.block_type);
    let (shown, flaws) = message::parse(&fence.text);
    let http_info = matches!(fence.info.as_str(), "http" | "msgraph-interactive");
    let annotated = matches!(said, Some(BlockType::Request | BlockType::Response));
    if !annotated && !http_info && !starts_http(&fence.text) {
        return None;
    }
    let mut block = Block { line: fence.line, kind: BlockKind::Other, owner: None, reason: None, intended: false };
    if said == Some(BlockType::Other) {
        block.kind = match shown {
            Some(Shown::Request(_)) => BlockKind::Request,
            Some(Shown::Response { .. }) => BlockKind::Response,
            None => BlockKind::Other,
        };
        block.reason = Some("the page annotates it as no example".to_owned());
        block.intended = true;
        blocks.push(block);
        return None;
    }
    if fence.unclosed {
        problems.push(Problem::new(&rule::PAGE_UNCLOSED, span.clone(), "the block is never closed"));
    }
    for flaw in &flaws {
        let Flaw::NoBlankLine(at) = flaw;
        let line = fence.line + 1 + u32::try_from(*at).unwrap_or(0);
        problems.push(Problem::new(
            &rule::PAGE_NO_BLANK_LINE,
            Span::new(page, line),
            "no blank line between header fields and body",
        ));
    }
    let at = blocks.len();
    let piece = match shown {
        Some(Shown::Request(request)) => {
            block.kind = BlockKind::Request;
            let raw = annotation.as_ref().is_some_and(|a| a.ours.raw);
            let text = String::from_utf8_lossy(&request.body).into_owned();
            let (content, repaired) = content_of(&text, &request.headers, raw, &span, problems);
            Some(Piece::Request(Example {
                span,
                annotation: annotation.unwrap_or_default(),
                method: request.method,
                url: request.url,
                headers: request.headers,
                content,
                repaired,
                ignored: said == Some(BlockType::Ignored) || (annotated_page && said != Some(BlockType::Request)),
                responses: Vec::new(),
                block: at,
                section: fence.section,
            }))
        }
        Some(Shown::Response { status, headers, body, .. }) => {
            block.kind = BlockKind::Response;
            let (content, _) = content_of(&body, &headers, false, &span, problems);
            let answer =
                Answer { span, annotation: annotation.unwrap_or_default(), status, headers, content, block: at };
            Some(Piece::Response(answer, fence.section))
        }
        None if said == Some(BlockType::Response) && fence.text.trim_start().starts_with(['{', '[']) => {
            // A body alone: a promise without a status.
            block.kind = BlockKind::Response;
            let headers = Headers::default();
            let (content, _) = content_of(fence.text.trim(), &headers, false, &span, problems);
            let annotation = annotation.unwrap_or_default();
            let answer = Answer { span, annotation, status: None, headers, content, block: at };
            Some(Piece::Response(answer, fence.section))
        }
        None => {
            block.reason = Some("neither a request line nor a status line".to_owned());
            let message = "marked as HTTP, but it starts with neither a request line nor a status line";
            let problem = Problem::new(&rule::PAGE_ANNOTATION, span, message);
            problems.push(if annotated { problem } else { problem.warning() });
            None
        }
    };
    blocks.push(block);
    piece
}

fn starts_http(text: &str) -> bool {
    let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or("").trim_start();
    message::method_of(first).is_some() || first.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("http/"))
}

fn content_of(text: &str, headers: &Headers, raw: bool, span: &Span, problems: &mut Vec<Problem>) -> (Content, bool) {
    if text.is_empty() {
        return (Content::None, false);
    }
    let typed = headers.get("content-type").map(message::media_type);
    let looks = text.starts_with(['{', '[']);
    let says = typed.as_deref().is_some_and(message::is_json);
    if raw || !(says || looks) {
        return (Content::Text(text.to_owned()), false);
    }
    match json::read_lenient(text) {
        Ok((value, repaired)) => {
            if repaired {
                problems.push(
                    Problem::new(&rule::PAGE_JSON, span.clone(), "the body is JSON only after mending").warning(),
                );
            }
            (Content::Json(value), repaired)
        }
        Err(error) => {
            if says {
                problems.push(Problem::new(&rule::PAGE_JSON, span.clone(), &format!("the body is not JSON: {error}")));
            }
            (Content::Text(text.to_owned()), false)
        }
    }
}

/// Requests that nobody answers and that are not annotated as requests are URL templates: on an
/// annotated page every unannotated or `ignored` one without a response of its own, elsewhere
/// every one that another request follows.
fn demote_templates(pieces: Vec<Piece>, annotated_page: bool) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    let mut rest = pieces.into_iter().peekable();
    // The annotated request that still waits for its answer: later forms of it take none.
    let mut waiting: Option<usize> = None;
    while let Some(piece) = rest.next() {
        let piece = match piece {
            Piece::Request(example) => {
                let annotated = example.annotation.block_type == Some(BlockType::Request);
                let answered = matches!(rest.peek(), Some(Piece::Response(..)));
                let alternative = !annotated && waiting == Some(example.section);
                if !annotated && (!answered || alternative) && (annotated_page || rest.peek().is_some()) {
                    Piece::Template(example.block, example.method, example.url, example.annotation)
                } else {
                    if annotated {
                        waiting = Some(example.section);
                    }
                    Piece::Request(example)
                }
            }
            Piece::Response(answer, section) => {
                waiting = None;
                Piece::Response(answer, section)
            }
            template @ Piece::Template(..) => template,
        };
        out.push(piece);
    }
    out
}

/// Gives a response to the requests that its `name` says, else to the last one before it.
fn assign(answer: Answer, examples: &mut [Example], blocks: &mut [Block], problems: &mut Vec<Problem>) {
    let mut taken = false;
    for name in &answer.annotation.names {
        // A name may occur twice on a page: the request nearest before the response is meant.
        let named = |e: &&mut Example| e.annotation.names.iter().any(|own| own.eq_ignore_ascii_case(name));
        if let Some(example) = examples.iter_mut().rev().find(named) {
            if example.responses.last().is_none_or(|last| last.block != answer.block) {
                example.responses.push(answer.clone());
            }
            taken = true;
        }
    }
    if taken {
        return;
    }
    match examples.last_mut() {
        Some(last) => last.responses.push(answer),
        None => {
            blocks[answer.block].reason = Some("no request before it".to_owned());
            problems.push(Problem::new(
                &rule::PAGE_ORPHAN_RESPONSE,
                answer.span,
                "this response has no request before it",
            ));
        }
    }
}
