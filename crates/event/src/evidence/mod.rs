//! Evidence files (`.indelible`): events with their proofs in JSON Lines, which a stranger checks without the log.
//!
//! The first line is a [header](EvidenceHeader), every other one an [entry](EvidenceLine): an event, of whose members those are disclosed that
//! were chosen, or a tombstone. [`EvidenceLines`] cuts a file into lines, an [`EvidenceVerifier`] checks them. docs/events.md has the format.

mod header;
mod line;
mod lines;
mod verify;

pub use header::{EvidenceHeader, MalformedHeader};
pub use line::{EVIDENCE_RAW_BYTES_MAX, EvidenceLine, MalformedLine, Unreadable};
pub use lines::{EVIDENCE_LINE_BYTES_MAX, EvidenceLines, LineTooLong};
pub use verify::{
    BadEvidence, CheckedEvent, CheckedLine, CheckedTombstone, EvidenceTrust, EvidenceVerifier, Reason as EvidenceReason,
};

use serde::de::{DeserializeOwned, Error};

/// A structure would be read from an array of its members' values as well, which nobody writes.
fn object<T: DeserializeOwned>(line: &[u8]) -> serde_json::Result<T> {
    if line.trim_ascii_start().first() == Some(&b'[') {
        return Err(serde_json::Error::custom("it is an array, and not an object"));
    }
    serde_json::from_slice(line)
}
