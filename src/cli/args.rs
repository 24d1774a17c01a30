//! What the command line understands.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{duration, size};

const EXIT_CODES: &str = "Exit codes:
  0    at least one case was judged, and all conform
  1    the target (for check: a page) deviates
  2    usage, configuration, or input that cannot be opened
  3    a case ended in an error (network, harness), and none deviates
  4    nothing was judged: nothing selected, or all skipped
  130  interrupted";

const RUN_EXAMPLES: &str = "Examples:
  graphspec run                                   the built-in suite against the embedded mock
  graphspec run --target http://127.0.0.1:3000/v1.0
  graphspec run docs/site-follow.md --target http://127.0.0.1:3000/v1.0 --bind user-id=megan
  graphspec run --target https://graph.microsoft.com/v1.0 --dry-run docs/
  graphspec run --filter 'follow-sites/*' --filter '!*/401' --report json=out.jsonl";

const CHECK_EXAMPLES: &str = "Examples:
  graphspec check api-reference/
  graphspec check --metadata v1.0.csdl api-reference/
  graphspec check --deny page/no-response --allow page/prose-status docs/
  graphspec check --format github docs/           annotations in a pull request
A page keeps a finding quiet with \"suppressions\": [\"page/json\"] in its own annotation.";

const SCHEMA_EXAMPLES: &str = "Examples:
  graphspec schema microsoft.graph.site                     bundled with the built-in suite
  graphspec schema graph.user --metadata v1.0.csdl          any type of a service's metadata
  graphspec schema 'Collection(graph.user)' --metadata v1.0.csdl";

/// Makes the documented examples of Microsoft Graph style REST APIs executable.
#[derive(Debug, Parser)]
#[command(name = "graphspec", version, about, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Judge a target: send each documented request, hold the answer to the page
    #[command(after_help = RUN_EXAMPLES)]
    Run(Box<RunArgs>),
    /// Show the cases of pages; nothing is sent
    List(ListArgs),
    /// Judge the pages themselves; nothing is sent
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// Serve pages as a target
    Mock(MockArgs),
    /// Write a commented graphspec.toml to begin with
    Init(InitArgs),
    /// Print a Graph type as JSON Schema
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema(SchemaArgs),
    /// Say what a rule means, where it comes from and what breaks it
    Explain(ExplainArgs),
}

#[derive(Clone, Debug, Args)]
pub struct Pages {
    /// Pages: Markdown files, folders of them, or `-` for standard input [default: the built-in suite]
    #[arg(value_name = "PAGE")]
    pub pages: Vec<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct Select {
    /// Only cases whose id matches; `*` matches `/` too, `!GLOB` excludes (repeatable)
    #[arg(long = "filter", value_name = "GLOB", allow_hyphen_values = true, help_heading = "Selection")]
    pub filters: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub pages: Pages,
    /// Base URL of the target, its name in graphspec.toml, or `mock` for the embedded one [default: mock]
    #[arg(long, value_name = "URL|NAME", env = "GRAPHSPEC_TARGET", help_heading = "Target")]
    pub target: Option<String>,
    /// The configuration [default: graphspec.toml here or in a folder above]
    #[arg(long, value_name = "FILE", env = "GRAPHSPEC_CONFIG", help_heading = "Target")]
    pub config: Option<PathBuf>,
    /// A documented value and the target's: a placeholder (`user-id=…`, `users/{id}=…`) or a literal (repeatable)
    #[arg(long = "bind", value_name = "KEY=VALUE", help_heading = "Target")]
    pub bind: Vec<String>,
    /// Environment variable that holds a bearer token; sent to the target's origin only
    #[arg(long, value_name = "NAME", env = "GRAPHSPEC_TOKEN_ENV", help_heading = "Target")]
    pub token_env: Option<String>,
    /// A further header for every request (repeatable)
    #[arg(short = 'H', long = "header", value_name = "NAME:VALUE", help_heading = "Target")]
    pub headers: Vec<String>,
    /// Send requests that change something to a target that is not on this machine
    #[arg(long, help_heading = "Target")]
    pub allow_writes: bool,
    /// Show every request as it would be sent, and send nothing
    #[arg(long, conflicts_with_all = ["reports", "update", "require_snapshots", "wait"], help_heading = "Target")]
    pub dry_run: bool,
    /// Wait this long for the target to accept connections at all
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Target")]
    pub wait: Option<Duration>,
    /// Break the embedded mock in one named way (see `graphspec mock --list-faults`)
    #[arg(long, value_name = "NAME", help_heading = "Target")]
    pub fault: Option<String>,
    #[command(flatten)]
    pub select: Select,
    /// Run each case this often
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000_000), help_heading = "Selection")]
    pub repeat: u32,
    /// Exchanges at once [default: 8]
    #[arg(short, long, value_name = "N", env = "GRAPHSPEC_JOBS", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Exchange")]
    pub jobs: Option<u16>,
    /// Skip what comes after the first failure in plan order
    #[arg(long, help_heading = "Exchange")]
    pub fail_fast: bool,
    /// Further attempts after 429, 503 and refused connections [default: 2]
    #[arg(long, value_name = "N", env = "GRAPHSPEC_RETRY", value_parser = clap::value_parser!(u32).range(0..=100), help_heading = "Exchange")]
    pub retry: Option<u32>,
    /// Limit of one attempt, from connecting to the last byte [default: 30s]
    #[arg(long, value_name = "DURATION", env = "GRAPHSPEC_TIMEOUT", value_parser = duration, help_heading = "Exchange")]
    pub timeout: Option<Duration>,
    /// Limit of a decoded body [default: 16MiB]
    #[arg(long, value_name = "SIZE", env = "GRAPHSPEC_MAX_BODY", value_parser = size, help_heading = "Exchange")]
    pub max_body: Option<usize>,
    /// The service's metadata (CSDL XML): a file, or `target` for the target's own `$metadata`
    #[arg(long, value_name = "FILE|target", env = "GRAPHSPEC_METADATA", help_heading = "Judging")]
    pub metadata: Option<PathBuf>,
    /// Whose promise a target keeps: `consumer` (the default) tolerates what Graph calls compatible
    #[arg(long, value_name = "WHO", value_enum, env = "GRAPHSPEC_PROFILE", help_heading = "Judging")]
    pub profile: Option<ProfileArg>,
    /// Warnings are failures
    #[arg(long, help_heading = "Judging")]
    pub strict: bool,
    /// Folder of accepted answers [default: snapshots]
    #[arg(long, value_name = "DIR", help_heading = "Judging")]
    pub snapshots: Option<PathBuf>,
    /// Write answers that differ from the accepted ones
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = UpdateArg::No, help_heading = "Judging")]
    pub update: UpdateArg,
    /// A case without an accepted answer fails
    #[arg(long, help_heading = "Judging")]
    pub require_snapshots: bool,
    /// pretty, libtest or json; without PATH on stdout instead of `pretty` (repeatable)
    #[arg(long = "report", value_name = "FORMAT[=PATH]", help_heading = "Output")]
    pub reports: Vec<String>,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Clone, Debug, Args)]
