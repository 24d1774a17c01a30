//! `graphspec run`.

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::args::{ProfileArg, RunArgs, UpdateArg};
use super::output::{self, Outputs, Style};
use super::settings::{self, Settings};
use super::{Losses, Refused, dry_run, metadata, mock, note, read_all, terminal_width, unless_unopened, wants_color};
use crate::binding::Bindings;
use crate::case::{Case, clean};
use crate::client::{Limits, Target};
use crate::mock as embedded;
use crate::page::Page;
use crate::plan::{self, Plan, Selection, TargetKind};
use crate::rule::Profile;
use crate::run::{Options, Run};
use crate::schema::Types;
use crate::secret::Secret;
use crate::snapshot::{Store, Update};
use crate::verdict::Standard;

pub fn main(given: &RunArgs) -> Result<u8, Refused> {
    let settings = settings::settle(given)?;
    let args = &settings.args;
    let is_embedded = settings.url == "mock";
    let token = match &args.token_env {
        Some(name) => Some(token(name)?),
        // The embedded mock asks for a token, so that the cases without one can be judged.
        None => is_embedded.then(embedded::token),
    };
    let (pages, all_read) = read_all(&args.pages)?;
    let mut losses = Losses::default();
    losses.add(pages.iter().flat_map(|p| &p.problems).filter(|p| p.loses).map(super::loss).collect());
    losses.tell();
    let cases: Vec<Arc<Case>> = pages.iter().flat_map(|p| &p.cases).cloned().map(Arc::new).collect();
    let target = aim(&settings, &pages, token.clone(), is_embedded)?;
    let plan = Plan::new(&cases, select(&settings, &cases, &target, token.is_some())?);
    if plan.cases.is_empty() {
        note(if cases.is_empty() {
            "the pages hold no case"
        } else {
            "no case matches --filter; `graphspec list` shows their ids"
        });
        return Ok(unless_unopened(4, all_read));
    }
    let secrets: Vec<Secret> = token.into_iter().chain(header_secrets(&args.headers)).collect();
    if args.dry_run {
        return Ok(unless_unopened(dry_run::main(&plan, &target, &secrets)?, all_read));
    }
    let mut options = Options {
        jobs: jobs(args),
        fail_fast: args.fail_fast,
        standard: standard(args)?,
        strict: args.strict,
        store: store(args, &settings.name)?,
        require_snapshots: args.require_snapshots,
        secrets,
        keep_answers: false,
        keep_exchanges: args.output.verbose,
        target_name: settings.name.clone(),
    };
    let mut outputs = Outputs::open(&args.reports, style(args))?;
    let runtime = runtime(jobs(args))?;
    if let Some(limit) = args.wait {
        let waiting = target.clone();
        let waited = runtime.block_on(async {
            tokio::select! {
                _ = tokio::task::spawn_blocking(move || wait(&waiting, limit)) => true,
                _ = interrupt() => false,
            }
        });
        if !waited {
            runtime.shutdown_background();
            return Ok(130);
        }
    }
    if wants_own_metadata(args) {
        let headers = headers(&args.headers)?;
        let fetched = runtime.block_on(async {
            tokio::select! {
                fetched = metadata::fetch(&target, &headers, &options.secrets) => Some(fetched),
                _ = interrupt() => None,
            }
        });
        let Some(fetched) = fetched else {
            runtime.shutdown_background();
            return Ok(130);
        };
        options.standard.types = Arc::new(Types::of(fetched?));
    }
    let run = Run::new(plan, target, options);
    runtime.block_on(async {
        let stopper = tokio::spawn(stop_on_interrupt(Arc::clone(&run)));
        let driven = run.drive(&mut |event| outputs.event(event)).await;
        stopper.abort();
        match driven {
            Ok(tally) => {
                outputs.finish()?;
                if run.written() > 0 {
                    note(&written(args, run.written()));
                }
                Ok(unless_unopened(tally.exit_code(), all_read))
            }
            Err(error) => Err(Refused(format!("cannot write a report: {error}"))),
        }
    })
}

fn wants_own_metadata(args: &RunArgs) -> bool {
    args.metadata.as_ref().is_some_and(|named| named.as_os_str() == "target")
}

