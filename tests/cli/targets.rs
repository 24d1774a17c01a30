//! Targets that misbehave: a verdict within the timeout, never a hang or a crash.

use std::thread;

use super::*;

/// A server that gives every connection's first request the bytes of `answer`, and then closes.
fn server(answer: impl Fn(&mut std::net::TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1.0", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut read = [0; 8192];
            if stream.read(&mut read).is_ok() {
                answer(&mut stream);
            }
        }
    });
    url
}

fn one(url: &str, args: &[&str]) -> (i32, Value) {
    let base = ["run", "--target", url, "--filter", "follow-sites/follow-sites/200", "--report", "json"];
    let ran = graphspec(&[&base[..], args].concat());
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    (ran.code, ran.lines().remove(0))
}

fn rule(line: &Value) -> &str {
    line["deviations"][0]["rule"].as_str().unwrap()
}

#[test]
fn nothing_listens() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, line) = one(&format!("http://{free}"), &["--retry", "0"]);
    assert_eq!((code, rule(&line), line["verdict"].as_str()), (3, "transport/refused", Some("error")));
    assert_eq!(line["status"], Value::Null);
    let ran = graphspec(&[
        "run",
        "--target",
        "http://host.invalid",
        "--retry",
        "0",
        "--allow-writes",
        "--bind",
        "user-id=x",
        "--filter",
        "list-followed-sites/list-unknown-user/404",
    ]);
    ran.says(3, &["host.invalid", "transport/refused"]);
}

#[test]
fn closing_hanging_and_garbage() {
    for (answer, expected) in [
        (&b""[..], "transport/reset"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"value\"",
            "transport/reset",
        ),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "transport/protocol"),
    ] {
        let url = server(move |stream| stream.write_all(answer).unwrap());
        let (code, line) = one(&url, &[]);
        assert_eq!((code, rule(&line)), (3, expected), "{line}");
    }
    let url = server(|_| thread::sleep(std::time::Duration::from_secs(3)));
    let (code, line) = one(&url, &["--timeout", "300ms"]);
    assert_eq!((code, rule(&line)), (3, "transport/timeout"));
}

#[test]
fn bodies_without_end() {
    let url = server(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[");
        while stream.write_all(&[b'0', b','].repeat(32768)).is_ok() {}
    });
    let (code, line) = one(&url, &["--max-body", "1MiB"]);
    assert_eq!((code, rule(&line)), (3, "transport/too-large"));
}

#[test]
fn deep_and_wide_json() {
    let deep = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}", "[".repeat(200_000));
    let url = server(move |stream| drop(stream.write_all(deep.as_bytes())));
    let (code, line) = one(&url, &[]);
    assert_eq!((code, rule(&line)), (1, "body/not-json"));
    let wide = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[{}0]", "0,".repeat(4_000_000));
    let url = server(move |stream| drop(stream.write_all(wide.as_bytes())));
    let (code, line) = one(&url, &[]);
    assert_eq!((code, rule(&line)), (3, "transport/too-large"));
}

#[test]
fn redirects_are_not_followed() {
    let url = server(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 302 Found\r\nLocation: /v1.0/loop\r\nContent-Length: 0\r\n\r\n");
    });
    let (code, line) = one(&url, &[]);
    assert_eq!((code, rule(&line), line["status"].as_u64()), (1, "status/unexpected", Some(302)));
}

#[test]
fn throttling_is_waited_out_and_given_up() {
    let url = server(|stream| {
        let _ = stream.write_all(
            b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0.01\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        );
    });
    let (code, line) = one(&url, &["--retry", "1"]);
    assert_eq!((code, rule(&line), line["attempts"].as_u64()), (3, "transport/throttled", Some(2)));
}

