use serde_json::json;

use crate::{BUILT_IN, ask, bad, built_in, ids, items, json_of, mock, one, read, two};
use graphspec::case::Case;
use graphspec::fault;
use graphspec::message::Request;
use graphspec::mock::{Mock, Options};

fn send(mock: &Mock, case: &Case, user: &str) -> u16 {
    let url = case.path.replace("{user-id}", user);
    let request =
        Request { method: case.method.clone(), url, headers: case.headers.clone(), body: case.content.bytes() };
    mock.answer(&request).status
}

#[test]
fn every_case_of_the_built_in_suite_has_its_promised_status() {
    let (cases, templates) = read(&BUILT_IN);
    for require_token in [false, true] {
        let mock = Mock::new(&cases, &templates, Options { require_token, fault: None });
        for case in cases.iter().filter(|case| case.anonymous == require_token) {
            let mut chain = vec![&**case];
            while let Some(needs) = &chain[0].needs {
                let name = needs.rsplit('/').next().unwrap();
                chain.insert(0, cases.iter().find(|c| c.name == name).unwrap());
            }
            let statuses: Vec<u16> = chain.iter().map(|c| send(&mock, c, &case.id.file_name())).collect();
            let promised: Vec<u16> = chain.iter().map(|c| c.promise().unwrap().status.unwrap()).collect();
            assert_eq!(statuses, promised, "{}", case.id);
        }
    }
}

#[test]
fn what_one_user_follows_no_other_does() {
    let mock = built_in();
    let list = |user: &str| ask(&mock, "GET", &format!("/v1.0/users/{user}/followedSites"), "");
    assert_eq!(list("ann"), (200, json!({"value": []})));
    let (status, body) = ask(&mock, "POST", "/v1.0/users/ann/followedSites/add", &items(&[&one(), &two()]));
    assert_eq!((status, ids(&body)), (200, vec![one().as_str(), &two()]));
    // Again, the other way round: nothing changes, not even the order.
    ask(&mock, "POST", "/beta/users/ANN/followedsites/add", &items(&[&two(), &one()]));
    let (_, body) = ask(&mock, "GET", "/users/ann/followedSites", "");
    assert_eq!(ids(&body), [one(), two()]);
    assert_eq!(body["value"][1]["sharepointIds"]["webId"], "0271110f-634f-4300-a841-3a8a2e851851");
    assert_eq!(list("bob"), (200, json!({"value": []})));
    let remove = |id: &str| ask(&mock, "POST", "/users/ann/followedSites/remove", &items(&[id]));
    assert_eq!((remove(&one()).0, remove(&one()).0), (204, 204));
    assert_eq!(ids(&list("ann").1), [two()]);
}

#[test]
fn a_partial_answer_keeps_the_order_asked_and_names_each_once() {
    let mock = built_in();
    let url = "/v1.0/users/ann/followedSites/add";
    let (status, body) = ask(&mock, "POST", url, &items(&[&bad(), &one(), "who", &one(), &bad()]));
    assert_eq!((status, ids(&body)), (207, vec![bad().as_str(), &one(), "who"]));
    assert_eq!(body["value"][0]["error"]["@odata.type"], "#oneDrive.error");
    assert!(body["value"][1].get("error").is_none() && body["value"][1]["webUrl"].is_string());
    assert!(body["value"][2]["error"]["code"].is_string() && body["value"][2]["error"]["message"].is_string());
    let (status, body) = ask(&mock, "POST", "/users/ann/followedSites/remove", &items(&[&one(), &bad(), "who"]));
    assert_eq!((status, ids(&body)), (207, vec![bad().as_str(), "who"]), "successes are omitted there");
    assert_eq!(ask(&mock, "GET", "/users/ann/followedSites", "").1, json!({"value": []}));
}

#[test]
fn ids_compare_as_identities_do() {
    let mock = built_in();
    let upper = one().to_ascii_uppercase();
    let (status, body) = ask(&mock, "POST", "/users/ann/followedSites/add", &items(&[&upper, &one()]));
    assert_eq!((status, ids(&body)), (200, vec![one().as_str()]));
    let (status, _) = ask(&mock, "POST", "/users/ann/followedSites/add", &items(&[&bad().to_ascii_uppercase()]));
    assert_eq!(status, 207);
}

#[test]
fn members_that_it_does_not_know_are_accepted() {
    let body = json!({"@odata.type": "x", "value": [{"@odata.type": "#microsoft.graph.site", "id": one(), "n": 1}]});
    let (status, _) = ask(&built_in(), "POST", "/users/ann/followedSites/add", &body.to_string());
    assert_eq!(status, 200);
}

