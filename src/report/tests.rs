use std::io::{self, Write};

use super::samples::{case, events, exchange, judged, run};
use super::*;
use crate::rule::{self, Deviation};

fn told(mut reporter: impl Reporter, events: &[Event]) {
    for event in events {
        reporter.event(event).unwrap();
    }
}

fn pretty(events: &[Event], style: &Style) -> String {
    let mut out = Vec::new();
    told(Pretty::new(&mut out, style.clone()), events);
    String::from_utf8(out).unwrap()
}

fn plain(level: Level, width: Option<usize>) -> Style {
    Style { color: false, width, level, token_env: Some("GRAPH_TOKEN".into()) }
}

#[test]
fn pretty_as_people_see_it() {
    insta::assert_snapshot!("pretty", pretty(&run(), &plain(Level::Normal, Some(80))));
    insta::assert_snapshot!("pretty_quiet", pretty(&run(), &plain(Level::Quiet, None)));
    insta::assert_snapshot!("pretty_verbose_40", pretty(&run(), &plain(Level::Verbose, Some(40))));
}

#[test]
fn nothing_is_wider_than_asked_but_the_curl_line() {
    for width in [40, 60, 80, 100] {
        for line in pretty(&run(), &plain(Level::Verbose, Some(width))).lines() {
            assert!(line.chars().count() <= width || line.starts_with("  curl "), "{width}: {line}");
        }
    }
}

