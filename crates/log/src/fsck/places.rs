//! The places of attachments, each record against where the journal has them.

use std::ops::Range;

use indelible_merkle::TILE_WIDTH;
use indelible_store::journal::RecordPlace;
use indelible_store::objects::Key;

use super::extent::Extent;
use super::finding::{Finding, ObjectProblem};
use super::heads::Standing;
use super::store::Store;
use crate::places;

/// The bundle that is being collected from the journal.
#[derive(Debug, Default)]
pub(super) struct Places {
    collected: Vec<RecordPlace>,
    absent: Extent,
}

impl Places {
    /// Adds the next entry's place, and compares what is stored of its bundle when that is whole, or as far as it is sealed.
    ///
    /// If the log disowns the entries of the journal, places that differ are not to blame.
    pub(super) fn compare(
        &mut self,
        index: u64,
        place: RecordPlace,
        standing: Standing,
        store: &mut Store<'_>,
        found: &mut dyn FnMut(Finding),
    ) {
        if index >= store.sealed() {
            return;
        }
        self.collected.push(place);
        let end = index + 1;
        if end.is_multiple_of(TILE_WIDTH) || end == store.sealed() {
            self.bundle(index / TILE_WIDTH * TILE_WIDTH..end, standing, store, found);
            self.collected.clear();
        }
    }

    pub(super) fn finish(&mut self, found: &mut dyn FnMut(Finding)) {
        tell(self.absent.take(), found);
    }

    /// Goes through what is stored of the entries collected.
    fn bundle(
        &mut self,
        entries: Range<u64>,
        standing: Standing,
        store: &mut Store<'_>,
        found: &mut dyn FnMut(Finding),
    ) {
        let volume = store.volume(entries.start);
        let number = entries.start / TILE_WIDTH;
        let Some(records) = store.read(volume, |objects| objects.places(number), found) else {
            return;
        };
        let mut next = entries.start;
        for (first, record) in records {
            let mut wrong = |problem| {
                let key = Key::Where { first };
                found(Finding::Object { key, volume, problem });
            };
            // Behind what cannot be taken apart nothing is known to be absent.
            let count = match places::decode(&record) {
                Ok(places) => places.len() as u64,
                Err(error) => {
                    wrong(ObjectProblem::NoPlaces(error.to_string()));
                    next = next.max(first + 1);
                    continue;
                }
            };
            if first < next {
                wrong(ObjectProblem::Overlap);
            } else if standing == Standing::Owned && !self.is_encoded(first - entries.start, count, &record) {
                wrong(ObjectProblem::Places);
            }
            if first > next {
                tell(self.absent.add(volume, next..first), found);
            }
            next = next.max(first + count);
        }
        if next < entries.end {
            tell(self.absent.add(volume, next..entries.end), found);
        }
    }

    /// Whether `record` is what the journal makes of so many entries from this one of the bundle on.
    fn is_encoded(&self, from: u64, count: u64, record: &[u8]) -> bool {
        let begin = usize::try_from(from).expect("a bundle has 256 entries");
        let count = usize::try_from(count).expect("a bundle has 256 entries");
        let ours = self.collected.get(begin..begin + count);
        ours.is_some_and(|ours| places::encode(ours) == record)
    }
}

fn tell(absent: Option<(u64, Range<u64>)>, found: &mut dyn FnMut(Finding)) {
    if let Some((volume, entries)) = absent {
        found(Finding::AbsentPlaces { entries, volume });
    }
}