/// What answers are held to beside their pages; the target's own metadata comes later.
fn standard(args: &RunArgs) -> Result<Standard, Refused> {
    let profile = match args.profile {
        None | Some(ProfileArg::Consumer) => Profile::Consumer,
        Some(ProfileArg::Producer) => Profile::Producer,
    };
    let standard = match args.metadata.as_deref().filter(|_| !wants_own_metadata(args)) {
        Some(path) => metadata::standard(path)?,
        None => Standard::default(),
    };
    Ok(Standard { profile, ..standard })
}

fn written(args: &RunArgs, count: usize) -> String {
    let folder = snapshots(args);
    let answers = if count == 1 { "1 answer".to_owned() } else { format!("{count} answers") };
    match args.update {
        UpdateArg::Always => format!("{answers} accepted under {}", folder.display()),
        _ => format!(
            "{answers} to review under {} (*.snap.new): `cargo insta review`, or rename to accept",
            folder.display()
        ),
    }
}

/// First interrupt: nothing further is sent, what is under way ends. Second: leave at once.
async fn stop_on_interrupt(run: Arc<Run>) {
    if interrupt().await.is_ok() {
        note("stopping; press Ctrl-C again to leave at once");
        run.stop();
    }
    if interrupt().await.is_ok() {
        output::discard();
        std::process::exit(130);
    }
}

/// Ctrl-C, or the signal by which CI ends a job.
async fn interrupt() -> io::Result<()> {
    #[cfg(unix)]
    {
        let mut end = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            _ = end.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

fn jobs(args: &RunArgs) -> usize {
    args.jobs.map_or(8, usize::from)
}

/// One job runs on the thread that is there; more share as many threads as there are cores.
fn runtime(jobs: usize) -> Result<tokio::runtime::Runtime, Refused> {
    let mut builder = match jobs {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            let cores = std::thread::available_parallelism().map_or(2, usize::from);
            builder.worker_threads(cores.min(jobs));
            builder
        }
    };
    Ok(builder.enable_all().build()?)
}

fn token(name: &str) -> Result<Secret, Refused> {
    let secret = std::env::var(name).map(|value| Secret::new(&value));
    match secret {
        Ok(secret) if !secret.is_empty() => Ok(secret),
        _ => Err(Refused(format!("--token-env {name}: the environment variable is not set, or empty"))),
    }
}

/// The target that is meant: a URL, or the embedded mock on a free port.
fn aim(settings: &Settings, pages: &[Page], token: Option<Secret>, is_embedded: bool) -> Result<Target, Refused> {
    let args = &settings.args;
    let limits = Limits {
        timeout: args.timeout.unwrap_or(Duration::from_secs(30)),
        retry: args.retry.unwrap_or(2),
        retry_cap: Duration::from_secs(60),
        max_body: args.max_body.unwrap_or(16 << 20),
    };
    let fault = args.fault.as_deref().map(mock::find_fault).transpose()?;
    if !is_embedded {
        if fault.is_some() {
            return Err(Refused("--fault breaks the embedded mock; it cannot break another target".to_owned()));
        }
        return Ok(Target::new(&settings.url, token, limits)?);
    }
    let options = embedded::Options { require_token: token.is_some(), fault };
    if args.dry_run {
        // A name of this machine (RFC 6761, section 6.3) where nothing is asked.
        return Ok(Target::new("http://mock.localhost/v1.0", token, limits)?);
    }
    let mock = mock::build(pages, options);
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    std::thread::Builder::new().name("mock".to_owned()).spawn(move || embedded::serve_blocking(mock, listener))?;
    Ok(Target::new(&format!("http://{address}/v1.0"), token, limits)?)
}

fn select(settings: &Settings, cases: &[Arc<Case>], target: &Target, has_token: bool) -> Result<Selection, Refused> {
    let args = &settings.args;
    let keys = plan::binding_keys(cases);
    let known = |key: &str| keys.get(key).copied();
    let bindings = Bindings::read(args.bind.iter().map(String::as_str), known)?;
    let bindings = bindings.or(Bindings::of(settings.bind.iter().cloned(), known)?)?;
    for key in bindings.keys().filter(|key| !keys.contains_key(*key)) {
        let near = super::nearest(key, keys.keys().map(String::as_str));
        let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        note(&format!("--bind {key}: no page mentions it{hint}"));
    }
    Ok(Selection {
        filters: args.select.filters.clone(),
        repeat: args.repeat as usize,
        kind: settings.kind.unwrap_or(if target.is_loopback() { TargetKind::Mock } else { TargetKind::Tenant }),
        allow_writes: args.allow_writes,
        has_token,
        bindings,
        headers: headers(&args.headers)?,
    })
}

/// Values of `-H` that look like credentials by their field's name; with a scheme, what follows it.
fn header_secrets(texts: &[String]) -> Vec<Secret> {
    let telling = ["auth", "token", "key", "secret", "cookie", "password"];
    let pairs = texts.iter().filter_map(|text| text.split_once(':'));
    let secret = pairs.filter(|(name, _)| telling.iter().any(|word| name.to_ascii_lowercase().contains(word)));
    secret.map(|(_, value)| Secret::new(value.trim().split_once(' ').map_or(value, |(_, rest)| rest))).collect()
}

fn headers(texts: &[String]) -> Result<Vec<(String, String)>, Refused> {
    let read = texts.iter().map(|text| {
        let pair = text.split_once(':').map(|(n, v)| (n.trim().to_owned(), v.trim().to_owned()));
        let pair = pair
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| Refused(format!("-H {text}: write NAME:VALUE, e.g. -H 'Prefer: return=minimal'")))?;
        let own = ["host", "content-length", "transfer-encoding", "connection"];
        if own.iter().any(|name| name.eq_ignore_ascii_case(&pair.0)) {
            return Err(Refused(format!("-H {}: this field belongs to the connection and cannot be set", pair.0)));
        }
        Ok(pair)
    });
    read.collect()
}

