//! `graphspec explain`.

use std::io::{self, Write};

use super::args::ExplainArgs;
use super::{Refused, quiet_pipe};
use crate::rule;

pub fn main(args: &ExplainArgs) -> Result<u8, Refused> {
    let mut out = io::stdout().lock();
    // `explain multi-status` lists a family, `explain` all.
    let family = args.rule.as_ref().map(|name| format!("{}/", name.trim_end_matches('/')));
    let listing: Vec<&rule::Rule> =
        rule::ALL.iter().copied().filter(|r| family.as_ref().is_none_or(|f| r.name.starts_with(f.as_str()))).collect();
    let Some(name) = args.rule.as_ref().filter(|_| listing.is_empty()) else {
        let width = listing.iter().map(|r| r.name.len()).max().unwrap_or(0);
        let listed = listing
            .iter()
            .try_for_each(|rule| writeln!(out, "{:width$}  {:7}  {}", rule.name, rule.severity.name(), rule.sentence));
        quiet_pipe(listed)?;
        return Ok(0);
    };
    let Some(rule) = rule::find(name) else {
        let near = super::nearest(name, rule::ALL.iter().map(|r| r.name));
        let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(Refused(format!("there is no rule `{name}`{hint} (`graphspec explain` lists all)")));
    };
    quiet_pipe(writeln!(
        out,
        "{} ({})\n\n{}\n\nBroken by: {}\nRemedy:    {}\nSource:    {}",
        rule.name, rule.severity, rule.sentence, rule.example, rule.remedy, rule.source
    ))?;
    Ok(0)
}
