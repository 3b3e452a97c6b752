//! Blanking in portions: the journal is kept busy for some milliseconds at a time, and a crash leaves one portion half done.

use std::collections::BTreeSet;

use indelible_store::journal::{Journal, JournalError, Place, RecordPlace, Replayed, record_places};

use super::{AttachmentSet, Erased, Erasure};

/// Overwrites with zeros, durably, all that `erased` names in a journal that nobody appends to; how many attachments that were.
/// Those in the last frame stay as they are: nothing can be blanked there.
///
/// For a copy of a journal, whose attachments are as they were when each frame was copied: a backup that goes on, a log that is
/// restored. Reads the journal from the first entry named to the last one. What was blanked before is blanked again.
///
/// # Errors
/// The journal's. What was overwritten until then stays so.
pub fn erase(journal: &dyn Journal, erased: &Erased) -> Result<u64, JournalError> {
    let named = |erasure: Erasure| erasure.entries;
    let Some(first) = erased.erasures().next().map(named) else {
        return Ok(0);
    };
    let end = erased.erasures().last().map_or(first.end, |last| last.entries.end);
    let mut attachments = 0;
    let mut portion = Portion::default();
    for replayed in journal.replay(first.start)? {
        let Replayed { frame, place, .. } = replayed?;
        if frame.first >= end {
            break;
        }
        for (index, record) in (frame.first..).zip(record_places(&frame, place)) {
            portion.add(index, erased.of(index), &record);
            if portion.is_full() {
                attachments += std::mem::take(&mut portion).blank(journal)?.attachments;
            }
        }
    }
    Ok(attachments + portion.blank(journal)?.attachments)
}

/// Attachments that are to be overwritten together.
#[derive(Debug, Default)]
pub(crate) struct Portion {
    parts: Vec<Part>,
    attachments: usize,
    bytes: u64,
    frames: BTreeSet<(u32, u64)>,
}

/// What is to go of one entry.
#[derive(Debug)]
struct Part {
    index: u64,
    named: AttachmentSet,
    places: Vec<Place>,
}

/// What became of a portion.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// How many attachments were overwritten and synced.
    pub(crate) attachments: u64,
    /// Which ones.
    pub(crate) blanked: Vec<Erasure>,
    /// The first entry that stands in the last frame, where nothing can be blanked yet.
    pub(crate) too_early: Option<u64>,
}

impl Portion {
    /// Adds those attachments that are named of one entry.
    pub(crate) fn add(&mut self, index: u64, named: AttachmentSet, record: &RecordPlace) {
        if named.is_empty() {
            return;
        }
        let numbered = record.places().enumerate();
        let places: Vec<Place> = numbered
            .filter(|(number, _)| named.contains(*number))
            .map(|(_, place)| place)
            .collect();
        self.attachments += places.len();
        self.bytes += places.iter().map(|place| u64::from(place.length)).sum::<u64>();
        self.frames.insert((record.frame.segment, record.frame.offset));
        self.parts.push(Part { index, named, places });
    }

    /// Whether it has as much as should be done at once.
    pub(crate) fn is_full(&self) -> bool {
        self.parts.len() >= PARTS_MAX
            || self.attachments >= ATTACHMENTS_MAX
            || self.bytes >= BYTES_MAX
            || self.frames.len() >= FRAMES_MAX
    }

    /// Overwrites all of it but what stands in the last frame, durably when it returns.
    ///
    /// What reads as blanked is overwritten as well: it may be in the page cache only, left by a process that was killed before it
    /// could sync.
    pub(crate) fn blank(self, journal: &dyn Journal) -> Result<Done, JournalError> {
        let mut parts = self.parts;
        let mut too_early = None;
        loop {
            let places: Vec<Place> = parts.iter().flat_map(|part| &part.places).copied().collect();
            let blanked = match places.is_empty() {
                true => Ok(()),
                false => journal.blank(&places),
            };
            let Err(JournalError::InLastFrame(late)) = blanked else {
                blanked?;
                break;
            };
            let (later, earlier): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(|part| {
                let place = part.places.first();
                place.is_some_and(|place| (place.segment, place.frame_offset) == (late.segment, late.frame_offset))
            });
            let first = later.iter().map(|part| part.index).min();
            too_early = too_early.into_iter().chain(first).min();
            parts = earlier;
        }
        let blanked = parts.iter().map(|part| Erasure {
            entries: part.index..part.index + 1,
            attachments: part.named,
        });
        Ok(Done {
            attachments: parts.iter().map(|part| part.places.len() as u64).sum(),
            blanked: blanked.collect(),
            too_early,
        })
    }
}

/// Entries of one portion: of those that have nothing to lose there may be many.
const PARTS_MAX: usize = 4_096;

/// Attachments of one portion: a write each, some milliseconds.
const ATTACHMENTS_MAX: usize = 1_024;

/// Bytes of one portion, if it is more than one entry: some milliseconds to write and sync.
const BYTES_MAX: u64 = 8 << 20;

/// Frames of one portion. The journal reads each to see that the places are right, beside the appends: 1 MiB each, usually less.
const FRAMES_MAX: usize = 64;
