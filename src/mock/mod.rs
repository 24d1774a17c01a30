//! The embedded target: it answers from the pages. An operation with a multi-status law is
//! answered from its dialect, with state for each collection; any other from its documented
//! example. No operation has code of its own here.

mod graph;
mod known;
mod operation;
mod routes;
mod server;
mod target;

pub use server::{serve_blocking, start};

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde_json::Value;

use crate::case::{Case, Content};
use crate::fault::{Context, Fault};
use crate::json;
use crate::message::{self, Headers, Request, Response};
use crate::multi_status::{Action, Dialect};
use crate::secret::Secret;
use graph::Refusal;
use known::Known;
use operation::Operation;
use routes::{Method, Route, Routes};
use target::Target;

/// The most bytes that a request's body may have.
pub const MAX_BODY: usize = 4 * 1024 * 1024;

/// How a mock behaves beyond what its pages say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Requests without a bearer token are refused with 401; any token will do.
    pub require_token: bool,
    /// Every answer that this fault can break is broken.
    pub fault: Option<&'static Fault>,
}

/// A token for a mock that asks for one; it takes any.
pub fn token() -> Secret {
    Secret::new("graphspec-embedded-mock")
}

/// A target made of pages.
pub struct Mock {
    options: Options,
    cases: Vec<Arc<Case>>,
    routes: Routes,
    known: Known,
    /// What is in each collection, by its path: indices into what is known, in the order added.
    state: Mutex<HashMap<String, Vec<usize>>>,
    ids: graph::Fresh,
}

/// What a request comes to, before Graph's own header fields are added.
struct Reply<'m> {
    status: u16,
    headers: Headers,
    body: Body,
    dialect: Option<&'m Dialect>,
    asked: Vec<Value>,
}

enum Body {
    None,
    Json(Value),
    Text(Bytes),
}

impl Mock {
    /// A mock that answers as `cases` document. `templates` are the URL templates of their pages,
    /// method and path, which make more methods known.
    pub fn new(cases: &[Arc<Case>], templates: &[(String, String)], options: Options) -> Self {
        let mut routes = Routes::of(cases, templates);
        let known = Known::of(cases, &routes);
        routes.learn(cases, &known);
        Mock {
            options,
            cases: cases.to_vec(),
            routes,
            known,
            state: Mutex::new(HashMap::new()),
            ids: graph::Fresh::default(),
        }
    }

    /// The answer to a request whose URL is a path, with or without a service root (`/v1.0`,
    /// `/beta`), with or without a query. HEAD is answered as GET, without the body.
    pub fn answer(&self, request: &Request) -> Response {
        let mut response = self.whole_answer(request);
        if request.method == "HEAD" {
            response.body = Bytes::new();
        }
        response
    }

    /// The answer with its body, to HEAD too.
    fn whole_answer(&self, request: &Request) -> Response {
        let ids = self.ids.next(request.headers.get("client-request-id"));
        let method = if request.method == "HEAD" { "GET" } else { request.method.as_str() };
        let reply = self.reply(request, method).unwrap_or_else(|refusal| Reply {
            status: refusal.status,
            headers: refusal.headers,
            body: Body::Json(refusal.body),
            dialect: refusal.dialect,
            asked: Vec::new(),
        });
        let right = graph::finish(reply.status, reply.headers, reply.body, &ids);
        let context = Context { method: &request.method, dialect: reply.dialect, asked: &reply.asked };
        match self.options.fault.and_then(|fault| fault.apply(&right, &context)) {
            Some(wrong) => wrong,
            None => right,
        }
    }

