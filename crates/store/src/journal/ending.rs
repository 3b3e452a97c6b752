//! Tear or damage? What stands behind the last whole frame of the last segment decides.
//!
//! Pure: sectors go in, a verdict comes out. The rule is docs/formats.md, "Journal frame", "The end".
//!
//! A frame that was being written when the power failed shows any subset of its sectors; the others are zeros, or the file ends
//! before them. Such a frame was never acknowledged and may be cut off. But the same picture in front of a later frame is the
//! loss of something that was synced, and a frame that has all its sectors and still does not hold was changed: that is damage,
//! and nobody cuts it off unasked.

use bytes::Bytes;

use super::codec::{Header, Role, SECTOR_BYTES, Seal, complete, decode, decode_genesis, is_zero};
use super::{Absence, Reason};

/// A frame that may stand last: all of it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    bytes: Bytes,
    note: Bytes,
}

impl Whole {
    /// Checks the frame that `header` stands in front of; `stored` is the whole of it, or all up to the end of the file.
    ///
    /// # Errors
    /// The [`Reason`] why it may not stand last; a blanked attachment is one, since what allows it would stand behind.
    pub fn check(header: &Header, stored: Bytes) -> Result<Whole, Reason> {
        let bytes = complete(header, stored)?;
        if header.role == Role::Genesis {
            return decode_genesis(header, &bytes).map(|genesis| Whole {
                bytes,
                note: genesis.note,
            });
        }
        let decoded = decode(header, &bytes)?;
        match decoded.absent.first().map(|absent| absent.absence) {
            None => Ok(Whole {
                bytes,
                note: decoded.frame.note,
            }),
            Some(Absence::Blanked) => Err(Reason::BlankedLast),
            Some(Absence::Damaged) => Err(Reason::Attachment),
        }
    }

    /// Header, body and padding.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The frame's note.
    pub fn note(&self) -> &Bytes {
        &self.note
    }
}

/// The verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nothing but zeros: the journal ends here.
    Clean,
    /// What is left of an interrupted write.
    Torn {
        /// How many bytes from here on are to be overwritten with zeros at least; behind them there are only zeros.
        bytes: u64,
    },
    /// Anything else.
    Damaged {
        /// The byte in the segment.
        offset: u64,
        /// What does not hold there.
        reason: Reason,
    },
}

/// Everything from a sector boundary to the end of the segment, taken in sector by sector.
#[derive(Clone, Debug)]
pub struct Tail {
    seal: Seal,
    broken: Option<(Header, Reason)>,
    /// The byte in the segment where it begins.
    begin: u64,
    /// The byte in the segment up to which it was taken in.
    seen: u64,
    /// How many whole sectors of the broken frame are not zeros.
    written: u64,
    /// The first sector that is not zeros and not part of the broken frame.
    stray: Option<u64>,
    /// The first genuine header behind the first sector, or in it if no broken frame begins there.
    later: Option<u64>,
    /// The end of the last byte that is not part of an empty sector.
    used: u64,
}

impl Tail {
    /// Behind a whole frame that ends at byte `begin`, where no header attaches.
    pub fn behind_whole(begin: u64, seal: Seal) -> Tail {
        Tail {
            seal,
            broken: None,
            begin,
            seen: begin,
            written: 0,
            stray: None,
            later: None,
            used: begin,
        }
    }

    /// From byte `begin` on, where the last frame that has a header begins; it attaches, and does not hold for a reason.
    pub fn of_broken(header: Header, reason: Reason, begin: u64, seal: Seal) -> Tail {
        Tail {
            broken: Some((header, reason)),
            ..Tail::behind_whole(begin, seal)
        }
    }

    /// Takes in the bytes that follow. All calls but the last bring whole sectors.
    pub fn take(&mut self, bytes: &[u8]) {
        for sector in bytes.chunks(SECTOR_BYTES) {
            self.take_sector(sector);
        }
    }

    fn take_sector(&mut self, sector: &[u8]) {
        let offset = self.seen;
        self.seen += sector.len() as u64;
        if is_zero(sector) {
            return;
        }
        self.used = self.seen;
        let header_expected = offset == self.begin && self.broken.is_some();
        if !header_expected && Header::genuine(sector, self.seal).is_some() {
            self.later.get_or_insert(offset);
        }
        let own = self
            .broken
            .as_ref()
            .is_some_and(|(header, _)| offset - self.begin < header.padded());
        if !own {
            self.stray.get_or_insert(offset);
        } else if sector.len() == SECTOR_BYTES {
            // A sector that the file ends in counts as missing.
            self.written += 1;
        }
    }

    /// The verdict over all that was taken in.
    pub fn ending(self) -> Ending {
        if let Some(later) = self.later {
            return Ending::Damaged {
                offset: self.begin,
                reason: Reason::Later { later },
            };
        }
        match self.broken {
            None => self.without_header(),
            Some((header, reason)) => {
                let missing = header.padded() / SECTOR_BYTES as u64 - self.written;
                if missing <= u64::from(header.zero_sectors) {
                    return Ending::Damaged {
                        offset: self.begin,
                        reason,
                    };
                }
                match self.stray {
                    // An interrupted write leaves nothing behind the frame it was to write.
                    Some(offset) => Ending::Damaged {
                        offset,
                        reason: Reason::Stray,
                    },
                    None => Ending::Torn {
                        bytes: self.used - self.begin,
                    },
                }
            }
        }
    }

    fn without_header(self) -> Ending {
        match self.stray {
            None => Ending::Clean,
            // The header's own sector has something in it that is no header; unless the file ends in it, it was written.
            Some(offset) if offset == self.begin && self.seen - offset >= SECTOR_BYTES as u64 => Ending::Damaged {
                offset,
                reason: Reason::Header,
            },
            Some(_) => Ending::Torn {
                bytes: self.used - self.begin,
            },
        }
    }
}
