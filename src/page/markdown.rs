//! Markdown → fenced blocks, each with the comment before it. The only user of `pulldown-cmark`.

use std::borrow::Cow;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A fenced block of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The line of the opening fence, from 1.
    pub line: u32,
    /// The info string's first word, lower case.
    pub info: String,
    /// What is inside, without the indentation of its container.
    pub text: String,
    /// The HTML comment before it that no other fence has taken, and its line.
    pub comment: Option<(u32, String)>,
    /// Which heading it stands under, counted from 0; headings of language tabs do not count.
    pub section: usize,
    /// The file ends before the closing fence.
    pub unclosed: bool,
}

/// The fences of `text`, in order.
pub fn fences(text: &str) -> Vec<Fence> {
    let starts: Vec<usize> =
        std::iter::once(0).chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1)).collect();
    let line_of = |offset: usize| u32::try_from(starts.partition_point(|s| *s <= offset)).unwrap_or(u32::MAX);

    let mut found: Vec<Fence> = Vec::new();
    let mut comment: Option<(u32, String)> = None;
    let mut html = String::new();
    let mut html_line = 0;
    let mut section = 0;
    let mut open: Option<Fence> = None;
    let mut heading: Option<bool> = None;
    let body = without_front_matter(text);
    for (event, range) in Parser::new_ext(&body, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(false),
            Event::Start(Tag::Link { dest_url, .. }) if heading.is_some() && dest_url.starts_with("#tab/") => {
                heading = Some(true);
            }
            Event::End(TagEnd::Heading(_)) if heading.take() == Some(false) => {
                section += 1;
            }
            Event::Start(Tag::HtmlBlock) => {
                html.clear();
                html_line = line_of(range.start);
            }
            Event::Html(piece) => html.push_str(&piece),
            Event::InlineHtml(piece) if piece.starts_with("<!--") => {
                note(&mut comment, line_of(range.start), &piece);
            }
            Event::End(TagEnd::HtmlBlock) => {
                note(&mut comment, html_line, &html);
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let word = info.split([' ', '\t', ',', '{']).next().unwrap_or("");
                open = Some(Fence {
                    line: line_of(range.start),
                    info: word.to_ascii_lowercase(),
                    text: String::new(),
                    comment: comment.take(),
                    section,
                    unclosed: !closes(&text[range]),
                });
            }
            Event::Text(piece) => {
                if let Some(fence) = &mut open {
                    fence.text.push_str(&piece);
                }
            }
            Event::End(TagEnd::CodeBlock) => found.extend(open.take()),
            _ => {}
        }
    }
    found
}

/// `text` with the YAML block at its start blanked out, places kept. The Markdown library would
/// take any two rules of a page for such a block, and drop what is between them.
fn without_front_matter(text: &str) -> Cow<'_, str> {
    let is_rule = |line: &str| line.trim_end() == "---";
    let mut length = 0;
    for (at, line) in text.split_inclusive('\n').enumerate() {
        if at == 0 && !is_rule(line) {
            return Cow::Borrowed(text);
        }
        length += line.len();
        if at > 0 && is_rule(line) {
            let blank = text[..length].bytes().map(|b| if b == b'\n' { '\n' } else { ' ' });
            return Cow::Owned(blank.chain(text[length..].chars()).collect());
        }
    }
    Cow::Borrowed(text)
}

/// Keeps the comments of a piece of HTML for the next fence: the last that looks like an
/// annotation, so that a remark of another kind does not hide it.
fn note(held: &mut Option<(u32, String)>, line: u32, html: &str) {
    for (at, piece) in html.match_indices("<!--").map(|(at, _)| (at, &html[at + 4..])) {
        let text = piece.split("-->").next().unwrap_or("").trim();
        if held.is_none() || text.starts_with('{') {
            let below = html[..at].matches('\n').count();
            *held = Some((line + u32::try_from(below).unwrap_or(0), text.to_owned()));
        }
    }
}

/// Whether the source of a fenced block ends in a fence of its own.
fn closes(source: &str) -> bool {
    let mark = |line: &str| {
        let line = line.trim_start_matches(['>', ' ', '\t']);
        let first = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let run = line.chars().take_while(|c| *c == first).count();
        let bare = line[run..].trim().is_empty();
        (run >= 3).then_some((first, run, bare))
    };
    let mut lines = source.trim_end().lines();
    let Some((opened, length, _)) = lines.next().and_then(mark) else { return true };
    let last = lines.next_back().and_then(mark);
    last.is_some_and(|(closed, run, bare)| closed == opened && run >= length && bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_carry_line_comment_and_section() {
        let text = "---\ntitle: x\n---\n# A\n\n<!-- { \"a\": 1 } -->\n\n```http\nGET /x\n```\n\n# [C#](#tab/csharp)\n\n## B\n- item\n  ~~~ json {x}\n  {}\n  ~~~\n";
        let got = fences(text);
        assert_eq!(got.len(), 2);
        assert_eq!((got[0].line, got[0].info.as_str(), got[0].text.as_str()), (8, "http", "GET /x\n"));
        assert_eq!(got[0].comment, Some((6, "{ \"a\": 1 }".to_owned())));
        assert_eq!((got[1].line, got[1].info.as_str(), got[1].text.as_str()), (16, "json", "{}\n"));
        assert_eq!((got[1].comment.as_ref(), got[0].section, got[1].section), (None, 1, 2));
        assert!(!got[0].unclosed && !got[1].unclosed);
    }

    #[test]
    fn rules_on_a_page_hide_nothing() {
        let text = "---\ntitle: x\n---\n\n---\n### A\n\n```http\nGET /x\n```\n\n---\n\n```http\nGET /y\n```\n";
        assert_eq!(fences(text).iter().map(|f| f.line).collect::<Vec<_>>(), [8, 14]);
        assert_eq!(fences("---\n```\nx\n```\n").len(), 1);
    }

    #[test]
    fn a_fence_to_the_end_of_the_file_is_unclosed() {
        assert!(fences("```http\nGET /x\n")[0].unclosed);
        assert!(fences("```http")[0].unclosed);
        assert!(!fences("```\n```")[0].unclosed);
        assert!(fences("````\nx\n```\n")[0].unclosed);
    }

    #[test]
    fn a_comment_may_touch_its_fence() {
        let got = fences("<!-- {\n \"b\": 2\n} -->\n```http\nGET /x\n```\n");
        assert_eq!(got[0].comment, Some((1, "{\n \"b\": 2\n}".to_owned())));
    }
}