#[test]
fn an_unknown_user_is_refused_as_documented() {
    let mock = built_in();
    for url in ["/v1.0/users/nobody%40contoso.com/followedSites/add", "/users/nobody@contoso.com/followedSites/remove"]
    {
        let (status, body) = ask(&mock, "POST", url, &items(&[&one()]));
        assert_eq!((status, &body["error"]["message"]), (404, &json!("No such user")), "{url}");
        assert!(body["error"]["innerError"]["request-id"].is_string());
    }
    assert_eq!(ask(&mock, "GET", "/users/nobody@contoso.com/followedSites", "").0, 404);
    // The method is checked first, and nobody is not just anybody.
    assert_eq!(ask(&mock, "PUT", "/users/nobody@contoso.com/followedSites/add", "").0, 405);
    assert_eq!(ask(&mock, "GET", "/users/somebody@contoso.com/followedSites", "").0, 200);
}

#[test]
fn a_fault_breaks_what_it_can_and_leaves_the_rest() {
    let options = |name| Options { require_token: false, fault: Some(fault::find(name).unwrap()) };
    let faulty = mock(&BUILT_IN, options("hides-failure"));
    let url = "/users/ann/followedSites/add";
    let (status, body) = ask(&faulty, "POST", url, &items(&[&bad(), &one()]));
    assert_eq!((status, ids(&body).len()), (200, 2));
    assert_eq!(ask(&faulty, "POST", url, "{}").0, 400);
    let faulty = mock(&BUILT_IN, options("item-unasked"));
    let (status, body) = ask(&faulty, "POST", url, &items(&[&one()]));
    assert_eq!((status, ids(&body).len()), (200, 2));
    assert_eq!(ids(&ask(&faulty, "GET", "/users/ann/followedSites", "").1), [one()], "the state stays right");
}

#[test]
fn every_fault_can_be_seen_in_the_built_in_suite() {
    let (cases, templates) = read(&BUILT_IN);
    let right = Mock::new(&cases, &templates, Options::default());
    for fault in fault::all() {
        let wrong = Mock::new(&cases, &templates, Options { require_token: false, fault: Some(fault) });
        let differs = cases.iter().filter(|case| !case.anonymous).any(|case| {
            let url = case.path.replace("{user-id}", &case.id.file_name());
            let request =
                Request { method: case.method.clone(), url, headers: case.headers.clone(), body: case.content.bytes() };
            // The list of a user who follows something, for the faults of lists.
            let follow =
                crate::request("POST", &request.url.replace("followedSites", "followedSites/add"), &items(&[&one()]));
            let [a, b] = [&right, &wrong].map(|mock| {
                if case.is_read() {
                    mock.answer(&follow);
                }
                mock.answer(&request)
            });
            a.status != b.status
                || a.headers.get("content-type") != b.headers.get("content-type")
                || a.headers.get("allow") != b.headers.get("allow")
                || (a.body != b.body && (a.status < 400 || json_error(&a) != json_error(&b)))
        });
        assert!(differs, "{}", fault.name);
    }
}

/// An error body without what differs between any two answers.
fn json_error(response: &graphspec::message::Response) -> Option<serde_json::Value> {
    serde_json::from_slice::<serde_json::Value>(&response.body).ok().map(|mut body| {
        if let Some(error) = body["error"].as_object_mut() {
            error.remove("innerError");
        }
        body
    })
}

#[test]
fn two_users_at_once_do_not_disturb_each_other() {
    let mock = built_in();
    std::thread::scope(|scope| {
        for user in ["ann", "bob"] {
            let mock = &mock;
            scope.spawn(move || {
                let at = |action: &str| format!("/v1.0/users/{user}/followedSites{action}");
                for _ in 0..200 {
                    assert_eq!(ask(mock, "POST", &at("/add"), &items(&[&one(), &two()])).0, 200);
                    assert_eq!(ids(&ask(mock, "GET", &at(""), "").1).len(), 2);
                    assert_eq!(ask(mock, "POST", &at("/remove"), &items(&[&two(), &one()])).0, 204);
                    assert_eq!(ask(mock, "GET", &at(""), "").1, json!({"value": []}));
                }
            });
        }
    });
}

#[test]
fn an_answer_takes_little_time() {
    let mock = built_in();
    let request = crate::request("POST", "/v1.0/users/ann/followedSites/add", &items(&[&one(), &two()]));
    let start = std::time::Instant::now();
    for _ in 0..200 {
        assert_eq!(json_of(&mock.answer(&request))["value"].as_array().unwrap().len(), 2);
    }
    // Unoptimised, on a busy machine: only a blunder takes this long.
    assert!(start.elapsed().as_millis() < 2_000, "{:?}", start.elapsed());
}
