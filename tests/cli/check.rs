//! `check`: formats, exit codes, flags.

use super::*;

/// A page with one failure (line 13), one warning (line 17) and a name that a URL cannot hold.
const WRONG: &str = "# Thing\n\n<!-- {\"blockType\": \"request\", \"name\": \"get-thing\"} -->\n```http\nGET /things/{id}\n```\n\n<!-- {\"blockType\": \"response\"} -->\n```http\nHTTP/1.1 200 OK\nContent-Type: application/json\n\n{\"id\": \"1\",}\n```\n\n<!-- {\"blockType\": \"request\", \"name\": \"no-answer\"} -->\n```http\nGET /things\n```\n";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a b.md"), WRONG).unwrap();
    std::fs::write(folder.path().join("right.md"), PAGE).unwrap();
    folder
}

#[test]
fn text_shows_the_line_and_a_mark_under_the_place() {
    let folder = folder();
    let ran = graphspec_in(folder.path(), &["check", "."]);
    ran.says(1, &["1 failure and 1 warning in 1 of 2 pages"]);
    let shown = "failure[page/json]: the body is JSON only after mending: a comma before the closing bracket
  --> ./a b.md:13:11
13 | {\"id\": \"1\",}
   |           ^
   = help: Mend the example; what can be mended is sent so, and the rest as text.
";
    assert!(ran.out.contains(shown), "{}", ran.out);
    graphspec_in(folder.path(), &["check", "right.md"]).says(0, &["1 page: nothing is wrong"]);
    assert!(!ran.out.contains('\u{1b}'));
    let coloured = graphspec_in(folder.path(), &["check", ".", "--color", "always"]);
    assert!(coloured.out.contains("\u{1b}[1;31mfailure"), "{}", coloured.out);
}

#[test]
fn json_is_one_problem_a_line() {
    let folder = folder();
    let ran = graphspec_in(folder.path(), &["check", ".", "--format", "json"]);
    let lines = ran.lines();
    let keys = |line: &Value| line.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert!(lines.iter().all(|line| keys(line) == ["page", "line", "code", "severity", "message"]));
    let got: Vec<_> = lines
        .iter()
        .map(|l| (l["line"].as_u64().unwrap(), l["code"].as_str().unwrap(), l["severity"].as_str().unwrap()))
        .collect();
    assert_eq!(got, [(13, "page/json", "failure"), (17, "page/no-response", "warning")]);
    assert_eq!(graphspec_in(folder.path(), &["check", ".", "--format", "json"]).out, ran.out);
}

#[test]
fn sarif_is_one_log() {
    let folder = folder();
    let read = |pages: &str| -> Value {
        serde_json::from_str(&graphspec_in(folder.path(), &["check", pages, "--format", "sarif"]).out).unwrap()
    };
    let log = read(".");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    let first = &results[0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let index = usize::try_from(first["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(
        (&first["ruleId"], &rules[index]["id"], &first["level"]),
        (&"page/json".into(), &"page/json".into(), &"error".into())
    );
    let place = &first["locations"][0]["physicalLocation"];
    assert_eq!((&place["artifactLocation"]["uri"], &place["region"]["startLine"]), (&"a%20b.md".into(), &13.into()));
    assert_eq!(read("right.md")["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn github_gets_workflow_commands() {
    let folder = folder();
    let ran = graphspec_in(folder.path(), &["check", ".", "--format", "github"]);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("::error file=./a b.md,line=13,title=page/json::"), "{}", lines[0]);
    assert!(lines[1].starts_with("::warning file=./a b.md,line=17,title=page/no-response::"), "{}", lines[1]);
}

#[test]
fn severities_are_the_users_to_change() {
    let folder = folder();
    let check = |more: &[&str]| graphspec_in(folder.path(), &[&["check", "."], more].concat());
    check(&["--allow", "page/json"]).says(0, &["1 warning in 1 of 2 pages"]);
    check(&["--allow", "page/json", "--deny", "page/no-response"]).says(1, &["failure[page/no-response]"]);
    check(&["--allow", "page/json", "--allow", "no-response"]).says(0, &["nothing is wrong"]);
    check(&["--deny", "page/jsn"]).says(2, &["did you mean `page/json`"]);
    check(&["--deny", "body/type"]).says(2, &["no rule about pages"]);
    check(&["--deny", "page/json", "--allow", "page/json"]).says(2, &["contradict"]);
    check(&["--format", "xml"]).says(2, &["sarif"]);
}

#[test]
fn pages_come_from_anywhere() {
    let folder = folder();
    let mut child = command(folder.path(), &["check", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(WRONG.as_bytes()).unwrap();
    let ran = ran(child.wait_with_output().unwrap());
    ran.says(1, &[]);
    assert_eq!(ran.lines()[0]["page"], "-");
    graphspec(&["check"]).says(0, &["nothing is wrong"]);
    graphspec(&["check", "missing.md"]).says(2, &["missing.md: no such file"]);
    let none = graphspec(&["check", "."]);
    none.says(4, &["no page"]);
    assert_eq!(none.out, "");
}

#[test]
fn hostile_pages_do_not_steer_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = WRONG.replace("\"1\",", "\"\u{1b}[2J\u{202e}\",").replace("no-answer", "\u{1b}]0;x\u{7}");
    std::fs::write(folder.path().join("x.md"), hostile).unwrap();
    for format in ["text", "json", "sarif", "github"] {
        let ran = graphspec_in(folder.path(), &["check", "x.md", "--format", format]);
        let active = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!ran.out.contains(active) && !ran.err.contains(active), "{format}: {:?}", ran.out);
    }
}

#[test]
fn list_accounts_for_every_block() {
    let folder = folder();
    let ran = graphspec_in(folder.path(), &["list", ".", "--blocks", "--format", "json"]);
    ran.says(0, &[]);
    let fates: Vec<_> =
        ran.lines().iter().map(|l| (l["line"].as_u64().unwrap(), l["fate"].as_str().unwrap().to_owned())).collect();
    let want = [(4, "case"), (9, "case"), (17, "skipped"), (4, "case"), (9, "case")];
    assert_eq!(fates, want.map(|(line, fate)| (line, fate.to_owned())));
    let text = graphspec_in(folder.path(), &["list", ".", "--blocks"]);
    text.says(0, &["5 blocks: 4 in cases, 1 skipped, 0 unread"]);
    graphspec_in(folder.path(), &["list", ".", "--filter", "right/*"]).says(0, &["right/get-thing/200", "1 case\n"]);
    graphspec_in(folder.path(), &["list", ".", "--filter", "nothing"]).says(4, &["no case matches"]);
}

#[test]
fn a_folder_may_be_called_like_a_page() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("x.md")).unwrap();
    std::fs::write(folder.path().join("x.md/y.md"), PAGE).unwrap();
    graphspec_in(folder.path(), &["list", ".", "--format", "json"]).says(0, &["\"page\":\"./x.md/y.md\""]);
}
