//! Which operation a path belongs to: documented paths as a tree of segments.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::known::Known;
use super::operation::{Collection, Operation};
use super::target::Target;
use crate::case::Case;
use crate::message::Headers;
use crate::multi_status::Action;
use crate::page;

/// All paths that the pages show.
#[derive(Default)]
pub struct Routes {
    root: Node,
    all: Vec<Route>,
    /// Where each case goes, in the order of the cases.
    targets: Vec<Target>,
}

#[derive(Default)]
struct Node {
    fixed: HashMap<String, Node>,
    any: Option<Box<Node>>,
    route: Option<usize>,
}

/// One shape of path.
#[derive(Default)]
pub struct Route {
    /// The shape, placeholders as `{}`.
    pub shape: String,
    /// What can be done there.
    pub methods: Vec<Method>,
    /// What can be read there, where actions add to it or remove from it.
    pub collection: Option<Collection>,
}

/// One method of a path.
#[derive(Default)]
pub struct Method {
    /// Upper case.
    pub name: String,
    /// The cases that use it, by their place among all.
    pub cases: Vec<usize>,
    /// Those whose path is documented without a placeholder, by that path.
    by_path: HashMap<String, Vec<usize>>,
    /// The page documents it as more than a mistake.
    pub is_known: bool,
    /// What it does, where its items are under a law.
    pub operation: Option<Operation>,
}

impl Routes {
    /// The routes of cases and URL templates.
    pub fn of(cases: &[Arc<Case>], templates: &[(String, String)]) -> Self {
        let targets: Vec<Target> = cases.iter().map(|case| Target::read(&case.path)).collect();
        let mut routes = Routes::default();
        for (at, case) in cases.iter().enumerate().filter(|(_, case)| case.path.starts_with('/')) {
            let status = case.promise().and_then(|p| p.status);
            let method = routes.method_at(&case.method, &case.path);
            method.cases.push(at);
            if !targets[at].is_template() {
                method.by_path.entry(targets[at].key()).or_default().push(at);
            }
            method.is_known |= status != Some(405);
        }
        for (method, path) in templates.iter().filter(|(_, path)| path.starts_with('/')) {
            routes.method_at(method, path).is_known = true;
        }
        routes.targets = targets;
        routes
    }

    /// Makes operations of the methods whose cases are under a law, and collections of the paths
    /// that their actions are bound to.
    pub fn learn(&mut self, cases: &[Arc<Case>], known: &Known) {
        let mut bound: Vec<(String, String)> = Vec::new();
        for route in &mut self.all {
            let shape = route.shape.clone();
            for method in &mut route.methods {
                let own: Vec<&Case> = method.cases.iter().map(|at| &*cases[*at]).collect();
                let Some(mut operation) = Operation::of(&own, known) else { continue };
                if let Some((action, collection)) = Action::of(&shape) {
                    operation.action = Some((action, collection.matches('/').count()));
                    bound.push((collection.to_owned(), operation.dialect.entry_key.clone()));
                }
                method.operation = Some(operation);
            }
        }
        for (shape, key) in bound {
            let at = self.route_at(&shape);
            let get = self.all[at].method("GET").map_or(&[][..], |get| &get.cases);
            let collection = Collection::of(get.iter().map(|at| &*cases[*at]), &key);
            self.all[at].collection.get_or_insert(collection);
        }
    }

    /// The route of a path: fixed segments go before placeholders.
    pub fn find(&self, target: &Target) -> Option<&Route> {
        fn walk(node: &Node, segments: &[String]) -> Option<usize> {
            let Some((first, rest)) = segments.split_first() else { return node.route };
            let named = |name: &str| node.fixed.get(name).and_then(|next| walk(next, rest));
            let fixed = named(first).or_else(|| named(&function(first)?));
            fixed.or_else(|| {
                let next = node.any.as_ref().filter(|_| !first.is_empty())?;
                walk(next, rest)
            })
        }
        walk(&self.root, &target.segments).map(|at| &self.all[at])
    }

