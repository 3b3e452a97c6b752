//! The frames from some entry on, verified, across segments.

use std::path::{Path, PathBuf};

use super::walk::Walk;
use crate::journal::codec::{Header, Role, Seal, complete, decode};
use crate::journal::{FramePlace, JournalError, Kind, Reason, Replayed};

/// The frames of a journal as it was when the replay began.
pub(super) struct Replay {
    directory: PathBuf,
    from: u64,
    /// The last segment, and the byte in it where the journal ended.
    last: u32,
    end: u64,
    walk: Walk,
    failed: bool,
}

impl Replay {
    /// `starts` are the first indexes of all segments, `end` the byte in the last one where the journal ends.
    pub(super) fn begin(
        directory: &Path,
        seal: Seal,
        from: u64,
        starts: &[u64],
        end: u64,
    ) -> Result<Replay, JournalError> {
        // A frame without entries may stand at `from` at the end of the segment in front of the one that begins with `from`.
        let number = starts.partition_point(|start| *start < from).saturating_sub(1);
        let number = u32::try_from(number).expect("there are at most 10^8 segments");
        let last = u32::try_from(starts.len() - 1).expect("there are at most 10^8 segments");
        let walk = Walk::begin(directory, number, seal)?;
        Ok(Replay {
            directory: directory.to_owned(),
            from,
            last,
            end,
            walk,
            failed: false,
        })
    }

    fn step(&mut self) -> Result<Option<Replayed>, JournalError> {
        while let Some((offset, header)) = self.next_header()? {
            if !self.wants(&header) {
                continue;
            }
            let window = &mut self.walk.window;
            let stored = window.frame(offset, header.padded())?;
            let decoded = complete(&header, stored)
                .and_then(|bytes| decode(&header, &bytes))
                .map_err(|reason| window.damaged(offset, reason))?;
            if decoded.frame.kind != Kind::Closing {
                let place = FramePlace {
                    segment: self.walk.number,
                    offset,
                };
                return Ok(Some(Replayed {
                    frame: decoded.frame,
                    place,
                    absent: decoded.absent,
                }));
            }
        }
        Ok(None)
    }

    fn next_header(&mut self) -> Result<Option<(u64, Header)>, JournalError> {
        loop {
            let is_last = self.walk.number == self.last;
            if is_last && self.walk.offset >= self.end {
                return Ok(None);
            }
            if let Some(found) = self.walk.next_header()? {
                return Ok(Some(found));
            }
            if is_last {
                return Err(self.walk.window.damaged(self.walk.offset, Reason::Header));
            }
            self.walk.window.refuse_stray(self.walk.offset)?;
            self.walk.enter_next(&self.directory)?;
        }
    }

    /// Closing records are wanted too: nobody is given them, but they are verified on the way.
    fn wants(&self, header: &Header) -> bool {
        let Role::Frame(_) = header.role else { return false };
        header.end() > self.from || (header.count == 0 && header.first >= self.from)
    }
}

impl Iterator for Replay {
    type Item = Result<Replayed, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let item = self.step().transpose();
        self.failed = matches!(item, Some(Err(_)));
        item
    }
}
