//! The real binary: verbs, exit codes, bad input.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test may stop")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

mod check;
mod config;
mod dry_run;
mod input;
mod metadata;
mod targets;

/// What a run of the binary gave.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    /// The lines of stdout as JSON.
    fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[track_caller]
    fn says(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        for word in words {
            assert!(self.err.contains(word) || self.out.contains(word), "no `{word}` in\n{}{}", self.out, self.err);
        }
        assert!(!self.err.contains("panicked"), "{}", self.err);
    }
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_graphspec"));
    command.args(args).current_dir(folder).env_remove("CI").env_remove("NO_COLOR");
    command
}

fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().expect("the program ends by itself"),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs the binary in a folder of its own, so that nothing is found or left by accident.
fn graphspec(args: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    ran(command(folder.path(), args).output().unwrap())
}

/// Runs the binary in `folder`.
fn graphspec_in(folder: &Path, args: &[&str]) -> Ran {
    ran(command(folder, args).output().unwrap())
}

/// A page with one request and one response.
const PAGE: &str = "# Thing\n\n<!-- {\"blockType\": \"request\", \"name\": \"get-thing\"} -->\n```http\nGET /things/{id}\n```\n\n<!-- {\"blockType\": \"response\"} -->\n```http\nHTTP/1.1 200 OK\nContent-Type: application/json\n\n{\"id\": \"1\", \"name\": \"a\"}\n```\n";

#[test]
fn the_built_in_suite_passes_against_the_embedded_mock() {
    let ran = graphspec(&["run", "--report", "json"]);
    ran.says(0, &[]);
    let lines = ran.lines();
    let summary = &lines.last().unwrap()["summary"];
    let count = |name: &str| summary[name].as_u64().unwrap();
    assert!(count("passed") > 30 && count("failed") == 0 && count("errors") == 0);
    assert_eq!(count("passed") + count("skipped"), count("selected"));
    assert_eq!(lines.len() as u64, count("selected") + 1);
}

#[test]
fn output_is_the_same_whatever_the_jobs() {
    let once = |jobs: &str| {
        let ran = graphspec(&["run", "--report", "json", "-j", jobs, "--repeat", "3", "--fault", "hides-failure"]);
        assert_eq!(ran.code, 1, "{}", ran.err);
        let mut lines = ran.lines();
        for line in &mut lines {
            line.as_object_mut().unwrap().remove("durationMs");
            // Port, date and request ids differ from run to run: the answers do.
            line.as_object_mut().unwrap().remove("exchange");
        }
        lines
    };
    let one = once("1");
    assert!(one == once("8") && one == once("3"));
}

#[test]
fn every_listed_fault_fails_the_suite() {
    let listed = graphspec(&["mock", "--list-faults"]);
    let names: Vec<&str> = listed.out.lines().map(|l| l.split_whitespace().next().unwrap()).collect();
    assert!(names.len() >= 40, "{} faults", names.len());
    for name in names {
        let ran = graphspec(&["run", "--fault", name, "-q"]);
        assert_eq!(ran.code, 1, "{name}: {}{}", ran.out, ran.err);
    }
}

#[test]
fn the_mock_verb_serves_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let mut mock = command(folder.path(), &["mock", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = Vec::new();
    let out = mock.stdout.as_mut().unwrap();
    let mut byte = [0];
    while byte[0] != b'\n' {
        out.read_exact(&mut byte).unwrap();
        said.push(byte[0]);
    }
    let said = String::from_utf8(said).unwrap();
    let url = said.trim().strip_prefix("listening on ").unwrap();
    let ran = graphspec(&["run", "--target", url]);
    mock.kill().unwrap();
    mock.wait().unwrap();
    ran.says(0, &[]);
}

#[test]
fn a_token_is_asked_for_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "s3cr3t-token-value";
    let run = |fault: &[&str]| {
        let args =
            [&["run", "--token-env", "MY_TOKEN", "-v", "--report", "pretty", "--report", "json=out.jsonl"], fault]
                .concat();
        ran(command(folder.path(), &args).env("MY_TOKEN", secret).output().unwrap())
    };
    let right = run(&[]);
    right.says(0, &[]);
    assert!(right.out.contains("pass   follow-sites/follow-no-token/401"), "{}", right.out);
    let wrong = run(&["--fault", "status-500"]);
    assert_eq!(wrong.code, 1, "{}", wrong.err);
    let report = std::fs::read_to_string(folder.path().join("out.jsonl")).unwrap();
    for text in [&right.out, &wrong.out, &wrong.err, &report] {
        assert!(!text.contains(secret));
    }
    assert!(wrong.out.contains("Authorization: Bearer $MY_TOKEN"), "{}", wrong.out);
    graphspec(&["run", "--token-env", "NOT_SET_ANYWHERE"]).says(2, &["NOT_SET_ANYWHERE", "not set"]);
}

