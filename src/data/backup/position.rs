//! Up to where a backup is good, so that the next run can go on from there without reading it all.
//!
//! `checkpoint` is the head up to which the journal is good; `position`, beside it, says where the frame with that head stands and
//! what the right edge of its tree is. Neither is believed: the frame must have that head, and the edge that root.

use std::io;

use base64::{Engine, engine::general_purpose::STANDARD};
use indelible_log::Tally;
use indelible_merkle::{Hash, TreeHead};
use indelible_store::journal::{FramePlace, Kind, StoredFrames};
use serde_json::{Value, json};

use super::Backup;
use crate::data::files::{read_if_there, replace};

/// A frame, and the tree that ends with it.
#[derive(Clone, Debug)]
pub(super) struct Position {
    pub(super) place: FramePlace,
    pub(super) tally: Tally,
}

impl Position {
    /// Writes it down.
    pub(super) fn save(&self, backup: &Backup) -> io::Result<()> {
        let FramePlace { segment, offset } = self.place;
        let edge = STANDARD.encode(Hash::join(self.tally.edge().hashes()));
        let text = json!({"segment": segment, "offset": offset, "edge": edge});
        replace(&backup.position(), format!("{text}\n").as_bytes(), 0o600)
    }

    /// The position of the head in the backup; `None` if what is written down is not that. It saves time, and is worth no error.
    pub(super) fn load(backup: &Backup, head: TreeHead, note: &[u8]) -> Option<Position> {
        let text = read_if_there(&backup.position()).ok()??;
        let value: Value = serde_json::from_slice(&text).ok()?;
        let place = FramePlace {
            segment: u32::try_from(value["segment"].as_u64()?).ok()?,
            offset: value["offset"].as_u64()?,
        };
        let edge = Hash::split(&STANDARD.decode(value["edge"].as_str()?).ok()?).ok()?;
        let tally = Tally::resume(head, edge)?;
        let mut frames = StoredFrames::open_at(&backup.journal(), place).ok()?;
        let stored = frames.read_next().ok()??;
        let stands_there = match stored.frame() {
            Some(frame) => frame.kind == Kind::Commit && frame.note == note,
            None => frames.genesis().note == note,
        };
        stands_there.then_some(Position { place, tally })
    }
}
