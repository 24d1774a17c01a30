//! What one page and one answer cost: `cargo bench`.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench may stop")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use graphspec::binding::Inverse;
use graphspec::case::Case;
use graphspec::exchange::Exchange;
use graphspec::message::{Headers, Request, Response};
use graphspec::multi_status::State;
use graphspec::schema::{self, Body};
use graphspec::verdict::Judge;
use graphspec::{csdl, page, suite};

/// As of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

fn case(id: &str) -> Arc<Case> {
    let pages = page::read_all(&suite::pages());
    Arc::new(pages.into_iter().flat_map(|p| p.cases).find(|c| c.id.as_str() == id).unwrap())
}

fn documented(case: &Case) -> Exchange {
    let promise = case.promise().unwrap();
    let response = Response {
        status: promise.status.unwrap(),
        headers: Headers::from([("content-type", "application/json")]),
        body: promise.content.bytes(),
    };
    let request =
        Request { method: "POST".into(), url: case.path.clone(), headers: Headers::default(), body: "".into() };
    Exchange { request, outcome: Ok(response), attempts: 1, duration: Duration::ZERO }
}

/// The largest page of the built-in suite, 800 lines → 18 cases.
#[divan::bench]
fn page_to_cases(bencher: divan::Bencher<'_, '_>) {
    let (name, bytes) = suite::pages().remove(0);
    bencher.bench(|| page::read(black_box(&name), black_box(&bytes)));
}

/// Compiling the schemas of one case; once a case, whatever --repeat is.
#[divan::bench]
fn compile_one_case(bencher: divan::Bencher<'_, '_>) {
    let case = case("follow-sites/follow-sites/200");
    bencher.bench(|| Judge::new(black_box(&case)));
}

/// All rules on one right answer of two items.
#[divan::bench(args = ["follow-sites/follow-sites/200", "follow-sites/follow-some-fail/207"])]
fn judge_one_exchange(bencher: divan::Bencher<'_, '_>, id: &str) {
    let case = case(id);
    let judge = Judge::new(&case);
    let exchange = documented(&case);
    bencher.bench(|| judge.judge(black_box(&exchange), &Inverse::default(), &State::default()));
}

/// The documented 200 of *Follow site* against its type, and no more than that.
#[divan::bench]
fn judge_a_body_by_its_type(bencher: divan::Bencher<'_, '_>) {
    let case = case("follow-sites/follow-sites/200");
    let types = schema::bundled_types();
    let promise = case.promise().unwrap();
    let said = promise.type_name.as_deref().map(|name| (name, promise.collection));
    let expected = types.answer((&case.method, &case.path), said, None).unwrap();
    let body = promise.content.json().unwrap();
    assert!(types.judge(&expected, Body::plain(body), 100).is_empty());
    bencher.bench(|| types.judge(black_box(&expected), Body::plain(black_box(body)), 100));
}

/// Metadata of the size of Graph's own, where that is at hand.
fn metadata() -> Option<String> {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus/metadata/v1.0-Prod.csdl")).ok()
}

/// The XML library alone over that text.
#[divan::bench]
fn metadata_bare_pass(bencher: divan::Bencher<'_, '_>) {
    let Some(text) = metadata() else { return };
    bencher.bench(|| {
        let mut reader = quick_xml::Reader::from_str(black_box(&text));
        let mut events = 0;
        while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {
            events += 1;
        }
        events
    });
}

/// The same text read.
#[divan::bench]
fn metadata_read(bencher: divan::Bencher<'_, '_>) {
    let Some(text) = metadata() else { return };
    bencher.bench(|| csdl::read(&"v1.0.csdl".into(), black_box(text.as_bytes())));
}