#[test]
fn colours_only_when_asked_and_they_change_no_text() {
    let bare = pretty(&run(), &plain(Level::Normal, Some(80)));
    let coloured = pretty(&run(), &Style { color: true, ..plain(Level::Normal, Some(80)) });
    assert!(!bare.contains('\u{1b}') && coloured.contains("\u{1b}[1;31mFAIL \u{1b}[0m"));
    let mut text = String::new();
    for (at, part) in coloured.split('\u{1b}').enumerate() {
        text.push_str(if at == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(text, bare);
}

#[test]
fn repeats_alike_are_counted_and_kinds_are_bounded() {
    let failing = |name: &str, repeat: usize| {
        let deviation = Deviation::new(&rule::BODY_TYPE, "a number").at("/a").between("string", "number");
        judged_again(judged(case(name, "200"), vec![deviation], exchange(200, b"{}")), repeat)
    };
    let text = pretty(&events((0..1_000).map(|n| failing("one", n))), &plain(Level::Quiet, None));
    assert_eq!(text.matches("body/type (failure) at /a").count(), 1);
    assert!(text.contains("1000 repeats of this case failed in this same way"), "{text}");
    let text = pretty(&events((0..3).map(|n| failing("one", n))), &plain(Level::Normal, None));
    assert!(text.contains("FAIL   site-follow/one/200  200  3.1 ms\nFAIL   site-follow/one/200 #2  200"), "{text}");

    let text = pretty(&events((0..2_000).map(|n| failing(&format!("n{n}"), 0))), &plain(Level::Quiet, None));
    assert_eq!(text.matches("body/type (failure) at /a").count(), 50);
    assert!(text.contains("the first 50 failures are shown in full; the others:"));
    assert!(text.contains("  site-follow/n50/200  body/type\n"));
    assert!(text.contains("and 950 more failures;"), "{text}");
    assert!(text.ends_with("2000 cases: 2000 failed\n"));

    let many = (0..500).map(|n| Deviation::new(&rule::BODY_TYPE, format!("m{n}")).at("/a")).collect();
    let text = details(&judged(case("many", "200"), many, exchange(200, b"{}")));
    assert!(text.contains("m19\n") && !text.contains("m20\n") && text.contains("and 480 more deviations;"));
    let places = (0..500).map(|n| Deviation::new(&rule::BODY_TYPE, "m").at(format!("/{n}"))).collect();
    let text = details(&judged(case("many", "200"), places, exchange(200, b"{}")));
    assert!(text.contains("body/type (failure) at /0, /1, /2 and 497 more\n"), "{text}");
}

fn judged_again(judged: Judged, repeat: usize) -> Judged {
    Judged { repeat, ..judged }
}

#[test]
fn warnings_and_skips_are_grouped() {
    let passing = |n: usize| {
        let warning = Deviation::new(&rule::ERROR_RETRY_AFTER, "no Retry-After").at("header:Retry-After").warning();
        judged_again(judged(case("one", "429"), vec![warning], exchange(429, b"{}")), n)
    };
    let text = pretty(&events((0..3).map(passing)), &plain(Level::Normal, None));
    assert!(text.contains("pass   site-follow/one/429  429  3.1 ms  1 warning\n"), "{text}");
    assert!(text.contains(
        "error/retry-after at header:Retry-After\n    no Retry-After (3 times, first in site-follow/one/429)\n"
    ));
    assert!(text.ends_with("\n3 cases: 3 passed; 3 warnings\n"));
    assert!(
        pretty(&run(), &plain(Level::Normal, None)).contains("\nskipped\n  2 cases: no request shown provokes it\n")
    );
}

/// Escape sequences, bidi controls, a huge line, bytes that are no text.
fn hostile() -> Vec<Event> {
    let evil = "\u{1b}]0;x\u{7}\u{9b}2J\u{202e}\r\n\u{7f}".repeat(3) + &"x".repeat(2_000_000);
    let deviation = Deviation::new(&rule::BODY_TYPE, &evil).at(&evil).between(&evil, &evil);
    let mut body = evil.clone().into_bytes();
    body.extend(b"\xff\xfe\0");
    let mut one = judged(case("evil", "200"), vec![deviation], exchange(200, &body));
    one.changed = Some(("a\n".into(), evil.clone()));
    one.verdict.deviations.push(Deviation::new(&rule::SNAPSHOT_CHANGED, &evil));
    if let Some(exchange) = &mut one.exchange {
        exchange.request.url = format!("http://h/\u{1b}[2J{}", "'");
        exchange.request.body = b"\x1b[2J\xff".to_vec().into();
        exchange.request.headers.0.push(("X".into(), "\u{9b}\n".into()));
    }
    let mut warned = one.clone();
    warned.verdict.kind = crate::verdict::Kind::Pass;
    warned.verdict.deviations.truncate(1);
    warned.verdict.deviations[0].severity = rule::Severity::Warning;
    let mut skipped = one.clone();
    skipped.verdict = crate::verdict::Verdict::skipped(evil);
    events([one, warned, skipped])
}

#[test]
fn what_a_target_sent_never_reaches_a_terminal_as_it_is() {
    for level in [Level::Quiet, Level::Normal, Level::Verbose] {
        for width in [None, Some(40)] {
            let text = pretty(&hostile(), &plain(level, width));
            assert!(!text.contains(|c: char| c != '\n' && escape::is_active(c)), "{level:?}");
            assert!(text.len() < 30_000, "{}", text.len());
        }
    }
    let mut out = Vec::new();
    told(Json::new(&mut out), &hostile());
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains(|c: char| c != '\n' && escape::is_active(c)));
    assert_eq!(text.lines().count(), 4);
    assert!(text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
}

#[test]
fn json_is_the_contract() {
    let mut out = Vec::new();
    told(Json::new(&mut out), &run());
    insta::assert_snapshot!("json", String::from_utf8(out).unwrap());
}

#[test]
fn libtest_looks_like_cargo_test() {
    let mut out = Vec::new();
    told(Libtest::new(&mut out, false), &run());
    let text = String::from_utf8(out).unwrap();
    let (head, end) = text.rsplit_once("finished in ").unwrap();
    assert!(end.ends_with("s\n\n"));
    insta::assert_snapshot!("libtest", head);
}

#[test]
fn a_reader_that_hangs_up_is_told() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let start = &run()[0];
    let reporters: [Box<dyn Reporter>; 2] =
        [Box::new(Pretty::new(Closed, plain(Level::Normal, None))), Box::new(Libtest::new(Closed, false))];
    for mut reporter in reporters {
        assert_eq!(reporter.event(start).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
    assert_eq!(Json::new(Closed).event(&run()[1]).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn formats_have_names() {
    assert_eq!(Format::NAMES.map(|name| Format::parse(name).is_some()), [true; 3]);
    assert_eq!(Format::parse("Json"), None);
}
