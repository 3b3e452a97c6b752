//! The frames behind the sealed entries, through the code that the sequencer runs.

use std::cell::Cell;
use std::sync::Arc;

use bytes::Bytes;
use indelible_merkle::{CompactRange, Hash, TILE_WIDTH};
use indelible_note::KeyChain;
use indelible_store::journal::{Absence, Journal, Kind as FrameKind, RecordPlace, Replayed, record_places};

use super::erasures::Erasures;
use super::{StartError, same_tree};
use crate::batch::Batch;
use crate::commit::Commit;
use crate::seal::Sealer;
use crate::settings::Settings;

/// Integrates what the journal has behind the sealed entries, sealing on the way what would be too much for memory.
pub(super) struct Replay<'r> {
    pub(super) sealer: &'r Sealer,
    pub(super) keys: &'r KeyChain,
    pub(super) settings: &'r Settings,
    /// Of a log whose entries have attachments.
    pub(super) erasures: Option<Erasures>,
    /// Weight of what is left to seal.
    pub(super) backlog: u64,
}

impl Replay<'_> {
    pub(super) fn run(&mut self, journal: &dyn Journal) -> Result<(), StartError> {
        let (sealed, _) = self.sealer.tail.sizes();
        let mut edge = self.sealer.tail.edge();
        for replayed in journal.replay(sealed)? {
            self.take(&mut edge, replayed?)?;
        }
        Ok(())
    }

    fn take(&mut self, edge: &mut CompactRange, replayed: Replayed) -> Result<(), StartError> {
        let tail = &self.sealer.tail;
        match &mut self.erasures {
            Some(erasures) => erasures.note_damage(&replayed)?,
            None => refuse_damage(&replayed)?,
        }
        let Replayed { frame, place, .. } = replayed;
        if frame.kind != FrameKind::Commit {
            return Ok(());
        }
        let (sealed, next) = (edge.size(), frame.first);
        if next > sealed {
            return Err(StartError::Gap { sealed, next });
        }
        let known = usize::try_from(sealed - next).expect("the frames replayed end above the sealed size");
        let places: Option<Vec<RecordPlace>> =
            (self.erasures.as_ref()).map(|_| record_places(&frame, place).skip(known).collect());
        let mut records: Vec<_> = frame.records.into_iter().skip(known).collect();
        if places.is_some() {
            // Apart from its frame, or that would be in memory, with all attachments, for as long as the entry is.
            for record in &mut records {
                record.entry = Bytes::copy_from_slice(&record.entry);
            }
        }
        let hashes = records.iter().map(|record| Hash::leaf(&record.entry)).collect();
        let weight = records.iter().map(|record| Batch::entry_weight(&record.entry)).sum();
        let mut commit = Commit::integrate(edge, records, hashes, weight);
        if let (Some(places), Some(erasures)) = (places, &self.erasures) {
            commit.detach(places);
            erasures.take(&commit);
        }
        let end = commit.end();
        self.backlog += commit.weight();
        tail.push(Arc::new(commit));
        if self.backlog > self.settings.backlog_bytes_max / 2 {
            // What is sealed can never be changed, so that only what was signed may be.
            let signed = self.keys.open_checkpoint(&frame.note)?;
            same_tree(edge.head(), signed.head())?;
            let backlog = Cell::new(self.backlog);
            self.sealer.seal(end / TILE_WIDTH * TILE_WIDTH, |freed| {
                backlog.update(|bytes| bytes - freed);
            })?;
            self.backlog = backlog.get();
        }
        Ok(())
    }
}

/// Refuses an attachment that is neither there nor blanked.
fn refuse_damage(replayed: &Replayed) -> Result<(), StartError> {
    let mut absent = replayed.absent.iter();
    match absent.find(|absent| absent.absence == Absence::Damaged) {
        None => Ok(()),
        Some(damaged) => Err(StartError::Attachment {
            index: replayed.frame.first + damaged.record as u64,
            attachment: damaged.attachment,
        }),
    }
}