    /// The checks in the order in which Graph makes them, then the answer.
    fn reply<'m>(&'m self, request: &Request, name: &str) -> Result<Reply<'m>, Refusal<'m>> {
        if request.body.len() > MAX_BODY {
            return Err(Refusal::too_large(MAX_BODY));
        }
        if self.options.require_token && !has_token(&request.headers) {
            return Err(Refusal::no_token());
        }
        let target = Target::read(&request.url);
        let route = self.routes.find(&target).ok_or_else(|| Refusal::no_such_path(&target))?;
        let method = route.method(name);
        let reads_state = route.collection.is_some() && name == "GET";
        if method.is_none_or(|m| !m.is_known) && !reads_state {
            return Err(Refusal::wrong_method(&route.allowed()));
        }
        if let Some(case) = method.and_then(|m| m.refused(&self.cases, &target)) {
            return Ok(documented(case));
        }
        if reads_state && let Some(collection) = &route.collection {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let inside = state.get(&target.key()).map_or(&[][..], Vec::as_slice);
            let body = Body::Json(collection.listing(&self.known, inside));
            return Ok(Reply { status: 200, headers: Headers::default(), body, dialect: None, asked: Vec::new() });
        }
        let Some(method) = method else { return Err(Refusal::wrong_method(&route.allowed())) };
        match &method.operation {
            Some(operation) => self.act(request, &target, operation),
            None => self.example(request, &target, route, method),
        }
    }

    /// An operation under a law: each item for itself, then the status that follows.
    fn act<'m>(&self, request: &Request, target: &Target, operation: &'m Operation) -> Result<Reply<'m>, Refusal<'m>> {
        let dialect = &operation.dialect;
        let of_dialect = |refusal: Refusal<'m>| Refusal { dialect: Some(dialect), ..refusal };
        json_label(&request.headers).map_err(of_dialect)?;
        let body = read_json(&request.body).map_err(of_dialect)?;
        let items = operation.items(&body).map_err(|why| of_dialect(Refusal::invalid(why)))?;
        let result = operation.answer(&items.ids);
        if let Some((action, depth)) = operation.action {
            self.change(target.key_of(depth), action, &result.done);
        }
        let body = result.body.map_or(Body::None, Body::Json);
        // Only a fault wants to know.
        let asked = self.options.fault.map_or_else(Vec::new, |_| items.values.to_vec());
        Ok(Reply { status: result.status, headers: Headers::default(), body, dialect: Some(dialect), asked })
    }

    /// Puts items into a collection, or takes them out; those that are there (or gone) already
    /// stay so.
    fn change(&self, collection: String, action: Action, items: &[usize]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut inside = state.remove(&collection).unwrap_or_default();
        match action {
            Action::Add => {
                for item in items {
                    if !inside.contains(item) {
                        inside.push(*item);
                    }
                }
            }
            Action::Remove => inside.retain(|item| !items.contains(item)),
        }
        // Empty collections are as good as unknown ones, and would only fill the memory.
        if !inside.is_empty() {
            state.insert(collection, inside);
        }
    }

    /// Any other operation: the documented example that is most like the request.
    fn example<'m>(
        &'m self,
        request: &Request,
        target: &Target,
        route: &Route,
        method: &Method,
    ) -> Result<Reply<'m>, Refusal<'m>> {
        let mut candidates = method.cases.iter().map(|at| &*self.cases[*at]);
        let mut sent = None;
        if !request.body.is_empty() && candidates.all(|case| !matches!(case.content, Content::Text(_))) {
            json_label(&request.headers)?;
            sent = Some(read_json(&request.body)?);
        }
        match self.routes.nearest(&self.cases, method, target, &request.headers, sent.as_ref()) {
            Some(case) => Ok(documented(case)),
            None => Err(Refusal::no_example(&route.shape)),
        }
    }
}

/// The documented answer of a case, as it stands.
fn documented<'m>(case: &Case) -> Reply<'m> {
    let promise = case.promise();
    let status = promise.and_then(|p| p.status).filter(|status| *status >= 200);
    let body = match promise.map(|p| &p.content) {
        Some(Content::Json(value)) => Body::Json(Value::clone(value)),
        Some(Content::Text(text)) => Body::Text(Bytes::copy_from_slice(text.as_bytes())),
        Some(Content::None) | None => Body::None,
    };
    let status = status.unwrap_or(if matches!(body, Body::None) { 204 } else { 200 });
    let mut headers = promise.map(|p| p.headers.clone()).unwrap_or_default();
    headers.0.retain(|(name, value)| !value.is_empty() && !graph::is_of_the_connection(name));
    Reply { status, headers, body, dialect: None, asked: Vec::new() }
}

fn has_token(headers: &Headers) -> bool {
    let token = headers.get("authorization").and_then(|value| value.trim().split_once(' '));
    token.is_some_and(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty())
}

/// Whether the request's body is labelled as JSON.
fn json_label<'m>(headers: &Headers) -> Result<(), Refusal<'m>> {
    match headers.get("content-type") {
        Some(label) if message::is_json(&message::media_type(label)) => Ok(()),
        Some(label) => Err(Refusal::wrong_media_type(label)),
        None => Err(Refusal::unreadable("the request has no Content-Type")),
    }
}

fn read_json<'m>(body: &[u8]) -> Result<Value, Refusal<'m>> {
    match json::read(body) {
        Ok(read) => Ok(read.value),
        Err(error) => Err(Refusal::unreadable(&error.to_string())),
    }
}
