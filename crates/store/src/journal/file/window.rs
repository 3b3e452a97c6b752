//! A segment read from front to back, through a buffer, so that a walk over small frames is no walk over system calls.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::segment::failed;
use crate::journal::codec::{SECTOR_BYTES, is_zero};
use crate::journal::{JournalError, Reason};

/// An open segment and the part of it that was read last.
pub(super) struct Window {
    file: File,
    path: PathBuf,
    /// Where in the segment the buffer was filled from, and how far it is filled.
    begin: u64,
    filled: usize,
    /// Empty until something is read through it.
    buffer: Vec<u8>,
}

impl Window {
    pub(super) fn open(path: PathBuf) -> Result<Window, JournalError> {
        let file = File::open(&path).map_err(failed("open", &path))?;
        Ok(Window {
            file,
            path,
            begin: 0,
            filled: 0,
            buffer: Vec::new(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The sector at `offset`, shorter or empty where the file ends.
    pub(super) fn sector(&mut self, offset: u64) -> Result<&[u8], JournalError> {
        self.at(offset, SECTOR_BYTES)
    }

    /// `bytes` bytes from `offset` on, fewer where the file ends. Allocates for what is there, whatever was asked.
    pub(super) fn frame(&mut self, offset: u64, bytes: u64) -> Result<Bytes, JournalError> {
        if bytes <= WINDOW_BYTES as u64 {
            let bytes = usize::try_from(bytes).expect("no more than a window");
            return Ok(Bytes::copy_from_slice(self.at(offset, bytes)?));
        }
        self.piece(offset, bytes)
    }

    /// The same past the buffer, for a single look.
    pub(super) fn piece(&self, offset: u64, bytes: u64) -> Result<Bytes, JournalError> {
        let metadata = self.file.metadata().map_err(failed("look at", &self.path))?;
        let there = metadata.len().saturating_sub(offset);
        if there == 0 {
            return Ok(Bytes::new());
        }
        let mut piece = vec![0; usize::try_from(bytes.min(there)).expect("a frame has at most 128 MiB")];
        let read = read_at(&self.file, &mut piece, offset).map_err(failed("read", &self.path))?;
        piece.truncate(read);
        Ok(Bytes::from(piece))
    }

    /// Everything from `offset` to the end of the file, in pieces of whole sectors (the last one may be less).
    pub(super) fn for_each_piece(&mut self, mut offset: u64, mut take: impl FnMut(&[u8])) -> Result<(), JournalError> {
        loop {
            let piece = self.at(offset, WINDOW_BYTES)?;
            if piece.is_empty() {
                return Ok(());
            }
            take(piece);
            offset += piece.len() as u64;
        }
    }

    /// Refuses anything but zeros from `offset` to the end of the file.
    pub(super) fn refuse_stray(&mut self, offset: u64) -> Result<(), JournalError> {
        let mut at = offset;
        let mut stray = None;
        self.for_each_piece(offset, |piece| {
            for sector in piece.chunks(SECTOR_BYTES) {
                if !is_zero(sector) {
                    stray.get_or_insert(at);
                }
                at += sector.len() as u64;
            }
        })?;
        stray.map_or(Ok(()), |offset| Err(self.damaged(offset, Reason::Stray)))
    }

    pub(super) fn damaged(&self, offset: u64, reason: Reason) -> JournalError {
        JournalError::Damaged {
            file: self.path.clone(),
            offset,
            reason,
        }
    }

    fn at(&mut self, offset: u64, bytes: usize) -> Result<&[u8], JournalError> {
        let inside = offset >= self.begin && offset + bytes as u64 <= self.begin + self.filled as u64;
        if !inside {
            if self.buffer.is_empty() {
                self.buffer = vec![0; WINDOW_BYTES];
            }
            self.filled = read_at(&self.file, &mut self.buffer, offset).map_err(failed("read", &self.path))?;
            self.begin = offset;
        }
        let begin = usize::try_from(offset - self.begin).expect("inside the window");
        Ok(&self.buffer[begin..self.filled.min(begin + bytes)])
    }
}

/// Reads until `bytes` are full or the file ends.
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut read = 0;
    while read < bytes.len() {
        match file.read_at(&mut bytes[read..], offset + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// Some sixty frames of single entries. Those that are longer are read by themselves.
const WINDOW_BYTES: usize = 64 << 10;
