//! Markdown → fenced blocks, each with the comment before it. The only user of `pulldown-cmark`.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::Problem;
use super::annotation::{self, Annotation, BlockType, Flaw};
use super::include;
use crate::source::Span;

/// A fenced block of a page.
#[derive(Clone, Debug)]
pub struct Fence {
    /// The opening fence.
    pub span: Span,
    /// The line of the closing fence, or the last one.
    pub end: u32,
    /// The info string's first word, lower case.
    pub info: String,
    /// What is inside, without the indentation of its container.
    pub text: String,
    /// The annotation before it that no other fence has taken.
    pub comment: Option<Comment>,
    /// Which heading it stands under, counted from 0; headings of language tabs do not count.
    pub section: usize,
    /// Which heading of the first two levels it stands under, counted alike.
    pub chapter: usize,
    /// The file ends before the closing fence.
    pub unclosed: bool,
}

/// An HTML comment that may be an annotation.
#[derive(Clone, Debug)]
pub struct Comment {
    /// Its first line.
    pub span: Span,
    /// The line that it ends on.
    pub end: u32,
    /// What it says of the next block.
    pub annotation: Option<Arc<Annotation>>,
    /// What it says of its page: `suppressions`.
    pub suppressions: Vec<String>,
    /// What is wrong with it; lines from 0 inside it.
    pub flaws: Vec<Flaw>,
}

/// A page as Markdown.
#[derive(Clone, Debug, Default)]
pub struct Markdown {
    /// Its fenced blocks, in order, those of included files among them.
    pub fences: Vec<Fence>,
    /// Its annotations that stand before no block: those of the page, and strays.
    pub remarks: Vec<Comment>,
    /// What is wrong with the bytes of included files.
    pub problems: Vec<Problem>,
}

/// What another file has to add, by the path that the page names: see [`super::docset`].
pub type Include<'a> = &'a mut dyn FnMut(&str) -> Option<Markdown>;

/// Reads `text`, a page or an included file named `name`.
pub fn read(name: &Arc<str>, text: &str, include: Include<'_>) -> Markdown {
    let skipped = front_matter(text);
    let open = unclosed_comments(text);
    let whole = if open.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(disarmed(text, &open)) };
    let mut reader = Reader {
        name,
        lines: Lines { text, at: 0, line: 1 },
        out: Markdown::default(),
        held: None,
        section: 0,
        chapter: 0,
    };
    let mut open = open.into_iter().peekable();
    let mut includes = include::named(text).skip_while(|(at, _)| *at < skipped).peekable();
    let mut html: Option<(usize, String)> = None;
    let mut fence: Option<(Fence, Range<usize>)> = None;
    let mut heading: Option<(HeadingLevel, bool)> = None;
    for (event, range) in Parser::new_ext(&whole[skipped..], Options::empty()).into_offset_iter() {
        let range = range.start + skipped..range.end + skipped;
        if fence.is_none() {
            // What stands before an event is read before it: comments wait for the next block.
            while let Some(at) = open.next_if(|open| open.start < range.start) {
                reader.unclosed(&at);
            }
            while let Some((_, path)) = includes.next_if(|(at, _)| *at < range.start) {
                reader.include(include(path));
            }
        }
        let mut shows_text = |range: &Range<usize>| while includes.next_if(|(at, _)| *at < range.end).is_some() {};
        match event {
            Event::Start(Tag::Heading { level, .. }) => heading = Some((level, false)),
            Event::Start(Tag::Link { dest_url, .. }) if dest_url.starts_with("#tab/") => {
                heading = heading.map(|(level, _)| (level, true));
            }
            Event::End(TagEnd::Heading(_)) => {
                if let Some((level, false)) = heading.take() {
                    reader.section += 1;
                    reader.chapter += usize::from(level <= HeadingLevel::H2);
                }
            }
            // An include in a comment or in code is text.
            Event::Code(_) | Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => shows_text(&range),
            Event::Start(Tag::HtmlBlock) => {
                shows_text(&range);
                html = Some((range.start, String::new()));
            }
            Event::Html(piece) => {
                if let Some((_, text)) = &mut html {
                    text.push_str(&piece);
                }
            }
            Event::End(TagEnd::HtmlBlock) => {
                if let Some((at, text)) = html.take() {
                    reader.comments(at, &text);
                }
            }
            Event::InlineHtml(piece) if piece.starts_with("<!--") => {
                shows_text(&range);
                reader.comments(range.start, &piece);
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let word = info.split([' ', '\t', ',', '{']).next().unwrap_or("");
                let line = reader.lines.of(range.start);
                let made = Fence {
                    span: Span::new(name, line),
                    end: line,
                    info: word.to_ascii_lowercase(),
                    text: String::new(),
                    comment: reader.held.take(),
                    section: reader.section,
                    chapter: reader.chapter,
                    unclosed: !closes(&text[range.clone()]),
                };
                fence = Some((made, range));
            }
            Event::Text(piece) => {
                if let Some((fence, _)) = &mut fence {
                    fence.text.push_str(&piece);
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some((mut fence, range)) = fence.take() {
                    shows_text(&range);
                    fence.end = fence.span.line + newlines(text[range].trim_end());
                    reader.out.fences.push(fence);
                }
            }
            _ => {}
        }
    }
    for at in open {
        reader.unclosed(&at);
    }
    for (_, path) in includes {
        reader.include(include(path));
    }
    reader.out.remarks.extend(reader.held);
    reader.out
}

