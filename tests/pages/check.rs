//! Each rule about pages: what breaks it, and nothing else, and what comes near and does not.

use super::*;

fn found(text: &str) -> Vec<(&'static str, u32)> {
    let reading = examine("page.md", text.as_bytes());
    graphspec::check::problems(&reading, None).iter().map(|p| (p.rule.name, p.span.line)).collect()
}

/// Exactly these, by rule and line.
#[track_caller]
fn breaks(text: &str, want: &[(&str, u32)]) {
    assert_eq!(found(text), want, "{text}");
}

#[track_caller]
fn is_right(text: &str) {
    breaks(text, &[]);
}

fn ok(body: &str) -> String {
    response("", &format!("HTTP/1.1 200 OK\n{JSON}\n\n{body}"))
}

fn get(answer: &str) -> String {
    request(GET) + answer
}

#[test]
fn blank_lines() {
    breaks(&get(&response("", &format!("HTTP/1.1 200 OK\n{JSON}\n{{}}"))), &[("page/no-blank-line", 10)]);
    breaks(
        &(request(&format!("POST /x\n{JSON}\n{{\n}}")) + &response("", "HTTP/1.1 204 No Content")),
        &[("page/no-blank-line", 5)],
    );
    breaks(&(request(&format!("{GET}\nContent Type: a\nPrefer: b")) + &ok("{}")), &[("page/header", 4)]);
    is_right(&get(&response("", &format!("HTTP/1.1 200 OK\n\n{JSON}\nPrefer: a\n  b\n\n{{}}"))));
}

#[test]
fn json() {
    for (body, line) in [("{\"a\": 1,}", 11), ("{\n\"a\": 1\n\"b\": 2\n}", 13), ("[1\n2", 12), ("{\n\"a\": }", 12)] {
        breaks(&get(&ok(body)), &[("page/json", line)]);
    }
    let severity = |body: &str| {
        let reading = examine("page.md", get(&ok(body)).as_bytes());
        graphspec::check::problems(&reading, None)[0].severity.name()
    };
    // What an author leaves out on purpose looks odd; a slip breaks whoever copies it.
    assert_eq!(
        (severity("{\"a\": 1, ...}"), severity("{\"a\": 1 // x\n}"), severity("{\"a\": 1,}")),
        ("warning", "warning", "failure")
    );
    is_right(&get(&ok("{\"a\": \"...\"}")));
    is_right(&get(&ok("{Raw bytes of the file}")));
}

#[test]
fn annotations() {
    let blocks = format!("```http\n{GET}\n```\n\n") + &response("", "HTTP/1.1 204 No Content");
    for (comment, line) in [
        ("<!-- { \"blockType\": \"reqest\" } -->", 1),
        ("<!-- { \"blockType\"; \"request\" } -->", 1),
        ("<!-- {\n\"name\": !,\n\"blockType\": \"request\" } -->", 2),
        ("<!-- { \"blockType\": \"request\", \"graphspec\": {\"acepts\": []} } -->", 1),
        ("<!-- { \"blockType\": \"response\" } -->", 2),
        ("<!-- { \"blockType\": \"request\" }", 1),
    ] {
        breaks(&format!("{comment}\n{blocks}"), &[("page/annotation", line)]);
    }
    for comment in
        ["<!-- {blockType: 'request', /* x */ name: 'a',} -->", "<!-- { of braces, and prose } -->", "<!-- x -->"]
    {
        is_right(&format!("{comment}\n{blocks}"));
    }
    breaks("<!-- { \"blockType\": \"request\" } -->\n```http\nhello\n```\n", &[("page/annotation", 2)]);
}

#[test]
fn pairs() {
    breaks(&response("", "HTTP/1.1 204 No Content"), &[("page/orphan-response", 2)]);
    breaks(&request(GET), &[("page/no-response", 2)]);
    // A notification is sent to the reader, who answers it.
    is_right(&request("POST https://bot.contoso.com/callback\n\n{}"));
    breaks(&(get(&ok("{}")) + &get(&ok("{}"))), &[("page/duplicate-name", 15)]);
    breaks(&(request(&format!("{GET}\n\nGET /b")) + &ok("{}")), &[("page/several-requests", 5)]);
    is_right(&format!("## HTTP request\n```http\nGET /a\nor\nGET /b\n```\n\n## Example\n{}", get(&ok("{}"))));
}

