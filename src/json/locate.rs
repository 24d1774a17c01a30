//! Where in a text a JSON pointer leads, for messages that cite a line.

use std::collections::{HashMap, HashSet};

/// An object or array that is open.
struct Frame {
    is_array: bool,
    /// The place in an array.
    index: usize,
    /// The member of an object that is being read.
    name: Option<String>,
    /// Its value, or the item, has begun.
    begun: bool,
    /// The pointer to it.
    before: String,
}

/// The bytes of `text` at which the members or items at `pointers` begin. The text may be JSON as
/// pages write it, with comments and slips; what these lead the search away from is not found.
pub fn locate_all<'p>(text: &str, pointers: impl Iterator<Item = &'p str>) -> HashMap<&'p str, usize> {
    let mut wanted: HashSet<&'p str> = pointers.collect();
    let mut found = HashMap::new();
    if wanted.remove("") {
        found.extend(text.find(|c: char| !c.is_whitespace()).map(|at| ("", at)));
    }
    let _ = scan(text, |pointer, at| {
        if let Some(pointer) = wanted.take(pointer) {
            found.insert(pointer, at);
        }
        !wanted.is_empty()
    });
    found
}

/// Tells of each member and item where it begins, until `more` wants no more or nothing can be made
/// of the text.
fn scan(text: &str, mut more: impl FnMut(&str, usize) -> bool) -> Option<()> {
    let bytes = text.as_bytes();
    let mut open: Vec<Frame> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        at += 1;
        match bytes[start] {
            b if b.is_ascii_whitespace() || b == b':' => continue,
            b'/' if bytes.get(at) == Some(&b'/') => {
                at = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
                continue;
            }
            b'/' if bytes.get(at) == Some(&b'*') => {
                at = text.get(at + 1..)?.find("*/").map_or(bytes.len(), |end| at + 1 + end + 2);
                continue;
            }
            b',' => {
                if let Some(frame) = open.last_mut() {
                    frame.index += 1;
                    (frame.name, frame.begun) = (None, false);
                }
                continue;
            }
            b'}' | b']' => {
                open.pop();
                continue;
            }
            quote @ (b'"' | b'\'') => {
                let end = end_of_string(bytes, at, quote)?;
                at = end + 1;
                let inside = &text[start + 1..end];
                // Without a comma between, a text after a value is the next name.
                if let Some(frame) = open.last_mut().filter(|f| !f.is_array && (f.name.is_none() || f.begun)) {
                    let name = serde_json::from_str(&format!("\"{inside}\"")).unwrap_or_else(|_| inside.to_owned());
                    (frame.name, frame.begun) = (Some(name), false);
                    if !more(&path(&open), start) {
                        return None;
                    }
                    continue;
                }
            }
            _ => {
                while bytes
                    .get(at)
                    .is_some_and(|b| !b.is_ascii_whitespace() && !b",:]}\"".contains(b) && !b"{[".contains(b))
                {
                    at += 1;
                }
            }
        }
        // A value begins.
        let is_item = open.last().is_some_and(|frame| frame.is_array && !frame.begun);
        if is_item && !more(&path(&open), start) {
            return None;
        }
        if let Some(frame) = open.last_mut() {
            frame.begun = true;
        }
        if matches!(bytes[start], b'{' | b'[') {
            at = start + 1;
            let before = if open.is_empty() { String::new() } else { path(&open) };
            open.push(Frame { is_array: bytes[start] == b'[', index: 0, name: None, begun: false, before });
        }
    }
    None
}

fn end_of_string(bytes: &[u8], from: usize, quote: u8) -> Option<usize> {
    let mut at = from;
    loop {
        match *bytes.get(at)? {
            b'\\' => at += 2,
            b if b == quote => return Some(at),
            _ => at += 1,
        }
    }
}

/// The pointer to what is being read in the innermost object or array.
fn path(open: &[Frame]) -> String {
    match open.last() {
        Some(Frame { is_array: false, name: Some(name), before, .. }) => super::child(before, name),
        Some(frame) => super::child(&frame.before, frame.index),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::locate_all;

    fn locate(text: &str, pointer: &str) -> Option<usize> {
        locate_all(text, [pointer].into_iter()).remove(pointer)
    }

    #[test]
    fn members_and_items_are_found() {
        let text = "{\n  \"a\": [1, {\"b\": \"x,]\\\"}\", \"c/d\": null}, 3],\n  // e\n  \"e\": {} }";
        let at = |pointer| locate(text, pointer).map(|at| &text[at..at + 3]);
        assert_eq!(at("/a"), Some("\"a\""));
        assert_eq!(at("/a/1/b"), Some("\"b\""));
        assert_eq!(at("/a/1/c~1d"), Some("\"c/"));
        assert_eq!(at("/a/2"), Some("3],"));
        assert_eq!(at("/e"), Some("\"e\""));
        assert_eq!((at("/x"), at("/a/3"), at("/e/f")), (None, None, None));
    }

    #[test]
    fn slips_are_passed() {
        let text = "{\"a\": \"1\"\n \"b\": {x: 1, \"c\": 2,}, 'd': [..., {\"e\": 1}]";
        let at = |pointer| locate(text, pointer).map(|at| &text[at..at + 3]);
        assert_eq!((at("/b"), at("/b/c"), at("/d")), (Some("\"b\""), Some("\"c\""), Some("'d'")));
        assert_eq!(locate("", "/a"), None);
        assert_eq!(locate("{\"a", "/a"), None);
        assert_eq!(locate("]]}}{\"a\":1}", "/a"), Some(5));
    }
}
