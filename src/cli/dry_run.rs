//! `graphspec run --dry-run`: what would be sent, and what that may change.

use std::io::{self, BufWriter, Write};

use super::{Refused, quiet_pipe};
use crate::case::Case;
use crate::client::Target;
use crate::plan::Plan;
use crate::redact;
use crate::report::escape;
use crate::secret::Secret;

/// How many requests of each fate there are.
#[derive(Default)]
struct Sum {
    sent: usize,
    changing: usize,
    held_back: usize,
}

/// Writes the plan to stdout. Gives the exit code: 0 where something would be sent, else 4.
pub fn main(plan: &Plan, target: &Target, secrets: &[Secret]) -> Result<u8, Refused> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut sum = Sum::default();
    let shown = show(plan, target, secrets, &mut out, &mut sum).and_then(|()| out.flush());
    quiet_pipe(shown)?;
    Ok(if sum.sent > 0 { 0 } else { 4 })
}

fn show(plan: &Plan, target: &Target, secrets: &[Secret], out: &mut impl Write, sum: &mut Sum) -> io::Result<()> {
    for planned in &plan.cases {
        let case = &planned.case;
        if let Some(reason) = &planned.skip {
            sum.held_back += 1;
            writeln!(out, "# {}: not sent: {}\n", case.id, escape(reason))?;
            continue;
        }
        for setup in &planned.before {
            let why = format!("{}, before {}", setup.id, case.id);
            request(plan, target, secrets, (setup, case), &why, out, sum)?;
        }
        request(plan, target, secrets, (case, case), case.id.as_str(), out, sum)?;
    }
    let Sum { sent, changing, held_back } = sum;
    writeln!(
        out,
        "# {sent} {} would be sent to {}, {changing} of them may change something; {held_back} {} held back",
        if *sent == 1 { "request" } else { "requests" },
        escape(target.base()),
        if *held_back == 1 { "case is" } else { "cases are" },
    )
}

/// One request as it goes, under a line that says whose it is.
fn request(
    plan: &Plan,
    target: &Target,
    secrets: &[Secret],
    (case, owner): (&Case, &Case),
    why: &str,
    out: &mut impl Write,
    sum: &mut Sum,
) -> io::Result<()> {
    let prepared = plan.prepare(case, owner, 0);
    let may_change = if case.is_read() { "" } else { " (may change something)" };
    let request = match target.preview(&prepared.request, !case.anonymous) {
        Ok(request) => request,
        Err(reason) => {
            sum.held_back += 1;
            return writeln!(out, "# {why}: not sent: {}\n", escape(&reason));
        }
    };
    sum.sent += 1;
    sum.changing += usize::from(!case.is_read());
    let masked = |text: &str| escape(&redact::secrets(text, secrets)).into_owned();
    writeln!(out, "# {why}{may_change}\n{} {}", request.method, masked(&request.url))?;
    for (name, value) in &request.headers.0 {
        writeln!(out, "{}: {}", escape(name), masked(value))?;
    }
    match std::str::from_utf8(&request.body) {
        Ok("") => writeln!(out),
        Ok(text) => {
            writeln!(out)?;
            text.lines().try_for_each(|line| writeln!(out, "{}", masked(line)))?;
            writeln!(out)
        }
        Err(_) => writeln!(out, "\n({} bytes)\n", request.body.len()),
    }
}
