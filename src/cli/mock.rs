//! `graphspec mock`.

use std::io::{self, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use super::args::MockArgs;
use super::{Refused, quiet_pipe, read_all};
use crate::case::Case;
use crate::fault::{self, Fault};
use crate::mock::{self, Mock};
use crate::page;

pub fn main(args: &MockArgs) -> Result<u8, Refused> {
    if args.list_faults {
        let mut out = io::stdout().lock();
        let width = fault::all().iter().map(|f| f.name.len()).max().unwrap_or(0);
        let listed = fault::all().iter().try_for_each(|f| writeln!(out, "{:width$}  {}", f.name, f.sentence));
        quiet_pipe(listed)?;
        return Ok(0);
    }
    let fault = args.fault.as_deref().map(find_fault).transpose()?;
    let (pages, all_read) = read_all(&args.pages)?;
    if !all_read {
        return Ok(2);
    }
    let mock = build(&pages, mock::Options { require_token: args.require_token, fault });
    let address = address(&args.listen)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (bound, served) = mock::start(mock, address)
            .await
            .map_err(|error| Refused(format!("cannot listen on {}: {error}", args.listen)))?;
        let mut out = io::stdout().lock();
        quiet_pipe(writeln!(out, "listening on http://{bound}/v1.0").and_then(|()| out.flush()))?;
        drop(out);
        tokio::select! {
            _ = served => Ok(0),
            _ = tokio::signal::ctrl_c() => Ok(130),
        }
    })
}

/// A mock made of pages.
pub fn build(pages: &[page::Page], options: mock::Options) -> Mock {
    let cases: Vec<Arc<Case>> = pages.iter().flat_map(|p| &p.cases).cloned().map(Arc::new).collect();
    let templates: Vec<(String, String)> = pages.iter().flat_map(|p| p.templates.clone()).collect();
    Mock::new(&cases, &templates, options)
}

/// The fault of that name.
pub fn find_fault(name: &str) -> Result<&'static Fault, Refused> {
    fault::find(name).ok_or_else(|| {
        let near = super::nearest(name, fault::all().iter().map(|f| f.name));
        let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        Refused(format!("there is no fault `{name}`{hint} (`graphspec mock --list-faults` lists them)"))
    })
}

fn address(text: &str) -> Result<SocketAddr, Refused> {
    let text = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
    let full = if text.contains(':') { text.to_owned() } else { format!("127.0.0.1:{text}") };
    let found = full.to_socket_addrs().ok().and_then(|mut all| all.next());
    found.ok_or_else(|| Refused(format!("--listen {text}: write ADDRESS:PORT, e.g. 127.0.0.1:3000")))
}
