//! One attempt: a request out, an answer in, within its time and memory.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use reqwest::{Client, Method, redirect};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

use super::Inner;
use super::base::{BadTarget, Base};
use super::prepare::Wire;
use super::trouble::{self, Progress, Trouble, printable};
use crate::message::{Headers, Response};
use crate::rule;

/// Bodies up to this size take nothing from the budget.
const FREE: usize = 256 << 10;
/// What all larger bodies of one target may take together.
const BUDGET_KIB: usize = 16 << 10;
/// Node's servers, among others, close a connection that idled for five seconds.
const IDLE: Duration = Duration::from_secs(4);

/// Where loopback names lead (RFC 6761, section 6.3). Port 0 stands for the URL's.
const LOOPBACK: [SocketAddr; 2] =
    [SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0), SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)];

/// The ways to a target: a pool, and single connections for when the pool cannot be trusted.
pub(super) struct Connections {
    pooled: Client,
    /// Made when first needed, which for most targets is never.
    single: OnceLock<Client>,
    builder: Box<dyn Fn() -> reqwest::ClientBuilder + Send + Sync>,
    wary: AtomicBool,
    answered: Ports,
}

impl Connections {
    pub fn new(base: &Base, timeout: Duration) -> Result<Connections, BadTarget> {
        let (tls, loopback) = (base.tls, base.loopback);
        let name = base.is_loopback_name().then(|| base.host.clone());
        let builder = move || {
            let mut builder = Client::builder()
                .redirect(redirect::Policy::none())
                .referer(false)
                .tcp_nodelay(true)
                // Ends a little before the attempt does, so that "no connection" can be told
                // from "no answer".
                .connect_timeout(timeout.mul_f64(0.97))
                .pool_idle_timeout(IDLE);
            if !tls {
                // Reading the system's certificates takes tens of milliseconds.
                builder = builder.tls_certs_only([]);
            }
            if loopback {
                builder = builder.no_proxy();
            }
            if let Some(name) = &name {
                builder = builder.resolve_to_addrs(name, &LOOPBACK);
            }
            builder
        };
        let pooled = builder().build().map_err(|error| BadTarget::Client(words(&error)))?;
        Ok(Connections {
            pooled,
            single: OnceLock::new(),
            builder: Box::new(builder),
            wary: AtomicBool::new(false),
            answered: Ports::default(),
        })
    }

    /// Whether a request of this method may go over a connection that was used before.
    pub fn trusts(&self, method: &Method) -> bool {
        method.is_idempotent() || !self.wary.load(Ordering::Relaxed)
    }

    /// The target closes connections, or leaves bytes on them, without saying so.
    pub fn distrust(&self) {
        self.wary.store(true, Ordering::Relaxed);
    }

    fn client(&self, fresh: bool) -> Result<&Client, Trouble> {
        if !fresh {
            return Ok(&self.pooled);
        }
        if let Some(client) = self.single.get() {
            return Ok(client);
        }
        let built = (self.builder)().pool_max_idle_per_host(0).build();
        let client = built.map_err(|error| Trouble::from(words(&error)))?;
        Ok(self.single.get_or_init(|| client))
    }
}

fn words(error: &reqwest::Error) -> String {
    let source = std::error::Error::source(error);
    printable(&source.map_or_else(|| error.to_string(), ToString::to_string))
}

/// The local ports of connections that carried an answer: by them a connection is known to have
/// been used before. One bit a port, so that noting one costs nothing.
struct Ports(Box<[AtomicU64]>);

