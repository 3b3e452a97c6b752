//! What can be wrong with a journal, with the caller's request, or with the disk.

use std::io;
use std::path::PathBuf;

use super::Place;
use super::codec::{ATTACHMENT_BYTES_MAX, ATTACHMENTS_MAX, ENTRY_BYTES_MAX, FRAME_BYTES_MAX};

/// Why a journal refuses or fails.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The caller named a directory without a journal. A missing journal is never made on the way.
    #[error("there is no journal in {}", directory.display())]
    Missing {
        /// The directory that was to be opened.
        directory: PathBuf,
    },
    /// The caller wanted to make a journal where one is.
    #[error("there is a journal already in {}", directory.display())]
    Exists {
        /// The directory of the journal that is there.
        directory: PathBuf,
    },
    /// The caller's frame does not begin where the journal ends.
    #[error("a frame that begins at entry {first} does not extend a journal of {size} entries")]
    NotExtending {
        /// Where the frame begins.
        first: u64,
        /// Where it should.
        size: u64,
    },
    /// The caller's frame is beyond a limit.
    #[error(transparent)]
    Limit(#[from] Limit),
    /// The journal has as many segments as there are names for.
    #[error("the journal has {segments} segments, and no more can be named: make a new log with larger segments")]
    Full {
        /// How many there are.
        segments: u32,
    },
    /// The caller's place is not exactly that of an attachment.
    #[error(
        "no attachment of {} bytes begins at byte {} of segment {} in the frame at byte {}",
        .0.length, .0.offset, .0.segment, .0.frame_offset
    )]
    NotAnAttachment(Place),
    /// The caller wants to blank an attachment behind whose frame none stands that could allow it.
    #[error("the attachment at byte {} of segment {} is in the last frame, where nothing can be blanked", .0.offset, .0.segment)]
    InLastFrame(Place),
    /// The disk, or whoever wrote to it: these bytes are not what was written.
    #[error("{} is damaged at byte {offset}: {reason}", file.display())]
    Damaged {
        /// The segment file.
        file: PathBuf,
        /// The byte in it where the frame, the attachment or the stray bytes begin.
        offset: u64,
        /// What does not hold there.
        reason: Reason,
    },
    /// The operating system refused.
    #[error("could not {action} {}: {source}", file.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or directory.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An earlier append or blanking failed, so that nobody knows what the disk holds until the journal is opened anew.
    #[error("the journal takes no more writes since one failed; it must be opened anew")]
    Poisoned,
}

/// What the caller's frame has too much of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// An entry is longer than its length field can say.
    #[error("record {record} has an entry of {bytes} bytes, and {ENTRY_BYTES_MAX} is the most")]
    Entry {
        /// Which record, counted from 0.
        record: usize,
        /// The length of its entry.
        bytes: usize,
    },
    /// A record has more attachments than their number field can say.
    #[error("record {record} has {attachments} attachments, and {ATTACHMENTS_MAX} is the most")]
    Attachments {
        /// Which record, counted from 0.
        record: usize,
        /// How many attachments it has.
        attachments: usize,
    },
    /// An attachment is too long.
    #[error("record {record} has an attachment of {bytes} bytes, and {ATTACHMENT_BYTES_MAX} is the most")]
    Attachment {
        /// Which record, counted from 0.
        record: usize,
        /// The length of the attachment.
        bytes: usize,
    },
    /// The frame as a whole is too long.
    #[error("the frame has {bytes} bytes, and {FRAME_BYTES_MAX} is the most")]
    Frame {
        /// Header and body.
        bytes: u64,
    },
    /// A closing record has records or a note.
    #[error("a closing record is one sector and has neither records nor a note")]
    Closing,
}

/// What does not hold about stored bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Where a frame should begin there are bytes that are no header of this log.
    #[error("this is not a frame header of this log")]
    Header,
    /// The header is genuine, and of a kind this version does not know.
    #[error("the frame is of the unknown kind {kind}: another version wrote it")]
    Kind {
        /// The kind as it stands there.
        kind: u8,
    },
    /// The header is genuine, and bytes that must be zero are not.
    #[error("reserved bytes of the header are in use: another version wrote it")]
    Reserved,
    /// The header is genuine, and its numbers are impossible.
    #[error("the header says {bytes} bytes and {count} entries from entry {first} on, which cannot be")]
    Numbers {
        /// Header and body.
        bytes: u64,
        /// The index of the first entry.
        first: u64,
        /// How many entries.
        count: u32,
    },
    /// The frame follows another frame than the one in front of it.
    #[error("the frame follows one with checksum {previous:#010x}, and the one in front of it has {expected:#010x}")]
    Chain {
        /// What the header says.
        previous: u32,
        /// The checksum of the frame in front.
        expected: u32,
    },
    /// The frame begins at another entry than the one in front of it ends.
    #[error("the frame begins at entry {first}, and the one in front of it ends at {expected}")]
    First {
        /// What the header says.
        first: u64,
        /// Where the frame in front ends.
        expected: u64,
    },
    /// The body's checksum does not hold.
    #[error("the body has checksum {found:#010x}, and its header says {expected:#010x}")]
    Body {
        /// What the header says.
        expected: u32,
        /// What the bytes have.
        found: u32,
    },
    /// The lengths inside the body do not add up.
    #[error("the lengths in the body do not add up")]
    Lengths,
    /// What fills the frame up to its last sector is not zeros.
    #[error("the padding of the frame is not zeros")]
    Padding,
    /// An attachment is neither what was appended nor zeros.
    #[error("the attachment is neither what was appended nor zeros")]
    Attachment,
    /// An attachment is blanked where none can be.
    #[error("an attachment is blanked in the last frame, where none can be")]
    BlankedLast,
    /// The file ends inside the frame.
    #[error("the file ends inside the frame: {missing} of its sectors are missing")]
    Short {
        /// How many sectors are missing.
        missing: u64,
    },
    /// Behind the last frame there is something.
    #[error("what follows the last frame is not zeros")]
    Stray,
    /// The frame looks like an interrupted write, and a later one shows that it was none.
    #[error("a frame is missing or broken, and a later one begins at byte {later}")]
    Later {
        /// Where the later header was found.
        later: u64,
    },
    /// A segment file is missing between others.
    #[error("segment {number} is missing")]
    Segment {
        /// Its number.
        number: u32,
    },
}
