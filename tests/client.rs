//! The client against real sockets that behave well, oddly and badly.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use graphspec::client::{Limits, Sent, Target};
use graphspec::exchange::Failure;
use graphspec::message::{Headers, Request, Response};
use graphspec::rule::{self, Rule};
use graphspec::secret::Secret;

/// One accepted connection.
struct Peer {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
    /// How many connections came before.
    index: usize,
}

impl Peer {
    /// The next request's head and content; nothing once the client has closed.
    fn request(&mut self) -> Option<String> {
        let mut text = String::new();
        let mut length = 0;
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            text.push_str(&line);
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body).ok()?;
        Some(text + &String::from_utf8(body).ok()?)
    }

    /// Whether the client still takes what is sent.
    fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// Gives the same answer to every request until the client leaves.
    fn always(&mut self, answer: impl AsRef<[u8]>) {
        while self.request().is_some() && self.send(&answer) {}
    }

    /// Waits until the client has closed.
    fn linger(&mut self) {
        let _ = self.reader.read_to_end(&mut Vec::new());
    }
}

/// A server on a free port, a thread a connection; gives its base URL.
fn serve(handle: impl Fn(&mut Peer) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let handle = Arc::new(handle);
    thread::spawn(move || {
        for (index, stream) in listener.incoming().enumerate() {
            let stream = stream.unwrap();
            stream.set_nodelay(true).unwrap();
            let handle = Arc::clone(&handle);
            let reader = BufReader::new(stream.try_clone().unwrap());
            thread::spawn(move || handle(&mut Peer { stream, reader, index }));
        }
    });
    base
}

fn limits() -> Limits {
    Limits { timeout: Duration::from_secs(5), retry: 0, max_body: 1 << 20, ..Limits::default() }
}

fn target(base: &str) -> Target {
    Target::new(base, None, limits()).unwrap()
}

fn request(method: &str, url: &str) -> Request {
    Request { method: method.into(), url: url.into(), headers: Headers::default(), body: bytes::Bytes::new() }
}

async fn get(target: &Target) -> Sent {
    target.send(&request("GET", "/a"), true, |_| false).await
}

fn answer(sent: Sent) -> Response {
    sent.exchange.outcome.unwrap()
}

#[track_caller]
fn failure(sent: Sent, rule: &'static Rule, words: &str) -> Failure {
    let failure = sent.exchange.outcome.expect_err(rule.name);
    assert_eq!(failure.rule.name, rule.name, "{}", failure.message);
    assert!(failure.message.contains(words), "{}", failure.message);
    failure
}

