//! Files and folders → pages, in their order and on all cores. What a page includes is read from
//! its docset and from nowhere else.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;

use ignore::WalkBuilder;

use super::include::{Included, Inclusion, roots};
use super::{Reading, shown, stems, study};

/// A page's source text: how the user named it, and its bytes.
pub type Source = (String, Vec<u8>);

/// Pages that could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct Unopened {
    /// As the user named it.
    pub path: String,
    /// Why.
    pub reason: String,
}

impl Unopened {
    fn new(path: &Path, error: &io::Error) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::NotFound => "no such file or folder".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => error.to_string(),
        };
        Unopened { path: shown(path), reason }
    }
}

/// Pages that belong together, not read yet.
#[derive(Clone, Debug, Default)]
pub struct Docset {
    files: Vec<File>,
    /// Files of a folder named `includes`: parts of pages. One that no page includes is a page.
    parts: Vec<File>,
    /// The canonical paths of the pages, and of the parts.
    seen: [HashSet<PathBuf>; 2],
    unopened: Vec<Unopened>,
}

#[derive(Clone, Debug)]
struct File {
    name: Arc<str>,
    text: Text,
}

#[derive(Clone, Debug)]
enum Text {
    /// At this path; what it includes must be below one of the roots.
    At(PathBuf, Arc<[PathBuf]>),
    /// At hand.
    Held(Arc<[u8]>),
}

/// How many pages a thread reads before it hands them on.
const BATCH: usize = 8;

/// How many batches of each thread may wait for the one that is due.
const AHEAD: usize = 2;

impl Docset {
    /// Pages that are at hand; they include nothing.
    pub fn of(sources: Vec<Source>) -> Self {
        let files = sources.into_iter().map(|(name, bytes)| File { name: name.into(), text: Text::Held(bytes.into()) });
        Docset { files: files.collect(), ..Docset::default() }
    }

    /// Adds a page that is at hand.
    pub fn add(&mut self, (name, bytes): Source) {
        self.files.push(File { name: name.into(), text: Text::Held(bytes.into()) });
    }

    /// Finds the pages of files and folders, in the order given; each file once. Of a folder: its
    /// `*.md`, deep and by name, without what is hidden, ignored (`.gitignore`) or in
    /// `node_modules`. A link to a file is followed, one to a folder is not. A file that is named
    /// is a page, whatever its name.
    ///
    /// # Errors
    /// [`Unopened`] for the first path given that is not there.
    pub fn open(paths: &[PathBuf]) -> Result<Self, Unopened> {
        let mut docset = Docset::default();
        for path in paths {
            let is_folder = std::fs::metadata(path).map_err(|error| Unopened::new(path, &error))?.is_dir();
            let roots: Arc<[PathBuf]> = roots(path, is_folder).into();
            if is_folder {
                docset.walk(path, &roots);
            } else if path.is_file() {
                let whole = path.canonicalize().unwrap_or_else(|_| path.clone());
                docset.found(path.clone(), whole, &roots, false);
            } else {
                return Err(Unopened { path: shown(path), reason: "neither a file nor a folder".to_owned() });
            }
        }
        Ok(docset)
    }

