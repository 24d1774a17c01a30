//! `graphspec init`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use super::args::InitArgs;
use super::{Refused, note};

/// What is written; a test reads it as configuration, remarks taken off.
pub const BEGINNING: &str = include_str!("graphspec.toml");

pub fn main(args: &InitArgs) -> Result<u8, Refused> {
    let path = args.file.display();
    let made = OpenOptions::new().write(true).create_new(true).open(&args.file);
    let mut file = made.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Refused(format!("{path} is there already; it is left as it is")),
        _ => Refused(format!("{path}: {error}")),
    })?;
    file.write_all(BEGINNING.as_bytes()).map_err(|error| Refused(format!("{path}: {error}")))?;
    note(&format!("wrote {path}; `graphspec run --target local` uses its first target"));
    Ok(0)
}