/// What a target that sends `bytes` to each request and then closes is called.
async fn failed(bytes: impl AsRef<[u8]> + Send + Sync + 'static, rule: &'static Rule, words: &str) {
    let base = serve(move |peer| {
        peer.request();
        peer.send(&bytes);
    });
    failure(get(&target(&base)).await, rule, words);
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn gzipped(content: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", content.len());
    [head.as_bytes(), content].concat()
}

#[tokio::test]
async fn an_answer_as_it_came() {
    let base = serve(|peer| {
        peer.always(b"HTTP/1.1 207 Sonst\xe4 nix\r\nX-B: 1\r\nx-a: \xe4\r\nX-B: 2\r\nContent-Length: 3\r\n\r\n[1]");
    });
    let sent = get(&target(&base)).await;
    assert_eq!((sent.exchange.attempts, sent.held.is_none()), (1, true));
    assert_eq!(sent.exchange.request.url, format!("{base}/a"));
    let answer = answer(sent);
    assert_eq!((answer.status, &answer.body[..]), (207, &b"[1]"[..]));
    assert_eq!(answer.headers.all("x-b").collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(answer.headers.get("x-a"), Some("\u{fffd}"));
}

#[tokio::test]
async fn conforming_oddities() {
    let gzip = gzipped(&gzip(b"{}"));
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 2\r\n\r\n{{}}", "y".repeat(60_000));
    let odd: [&[u8]; 11] = [
        b"HTTP/1.0 200 OK\r\n\r\n{}",
        b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 Fine by me!\r\ncontent-length:2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\n{\r\n1\r\n}\r\n0\r\nT: 1\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}",
        &gzip,
        long.as_bytes(),
    ];
    for bytes in odd {
        let bytes = bytes.to_vec();
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
        let base = serve(move |peer| {
            peer.request();
            peer.send(&bytes);
        });
        let answer = get(&target(&base)).await.exchange.outcome.expect(&shown);
        assert_eq!((answer.status, &answer.body[..]), (200, &b"{}"[..]), "{shown}");
    }
}

#[tokio::test]
async fn content_that_is_not_decoded_and_content_that_is_not_there() {
    let base =
        serve(|peer| peer.always(b"HTTP/1.1 200 OK\r\nContent-Encoding: zig\r\nContent-Length: 2\r\n\r\n\x01\x02"));
    assert_eq!(&answer(get(&target(&base)).await).body[..], b"\x01\x02");
    let base = serve(|peer| peer.always(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n"));
    let head = target(&base).send(&request("HEAD", "/a"), true, |_| false).await;
    assert!(answer(head).body.is_empty());
    let base = serve(|peer| peer.always(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"));
    let head = target(&base).send(&request("HEAD", "/a"), true, |_| false).await;
    assert_eq!(answer(head).headers.get("content-length"), Some("99999999"));
    let base = serve(|peer| peer.always(b"HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n"));
    assert!(answer(get(&target(&base)).await).body.is_empty());
}

#[tokio::test]
async fn a_request_as_it_goes() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let base = serve(move |peer| {
        while let Some(request) = peer.request() {
            log.lock().unwrap().push(request);
            peer.send(OK);
        }
    });
    let target = Target::new(&format!("{base}/x/v1.0/"), Some(Secret::new("t0ken")), limits()).unwrap();
    assert_eq!((target.base(), target.is_loopback()), (format!("{base}/x/v1.0").as_str(), true));
    let mut post = request("POST", "/users/{id}/add?q=a b");
    post.headers =
        Headers::from([("Content-Type", "application/json"), ("Host", "evil.example"), ("Content-Length", "9")]);
    post.body = "{\"value\":[]}".into();
    for with_token in [true, false] {
        let sent = target.send(&post, with_token, |_| false).await;
        assert_eq!(sent.exchange.request.url, format!("{base}/x/v1.0/users/%7Bid%7D/add?q=a%20b"));
        let shown = format!("{:?}", sent.exchange);
        assert!(!shown.contains("t0ken") && !shown.contains("client-request-id"), "{shown}");
        answer(sent);
    }
    for path in ["//evil.com/x", "http://evil/", "/../../..", "\\\\evil\\x", "@evil"] {
        answer(target.send(&request("GET", path), true, |_| false).await);
    }
    let seen = seen.lock().unwrap();
    assert!(seen[0].starts_with("POST /x/v1.0/users/%7Bid%7D/add?q=a%20b HTTP/1.1\r\n"), "{}", seen[0]);
    assert!(seen[0].ends_with("\r\n\r\n{\"value\":[]}"), "{}", seen[0]);
    for line in
        ["authorization: Bearer t0ken", "accept: application/json", "user-agent: graphspec/", "accept-encoding: gzip"]
    {
        assert!(seen[0].contains(line), "{line} in {}", seen[0]);
    }
    assert!(!seen[0].contains("evil") && !seen[1].to_lowercase().contains("authorization"), "{}", seen[1]);
    let id = |text: &str| text.lines().find(|l| l.starts_with("client-request-id: ")).map(str::to_owned);
    assert!(id(&seen[0]).is_some() && id(&seen[0]) != id(&seen[1]));
    assert_eq!(seen.len(), 7);
    for text in &seen[2..] {
        assert!(text.starts_with("GET /x/v1.0/") && text.contains(&format!("host: {}", &base[7..])), "{text}");
    }
}

#[tokio::test]
async fn a_request_that_cannot_be_sent() {
    let target = Target::new("http://127.0.0.1:1", Some(Secret::new("t0ken")), limits()).unwrap();
    let mut bad = request("GET", "/a");
    bad.headers = Headers::from([("a b", "c")]);
    let sent = target.send(&bad, true, |_| false).await;
    assert_eq!(sent.exchange.attempts, 0);
    failure(sent, &rule::TRANSPORT_PROTOCOL, "`a b`");
    failure(target.send(&request("G T", "/a"), true, |_| false).await, &rule::TRANSPORT_PROTOCOL, "method");
    let long = request("GET", &format!("/{}", "x".repeat(70_000)));
    failure(target.send(&long, true, |_| false).await, &rule::TRANSPORT_PROTOCOL, "not sent");
}

#[tokio::test]
async fn refused_and_unknown() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost", "a.b.localhost"] {
        let sent = get(&target(&format!("http://{host}:{port}"))).await;
        failure(
            sent,
            &rule::TRANSPORT_REFUSED,
            &format!("{host}:{port} refused the connection; is the target started?"),
        );
    }
    let retrying = Limits { retry: 2, ..limits() };
    let start = Instant::now();
    let sent = get(&Target::new(&format!("http://127.0.0.1:{port}"), None, retrying.clone()).unwrap()).await;
    assert!(sent.exchange.attempts == 3 && start.elapsed() >= Duration::from_millis(300));
    let sent = get(&Target::new("http://no-such-host.invalid", None, retrying).unwrap()).await;
    assert_eq!(sent.exchange.attempts, 1);
    failure(sent, &rule::TRANSPORT_REFUSED, "no-such-host.invalid:80 is unknown");
}

#[tokio::test]
async fn a_target_that_starts_between_attempts() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        let (mut stream, _) = TcpListener::bind(address).unwrap().accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        stream.write_all(OK.as_bytes()).unwrap();
    });
    let sent = get(&Target::new(&format!("http://{address}"), None, Limits { retry: 2, ..limits() }).unwrap()).await;
    assert_eq!((sent.exchange.attempts, answer(sent).status), (2, 200));
}

