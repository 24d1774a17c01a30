//! A suite as `libtest-mimic` trials: each case is a test of its own, for `cargo test` and nextest.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Failed, Trial};

use crate::binding::{BadBinding, Bindings};
use crate::case::Case;
use crate::client::{BadTarget, Limits, Target};
use crate::mock::{self, Mock};
use crate::page::{Docset, Page, Unopened};
use crate::plan::{self, Plan, Selection, TargetKind};
use crate::report;
use crate::run::{Options, Run};
use crate::suite;
use crate::verdict::{Kind, Standard};

/// Called with a case's id and the text of its answer (as a snapshot would hold it), after the
/// answer has passed. It may panic, as tests do.
pub type OnAnswer = fn(case: &str, answer: &str);

/// Pages aimed at a target, to be run as tests.
#[derive(Clone, Debug)]
pub struct Suite {
    pages: Docset,
    target: Option<String>,
    filters: Vec<String>,
    bind: Vec<String>,
    standard: Standard,
    on_answer: Option<OnAnswer>,
}

/// Why a suite cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum BadSuite {
    /// A binding.
    #[error(transparent)]
    Binding(#[from] BadBinding),
    /// The target's URL.
    #[error(transparent)]
    Target(#[from] BadTarget),
    /// A page.
    #[error(transparent)]
    Page(#[from] Unopened),
}

impl Suite {
    /// The built-in suite, aimed at the embedded mock until [`Suite::target`] says otherwise.
    pub fn builtin() -> Self {
        Suite {
            pages: Docset::of(suite::pages()),
            target: None,
            filters: Vec::new(),
            bind: Vec::new(),
            standard: Standard::default(),
            on_answer: None,
        }
    }

    /// Pages of your own: files, or folders of `*.md`.
    ///
    /// # Errors
    /// [`Unopened`] for the first path that cannot be read.
    pub fn pages(paths: &[PathBuf]) -> Result<Self, Unopened> {
        Ok(Suite { pages: Docset::open(paths)?, ..Suite::builtin() })
    }

    /// Aims at a base URL, e.g. `http://127.0.0.1:3000/v1.0`.
    #[must_use]
    pub fn target(mut self, url: impl Into<String>) -> Self {
        self.target = Some(url.into());
        self
    }

    /// Selects by a glob on case ids; `!GLOB` excludes.
    #[must_use]
    pub fn filter(mut self, glob: impl Into<String>) -> Self {
        self.filters.push(glob.into());
        self
    }

    /// Binds a documented value: `KEY=VALUE`.
    #[must_use]
    pub fn bind(mut self, binding: impl Into<String>) -> Self {
        self.bind.push(binding.into());
        self
    }

    /// Holds answers to more than their pages: the types of a service's metadata, a stricter
    /// profile.
    #[must_use]
    pub fn standard(mut self, standard: Standard) -> Self {
        self.standard = standard;
        self
    }

    /// Has every answer that passed looked at, e.g. by a snapshot library.
    #[must_use]
    pub fn on_answer(mut self, look: OnAnswer) -> Self {
        self.on_answer = Some(look);
        self
    }
}

/// One trial a case, named by its id. A case that is not sent is an ignored trial.
///
/// # Errors
/// [`BadSuite`], before anything is sent.
pub fn trials(suite: &Suite) -> Result<Vec<Trial>, BadSuite> {
    let mut pages: Vec<Page> = Vec::new();
    let unopened = suite.pages.clone().read(|reading| reading.page, |page| pages.push(page));
    if let Some(unopened) = unopened.into_iter().next() {
        return Err(unopened.into());
    }
    let templates: Vec<(String, String)> = pages.iter().flat_map(|p| p.templates.clone()).collect();
    let cases: Vec<Arc<Case>> = pages.into_iter().flat_map(|p| p.cases).map(Arc::new).collect();
    let keys = plan::binding_keys(&cases);
    let bindings = Bindings::read(suite.bind.iter().map(String::as_str), |key| keys.get(key).copied())?;
    let local = match &suite.target {
        Some(url) => Target::new(url, None, Limits::default())?.is_loopback(),
        None => true,
    };
    let selection = Selection {
        filters: suite.filters.clone(),
        repeat: 1,
        kind: if local { TargetKind::Mock } else { TargetKind::Tenant },
        allow_writes: false,
        has_token: suite.target.is_none(),
        bindings,
        headers: Vec::new(),
    };
    let plan = Plan::new(&cases, selection);
    let names: Vec<(String, bool)> =
        plan.cases.iter().map(|p| (p.case.id.as_str().to_owned(), p.skip.is_some())).collect();
    let (target, standard) = (suite.target.clone(), suite.standard.clone());
    let shared = Arc::new(Shared { plan, cases, templates, target, standard, run: OnceLock::new() });
    let look = suite.on_answer;
    let trials = names.into_iter().enumerate().map(|(at, (name, skipped))| {
        let shared = Arc::clone(&shared);
        Trial::test(name, move || shared.one(at, look)).with_ignored_flag(skipped)
    });
    Ok(trials.collect())
}

/// What the trials of one process share: made when the first of them runs, so that listing
/// starts nothing.
struct Shared {
    plan: Plan,
    cases: Vec<Arc<Case>>,
    templates: Vec<(String, String)>,
    target: Option<String>,
    standard: Standard,
    run: OnceLock<Result<(tokio::runtime::Runtime, Arc<Run>), String>>,
}

impl Shared {
    fn one(&self, at: usize, look: Option<OnAnswer>) -> Result<(), Failed> {
        let (runtime, run) = match self.run.get_or_init(|| self.start()) {
            Ok(started) => started,
            Err(reason) => return Err(reason.clone().into()),
        };
        let (judged, answer) = runtime.block_on(run.one(at));
        match (judged.verdict.kind, answer, look) {
            (Kind::Pass, Some(answer), Some(look)) => {
                look(judged.case.id.as_str(), &answer);
                Ok(())
            }
            (Kind::Pass, _, _) => Ok(()),
            // What is known beforehand not to be sent is ignored; this was to be judged.
            (Kind::Skip, _, _) => Err(judged.verdict.skip.unwrap_or_default().into()),
            (Kind::Fail | Kind::Error, _, _) => Err(report::details(&judged).into()),
        }
    }

    fn start(&self) -> Result<(tokio::runtime::Runtime, Arc<Run>), String> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let url = match &self.target {
            Some(url) => url.clone(),
            None => {
                let options = mock::Options { require_token: true, fault: None };
                let mock = Mock::new(&self.cases, &self.templates, options);
                let started = runtime.block_on(mock::start(mock, ([127, 0, 0, 1], 0).into()));
                let (address, _) = started.map_err(|error| format!("the embedded mock: {error}"))?;
                format!("http://{address}/v1.0")
            }
        };
        let token = self.target.is_none().then(mock::token);
        let target = Target::new(&url, token.clone(), Limits::default()).map_err(|error| error.to_string())?;
        let options = Options {
            jobs: 1,
            standard: self.standard.clone(),
            keep_answers: true,
            secrets: token.into_iter().collect(),
            target_name: url,
            ..Options::default()
        };
        Ok((runtime, Run::new(self.plan.clone(), target, options)))
    }
}
