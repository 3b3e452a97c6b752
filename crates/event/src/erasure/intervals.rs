//! Intervals of indexes that do not overlap: what is covered already stays as it is.

use std::collections::BTreeMap;

/// Which tombstone covers an index.
#[derive(Clone, Debug, Default)]
pub(super) struct Intervals {
    /// First index to last index and tombstone; disjoint.
    by: BTreeMap<u64, (u64, u64)>,
    /// First index to last index of all that is covered, neighbours joined. So one step passes over any number of covered intervals.
    covered: BTreeMap<u64, u64>,
}

impl Intervals {
    /// Covers what is not covered yet from `first` to `last`, both below 2^53.
    pub(super) fn insert(&mut self, first: u64, last: u64, tombstone: u64) {
        let (mut joined_first, mut joined_last) = (first, last);
        let mut next = first;
        // A run that begins before and reaches, or touches, the first index; then those that begin within or just behind.
        let before = self.covered.range(..first).next_back();
        let before = before
            .filter(|&(_, &end)| end + 1 >= first)
            .map(|(&start, &end)| (start, end));
        let within = self.covered.range(first..=last + 1).map(|(&start, &end)| (start, end));
        let runs: Vec<(u64, u64)> = before.into_iter().chain(within).collect();
        for (start, end) in runs {
            if next < start {
                self.by.insert(next, (start - 1, tombstone));
            }
            next = next.max(end + 1);
            joined_first = joined_first.min(start);
            joined_last = joined_last.max(end);
            self.covered.remove(&start);
        }
        if next <= last {
            self.by.insert(next, (last, tombstone));
        }
        self.covered.insert(joined_first, joined_last);
    }

    /// The tombstone that covers this index.
    pub(super) fn at(&self, index: u64) -> Option<u64> {
        let (_, &(last, tombstone)) = self.by.range(..=index).next_back()?;
        (index <= last).then_some(tombstone)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u64, u64)> {
        self.by
            .iter()
            .map(|(&first, &(last, tombstone))| (first, last, tombstone))
    }

    pub(super) fn len(&self) -> usize {
        self.by.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an array of tombstones, the first of which counts, says.
    fn check(inserts: &[(u64, u64)]) {
        let mut intervals = Intervals::default();
        let mut array = [None; 40];
        for (&(first, last), tombstone) in inserts.iter().zip(100..) {
            intervals.insert(first, last, tombstone);
            for index in first..=last {
                array[usize::try_from(index).unwrap()].get_or_insert(tombstone);
            }
        }
        for (index, &tombstone) in (0..).zip(&array) {
            assert_eq!(intervals.at(index), tombstone, "{index} after {inserts:?}");
        }
        // What touches is joined, and nothing else.
        let runs = array.chunk_by(|a, b| a.is_some() == b.is_some());
        assert_eq!(intervals.covered.len(), runs.filter(|run| run[0].is_some()).count());
    }

    #[test]
    fn the_first_tombstone_counts() {
        check(&[]);
        check(&[(5, 9)]);
        check(&[(5, 9), (5, 9)]);
        check(&[(5, 9), (10, 12)]);
        check(&[(10, 12), (5, 9)]);
        check(&[(5, 9), (7, 12), (0, 6)]);
        check(&[(5, 5), (7, 7), (9, 9), (4, 10)]);
        check(&[(5, 5), (7, 7), (9, 9), (5, 9), (0, 39)]);
        check(&[(0, 39), (5, 5)]);
    }

    proptest::proptest! {
        #[test]
        fn as_an_array_would(inserts in proptest::collection::vec((0_u64..40, 0_u64..12), 0..20)) {
            let inserts: Vec<(u64, u64)> = inserts.into_iter().map(|(first, more)| (first, (first + more).min(39))).collect();
            check(&inserts);
        }
    }
}
