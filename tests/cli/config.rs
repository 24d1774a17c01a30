//! `graphspec.toml`: found, layered, and wrong in every way.

use super::*;

fn folder(config: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("graphspec.toml"), config).unwrap();
    std::fs::write(folder.path().join("thing.md"), PAGE.replace("GET /things", "POST /things")).unwrap();
    std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
    folder
}

const CONFIG: &str = "[target.shop]\nurl = \"http://127.0.0.1:9/v1.0\"\nkind = \"tenant\"\nretry = 0\ntoken-env = \"TOK\"\n\n[target.shop.bind]\n\"things/{id}\" = \"a=7\"\n\n[target.shop.headers]\nPrefer = \"return=minimal\"\n";

#[test]
fn a_target_is_called_by_its_name() {
    let folder = folder(CONFIG);
    let run = |below: &str, args: &[&str]| {
        let page = folder.path().join("thing.md");
        let base = ["run", page.to_str().unwrap(), "--target", "shop", "--dry-run"];
        let mut command = command(&folder.path().join(below), &[&base[..], args].concat());
        ran(command.env("TOK", "s3cr3t-t0ken").output().unwrap())
    };
    for below in ["", "a/b"] {
        // A tenant, though it is on this machine: the page writes, and is held back.
        run(below, &[]).says(4, &["--allow-writes", "http://127.0.0.1:9/v1.0"]);
    }
    let shown = run("", &["--allow-writes"]);
    shown.says(0, &["POST http://127.0.0.1:9/v1.0/things/a=7", "Prefer: return=minimal", "Bearer [secret]"]);
    assert!(!shown.out.contains("s3cr3t"));
    // The command line goes before.
    let given = ["--allow-writes", "--bind", "things/{id}=8", "-H", "Prefer: respond-async"];
    let given = run("", &given);
    given.says(0, &["/things/8", "Prefer: respond-async"]);
    assert!(!given.out.contains("return=minimal"));
    // A run is called as its target is.
    let page = folder.path().join("thing.md");
    let args = ["run", page.to_str().unwrap(), "--target", "shop", "--allow-writes", "--report", "json"];
    let sent = ran(command(folder.path(), &args).env("TOK", "s3cr3t-t0ken").output().unwrap());
    assert_eq!((sent.code, &sent.lines().last().unwrap()["summary"]["target"]), (3, &Value::from("shop")));
}

#[test]
fn flag_goes_before_environment_and_that_before_the_file() {
    let folder = folder(
        "[target.one]\nurl = \"http://127.0.0.1:9/one\"\nmetadata = \"gone.csdl\"\n[target.two]\nurl = \"http://127.0.0.1:9/two\"\n",
    );
    let run = |env: &[(&str, &str)], args: &[&str]| {
        let mut command = command(folder.path(), &[&["run", "thing.md", "--dry-run"], args].concat());
        ran(command.envs(env.iter().copied()).output().unwrap())
    };
    run(&[], &[]).says(0, &["http://mock.localhost/"]);
    run(&[("GRAPHSPEC_TARGET", "two")], &[]).says(0, &["127.0.0.1:9/two/"]);
    run(&[("GRAPHSPEC_TARGET", "two")], &["--target", "one"]).says(0, &["127.0.0.1:9/one/"]);
    run(&[("GRAPHSPEC_JOBS", "many")], &[]).says(2, &["many"]);
    // A file that it names is looked for beside it.
    let sent = graphspec_in(&folder.path().join("a"), &["run", "../thing.md", "--target", "one"]);
    sent.says(2, &["--metadata ", "gone.csdl: "]);
    assert!(!sent.err.contains("a/gone.csdl"), "{}", sent.err);
}

#[test]
fn what_is_wrong_has_a_place() {
    let said = |config: &str, words: &[&str]| {
        let folder = folder(config);
        graphspec_in(folder.path(), &["run", "thing.md", "--target", "shop"]).says(2, words);
    };
    said(
        "[target.shop]\nurl = \"x\"\nalow-writes = true\n",
        &["graphspec.toml:3:1: unknown field `alow-writes`; did you mean `allow-writes`?"],
    );
    said("[target.shop]\nurl = 7\n", &["graphspec.toml:2:7: invalid type"]);
    said("[target.shop\n", &["graphspec.toml:1:"]);
    said(
        "[target.shopp]\nurl = \"http://x\"\n",
        &["--target shop: neither a URL nor a target of", "did you mean `shopp`?"],
    );
    said("[target.shop]\nurl = \"ftp://x\"\n", &["ftp"]);
    said(
        "[target.shop]\nurl = \"http://x\"\n[target.shop.bind]\n\"1\" = \"z\"\n\"a\" = \"z\"\n",
        &["both bound to `z`"],
    );
    let folder = folder("");
    graphspec_in(folder.path(), &["run", "--config", "other.toml"]).says(2, &["other.toml: "]);
}

#[test]
fn init_writes_a_file_that_works_and_never_over_another() {
    let folder = tempfile::tempdir().unwrap();
    graphspec_in(folder.path(), &["init"]).says(0, &["wrote graphspec.toml"]);
    graphspec_in(folder.path(), &["run", "--target", "local", "--dry-run"])
        .says(0, &["http://127.0.0.1:3000/v1.0/users/"]);
    let text = std::fs::read_to_string(folder.path().join("graphspec.toml")).unwrap();
    graphspec_in(folder.path(), &["init"]).says(2, &["graphspec.toml is there already"]);
    // What stands in its remarks works too.
    let is_key = |line: &&str| line.starts_with("# [") || (line.starts_with("# ") && line.contains(" = "));
    let remarks: String = text.lines().filter(is_key).map(|line| format!("{}\n", &line[2..])).collect();
    assert!(remarks.contains("[target.contoso.bind]"));
    std::fs::write(folder.path().join("graphspec.toml"), remarks).unwrap();
    let args = ["run", "--target", "contoso", "--dry-run", "--token-env", "TOK"];
    ran(command(folder.path(), &args).env("TOK", "s3cr3t-t0ken").output().unwrap())
        .says(0, &["https://graph.microsoft.com/v1.0/"]);
}