struct Reader<'t> {
    name: &'t Arc<str>,
    lines: Lines<'t>,
    out: Markdown,
    /// The annotation that waits for its block.
    held: Option<Comment>,
    section: usize,
    chapter: usize,
}

impl Reader<'_> {
    /// The comments of a piece of HTML that starts at `at`.
    fn comments(&mut self, at: usize, html: &str) {
        let first = self.lines.of(at);
        let mut from = 0;
        while let Some(start) = html[from..].find("<!--").map(|found| from + found) {
            let end = html[start + 4..].find("-->").map_or(html.len(), |length| start + 4 + length);
            self.comment(first + newlines(&html[..start]), &html[start + 4..end], false);
            from = end;
        }
    }

    fn unclosed(&mut self, range: &Range<usize>) {
        let line = self.lines.of(range.start);
        let text = &self.lines.text[range.start + 4..range.end];
        self.comment(line, text, true);
    }

    /// Keeps an annotation for the next block: the last one, so that a remark of another kind does
    /// not hide it.
    fn comment(&mut self, line: u32, text: &str, unclosed: bool) {
        if !annotation::may_be(text) {
            return;
        }
        let mut read = annotation::read(text);
        if unclosed {
            read.flaws.push(Flaw::failure(0, "the comment is never closed: nothing after it is shown"));
        }
        let comment = Comment {
            span: Span::new(self.name, line),
            end: line + newlines(text),
            annotation: read.annotation.map(Arc::new),
            suppressions: read.suppressions,
            flaws: read.flaws,
        };
        // What is said of a page, or of a table, is not said of the next block.
        let of_a_block = comment.annotation.as_ref().is_some_and(|a| a.block_type != Some(BlockType::Table));
        if of_a_block || !comment.flaws.is_empty() && comment.suppressions.is_empty() {
            self.out.remarks.extend(self.held.replace(comment));
        } else {
            self.out.remarks.push(comment);
        }
    }

    /// What an included file holds, as if it stood here. An annotation may wait outside for the
    /// block inside, and the other way round.
    fn include(&mut self, included: Option<Markdown>) {
        let Some(included) = included else { return };
        self.out.problems.extend(included.problems);
        for mut fence in included.fences {
            if fence.comment.is_none() {
                fence.comment = self.held.take();
            }
            fence.section += self.section;
            fence.chapter += self.chapter;
            self.out.fences.push(fence);
        }
        let stray = included.remarks.into_iter().filter(|remark| remark.suppressions.is_empty());
        for remark in stray {
            self.out.remarks.extend(self.held.replace(remark));
        }
    }
}

/// Lines of offsets that only grow.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn of(&mut self, offset: usize) -> u32 {
        let offset = offset.min(self.text.len());
        if offset < self.at {
            return self.line - newlines(&self.text[offset..self.at]);
        }
        self.line += newlines(&self.text[self.at..offset]);
        self.at = offset;
        self.line
    }
}

fn newlines(text: &str) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', text.as_bytes()).count()).unwrap_or(u32::MAX)
}

/// Where the YAML block at the start of a page ends. The Markdown library would take any two rules
/// of a page for such a block, and drop what is between them; one that holds a block is none.
fn front_matter(text: &str) -> usize {
    let is_rule = |line: &str| line.trim_end() == "---";
    let mut length = 0;
    for (at, line) in text.split_inclusive('\n').enumerate() {
        if at == 0 && !is_rule(line) {
            return 0;
        }
        length += line.len();
        if ["```", "~~~", "<!--"].iter().any(|mark| line.trim_start().starts_with(mark)) {
            return 0;
        }
        if at > 0 && is_rule(line) {
            return length;
        }
    }
    0
}

