//! What tombstones name, by entry.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{AttachmentSet, Erasure, Tombstones};

/// The attachments that tombstones name. Neighbouring entries of which the same are named take as much as one: 48 bytes, about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// By first entry: the entry behind the last, and what is named of each. They do not overlap, and none is empty.
    pieces: BTreeMap<u64, (u64, AttachmentSet)>,
}

impl Erased {
    /// Adds what an entry names. Whether it is a tombstone that says anything.
    pub fn take(&mut self, index: u64, entry: &[u8], tombstones: &dyn Tombstones) -> bool {
        let erasures = tombstones.erased_by(index, entry);
        // What is appended later cannot have been meant, and what stands in the same frame is not in front of its tombstone.
        if erasures.iter().any(|erasure| erasure.entries.end > index) {
            return false;
        }
        for erasure in &erasures {
            self.add(erasure);
        }
        !erasures.is_empty()
    }

    /// What is named of an entry.
    pub fn of(&self, index: u64) -> AttachmentSet {
        match self.pieces.range(..=index).next_back() {
            Some((_, (end, attachments))) if index < *end => *attachments,
            _ => AttachmentSet::NONE,
        }
    }

    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// All that is named, in the order of the entries.
    pub fn erasures(&self) -> impl Iterator<Item = Erasure> {
        self.pieces.iter().map(|(first, (end, attachments))| Erasure {
            entries: *first..*end,
            attachments: *attachments,
        })
    }

    /// What is named here and not there.
    pub(crate) fn without(&self, other: &Erased) -> Erased {
        let mut left = self.clone();
        other.erasures().for_each(|erasure| left.remove(&erasure));
        left
    }

    /// What is named of these entries.
    pub(super) fn within(&self, entries: Range<u64>) -> Vec<Erasure> {
        let Range { start, end } = entries;
        let before = self.pieces.range(..start).next_back();
        let pieces = before.into_iter().chain(self.pieces.range(start..end.max(start)));
        let clipped = pieces.map(|(first, (piece_end, attachments))| Erasure {
            entries: (*first).max(start)..(*piece_end).min(end),
            attachments: *attachments,
        });
        clipped.filter(|erasure| !erasure.entries.is_empty()).collect()
    }

    pub(crate) fn add(&mut self, erasure: &Erasure) {
        let Erasure { entries, attachments } = erasure;
        self.change(entries.clone(), |named| named.union(*attachments));
    }

    pub(super) fn remove(&mut self, erasure: &Erasure) {
        let Erasure { entries, attachments } = erasure;
        self.change(entries.clone(), |named| named.without(*attachments));
    }

    fn change(&mut self, entries: Range<u64>, change: impl Fn(AttachmentSet) -> AttachmentSet) {
        if entries.is_empty() {
            return;
        }
        let Range { start, end } = entries;
        self.cut(start);
        self.cut(end);
        let changed: Vec<_> = self
            .pieces
            .range(start..end)
            .map(|(first, piece)| (*first, *piece))
            .collect();
        let mut at = start;
        for (first, (piece_end, attachments)) in changed {
            self.pieces.remove(&first);
            self.put(at..first, change(AttachmentSet::NONE));
            self.put(first..piece_end, change(attachments));
            at = piece_end;
        }
        self.put(at..end, change(AttachmentSet::NONE));
        // What is behind may go on where these end.
        if let Some((piece_end, attachments)) = self.pieces.remove(&end) {
            self.put(end..piece_end, attachments);
        }
    }

    /// Makes a piece that goes on over `at` two.
    fn cut(&mut self, at: u64) {
        let Some((_, (end, attachments))) = self.pieces.range_mut(..at).next_back() else {
            return;
        };
        if *end > at {
            let rest = (std::mem::replace(end, at), *attachments);
            self.pieces.insert(at, rest);
        }
    }

    /// Adds a piece where there is none, or lengthens the one in front of it.
    fn put(&mut self, entries: Range<u64>, attachments: AttachmentSet) {
        if entries.is_empty() || attachments.is_empty() {
            return;
        }
        let Range { start, end } = entries;
        match self.pieces.range_mut(..start).next_back() {
            Some((_, (before, same))) if *before == start && *same == attachments => *before = end,
            _ => drop(self.pieces.insert(start, (end, attachments))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn erasure((start, length, attachment): (u64, u64, u8)) -> Erasure {
        Erasure {
            entries: start..start + length,
            attachments: [attachment].into_iter().collect(),
        }
    }

    proptest! {
        /// Against a table with a row for each entry.
        #[test]
        fn it_names_what_was_added_and_not_removed(
            steps in prop::collection::vec((any::<bool>(), (0..40u64, 0..20u64, 0..3u8)), 0..30), from in 0..70u64, length in 0..70u64,
        ) {
            let mut erased = Erased::default();
            let mut table = [AttachmentSet::NONE; 80];
            for (adds, step) in steps {
                let erasure = erasure(step);
                match adds {
                    true => erased.add(&erasure),
                    false => erased.remove(&erasure),
                }
                for index in erasure.entries {
                    let row = &mut table[usize::try_from(index).unwrap()];
                    *row = if adds { row.union(erasure.attachments) } else { row.without(erasure.attachments) };
                }
            }
            for (index, row) in (0..).zip(table) {
                prop_assert_eq!(erased.of(index), row, "entry {}", index);
            }
            let pieces: Vec<Erasure> = erased.erasures().collect();
            for pair in pieces.windows(2) {
                let apart = pair[0].entries.end < pair[1].entries.start;
                let touching = pair[0].entries.end == pair[1].entries.start && pair[0].attachments != pair[1].attachments;
                prop_assert!(apart || touching, "{pair:?} could be one");
            }
            prop_assert_eq!(erased.is_empty(), pieces.is_empty());
            let mut within = Erased::default();
            erased.within(from..from + length).iter().for_each(|erasure| within.add(erasure));
            for index in 0..80 {
                let expected = if (from..from + length).contains(&index) { erased.of(index) } else { AttachmentSet::NONE };
                prop_assert_eq!(within.of(index), expected);
            }
        }
    }

    struct Says(Vec<Erasure>);

    impl Tombstones for Says {
        fn erased_by(&self, _index: u64, _entry: &[u8]) -> Vec<Erasure> {
            self.0.clone()
        }
    }

    #[test]
    fn a_tombstone_that_reaches_itself_says_nothing_at_all() {
        for (range, says) in [
            ((2, 5, 1), true),
            ((2, 6, 1), false),
            ((7, 1, 1), false),
            ((9, 1, 1), false),
        ] {
            let mut erased = Erased::default();
            let tombstone = Says(vec![erasure((0, 1, 0)), erasure(range)]);
            assert_eq!(erased.take(7, b"", &tombstone), says, "{range:?}");
            assert_eq!(erased.is_empty(), !says);
        }
        assert!(!Erased::default().take(7, b"", &Says(vec![])));
    }
}