#[test]
fn hostile_text_reaches_no_terminal() {
    let url = server(|stream| {
        let body = "{\"value\": \"\u{1b}]0;owned\u{7}\u{202e}\u{1b}[2J\"}";
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX: \u{1b}[31m\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.write_all(body.as_bytes());
    });
    let ran = graphspec(&["run", "--target", &url, "--filter", "follow-sites/*", "-v"]);
    assert!(ran.code == 1 || ran.code == 3);
    for hostile in ['\u{1b}', '\u{7}', '\u{202e}'] {
        assert!(!ran.out.contains(hostile) && !ran.err.contains(hostile));
    }
}

#[test]
fn an_echoed_token_reaches_no_file() {
    let secret = "S3cr3tSimpleTokenAbCd";
    let url = server(move |stream| {
        let cut = "x".repeat(62);
        let body =
            format!("{{\"tok\": \"{secret}\", \"{secret}\": [\"Bearer {secret}\"], \"value\": \"{cut}{secret}\"}}");
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Echo: {secret}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
    });
    for given in [
        &["--token-env", "TOK"][..],
        &["-H", &format!("Authorization: Bearer {secret}")],
        &["-H", &format!("x-api-key: {secret}")],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let args = [
            "run",
            "--target",
            &url,
            "--filter",
            "follow-sites/follow-sites/200",
            "-v",
            "--snapshots",
            "s",
            "--update",
            "pending",
            "--report",
            "json=r",
            "--report",
            "libtest=l",
            "--report",
            "pretty",
        ];
        let ran = ran(command(folder.path(), &[&args[..], given].concat()).env("TOK", secret).output().unwrap());
        assert_eq!(ran.code, 1, "{}", ran.err);
        let mut texts = vec![ran.out, ran.err];
        texts.extend(["r", "l"].map(|name| std::fs::read_to_string(folder.path().join(name)).unwrap()));
        let target = std::fs::read_dir(folder.path().join("s")).unwrap().next().unwrap().unwrap().path();
        texts.extend(
            std::fs::read_dir(target).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()),
        );
        assert!(texts.len() > 4);
        for text in texts {
            // Nor its beginning, where a message is cut short.
            assert!(!text.contains(&secret[..6]), "{given:?}: {text}");
        }
    }
}

#[test]
fn fail_fast_writes_and_says_the_same_whatever_the_jobs() {
    let once = |jobs: &str| {
        let folder = tempfile::tempdir().unwrap();
        let ran = graphspec_in(
            folder.path(),
            &[
                "run",
                "--fault",
                "status-201",
                "--fail-fast",
                "-j",
                jobs,
                "--repeat",
                "2",
                "--snapshots",
                "s",
                "--update",
                "always",
                "--report",
                "json",
            ],
        );
        let written = std::fs::read_dir(folder.path().join("s/mock")).unwrap().count();
        let verdicts: Vec<(Value, Value)> =
            ran.lines().iter().map(|l| (l["verdict"].clone(), l["skip"].clone())).collect();
        (ran.code, written, verdicts)
    };
    let one = once("1");
    assert_eq!((one.0, one.1), (1, 1));
    assert!(one == once("8") && one == once("64"));
}

#[test]
fn a_wrong_base_path_is_guessed_at() {
    let url = server(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
    let args = ["run", "--target", &url, "--filter", "follow-sites/follow-sites/200"];
    graphspec(&args).says(1, &["status/unexpected", "base path"]);
}

/// Interrupts a run as Ctrl-C does, `after` it has begun.
#[cfg(unix)]
fn interrupted(args: &[&str], after: std::time::Duration) -> (Ran, usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut run = command(folder.path(), args);
    let child = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    thread::sleep(after);
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    (ran(output), std::fs::read_dir(folder.path()).unwrap().count())
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_run_in_order() {
    let slow = server(|stream| {
        thread::sleep(std::time::Duration::from_millis(400));
        let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    });
    let half = std::time::Duration::from_millis(1500);
    let base =
        ["run", "--target", &slow, "--filter", "unfollow-sites/unfollow-unknown-user/404", "--repeat", "20", "-j", "1"];
    let (ran, left) = interrupted(&[&base[..], &["--report", "json=out"]].concat(), half);
    ran.says(130, &["stopping", "interrupted"]);
    assert_eq!(left, 1, "the report is whole, and nothing else is left");
    let passing = [
        "run",
        "--target",
        &slow,
        "--filter",
        "unfollow-sites/unfollow-empty-list/400",
        "--repeat",
        "20",
        "-j",
        "1",
        "--fail-fast",
    ];
    let (ran, _) = interrupted(&passing, half);
    ran.says(130, &["interrupted"]);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let waiting = ["run", "--target", &format!("http://{free}"), "--wait", "30s", "--report", "json=out"];
    let (ran, left) = interrupted(&waiting, half);
    assert_eq!((ran.code, left), (130, 0), "{}", ran.err);
}
