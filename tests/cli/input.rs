//! Bad input: a clear message with place and remedy, the right exit code, nothing half-written.

use super::*;

fn page(text: &[u8]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("page.md"), text).unwrap();
    (folder, "page.md".to_owned())
}

#[test]
fn pages_that_cannot_be_read() {
    graphspec(&["run", "missing.md"]).says(2, &["missing.md", "no such file"]);
    graphspec(&["list", "missing.md"]).says(2, &["missing.md"]);
    let empty = tempfile::tempdir().unwrap();
    graphspec_in(empty.path(), &["run", "."]).says(4, &["hold no case"]);
    let (folder, name) = page(b"\x7fELF\0\0\0");
    graphspec_in(folder.path(), &["run", &name]).says(4, &["page.md:1", "NUL", "hold no case"]);
}

#[test]
fn pages_without_cases_select_nothing() {
    for text in [&b""[..], b"# Only prose\n", b"{\"json\": true}", b"```http\nhello\n```\n"] {
        let (folder, name) = page(text);
        graphspec_in(folder.path(), &["run", &name]).says(4, &["hold no case"]);
        graphspec_in(folder.path(), &["list", &name]).says(4, &["hold no case"]);
    }
}

#[test]
fn bad_annotations_and_bytes_are_said_with_their_line() {
    let broken = PAGE.replace("\"name\": \"get-thing\"", "\"name\": ");
    let (folder, name) = page(broken.as_bytes());
    graphspec_in(folder.path(), &["list", &name]).says(0, &["page.md:3", "page/annotation", "not JSON"]);
    let (folder, name) = page(&[PAGE.as_bytes(), b"\n\xff\n"].concat());
    graphspec_in(folder.path(), &["list", &name]).says(0, &["page.md:16", "page/encoding"]);
}

#[test]
fn arguments_that_make_no_sense() {
    for (args, words) in [
        (&["run", "--bind", "user-id"][..], &["KEY=VALUE"][..]),
        (&["run", "--bind", "=x"], &["empty"]),
        (&["run", "--bind", "a=1", "--bind", "a=2"], &["bound twice"]),
        (&["run", "--target", "ftp://h/x"], &["http"]),
        (&["run", "--target", "http://"], &["http://"]),
        (&["run", "--target", "contoso"], &["contoso"]),
        (&["run", "--target", "http://h:99999"], &["99999"]),
        (&["run", "--timeout", "soon"], &["30s"]),
        (&["run", "--max-body", "big"], &["16MiB"]),
        (&["run", "--jobs", "0"], &["0"]),
        (&["run", "--report", "jsno"], &["did you mean `json`"]),
        (&["run", "--report", "json", "--report", "libtest"], &["stdout"]),
        (&["run", "--report", "json=a", "--report", "libtest=a"], &["two reports"]),
        (&["run", "--report", "json=no/such/folder/x"], &["no/such/folder/x"]),
        (&["run", "--report", "json=."], &["folder"]),
        (&["run", "--fault", "hide-failure"], &["did you mean"]),
        (&["run", "--fault", "status-500", "--target", "http://127.0.0.1:1"], &["embedded"]),
        (&["run", "-H", "novalue"], &["NAME:VALUE"]),
        (&["mock", "--listen", "nowhere"], &["--listen"]),
        (&["mock", "--fault", "nothing-like-it"], &["--list-faults"]),
    ] {
        graphspec(args).says(2, words);
    }
    graphspec(&["run", "--bind", "usr-id=x", "--filter", "*/404"]).says(0, &["did you mean `user-id`"]);
}

#[test]
fn a_filter_that_matches_nothing() {
    graphspec(&["run", "--filter", "nothing"]).says(4, &["no case matches"]);
    graphspec(&["list", "--filter", "nothing"]).says(4, &["no case matches"]);
    graphspec(&["run", "--filter", "!*"]).says(4, &[]);
}

#[cfg(unix)]
#[test]
fn folders_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "x").unwrap();
    let ran = graphspec_in(folder.path(), &["run", "--snapshots", "file", "--update", "pending"]);
    ran.says(2, &["--snapshots file"]);
    graphspec_in(folder.path(), &["run", "--report", "json=file/x"]).says(2, &["file/x"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left");
}

#[test]
fn a_report_file_is_written_whole() {
    let folder = tempfile::tempdir().unwrap();
    let ran = graphspec_in(folder.path(), &["run", "--report", "json=out.jsonl", "--report", "libtest=out.txt"]);
    ran.says(0, &["passed"]);
    let text = std::fs::read_to_string(folder.path().join("out.jsonl")).unwrap();
    assert!(text.lines().last().unwrap().contains("summary"));
    assert!(std::fs::read_to_string(folder.path().join("out.txt")).unwrap().contains("test result: ok"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file is left");
}

#[test]
fn a_tenant_is_not_written_to_unasked() {
    // The name cannot resolve, and nothing gets as far as asking.
    let ran = graphspec(&["run", "--target", "https://tenant.invalid/v1.0", "--report", "json"]);
    assert_eq!(ran.code, 3, "only the reads that need no binding are tried: {}", ran.err);
    let lines = ran.lines();
    let tried: Vec<&Value> = lines.iter().filter(|l| l["verdict"] == "error").map(|l| &l["case"]).collect();
    assert_eq!(tried, ["list-followed-sites/list-unknown-user/404"]);
    let reason = |id: &str| {
        let line = lines.iter().find(|l| l["case"] == id).unwrap();
        line["skip"].as_str().unwrap().to_owned()
    };
    assert!(reason("follow-sites/follow-sites/200").contains("--allow-writes"));
    assert!(
        reason("list-followed-sites/list-followed-sites/200").contains("--allow-writes"),
        "its request before writes"
    );
    let ran = graphspec(&[
        "run",
        "--target",
        "https://tenant.invalid/v1.0",
        "--allow-writes",
        "--report",
        "json",
        "--retry",
        "0",
    ]);
    let lines = ran.lines();
    let line = lines.iter().find(|l| l["case"] == "follow-sites/follow-sites/200").unwrap();
    assert!(line["skip"].as_str().unwrap().contains("`user-id` is not bound"), "{line}");
}

#[test]
fn pages_that_are_hostile() {
    let fence = |text: &str| {
        format!("<!-- {{\"blockType\": \"request\"}} -->\n```http\n{text}\n```\n\n```http\nHTTP/1.1 200 OK\n```\n")
    };
    let deep = "[".repeat(100_000);
    for text in [
        fence("GET /me ééé"),
        fence(&format!("POST /me\nContent-Type: application/json\n\n{deep}")),
        format!("<!-- {{\"blockType\": {deep} -->\n```http\nGET /x\n```\n"),
        fence(&format!("GET /{}", "{".repeat(5000))),
    ] {
        let (folder, name) = page(text.as_bytes());
        for verb in [&["list"][..], &["run", "-q"]] {
            let ran = graphspec_in(folder.path(), &[verb, &[&name]].concat());
            assert!((0..=4).contains(&ran.code) && !ran.err.contains("panicked"), "{}", ran.err);
        }
    }
}
