//! A page judged alone: what its examples, its annotations and its prose contradict in each other.
//! Pure: a reading in, problems out.

mod credential;
mod excerpt;
mod identity;
mod metadata;
mod multi_status;
mod prose;
mod response;
mod suppression;

pub use excerpt::Excerpt;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::multi_status::Dialect;
use crate::page::{Against, Answer, Example, Problem, Reading};
use crate::rule;
use crate::schema::Types;
use crate::source::Span;

/// A problem, and the line that it is about where a person is to see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub problem: Problem,
    /// The line; nothing where it is another file's, or was not asked for.
    pub excerpt: Option<Excerpt>,
}

/// Everything that is wrong with a page, by its lines; what the page itself suppresses is left out.
/// With the types of its service, what its examples show is held against these too.
pub fn problems(reading: &Reading, types: Option<&Types>) -> Vec<Problem> {
    let mut found = reading.page.problems.clone();
    let laws = reading.page.cases.iter().filter_map(|case| Some((&case.span, &case.law.as_ref()?.dialect)));
    let laws: HashMap<&Span, &Dialect> = laws.collect();
    let always = multi_status::says_always(&reading.text);
    for (example, answer) in answers(reading) {
        response::check(example, answer, &mut found);
        multi_status::check(laws.get(&example.span).copied(), always, example, answer, &mut found);
        identity::check(example, answer, &mut found);
    }
    for example in &reading.examples {
        response::check_request(example, &mut found);
    }
    if let Some(types) = types {
        metadata::check(types, reading, &mut found);
        // What needs no metadata to be told is not told by drift either.
        for problem in found.iter_mut().filter(|problem| problem.rule == &rule::PAGE_SHAPE) {
            problem.against.get_or_insert(Against { at: None, drift: false });
        }
    }
    prose::check(reading, &mut found);
    credential::check(reading, &mut found);
    suppression::apply(reading, &mut found);
    // A message may quote the page.
    for problem in &mut found {
        if let Cow::Owned(masked) = credential::masked(&problem.message) {
            problem.message = masked;
        }
    }
    found.sort_by(|a, b| (&a.span, a.rule.name, a.column).cmp(&(&b.span, b.rule.name, b.column)));
    found.dedup();
    found
}

/// The same, each with the line that it is about.
pub fn findings(reading: &Reading, types: Option<&Types>) -> Vec<Finding> {
    let problems = problems(reading, types);
    let lines = if problems.is_empty() { excerpt::Lines::default() } else { excerpt::Lines::of(reading) };
    problems.into_iter().map(|problem| Finding { excerpt: lines.excerpt(&problem), problem }).collect()
}

/// Whether a request is shown to be refused, so that it may be wrong on purpose.
fn is_refused(example: &Example) -> bool {
    let refused = |answer: &Answer| answer.status.is_some_and(|status| status >= 400);
    !example.responses.is_empty() && example.responses.iter().all(refused)
}

/// Every documented response once, with the first request that it answers.
fn answers(reading: &Reading) -> impl Iterator<Item = (&Example, &Answer)> {
    let mut seen: HashSet<(&Span, u32)> = HashSet::new();
    let all = reading.examples.iter().flat_map(|example| example.responses.iter().map(move |answer| (example, answer)));
    all.filter(move |(_, answer)| seen.insert((&answer.span, answer.parts.start)))
}
