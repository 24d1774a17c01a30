//! What becomes of the blocks of a page.

use super::*;

fn cases(text: &str) -> Vec<(String, Option<String>)> {
    read(text).cases.iter().map(|c| (c.id.to_string(), c.skip.clone())).collect()
}

fn ids(text: &str) -> Vec<String> {
    cases(text).into_iter().map(|(id, _)| id).collect()
}

fn fence(text: &str) -> String {
    format!("```http\n{text}\n```\n\n")
}

#[test]
fn pages_without_annotations_pair_by_order() {
    for (request, example) in [("HTTP Request", "Example"), ("Solicitação HTTP", "Exemplo"), ("HTTP 请求", "示例")]
    {
        let text = format!(
            "# T\n## {request}\n{}## {example}\n### A\n{}### B\n{}",
            fence("GET /deviceManagement/x/{id}"),
            fence("GET https://graph.microsoft.com/v1.0/deviceManagement/x/{id}"),
            fence("HTTP/1.1 200 OK\nContent-Type: application/json\n\n{}"),
        );
        let page = read(&text);
        assert_eq!(ids(&text), ["page/request-1/200"], "{example}");
        assert_eq!(page.cases[0].template.as_deref(), Some("/deviceManagement/x/{id}"));
        assert_eq!(page.templates, [("GET".to_owned(), "/deviceManagement/x/{id}".to_owned())]);
    }
}

#[test]
fn a_path_finds_its_template() {
    let templates = fence(
        "GET /me/messages/{id}\nGET /users/{id | userPrincipalName}/messages/<id>\nGET /users/{id}/messages/delta",
    );
    for (path, want) in [
        ("/me/messages/AAMk1", Some("/me/messages/{id}")),
        ("/users/megan@contoso.com/messages/AAMk1?$select=id", Some("/users/{id | userPrincipalName}/messages/<id>")),
        ("/users/1/messages/delta", Some("/users/{id}/messages/delta")),
        ("/me/events/1", None),
        ("/me/messages", None),
    ] {
        let text = format!(
            "## HTTP request\n{templates}## Example\n{}{}",
            request(&format!("GET {path}")),
            response("", "HTTP/1.1 204")
        );
        assert_eq!(read(&text).cases[0].template.as_deref(), want, "{path}");
    }
}

#[test]
fn what_nobody_answers_is_a_case_or_a_template() {
    let skip = |text: &str| cases(text).pop().and_then(|(_, skip)| skip).unwrap_or_default();
    let answered = request(GET) + &response("", "HTTP/1.1 204");
    assert!(skip(&request(GET)).contains("no response"));
    let callback = format!(
        "## Example\n{answered}### Notification\n{}",
        fence("POST https://bot.contoso.com/callback\nContent-Type: application/json\n\n{}")
    );
    assert!(skip(&callback).contains("bot.contoso.com"), "{}", skip(&callback));
    let ignored =
        format!("{answered}<!-- {{ \"blockType\": \"ignored\" }} -->\n{}{}", fence(GET), fence("HTTP/1.1 200 OK"));
    assert!(skip(&ignored).contains("does not mark"));
    // Another form of a request that still waits for its answer takes none.
    let form = format!(
        "### Request\n{}{}### Response\n{}",
        request(GET),
        fence("GET https://graph.microsoft.com/v1.0/users/1"),
        response("", "HTTP/1.1 200")
    );
    assert_eq!(
        cases(&form).iter().map(|(id, skip)| (id.as_str(), skip.is_some())).collect::<Vec<_>>(),
        [("page/a/200", false), ("page/request-2/none", true)]
    );
}

#[test]
fn ids_are_told_apart() {
    let twice = request(GET) + &response("", "HTTP/1.1 200") + &request(GET) + &response("", "HTTP/1.1 200");
    assert_eq!(ids(&twice), ["page/a/200", "page/a/200-2"]);
    let taken = twice.clone() + &request(GET).replace("\"a\"", "\"A\"") + &response("", "HTTP/1.1 200-2 x");
    assert_eq!(ids(&taken).len(), 3);
    let unlike: std::collections::HashSet<String> = ids(&taken).iter().map(|id| id.to_lowercase()).collect();
    assert_eq!(unlike.len(), 3);
    assert_eq!(ids(&(request(GET).replace("\"a\"", "\"\"") + &response("", "HTTP/1.1 200"))), ["page/request-1/200"]);
}

#[test]
fn one_response_may_answer_several_requests() {
    let named = |name: &str| request(GET).replace("\"a\"", &format!("\"{name}\""));
    let text = named("x") + &named("y") + &response(", \"name\": [\"x\", \"Y\",]", "HTTP/1.1 200") + &named("z");
    assert_eq!(ids(&text), ["page/x/200", "page/y/200", "page/z/none"]);
    // Its name counts more than its place.
    let early = named("x") + &response(", \"name\": \"y\"", "HTTP/1.1 200") + &named("y");
    assert_eq!(ids(&early), ["page/x/none", "page/y/200"]);
}

#[test]
fn a_block_may_hold_request_and_response() {
    let text = request(&format!("POST /x\n{JSON}\n\n{{\n\"a\": 1\n}}\n\nHTTP/1.1 201 Created\n{JSON}\n\n{{}}"));
    let page = read(&text);
    assert_eq!((page.cases.len(), page.cases[0].promises[0].status), (1, Some(201)));
    assert_eq!(page.cases[0].content.as_value(), serde_json::json!({"a": 1}));
    let fields_first = fence("Prefer: x\nGET https://graph.microsoft.com/v1.0/me") + &fence("HTTP/1.1 200 OK");
    let page = read(&fields_first);
    assert_eq!((page.blocks[0].kind.name(), page.blocks[0].intended, page.cases.len()), ("request", false, 1));
}

#[test]
fn every_block_has_one_fate() {
    let text = [
        &*fence("Prefer: outlook.timezone=\"UTC\""),
        &fence("https://graph.microsoft.com/{version}/me"),
        &fence("{\n}"),
        &fence("hello"),
        &fence(""),
        "<!-- { \"blockType\": \"example\" } -->\n```json\n{}\n```\n\n",
        "```json\n{}\n```\n\n",
        &request(GET),
        &response("", "HTTP/1.1 200 OK"),
    ]
    .concat();
    let page = read(&text);
    let fates: Vec<(&str, bool, bool)> =
        page.blocks.iter().map(|b| (b.kind.name(), b.owner.is_some(), b.intended)).collect();
    assert_eq!(
        fates,
        [
            ("other", false, true),
            ("other", false, true),
            ("other", false, true),
            ("other", false, false),
            ("other", false, true),
            ("other", false, true),
            ("request", true, false),
            ("response", true, false),
        ]
    );
    assert_eq!(page.problems.iter().map(|p| (p.rule.name, p.span.line)).collect::<Vec<_>>(), [("page/annotation", 14)]);
}

#[test]
fn what_is_never_sent_is_not_kept() {
    let text = request(&format!(
        "POST /x\nHost: graph.microsoft.com\nContent-Length: 99\nauthorization: Bearer x\nEmpty:\n{JSON}\n\n{{}}"
    )) + &response("", "HTTP/1.1 204");
    let page = read(&text);
    assert_eq!(page.cases[0].headers.0, [("Content-Type".to_owned(), "application/json".to_owned())]);
    assert_eq!(page.cases[0].skip, None);
    let login = text.replace("graph.microsoft.com", "login.microsoftonline.com");
    assert!(read(&login).cases[0].skip.as_deref().is_some_and(|s| s.contains("login.microsoftonline.com")));
}