#[tokio::test]
async fn localhost_needs_no_lookup() {
    let base = serve(|peer| peer.always(OK)).replace("127.0.0.1", "mock.localhost");
    assert_eq!(answer(get(&target(&base)).await).status, 200);
}

#[tokio::test]
async fn closed_before_and_in_the_middle() {
    let reset = &rule::TRANSPORT_RESET;
    failed("", reset, "closed the connection before it answered").await;
    failed("HTTP/1.1 200 OK\r\nContent-", reset, "before it answered").await;
    failed("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"a\"", reset, "after 4 bytes of body").await;
    failed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n", reset, "after 5 bytes").await;
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    // Not reading what was sent makes the kernel reset the connection.
    let base = serve(move |peer| {
        seen.fetch_add(1, Ordering::SeqCst);
        peer.stream.peek(&mut [0]).unwrap();
    });
    failure(get(&target(&base)).await, reset, "reset the connection before it answered");
    assert_eq!(count.load(Ordering::SeqCst), 1, "a fresh connection's failure is not repeated");
}

#[tokio::test]
async fn bytes_that_are_not_http() {
    let protocol = &rule::TRANSPORT_PROTOCOL;
    failed("SSH-2.0-OpenSSH_9.6\r\n", protocol, "not HTTP").await;
    failed("\x15\x03\x01\x00\x02\x02\x46\r\n\r\n", protocol, "not HTTP").await;
    failed("HTTP/1.1 20x OK\r\n\r\n", protocol, "not HTTP").await;
    failed("HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}", protocol, "not HTTP").await;
    failed("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", protocol, "not HTTP").await;
    failed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}", protocol, "not HTTP").await;
    // A banner, sent without waiting for a request.
    let base = serve(|peer| {
        peer.send("SSH-2.0-OpenSSH_9.6\r\n");
        peer.linger();
    });
    failure(get(&target(&base)).await, protocol, "not HTTP");
    let base = serve(|peer| peer.always(OK)).replace("http:", "https:");
    let sent = get(&target(&base)).await;
    failure(sent, &rule::TRANSPORT_TLS, "no TLS connection to 127.0.0.1");
}

