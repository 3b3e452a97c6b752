//! Writing an evidence file: it appears whole, or not at all.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use indelible_event::{EvidenceHeader, EvidenceLine};
use tempfile::NamedTempFile;

/// An evidence file that is being written.
#[derive(Debug)]
pub(in crate::cmd) struct EvidenceWriter {
    path: PathBuf,
    out: BufWriter<NamedTempFile>,
}

impl EvidenceWriter {
    /// Begins a file that comes to stand at `path` when it is [finished](EvidenceWriter::finish). Only its owner may read it: it holds
    /// what the log keeps from strangers.
    pub(in crate::cmd) fn create(path: &Path, header: &EvidenceHeader) -> io::Result<EvidenceWriter> {
        let file = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o600))
            .tempfile_in(folder(path))
            .map_err(named(path))?;
        let mut out = BufWriter::new(file);
        writeln!(out, "{header}").map_err(named(path))?;
        Ok(EvidenceWriter {
            path: path.to_owned(),
            out,
        })
    }

    /// Adds a line, which the caller has checked.
    pub(in crate::cmd) fn write(&mut self, line: &EvidenceLine) -> io::Result<()> {
        writeln!(self.out, "{line}").map_err(named(&self.path))
    }

    /// Puts the file in its place. Durable when it returns.
    pub(in crate::cmd) fn finish(self) -> io::Result<()> {
        let path = self.path;
        let file = self
            .out
            .into_inner()
            .map_err(|error| named(&path)(error.into_error()))?;
        file.as_file().sync_all().map_err(named(&path))?;
        file.persist(&path).map_err(|error| named(&path)(error.error))?;
        File::open(folder(&path))
            .and_then(|folder| folder.sync_all())
            .map_err(named(&path))
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn named(path: &Path) -> impl Fn(io::Error) -> io::Error + '_ {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
