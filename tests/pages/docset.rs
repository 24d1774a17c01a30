//! Folders: what is walked, what is included, what cannot be read.

use std::fs;
use std::path::{Path, PathBuf};

use graphspec::page::{Docset, Page};

use super::*;

/// A folder of files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn read_below(root: &Path, below: &str) -> (Vec<Page>, usize) {
    let mut pages = Vec::new();
    let unopened = Docset::open(&[root.join(below)]).unwrap().read(|reading| reading.page, |page| pages.push(page));
    (pages, unopened.len())
}

fn names(root: &Path, below: &str) -> Vec<String> {
    let prefix = format!("{}/", root.to_string_lossy());
    read_below(root, below).0.iter().map(|page| page.name.replacen(&prefix, "", 1)).collect()
}

fn example() -> String {
    request(GET) + &response("", "HTTP/1.1 200 OK")
}

#[test]
fn a_walk_behaves() {
    let root = folder(&[
        ("b/2.md", "x"),
        ("a.MD", "x"),
        ("b/10.md", "x"),
        ("c.txt", "x"),
        ("x.md/in.md", "x"),
        ("node_modules/n/README.md", "x"),
        ("b/node_modules/n.md", "x"),
        (".hidden/h.md", "x"),
        ("out/o.md", "x"),
        (".gitignore", "out/\nb/ig*.md\n"),
        ("b/ignored.md", "x"),
    ]);
    assert_eq!(names(root.path(), "."), ["./a.MD", "./b/10.md", "./b/2.md", "./x.md/in.md"]);
    // What is named is read.
    assert_eq!(names(root.path(), "b/ignored.md"), ["b/ignored.md"]);
    assert_eq!(names(root.path(), "c.txt"), ["c.txt"]);
}

#[cfg(unix)]
#[test]
fn links_that_loop_end() {
    let root = folder(&[("a/x.md", "x"), ("y.txt", "x")]);
    std::os::unix::fs::symlink(root.path(), root.path().join("a/up")).unwrap();
    std::os::unix::fs::symlink("nowhere", root.path().join("a/broken.md")).unwrap();
    std::os::unix::fs::symlink("../y.txt", root.path().join("a/file.md")).unwrap();
    assert_eq!(names(root.path(), "."), ["./a/file.md", "./a/x.md"]);
}

#[test]
fn order_and_ids_do_not_depend_on_threads() {
    let files: Vec<(String, String)> = (0..300).map(|n| (format!("d{}/p{n}.md", n % 7), example())).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    let root = folder(&files);
    let first = names(root.path(), ".");
    let mut sorted = first.clone();
    sorted.sort();
    assert_eq!((first.len(), &first), (300, &sorted));
    assert_eq!(names(root.path(), "."), first);
}

#[test]
fn a_file_that_vanishes_is_said_and_the_rest_is_read() {
    let root = folder(&[("a.md", &example()), ("b.md", &example())]);
    let docset = Docset::open(&[root.path().to_owned()]).unwrap();
    fs::remove_file(root.path().join("a.md")).unwrap();
    let mut pages = 0;
    let unopened = docset.read(|_| (), |()| pages += 1);
    assert_eq!((pages, unopened.len()), (1, 1));
    assert!(unopened[0].to_string().ends_with("a.md: no such file or folder"), "{}", unopened[0]);
    assert!(Docset::open(&[PathBuf::from("no/such.md")]).is_err());
}

#[test]
fn examples_are_included_from_the_docset_and_nowhere_else() {
    let include = |path: &str| format!("# T\n[!INCLUDE [x]({path})]\n");
    let root = folder(&[
        ("docs/api/in.md", &include("../includes/x.md")),
        ("docs/api/tilde.md", &include("~/includes/x.md")),
        ("docs/api/out.md", &include("../../secret.md")),
        ("docs/api/half.md", &(request(GET) + &include("../includes/answer.md"))),
        ("docs/api/self.md", &(example() + &include("self.md"))),
        ("docs/includes/x.md", &(example() + "[!INCLUDE [y](y.md)]\n")),
        ("docs/includes/y.md", "[!INCLUDE [x](x.md)]\nno example\n"),
        ("docs/includes/answer.md", &response("", "HTTP/1.1 204 No Content")),
        ("docs/includes/unused.md", &example()),
        ("docs/includes/snippet.md", "```csharp\nx();\n```\n"),
        ("secret.md", &example()),
    ]);
    let (pages, _) = read_below(root.path(), "docs");
    let got: Vec<String> = pages.iter().flat_map(|p| &p.cases).map(|c| c.id.to_string()).collect();
    assert_eq!(got, ["half/a/204", "in/a/200", "self/a/200", "tilde/a/200", "unused/a/200"]);
    let of = |stem: &str| pages.iter().flat_map(|p| &p.cases).find(|c| c.id.stem() == stem).unwrap().clone();
    assert!(of("in").span.to_string().ends_with("/docs/includes/x.md:2"), "{}", of("in").span);
    assert!(of("half").promises[0].span.to_string().ends_with("/docs/includes/answer.md:2"));
    // The folder beside the one that is given belongs to it, as pages are published.
    let (pages, _) = read_below(root.path(), "docs/api");
    assert_eq!(pages.iter().map(|p| p.cases.len()).sum::<usize>(), 3);
}

#[test]
fn files_that_include_each_other_end() {
    let files: Vec<(String, String)> = (0..300)
        .map(|n| {
            let others: String = (0..300).map(|other| format!("[!INCLUDE [x](f{other}.inc)]\n")).collect();
            (format!("includes/f{n}.inc"), format!("```http\nGET /x\n```\n{others}"))
        })
        .collect();
    let mut files: Vec<(&str, &str)> = files.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    files.push(("p.md", "[!INCLUDE [x](includes/f0.inc)]\n"));
    let root = folder(&files);
    let (pages, _) = read_below(root.path(), ".");
    assert!((1..=256).contains(&pages[0].blocks.len()), "{}", pages[0].blocks.len());
}