/// The folder of accepted answers, of all targets.
fn snapshots(args: &RunArgs) -> PathBuf {
    args.snapshots.clone().unwrap_or_else(|| PathBuf::from("snapshots"))
}

/// Where accepted answers are: the folder given, or `snapshots` where it has some of this target.
fn store(args: &RunArgs, target: &str) -> Result<Option<Store>, Refused> {
    let target = target_folder(target);
    let update = match args.update {
        UpdateArg::No => Update::No,
        _ if std::env::var_os("CI").is_some_and(|v| !v.is_empty() && v != "false" && v != "0") => {
            note("CI is set: no snapshot is written");
            Update::No
        }
        UpdateArg::Pending => Update::Pending,
        UpdateArg::Always => Update::Always,
    };
    let folder = snapshots(args);
    let asked = args.snapshots.is_some() || args.update != UpdateArg::No || args.require_snapshots;
    if !asked && !folder.join(&target).is_dir() {
        return Ok(None);
    }
    if folder.exists() && !folder.is_dir() {
        return Err(Refused(format!("--snapshots {}: not a folder", folder.display())));
    }
    if update != Update::No {
        writable(&folder.join(&target))?;
    } else if !folder.join(&target).is_dir() {
        note(&format!(
            "there is no accepted answer under {}; --update pending writes some",
            folder.join(&target).display()
        ));
        if !args.require_snapshots {
            return Ok(None);
        }
    }
    Ok(Some(Store::open(&folder, &target, update)))
}

fn writable(folder: &Path) -> Result<(), Refused> {
    let refused = |error: io::Error| Refused(format!("--snapshots {}: cannot be written: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(refused)?;
    tempfile::tempfile_in(folder).map(drop).map_err(refused)
}

/// `mock`, or host and port.
fn target_folder(target: &str) -> String {
    let rest = target.split_once("://").map_or(target, |(_, rest)| rest);
    clean(rest.split('/').next().unwrap_or(rest))
}

fn style(args: &RunArgs) -> Style {
    Style {
        color: wants_color(args.output.color),
        width: terminal_width(),
        quiet: args.output.quiet,
        verbose: args.output.verbose,
        token_env: args.token_env.clone(),
    }
}

/// Waits until the target accepts a connection.
fn wait(target: &Target, limit: Duration) {
    let start = Instant::now();
    while start.elapsed() < limit {
        let left = limit.saturating_sub(start.elapsed()).min(Duration::from_secs(1));
        if target.answers(left.max(Duration::from_millis(1))) {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    note(&format!("{} does not accept connections after {limit:?}", target.base()));
}