#[tokio::test]
async fn bodies_without_end() {
    let large = &rule::TRANSPORT_TOO_LARGE;
    let closed = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&closed);
    let base = serve(move |peer| {
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\n\r\n");
        while peer.send(vec![b'x'; 65_536]) {}
        seen.fetch_add(1, Ordering::SeqCst);
    });
    failure(get(&target(&base)).await, large, "larger than 1048576 bytes");
    let base = serve(|peer| peer.always("HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n"));
    failure(get(&target(&base)).await, large, "announces 1048577");
    let base = serve(|peer| peer.always(ok(&"x".repeat(1 << 20))));
    let sent = get(&target(&base)).await;
    assert!(sent.held.is_some());
    assert_eq!(answer(sent).body.len(), 1 << 20);
    for _ in 0..200 {
        if closed.load(Ordering::SeqCst) == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the connection was not closed");
}

#[tokio::test]
async fn gzip_that_bombs_and_gzip_that_is_broken() {
    let bomb = gzip(&vec![0; 64 << 20]);
    failed(gzipped(&bomb), &rule::TRANSPORT_TOO_LARGE, "larger than").await;
    let whole = gzip(b"{\"value\":[1,2,3,4,5,6,7,8]}");
    let broken = "gzip content cannot be decoded";
    failed(gzipped(&whole[..whole.len() / 2]), &rule::TRANSPORT_PROTOCOL, broken).await;
    failed(gzipped(b"{}"), &rule::TRANSPORT_PROTOCOL, broken).await;
    let mut wrong = whole.clone();
    let checksum = whole.len() - 6;
    wrong[checksum] ^= 1;
    failed(gzipped(&wrong), &rule::TRANSPORT_PROTOCOL, broken).await;
    let mut cut = gzipped(&whole);
    cut.truncate(cut.len() - 9);
    failed(cut, &rule::TRANSPORT_RESET, "in the middle").await;
}

#[tokio::test]
async fn header_fields_without_end() {
    for field in ["X-A: b\r\n".to_owned(), "x".repeat(4096)] {
        let base = serve(move |peer| {
            peer.request();
            peer.send("HTTP/1.1 200 OK\r\nX: ");
            while peer.send(&field) {}
        });
        failure(get(&target(&base)).await, &rule::TRANSPORT_PROTOCOL, "too many or too large");
    }
}

