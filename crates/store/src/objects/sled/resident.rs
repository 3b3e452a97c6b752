//! What reads have brought into memory, counted, because sled does not.
//!
//! sled 0.34.7 evicts pages only while it writes: a page that a read has brought in stays until its volume is closed, whatever
//! `cache_capacity` says. Reading ten million entries of 300 bytes at random takes 2.8 GB that way. Closing a volume frees
//! all of it, and opening it again costs milliseconds, so the shelf closes volumes that hold too much.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::tiles::TILES_TOGETHER;
use crate::objects::{BUNDLE_ENTRIES, Key};

/// The pages of one open volume that reads have brought in, by estimate.
#[derive(Debug, Default)]
pub(super) struct Resident {
    pages: Mutex<HashSet<Key>>,
    bytes: AtomicU64,
    tile_bytes: AtomicU64,
}

impl Resident {
    /// Counts a read of `bytes` bytes, if they lie in a page that no read has touched before.
    pub(super) fn note(&self, key: Key, bytes: usize) {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.insert(page(key, bytes)) {
            let page_bytes = PAGE_RECORDS * (bytes as u64 + RECORD_OVERHEAD);
            self.bytes.fetch_add(page_bytes, Ordering::Relaxed);
            if matches!(key, Key::Tile { .. }) {
                self.tile_bytes.fetch_add(page_bytes, Ordering::Relaxed);
            }
        }
    }

    /// Those of tiles among [`bytes`](Resident::bytes).
    pub(super) fn tile_bytes(&self) -> u64 {
        self.tile_bytes.load(Ordering::Relaxed)
    }

    /// The bytes of all pages counted.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// The key that stands for the page which has `key`: neighbours that fill one page share it.
///
/// A page has up to 17 neighbouring records. Large runs are two or so a bundle; of small ones, as a quiet log has them, each may
/// have a page of its own, which is counted too often if they are read in order, and then only costs an opening too many.
fn page(key: Key, bytes: usize) -> Key {
    match key {
        Key::Tile { level, index } => Key::Tile {
            level,
            index: index - index % TILES_TOGETHER as u64,
        },
        Key::Entries { first } if bytes >= LARGE_RUN_BYTES => Key::Entries {
            first: first - first % (RUN_BUNDLES_TOGETHER * BUNDLE_ENTRIES),
        },
        Key::Where { first } if bytes >= LARGE_PLACES_BYTES => Key::Where {
            first: first - first % (RUN_BUNDLES_TOGETHER * BUNDLE_ENTRIES),
        },
        small => small,
    }
}

/// Records of a page of sled, at most.
const PAGE_RECORDS: u64 = 17;

/// What sled takes for a record beside its bytes: key, lengths, pointers; about.
const RECORD_OVERHEAD: u64 = 100;

const RUN_BUNDLES_TOGETHER: u64 = 8;

/// From here on 17 runs are not many more than 8 bundles.
const LARGE_RUN_BYTES: usize = 8 << 10;

/// The same of their places, of which an entry with twelve attachments has some 18 bytes, and as many records as there are runs.
const LARGE_PLACES_BYTES: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_counted_once_and_strangers_apart() {
        let resident = Resident::default();
        let note = |key, bytes| {
            resident.note(key, bytes);
            resident.bytes()
        };
        let tile = |level, index| Key::Tile { level, index };
        let entries = |first| Key::Entries { first };
        let mut sum = 17 * 8_804;
        for near in [tile(0, 0), tile(0, 15), tile(0, 0)] {
            assert_eq!(note(near, 8_704), sum);
        }
        for far in [tile(0, 16), tile(1, 0)] {
            sum += 17 * 8_804;
            assert_eq!(note(far, 8_704), sum);
        }
        for (first, pages) in [(0, 1), (2_047, 1), (2_048, 2)] {
            assert_eq!(
                note(entries(first), 60_000),
                sum + pages * 17 * 60_100,
                "a large run at {first}"
            );
        }
        for (first, pages) in [(1, 1), (2, 2), (1, 2)] {
            let expected = sum + 2 * 17 * 60_100 + pages * 17 * 400;
            assert_eq!(note(entries(first), 300), expected, "a small run at {first}");
        }
        let sum = resident.bytes();
        for (first, pages) in [(0, 1), (2_047, 1), (2_048, 2)] {
            let expected = sum + pages * 17 * 1_600;
            assert_eq!(note(Key::Where { first }, 1_500), expected, "places at {first}");
        }
    }
}
