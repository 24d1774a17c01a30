//! Gating your own mock: a server written with axum, and the built-in suite run against it as
//! tests. In a project of yours, `main` would be `tests/conformance.rs` (with `harness = false`)
//! and `app` your server.
//!
//! `cargo run --example gate` passes the cases it selects; `-- --list` shows them.

use axum::{Json, Router, http::StatusCode, response::IntoResponse, response::Response, routing::post};
use graphspec::trials::{Suite, trials};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = libtest_mimic::Arguments::from_args();
    let runtime = tokio::runtime::Runtime::new()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let url = format!("http://{}/v1.0", listener.local_addr()?);
    runtime.spawn(async { axum::serve(listener, app()).await });

    let suite = Suite::builtin().target(url).filter("!*/4??").filter("!list-*");
    libtest_mimic::run(&arguments, trials(&suite)?).exit();
}

/// A mock as a team might write it: it knows which ids are sites.
fn app() -> Router {
    Router::new()
        .route("/v1.0/users/{user}/followedSites/add", post(add))
        .route("/v1.0/users/{user}/followedSites/remove", post(remove))
}

async fn add(Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    let sites: Vec<Value> = items(&body).map(|id| if is_site(id) { site(id) } else { failure(id) }).collect();
    let failed = sites.iter().any(|s| s.get("error").is_some());
    (if failed { StatusCode::MULTI_STATUS } else { StatusCode::OK }, Json(json!({ "value": sites })))
}

async fn remove(Json(body): Json<Value>) -> Response {
    let failed: Vec<Value> = items(&body).filter(|id| !is_site(id)).map(failure).collect();
    if failed.is_empty() {
        return StatusCode::NO_CONTENT.into_response();
    }
    (StatusCode::MULTI_STATUS, Json(json!({ "value": failed }))).into_response()
}

fn items(body: &Value) -> impl Iterator<Item = &str> {
    body["value"].as_array().into_iter().flatten().filter_map(|item| item["id"].as_str())
}

fn is_site(id: &str) -> bool {
    id.split(',').count() == 3 && !id.contains(",512a") && !id.contains(",9b7c")
}

fn site(id: &str) -> Value {
    let parts: Vec<&str> = id.split(',').collect();
    let url = format!("https://{}/sites/{}", parts[0], &parts[2][..8]);
    json!({
        "id": id, "webUrl": url, "name": &parts[2][..8],
        "sharepointIds": { "siteId": parts[1], "siteUrl": url, "webId": parts[2] },
        "siteCollection": { "hostname": parts[0] },
    })
}

fn failure(id: &str) -> Value {
    json!({ "id": id, "error": { "code": "invalidRequest", "message": "no such site" } })
}
