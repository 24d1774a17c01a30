//! Where reports go: stdout, or files that are written whole.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

use super::Refused;
use crate::event::Event;
use crate::report::{self, Format, Reporter};

/// Report files that are not in their place yet, for an exit that drops nothing.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes the files of reports that are not finished.
pub fn discard() {
    for path in UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        let _ = std::fs::remove_file(path);
    }
}

/// How the pretty report looks.
pub struct Style {
    pub color: bool,
    pub width: Option<usize>,
    pub quiet: bool,
    pub verbose: bool,
    pub token_env: Option<String>,
}

/// All reports of a run.
pub struct Outputs {
    reporters: Vec<Box<dyn Reporter>>,
    files: Vec<(NamedTempFile, PathBuf)>,
}

impl Outputs {
    /// Opens what `--report` asks for; stdout is the pretty report's unless another takes it.
    pub fn open(asked: &[String], style: Style) -> Result<Self, Refused> {
        let mut outputs = Outputs { reporters: Vec::new(), files: Vec::new() };
        let mut taken: Option<&str> = None;
        let mut paths: Vec<PathBuf> = Vec::new();
        for text in asked {
            let (name, path) = match text.split_once('=') {
                Some((name, path)) => (name, Some(path).filter(|p| *p != "-")),
                None => (text.as_str(), None),
            };
            let format = format(name)?;
            match path {
                None => {
                    if let Some(other) = taken.replace(name) {
                        return Err(Refused(format!(
                            "--report {other} and --report {name} both want stdout; give one a path, as in {name}=FILE"
                        )));
                    }
                    outputs.add(format, Box::new(BufWriter::new(io::stdout())), &style);
                }
                Some(path) => {
                    let path = PathBuf::from(path);
                    let whole = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
                    let whole: PathBuf = whole.components().collect();
                    if paths.contains(&whole) {
                        return Err(Refused(format!("--report: two reports go to {}", path.display())));
                    }
                    let file = beside(&path)?;
                    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).push(file.path().to_owned());
                    let writer = file.reopen()?;
                    outputs.files.push((file, path.clone()));
                    paths.push(whole);
                    let plain = Style { color: false, width: None, token_env: style.token_env.clone(), ..style };
                    outputs.add(format, Box::new(BufWriter::new(writer)), &plain);
                }
            }
        }
        if taken.is_none() {
            // A person sees each line as it comes; a pipe gets them in blocks.
            let out: Box<dyn Write> = if io::stdout().is_terminal() {
                Box::new(io::LineWriter::new(io::stdout()))
            } else {
                Box::new(Prompt { out: BufWriter::new(io::stdout()), flushed: Instant::now() })
            };
            outputs.add(Format::Pretty, out, &style);
        }
        Ok(outputs)
    }

    fn add(&mut self, format: Format, out: Box<dyn Write>, style: &Style) {
        self.reporters.push(match format {
            Format::Pretty => Box::new(report::Pretty::new(
                out,
                report::Style {
                    color: style.color,
                    width: style.width,
                    level: match (style.quiet, style.verbose) {
                        (true, _) => report::Level::Quiet,
                        (_, true) => report::Level::Verbose,
                        _ => report::Level::Normal,
                    },
                    token_env: style.token_env.clone(),
                },
            )),
            Format::Libtest => Box::new(report::Libtest::new(out, style.color)),
            Format::Json => Box::new(report::Json::new(out)),
        });
    }

    /// Tells every report.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        let mut failed = None;
        self.reporters.retain_mut(|reporter| match reporter.event(event) {
            Ok(()) => true,
            // A reader that hangs up (`| head`) has seen enough; the other reports go on.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => false,
            Err(error) => {
                failed = Some(error);
                false
            }
        });
        failed.map_or(Ok(()), Err)
    }

    /// Puts the files in their places, each by one rename.
    pub fn finish(self) -> Result<(), Refused> {
        drop(self.reporters);
        for (file, path) in self.files {
            file.persist(&path)
                .map_err(|error| Refused(format!("cannot write {}: {}", path.display(), error.error)))?;
        }
        Ok(())
    }
}

/// A buffer that holds nothing back for long while there is something to write.
struct Prompt<W: Write> {
    out: BufWriter<W>,
    flushed: Instant,
}

impl<W: Write> Write for Prompt<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        if self.flushed.elapsed() > Duration::from_millis(100) {
            self.flush()?;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed = Instant::now();
        self.out.flush()
    }
}

fn format(name: &str) -> Result<Format, Refused> {
    Format::parse(name).ok_or_else(|| {
        let near = super::nearest(name, Format::NAMES.iter().copied());
        let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        Refused(format!("--report {name}: there are {}{hint}", Format::NAMES.join(", ")))
    })
}

/// A file beside `path` that will take its place when it is whole.
fn beside(path: &Path) -> Result<NamedTempFile, Refused> {
    let refused = |error: io::Error| Refused(format!("--report: cannot write {}: {error}", path.display()));
    if path.is_dir() {
        return Err(refused(io::Error::other("it is a folder")));
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".graphspec-report-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o644));
    }
    let made: io::Result<NamedTempFile<File>> = builder.tempfile_in(folder);
    made.map_err(refused)
}