    /// The paths of collections that actions with a law are bound to, and the key of an entry
    /// that such an action answers.
    pub fn bound<'a>(&'a self, cases: &'a [Arc<Case>]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let lawful = |method: &Method| {
            let law = method.cases.iter().find_map(|at| cases[*at].law.as_ref());
            law.map(|law| law.dialect.entry_key.as_str())
        };
        self.all.iter().filter_map(move |route| {
            let (_, collection) = Action::of(&route.shape)?;
            Some((collection, route.methods.iter().find_map(lawful)?))
        })
    }

    /// The case that is most like a request: by its path, then its query, its header fields, its
    /// body; a success where several are alike. A case that is sent without a token documents
    /// what that brings, and comes last.
    pub fn nearest<'c>(
        &self,
        cases: &'c [Arc<Case>],
        method: &Method,
        target: &Target,
        headers: &Headers,
        body: Option<&Value>,
    ) -> Option<&'c Case> {
        let mut best = None;
        // Of many examples of one shape only those of this very path need a look, if there are any.
        let exact = method.by_path.get(&target.key());
        let exact =
            exact.filter(|exact| exact.iter().any(|at| !cases[*at].anonymous && cases[*at].promise().is_some()));
        for at in exact.unwrap_or(&method.cases) {
            let (case, documented) = (&*cases[*at], &self.targets[*at]);
            let Some(promise) = case.promise() else { continue };
            // A label goes with the body, and is judged with it.
            let fields = || case.headers.0.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
            let sent = fields().filter(|(name, value)| headers.get(name) == Some(value)).count();
            let likeness = (
                !case.anonymous,
                documented.segments == target.segments,
                documented.query == target.query,
                sent == fields().count(),
                sent,
                case.content.json() == body,
                promise.status.is_none_or(|status| status < 400),
            );
            if best.as_ref().is_none_or(|(most, _)| likeness > *most) {
                best = Some((likeness, case));
            }
        }
        best.map(|(_, case)| case)
    }

    fn method_at(&mut self, name: &str, path: &str) -> &mut Method {
        let at = self.route_at(&shape(path));
        let methods = &mut self.all[at].methods;
        let known = methods.iter().position(|method| method.name == name).unwrap_or_else(|| {
            methods.push(Method { name: name.to_owned(), ..Method::default() });
            methods.len() - 1
        });
        &mut methods[known]
    }

    fn route_at(&mut self, shape: &str) -> usize {
        let segments = shape.split('/').filter(|segment| !segment.is_empty());
        let mut node = &mut self.root;
        for segment in segments {
            node = if segment == "{}" {
                node.any.get_or_insert_default()
            } else {
                node.fixed.entry(segment.to_owned()).or_default()
            };
        }
        *node.route.get_or_insert_with(|| {
            self.all.push(Route { shape: shape.trim_end_matches('/').to_owned(), ..Route::default() });
            self.all.len() - 1
        })
    }
}

/// The shape of a path. Where the page sees only a placeholder, a function keeps its name: its
/// parameters alone are free.
fn shape(path: &str) -> String {
    let shape = page::shape(path);
    let documented = Target::read(path).segments;
    let functions: Vec<Option<String>> = documented.iter().map(|segment| function(segment)).collect();
    let mut segments: Vec<&str> = shape.trim_matches('/').split('/').collect();
    if segments.len() == functions.len() {
        for (segment, function) in segments.iter_mut().zip(&functions) {
            if let ("{}", Some(function)) = (*segment, function) {
                *segment = function;
            }
        }
    }
    format!("/{}", segments.join("/"))
}

/// The call of a function (OData URL Conventions, section 4.6) without its parameters.
fn function(segment: &str) -> Option<String> {
    let (name, _) = segment.split_once('(').filter(|(name, _)| !name.is_empty() && !name.contains(['{', '<']))?;
    Some(format!("{name}(…)"))
}

impl Method {
    /// The case that documents exactly this path as one that is refused, where no case of the
    /// method documents it as one that works: an unknown user, say. Refusals of a body or a label
    /// are not about the path.
    pub fn refused<'c>(&self, cases: &'c [Arc<Case>], target: &Target) -> Option<&'c Case> {
        let mut refused = None;
        for at in self.by_path.get(&target.key()).into_iter().flatten() {
            match cases[*at].promise().and_then(|p| p.status) {
                Some(400 | 401 | 405 | 415 | 429) => {}
                Some(402..500) => refused = refused.or(Some(&*cases[*at])),
                _ => return None,
            }
        }
        refused
    }
}

impl Route {
    /// The method of that name, if any page uses it here.
    pub fn method(&self, name: &str) -> Option<&Method> {
        self.methods.iter().find(|method| method.name == name)
    }

    /// The value of `Allow`.
    pub fn allowed(&self) -> String {
        let mut names: Vec<&str> = self.methods.iter().filter(|m| m.is_known).map(|m| m.name.as_str()).collect();
        if self.collection.is_some() {
            names.push("GET");
        }
        names.sort_unstable();
        names.dedup();
        names.join(", ")
    }
}
