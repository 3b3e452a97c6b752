//! All headers of a segment, and those among them that matter when a journal is opened.

use std::path::Path;

use super::segment;
use super::walk::Walk;
use super::window::Window;
use crate::journal::codec::{Chain, Header, Role, Seal};
use crate::journal::{FramePlace, JournalError, Kind, Reason};

/// A frame that has a header, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stand {
    pub(super) segment: u32,
    pub(super) offset: u64,
    pub(super) header: Header,
}

impl Stand {
    /// The byte behind it.
    pub(super) fn end(&self) -> u64 {
        self.offset + self.header.padded()
    }

    pub(super) fn place(&self) -> FramePlace {
        FramePlace {
            segment: self.segment,
            offset: self.offset,
        }
    }
}

/// The frames of a segment that matter when it is opened.
#[derive(Clone, Copy)]
pub(super) struct Trail {
    pub(super) first: Stand,
    pub(super) last: Stand,
    /// The last one that is no closing record.
    pub(super) active: Option<Stand>,
    /// The last commit, or the genesis.
    pub(super) commit: Option<Stand>,
}

impl Trail {
    fn begin(first: Stand) -> Trail {
        Trail {
            first,
            last: first,
            active: None,
            commit: None,
        }
        .with(first)
    }

    fn with(self, last: Stand) -> Trail {
        match last.header.role {
            Role::Frame(Kind::Closing) => Trail { last, ..self },
            Role::Frame(Kind::KeyChange) => Trail {
                last,
                active: Some(last),
                ..self
            },
            Role::Frame(Kind::Commit) | Role::Genesis => Trail {
                last,
                active: Some(last),
                commit: Some(last),
                ..self
            },
        }
    }

    /// Both segments seen as one.
    pub(super) fn behind(self, earlier: Trail) -> Trail {
        Trail {
            first: earlier.first,
            last: self.last,
            active: self.active.or(earlier.active),
            commit: self.commit.or(earlier.commit),
        }
    }
}

/// All headers of a segment.
pub(super) struct Survey {
    pub(super) window: Window,
    pub(super) trail: Trail,
    /// The same without the last frame, unless that is the only one.
    pub(super) before: Option<Trail>,
}

pub(super) fn survey(directory: &Path, number: u32, seal: Seal) -> Result<Survey, JournalError> {
    let mut walk = Walk::begin(directory, number, seal)?;
    let mut before = None;
    let mut trail: Option<Trail> = None;
    while let Some((offset, header)) = walk.next_header()? {
        let stand = Stand {
            segment: number,
            offset,
            header,
        };
        before = trail;
        trail = Some(trail.map_or(Trail::begin(stand), |trail| trail.with(stand)));
    }
    let trail = trail.ok_or_else(|| walk.window.damaged(0, Reason::Header))?;
    Ok(Survey {
        window: walk.window,
        trail,
        before,
    })
}

/// The segment in front of the one that begins with `first`, which must attach to it.
pub(super) fn earlier(directory: &Path, first: &Stand, seal: Seal) -> Result<Trail, JournalError> {
    let Survey { trail, .. } = survey(directory, first.segment - 1, seal)?;
    Chain::behind(&trail.last.header, seal)
        .admit(&first.header)
        .map_err(|reason| {
            let file = segment::path(directory, first.segment);
            JournalError::Damaged {
                file,
                offset: first.offset,
                reason,
            }
        })?;
    Ok(trail)
}
