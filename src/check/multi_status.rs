//! The 200-vs-207 law, held against the page's own examples.

use serde_json::Value;

use crate::json;
use crate::message;
use crate::multi_status::{Dialect, is_failed};
use crate::page::{Answer, Example, Problem};
use crate::rule;

/// A partial answer without a failed entry, a full success with one, and failed entries that do
/// not say what failed.
///
/// `always` says that the page has 207 for full success: see [`says_always`].
pub fn check(dialect: Option<&Dialect>, always: bool, example: &Example, answer: &Answer, problems: &mut Vec<Problem>) {
    let Some(status) = answer.status.filter(|status| (200..300).contains(status)) else { return };
    let Some(body) = answer.content.json() else { return };
    let entries = dialect.map_or("/value", |d| d.entries.as_str());
    let Some(entries) = json::at(body, entries).and_then(Value::as_array) else { return };
    let failed = entries.iter().filter(|entry| is_failed(entry)).count();
    let place = answer.span.at_line(answer.parts.start);
    let mut say = |message: String| problems.push(Problem::new(&rule::PAGE_MULTI_STATUS, place.clone(), &message));
    if status == 207 {
        let declared = [&example.annotation, &answer.annotation].iter().any(|a| a.ours.dialect.success == Some(207));
        let always = always || declared;
        if failed == 0 && !entries.is_empty() && !always {
            say("207 Multi-Status, but no entry failed: that is the answer of full success".to_owned());
        }
        if let Some(missing) = entries.iter().filter(|entry| is_failed(entry)).find_map(lacking) {
            let message = format!("a failed entry without {missing} in its `error`");
            problems.push(Problem::new(&rule::PAGE_ERROR_BODY, place, &message).warning());
        }
    // Lists of operations have an `error` of their own: only what acts on its items hides theirs.
    } else if failed > 0 && !matches!(example.method.as_str(), "GET" | "HEAD") {
        let status = message::status_text(status);
        say(format!("{status}, but {failed} of {} entries failed: that is 207 Multi-Status", entries.len()));
    }
}

/// Which of `code` and `message` the error of an entry lacks.
fn lacking(entry: &Value) -> Option<&'static str> {
    let error = entry.get("error")?;
    ["code", "message"].into_iter().find(|name| error.get(name).is_none())
}

/// Whether the prose has 207 for full success, as that of `restore` does.
pub fn says_always(text: &str) -> bool {
    let full = |line: &str| {
        let line = line.to_ascii_lowercase();
        line.contains("if successful") && line.contains("207") && !line.contains("204") && !line.contains("200")
    };
    text.contains("207") && text.lines().filter(|line| line.contains("207") && line.len() < 2000).any(full)
}