impl Default for Ports {
    fn default() -> Self {
        Ports((0..1024).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Ports {
    fn place(&self, port: u16) -> (&AtomicU64, u64) {
        (&self.0[usize::from(port >> 6)], 1 << (port & 63))
    }

    fn note(&self, port: u16) {
        let (word, bit) = self.place(port);
        if word.load(Ordering::Relaxed) & bit == 0 {
            word.fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// Whether the port was noted. It is forgotten: the connection is gone.
    fn take(&self, port: u16) -> bool {
        let (word, bit) = self.place(port);
        word.fetch_and(!bit, Ordering::Relaxed) & bit != 0
    }
}

/// The memory that large bodies in flight share.
pub(super) struct Budget(Arc<Semaphore>);

impl Default for Budget {
    fn default() -> Self {
        Budget(Arc::new(Semaphore::new(BUDGET_KIB)))
    }
}

impl Budget {
    /// Takes all that a body of up to `bytes` may need, in one go: two bodies that each hold a
    /// part and wait for more would wait for ever.
    async fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed, so there is a permit.
        Arc::clone(&self.0).acquire_many_owned(kib(bytes)).await.ok()
    }
}

fn kib(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1024).min(BUDGET_KIB)).unwrap_or(u32::MAX)
}

/// A large body's share of its target's memory budget. Dropping it lets others grow.
#[derive(Debug)]
pub struct Held {
    permit: OwnedSemaphorePermit,
}

impl Held {
    /// Gives back what the finished body did not need.
    fn shrink(&mut self, bytes: usize) {
        let spare = self.permit.num_permits().saturating_sub(kib(bytes) as usize);
        drop(self.permit.split(spare));
    }
}

impl Inner {
    /// Sends once. `fresh`: over a connection of its own.
    pub(super) async fn once(&self, wire: &Wire, fresh: bool) -> Result<(Response, Option<Held>), Trouble> {
        let limit = self.limits.timeout;
        let request = wire.request(&self.ids);
        let exchange = self.wire.client(fresh)?.execute(request);
        let mut end = std::pin::pin!(sleep(limit));
        let answer = tokio::select! {
            biased;
            answer = exchange => answer,
            () = &mut end => {
                let message = format!("connected to {}, but no answer within {limit:?}", self.base.place);
                return Err(Trouble::new(&rule::TRANSPORT_TIMEOUT, message));
            }
        };
        let answer = answer.map_err(|error| self.unanswered(&error))?;
        if let Some(info) = answer.extensions().get::<HttpInfo>() {
            self.wire.answered.note(info.local_addr().port());
        }
        let status = answer.status().as_u16();
        if matches!(status, 204 | 205) && declares_content(answer.headers()) {
            // The content, which has no place here (RFC 9110, section 15.3.5), would be read as
            // the start of the next answer.
            self.wire.distrust();
        }
        let headers = fields(answer.headers());
        let (body, held) = self.body(answer, end).await?;
        Ok((Response { status, headers, body }, held))
    }

    fn unanswered(&self, error: &reqwest::Error) -> Trouble {
        let mut extras = hyper::http::Extensions::new();
        let reused = trouble::connection(error).is_some_and(|connection| {
            connection.get_extras(&mut extras);
            extras.get::<HttpInfo>().is_some_and(|info| self.wire.answered.take(info.local_addr().port()))
        });
        let mut trouble = trouble::sort(error, &self.base, Progress::Nothing(reused));
        if trouble.rule == &rule::TRANSPORT_TIMEOUT && error.is_connect() {
            trouble.message = format!("no connection to {} within {:?}", self.base.place, self.limits.timeout);
        }
        trouble
    }

    async fn body(
        &self,
        mut answer: reqwest::Response,
        mut end: Pin<&mut Sleep>,
    ) -> Result<(Bytes, Option<Held>), Trouble> {
        let most = self.limits.max_body;
        let declared = answer.content_length().map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        if declared.is_some_and(|length| length > most) {
            return Err(too_large(most, &format!("it announces {} bytes", declared.unwrap_or(most))));
        }
        let mut body = Vec::new();
        let mut held: Option<Held> = None;
        loop {
            let chunk = tokio::select! {
                biased;
                chunk = answer.chunk() => chunk,
                () = &mut end => {
                    let message = format!(
                        "the answer's body was not whole within {:?}: {} bytes had come",
                        self.limits.timeout,
                        body.len()
                    );
                    return Err(Trouble::new(&rule::TRANSPORT_TIMEOUT, message));
                }
            };
            let chunk = chunk.map_err(|error| trouble::sort(&error, &self.base, Progress::Body(body.len())))?;
            let Some(chunk) = chunk else { break };
            let length = body.len() + chunk.len();
            if length > most {
                return Err(too_large(most, "it goes on after that"));
            }
            if length > FREE && held.is_none() {
                let since = Instant::now();
                held = self.budget.take(declared.unwrap_or(most)).await.map(|permit| Held { permit });
                let deadline = end.deadline() + since.elapsed();
                end.as_mut().reset(deadline);
                body.reserve_exact(declared.unwrap_or(length).max(length) - body.len());
            } else if body.capacity() == 0 {
                body.reserve_exact(declared.unwrap_or(length).min(FREE).max(length));
            }
            // Copied, since a slice of the connection's buffer would keep all of it alive.
            body.extend_from_slice(&chunk);
        }
        if let Some(held) = &mut held {
            body.shrink_to_fit();
            held.shrink(body.len());
        }
        Ok((Bytes::from(body), held))
    }
}

fn declares_content(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0")
}

fn too_large(most: usize, how: &str) -> Trouble {
    let message = format!("the answer's decoded body is larger than {most} bytes: {how}");
    Trouble::new(&rule::TRANSPORT_TOO_LARGE, message)
}

fn fields(headers: &HeaderMap) -> Headers {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Headers(headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect())
}
