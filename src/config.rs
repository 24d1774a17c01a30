//! `graphspec.toml`: targets by name, each with what the command line would say of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use crate::spelling::nearest;

/// The largest file that is read, in bytes.
const MOST: usize = 1 << 20;

/// The file, read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `[target.NAME]`.
    #[serde(default)]
    pub target: BTreeMap<String, Target>,
}

/// A target. What is not said is left to the command line's defaults.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Target {
    /// Its base URL.
    pub url: String,
    /// Whether it is a mock or a tenant; else the URL tells, a loopback one being a mock.
    pub kind: Option<Kind>,
    /// The environment variable that holds a bearer token.
    pub token_env: Option<String>,
    /// Requests that change something may be sent, though it is a tenant.
    #[serde(default)]
    pub allow_writes: bool,
    /// Exchanges at once, 1 to 1024.
    #[serde(default, deserialize_with = "as_jobs")]
    pub jobs: Option<u16>,
    /// Further attempts after 429, 503 and refused connections, 0 to 100.
    #[serde(default, deserialize_with = "as_retry")]
    pub retry: Option<u32>,
    /// Limit of one attempt.
    #[serde(default, deserialize_with = "as_duration")]
    pub timeout: Option<Duration>,
    /// Limit of a decoded body, in bytes.
    #[serde(default, deserialize_with = "as_size")]
    pub max_body: Option<usize>,
    /// The service's metadata: a file, from the folder of this one, or `target`.
    pub metadata: Option<PathBuf>,
    /// Whose promise it keeps.
    pub profile: Option<Profile>,
    /// Further header fields of every request.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Documented values and the target's.
    #[serde(default)]
    pub bind: BTreeMap<String, String>,
}

/// What a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Anything may be sent.
    Mock,
    /// Somebody's production.
    Tenant,
}

/// As [`crate::rule::Profile`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// A client's.
    Consumer,
    /// A service's own.
    Producer,
}

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}:{line}:{column}: {message}")]
pub struct BadConfig {
    /// The file, as the user named it.
    pub name: Arc<str>,
    /// The line, from 1.
    pub line: usize,
    /// The character in it, from 1.
    pub column: usize,
    /// What is wrong, for a person.
    pub message: String,
}

impl Config {
    /// Reads the bytes of a file; `name` is how the user named it.
    ///
    /// # Errors
    /// [`BadConfig`] for what is no TOML, unknown keys (with the near name) and wrong types.
    pub fn read(name: &Arc<str>, bytes: &[u8]) -> Result<Self, BadConfig> {
        let bad = |before: &str, message: String| BadConfig {
            name: Arc::clone(name),
            line: before.matches('\n').count() + 1,
            column: before.rsplit('\n').next().unwrap_or("").chars().count() + 1,
            message,
        };
        if bytes.len() > MOST {
            return Err(bad("", format!("larger than {} MiB, and so not read", MOST >> 20)));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            bad(&String::from_utf8_lossy(&bytes[..error.valid_up_to()]), "not UTF-8 from here".to_owned())
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start.min(text.len()));
            bad(&text[..text.floor_char_boundary(start)], plain(error.message()))
        })
    }

    /// The target of that name.
    ///
    /// # Errors
    /// The name that comes near, if there is one.
    pub fn named(&self, name: &str) -> Result<&Target, Option<&str>> {
        self.target.get(name).ok_or_else(|| nearest(name, self.target.keys().map(String::as_str)))
    }
}

/// The library lists all keys; the one that comes near is enough.
fn plain(message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    let near = names.next().filter(|_| message.starts_with("unknown ")).and_then(|unknown| nearest(unknown, names));
    let message = message.trim_end();
    match (near, message.split_once(", expected")) {
        (Some(near), Some((what, _))) => format!("{what}; did you mean `{near}`?"),
        _ => message.to_owned(),
    }
}

fn as_jobs<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u16>, D::Error> {
    let jobs = i64::deserialize(from)?;
    let jobs = u16::try_from(jobs).ok().filter(|jobs| (1..=1024).contains(jobs));
    jobs.map(Some).ok_or_else(|| de::Error::custom("write a number from 1 to 1024"))
}

fn as_retry<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let retry = i64::deserialize(from)?;
    let retry = u32::try_from(retry).ok().filter(|retry| *retry <= 100);
    retry.map(Some).ok_or_else(|| de::Error::custom("write a number from 0 to 100"))
}

fn as_duration<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(from)?;
    duration(&text).map(Some).map_err(de::Error::custom)
}

fn as_size<'de, D: Deserializer<'de>>(from: D) -> Result<Option<usize>, D::Error> {
    let text = String::deserialize(from)?;
    size(&text).map(Some).map_err(de::Error::custom)
}

/// `30s`, `500ms`, `1.5s`, `2m`, or plain seconds.
///
/// # Errors
/// What to write instead, for a person.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        unit => return Err(format!("`{unit}` is no unit of time; write e.g. 30s, 500ms or 2m")),
    };
    let seconds = digits.trim().parse::<f64>().ok().map(|n| n * factor);
    seconds
        .filter(|s| *s > 0.0 && *s < 1e9)
        .and_then(|s| Duration::try_from_secs_f64(s).ok())
        .ok_or_else(|| "write a time above 0, e.g. 30s or 500ms".to_owned())
}

