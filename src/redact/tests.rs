use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::rule;

const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_1";

#[test]
fn web_tokens_and_bearers_are_masked() {
    for (text, want) in [
        (format!("a {JWT}, b"), "a [secret], b"),
        (format!("?t={JWT}&x=1"), "?t=[secret]&x=1"),
        ("Authorization: Bearer s3cr3t+/=x".to_owned(), "Authorization: Bearer [secret]x"),
        ("bearer%20abcDEF123&x".to_owned(), "bearer%20[secret]&x"),
        (r#"{"h":"Bearer abcDEF1="}"#.to_owned(), r#"{"h":"Bearer [secret]"}"#),
    ] {
        assert_eq!(secrets(&text, &[]), want, "{text}");
    }
    for plain in [
        "heyJude.mp3",
        "eyJhbGciOiJIUzI1NiJ9 alone",
        r#"Bearer realm="x", error="invalid_token""#,
        "Bearer authorization_uri=https://login",
        "The bearer token is missing.",
        "Bearer [secret]",
        "bearer",
        "",
        "ünïcödé Bearer ",
    ] {
        assert!(matches!(secrets(plain, &[]), Cow::Borrowed(_)), "{plain}: {}", secrets(plain, &[]));
    }
}

#[test]
fn named_members_are_masked_in_json_and_forms() {
    for (text, want) in [
        (r#"{"access_token": "a\"b", "x": 1}"#, r#"{"access_token": "[secret]", "x": 1}"#),
        (r#""{\"refresh_token\":\"abc\",\"y\":1}""#, r#""{\"refresh_token\":\"[secret]\",\"y\":1}""#),
        ("grant=x&client_secret=a%20b&z=1", "grant=x&client_secret=[secret]&z=1"),
        ("#id_token=abc", "#id_token=[secret]"),
        ("u=device_code%3Dabc&z", "u=device_code%3D[secret]&z"),
        ("client_assertion: abc\nx", "client_assertion: [secret]\nx"),
        (r#"{"access_token":"never closed"#, r#"{"access_token":"[secret]"#),
        ("access_token='ü ü' b", "access_token='[secret]' b"),
    ] {
        assert_eq!(secrets(text, &[]), want, "{text}");
        assert_eq!(secrets(want, &[]), want, "a mask stays");
    }
    for plain in [r#"{"access_token":null}"#, r#"{"access_token":"","x":"y"}"#, "no access_token here", "access_token"]
    {
        assert_eq!(secrets(plain, &[]), plain);
    }
}

#[test]
fn credentials_in_headers_are_masked() {
    let given = Headers::from([
        ("Authorization", "Bearer abc"),
        ("Cookie", "a=b"),
        ("set-cookie", "s=1; Path=/"),
        ("Proxy-Authorization", "zzz"),
        ("X-Api-Key", "k"),
        ("Content-Type", "text/plain"),
    ]);
    let values: Vec<String> = fields(&given, &[]).0.into_iter().map(|(_, v)| v).collect();
    assert_eq!(values, ["Bearer [secret]", MASK, MASK, MASK, MASK, "text/plain"]);
}

fn sample(body: Bytes) -> Exchange {
    Exchange {
        request: Request {
            method: "GET".into(),
            url: "https://u:pw@h/a?t=to%2Bk%2f%3D".into(),
            headers: [("X-Echo", "to+k/=")].into(),
            body: body.clone(),
        },
        outcome: Ok(Response { status: 200, headers: [("x", "to\\u002Bk\\/=")].into(), body }),
        attempts: 1,
        duration: Duration::ZERO,
    }
}

#[test]
fn an_exchange_keeps_no_form_of_its_token() {
    let token = Secret::new("to+k/=");
    let html = Bytes::from_static(b"a to&#x2B;k&#47;= \xff to+k/= b");
    let clean = exchange(&sample(html), std::slice::from_ref(&token));
    assert_eq!(clean.request.url, "https://u:[secret]@h/a?t=[secret]");
    assert_eq!(clean.request.headers.get("x-echo"), Some(MASK));
    let response = clean.outcome.unwrap();
    assert_eq!(response.headers.get("x"), Some(MASK));
    assert_eq!(&response.body[..], "a [secret] \u{fffd} [secret] b".as_bytes());

    let mut failed = sample(Bytes::new());
    failed.outcome = Err(Failure { rule: &rule::TRANSPORT_RESET, message: "after to+k/=".into() });
    assert_eq!(exchange(&failed, std::slice::from_ref(&token)).outcome.unwrap_err().message, "after [secret]");
}

#[test]
fn bodies_are_cut_but_never_inside_a_secret() {
    let raw = Bytes::from_static(b"\xff\xfe plain");
    assert_eq!(exchange(&sample(raw.clone()), &[]).request.body, raw, "bytes without a secret stay");

    let long = format!("{}{JWT}{}", "x".repeat(BODY_LIMIT - 20), "y".repeat(BODY_LIMIT));
    let cut = exchange(&sample(Bytes::from(long.clone())), &[]).request.body;
    let cut = std::str::from_utf8(&cut).unwrap();
    assert!(cut.ends_with(&format!("[secret]\n[cut here: {} bytes in all]", long.len())), "{}", &cut[cut.len() - 90..]);
    assert!(!cut.contains("eyJ"));

    let token = "k".repeat(40_000);
    let long = format!("{}{token}", "x".repeat(BODY_LIMIT - 5));
    let cut = exchange(&sample(Bytes::from(long)), &[Secret::new(&token)]).request.body;
    assert!(!cut.windows(4).any(|w| w == b"kkkk"));
}

#[test]
fn hostile_text_costs_no_square() {
    let start = std::time::Instant::now();
    for part in ["eyJ", "eyJ.", "eyJ...........", "bearer+", "access_token\\\\\":\"", "access_token='", "access_token="]
    {
        secrets(&part.repeat(1_000_000 / part.len()), &[]);
    }
    // Far more than is needed, and far less than a square takes.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

proptest! {
    #[test]
    fn never_panics_and_is_idempotent(text in "(\\PC|eyJ[a-z.]{0,20}|[Bb]earer |access_token|[\"\\\\:=&' ]){0,40}") {
        let once = secrets(&text, &[]).into_owned();
        prop_assert_eq!(secrets(&once, &[]).into_owned(), once);
    }

    #[test]
    fn a_token_never_survives(before in "\\PC{0,20}", token in "[!-~]{8,40}", after in "\\PC{0,20}") {
        let secret = Secret::new(&token);
        for written in [
            token.clone(),
            serde_json::to_string(&token).unwrap(),
            percent_encoding::utf8_percent_encode(&token, percent_encoding::NON_ALPHANUMERIC).to_string(),
        ] {
            let clean = exchange(&sample(Bytes::from(format!("{before}{written}{after}"))), std::slice::from_ref(&secret));
            let body = String::from_utf8_lossy(&clean.request.body).into_owned();
            prop_assert!(!body.contains(&written), "{}", body);
        }
    }
}

#[test]
fn a_secret_at_the_cut_is_masked_whichever_of_several_it_is() {
    let (one, two) = ("first-secret-value-0123456789", "second-secret-value-9876543210");
    for secret in [one, two] {
        let long = format!("{}{secret}{}", "x".repeat(BODY_LIMIT - 10), "y".repeat(BODY_LIMIT));
        let given = [Secret::new(one), Secret::new(two)];
        let shown = exchange(&sample(Bytes::from(long)), &given).request.body;
        let shown = String::from_utf8_lossy(&shown).into_owned();
        assert!(!shown.contains(&secret[..8]), "the beginning of the secret is shown");
        assert_eq!(shown.matches("[cut here").count(), 1);
    }
}

#[test]
fn a_secret_that_a_message_cuts_short_is_masked() {
    let given = [Secret::new("S3cr3tSimpleToken")];
    for (text, want) in [
        ("entry 0 is \"xxS3cr3tSim…, not an object", "entry 0 is \"xx[secret]…, not an object"),
        ("S3cr…", "[secret]…"),
        ("S3cS3S3cr3tS…", "S3cS3[secret]…"),
        ("S3cr3tSimpleToken…", "[secret]…"),
    ] {
        assert_eq!(secrets(text, &given), want);
    }
    for plain in ["S3c…", "S3cr", "S3cr3t and more…", "S3crX…"] {
        assert_eq!(secrets(plain, &given), plain);
    }
}
