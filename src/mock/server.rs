//! The mock on a socket: HTTP/1.1 with keep-alive, by hyper.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::graph::{self, Refusal};
use super::{Body, MAX_BODY, Mock};
use crate::message::{Headers, Request, Response};

/// Binds `address` (port 0: any free one) and serves `mock` there in a task of its own, until
/// that is aborted.
///
/// # Errors
/// What the system says when it does not give the address.
pub async fn start(mock: Mock, address: SocketAddr) -> io::Result<(SocketAddr, JoinHandle<()>)> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    Ok((bound, tokio::spawn(Arc::new(mock).serve(listener))))
}

/// Serves `mock` on a listener from this thread, which it never gives back.
///
/// # Errors
/// What the system says when it gives no runtime, or the listener is none.
pub fn serve_blocking(mock: Mock, listener: std::net::TcpListener) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        Arc::new(mock).serve(TcpListener::from_std(listener)?).await;
        Ok(())
    })
}

impl Mock {
    /// Answers every connection that `listener` accepts.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // Out of sockets, most likely: some are given back soon.
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            // Answers are small and whole; waiting to join them to others would only delay them.
            let _ = stream.set_nodelay(true);
            let mock = Arc::clone(&self);
            tokio::spawn(async move {
                let service = service_fn(move |request| respond(Arc::clone(&mock), request));
                let connection =
                    http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
                // A client that breaks off is its own business.
                let _ = connection.await;
            });
        }
    }

    /// The answer to a request whose body was larger than [`MAX_BODY`].
    fn too_large(&self, headers: &Headers) -> Response {
        let refusal = Refusal::too_large(MAX_BODY);
        let ids = self.ids.next(headers.get("client-request-id"));
        graph::finish(refusal.status, refusal.headers, Body::Json(refusal.body), &ids)
    }
}

async fn respond(
    mock: Arc<Mock>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let headers = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let mut request = Request {
        method: head.method.as_str().to_owned(),
        url: head.uri.path_and_query().map_or_else(|| "/".to_owned(), |path| path.as_str().to_owned()),
        headers: Headers(headers.collect()),
        body: Bytes::new(),
    };
    if !body.is_end_stream() {
        request.body = match Limited::new(body, MAX_BODY).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                let mut response = rendered(mock.too_large(&request.headers));
                // What is left of the body is not read.
                response.headers_mut().insert(hyper::header::CONNECTION, HeaderValue::from_static("close"));
                return Ok(response);
            }
            // The client broke off: nobody will read the answer.
            Err(_) => Bytes::new(),
        };
    }
    Ok(rendered(mock.whole_answer(&request)))
}

/// As hyper has it. It drops bodies that HTTP forbids (HEAD, 204, 304), their length kept.
fn rendered(response: Response) -> hyper::Response<Full<Bytes>> {
    let mut out = hyper::Response::new(Full::new(response.body));
    *out.status_mut() = hyper::StatusCode::from_u16(response.status).unwrap_or(hyper::StatusCode::OK);
    for (name, value) in response.headers.0 {
        // A field that a page documents may be one that HTTP does not allow.
        let field = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_bytes(value.as_bytes()).ok());
        if let Some((name, value)) = field {
            out.headers_mut().append(name, value);
        }
    }
    out
}
