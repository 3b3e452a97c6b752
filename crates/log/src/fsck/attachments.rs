//! Attachments that are not what was appended: erased, if a tombstone says so, and else damage.

use indelible_store::journal::{Absence, FramePlace, Replayed};

use super::finding::Finding;
use crate::erase::{Erased, Erasure, Tombstones};

/// What is absent, and what tombstones name, which stand behind it.
pub(super) struct Attachments<'t> {
    /// `None` in a log that has none.
    tombstones: Option<&'t dyn Tombstones>,
    named: Erased,
    blanked: Erased,
    blanked_count: u64,
    /// Neither what was appended nor zeros.
    damaged: Vec<(FramePlace, u64, usize)>,
    under_way: u64,
}

impl<'t> Attachments<'t> {
    pub(super) fn new(tombstones: Option<&'t dyn Tombstones>) -> Attachments<'t> {
        Attachments {
            tombstones,
            named: Erased::default(),
            blanked: Erased::default(),
            blanked_count: 0,
            damaged: Vec::new(),
            under_way: 0,
        }
    }

    /// How many were overwritten with zeros.
    pub(super) fn blanked(&self) -> u64 {
        self.blanked_count
    }

    /// How many are half overwritten, and named by a tombstone. Known at the end.
    pub(super) fn under_way(&self) -> u64 {
        self.under_way
    }

    /// Takes the next frame.
    pub(super) fn take(&mut self, replayed: &Replayed, found: &mut dyn FnMut(Finding)) {
        let Replayed { frame, place, absent } = replayed;
        for absent in absent {
            let (index, attachment) = (frame.first + absent.record as u64, absent.attachment);
            match absent.absence {
                Absence::Blanked => {
                    self.blanked_count += 1;
                    self.blanked.add(&Erasure {
                        entries: index..index + 1,
                        attachments: u8::try_from(attachment).into_iter().collect(),
                    });
                }
                Absence::Damaged if self.damaged.len() < DAMAGED_MAX => self.damaged.push((*place, index, attachment)),
                Absence::Damaged => found(damage((*place, index, attachment))),
            }
        }
        if let Some(tombstones) = self.tombstones {
            for (index, record) in (frame.first..).zip(&frame.records) {
                self.named.take(index, &record.entry, tombstones);
            }
        }
    }

    /// Tells what no tombstone names.
    pub(super) fn finish(&mut self, found: &mut dyn FnMut(Finding)) {
        for damaged in std::mem::take(&mut self.damaged) {
            let (_, index, attachment) = damaged;
            match self.named.of(index).contains(attachment) {
                true => self.under_way += 1,
                false => found(damage(damaged)),
            }
        }
        for erasure in self.blanked.without(&self.named).erasures() {
            let Erasure { entries, attachments } = erasure;
            found(Finding::Blanked { entries, attachments });
        }
    }
}

fn damage((place, index, attachment): (FramePlace, u64, usize)) -> Finding {
    Finding::Attachment {
        place,
        index,
        attachment,
    }
}

/// Damaged attachments that wait for a tombstone, 32 bytes each: a crash leaves fewer by far. What is beyond is told at once.
const DAMAGED_MAX: usize = 1 << 16;
