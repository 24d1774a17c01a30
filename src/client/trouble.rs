//! From the client's chains of errors to rules and to words that help.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::iter::successors;

use crate::rule::{self, Rule};

use super::base::Base;

/// Why an attempt brought no answer.
pub(super) struct Trouble {
    pub rule: &'static Rule,
    pub message: String,
    /// No connection was accepted, so nothing was sent.
    pub refused: bool,
    /// The connection had answered before and is broken now: the next one may do better.
    pub stale: bool,
}

impl Trouble {
    pub fn new(rule: &'static Rule, message: String) -> Trouble {
        Trouble { rule, message, refused: false, stale: false }
    }
}

/// Our own request cannot be sent.
impl From<String> for Trouble {
    fn from(message: String) -> Trouble {
        Trouble::new(&rule::TRANSPORT_PROTOCOL, format!("not sent: {message}"))
    }
}

/// How far an answer had come.
#[derive(Clone, Copy)]
pub(super) enum Progress {
    /// Nothing of it, on a connection that had (`true`) or had not answered before.
    Nothing(bool),
    /// The head, and this many bytes of the decoded body.
    Body(usize),
}

/// Sorts an error of the client under a rule.
pub(super) fn sort(error: &reqwest::Error, base: &Base, progress: Progress) -> Trouble {
    if error.is_builder() {
        return Trouble::from(format!("the client refuses the request: {}", cause(error)));
    }
    if error.is_connect() {
        return connecting(error, base);
    }
    let ended = |what: &str| match progress {
        Progress::Nothing(_) => format!("{} {what} before it answered", base.place),
        Progress::Body(bytes) => {
            format!("{} {what} in the middle of the answer, after {bytes} bytes of body", base.place)
        }
    };
    let hyper = find::<hyper::Error>(error);
    let kind = io_kind(error);
    let mut trouble = match (hyper, kind) {
        (Some(hyper), _) if hyper.is_parse_too_large() => {
            let message = format!("the answer's header fields are too many or too large: {}", cause(error));
            return Trouble::new(&rule::TRANSPORT_PROTOCOL, message);
        }
        (Some(hyper), _) if hyper.is_incomplete_message() || hyper.is_closed() => {
            Trouble::new(&rule::TRANSPORT_RESET, ended("closed the connection"))
        }
        (Some(_), Some(ErrorKind::UnexpectedEof)) => {
            Trouble::new(&rule::TRANSPORT_RESET, ended("closed the connection"))
        }
        (_, Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted)) => {
            Trouble::new(&rule::TRANSPORT_RESET, ended("reset the connection"))
        }
        (_, Some(ErrorKind::TimedOut)) => Trouble::new(&rule::TRANSPORT_TIMEOUT, ended("fell silent")),
        (None, _) if matches!(progress, Progress::Body(_)) => {
            let message = format!("the answer's gzip content cannot be decoded: {}", cause(error));
            return Trouble::new(&rule::TRANSPORT_PROTOCOL, message);
        }
        _ => Trouble::new(&rule::TRANSPORT_PROTOCOL, format!("the answer is not HTTP: {}", cause(error))),
    };
    trouble.stale = matches!(progress, Progress::Nothing(true));
    trouble
}

fn connecting(error: &reqwest::Error, base: &Base) -> Trouble {
    let place = &base.place;
    let why = cause(error);
    if error.is_dns() {
        return Trouble::new(&rule::TRANSPORT_REFUSED, format!("the host of {place} is unknown: {why}"));
    }
    match io_kind(error) {
        Some(ErrorKind::ConnectionRefused) => {
            let hint = if base.loopback { "; is the target started?" } else { "" };
            let message = format!("{place} refused the connection{hint}");
            Trouble { refused: true, ..Trouble::new(&rule::TRANSPORT_REFUSED, message) }
        }
        Some(ErrorKind::TimedOut) => Trouble::new(&rule::TRANSPORT_TIMEOUT, format!("no connection to {place}: {why}")),
        None if error.is_timeout() => {
            Trouble::new(&rule::TRANSPORT_TIMEOUT, format!("no connection to {place}: {why}"))
        }
        Some(
            ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::AddrNotAvailable
            | ErrorKind::PermissionDenied
            | ErrorKind::InvalidInput,
        ) => Trouble::new(&rule::TRANSPORT_REFUSED, format!("{place} cannot be reached: {why}")),
        _ if base.tls => Trouble::new(&rule::TRANSPORT_TLS, format!("no TLS connection to {place}: {why}")),
        Some(ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe) => {
            Trouble::new(&rule::TRANSPORT_RESET, format!("{place} closed the connection at once"))
        }
        _ => Trouble::new(&rule::TRANSPORT_REFUSED, format!("{place} cannot be reached: {why}")),
    }
}

/// Every error from the outermost to the root. An `io::Error` that wraps another hides it from
/// `source`, so the wrapped one is asked for by name.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        }
    }
    successors(Some(error), |error| inner(*error))
}

fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    chain(error).find_map(|link| link.downcast_ref())
}

/// The kind of the innermost `io::Error` that has a telling one.
fn io_kind(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    let kinds = chain(error).filter_map(|link| link.downcast_ref::<io::Error>()).map(io::Error::kind);
    kinds.filter(|kind| *kind != ErrorKind::Other).last()
}

/// The connection that an error happened on, if it got that far.
pub(super) fn connection(error: &reqwest::Error) -> Option<&hyper_util::client::legacy::connect::Connected> {
    find::<hyper_util::client::legacy::Error>(error)?.connect_info()
}

/// The root's words. The client's own, further out, would repeat the URL.
fn cause(error: &reqwest::Error) -> String {
    match chain(error).skip(1).last() {
        Some(root) => printable(&root.to_string()),
        None => "no reason given".to_owned(),
    }
}

/// One line of text from outside, escaped for a terminal and cut where it gets long.
pub(super) fn printable(text: &str) -> String {
    const LONGEST: usize = 300;
    let mut out = String::new();
    for c in text.chars() {
        if out.len() >= LONGEST {
            out.push('…');
            break;
        }
        // Left-to-right marks and their kin reorder what a terminal shows.
        let reorders = matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || reorders {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_cannot_steer_a_terminal() {
        assert_eq!(printable("a\u{1b}[2J\u{202e}é"), "a\\u{1b}[2J\\u{202e}é");
        assert!(printable(&"x".repeat(10_000)).len() < 310);
    }

    #[test]
    fn a_wrapped_error_is_found() {
        let inner = io::Error::from(ErrorKind::ConnectionRefused);
        let outer = io::Error::other(io::Error::other(inner));
        assert_eq!(io_kind(&outer), Some(ErrorKind::ConnectionRefused));
    }
}
