//! Real pages, where they are at hand: beside a checkout of this project, never in it.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test may stop")]

use std::path::{Path, PathBuf};

use graphspec::page::{self, Page};
use serde_json::json;

fn read(below: &str) -> Option<Page> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus").join(below);
    if !path.exists() {
        return None;
    }
    Some(page::open_all(&[path]).unwrap().remove(0))
}

fn ids(page: &Page) -> Vec<&str> {
    page.cases.iter().map(|c| c.id.as_str()).collect()
}

#[test]
fn follow_site_as_published() {
    let Some(page) = read("seed/site-follow.md") else { return };
    assert_eq!(ids(&page), ["site-follow/follow-site/200", "site-follow/follow-site/207"]);
    let [full, partial] = &page.cases[..] else { panic!() };
    assert_eq!((full.span.line, full.derived, full.promises[0].span.line), (55, false, 84));
    assert_eq!((partial.span.line, partial.derived, partial.promises[0].span.line), (55, true, 124));
    let asked: Vec<&str> = partial.items().iter().map(|i| i["id"].as_str().unwrap()).collect();
    assert!(asked.len() == 2 && asked[0].contains(",512a596e") && asked[1].contains(",0271110f"));
    assert_eq!(full.promises[0].type_name.as_deref(), Some("microsoft.graph.site"));
    assert_eq!(
        full.law.as_ref().unwrap().dialect.as_value(),
        json!({"items": "/value", "itemKey": "/id", "entries": "/value", "entryKey": "/id", "success": 200,
               "partial": 207, "listed": "either", "allFailed": [207], "lines": [84, 124]})
    );
    let problems: Vec<(&str, u32)> = page.problems.iter().map(|p| (p.rule.name, p.span.line)).collect();
    assert_eq!(problems, [("page/unreachable-promise", 124), ("page/no-blank-line", 127)]);
}

#[test]
fn unfollow_and_list_as_published() {
    let Some(page) = read("graph-v1.0/api/site-unfollow.md") else { return };
    assert_eq!(ids(&page), ["site-unfollow/unfollow-site/204", "site-unfollow/unfollow-site/207"]);
    assert_eq!(page.cases[1].items().len(), 3, "the blamed one, and the two that are not");
    let page = read("graph-v1.0/api/sites-list-followed.md").unwrap();
    assert_eq!(ids(&page), ["sites-list-followed/sites-list-followed/200"]);
    assert_eq!(page.cases[0].path, "/me/followedSites");
}

/// Page, items, item key, entry key, success, listed.
const DIALECTS: &[(&str, &str, &str, &str, u16, &str)] = &[
    ("graph-v1.0/api/site-unfollow.md", "/value", "/id", "/id", 204, "omitted"),
    ("graph-2026/beta/api/site-unfollow.md", "/value", "/id", "/id", 204, "omitted"),
    ("graph-2026/v1.0/api/conversationmember-remove.md", "/values", "/user@odata.bind", "/userId", 204, "listed"),
    ("graph-2026/beta/api/driveitem-invite.md", "/recipients", "/email", "/invitation/email", 200, "either"),
    ("graph-2026/v1.0/api/filestoragecontainer-restore-recyclebinitem.md", "/ids", "", "/id", 207, "listed"),
];

#[test]
fn dialects_are_inferred_from_the_pages() {
    for (below, items, item_key, entry_key, success, listed) in DIALECTS {
        let Some(page) = read(below) else { return };
        let law = page.cases.iter().find_map(|c| c.law.as_ref()).unwrap_or_else(|| panic!("{below}: no dialect"));
        let d = &law.dialect;
        let got = (d.items.as_str(), d.item_key.as_str(), d.entry_key.as_str(), d.success, d.listed.name());
        assert_eq!(got, (*items, *item_key, *entry_key, *success, *listed), "{below}");
    }
}

#[test]
fn every_page_is_read_and_ids_are_unique() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !root.exists() {
        return;
    }
    let pages = page::open_all(&[PathBuf::from(&root)]).unwrap();
    let mut seen = std::collections::HashSet::new();
    for case in pages.iter().flat_map(|p| &p.cases) {
        assert!(seen.insert(case.id.as_str().to_ascii_lowercase()), "{} occurs twice", case.id);
    }
    assert!(seen.len() > 2400, "{} cases", seen.len());
}

/// What every block comes to: in a case, skipped with its reason, or unread with a problem.
#[test]
fn every_block_of_every_page_is_accounted_for_once() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !root.exists() {
        return;
    }
    let (mut in_cases, mut skipped, mut unread) = (0, 0, 0);
    for page in page::open_all(&[root]).unwrap() {
        let mut seen = std::collections::HashSet::new();
        for block in &page.blocks {
            assert!(seen.insert(block.span.clone()), "{} is there twice", block.span);
            let of = |case: &&graphspec::case::Case| {
                let promised = case.promises.iter().any(|p| p.span == block.span);
                promised || block.kind == page::BlockKind::Request && case.span == block.span
            };
            let cases: Vec<_> = page.cases.iter().filter(of).collect();
            match (&cases[..], block.intended) {
                ([], true) => {
                    assert!(block.reason.is_some(), "{}: skipped without a reason", block.span);
                    skipped += 1;
                }
                ([], false) => {
                    let is_said = page.problems.iter().any(|p| p.span == block.span);
                    assert!(is_said, "{}: unread without a problem", block.span);
                    unread += 1;
                }
                (cases, false) => {
                    assert!(block.owner.is_some(), "{}", block.span);
                    let runs = cases.iter().any(|c| c.skip.is_none());
                    *(if runs { &mut in_cases } else { &mut skipped }) += 1;
                }
                (_, true) => panic!("{}: in a case, and said to be none", block.span),
            }
        }
        // And the other way round: what a case is made of is a block.
        for case in &page.cases {
            assert!(seen.contains(&case.span), "{}: {} is no block", case.id, case.span);
            assert!(case.promises.iter().all(|p| seen.contains(&p.span)), "{}", case.id);
        }
    }
    assert!(
        in_cases > 4500 && skipped > 2500 && unread < 20,
        "{in_cases} in cases, {skipped} skipped, {unread} unread"
    );
}