/// `16MiB`, `500kB`, `1G`, or plain bytes.
///
/// # Errors
/// What to write instead, for a person.
pub fn size(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor: f64 = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kib" => 1024.0,
        "kb" => 1e3,
        "m" | "mib" => 1024.0 * 1024.0,
        "mb" => 1e6,
        "g" | "gib" => 1024.0 * 1024.0 * 1024.0,
        "gb" => 1e9,
        unit => return Err(format!("`{unit}` is no unit of size; write e.g. 16MiB or 500kB")),
    };
    match digits.trim().parse::<f64>() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked beside it")]
        Ok(number) if number * factor >= 1.0 && number * factor < 1e12 => Ok((number * factor) as usize),
        _ => Err("write a size above 0, e.g. 16MiB".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!((size("16MiB"), size("1kB"), size("7")), (Ok(16 << 20), Ok(1000), Ok(7)));
        for bad in ["", "s", "-1s", "0", "1x", "1e400", "NaN"] {
            assert!(duration(bad).is_err() && size(bad).is_err(), "{bad}");
        }
    }

    fn read(text: &str) -> Result<Config, String> {
        Config::read(&"graphspec.toml".into(), text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn targets_are_read() {
        let config = read(
            "\u{feff}[target.contoso]\r\nurl = \"https://graph.microsoft.com/v1.0\"\r\nkind = \"tenant\"\r\ntimeout = \"5s\"\r\nmax-body = \"1MiB\"\r\n\r\n[target.contoso.bind]\r\n\"users/{id}\" = \"a=b\"\r\n",
        );
        let config = config.unwrap();
        let target = config.named("contoso").unwrap();
        assert_eq!(
            (target.kind, target.timeout, target.max_body),
            (Some(Kind::Tenant), Some(Duration::from_secs(5)), Some(1 << 20))
        );
        assert_eq!(target.bind["users/{id}"], "a=b");
        assert_eq!(config.named("contosso").unwrap_err(), Some("contoso"));
        assert_eq!(config.named("zzz").unwrap_err(), None);
        assert!(read("").unwrap().target.is_empty());
    }

    /// Editors go by the schema; it says what the reader does.
    #[test]
    fn the_schema_and_the_reader_agree() {
        let schema: serde_json::Value =
            serde_json::from_str(include_str!("../specs/schemas/graphspec.toml.json")).unwrap();
        let target = &schema["$defs"]["target"]["properties"];
        let mut known: Vec<&str> = target.as_object().unwrap().keys().map(String::as_str).collect();
        known.sort_unstable();
        let refused = toml::from_str::<Config>("[target.a]\nzzzzzzzzzzzzzzz = 1").unwrap_err();
        let mut read: Vec<&str> = refused.message().split('`').skip(3).step_by(2).collect();
        read.sort_unstable();
        assert_eq!(read, known);
        for (key, right, wrong) in [
            ("kind", "\"tenant\"", "\"other\""),
            ("token-env", "\"TOK\"", "1"),
            ("allow-writes", "true", "\"true\""),
            ("jobs", "1024", "0"),
            ("retry", "0", "101"),
            ("timeout", "\"5s\"", "5"),
            ("max-body", "\"1MiB\"", "true"),
            ("metadata", "\"x.csdl\"", "[]"),
            ("profile", "\"producer\"", "\"Producer\""),
            ("headers", "{ a = \"b\" }", "{ a = 1 }"),
            ("bind", "{ \"users/{id}\" = \"b\" }", "{ a = true }"),
        ] {
            let text = |value: &str| format!("[target.a]\nurl = \"http://x\"\n{key} = {value}");
            assert!(read_ok(&text(right)), "{key} = {right}");
            assert!(!read_ok(&text(wrong)), "{key} = {wrong}");
            let validator = jsonschema::draft202012::new(&schema).unwrap();
            let as_json = |value: &str| -> serde_json::Value { toml::from_str(&text(value)).unwrap() };
            assert!(validator.is_valid(&as_json(right)) && !validator.is_valid(&as_json(wrong)), "{key}");
        }
    }

    fn read_ok(text: &str) -> bool {
        read(text).is_ok()
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let error = |text: &str| read(text).unwrap_err();
        assert_eq!(
            error("[target.a]\nurl = \"x\"\nalow-writes = true"),
            "graphspec.toml:3:1: unknown field `alow-writes`; did you mean `allow-writes`?"
        );
        assert!(error("[taget.a]").starts_with("graphspec.toml:1:2: unknown field `taget`; did you mean `target`?"));
        assert!(error("[target.a]\nurl = 5").starts_with("graphspec.toml:2:7: invalid type: integer `5`"));
        assert!(error("[target.a]\nurl = \"x\"\nkind = \"mok\"").contains("did you mean `mock`?"));
        assert!(
            error("[target.a]\nurl = \"x\"\ntimeout = \"5 parsecs\"")
                .starts_with("graphspec.toml:3:11: `parsecs` is no unit of time")
        );
        assert!(error("[target.a]\nkind = \"mock\"").contains("missing field `url`"));
        assert!(error("[target.a]\nurl = \"x\"\nurl = \"y\"").starts_with("graphspec.toml:3:"));
        assert!(error("[target.a\n").starts_with("graphspec.toml:1:"));
        let bytes = |bytes: &[u8]| Config::read(&"c".into(), bytes).unwrap_err().to_string();
        assert_eq!(bytes(b"# a\n\xff"), "c:2:1: not UTF-8 from here");
        assert_eq!(bytes(&vec![b'#'; MOST + 1]), "c:1:1: larger than 1 MiB, and so not read");
    }
}