pub struct Output {
    /// When to use colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorArg::Auto, help_heading = "Output")]
    pub color: ColorArg,
    /// Only what failed, and the summary
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
    /// Requests and answers too
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
}

#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    pub pages: Pages,
    #[command(flatten)]
    pub select: Select,
    /// How to show them
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub format: Form,
    /// Every HTTP block of the pages with what became of it, instead of the cases
    #[arg(long, conflicts_with = "filters")]
    pub blocks: bool,
    /// Show with each answer the type of the service's metadata (CSDL XML) that judges it
    #[arg(long, value_name = "FILE")]
    pub metadata: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    pub pages: Pages,
    /// How to show what is wrong
    #[arg(long, value_enum, default_value_t = CheckForm::Text)]
    pub format: CheckForm,
    /// Hold the examples against the service's metadata too (CSDL XML)
    #[arg(long, value_name = "FILE")]
    pub metadata: Option<PathBuf>,
    /// This rule's warnings are failures, e.g. page/no-response (repeatable)
    #[arg(long, value_name = "CODE")]
    pub deny: Vec<String>,
    /// Say nothing of this rule (repeatable)
    #[arg(long, value_name = "CODE")]
    pub allow: Vec<String>,
    /// When to use colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorArg::Auto)]
    pub color: ColorArg,
}

#[derive(Debug, Args)]
pub struct MockArgs {
    #[command(flatten)]
    pub pages: Pages,
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    pub listen: String,
    /// Answer 401 to requests without a bearer token
    #[arg(long)]
    pub require_token: bool,
    /// Answer wrongly in one named way
    #[arg(long, value_name = "NAME")]
    pub fault: Option<String>,
    /// Show the faults, one a line, and end
    #[arg(long)]
    pub list_faults: bool,
}

#[derive(Debug, Args)]
pub struct InitArgs {
    /// Where to write it
    #[arg(value_name = "FILE", default_value = "graphspec.toml")]
    pub file: PathBuf,
}

#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// A type: qualified (microsoft.graph.user, graph.user), its bare name, or a Collection(…) of it
    #[arg(value_name = "TYPE")]
    pub type_name: String,
    /// The service's metadata (CSDL XML)
    #[arg(long, value_name = "FILE")]
    pub metadata: Option<PathBuf>,
    /// As answers are that say IEEE754Compatible=true: Edm.Int64 and Edm.Decimal may be strings
    #[arg(long, requires = "metadata")]
    pub ieee754: bool,
    /// Follow the navigation properties of every type, not of this one alone
    #[arg(long, requires = "metadata")]
    pub deep: bool,
}

#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A rule's name, e.g. multi-status/hidden-failure; none lists all
    pub rule: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorArg {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UpdateArg {
    /// Write nothing
    No,
    /// Write `.snap.new` beside the accepted one, for review
    Pending,
    /// Accept every answer as it is
    Always,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProfileArg {
    /// New members, and new values of enumerations that will grow, are warnings
    Consumer,
    /// They are failures
    Producer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckForm {
    /// For people, as compilers print
    Text,
    /// JSON Lines
    Json,
    /// SARIF 2.1.0
    Sarif,
    /// Annotations of GitHub's CI
    Github,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Text,
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
