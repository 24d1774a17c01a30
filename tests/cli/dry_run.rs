//! `run --dry-run`: everything is shown, nothing is sent.

use super::*;

#[test]
fn nothing_is_sent_and_everything_is_shown() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/v1.0", listener.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "run",
        "--dry-run",
        "--target",
        &url,
        "--filter",
        "unfollow-*",
        "--bind",
        "user-id=m\u{e9}gan",
        "--token-env",
        "TOK",
    ];
    let ran = ran(command(folder.path(), &args).env("TOK", "s3cr3t-t0ken").output().unwrap());
    ran.says(
        0,
        &[
            "# unfollow-sites/unfollow-sites/204 (may change something)",
            &format!("POST {url}/users/m%C3%A9gan/followedSites/remove"),
            "Authorization: Bearer [secret]",
            // What a case needs is sent too.
            ", before unfollow-sites/",
            "requests would be sent to",
        ],
    );
    assert!(!ran.out.contains("s3cr3t") && !ran.err.contains("s3cr3t"));
    assert!(listener.accept().is_err(), "somebody connected");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_tenant_is_shown_what_is_held_back() {
    let page = PAGE.replace("GET /things/{id}", "DELETE /things/{id}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("thing.md"), page).unwrap();
    let run = |args: &[&str]| {
        let base = ["run", "thing.md", "--dry-run", "--target", "https://graph.example/v1.0", "--bind", "id=7"];
        graphspec_in(folder.path(), &[&base[..], args].concat())
    };
    run(&[]).says(
        4,
        &["# thing/get-thing/200: not sent: ", "--allow-writes", "0 requests would be sent", "1 case is held back"],
    );
    run(&["--allow-writes"])
        .says(0, &["DELETE https://graph.example/v1.0/things/7", "1 of them may change something; 0 cases"]);
    run(&["--report", "json"]).says(2, &["--dry-run", "--report"]);
}

#[test]
fn the_embedded_mock_is_not_started_for_it() {
    let (one, other) = (graphspec(&["run", "--dry-run"]), graphspec(&["run", "--dry-run"]));
    one.says(0, &["http://mock.localhost/v1.0/users/"]);
    assert_eq!(one.out, other.out);
}
