//! A journal in memory, for tests and for logs that are made to be thrown away.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::codec::{
    ATTACHMENT_PREFIX_BYTES, Chain, ENTRY_PREFIX_BYTES, Header, Seal, attachment_places, decode, encode,
    encode_genesis, open_attachment, open_entry,
};
use super::{
    Attachment, Frame, FramePlace, Frames, Genesis, Journal, JournalError, Kind, Place, Reason, RecordPlace, Replayed,
};

/// A journal in memory: one segment, in the format of the files. Nothing of it outlives the process.
pub struct MemoryJournal {
    genesis: Genesis,
    inner: Mutex<Inner>,
}

struct Inner {
    segment: Vec<u8>,
    frames: Vec<(u64, Header, Kind)>,
    chain: Chain,
    last_note: Bytes,
    buffer: Vec<u8>,
}

impl MemoryJournal {
    /// Makes a journal.
    ///
    /// # Panics
    /// If the genesis is longer than a frame may be.
    pub fn new(genesis: Genesis) -> MemoryJournal {
        let mut segment = Vec::new();
        let header = encode_genesis(&genesis, &mut segment).expect("the caller's genesis fits into a frame");
        let chain = Chain::behind(&header, Seal::of(&genesis.seed));
        let last_note = genesis.note.clone();
        let inner = Inner {
            segment,
            frames: Vec::new(),
            chain,
            last_note,
            buffer: Vec::new(),
        };
        MemoryJournal {
            genesis,
            inner: Mutex::new(inner),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Every change under this lock begins when nothing can fail any more, so it is whole even after a panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for MemoryJournal {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn size(&self) -> u64 {
        self.inner().chain.size
    }

    fn last_note(&self) -> Bytes {
        self.inner().last_note.clone()
    }

    fn append(&self, frame: &Frame) -> Result<FramePlace, JournalError> {
        let inner = &mut *self.inner();
        if frame.first != inner.chain.size {
            return Err(JournalError::NotExtending {
                first: frame.first,
                size: inner.chain.size,
            });
        }
        let header = encode(frame, &inner.chain, &mut inner.buffer)?;
        let offset = inner.segment.len() as u64;
        inner.segment.extend_from_slice(&inner.buffer);
        inner.chain = Chain::behind(&header, inner.chain.seal);
        inner.frames.push((offset, header, frame.kind));
        if frame.kind == Kind::Commit {
            inner.last_note = frame.note.clone();
        }
        Ok(FramePlace { segment: 0, offset })
    }

    fn replay(&self, from: u64) -> Result<Frames<'_>, JournalError> {
        let inner = self.inner();
        let wanted = inner.frames.iter().filter(|(_, header, kind)| {
            *kind != Kind::Closing && (header.end() > from || header.count == 0 && header.first >= from)
        });
        let replayed: Vec<_> = wanted.map(|(offset, header, _)| inner.frame(*offset, header)).collect();
        Ok(Box::new(replayed.into_iter()))
    }

    fn key_changes(&self) -> Result<Vec<Replayed>, JournalError> {
        let inner = self.inner();
        let changes = inner.frames.iter().filter(|(.., kind)| *kind == Kind::KeyChange);
        changes
            .map(|(offset, header, _)| inner.frame(*offset, header))
            .collect()
    }

    fn read(&self, place: &Place) -> Result<Attachment, JournalError> {
        let inner = self.inner();
        let stored = inner.stored(place).ok_or(JournalError::NotAnAttachment(*place))?;
        match open_attachment(&Bytes::copy_from_slice(stored), place.length) {
            Some(attachment) => attachment.map_err(|reason| damaged(place.offset, reason)),
            None => Err(JournalError::NotAnAttachment(*place)),
        }
    }

    fn read_entry(&self, place: &RecordPlace) -> Result<Bytes, JournalError> {
        let offset = place.frame.offset.saturating_add(u64::from(place.begin));
        let begin = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = begin.saturating_add(ENTRY_PREFIX_BYTES + usize::from(place.entry_bytes));
        let inner = self.inner();
        let stored = inner.segment.get(begin..end).filter(|_| place.frame.segment == 0);
        stored
            .and_then(|stored| open_entry(&Bytes::copy_from_slice(stored), place.entry_bytes))
            .ok_or_else(|| damaged(offset, Reason::Lengths))
    }

    fn blank(&self, places: &[Place]) -> Result<(), JournalError> {
        let inner = &mut *self.inner();
        let last = inner
            .frames
            .iter()
            .rev()
            .find(|(_, _, kind)| *kind != Kind::Closing)
            .map(|(offset, ..)| *offset);
        let mut ranges = Vec::with_capacity(places.len());
        for place in places {
            if place.segment == 0 && Some(place.frame_offset) == last {
                return Err(JournalError::InLastFrame(*place));
            }
            ranges.push(inner.range(place)?);
        }
        for range in ranges {
            inner.segment[range].fill(0);
        }
        Ok(())
    }
}

impl Inner {
    fn frame(&self, offset: u64, header: &Header) -> Result<Replayed, JournalError> {
        let begin = usize::try_from(offset).expect("it lies in memory");
        let length = usize::try_from(header.padded()).expect("it lies in memory");
        let bytes = Bytes::copy_from_slice(&self.segment[begin..begin + length]);
        let decoded = decode(header, &bytes).map_err(|reason| damaged(offset, reason))?;
        Ok(Replayed {
            frame: decoded.frame,
            place: FramePlace { segment: 0, offset },
            absent: decoded.absent,
        })
    }

    /// What should be an attachment, with its length and CRC32C in front.
    fn stored(&self, place: &Place) -> Option<&[u8]> {
        let begin = usize::try_from(place.offset)
            .ok()?
            .checked_sub(ATTACHMENT_PREFIX_BYTES)?;
        let end = begin.checked_add(ATTACHMENT_PREFIX_BYTES + place.length as usize)?;
        self.segment.get(begin..end).filter(|_| place.segment == 0)
    }

    /// Where an attachment lies, if `place` is exactly that.
    fn range(&self, place: &Place) -> Result<std::ops::Range<usize>, JournalError> {
        let refused = JournalError::NotAnAttachment(*place);
        let Some((offset, header, _)) = self.frames.iter().find(|(offset, ..)| *offset == place.frame_offset) else {
            return Err(refused);
        };
        let replayed = self.frame(*offset, header)?;
        if !attachment_places(&replayed.frame, replayed.place)
            .iter()
            .flatten()
            .any(|known| known == place)
        {
            return Err(refused);
        }
        let begin = usize::try_from(place.offset).expect("it lies in memory");
        Ok(begin..begin + place.length as usize)
    }
}

fn damaged(offset: u64, reason: Reason) -> JournalError {
    JournalError::Damaged {
        file: PathBuf::from("memory"),
        offset,
        reason,
    }
}

impl fmt::Debug for MemoryJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryJournal")
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}
