//! Accepted answers as files in insta's format, pending ones beside them, so that
//! `cargo insta review` works on them too.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::NamedTempFile;

use crate::case::{CaseId, clean};

/// What a run does with an answer that is new or has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// Nothing is written.
    No,
    /// `NAME.snap.new` is written beside the accepted file, to be reviewed.
    Pending,
    /// The answer becomes the accepted one.
    Always,
}

/// How an answer compares with the accepted one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It equals the accepted one, or has just become it ([`Update::Always`]).
    Same,
    /// It differs.
    Changed {
        /// The accepted text.
        accepted: String,
    },
    /// There is no accepted one.
    New,
}

/// Why a snapshot cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is there and cannot be read.
    #[error("cannot read {path}: {why}; check its permissions, or delete it and run with --update pending")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// The file is no snapshot.
    #[error("{path} is no snapshot: {why}; restore it, or delete it and run with --update pending")]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The file holds both sides of a merge.
    #[error("{path}:{line} holds a merge conflict; resolve it, or delete the file and run with --update pending")]
    Conflict {
        /// The file.
        path: PathBuf,
        /// The line of the first mark.
        line: usize,
    },
    /// The file cannot be written.
    #[error("cannot write {path}: {why}; check that its folder can be written, or name another with --snapshots")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
}

/// The accepted answers of one target.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    update: Update,
    written: AtomicUsize,
}

impl Store {
    /// The store in the folder `dir/target`. Nothing is read or made yet.
    pub fn open(dir: &Path, target: &str, update: Update) -> Self {
        let name = clean(target);
        // A target's name must not lead out of the folder.
        let name = if name.chars().all(|c| c == '.') { "-".to_owned() } else { name };
        Store { dir: dir.join(name), update, written: AtomicUsize::new(0) }
    }

    /// How many files [`Store::check`] has written.
    pub fn written(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }

    /// Whether [`Store::check`] may write.
    pub fn writes(&self) -> bool {
        self.update != Update::No
    }

    /// The accepted answer of a case, without the file's metadata; nothing where none is accepted.
    ///
    /// # Errors
    /// [`StoreError`] where the file is there but is no snapshot: that is no mismatch.
    pub fn read(&self, case: &CaseId) -> Result<Option<String>, StoreError> {
        let path = self.path(case);
        match fs::read(&path) {
            Ok(bytes) => content(&path, &bytes).map(Some),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(StoreError::Read { path, why }),
        }
    }

    /// Compares an answer with the accepted one and writes as the [`Update`] mode says; `page` is
    /// where the case comes from. As insta does, white space at the end makes no difference.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is then left half-written.
    pub fn check(&self, case: &CaseId, page: &str, text: &str) -> Result<Outcome, StoreError> {
        let path = self.path(case);
        let pending = self.dir.join(format!("{}.snap.new", case.file_name()));
        let accepted = self.read(case)?;
        let outcome = match accepted {
            Some(accepted) if accepted == normal(text) => Outcome::Same,
            Some(accepted) => Outcome::Changed { accepted },
            None => Outcome::New,
        };
        match (self.update, &outcome) {
            (Update::No, _) => {}
            (_, Outcome::Same) => remove(&pending)?,
            (Update::Pending, _) => {
                write(&pending, &file(case, page, text))?;
                self.written.fetch_add(1, Ordering::Relaxed);
            }
            (Update::Always, _) => {
                write(&path, &file(case, page, text))?;
                self.written.fetch_add(1, Ordering::Relaxed);
                remove(&pending)?;
                return Ok(Outcome::Same);
            }
        }
        Ok(outcome)
    }

    fn path(&self, case: &CaseId) -> PathBuf {
        self.dir.join(format!("{}.snap", case.file_name()))
    }
}

/// A snapshot file: metadata between two lines of `---`, then the text.
fn file(case: &CaseId, page: &str, text: &str) -> String {
    let (source, expression) = (scalar(page), scalar(case.as_str()));
    format!("---\nsource: {source}\nexpression: {expression}\n---\n{}", normal(text))
}

/// `text` as insta compares it: LF, no white space at the end; here then one newline.
fn normal(text: &str) -> String {
    let mut out = text.trim_end().replace("\r\n", "\n");
    out.push('\n');
    out
}

/// The content of a snapshot file.
fn content(path: &Path, bytes: &[u8]) -> Result<String, StoreError> {
    let broken = |why| StoreError::Broken { path: path.to_owned(), why };
    let text = std::str::from_utf8(bytes).map_err(|_| broken("it is not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Our own lines never begin like this: JSON does not, and other bodies are indented.
    let conflict = text.lines().position(|l| l.starts_with("<<<<<<< ") || l.starts_with(">>>>>>> "));
    if let Some(at) = conflict {
        return Err(StoreError::Conflict { path: path.to_owned(), line: at + 1 });
    }
    let mut lines = text.split_inclusive('\n');
    if lines.next().is_none_or(|l| l.trim_end() != "---") {
        return Err(broken("its first line is not `---`"));
    }
    let mut start = text.find('\n').map_or(text.len(), |at| at + 1);
    for line in lines {
        start += line.len();
        if line.trim_end() == "---" {
            return Ok(normal(&text[start..]));
        }
    }
    Err(broken("the line `---` that ends its metadata is missing"))
}

/// A YAML scalar, quoted exactly where insta quotes it, so that accepting a file with insta's own
/// tool leaves the bytes that we would have written.
fn scalar(text: &str) -> String {
    const WORDS: [&str; 22] = [
        "yes", "Yes", "YES", "no", "No", "NO", "True", "TRUE", "true", "False", "FALSE", "false", "on", "On", "ON",
        "off", "Off", "OFF", "null", "Null", "NULL", "~",
    ];
    let special = |c: char| ":{}[],#`\"'\\".contains(c) || (c.is_control() && c != '\u{1b}');
    let quote = text.is_empty()
        || text.starts_with(' ')
        || text.ends_with(' ')
        || text.starts_with(['&', '*', '?', '|', '-', '<', '>', '=', '!', '%', '@', '.'])
        || text.starts_with("0x")
        || text.contains(special)
        || WORDS.contains(&text)
        || text.parse::<f64>().is_ok();
    // A JSON string is a YAML one (YAML 1.2, section 1.3).
    if quote { serde_json::Value::from(text).to_string() } else { text.to_owned() }
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(StoreError::Write { path: path.to_owned(), why }),
        _ => Ok(()),
    }
}

/// Writes the file whole: beside its place, then by rename. A file that is so already is left.
fn write(path: &Path, text: &str) -> Result<(), StoreError> {
    if fs::read(path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(());
    }
    let dir = path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(dir).and_then(|()| {
        let mut file = beside(dir)?;
        file.write_all(text.as_bytes())?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(drop).map_err(|why| StoreError::Write { path: path.to_owned(), why })
}

fn beside(dir: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".graphspec-").suffix(".tmp");
    // A snapshot is committed and read by others, unlike most temporary files.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o644));
    }
    builder.tempfile_in(dir)
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
