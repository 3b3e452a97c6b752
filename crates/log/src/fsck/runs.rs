//! The runs of entries, each against the entries of the journal.

use std::ops::Range;

use bytes::Bytes;
use indelible_merkle::{TILE_WIDTH, bundle};
use indelible_store::objects::Key;

use super::extent::Extent;
use super::finding::{Finding, ObjectProblem};
use super::heads::Standing;
use super::store::Store;

/// The bundle that is being collected from the journal: as the store would have it in one run.
#[derive(Debug)]
pub(super) struct Runs {
    encoded: Vec<u8>,
    /// Where in it each entry begins, and where the last one ends.
    offsets: Vec<usize>,
    absent: Extent,
}

impl Default for Runs {
    fn default() -> Runs {
        Runs {
            encoded: Vec::new(),
            offsets: vec![0],
            absent: Extent::default(),
        }
    }
}

impl Runs {
    /// Adds the next entry of the journal, and compares the bundle that is whole with it, or as far as it is sealed.
    ///
    /// If the log disowns the entries of the journal, a run that differs is not to blame.
    pub(super) fn compare(
        &mut self,
        index: u64,
        entry: &Bytes,
        standing: Standing,
        store: &mut Store<'_>,
        found: &mut dyn FnMut(Finding),
    ) {
        if index >= store.sealed() {
            return;
        }
        let length = u16::try_from(entry.len()).expect("the journal has no longer entries");
        self.encoded.extend_from_slice(&length.to_be_bytes());
        self.encoded.extend_from_slice(entry);
        self.offsets.push(self.encoded.len());
        let end = index + 1;
        if end.is_multiple_of(TILE_WIDTH) || end == store.sealed() {
            self.bundle(index / TILE_WIDTH * TILE_WIDTH..end, standing, store, found);
            self.encoded.clear();
            self.offsets.truncate(1);
        }
    }

    pub(super) fn finish(&mut self, found: &mut dyn FnMut(Finding)) {
        tell(self.absent.take(), found);
    }

    /// Goes through the stored runs of the entries collected.
    fn bundle(
        &mut self,
        entries: Range<u64>,
        standing: Standing,
        store: &mut Store<'_>,
        found: &mut dyn FnMut(Finding),
    ) {
        let volume = store.volume(entries.start);
        let number = entries.start / TILE_WIDTH;
        let Some(runs) = store.read(volume, |objects| objects.runs(number), found) else {
            return;
        };
        // Unknown behind a run that cannot be taken apart.
        let mut next = Some(entries.start);
        for (first, run) in runs {
            match next {
                Some(next) if first > next => tell(self.absent.add(volume, next..first), found),
                Some(next) if first < next => {
                    let key = Key::Entries { first };
                    found(Finding::Object {
                        key,
                        volume,
                        problem: ObjectProblem::Overlap,
                    });
                }
                _ => {}
            }
            let end = match self.run(first, first - entries.start, &run) {
                Ok(end) => Some(end),
                Err((problem, end)) => {
                    let key = Key::Entries { first };
                    found(match (problem, standing) {
                        (ObjectProblem::Entry { index }, Standing::Disowned) => Finding::Entry { index, key, volume },
                        (problem, _) => Finding::Object { key, volume, problem },
                    });
                    end
                }
            };
            next = end.map(|end| end.max(next.unwrap_or(0)));
        }
        if let Some(next) = next.filter(|next| *next < entries.end) {
            tell(self.absent.add(volume, next..entries.end), found);
        }
    }

    /// The index behind the last entry of a run that is as it should be; else what is wrong with it, and that index if it is known.
    fn run(&self, first: u64, place: u64, run: &[u8]) -> Result<u64, (ObjectProblem, Option<u64>)> {
        let place = usize::try_from(place).expect("a bundle has 256 entries");
        if run.is_empty() {
            return Err((ObjectProblem::NoRun("it is empty".to_owned()), None));
        }
        let begin = self.offsets.get(place).copied().unwrap_or(self.encoded.len());
        if self.encoded[begin..].starts_with(run)
            && let Ok(end) = self.offsets.binary_search(&(begin + run.len()))
        {
            return Ok(first + (end - place) as u64);
        }
        let entries = bundle::decode(run).map_err(|error| (ObjectProblem::NoRun(error.to_string()), None))?;
        let bounds = self.offsets[place.min(self.offsets.len() - 1)..].windows(2);
        let ours = bounds.map(|bounds| &self.encoded[bounds[0] + LENGTH_BYTES..bounds[1]]);
        let same = ours.zip(&entries).take_while(|(ours, stored)| ours == *stored).count();
        let problem = ObjectProblem::Entry {
            index: first + same as u64,
        };
        Err((problem, Some(first + entries.len() as u64)))
    }
}

fn tell(absent: Option<(u64, Range<u64>)>, found: &mut dyn FnMut(Finding)) {
    if let Some((volume, entries)) = absent {
        found(Finding::AbsentEntries { entries, volume });
    }
}

/// Each entry in a bundle has its length in front of it.
const LENGTH_BYTES: usize = 2;
