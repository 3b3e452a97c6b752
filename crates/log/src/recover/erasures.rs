//! What a start finds out about erasures: what tombstones name that are still to be carried out, and what of that a crash left half
//! done.

use std::sync::Arc;

use indelible_merkle::TILE_WIDTH;
use indelible_store::journal::{Absence, Journal, RecordPlace, Replayed, record_places};
use indelible_store::objects::{Key, Objects};

use super::{StartError, decode_run};
use crate::commit::Commit;
use crate::erase::{AttachmentSet, Erasing, Pending, Portion};

/// What recovery finds out about erasures.
pub(super) struct Erasures {
    pending: Arc<Pending>,
    /// From here on tombstones are to be carried out.
    from: u64,
    /// What an interrupted blanking may have left half done: the tombstones that say so stand behind it.
    damaged: Vec<(u64, usize, RecordPlace)>,
}

impl Erasures {
    pub(super) fn begin(erasing: &Erasing, size: u64) -> Erasures {
        let from = match erasing.carried_out {
            from if from <= size => from,
            // Of another log, or of this one in a future that did not come.
            _ => 0,
        };
        Erasures {
            pending: Arc::new(Pending::new(erasing.tombstones.clone())),
            from,
            damaged: Vec::new(),
        }
    }

    /// Looks for tombstones among the sealed entries.
    pub(super) fn take_sealed(&self, objects: &dyn Objects, sealed: u64) -> Result<(), StartError> {
        let mut next = self.from;
        while next < sealed {
            let before = next;
            for (first, run) in objects.runs(next / TILE_WIDTH)? {
                let entries = (first..).zip(decode_run(first, &run)?);
                for (index, entry) in entries.filter(|(index, _)| *index >= before) {
                    if index != next {
                        break;
                    }
                    self.pending.take_entry(index, entry);
                    next += 1;
                }
            }
            let whole = next == sealed || next.is_multiple_of(TILE_WIDTH);
            if !whole || next == before {
                return Err(StartError::Object {
                    key: Key::Entries { first: next },
                    problem: "absent".to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Looks for tombstones in a commit.
    pub(super) fn take(&self, commit: &Commit) {
        let known = usize::try_from(self.from.saturating_sub(commit.first())).unwrap_or(usize::MAX);
        let records = commit.records().iter().skip(known);
        self.pending.take(commit.first() + known as u64, records);
    }

    pub(super) fn note_damage(&mut self, replayed: &Replayed) -> Result<(), StartError> {
        let damaged = replayed
            .absent
            .iter()
            .filter(|absent| absent.absence == Absence::Damaged);
        for absent in damaged {
            let index = replayed.frame.first + absent.record as u64;
            let attachment = absent.attachment;
            if self.damaged.len() == DAMAGED_MAX {
                return Err(StartError::Attachment { index, attachment });
            }
            let place = record_places(&replayed.frame, replayed.place).nth(absent.record);
            let place = place.expect("what is absent is absent from a record of its frame");
            self.damaged.push((index, attachment, place));
        }
        Ok(())
    }

    /// Finishes what was half blanked when the process died. Now that the root is the one that was signed, the tombstones are the
    /// log's own.
    pub(super) fn finish(self, journal: &dyn Journal) -> Result<Arc<Pending>, StartError> {
        let Erasures { pending, damaged, .. } = self;
        let unnamed = damaged
            .iter()
            .find(|(index, attachment, _)| !pending.of(*index).contains(*attachment));
        if let Some(&(index, attachment, _)) = unnamed {
            return Err(StartError::Attachment { index, attachment });
        }
        let finished = damaged.len();
        let mut portion = Portion::default();
        for (index, attachment, place) in damaged {
            let number = u8::try_from(attachment).expect("a record has at most 255 attachments");
            portion.add(index, AttachmentSet::from_iter([number]), &place);
            if portion.is_full() {
                std::mem::take(&mut portion).blank(journal)?;
            }
        }
        portion.blank(journal)?;
        if finished > 0 {
            tracing::warn!(
                attachments = finished,
                "an erasure was interrupted; what was half overwritten is overwritten"
            );
        }
        Ok(pending)
    }
}

/// Attachments that may be half blanked: 64 times as many as one portion has, which is what a crash leaves of the log's own erasing. More
/// are damage.
const DAMAGED_MAX: usize = 1 << 16;
