//! Reading an evidence file, line by line, as often as it takes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use indelible_event::{EvidenceHeader, EvidenceLine, EvidenceLines, MalformedLine};

use crate::cmd::Failure;

/// An evidence file whose header could be read.
#[derive(Debug)]
pub(in crate::cmd) struct EvidenceFile {
    header: EvidenceHeader,
    file: File,
}

impl EvidenceFile {
    /// Opens a file; `-` is stdin. What can be read only once, such as a pipe, is copied to a temporary file first.
    pub(in crate::cmd) fn open(path: &Path) -> Result<EvidenceFile, Failure> {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let file = match path == Path::new("-") {
            true => spooled(io::stdin().lock()).map_err(named)?,
            false => {
                let file = File::open(path).map_err(named)?;
                match file.metadata().map_err(named)?.is_file() {
                    true => file,
                    false => spooled(file).map_err(named)?,
                }
            }
        };
        let mut first = Vec::new();
        BufReader::new(&file)
            .take(HEADER_BYTES)
            .read_until(b'\n', &mut first)
            .map_err(named)?;
        let line = first.strip_suffix(b"\n").unwrap_or(&first);
        let header =
            EvidenceHeader::parse(line).map_err(|error| format!("{} is no evidence: {error}", path.display()))?;
        Ok(EvidenceFile { header, file })
    }

    /// The first line. What it says is a hint.
    pub(in crate::cmd) fn header(&self) -> &EvidenceHeader {
        &self.header
    }

    /// Hands out the other lines, from the first on, each with its number. At most one is in memory.
    pub(in crate::cmd) fn lines(
        &mut self,
        mut each: impl FnMut(u64, Result<EvidenceLine, MalformedLine>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut each = |number, line: &[u8]| match number {
            1 => Ok(()),
            _ => each(number, EvidenceLine::parse(line)),
        };
        self.file.rewind()?;
        let mut lines = EvidenceLines::default();
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            match self.file.read(&mut piece)? {
                0 => break,
                length => lines.push::<Failure>(&piece[..length], &mut each)?,
            }
        }
        match lines.finish() {
            Some((number, line)) => each(number, &line),
            None => Ok(()),
        }
    }
}

fn spooled(source: impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    let length = io::copy(&mut source.take(SPOOLED_BYTES_MAX + 1), &mut file)?;
    if length > SPOOLED_BYTES_MAX {
        let words = format!("more than {SPOOLED_BYTES_MAX} bytes: give it as a file");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, words));
    }
    file.rewind()?;
    Ok(file)
}

/// One byte more than a header has at most (1 MiB), and its line feed: what is too long is refused by the parser.
const HEADER_BYTES: u64 = (1 << 20) + 2;
/// What is read at a time.
const PIECE_BYTES: usize = 1 << 18;
/// A million events of 4 kB with their proofs.
const SPOOLED_BYTES_MAX: u64 = 4 << 30;