#[test]
fn fences_and_bytes() {
    breaks(
        &(request(GET) + "<!-- { \"blockType\": \"response\" } -->\n```http\nHTTP/1.1 204 No Content\n"),
        &[("page/unclosed", 7)],
    );
    breaks(&(get(&ok("{}")) + "```csharp\nx();\n"), &[("page/unclosed", 14)]);
    let bad = [get(&ok("{}")).as_bytes(), b"\xff\n"].concat();
    let reading = examine("page.md", &bad);
    let found = graphspec::check::problems(&reading, None);
    assert_eq!(found.iter().map(|p| (p.rule.name, p.span.line)).collect::<Vec<_>>(), [("page/encoding", 14)]);
    is_right(&("\u{feff}".to_owned() + &get(&ok("{\"a\": \"é\"}"))));
}

#[test]
fn phrases() {
    for (line, is_wrong) in [
        ("201 OK", true),
        ("200 Created", true),
        ("204 ok", true),
        ("200 Success", false),
        ("202 Accpted", false),
        ("204 NoContent", false),
        ("403 Operation Not Allowed", false),
        ("200", false),
    ] {
        let error = if line.starts_with('4') {
            format!("\n{JSON}\n\n{{\"error\": {{\"code\": \"a\", \"message\": \"\"}}}}")
        } else {
            String::new()
        };
        let want: &[(&str, u32)] = if is_wrong { &[("page/status-phrase", 8)] } else { &[] };
        breaks(&get(&response("", &format!("HTTP/1.1 {line}{error}"))), want);
    }
}

#[test]
fn shapes() {
    let typed = |more: &str, body: &str| {
        get(&response(
            &format!(", \"@odata.type\": \"microsoft.graph.user\"{more}"),
            &format!("HTTP/1.1 200 OK\n{JSON}\n\n{body}"),
        ))
    };
    breaks(&typed(", \"isCollection\": true", "{\"id\": \"1\"}"), &[("page/shape", 7)]);
    breaks(&typed("", "{\"@odata.context\": \"x\", \"value\": [{\"id\": \"1\"}]}"), &[("page/shape", 7)]);
    is_right(&typed(", \"isCollection\": true", "{\"value\": []}"));
    is_right(&typed(", \"isCollection\": true", "[{}]"));
    is_right(&typed(", \"isCollection\": true, \"collectionProperty\": \"items\"", "{\"items\": []}"));
    is_right(&typed("", "{\"id\": \"1\", \"value\": [{}]}"));
    is_right(&typed("", "{\"value\": [\"a\"]}"));
}

#[test]
fn errors() {
    let error = |body: &str| get(&response("", &format!("HTTP/1.1 404 Not Found\n{JSON}\n\n{body}")));
    for body in [
        "{\"error\": {\"code\": \"a\"}}",
        "{\"error\": {\"message\": \"a\"}}",
        "{\"error\": \"a\"}",
        "{\"code\": \"a\"}",
    ] {
        breaks(&error(body), &[("page/error-body", 11)]);
    }
    is_right(&error("{\"error\": {\"code\": \"\", \"message\": \"\", \"innerError\": {}}}"));
    is_right(&error(""));
    let foreign = request("POST https://login.microsoftonline.com/token")
        + &response("", &format!("HTTP/1.1 400 Bad Request\n{JSON}\n\n{{\"error\": \"invalid_grant\"}}"));
    is_right(&foreign);
}

