//! A service's metadata, as the command line names it.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::{Refused, note};
use crate::client::Target;
use crate::csdl::{self, Model};
use crate::message::{Headers, Request, status_text};
use crate::redact;
use crate::schema::Types;
use crate::secret::Secret;
use crate::verdict::Standard;

/// The most bytes that are read of a file; the reader refuses what has more.
const MOST: u64 = (64 << 20) + 1;

/// The most flaws that are told.
const TOLD: usize = 10;

/// Reads the metadata in a file, and says what is wrong with it.
pub fn open(path: &Path) -> Result<Arc<Model>, Refused> {
    let refused = |error: std::io::Error| {
        let hint = if path.as_os_str() == "target" { "; only `run` has a target to ask" } else { "" };
        Refused(format!("--metadata {}: {error}{hint}", path.display()))
    };
    let file = std::fs::File::open(path).map_err(refused)?;
    if file.metadata().map_err(refused)?.is_dir() {
        return Err(Refused(format!("--metadata {}: a folder; name the CSDL file in it", path.display())));
    }
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes).map_err(refused)?;
    read(&path.to_string_lossy(), &bytes, &[])
}

/// What answers are held to, by the metadata in a file.
pub fn standard(path: &Path) -> Result<Standard, Refused> {
    Ok(Standard { types: Arc::new(Types::of(open(path)?)), ..Standard::default() })
}

/// Reads metadata that came from `source`. What is told of it holds none of the `secrets`, which a
/// target may echo.
fn read(source: &str, bytes: &[u8], secrets: &[Secret]) -> Result<Arc<Model>, Refused> {
    let masked = |text: String| redact::secrets(&text, secrets).into_owned();
    let model = csdl::read(&source.into(), bytes).map_err(|error| Refused(masked(error.to_string())))?;
    for flaw in model.flaws.iter().take(TOLD) {
        note(&masked(format!("{source}:{}: {}", flaw.line, flaw.message)));
    }
    if model.flaws.len() > TOLD {
        note(&format!("{source}: {} more problems of this kind", model.flaws.len() - TOLD));
    }
    Ok(Arc::new(model))
}

/// Reads the metadata that a target itself gives; `headers` go along with the request.
pub async fn fetch(target: &Target, headers: &[(String, String)], secrets: &[Secret]) -> Result<Arc<Model>, Refused> {
    let more = headers;
    let mut headers = Headers::from([("Accept", "application/xml")]);
    more.iter().for_each(|(name, value)| headers.set(name, value.as_str()));
    let request = Request { method: "GET".into(), url: "/$metadata".into(), headers, body: "".into() };
    let sent = target.send(&request, true, |_| false).await;
    let refused = |what: String| Refused(format!("--metadata target: GET {}/$metadata: {what}", target.base()));
    match sent.exchange.outcome {
        Ok(response) if response.status == 200 => read("$metadata", &response.body, secrets),
        Ok(response) => Err(refused(format!("answered {}", status_text(response.status)))),
        Err(failure) => Err(refused(failure.message)),
    }
}
