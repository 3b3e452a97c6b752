//! Appending: a frame goes behind the last one, and is durable before anybody hears of it.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::Options;
use super::segment::{self, SEGMENTS_MAX, failed, write_zeros};
use super::survey::Stand;
use crate::journal::codec::{Chain, Header, SECTOR_BYTES, Seal, encode};
use crate::journal::{Frame, FramePlace, JournalError, Kind};

/// The end of a journal, and what is needed to write there.
pub(super) struct Writer {
    pub(super) directory: PathBuf,
    /// A multiple of a sector.
    segment_bytes: u64,
    /// The last segment.
    pub(super) number: u32,
    file: File,
    /// The byte behind the last frame.
    end: u64,
    /// The length of the file: from `end` to here it holds zeros.
    length: u64,
    pub(super) chain: Chain,
    /// The last frame that is no closing record.
    pub(super) active: FramePlace,
    /// The bytes of a frame while it is written; kept, so that an append allocates nothing.
    buffer: Vec<u8>,
    /// Set before a write and cleared when it succeeded.
    pub(super) in_doubt: bool,
}

/// The last segment as it lies on disk.
pub(super) struct LastSegment {
    pub(super) file: File,
    pub(super) length: u64,
    /// Its last frame.
    pub(super) last: Stand,
}

impl Writer {
    /// Writes behind `segment`. `active` is the last frame that is no closing record.
    pub(super) fn behind(
        segment: LastSegment,
        active: Stand,
        directory: &Path,
        options: Options,
        seal: Seal,
    ) -> Writer {
        Writer {
            directory: directory.to_owned(),
            segment_bytes: whole_sectors(options),
            number: segment.last.segment,
            file: segment.file,
            end: segment.last.end(),
            length: segment.length,
            chain: Chain::behind(&segment.last.header, seal),
            active: active.place(),
            buffer: Vec::new(),
            in_doubt: false,
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.chain.size
    }

    pub(super) fn end(&self) -> u64 {
        self.end
    }

    pub(super) fn append(&mut self, frame: &Frame) -> Result<FramePlace, JournalError> {
        if self.in_doubt {
            return Err(JournalError::Poisoned);
        }
        if frame.first != self.size() {
            return Err(JournalError::NotExtending {
                first: frame.first,
                size: self.size(),
            });
        }
        let header = encode(frame, &self.chain, &mut self.buffer)?;
        // A start, which must know the key before it reads anything else, looks at the first frame of each segment.
        let begins_segment = frame.kind == Kind::KeyChange || self.end + header.padded() > self.segment_bytes;
        let place = match begins_segment {
            true => self.append_in_new_segment(&header)?,
            false => self.append_here(&header)?,
        };
        self.chain = Chain::behind(&header, self.chain.seal);
        if frame.kind != Kind::Closing {
            self.active = place;
        }
        self.buffer.shrink_to(BUFFER_KEPT_BYTES);
        Ok(place)
    }

    fn append_here(&mut self, header: &Header) -> Result<FramePlace, JournalError> {
        let path = segment::path(&self.directory, self.number);
        let place = FramePlace {
            segment: self.number,
            offset: self.end,
        };
        let end = self.end + header.padded();
        let length = if end <= self.length {
            self.length
        } else {
            length_for(self.end, end, self.segment_bytes)
        };
        if length > self.length {
            self.pad_buffer(length - self.end);
        }
        self.in_doubt = true;
        if let Err(error) = self.file.write_all_at(&self.buffer, self.end) {
            // Some of the frame may be there, up to any byte. Without its header it is recognised as a tear; if this fails
            // too, opening the journal judges what it finds.
            write_zeros(&self.file, self.end, SECTOR_BYTES as u64).ok();
            return Err(failed("write to", &path)(error));
        }
        // In the page cache: if the process dies here, the frame is found and synced at the next start, or lost with the
        // power as a tear. Nobody has been told.
        self.file.sync_data().map_err(failed("sync", &path))?;
        self.in_doubt = false;
        self.end = end;
        self.length = length;
        Ok(place)
    }

    fn append_in_new_segment(&mut self, header: &Header) -> Result<FramePlace, JournalError> {
        let number = self.number + 1;
        if number == SEGMENTS_MAX {
            return Err(JournalError::Full { segments: SEGMENTS_MAX });
        }
        let length = length_for(0, header.padded(), self.segment_bytes);
        self.pad_buffer(length);
        self.in_doubt = true;
        self.file = segment::give_birth(&self.directory, number, &self.buffer)?;
        self.in_doubt = false;
        self.number = number;
        self.end = header.padded();
        self.length = length;
        Ok(FramePlace {
            segment: number,
            offset: 0,
        })
    }

    fn pad_buffer(&mut self, length: u64) {
        self.buffer.resize(
            usize::try_from(length).expect("a frame of at most 128 MiB, or at most 512 KiB"),
            0,
        );
    }
}

/// How long the file is to be when a frame from `begin` to `end` makes it longer.
///
/// A small frame brings zeros along, so that the next ones only overwrite: a sync then need not write the file's new length,
/// which is a third of its time. For a large one that does not pay.
pub(super) fn length_for(begin: u64, end: u64, segment_bytes: u64) -> u64 {
    match end - begin < SMALL_FRAME_BYTES {
        true => end.next_multiple_of(GROWTH_BYTES).min(segment_bytes).max(end),
        false => end,
    }
}

/// The most that a segment may have, as a multiple of a sector.
pub(super) fn whole_sectors(options: Options) -> u64 {
    options.segment_bytes - options.segment_bytes % SECTOR_BYTES as u64
}

const SMALL_FRAME_BYTES: u64 = 128 << 10;
const GROWTH_BYTES: u64 = 256 << 10;
/// Twice the 4 MiB of a commit. A rare frame of 128 MiB does not keep its memory.
const BUFFER_KEPT_BYTES: usize = 8 << 20;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tempfile::TempDir;

    use super::*;
    use crate::journal::codec::encode_genesis;
    use crate::journal::{Genesis, Record};

    /// With one more digit the next start would not find the segment.
    #[test]
    fn no_segment_is_made_beyond_the_last_name() {
        let home = TempDir::new().unwrap();
        let genesis = Genesis {
            seed: [7; 16],
            description: Bytes::new(),
            note: Bytes::new(),
        };
        let mut buffer = Vec::new();
        let header = encode_genesis(&genesis, &mut buffer).unwrap();
        for (number, full) in [(SEGMENTS_MAX - 2, false), (SEGMENTS_MAX - 1, true)] {
            let file = segment::give_birth(home.path(), number, &buffer).unwrap();
            let last = Stand {
                segment: number,
                offset: 0,
                header,
            };
            let segment = LastSegment {
                file,
                length: 512,
                last,
            };
            let options = Options { segment_bytes: 512 };
            let mut writer = Writer::behind(segment, last, home.path(), options, Seal::of(&genesis.seed));
            let records = vec![Record {
                entry: Bytes::from_static(b"entry"),
                attachments: Vec::new(),
            }];
            let frame = Frame {
                kind: Kind::Commit,
                first: 0,
                records,
                note: Bytes::new(),
            };
            match writer.append(&frame) {
                Ok(place) => assert_eq!((place.segment, full), (SEGMENTS_MAX - 1, false)),
                Err(JournalError::Full { segments: SEGMENTS_MAX }) => assert!(full),
                Err(other) => panic!("{other}"),
            }
            std::fs::remove_file(segment::path(home.path(), SEGMENTS_MAX - 1)).ok();
        }
    }
}
