//! What `run` goes by: the command line and the environment first, then `graphspec.toml`, then the
//! defaults.

use std::path::{Path, PathBuf};

use super::Refused;
use super::args::{ProfileArg, RunArgs};
use crate::config::{self, Config, Kind};
use crate::plan::TargetKind;

/// The arguments, with what the configuration adds.
pub struct Settings {
    /// As given, and filled in.
    pub args: RunArgs,
    /// The target as the user calls it.
    pub name: String,
    /// Its base URL, or `mock`.
    pub url: String,
    /// What the configuration says that it is.
    pub kind: Option<TargetKind>,
    /// Bindings of the configuration; those of the command line go before.
    pub bind: Vec<(String, String)>,
}

/// Settles what a run goes by.
pub fn settle(given: &RunArgs) -> Result<Settings, Refused> {
    let name = given.target.clone().unwrap_or_else(|| "mock".to_owned());
    let mut settings = Settings { args: given.clone(), url: name.clone(), name, kind: None, bind: Vec::new() };
    let is_url = settings.name == "mock" || settings.name.contains("://");
    let Some((path, config)) = find(given)? else {
        return Ok(settings);
    };
    if is_url {
        return Ok(settings);
    }
    match config.named(&settings.name) {
        Ok(target) => fill(&mut settings, target, path.parent().unwrap_or(Path::new(""))),
        Err(near) => {
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let (name, path) = (&settings.name, path.display());
            return Err(Refused(format!("--target {name}: neither a URL nor a target of {path}{near}")));
        }
    }
    Ok(settings)
}

/// The configuration: the file given, else `graphspec.toml` here or in a folder above.
fn find(given: &RunArgs) -> Result<Option<(PathBuf, Config)>, Refused> {
    let path = match &given.config {
        Some(path) => path.clone(),
        None => {
            let here = std::env::current_dir()?;
            let above = here.ancestors().map(|folder| folder.join("graphspec.toml"));
            match above.into_iter().find(|path| path.is_file()) {
                Some(path) => path,
                None => return Ok(None),
            }
        }
    };
    let bytes = std::fs::read(&path).map_err(|error| Refused(format!("{}: {error}", path.display())))?;
    let config = Config::read(&path.to_string_lossy().into(), &bytes)?;
    Ok(Some((path, config)))
}

/// Adds what a target says to what is not given.
fn fill(settings: &mut Settings, target: &config::Target, folder: &Path) {
    let args = &mut settings.args;
    settings.url.clone_from(&target.url);
    settings.kind = target.kind.map(|kind| match kind {
        Kind::Mock => TargetKind::Mock,
        Kind::Tenant => TargetKind::Tenant,
    });
    args.token_env = args.token_env.take().or_else(|| target.token_env.clone());
    args.allow_writes |= target.allow_writes;
    args.jobs = args.jobs.or(target.jobs);
    args.retry = args.retry.or(target.retry);
    args.timeout = args.timeout.or(target.timeout);
    args.max_body = args.max_body.or(target.max_body);
    args.profile = args.profile.or(target.profile.map(|profile| match profile {
        config::Profile::Consumer => ProfileArg::Consumer,
        config::Profile::Producer => ProfileArg::Producer,
    }));
    args.metadata = args.metadata.take().or_else(|| {
        let named = target.metadata.as_ref()?;
        Some(if named.as_os_str() == "target" { named.clone() } else { folder.join(named) })
    });
    // Those of the command line come last, and count.
    let more = target.headers.iter().map(|(name, value)| format!("{name}:{value}"));
    args.headers.splice(0..0, more);
    settings.bind = target.bind.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
}
