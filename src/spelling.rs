//! "Did you mean": the known word that comes nearest.

/// The known word nearest to `word`, if it is near: the same in another case, or a few slips away.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let scored = known.filter(|k| !k.is_empty() && k.len().abs_diff(word.len()) <= 1.max(word.len() / 3));
    let scored = scored.map(|k| (strsim::damerau_levenshtein(&lower, &k.to_lowercase()), k));
    // Of two alike, always the same.
    let best = scored.min()?;
    let near = best.0 <= 1.max(word.len() / 3) && best.0 < word.len();
    near.then_some(best.1)
}

/// Whether one word is the other but for case, `-` and `_`, or a slip or two.
pub fn is_slip(one: &str, other: &str) -> bool {
    let plain = |word: &str| word.chars().filter(|c| !"-_ ".contains(*c)).collect::<String>().to_lowercase();
    let (one, other) = (plain(one), plain(other));
    let most = (one.len().max(other.len()) / 5).min(2);
    strsim::damerau_levenshtein(&one, &other) <= most
}

#[cfg(test)]
mod tests {
    use super::{is_slip, nearest};

    #[test]
    fn slips_are_told_from_other_names() {
        for (one, other) in [("subUnit", "subunit"), ("disployName", "displayName"), ("due-date", "dueDate")] {
            assert!(is_slip(one, other), "{one} {other}");
        }
        for (one, other) in [("id", "ip"), ("deleted", "deletedDateTime"), ("name", "note"), ("type", "kind")] {
            assert!(!is_slip(one, other), "{one} {other}");
        }
    }

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["displayName", "description", "id"];
        let near = |word| nearest(word, known.into_iter());
        assert_eq!(near("displayname"), Some("displayName"));
        assert_eq!(near("disployName"), Some("displayName"));
        assert_eq!(near("descriptions"), Some("description"));
        assert_eq!((near("x"), near("xy"), near("webUrl"), near("")), (None, None, None, None));
    }
}
