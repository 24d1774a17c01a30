//! The wire: a request goes to a target, an [`Exchange`] comes back. The only user of reqwest.
//!
//! One [`Target`] holds one connection pool. No redirect is followed, no URL leaves the target's
//! origin, and whatever a target does, an attempt ends within its limits of time and memory.
//!
//! # Connections that the target closed
//!
//! HTTP/1.1 servers may close an idle connection at any time, and some close after every answer
//! without `Connection: close`. A client that writes at that moment sees a closed connection, or a
//! few left-over bytes of the answer before, and cannot tell that from a target which read the
//! request and hung up. RFC 9112, section 9.3.1 allows to repeat an idempotent request then, and
//! others only where the client can tell that they were not processed. The choice made here is
//! curl's and the browsers': a request that failed before its answer began, on a connection that
//! had *already carried an answer*, is sent once more on a connection of its own, and that second
//! outcome counts. A failure on a fresh connection is the target's, and is never repeated. Once
//! such a repeat was needed, a target is no longer trusted with its idle connections: requests
//! that are not idempotent then go over fresh ones, so that the doubt does not come up again.

mod address;
mod attempt;
mod base;
mod prepare;
mod retry;
mod trouble;

use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

pub use attempt::Held;
pub use base::BadTarget;

use crate::exchange::{Exchange, Failure};
use crate::message::{Request, Response, status_text};
use crate::rule;
use crate::secret::Secret;

/// What one exchange may cost.
#[derive(Clone, Debug)]
pub struct Limits {
    /// One attempt, from connecting to the last byte of the body.
    pub timeout: Duration,
    /// Further attempts after a 429, a 503 or a refused connection.
    pub retry: u32,
    /// The longest wait between two attempts, whatever `Retry-After` asks for.
    pub retry_cap: Duration,
    /// The largest body, in bytes after decoding.
    pub max_body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { timeout: Duration::from_secs(30), retry: 2, retry_cap: Duration::from_secs(60), max_body: 16 << 20 }
    }
}

/// A server to send requests to. Clones share connections and the memory budget.
#[derive(Clone)]
pub struct Target {
    inner: Arc<Inner>,
}

struct Inner {
    base: base::Base,
    token: Option<base::Token>,
    limits: Limits,
    wire: attempt::Connections,
    budget: attempt::Budget,
    ids: prepare::Ids,
}

/// What [`Target::send`] gives back.
pub struct Sent {
    /// The request as sent and its outcome.
    pub exchange: Exchange,
    /// The body's share of the memory budget, for bodies above 256 KiB. Keep it while the body is
    /// judged, and drop it before waiting for another exchange of the same target.
    pub held: Option<Held>,
}

impl Target {
    /// A target at `base`, `http(s)://host[:port][/base/path]`; the path is kept in front of every
    /// request's. Nothing is sent yet. Needs no runtime.
    ///
    /// # Errors
    ///
    /// [`BadTarget`] says what is wrong with `base` (RFC 3986, as browsers read it) or the token.
    pub fn new(base: &str, token: Option<Secret>, limits: Limits) -> Result<Target, BadTarget> {
        let base = base::Base::parse(base)?;
        let token = token.filter(|t| !t.is_empty()).map(base::Token::new).transpose()?;
        let wire = attempt::Connections::new(&base, limits.timeout)?;
        let inner =
            Inner { base, token, limits, wire, budget: attempt::Budget::default(), ids: prepare::Ids::default() };
        Ok(Target { inner: Arc::new(inner) })
    }

    /// Whether the target is this machine: `127.0.0.0/8`, `::1`, `localhost` or `*.localhost`
    /// (RFC 6761, section 6.3). Such a target is never reached through a proxy, and the names are
    /// not looked up.
    pub fn is_loopback(&self) -> bool {
        self.inner.base.loopback
    }

    /// The base URL, normalised, without a `/` at its end.
    pub fn base(&self) -> &str {
        &self.inner.base.text
    }

    /// Whether something accepts a connection there within `limit`; nothing is sent.
    pub fn answers(&self, limit: Duration) -> bool {
        let found = self.inner.base.place.to_socket_addrs();
        found.is_ok_and(|mut places| places.any(|at| TcpStream::connect_timeout(&at, limit).is_ok()))
    }

