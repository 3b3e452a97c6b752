//! From header to header, without a look at what lies between.

use std::path::Path;

use super::segment;
use super::window::Window;
use crate::journal::codec::{Chain, Header, Role, Seal};
use crate::journal::{JournalError, Reason};

/// A walk over the headers of one segment, and on into the next.
pub(super) struct Walk {
    pub(super) window: Window,
    pub(super) number: u32,
    /// Where the next header is looked for.
    pub(super) offset: u64,
    seal: Seal,
    /// Unknown in front of the first frame, which is taken at its word.
    chain: Option<Chain>,
}

impl Walk {
    pub(super) fn begin(directory: &Path, number: u32, seal: Seal) -> Result<Walk, JournalError> {
        let window = Window::open(segment::path(directory, number))?;
        Ok(Walk {
            window,
            number,
            offset: 0,
            seal,
            chain: None,
        })
    }

    /// The next header and where it stands, and moves on behind its frame; `None` where no header stands.
    ///
    /// A header that stands there and does not attach to the one in front is an error, and so is none at the beginning.
    pub(super) fn next_header(&mut self) -> Result<Option<(u64, Header)>, JournalError> {
        let offset = self.offset;
        let is_genesis = (self.number, offset) == (0, 0);
        let seal = if is_genesis { Seal::of_genesis() } else { self.seal };
        let header = Header::parse(self.window.sector(offset)?, seal).and_then(|header| {
            if is_genesis != (header.role == Role::Genesis) {
                return Err(Reason::Header);
            }
            self.chain
                .map_or(Ok(header), |chain| chain.admit(&header).map(|()| header))
        });
        match header {
            Ok(header) => {
                self.chain = Some(Chain::behind(&header, self.seal));
                self.offset += header.padded();
                Ok(Some((offset, header)))
            }
            Err(Reason::Header) if offset > 0 => Ok(None),
            Err(reason) => Err(self.window.damaged(offset, reason)),
        }
    }

    /// Goes on with the next segment, whose first frame must attach to the last one of this.
    pub(super) fn enter_next(&mut self, directory: &Path) -> Result<(), JournalError> {
        self.number += 1;
        self.offset = 0;
        self.window = Window::open(segment::path(directory, self.number))?;
        Ok(())
    }
}