#[test]
fn list_shows_the_cases() {
    let lines = graphspec(&["list", "--format", "json", "--filter", "follow-sites/follow-sites/*"]).lines();
    assert_eq!(lines.len(), 1);
    let case = &lines[0];
    assert_eq!(case["case"], "follow-sites/follow-sites/200");
    assert_eq!(case["page"], "specs/follow-sites.md");
    assert_eq!(
        (case["method"].as_str(), case["path"].as_str()),
        (Some("POST"), Some("/users/{user-id}/followedSites/add"))
    );
    assert_eq!(case["headers"], serde_json::json!({"Content-Type": "application/json"}));
    assert_eq!(case["expect"][0]["status"], 200);
    assert_eq!(case["multiStatus"]["listed"], "either");
    let text = graphspec(&["list"]);
    text.says(0, &["specs/follow-sites.md", "unfollow-sites/unfollow-sites/204", "cases"]);
}

#[test]
fn every_block_has_one_fate() {
    let lines = graphspec(&["list", "--blocks", "--format", "json"]).lines();
    let of = |kind: &str| lines.iter().filter(|l| l["kind"] == kind).collect::<Vec<_>>();
    assert_eq!((of("template").len(), of("request").len(), of("response").len(), lines.len()), (3, 38, 38, 79));
    assert!(of("template").iter().all(|l| l["fate"] == "skipped" && l["cases"] == serde_json::json!([])));
    assert!(of("response").iter().all(|l| l["fate"] == "case" && l["cases"].as_array().unwrap().len() == 1));
}

#[test]
fn explain_knows_every_rule() {
    graphspec(&["explain", "multi-status/hidden-failure"]).says(0, &["Broken by:", "Source:", "207"]);
    graphspec(&["explain"]).says(0, &["body/type", "transport/refused"]);
    let family = graphspec(&["explain", "multi-status"]);
    family.says(0, &["multi-status/unasked-item"]);
    assert!(!family.out.contains("body/"));
    graphspec(&["explain", "multi-status/hidden-failur"]).says(2, &["did you mean `multi-status/hidden-failure`"]);
}

#[test]
fn fail_fast_skips_what_comes_after() {
    let ran = graphspec(&["run", "--fault", "status-500", "--fail-fast", "--report", "json", "-j", "8"]);
    let lines = ran.lines();
    let verdicts: Vec<&str> = lines.iter().filter_map(|l| l["verdict"].as_str()).collect();
    let first = verdicts.iter().position(|v| *v == "fail").unwrap();
    assert!(verdicts[first + 1..].iter().all(|v| *v == "skip"), "{verdicts:?}");
    assert_eq!(ran.code, 1);
}

#[test]
fn help_names_the_exit_codes() {
    graphspec(&["--help"]).says(0, &["130  interrupted", "explain"]);
    graphspec(&["run", "--help"]).says(0, &["--allow-writes", "Examples:"]);
    graphspec(&["rum"]).says(2, &["run"]);
    graphspec(&["run", "--jbos", "3"]).says(2, &["--jobs"]);
    graphspec(&[]).says(2, &["Usage"]);
}

#[test]
fn a_reader_that_hangs_up_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(folder.path(), &["run", "--repeat", "50"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut some = [0; 64];
    child.stdout.as_mut().unwrap().read_exact(&mut some).unwrap();
    drop(child.stdout.take());
    let ran = ran(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}

#[test]
fn colours_obey_the_flag_and_the_terminal() {
    assert!(!graphspec(&["run"]).out.contains('\u{1b}'), "stdout is no terminal");
    assert!(graphspec(&["run", "--color", "always"]).out.contains('\u{1b}'));
}

#[test]
fn snapshots_are_pending_until_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let all = [&["run", "--filter", "follow-sites/follow-one-site/200", "--snapshots", "snaps"], args].concat();
        graphspec_in(folder.path(), &all)
    };
    let name = "snaps/mock/follow-sites__follow-one-site__200.snap";
    let at = |suffix: &str| folder.path().join(format!("{name}{suffix}"));
    run(&[]).says(0, &[]);
    run(&["--require-snapshots"]).says(1, &["snapshot/missing"]);
    assert!(!at("").exists() && !at(".new").exists());
    run(&["--update", "pending"]).says(0, &[]);
    assert!(at(".new").exists() && !at("").exists());
    std::fs::rename(at(".new"), at("")).unwrap();
    run(&["--require-snapshots"]).says(0, &[]);
    let accepted = std::fs::read_to_string(at("")).unwrap();
    std::fs::write(at(""), accepted.replace("SiteFollowed1", "Other")).unwrap();
    run(&[]).says(1, &["snapshot/changed", "SiteFollowed1", "Other"]);
    run(&["--update", "always"]).says(0, &[]);
    assert_eq!(std::fs::read_to_string(at("")).unwrap(), accepted);
    let in_ci = command(
        folder.path(),
        &["run", "--filter", "*/follow-sites/200", "--snapshots", "snaps", "--update", "always"],
    )
    .env("CI", "true")
    .output()
    .unwrap();
    ran(in_ci).says(0, &["no snapshot is written"]);
    assert!(!folder.path().join("snaps/mock/follow-sites__follow-sites__200.snap").exists());
}