/// The count of an independent reader of the v1.0 API pages is 2,503; ours differs by requests that
/// are documented beside the examples (see the project's history).
#[test]
fn the_requests_of_the_reference_are_found() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/graph-v1.0/api");
    if !root.exists() {
        return;
    }
    let pages = page::open_all(&[root]).unwrap();
    let cases = || pages.iter().flat_map(|p| &p.cases);
    let requests: std::collections::HashSet<_> = cases().map(|c| &c.span).collect();
    assert!((2500..2510).contains(&requests.len()), "{}", requests.len());
    let callbacks = cases().filter(|c| c.url.contains("bot.contoso.com"));
    assert_eq!(callbacks.filter(|c| c.skip.is_some()).count(), 51);
    assert!(cases().all(|c| c.skip.is_some() || c.path.starts_with('/')));
}

#[test]
fn nothing_is_wrong_with_most_pages() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/graph-v1.0/api");
    if !root.exists() {
        return;
    }
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    let count = |found: Vec<page::Problem>| found.iter().for_each(|p| *counts.entry(p.rule.name).or_default() += 1);
    page::Docset::open(&[root]).unwrap().read(|reading| graphspec::check::problems(&reading, None), count);
    // Confirmed by reading the pages; more of a kind would be false alarms.
    for (rule, most) in [
        ("page/json", 90),
        ("page/shape", 30),
        ("page/prose-status", 36),
        ("page/id-mismatch", 14),
        ("page/status-phrase", 6),
        ("page/content-type", 3),
        ("page/secret", 3),
        ("page/no-blank-line", 16),
        ("page/annotation", 6),
        ("page/no-response", 20),
    ] {
        assert!(counts.get(rule).copied().unwrap_or(0) <= most, "{rule}: {counts:?}");
    }
}

/// What Graph's metadata has against Graph's pages; read and compared with an independent judge (see
/// the project's history). More of a kind would be false alarms, fewer would be blindness.
#[test]
fn the_pages_are_held_to_the_metadata() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let Ok(csdl) = std::fs::read(root.join("metadata/v1.0-Prod.csdl")) else { return };
    let model = graphspec::csdl::read(&"v1.0-Prod.csdl".into(), &csdl).unwrap();
    let types = graphspec::schema::Types::of(std::sync::Arc::new(model));
    let mut counts: std::collections::BTreeMap<(&str, bool), usize> = std::collections::BTreeMap::new();
    let count = |found: Vec<page::Problem>| {
        for problem in found.into_iter().filter(|p| p.against.as_ref().is_some_and(|against| against.at.is_some())) {
            *counts.entry((problem.rule.name, problem.against.unwrap().drift)).or_default() += 1;
        }
    };
    let of = |reading| graphspec::check::problems(&reading, Some(&types));
    page::Docset::open(&[root.join("graph-v1.0")]).unwrap().read(of, count);
    for ((rule, drift), about) in [
        (("page/undeclared-member", true), 132),
        (("page/undeclared-member", false), 31),
        (("page/enum-value", true), 12),
        (("page/enum-value", false), 181),
        (("page/shape", false), 188),
        (("page/unknown-type", false), 13),
    ] {
        let count = counts.get(&(rule, drift)).copied().unwrap_or(0);
        assert!(count.abs_diff(about) <= about / 10 + 2, "{rule}, drift {drift}: {count}, {counts:?}");
    }
}

/// Whatever is wrong with a page by the metadata, an answer that is as it shows is right.
#[test]
fn what_a_page_shows_is_never_held_against_a_target() {
    use graphspec::verdict::{Judge, Standard};
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let Ok(csdl) = std::fs::read(root.join("metadata/v1.0-Prod.csdl")) else { return };
    let model = graphspec::csdl::read(&"v1.0-Prod.csdl".into(), &csdl).unwrap();
    let types = std::sync::Arc::new(graphspec::schema::Types::of(std::sync::Arc::new(model)));
    let standard = Standard { types, ..Standard::default() };
    let mut judged = 0;
    for page in page::open_all(&[root.join("graph-v1.0")]).unwrap() {
        for case in page.cases.into_iter().map(std::sync::Arc::new) {
            let Some(promise) = case.promise().filter(|p| p.content.json().is_some()) else { continue };
            let mut headers = promise.headers.clone();
            headers.set("content-type", "application/json");
            let answer = graphspec::message::Response {
                status: promise.status.unwrap_or(200),
                headers,
                body: promise.content.bytes(),
            };
            let request = graphspec::message::Request {
                method: case.method.clone(),
                url: case.path.clone(),
                headers: graphspec::message::Headers::default(),
                body: "".into(),
            };
            let exchange = graphspec::exchange::Exchange {
                request,
                outcome: Ok(answer),
                attempts: 1,
                duration: std::time::Duration::ZERO,
            };
            let said = |judge: Judge| {
                judge
                    .judge(
                        &exchange,
                        &graphspec::binding::Inverse::default(),
                        &graphspec::multi_status::State::default(),
                    )
                    .deviations
            };
            let by_metadata = said(Judge::with(&case, &standard));
            // The bundled types know less, and nothing against it either.
            assert_eq!(by_metadata, said(Judge::new(&case)), "{}", case.id);
            judged += 1;
        }
    }
    assert!(judged > 1800, "{judged}");
}
