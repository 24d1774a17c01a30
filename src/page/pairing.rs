//! Blocks → requests with their responses, in page order.

use std::collections::HashMap;

use super::annotation::BlockType;
use super::block::{self, Answer, Example, Piece, Shape};
use super::markdown::Fence;
use super::{Block, BlockKind, Problem};
use crate::case::Content;
use crate::rule;

/// What a page's blocks are.
pub struct Paired {
    /// The requests.
    pub examples: Vec<Example>,
    /// Every HTTP block, with its fate so far.
    pub blocks: Vec<Block>,
    /// URL templates.
    pub templates: Vec<Shape>,
}

const OTHER_FORM: &str = "another form of the request before it, which alone is answered";

/// Reads the fences as HTTP and pairs them.
pub fn pair(fences: &[Fence], problems: &mut Vec<Problem>) -> Paired {
    let mut blocks = Vec::new();
    let mut pieces = Vec::new();
    for fence in fences {
        block::read(fence, &mut blocks, &mut pieces, problems);
    }
    let mut examples = Examples::default();
    let mut templates = Vec::new();
    let mut answers = Vec::new();
    for piece in told_apart(pieces, &mut blocks) {
        match piece {
            Piece::Templates(block, shapes) => {
                blocks[block].kind = BlockKind::Template;
                blocks[block].skip("a URL template");
                templates.extend(shapes);
            }
            Piece::Request(example) => examples.push(example),
            Piece::Response { answer, .. } => answers.push((examples.all.len(), answer)),
        }
    }
    for (before, answer) in answers {
        examples.assign(before, answer, &mut blocks, problems);
    }
    let examples = examples.all;
    for example in &examples {
        blocks[example.block].owner = Some(example.span.clone());
        for answer in &example.responses {
            blocks[answer.block].owner = Some(example.span.clone());
        }
    }
    Paired { examples, blocks, templates }
}

/// Tells examples from URL templates, and answers from header fields that stand alone.
///
/// An unannotated (or `ignored`) request that nothing answers is a template where it is a bare
/// relative URL, or stands in a chapter before the first that holds an example. One that follows
/// an annotated request which still waits for its answer, under the same heading, is another form
/// of it.
fn told_apart(pieces: Vec<Piece>, blocks: &mut [Block]) -> Vec<Piece> {
    let is_annotated =
        |example: &Example| matches!(example.annotation.block_type, Some(BlockType::Request | BlockType::Response));
    let answered = |at: usize| matches!(pieces.get(at + 1), Some(Piece::Response { bare: false, .. }));
    let first = pieces.iter().enumerate().find_map(|(at, piece)| match piece {
        Piece::Request(example) if is_annotated(example) || answered(at) => Some(example.chapter),
        _ => None,
    });
    let followed: Vec<bool> = (0..pieces.len()).map(answered).collect();
    let mut out: Vec<Piece> = Vec::with_capacity(pieces.len());
    let mut waiting: Option<usize> = None;
    for (piece, answered) in pieces.into_iter().zip(followed) {
        out.push(match piece {
            Piece::Request(mut example) => {
                let annotated = is_annotated(&example);
                let bare = example.headers.0.is_empty() && example.content == Content::None;
                let relative = !example.url.contains("://");
                let early = first.is_some_and(|first| example.chapter < first);
                let other_form = !annotated && waiting == Some(example.section);
                if !annotated && (!answered || other_form) && (early || (bare && relative)) {
                    let shape = Shape { method: example.method, url: example.url, annotation: example.annotation };
                    Piece::Templates(example.block, vec![shape])
                } else {
                    if other_form {
                        example.aside = Some(OTHER_FORM);
                    } else {
                        waiting = annotated.then_some(example.section);
                    }
                    Piece::Request(example)
                }
            }
            Piece::Response { answer, bare: true } => {
                // Fields that nothing asked for are a remark on some request.
                let asked = matches!(out.last(), Some(Piece::Request(e)) if e.aside.is_none());
                if asked && answer.headers.get("content-type").is_some() {
                    waiting = None;
                    Piece::Response { answer, bare: false }
                } else {
                    // Fields before a request in one block are the request's block.
                    if blocks[answer.block].kind != BlockKind::Request {
                        blocks[answer.block].kind = BlockKind::Other;
                        blocks[answer.block].skip("header fields alone, without the message they belong to");
                    }
                    continue;
                }
            }
            Piece::Response { answer, bare } => {
                waiting = None;
                Piece::Response { answer, bare }
            }
            templates @ Piece::Templates(..) => templates,
        });
    }
    out
}

/// The requests of a page, and which of them have a name.
#[derive(Default)]
struct Examples {
    all: Vec<Example>,
    /// By name, in page order.
    named: HashMap<String, Vec<usize>>,
    /// Those that take an answer by their place alone.
    plain: Vec<usize>,
}

/// The most responses of one request, and the most requests that one response names. Pages have up
/// to five; without a limit a small page could ask for any amount of memory.
const MOST: usize = 64;

impl Examples {
    fn push(&mut self, example: Example) {
        for name in &example.annotation.names {
            self.named.entry(name.to_ascii_lowercase()).or_default().push(self.all.len());
        }
        if example.aside != Some(OTHER_FORM) {
            self.plain.push(self.all.len());
        }
        self.all.push(example);
    }

    /// Gives a response to the requests that its `name` says, else to the last of the `before`
    /// requests that stand before it. A name may occur twice on a page: the nearest request before
    /// the response is meant, or where there is none, the first after it.
    fn assign(&mut self, before: usize, answer: Answer, blocks: &mut [Block], problems: &mut Vec<Problem>) {
        let nearest = |name: &String| {
            let all = self.named.get(&name.to_ascii_lowercase())?;
            let earlier = all.partition_point(|at| *at < before);
            all.get(earlier.saturating_sub(1)).copied()
        };
        let mut meant: Vec<usize> = answer.annotation.names.iter().take(MOST).filter_map(nearest).collect();
        meant.sort_unstable();
        meant.dedup();
        if meant.is_empty() {
            let earlier = self.plain.partition_point(|at| *at < before);
            meant.extend(self.plain[..earlier].last());
        }
        let block = &mut blocks[answer.block];
        let mut lost = |reason: &str, message: &str| {
            block.reason = Some(reason.to_owned());
            let problem = Problem::new(&rule::PAGE_ORPHAN_RESPONSE, answer.span.clone(), message).losing();
            // On a page without annotations it may be no more than an illustration.
            let annotated = answer.annotation.block_type.is_some();
            problems.push(if annotated { problem } else { problem.warning() });
        };
        if meant.is_empty() && answer.annotation.block_type == Some(BlockType::Ignored) {
            block.skip("the page annotates it as no example");
            return;
        }
        if meant.is_empty() {
            lost("no request before it", "this response has no request before it");
        } else if meant.iter().all(|at| self.all[*at].responses.len() >= MOST) {
            lost("its request has too many responses", "this response is one too many: its request has 64 already");
        }
        for at in meant {
            if self.all[at].responses.len() < MOST {
                self.all[at].responses.push(answer.clone());
            }
        }
    }
}
