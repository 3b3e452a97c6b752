//! Evidence files, as commands read and write them: checked before anything is told of them, checked before anything is written.

mod json;
mod line;
mod read;
mod signature;
mod tell;
mod trust;
mod write;

#[cfg(test)]
mod fixture;

pub(super) use json::{event_json, tombstone_json};
pub(super) use line::{BadLine, Checked, Place};
pub(super) use read::EvidenceFile;
pub(super) use tell::{event_text, tombstone_text};
pub(super) use trust::{EvidenceTrustArgs, header, read_trust};
pub(super) use write::EvidenceWriter;
