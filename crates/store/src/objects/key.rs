//! The names of objects, and their order.

use std::fmt;

/// The name of an immutable object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A run of consecutive entries of one bundle.
    Entries {
        /// Index of its first entry.
        first: u64,
    },
    /// A full tile of 256 nodes.
    Tile {
        /// Tile level: its nodes are `8 * level` above the leaves.
        level: u8,
        /// Index among the tiles of its level.
        index: u64,
    },
    /// Where the attachments of a run of entries lie in the journal.
    Where {
        /// Index of the run's first entry.
        first: u64,
    },
}

impl Key {
    /// The entry that decides in which volume the object lies: the first of a run and of its places, the last under a tile.
    ///
    /// A run never leaves its bundle nor a bundle its volume, so for a run any entry would do. `None` for a tile that no
    /// tree of fewer than 2^64 entries has.
    pub fn last_entry(&self) -> Option<u64> {
        match *self {
            Key::Entries { first } | Key::Where { first } => Some(first),
            Key::Tile { level, index } => {
                // ((index + 1) << height) - 1, written so that nothing can overflow unseen.
                let height = 8 * (u32::from(level) + 1);
                let leaves_under = 1u64.checked_shl(height)?;
                index.checked_mul(leaves_under)?.checked_add(leaves_under - 1)
            }
        }
    }

    /// The bundle that a run and its places belong to; a tile belongs to none.
    pub fn bundle(&self) -> Option<u64> {
        match *self {
            Key::Entries { first } | Key::Where { first } => Some(first / BUNDLE_ENTRIES),
            Key::Tile { .. } => None,
        }
    }

    /// The bytes that stand for the key on disk, in the order of [`Ord`]: runs by first entry, then tiles by level and
    /// index, then places by first entry.
    pub(super) fn encode(&self) -> Vec<u8> {
        match *self {
            Key::Entries { first } => [&[ENTRIES][..], &first.to_be_bytes()].concat(),
            Key::Tile { level, index } => [&[TILE, level][..], &index.to_be_bytes()].concat(),
            Key::Where { first } => [&[WHERE][..], &first.to_be_bytes()].concat(),
        }
    }

    /// The key that `bytes` stand for, if they stand for one.
    pub(super) fn decode(bytes: &[u8]) -> Option<Key> {
        match *bytes {
            [ENTRIES, ref first @ ..] => Some(Key::Entries {
                first: u64::from_be_bytes(first.try_into().ok()?),
            }),
            [TILE, level, ref index @ ..] => Some(Key::Tile {
                level,
                index: u64::from_be_bytes(index.try_into().ok()?),
            }),
            [WHERE, ref first @ ..] => Some(Key::Where {
                first: u64::from_be_bytes(first.try_into().ok()?),
            }),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Entries { first } => write!(f, "run of entries at {first}"),
            Key::Tile { level, index } => write!(f, "tile {index} of level {level}"),
            Key::Where { first } => write!(f, "places of attachments at {first}"),
        }
    }
}

/// Entries in a bundle, as in the tiled logs of C2SP tlog-tiles.
pub const BUNDLE_ENTRIES: u64 = 256;

const ENTRIES: u8 = b'E';
const TILE: u8 = b'T';
const WHERE: u8 = b'W';

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_has_one_spelling(front in prop_oneof![Just(ENTRIES), Just(TILE), Just(WHERE), any::<u8>()], rest in prop::collection::vec(any::<u8>(), 0..12)) {
            let bytes = [vec![front], rest].concat();
            if let Some(key) = Key::decode(&bytes) {
                prop_assert_eq!(key.encode(), bytes);
            }
        }
    }

    #[test]
    fn a_tile_lies_where_its_last_leaf_lies() {
        let last = |level, index| Key::Tile { level, index }.last_entry();
        assert_eq!(last(0, 0), Some(255));
        assert_eq!(last(0, 3), Some(1023));
        assert_eq!(last(1, 0), Some(65_535));
        assert_eq!(last(6, 255), Some(u64::MAX));
        assert_eq!(last(6, 256), None);
        assert_eq!(last(7, 0), None);
        assert_eq!(last(255, 0), None);
        assert_eq!(last(0, u64::MAX), None);
        assert_eq!(Key::Entries { first: u64::MAX }.last_entry(), Some(u64::MAX));
    }

    #[test]
    fn only_a_run_and_its_places_have_a_bundle() {
        assert_eq!(Key::Where { first: 512 }.bundle(), Some(2));
        assert_eq!(Key::Where { first: 512 }.last_entry(), Some(512));
        assert_eq!(Key::Entries { first: 511 }.bundle(), Some(1));
        assert_eq!(Key::Entries { first: 512 }.bundle(), Some(2));
        assert_eq!(Key::Tile { level: 0, index: 512 }.bundle(), None);
    }

    #[test]
    fn bytes_sort_as_keys_do_and_come_back() {
        let numbers = [0, 1, 255, 256, 65_535, 1 << 40, u64::MAX];
        let mut keys: Vec<Key> = numbers.iter().map(|&first| Key::Entries { first }).collect();
        for level in [0, 1, 255] {
            keys.extend(numbers.iter().map(|&index| Key::Tile { level, index }));
        }
        keys.extend(numbers.iter().map(|&first| Key::Where { first }));
        assert!(keys.is_sorted());
        assert!(keys.iter().map(Key::encode).is_sorted());
        for key in keys {
            assert_eq!(Key::decode(&key.encode()), Some(key));
        }
    }

    #[test]
    fn bytes_of_no_key_are_none() {
        for bytes in [
            &b""[..],
            b"E",
            b"E1234567",
            b"E123456789",
            b"T",
            b"T12345678",
            b"T1234567890",
            b"W1234567",
            b"W123456789",
            b"X12345678",
        ] {
            assert_eq!(Key::decode(bytes), None, "{bytes:?}");
        }
    }
}
