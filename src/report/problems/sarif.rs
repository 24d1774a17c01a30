//! SARIF 2.1.0 (OASIS), which code hosts and editors read.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::super::json::harmless;
use crate::check::Finding;
use crate::rule::{self, Rule, Severity};

/// What a relative URI reference holds as it is (RFC 3986, section 3.3).
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

fn page_rules() -> impl Iterator<Item = &'static Rule> {
    rule::ALL.iter().copied().filter(|rule| rule.name.starts_with("page/"))
}

fn level(severity: Severity) -> &'static str {
    if severity == Severity::Warning { "warning" } else { "error" }
}

/// The log up to its first result.
pub fn head() -> String {
    let rules: Vec<_> = page_rules()
        .map(|rule| {
            json!({
                "id": rule.name,
                "shortDescription": {"text": rule.sentence},
                "fullDescription": {"text": format!("{} Source: {}.", rule.sentence, rule.source)},
                "help": {"text": rule.remedy},
                "defaultConfiguration": {"level": level(rule.severity)},
            })
        })
        .collect();
    let driver = json!({
        "name": "graphspec",
        "version": env!("CARGO_PKG_VERSION"),
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules,
    });
    let tool = json!({ "driver": driver });
    format!(
        "{{\"$schema\":\"{SCHEMA}\",\"version\":\"2.1.0\",\"runs\":[{{\"tool\":{tool},\"columnKind\":\"unicodeCodePoints\",\"results\":[\n"
    )
}

/// One result.
pub fn result(finding: &Finding) -> String {
    let problem = &finding.problem;
    let mut region = json!({"startLine": problem.span.line});
    if let (Some(_), Some(excerpt)) = (problem.column, &finding.excerpt) {
        region["startColumn"] = excerpt.column.into();
    }
    let uri = utf8_percent_encode(problem.span.page.trim_start_matches("./"), PATH).to_string();
    let mut result = json!({
        "ruleId": problem.rule.name,
        "ruleIndex": page_rules().position(|rule| rule == problem.rule),
        "level": level(problem.severity),
        "message": {"text": problem.message},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}],
    });
    if let Some(against) = &problem.against {
        result["properties"] = json!({"at": against.at, "drift": against.drift});
    }
    harmless(&result)
}

/// The end of the log.
pub fn tail() -> &'static str {
    "\n]}]}\n"
}
