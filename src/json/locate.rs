//! Where in a text a JSON pointer leads, for messages that cite a line.

/// An object or array that is open.
struct Frame {
    is_array: bool,
    /// The place in an array.
    index: usize,
    /// The member of an object that is being read.
    name: Option<String>,
    /// Its value, or the item, has begun.
    begun: bool,
}

/// The byte of `text` at which the member or item at `pointer` begins. The text may be JSON as pages
/// write it, with comments and slips; where one leads the search astray, nothing is found.
pub fn locate(text: &str, pointer: &str) -> Option<usize> {
    let wanted: Vec<String> =
        pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect();
    if wanted.is_empty() {
        return text.find(|c: char| !c.is_whitespace());
    }
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
                    if leads(&open, &wanted) {
                        return Some(start);
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
        if is_item && leads(&open, &wanted) {
            return Some(start);
        }
        if let Some(frame) = open.last_mut() {
            frame.begun = true;
        }
        if matches!(bytes[start], b'{' | b'[') {
            at = start + 1;
            open.push(Frame { is_array: bytes[start] == b'[', index: 0, name: None, begun: false });
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

/// Whether what is open leads to exactly the wanted place.
fn leads(open: &[Frame], wanted: &[String]) -> bool {
    open.len() == wanted.len()
        && open.iter().zip(wanted).all(|(frame, token)| match &frame.name {
            Some(name) if !frame.is_array => name == token,
            _ => frame.is_array && token.parse() == Ok(frame.index),
        })
}

#[cfg(test)]
mod tests {
    use super::locate;

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
