use proptest::prelude::*;

use super::*;

fn id() -> CaseId {
    CaseId::new("site-follow", "follow-site", "207")
}

fn store(dir: &tempfile::TempDir, update: Update) -> Store {
    Store::open(dir.path(), "mock", update)
}

fn names(dir: &tempfile::TempDir) -> Vec<String> {
    let Ok(files) = fs::read_dir(dir.path().join("mock")) else { return Vec::new() };
    let mut names: Vec<String> = files.map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

const SNAP: &str = "site-follow__follow-site__207.snap";

#[test]
fn each_mode_writes_what_it_says() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(store(&dir, Update::No).check(&id(), "p.md", "a\n").unwrap(), Outcome::New);
    assert!(names(&dir).is_empty());

    assert_eq!(store(&dir, Update::Pending).check(&id(), "p.md", "a\n").unwrap(), Outcome::New);
    assert_eq!(names(&dir), [format!("{SNAP}.new")]);
    assert_eq!(store(&dir, Update::No).read(&id()).unwrap(), None);

    assert_eq!(store(&dir, Update::Always).check(&id(), "p.md", "a\n").unwrap(), Outcome::Same);
    assert_eq!(names(&dir), [SNAP]);
    let written = fs::read_to_string(dir.path().join("mock").join(SNAP)).unwrap();
    assert_eq!(written, "---\nsource: p.md\nexpression: site-follow/follow-site/207\n---\na\n");

    let changed = Outcome::Changed { accepted: "a\n".to_owned() };
    assert_eq!(store(&dir, Update::No).check(&id(), "p.md", "b\n").unwrap(), changed);
    assert_eq!(store(&dir, Update::Pending).check(&id(), "p.md", "b\n").unwrap(), changed);
    assert_eq!(names(&dir), [SNAP.to_owned(), format!("{SNAP}.new")]);
    assert_eq!(store(&dir, Update::No).check(&id(), "p.md", "a\n").unwrap(), Outcome::Same);
    assert_eq!(names(&dir).len(), 2, "`no` removes nothing either");
    assert_eq!(store(&dir, Update::Pending).check(&id(), "p.md", "a\n").unwrap(), Outcome::Same);
    assert_eq!(names(&dir), [SNAP], "a stale pending file goes");
}

#[test]
fn reads_what_editors_and_git_make_of_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mock").join(SNAP);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    for file in [
        "---\r\nsource: x\r\n---\r\na\r\n\r\nb\r\n",
        "\u{feff}---\nsource: x\n---  \na\n\nb",
        "---\nsource: x\nassertion_line: 7\nexpression: \"a: b\"\n---\na\n\nb\n\n\n",
    ] {
        fs::write(&path, file).unwrap();
        assert_eq!(store(&dir, Update::No).check(&id(), "p.md", "a\n\nb\n").unwrap(), Outcome::Same, "{file:?}");
    }
    fs::write(&path, "---\nsource: x\n---\nHTTP 200\n---\nb\n").unwrap();
    assert_eq!(store(&dir, Update::No).read(&id()).unwrap().unwrap(), "HTTP 200\n---\nb\n");
}

#[test]
fn a_broken_file_is_an_error_and_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mock").join(SNAP);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    for (file, say) in [
        (&b"---\nsource: x\n---\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x\n"[..], ":4 holds a merge conflict"),
        (b"<<<<<<< HEAD\n---\n", ":1 holds a merge conflict"),
        (b"---\nsource: x\na\n", "the line `---` that ends"),
        (b"", "first line is not"),
        (b"a\n", "first line is not"),
        (b"---\n---\n\xff", "not UTF-8"),
    ] {
        fs::write(&path, file).unwrap();
        for update in [Update::No, Update::Pending, Update::Always] {
            let error = store(&dir, update).check(&id(), "p.md", "a\n").unwrap_err().to_string();
            assert!(error.contains(say) && error.contains(SNAP) && error.contains("--update pending"), "{error}");
        }
        assert_eq!(fs::read(&path).unwrap(), file);
        assert_eq!(names(&dir), [SNAP]);
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("mock"), "a file").unwrap();
    let error = store(&dir, Update::Pending).check(&id(), "p.md", "a\n").unwrap_err().to_string();
    assert!(error.contains(SNAP), "{error}");
    assert!(Store::open(dir.path(), "..", Update::No).path(&id()).starts_with(dir.path()));
    assert!(!Store::open(dir.path(), "..", Update::No).path(&id()).to_string_lossy().contains(".."));
}

fn settings(dir: &tempfile::TempDir) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(dir.path().join("mock"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

#[test]
fn insta_reads_what_we_write() {
    let dir = tempfile::tempdir().unwrap();
    let text = "HTTP 200\ncontent-type: application/json\n\n{\n  \"a\": \"---\"\n}\n";
    store(&dir, Update::Always).check(&id(), "a: b #1.md", text).unwrap();
    settings(&dir).bind(|| insta::assert_snapshot!(id().file_name(), text));
    assert_eq!(names(&dir), [SNAP]);
}

proptest! {
    #[test]
    fn what_is_written_reads_the_same(text in "(\\PC|\n|---\n| ){0,80}", page in "\\PC{0,20}") {
        let dir = tempfile::tempdir().unwrap();
        store(&dir, Update::Always).check(&id(), &page, &text).unwrap();
        // A text of ours never begins a line with a conflict mark.
        prop_assert_eq!(store(&dir, Update::No).check(&id(), "other", &text).unwrap(), Outcome::Same);
    }

    #[test]
    fn insta_agrees(lines in proptest::collection::vec("[ -~]{0,20}", 1..6), page in "[ -~]{0,20}") {
        let dir = tempfile::tempdir().unwrap();
        let text = format!("HTTP 200\n{}\n", lines.join("\n"));
        store(&dir, Update::Always).check(&id(), &page, &text).unwrap();
        let file = insta::Snapshot::from_file(&dir.path().join("mock").join(SNAP)).unwrap();
        prop_assert_eq!(file.as_text().unwrap().to_string(), text.trim_end());
        prop_assert_eq!(file.metadata().source(), Some(page.as_str()));
        // Saving it as insta does leaves our bytes.
        let ours = fs::read(dir.path().join("mock").join(SNAP)).unwrap();
        let again = dir.path().join("again.snap");
        file.save(&again).unwrap();
        prop_assert_eq!(String::from_utf8(fs::read(again).unwrap()).unwrap(), String::from_utf8(ours).unwrap());
    }
}