    /// What [`Target::send`] would put on the wire, with a mask for the token; nothing is sent. The id
    /// that it gives each request is left out, since it is made when that is sent.
    ///
    /// # Errors
    /// What cannot be sent, for a person.
    pub fn preview(&self, request: &Request, with_token: bool) -> Result<Request, String> {
        let inner = &*self.inner;
        let token = inner.token.as_ref().filter(|_| with_token);
        let (_, mut shown) = prepare::prepare(&inner.base, request, with_token, token)?;
        let documented = request.headers.get("authorization").is_some() && with_token;
        if token.is_some() || documented {
            shown.headers.0.push(("Authorization".to_owned(), format!("Bearer {}", crate::secret::MASK)));
        }
        Ok(shown)
    }

    /// Sends `request`, whose `url` is a path below the base, and reads the answer.
    ///
    /// The token goes along only with `with_token`; without it, a documented `Authorization` field
    /// stays behind too. Fields that belong to the connection (`Host`, `Content-Length`, ...) are
    /// the client's own; every other one is sent as it is. 429 and 503 are tried again after
    /// `Retry-After` (RFC 9110, section 10.2.3) unless the case has `promised` that status, and so
    /// is a refused connection. Waits for the memory budget, and between attempts, do not count
    /// against the timeout.
    ///
    /// What is not an answer comes back as a [`Failure`] under a `transport/` rule. `attempts` does
    /// not count the repeat over a fresh connection that the module describes, since whether one is
    /// needed is a matter of microseconds. Dropping the future closes the connection.
    pub async fn send(&self, request: &Request, with_token: bool, promised: impl Fn(u16) -> bool + Sync) -> Sent {
        let start = Instant::now();
        let inner = &*self.inner;
        let token = inner.token.as_ref().filter(|_| with_token);
        let (wire, shown) = match prepare::prepare(&inner.base, request, with_token, token) {
            Ok(prepared) => prepared,
            Err(message) => return inner.sent(request.clone(), Err(message.into()), 0, start, None),
        };
        let mut attempts = 0;
        loop {
            attempts += 1;
            let more = attempts <= inner.limits.retry;
            let wait = match inner.attempt(&wire).await {
                Ok((response, held)) => {
                    let throttled = matches!(response.status, 429 | 503) && !promised(response.status);
                    if !throttled {
                        return inner.sent(shown, Ok(response), attempts, start, held);
                    }
                    if !more {
                        return inner.sent(shown, Err(throttled_out(&response, attempts)), attempts, start, None);
                    }
                    retry::after(response.headers.get("retry-after"), attempts)
                }
                Err(trouble) if trouble.refused && more => retry::after_refusal(attempts),
                Err(trouble) => return inner.sent(shown, Err(trouble), attempts, start, None),
            };
            sleep(wait.min(inner.limits.retry_cap)).await;
        }
    }
}

impl Inner {
    /// One attempt, over a pooled connection or a fresh one, as the module's text says.
    async fn attempt(&self, wire: &prepare::Wire) -> Result<(Response, Option<Held>), trouble::Trouble> {
        if self.wire.trusts(&wire.method) {
            let outcome = self.once(wire, false).await;
            if !outcome.as_ref().is_err_and(|trouble| trouble.stale) {
                return outcome;
            }
            self.wire.distrust();
        }
        self.once(wire, true).await
    }

    fn sent(
        &self,
        request: Request,
        outcome: Result<Response, trouble::Trouble>,
        attempts: u32,
        start: Instant,
        held: Option<Held>,
    ) -> Sent {
        let outcome = outcome.map_err(|trouble| {
            let message = match &self.token {
                Some(token) => token.secret.scrub(&trouble.message),
                None => trouble.message,
            };
            Failure { rule: trouble.rule, message }
        });
        let exchange = Exchange { request, outcome, attempts, duration: start.elapsed() };
        Sent { exchange, held }
    }
}

fn throttled_out(response: &Response, attempts: u32) -> trouble::Trouble {
    let times = if attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") };
    let status = status_text(response.status);
    let wish = match response.headers.get("retry-after") {
        Some(value) => format!("Retry-After: {}", trouble::printable(value)),
        None => "no Retry-After".to_owned(),
    };
    trouble::Trouble::new(&rule::TRANSPORT_THROTTLED, format!("still {status} after {times} ({wish})"))
}
