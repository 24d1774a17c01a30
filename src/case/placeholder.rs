//! `{id}` and its kin: what a documented path leaves for the reader to fill in.

use std::ops::Range;

/// The placeholders of a path, each with the segment before it.
pub fn placeholders(path: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some((place, name)) = next(path, from) {
        found.push((segment_before(path, place.start), name));
        from = place.end;
    }
    found
}

/// The next placeholder in any of the styles that pages use, and its name: `{id}`, `<id>`, and the
/// whole segment `:id`.
pub fn next(path: &str, from: usize) -> Option<(Range<usize>, &str)> {
    let mut at = from;
    loop {
        let start = at + path[at..].find(['{', '<', ':'])?;
        at = start + 1;
        let closed = |close: char| {
            // What never closes within its segment is no placeholder, and is not looked for again.
            let end = path[at..].find([close, '/', '?', '&']).map(|length| at + length)?;
            path[end..].starts_with(close).then_some(end)
        };
        let (name, end) = match path.as_bytes()[start] {
            b'{' => match closed('}') {
                Some(end) => (&path[at..end], end + 1),
                None => continue,
            },
            b'<' => match closed('>').map(|end| (&path[at..end], end + 1)) {
                Some((name, end)) if !name.is_empty() && !name.contains(['/', '?', '&']) => (name, end),
                _ => continue,
            },
            _ if !path[..start].ends_with('/') => continue,
            _ => {
                let end = path[at..].find(['/', '?', '&', '#']).map_or(path.len(), |length| at + length);
                let name = &path[at..end];
                let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
                    && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
                if !is_name {
                    continue;
                }
                (name, end)
            }
        };
        return Some((start..end, name));
    }
}

/// The path segment before a place.
pub fn segment_before(path: &str, at: usize) -> &str {
    let before = path[..at].strip_suffix('/').unwrap_or("");
    before.rsplit('/').next().unwrap_or("")
}

/// Whether a whole path segment is a placeholder.
pub fn is_placeholder(segment: &str) -> bool {
    let path = format!("/{segment}");
    next(&path, 0).is_some_and(|(place, _)| place == (1..path.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_in_every_style() {
        for (path, want) in [
            ("/users/{id | userPrincipalName}/x/{y}", &[("users", "id | userPrincipalName"), ("x", "y")][..]),
            ("/users/<id>/x/:y?$top=<n>", &[("users", "id"), ("x", "y"), ("", "n")]),
            ("/drive/root:/a/b:/content", &[]),
            ("/x?$filter=a lt 5 and b <c/d>", &[]),
            ("/f(a='{b}')", &[("", "b")]),
            ("/users/{id", &[]),
            ("/users/{id/x/{y}", &[("x", "y")]),
        ] {
            assert_eq!(placeholders(path), want, "{path}");
        }
    }

    #[test]
    fn whole_segments() {
        for (segment, want) in
            [("{id}", true), ("<id>", true), (":id", true), ("{a}-{b}", false), ("root:", false), ("x(a='{b}')", false)]
        {
            assert_eq!(is_placeholder(segment), want, "{segment}");
        }
    }
}