#[test]
fn multi_status() {
    let post = |status: &str, first: &str| {
        request(&format!("POST /x/add\n{JSON}\n\n{{\"value\": [{{\"id\": \"1\"}}, {{\"id\": \"2\"}}]}}"))
            + &response(
                "",
                &format!("HTTP/1.1 {status}\n{JSON}\n\n{{\"value\": [{{\"id\": \"1\"{first}}}, {{\"id\": \"2\"}}]}}"),
            )
    };
    let failed = ", \"error\": {\"code\": \"a\", \"message\": \"b\"}";
    breaks(&post("200 OK", failed), &[("page/multi-status", 11)]);
    breaks(&post("207 Multi-Status", ""), &[("page/multi-status", 11)]);
    breaks(&post("207 Multi-Status", ", \"error\": null"), &[("page/multi-status", 11)]);
    is_right(&post("207 Multi-Status", failed));
    is_right(&post("200 OK", ", \"error\": null"));
    is_right(&(post("207 Multi-Status", "") + "If successful, this method returns `207 Multi-Status`.\n"));
    // A list of operations, of which one has failed, is a list.
    is_right(&get(&ok(&format!("{{\"value\": [{{\"id\": \"1\"{failed}}}]}}"))));
    breaks(&post("207 Multi-Status", ", \"error\": {\"code\": \"a\"}"), &[("page/error-body", 11)]);
    let foreign = post("207 Multi-Status", failed).replacen("{\"id\": \"1\"}", "{\"id\": \"3\"}", 1);
    breaks(&foreign, &[("page/unreachable-promise", 10)]);
}

#[test]
fn prose() {
    let page = |text: &str| format!("## Response\n\n{text}\n\n{}", get(&response("", "HTTP/1.1 201 Created")));
    breaks(&page("Returns a `200 OK` response code."), &[("page/prose-status", 3)]);
    let two = page("Returns `201 Created`.") + &response("", "HTTP/1.1 202 Accepted");
    breaks(&two, &[("page/prose-status", 17)]);
    breaks(&page("Returns `201 Created`, or `207 Multi-Status`."), &[("page/prose-status", 3)]);
    for text in [
        "Returns `201 Created`.",
        "Returns `201 Created` or `204 No Content`.",
        "Returns `404 Not Found` when there is none.",
        "Returns 200 places, `250` at most.",
        "| `Prefer` | returns `200 OK` |",
        "",
    ] {
        is_right(&page(text));
    }
    is_right(&page("Returns a `200 OK`.").replace("## Response", "## Notes"));
    // What the page sets aside is shown all the same.
    let aside = page("Returns `200 OK`.")
        + "<!-- { \"blockType\": \"ignored\" } -->\n```http\nGET https://graph.microsoft.com/v1.0/x\n```\n\n"
        + &ok("{}");
    breaks(&aside, &[("page/prose-status", 12)]);
}

#[test]
fn identities() {
    let ids = ["02bd9fd6-8f93-4758-87c3-1fb73740a315", "45b7d2e7-b882-4a80-ba97-10b7a63b8fa4"];
    let page = |asked: &str, shown: &str| {
        request(&format!("GET https://graph.microsoft.com/v1.0/groups/{asked}"))
            + &ok(&format!("{{\"id\": \"{shown}\"}}"))
    };
    breaks(&page(ids[0], ids[1]), &[("page/id-mismatch", 7)]);
    breaks(
        &page("19002", "19003").replace("/groups/", "/groups('").replace("19002", "19002')"),
        &[("page/id-mismatch", 7)],
    );
    is_right(&page(ids[0], &ids[0].to_uppercase()));
    is_right(&page("{id}", ids[1]));
    is_right(&page("megan@contoso.com", ids[1]));
    is_right(&page(ids[0], "id-value"));
    is_right(&page(&format!("{}/owner", ids[0]), ids[1]));
    is_right(&page(ids[0], ids[1]).replace("\"id\"", &format!("\"key\": \"{}\", \"id\"", ids[0])));
    is_right(&page(ids[0], ids[1]).replace("GET http", "POST http"));
}