    fn walk(&mut self, folder: &Path, roots: &Arc<[PathBuf]>) {
        let walk = WalkBuilder::new(folder)
            .require_git(false)
            .git_global(false)
            .filter_entry(|entry| entry.depth() == 0 || entry.file_name() != OsStr::new("node_modules"))
            .sort_by_file_name(Ord::cmp)
            .build();
        let root = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        for entry in walk {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.unopened.push(unread(folder, &error));
                    continue;
                }
            };
            let path = entry.path();
            let is_page = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("md"));
            let is_link = entry.path_is_symlink();
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file()) || (is_link && path.is_file());
            if is_page && entry.depth() > 0 && is_file {
                let below = path.strip_prefix(folder).unwrap_or(path);
                // Finding the whole path takes a dozen calls; below a known folder only a link needs it.
                let whole = if is_link { path.canonicalize().ok() } else { None };
                let whole = whole.unwrap_or_else(|| root.join(below));
                let part = below.parent().is_some_and(|p| p.iter().any(|name| name == OsStr::new("includes")));
                self.found(path.to_owned(), whole, roots, part);
            }
        }
    }

    fn found(&mut self, path: PathBuf, whole: PathBuf, roots: &Arc<[PathBuf]>, part: bool) {
        let [pages, parts] = &mut self.seen;
        if !part && parts.remove(&whole) {
            // It was found in a folder, and now it is named: a page.
            self.parts.retain(
                |file| !matches!(&file.text, Text::At(at, _) if at.canonicalize().ok().as_ref() == Some(&whole)),
            );
        }
        if pages.contains(&whole) || parts.contains(&whole) {
            return;
        }
        if part {
            parts.insert(whole)
        } else {
            pages.insert(whole)
        };
        let file = File { name: shown(&path).into(), text: Text::At(path, Arc::clone(roots)) };
        if part { self.parts.push(file) } else { self.files.push(file) }
    }

    /// Reads every page on all cores: `of` makes of each what is wanted, and `then` gets that, in
    /// the order of the pages and on this thread. Gives what could not be read.
    pub fn read<T: Send>(self, of: impl Fn(Reading) -> T + Sync, mut then: impl FnMut(T)) -> Vec<Unopened> {
        let mut unopened = self.unopened;
        let [pages, _] = self.seen;
        let included = Included::of(pages);
        let names = self.files.iter().chain(&self.parts).map(|file| &*file.name);
        let stems = stems::stems(names);
        let (stems, stems_of_parts) = stems.split_at(self.files.len());
        each(&self.files, stems, &included, &of, &mut then, &mut unopened);
        let stands_alone = |file: &&File| !matches!(&file.text, Text::At(path, _) if included.has(path));
        // Parts may include parts: those that stand alone say which do not.
        for part in self.parts.iter().filter(stands_alone) {
            let _ = part.read("", &included);
        }
        let left: (Vec<File>, Vec<String>) = self
            .parts
            .iter()
            .zip(stems_of_parts)
            .filter(|(f, _)| stands_alone(f))
            .map(|(f, s)| (f.clone(), s.clone()))
            .unzip();
        each(&left.0, &left.1, &included, &of, &mut then, &mut unopened);
        unopened
    }
}

/// One thread a core, each reading every so-manieth batch ahead, so that the pages come in order and
/// few of them wait.
fn each<T: Send>(
    files: &[File],
    stems: &[String],
    included: &Included,
    of: &(impl Fn(Reading) -> T + Sync),
    then: &mut impl FnMut(T),
    unopened: &mut Vec<Unopened>,
) {
    let one = |at: usize| files[at].read(&stems[at], included).map(of);
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(files.len() / BATCH);
    let mut take = |read: Result<T, Unopened>| match read {
        Ok(made) => then(made),
        Err(error) => unopened.push(error),
    };
    if cores < 2 {
        (0..files.len()).for_each(|at| take(one(at)));
        return;
    }
    let stopped = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let receivers: Vec<_> = (0..cores)
            .map(|first| {
                let (send, receive) = sync_channel(AHEAD);
                let (one, stopped) = (&one, &stopped);
                scope.spawn(move || {
                    for start in (first * BATCH..files.len()).step_by(cores * BATCH) {
                        let batch: Vec<_> = (start..files.len().min(start + BATCH)).map(one).collect();
                        if stopped.load(Ordering::Relaxed) || send.send(batch).is_err() {
                            return;
                        }
                    }
                });
                receive
            })
            .collect();
        for batch in 0..files.len().div_ceil(BATCH) {
            match receivers[batch % cores].recv() {
                Ok(batch) => batch.into_iter().for_each(&mut take),
                // The thread is gone: it has panicked, and the scope says so.
                Err(_) => break,
            }
        }
        stopped.store(true, Ordering::Relaxed);
        drop(receivers);
    });
}

impl File {
    fn read(&self, stem: &str, included: &Included) -> Result<Reading, Unopened> {
        match &self.text {
            Text::Held(bytes) => Ok(study(&self.name, stem, bytes.to_vec(), &mut |_| None)),
            Text::At(path, roots) => {
                let bytes = std::fs::read(path).map_err(|error| Unopened::new(path, &error))?;
                let mut inclusion = Inclusion::new(roots, included);
                Ok(study(&self.name, stem, bytes, &mut |named| inclusion.of(&self.name, path, named)))
            }
        }
    }
}

fn unread(folder: &Path, error: &ignore::Error) -> Unopened {
    let mut error = error;
    let mut place = None;
    loop {
        error = match error {
            ignore::Error::WithPath { path, err } => {
                place = Some(path.as_path());
                err
            }
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => err,
            ignore::Error::Io(io) => return Unopened::new(place.unwrap_or(folder), io),
            other => return Unopened { path: shown(place.unwrap_or(folder)), reason: other.to_string() },
        };
    }
}
