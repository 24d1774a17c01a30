use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{BUILT_IN, items, mock, one};
use graphspec::fault;
use graphspec::mock::{MAX_BODY, Options, start};

fn post(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Sends requests over one connection, one after the other, and gives what came back for each.
fn exchange(options: Options, requests: Vec<String>) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (address, task) = start(mock(&BUILT_IN, options), ([127, 0, 0, 1], 0).into()).await.unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut answers = Vec::new();
        for request in requests {
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut bytes = vec![0; 64 * 1024];
            let mut length = 0;
            while !is_whole(&bytes[..length], request.starts_with("HEAD")) {
                let read = stream.read(&mut bytes[length..]).await.unwrap();
                assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&bytes[..length]));
                length += read;
            }
            answers.push(String::from_utf8_lossy(&bytes[..length]).into_owned());
        }
        task.abort();
        answers
    })
}

fn is_whole(bytes: &[u8], head: bool) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((fields, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = fields.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    head || fields.contains(" 204 ") || body.len() >= length.unwrap_or(0_usize)
}

#[test]
fn one_connection_serves_many_requests() {
    let add = "/v1.0/users/ann/followedSites/add";
    let list = "GET /v1.0/users/ann/followedSites HTTP/1.1\r\nHost: h\r\nclient-request-id: mine\r\n\r\n";
    let answers = exchange(
        Options::default(),
        vec![
            post(add, &items(&[&one()])),
            list.to_owned(),
            list.replace("GET", "HEAD"),
            post("/v1.0/users/ann/followedSites/remove", &items(&[&one()])),
            post("/v1.0/nowhere", ""),
        ],
    );
    let [added, listed, head, removed, lost] = &answers[..] else { panic!() };
    assert!(added.starts_with("HTTP/1.1 200 OK\r\n") && added.contains("\r\ndate: "), "{added}");
    assert!(listed.contains("client-request-id: mine") && listed.contains("SiteFollowed1"), "{listed}");
    let length = |text: &str| text.lines().find(|l| l.starts_with("content-length")).map(str::to_owned);
    assert_eq!((head.ends_with("\r\n\r\n"), length(head)), (true, length(listed)));
    assert!(removed.starts_with("HTTP/1.1 204 No Content\r\n") && removed.ends_with("\r\n\r\n"), "{removed}");
    assert!(lost.starts_with("HTTP/1.1 404 Not Found\r\n") && lost.contains("innerError"), "{lost}");
}

#[test]
fn content_that_204_must_not_have_is_announced() {
    let fault = fault::find("body-on-204");
    let remove = post("/v1.0/users/ann/followedSites/remove", &items(&[&one()]));
    let answers = exchange(Options { require_token: false, fault }, vec![remove]);
    assert!(answers[0].starts_with("HTTP/1.1 204 No Content\r\n") && answers[0].contains("content-length: 2\r\n"));
}

#[test]
fn a_body_without_end_is_cut_off() {
    let head = format!(
        "POST /v1.0/users/ann/followedSites/add HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        MAX_BODY + 1
    );
    let body = " ".repeat(MAX_BODY + 1);
    let answers = exchange(Options::default(), vec![head + &body]);
    assert!(answers[0].starts_with("HTTP/1.1 413 "), "{}", answers[0]);
}