/// Annotations whose comment is not closed before the next fence: by `CommonMark` they would take
/// the fence, and all that follows, with them. Each from its `<!--` to where its text ends.
fn unclosed_comments(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut close, mut fence, mut from) = (0, 0, 0);
    let mut fenced = Fenced::default();
    let comment = memchr::memmem::Finder::new("<!--");
    while let Some(start) = comment.find(&text.as_bytes()[from..]).map(|at| from + at) {
        from = start + 4;
        if !text[from..].trim_start().starts_with('{') || fenced.holds(text, start) {
            continue;
        }
        if close < from {
            close = text[from..].find("-->").map_or(usize::MAX, |at| from + at);
        }
        if fence < from {
            fence = next_fence(text, from);
        }
        if close > fence || close == usize::MAX {
            let end = fence.min(text.len());
            found.push(start..end);
            from = end;
        } else {
            from = close;
        }
    }
    found
}

/// Whether places that only grow stand inside a fence, line by line.
#[derive(Default)]
struct Fenced {
    at: usize,
    open: Option<(char, usize)>,
}

impl Fenced {
    fn holds(&mut self, text: &str, place: usize) -> bool {
        for line in text[self.at..].split_inclusive('\n') {
            if self.at + line.len() > place {
                break;
            }
            self.at += line.len();
            let line = line.trim_start_matches([' ', '\t', '>']);
            let Some(mark) = line.chars().next().filter(|c| matches!(c, '`' | '~')) else { continue };
            let run = line.chars().take_while(|c| *c == mark).count();
            match self.open {
                None if run >= 3 => self.open = Some((mark, run)),
                Some((c, n)) if c == mark && run >= n && line[run..].trim().is_empty() => self.open = None,
                _ => {}
            }
        }
        self.open.is_some()
    }
}

/// The beginning of the next line that opens or closes a fence.
fn next_fence(text: &str, from: usize) -> usize {
    let mut at = from;
    for line in text[from..].split_inclusive('\n') {
        let marks = line.trim_start_matches([' ', '\t', '>']);
        if at > from && (marks.starts_with("```") || marks.starts_with("~~~")) {
            return at;
        }
        at += line.len();
    }
    usize::MAX
}