#[test]
fn labels_and_bodies() {
    let labelled =
        |label: &str, body: &str| get(&response("", &format!("HTTP/1.1 200 OK\nContent-Type: {label}\n\n{body}")));
    breaks(&labelled("text/plain", "{\"a\": 1}"), &[("page/content-type", 11)]);
    breaks(&labelled("application/json", "<html><body></body></html>"), &[("page/content-type", 11)]);
    breaks(&labelled("application/json", "hello"), &[("page/content-type", 11)]);
    for (label, body) in [
        ("text/plain", "17"),
        ("application/json; odata.metadata=minimal", "{}"),
        ("application/json", ""),
        ("application/json", "17"),
        ("application/json", "<the image>"),
        ("application/zip", "[Zip file]"),
        ("application/octet-stream", "{\"a\": 1}"),
    ] {
        is_right(&labelled(label, body));
    }
    breaks(&get(&response("", "HTTP/1.1 204 No Content\n\n{}")), &[("page/unexpected-body", 10)]);
    breaks(&(request(&format!("{GET}\n\n{{}}")) + &ok("{}")), &[("page/unexpected-body", 5)]);
    // A request that is shown to be refused may be wrong on purpose.
    let error = response(
        "",
        &format!(
            "HTTP/1.1 415 Unsupported Media Type\n{JSON}\n\n{{\"error\": {{\"code\": \"a\", \"message\": \"b\"}}}}"
        ),
    );
    is_right(&(request("POST /x\nContent-Type: text/plain\n\n{\"a\": 1}") + &error));
}

#[test]
fn credentials() {
    let token =
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
    breaks(&(request(&format!("{GET}\nAuthorization: Bearer {token}")) + &ok("{}")), &[("page/secret", 4)]);
    breaks(&get(&ok(&format!("{{\n\"token\": \"{token}\"\n}}"))), &[("page/secret", 12)]);
    is_right(&(request(&format!("{GET}\nAuthorization: Bearer {{token}}")) + &ok("{\"token\": \"eyJ0eXAi...\"}")));
    let reading =
        examine("page.md", (request(&format!("{GET}\nAuthorization: Bearer {token}")) + &ok("{}")).as_bytes());
    let shown = graphspec::check::findings(&reading, None);
    assert!(!format!("{shown:?}").contains(token), "a finding shows the credential");
    // Other findings about the same line, or a quotation of it, do not show it either.
    let key = "\"k\": \"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0\n-----END PRIVATE KEY-----\",";
    let long = format!("{{\"a\": \"{}{token}{}\",}}", "x ".repeat(900), token.repeat(3));
    for body in [format!("{{\"t\": \"{token}\",}}"), format!("{{\n{key}\n}}"), long] {
        let reading = examine("page.md", get(&ok(&body)).as_bytes());
        let shown = format!("{:?}", graphspec::check::findings(&reading, None));
        assert!(shown.contains("page/json") && !shown.contains("eyJ0eXAi") && !shown.contains("MIIEvQ"), "{shown}");
    }
}

#[test]
fn suppressions() {
    let page = |entries: &str| {
        get(&ok("{\"a\": 1,}"))
            + &format!("<!-- {{ \"type\": \"#page.annotation\", \"suppressions\": [{entries}] }} -->\n")
    };
    is_right(&page("\"page/json\""));
    is_right(&page("\"page/json:11\""));
    is_right(&page("\"page/json: on purpose\""));
    is_right(&get(&response(", \"suppressions\": [\"page/json\"]", &format!("HTTP/1.1 200 OK\n{JSON}\n\n[1,]"))));
    breaks(&page("\"page/json:99\""), &[("page/json", 11), ("page/suppression", 14)]);
    breaks(&page("\"page/json\", \"page/shape\""), &[("page/suppression", 14)]);
    breaks(&page("\"Error: get_me/a: something else\""), &[("page/json", 11)]);
    let message = "the body is JSON only after mending: a comma before the closing bracket";
    is_right(&page(&format!("\"{message}\"")));
    breaks(&page(&format!("\"Warning: {message}\"")), &[("page/json", 11)]);
    is_right(&page("\"page/json 99 bottles\""));
}

#[test]
fn every_rule_about_pages_is_broken_above() {
    let source = concat!(include_str!("check.rs"), include_str!("against.rs"));
    for rule in graphspec::rule::ALL.iter().filter(|rule| rule.name.starts_with("page/")) {
        assert!(source.contains(&format!("(\"{}\"", rule.name)), "{} has no page that breaks it", rule.name);
    }
}
