//! The full tiles, each against the nodes above the journal's entries.

use std::ops::Range;

use indelible_merkle::{FullTile, Growth, Hash, Row, TILE_HEIGHT, TileId};
use indelible_store::objects::Key;

use super::extent::Extent;
use super::finding::{Finding, ObjectProblem};
use super::heads::Standing;
use super::store::Store;

/// By level, the tile that is being collected.
#[derive(Debug, Default)]
pub(super) struct Tiles {
    levels: Vec<Level>,
    compared: u64,
}

#[derive(Debug, Default)]
struct Level {
    /// The index of the tile.
    index: u64,
    /// Its hashes so far, joined.
    hashes: Vec<u8>,
    /// The hashes of height 4 above them, joined: what a stored tile has behind its own.
    shortcuts: Vec<u8>,
    absent: Extent,
}

impl Tiles {
    /// How many tiles were there to be compared.
    pub(super) fn compared(&self) -> u64 {
        self.compared
    }

    /// Adds the nodes that a frame completed, and compares the tiles that are full with them, as far as they are sealed.
    ///
    /// Whether a tile is there is looked at in any case; what it has, only if the log owns up to the entries.
    pub(super) fn compare(
        &mut self,
        growth: &Growth,
        standing: Standing,
        store: &mut Store<'_>,
        found: &mut dyn FnMut(Finding),
    ) {
        let rows: Vec<Row<'_>> = growth.rows().collect();
        let height = usize::from(TILE_HEIGHT);
        for (level, rows) in (0u8..).zip(rows.chunks(height)) {
            if self.levels.len() == usize::from(level) {
                self.levels.push(Level::default());
            }
            let collected = &mut self.levels[usize::from(level)];
            if let Some(above) = rows.get(height / 2) {
                collected.shortcuts.extend(above.hashes.iter().flat_map(Hash::as_bytes));
            }
            for hash in rows[0].hashes {
                collected.hashes.extend_from_slice(hash.as_bytes());
                if collected.hashes.len() == PUBLIC_BYTES {
                    self.compared += u64::from(collected.full(level, standing, store, found));
                    collected.next();
                }
            }
        }
    }

    pub(super) fn finish(&mut self, found: &mut dyn FnMut(Finding)) {
        for (level, collected) in (0..).zip(&mut self.levels) {
            tell(level, collected.absent.take(), found);
        }
    }
}

impl Level {
    /// Looks at the stored tile; whether one was there.
    fn full(&mut self, level: u8, standing: Standing, store: &mut Store<'_>, found: &mut dyn FnMut(Finding)) -> bool {
        let index = self.index;
        let end = TileId { level, index }.end();
        if end > store.sealed() {
            return false;
        }
        let (key, volume) = (Key::Tile { level, index }, store.volume(end - 1));
        match store.read(volume, |objects| objects.get(key), found) {
            None => false,
            Some(None) => {
                tell(level, self.absent.add(volume, index..index + 1), found);
                false
            }
            Some(Some(stored)) => {
                let shortcuts = &self.shortcuts[..FullTile::BYTES - PUBLIC_BYTES];
                let same = stored.split_at_checked(PUBLIC_BYTES) == Some((&self.hashes, shortcuts));
                if !same && standing == Standing::Owned {
                    found(Finding::Object {
                        key,
                        volume,
                        problem: ObjectProblem::Hashes,
                    });
                }
                true
            }
        }
    }

    fn next(&mut self) {
        self.index += 1;
        self.hashes.clear();
        self.shortcuts.drain(..FullTile::BYTES - PUBLIC_BYTES);
    }
}

fn tell(level: u8, absent: Option<(u64, Range<u64>)>, found: &mut dyn FnMut(Finding)) {
    if let Some((volume, tiles)) = absent {
        found(Finding::AbsentTiles { level, tiles, volume });
    }
}

/// 256 hashes of 32 bytes, joined: what is public of a tile.
const PUBLIC_BYTES: usize = 256 * Hash::BYTES;
