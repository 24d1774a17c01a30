//! The `curl` line that repeats a request.

use std::fmt::Write as _;

use super::escape::is_active;
use crate::exchange::Exchange;
use crate::message::Headers;

/// One line for a POSIX shell that sends the request of `exchange` again and shows the answer with
/// its header fields. The credential is the shell's `$NAME` of `token_env`; its value is not known
/// here. Nothing that was sent can end a quotation or reach a terminal unescaped.
pub fn command(exchange: &Exchange, token_env: Option<&str>) -> String {
    let request = &exchange.request;
    let body = &request.body[..];
    let mut out = String::new();
    let piped = body.contains(&0);
    if piped {
        // No argument can hold a NUL.
        let _ = write!(out, "printf %b {} | ", quote(octal(body).as_bytes()));
    }
    out.push_str("curl -i");
    match request.method.as_str() {
        "HEAD" => out.push_str(" --head"),
        "GET" if body.is_empty() => {}
        "POST" if !body.is_empty() => {}
        method => {
            let _ = write!(out, " -X {}", quote(method.as_bytes()));
        }
    }
    if request.url.contains(['[', ']', '{', '}']) {
        out.push_str(" --globoff");
    }
    if request.url.contains("/.") {
        out.push_str(" --path-as-is");
    }
    let _ = write!(out, " {}", quote(request.url.as_bytes()));
    fields(&request.headers, token_env, &mut out);
    if let Some(name) = token_env.filter(|name| is_variable(name)) {
        let _ = write!(out, " -H \"Authorization: Bearer ${name}\"");
    }
    if !body.is_empty() {
        if request.headers.get("content-type").is_none() {
            // Else curl says that it is a form.
            out.push_str(" -H 'Content-Type:'");
        }
        match body {
            _ if piped => out.push_str(" --data-binary @-"),
            // `--data-binary @x` would send a file.
            [b'@', ..] => {
                let _ = write!(out, " --data-raw {}", quote(body));
            }
            _ => {
                let _ = write!(out, " --data-binary {}", quote(body));
            }
        }
    }
    out
}

fn fields(headers: &Headers, token_env: Option<&str>, out: &mut String) {
    for (name, value) in &headers.0 {
        let lower = name.to_ascii_lowercase();
        let replaced = lower == "authorization" && token_env.is_some_and(is_variable);
        // curl knows the length itself.
        if replaced || matches!(lower.as_str(), "content-length" | "transfer-encoding") {
            continue;
        }
        // `Name:` would take the field away, `Name;` sends it empty.
        let field = if value.trim().is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        let _ = write!(out, " -H {}", quote(field.as_bytes()));
    }
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// One shell word of these bytes: as it is where that is safe, else `'…'`; where it holds controls
/// or is not UTF-8, `$'…'` (POSIX.1-2024, section 2.2.4) with octal escapes, which no shell reads
/// further than three digits.
fn quote(bytes: &[u8]) -> String {
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.contains(is_active));
    match text {
        Some(text) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric()) => text.to_owned(),
        Some(text) => format!("'{}'", text.replace('\'', r"'\''")),
        None => {
            let mut out = String::from("$'");
            each(bytes, &mut out, |c, out| match c {
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                '\\' => out.push_str("\\\\"),
                '\'' => out.push_str("\\'"),
                c if is_active(c) => {
                    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                        let _ = write!(out, "\\{byte:03o}");
                    }
                }
                c => out.push(c),
            });
            out.push('\'');
            out
        }
    }
}

fn each(bytes: &[u8], out: &mut String, mut character: impl FnMut(char, &mut String)) {
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|c| character(c, out));
        for byte in chunk.invalid() {
            let _ = write!(out, "\\{byte:03o}");
        }
    }
}

/// The operand of `printf %b`: octal is `\0ooo` there.
fn octal(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        match byte {
            b' '..=b'~' if *byte != b'\\' => out.push(char::from(*byte)),
            _ => {
                let _ = write!(out, "\\0{byte:03o}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::escape::escape;
    use super::*;
    use crate::message::Request;
    use bytes::Bytes;
    use proptest::prelude::*;
    use std::time::Duration;

    fn exchange(method: &str, url: &str, headers: Headers, body: impl Into<Bytes>) -> Exchange {
        Exchange {
            request: Request { method: method.into(), url: url.into(), headers, body: body.into() },
            outcome: Err(crate::exchange::Failure { rule: &crate::rule::TRANSPORT_RESET, message: String::new() }),
            attempts: 1,
            duration: Duration::ZERO,
        }
    }

    #[test]
    fn requests_of_all_kinds() {
        let json: Headers = [("Content-Type", "application/json"), ("Content-Length", "9")].into();
        for (exchange, want) in [
            (exchange("GET", "http://h/a?$top=1", Headers::default(), ""), "curl -i 'http://h/a?$top=1'"),
            (exchange("HEAD", "http://h/[x]", Headers::default(), ""), "curl -i --head --globoff 'http://h/[x]'"),
            (
                exchange("DELETE", "http://h/a/../b", [("A", "")].into(), ""),
                "curl -i -X DELETE --path-as-is 'http://h/a/../b' -H 'A;'",
            ),
            (
                exchange("POST", "http://h/", json, r#"{"a":"it's"}"#),
                r#"curl -i 'http://h/' -H 'Content-Type: application/json' --data-binary '{"a":"it'\''s"}'"#,
            ),
            (
                exchange("POST", "http://h/", Headers::default(), "@x"),
                "curl -i 'http://h/' -H 'Content-Type:' --data-raw '@x'",
            ),
            (
                exchange("PUT", "http://h/", [("Content-Type", "a/b")].into(), &b"a\n'\\\xff\x1b1"[..]),
                r"curl -i -X PUT 'http://h/' -H 'Content-Type: a/b' --data-binary $'a\n\'\\\377\0331'",
            ),
            (
                exchange("POST", "http://h/", [("Content-Type", "a/b")].into(), &b"a\0%\\"[..]),
                r"printf %b 'a\0000%\0134' | curl -i 'http://h/' -H 'Content-Type: a/b' --data-binary @-",
            ),
        ] {
            assert_eq!(command(&exchange, None), want);
        }
    }

    #[test]
    fn the_token_is_a_variable() {
        let given = exchange("GET", "http://h/", [("authorization", "Bearer [secret]")].into(), "");
        assert_eq!(
            command(&given, Some("GRAPH_TOKEN")),
            "curl -i 'http://h/' -H \"Authorization: Bearer $GRAPH_TOKEN\""
        );
        for bad in ["1A", "A B", "A;rm", ""] {
            assert!(!command(&given, Some(bad)).contains('$'), "{bad}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_shell_reads_back_what_was_sent(bytes in proptest::collection::vec(1u8..=255, 1..60)) {
            let word = quote(&bytes);
            prop_assert_eq!(escape(&word).into_owned(), word.clone());
            // Not every machine has a shell that knows `$'…'`.
            let printed = std::process::Command::new("bash").arg("-c").arg(format!("printf %s {word}")).output();
            if let Ok(printed) = printed {
                prop_assert_eq!(printed.stdout, bytes);
            }
        }

        #[test]
        fn printf_gives_back_every_byte(bytes in proptest::collection::vec(0u8..=255, 1..60)) {
            let word = quote(octal(&bytes).as_bytes());
            let printed = std::process::Command::new("sh").arg("-c").arg(format!("printf %b {word}")).output();
            if let Ok(printed) = printed {
                prop_assert_eq!(printed.stdout, bytes);
            }
        }
    }
}