#[tokio::test]
async fn one_attempt_has_its_time() {
    let limits = Limits { timeout: Duration::from_millis(300), ..limits() };
    let timeout = &rule::TRANSPORT_TIMEOUT;
    let measured = async |base: &str, words: &str| {
        let start = Instant::now();
        let sent = get(&Target::new(base, None, limits.clone()).unwrap()).await;
        assert!((250..2000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
        failure(sent, timeout, words);
    };
    measured(&serve(Peer::linger), "but no answer within 300ms").await;
    let drip = serve(|peer| {
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        while peer.send("x") {
            thread::sleep(Duration::from_millis(20));
        }
    });
    measured(&drip, "bytes had come").await;
    let slow_head = serve(|peer| {
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\nX: ");
        while peer.send("x") {
            thread::sleep(Duration::from_millis(20));
        }
    });
    measured(&slow_head, "but no answer within 300ms").await;
    // A full backlog: the kernel drops further handshakes.
    let full = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = full.local_addr().unwrap();
    let taken: Vec<_> =
        (0..5000).map_while(|_| TcpStream::connect_timeout(&address, Duration::from_millis(20)).ok()).collect();
    measured(&format!("http://{address}"), "no connection to 127.0.0.1").await;
    drop(taken);
}

#[tokio::test]
async fn throttled_then_let_through() {
    let date = httpdate::fmt_http_date(std::time::SystemTime::now());
    for (value, least, most) in
        [("0", 0, 200), ("0.05", 50, 250), (&*date, 0, 200), ("-3", 250, 500), ("soon", 250, 500), ("99999", 400, 700)]
    {
        for status in [429, 503] {
            let throttle = format!("HTTP/1.1 {status} X\r\nRetry-After: {value}\r\nContent-Length: 1\r\n\r\nx");
            let base = serve(move |peer| {
                peer.request();
                peer.send(&throttle);
                peer.always(OK);
            });
            let limits = Limits { retry: 1, retry_cap: Duration::from_millis(400), ..limits() };
            let start = Instant::now();
            let sent = get(&Target::new(&base, None, limits).unwrap()).await;
            let took = start.elapsed().as_millis();
            assert!((least..most).contains(&took), "{value}: {took} ms");
            assert!(sent.exchange.duration.as_millis() >= least);
            assert_eq!((sent.exchange.attempts, answer(sent).status), (2, 200));
        }
    }
}

#[tokio::test]
async fn throttled_to_the_end_or_as_promised() {
    let base = serve(|peer| peer.always("HTTP/1.1 429 X\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"));
    for (retry, words) in [(0, "after 1 attempt (Retry-After: 0)"), (2, "still 429 Too Many Requests after 3 attempts")]
    {
        let target = Target::new(&base, None, Limits { retry, ..limits() }).unwrap();
        let sent = get(&target).await;
        assert_eq!(sent.exchange.attempts, retry + 1);
        failure(sent, &rule::TRANSPORT_THROTTLED, words);
        let sent = target.send(&request("GET", "/a"), true, |status| status == 429).await;
        assert_eq!((sent.exchange.attempts, answer(sent).status), (1, 429));
    }
}

#[tokio::test]
async fn redirects_are_answers() {
    let base =
        serve(|peer| peer.always("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"));
    let answer = answer(get(&target(&base)).await);
    assert_eq!((answer.status, answer.headers.get("location")), (302, Some("http://127.0.0.1:1/")));
}

#[tokio::test]
async fn left_over_bytes_do_not_harm_the_next_case() {
    // Together with the answer, a little later, and after the next request was read.
    for (pause, declared) in [(None, "Content-Length: 2\r\n"), (Some(0), "Content-Length: 2\r\n"), (Some(3), "")] {
        let base = serve(move |peer| {
            while peer.request().is_some() {
                let head = format!("HTTP/1.1 204 No Content\r\n{declared}\r\n");
                let Some(pause) = pause else {
                    peer.send(format!("{head}{{}}"));
                    continue;
                };
                peer.send(head);
                thread::sleep(Duration::from_millis(pause));
                peer.send("{}");
            }
        });
        let target = target(&base);
        for turn in 0..20 {
            let method = ["GET", "POST"][turn % 2];
            let sent = target.send(&request(method, "/a"), true, |_| false).await;
            assert_eq!(sent.exchange.attempts, 1);
            let answer = answer(sent);
            assert_eq!((answer.status, answer.body.len()), (204, 0), "{pause:?}, {turn}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_closes_after_each_answer_without_saying_so() {
    for jobs in [1, 8] {
        let handled = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&handled);
        let base = serve(move |peer| {
            if peer.request().is_some() {
                seen.fetch_add(1, Ordering::SeqCst);
                peer.send(OK);
            }
        });
        let target = target(&base);
        let mut tasks = tokio::task::JoinSet::new();
        for job in 0..jobs {
            let target = target.clone();
            tasks.spawn(async move {
                for turn in 0..200 / jobs {
                    let method = ["POST", "GET"][(turn + job) % 2];
                    answer(target.send(&request(method, "/a"), true, |_| false).await);
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        assert_eq!(handled.load(Ordering::SeqCst), 200, "no request was handled twice");
    }
}

#[tokio::test]
async fn a_target_that_hangs_up_on_one_request_of_a_kept_connection() {
    let posts = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&posts);
    let base = serve(move |peer| {
        while let Some(request) = peer.request() {
            if request.starts_with("POST") {
                seen.fetch_add(1, Ordering::SeqCst);
                return;
            }
            peer.send(OK);
        }
    });
    let target = target(&base);
    for sends in [2, 3, 4] {
        answer(get(&target).await);
        let sent = target.send(&request("POST", "/a"), true, |_| false).await;
        assert_eq!(sent.exchange.attempts, 1);
        failure(sent, &rule::TRANSPORT_RESET, "before it answered");
        // Doubtful once, and never again for this target.
        assert_eq!(posts.load(Ordering::SeqCst), sends);
    }
}

#[tokio::test]
async fn connections_are_kept() {
    let base = serve(|peer| {
        let index = peer.index;
        peer.always(ok(&index.to_string()));
    });
    let target = target(&base);
    for _ in 0..50 {
        assert_eq!(&answer(get(&target).await).body[..], b"0");
    }
}

#[tokio::test]
async fn the_budget_does_not_deadlock() {
    // Each may take the whole budget, and pauses with more than the free part sent.
    let base = serve(|peer| {
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\n\r\n");
        peer.send(vec![b'x'; 300 << 10]);
        thread::sleep(Duration::from_millis(50));
        peer.send(vec![b'x'; 100 << 10]);
    });
    let target = Target::new(&base, None, Limits { max_body: 64 << 20, ..limits() }).unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let target = target.clone();
        tasks.spawn(async move { get(&target).await });
    }
    while let Some(sent) = tasks.join_next().await {
        let sent = sent.unwrap();
        assert_eq!(sent.exchange.outcome.as_ref().map(|r| r.body.len()), Ok(400 << 10));
        assert!(sent.held.is_some());
    }
}

#[tokio::test]
async fn waiting_for_the_budget_takes_no_time_from_the_attempt() {
    let large = ok(&"x".repeat(48 << 20));
    let base = serve(move |peer| {
        while let Some(request) = peer.request() {
            let body = if request.starts_with("GET /a ") { &large } else { OK };
            peer.send(body);
        }
    });
    let limits = Limits { timeout: Duration::from_secs(1), max_body: 48 << 20, ..limits() };
    let target = Target::new(&base, None, limits).unwrap();
    let Sent { held, exchange } = get(&target).await;
    assert!(held.is_some() && exchange.outcome.is_ok());
    let release = async {
        tokio::time::sleep(Duration::from_millis(1200)).await;
        drop(held);
    };
    let start = Instant::now();
    let small = async {
        answer(target.send(&request("GET", "/small"), true, |_| false).await);
        start.elapsed()
    };
    let (second, small, ()) = tokio::join!(get(&target), small, release);
    assert!(small < Duration::from_secs(1), "a small body waits for nobody: {small:?}");
    assert!(second.exchange.duration > Duration::from_millis(1200));
    answer(second);
}

#[test]
fn a_target_is_made_quickly_and_without_a_runtime() {
    let start = Instant::now();
    let made: Vec<_> = (0..10).map(|_| target("http://127.0.0.1:1/x")).collect();
    let each = start.elapsed() / 10;
    // Generous for a debug build on a busy machine; reading certificates would take far longer.
    assert!(made.len() == 10 && each < Duration::from_millis(20), "{each:?}");
}
