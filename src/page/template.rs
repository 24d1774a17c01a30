//! URL templates: which operation of a page a documented path belongs to.

use std::collections::HashMap;

use super::pairing::Paired;
use super::service_root;

/// The URL templates of a page, by method and number of segments.
pub struct Templates(HashMap<(String, usize), Vec<String>>);

/// The most templates of one length that a path is held against.
const MOST_TEMPLATES: usize = 64;

impl Templates {
    /// Those of a page.
    pub fn of(paired: &Paired) -> Self {
        let mut all: HashMap<(String, usize), Vec<String>> = HashMap::new();
        for shape in &paired.templates {
            let Ok(path) = service_root::cut(&shape.url) else { continue };
            let known = all.entry((shape.method.clone(), segments(&path).count())).or_default();
            if known.len() < MOST_TEMPLATES {
                known.push(path);
            }
        }
        Templates(all)
    }

    /// The template that `path` fits; of several the one with the most segments in common.
    pub fn find(&self, method: &str, path: &str) -> Option<String> {
        let known = self.0.get(&(method.to_owned(), segments(path).count()))?;
        let fits = |template: &&String| -> Option<usize> {
            segments(template).zip(segments(path)).try_fold(0, |same, (shape, shown)| {
                if shape.eq_ignore_ascii_case(shown) {
                    Some(same + 1)
                } else {
                    service_root::is_open(shape, shown).then_some(same)
                }
            })
        };
        let best = known.iter().rev().filter_map(|t| fits(&t).map(|same| (same, t))).max_by_key(|(same, _)| *same);
        best.map(|(_, template)| template.clone())
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('?').next().unwrap_or("").trim_matches('/').split('/')
}