/// `text` without the beginnings of comments that are never closed, places kept.
fn disarmed(text: &str, open: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for range in open {
        out.push_str(&text[from..range.start]);
        out.push('(');
        from = range.start + 1;
    }
    out + &text[from..]
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
    let first = lines.next().map(|line| line.trim_start_matches(|c: char| !matches!(c, '`' | '~')));
    let Some((opened, length, _)) = first.and_then(mark) else { return true };
    let last = lines.next_back().and_then(mark);
    last.is_some_and(|(closed, run, bare)| closed == opened && run >= length && bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fences(text: &str) -> Vec<Fence> {
        read(&"p.md".into(), text, &mut |_| None).fences
    }

    fn named(fence: &Fence) -> Option<(u32, &str)> {
        let comment = fence.comment.as_ref()?;
        Some((comment.span.line, comment.annotation.as_ref()?.names.first()?))
    }

    const ANNOTATION: &str = "<!-- { \"blockType\": \"request\", \"name\": \"a\" } -->";

    #[test]
    fn fences_carry_line_comment_and_section() {
        let text = format!(
            "---\ntitle: x\n---\n# A\n\n{ANNOTATION}\n\n```http\nGET /x\n```\n\n# [C#](#tab/csharp)\n\n### B\n- item\n  ~~~ json {{x}}\n  {{}}\n  ~~~\n"
        );
        let got = fences(&text);
        assert_eq!(got.len(), 2);
        assert_eq!((got[0].span.line, got[0].end, &*got[0].info, &*got[0].text), (8, 10, "http", "GET /x\n"));
        assert_eq!(named(&got[0]), Some((6, "a")));
        assert_eq!((got[1].span.line, got[1].end, &*got[1].info, &*got[1].text), (16, 18, "json", "{}\n"));
        assert_eq!((named(&got[1]), got[0].section, got[1].section), (None, 1, 2));
        assert_eq!((got[0].chapter, got[1].chapter), (1, 1));
        assert!(!got[0].unclosed && !got[1].unclosed);
    }

    #[test]
    fn a_comment_inside_a_block_is_its_text() {
        let text = "```http\nPOST /x\n\n{\"a\": \"<!-- {\"}\n```\n\n```http\nGET /y\n```\n";
        assert_eq!(fences(text)[0].text, "POST /x\n\n{\"a\": \"<!-- {\"}\n");
    }

    #[test]
    fn rules_on_a_page_hide_nothing() {
        let text = "---\ntitle: x\n---\n\n---\n### A\n\n```http\nGET /x\n```\n\n---\n\n```http\nGET /y\n```\n";
        assert_eq!(fences(text).iter().map(|f| f.span.line).collect::<Vec<_>>(), [8, 14]);
        assert_eq!(fences("---\n```\nx\n```\n").len(), 1);
        assert_eq!(fences("---\n```\nx\n```\n---\n").len(), 1);
    }

    #[test]
    fn a_fence_to_the_end_of_the_file_is_unclosed() {
        assert!(fences("```http\nGET /x\n")[0].unclosed);
        assert!(fences("```http")[0].unclosed);
        assert!(fences("- ```http\n  GET /x\n")[0].unclosed);
        assert!(!fences("```\n```")[0].unclosed);
        assert!(!fences("- ```http\n  GET /x\n  ```\n")[0].unclosed);
        assert!(fences("````\nx\n```\n")[0].unclosed);
    }

    #[test]
    fn an_annotation_waits_for_its_fence() {
        let got = fences("<!-- {\n \"blockType\": \"request\",\n \"name\": \"b\"\n} -->\n```http\nGET /x\n```\n");
        assert_eq!(named(&got[0]), Some((1, "b")));
        let between = ["\n\nSome text.\n\n", "\n\n## Heading\n\n", "\n\n<!-- a remark -->\n\n", "\n> **Note** x\n\n"];
        for between in between {
            let got = fences(&format!("{ANNOTATION}{between}```http\nGET /x\n```\n"));
            assert_eq!(named(&got[0]), Some((1, "a")), "{between:?}");
        }
        let table = "<!-- { \"blockType\": \"permissions\", \"name\": \"p\" } -->\n| a |\n\n```http\nGET /x\n```\n";
        assert_eq!(named(&fences(table)[0]), None);
    }

    #[test]
    fn a_comment_that_is_never_closed_hides_no_fence() {
        for end in ["", " --", " ->", " --\\>"] {
            let text = format!(
                "# A\n<!-- {{ \"blockType\": \"request\", \"name\": \"a\" }}{end}\n\n```http\nGET /x\n```\n\n<!-- {{ \"blockType\": \"response\", \"name\": \"a\" }} -->\n```http\nHTTP/1.1 204\n```\n"
            );
            let got = fences(&text);
            assert_eq!(
                got.iter().map(|f| (f.span.line, named(f))).collect::<Vec<_>>(),
                [(4, Some((2, "a"))), (9, Some((8, "a")))],
                "{end:?}"
            );
            assert!(got[0].comment.as_ref().unwrap().flaws.iter().any(|f| f.message.contains("never closed")));
        }
        // A whole example that is commented out stays so.
        assert!(fences("<!--\n```http\nGET /x\n```\n-->\n").is_empty());
    }

    #[test]
    fn included_blocks_stand_where_they_are_included() {
        let text = format!(
            "# A\n{ANNOTATION}\n[!INCLUDE [x](../y.md)]\n\n## B\n\n```http\nGET /z\n```\n[!include[x](<n.md>)]"
        );
        let mut asked = Vec::new();
        let read = read(&"p.md".into(), &text, &mut |path| {
            asked.push(path.to_owned());
            Some(super::read(&path.into(), "```http\nGET /x\n```\n", &mut |_| None))
        });
        let places: Vec<String> = read.fences.iter().map(|f| f.span.to_string()).collect();
        assert_eq!(
            (asked, places),
            (
                vec!["../y.md".to_owned(), "n.md".to_owned()],
                vec!["../y.md:1".to_owned(), "p.md:7".to_owned(), "n.md:1".to_owned()]
            )
        );
        assert_eq!(named(&read.fences[0]), Some((2, "a")));
        // The annotation after an include is of the block after it.
        let text = format!("# A\n[!INCLUDE [x](y.md)]\n\n## B\n{ANNOTATION}\n```http\nGET /z\n```\n");
        let block = "```http\nGET /x\n```\n";
        let read =
            super::read(&"p.md".into(), &text, &mut |path| Some(super::read(&path.into(), block, &mut |_| None)));
        let got: Vec<_> = read.fences.iter().map(|f| (f.section, named(f))).collect();
        assert_eq!(got, [(1, None), (2, Some((5, "a")))]);
        for quoted in [
            "`[!INCLUDE [x](y.md)]`",
            "<!-- [!INCLUDE [x](y.md)] -->",
            "```md\n[!INCLUDE [x](y.md)]\n```",
            "    [!INCLUDE [x](y.md)]",
        ] {
            let read = super::read(&"p.md".into(), &format!("# A\n\n{quoted}\n"), &mut |path| panic!("{path}"));
            assert!(read.fences.len() < 2, "{quoted}");
        }
    }
}
