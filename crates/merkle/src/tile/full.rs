//! Full tiles as a store keeps them, with a shortcut that makes their inner nodes cheap.

use super::{TILE_HEIGHT, TILE_WIDTH};
use crate::{Hash, WrongCount};

/// A full tile: its 256 hashes, which are what C2SP tlog-tiles publishes, then the 16 hashes of height 4 above them.
///
/// With those any inner node costs at most 15 node hashes, and a path through the tile 22 instead of 247. The 16 are what
/// was stored: they are not recomputed, a tree root tells whether they are right. The bytes are held as whoever has them holds
/// them, so that a tile in a cache is read where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FullTile<B = Vec<u8>> {
    bytes: B,
}

impl FullTile {
    /// 8,704: 256 hashes and 16 more, of 32 bytes.
    pub const BYTES: usize = PUBLIC_BYTES + SHORTCUTS * Hash::BYTES;

    /// Makes a tile of its 256 hashes; 240 node hashes.
    pub fn from_hashes(hashes: &[Hash]) -> Result<FullTile, WrongCount> {
        WrongCount::check(WIDTH, hashes)?;
        let mut bytes = Vec::with_capacity(FullTile::BYTES);
        bytes.extend(hashes.iter().flat_map(Hash::as_bytes));
        for place in 0..SHORTCUTS {
            let below = PUBLIC_BYTES / SHORTCUTS;
            let shortcut = perfect_root(&bytes[place * below..][..below]);
            bytes.extend_from_slice(shortcut.as_bytes());
        }
        Ok(FullTile { bytes })
    }

    /// What a tile as it was stored is for others, without taking the rest of it.
    pub fn public_part(stored: &[u8]) -> Result<&[u8], TileLength> {
        if stored.len() == FullTile::BYTES {
            Ok(&stored[..PUBLIC_BYTES])
        } else {
            Err(TileLength(stored.len()))
        }
    }
}

impl<B: AsRef<[u8]>> FullTile<B> {
    /// Takes a tile as it was stored, without copying it.
    pub fn from_bytes(bytes: B) -> Result<FullTile<B>, TileLength> {
        FullTile::public_part(bytes.as_ref())?;
        Ok(FullTile { bytes })
    }

    /// What a store keeps: [`FullTile::BYTES`] bytes.
    pub fn into_bytes(self) -> B {
        self.bytes
    }

    /// What a tile is for others: the 8,192 bytes of its 256 hashes.
    pub fn public_bytes(&self) -> &[u8] {
        &self.bytes.as_ref()[..PUBLIC_BYTES]
    }

    /// The node at `height` above the tile's own hashes, `index` counted from the left in the tile. Costs no hashing at
    /// heights 0 and 4, then 1, 3 and 7 node hashes going up from either, 15 at the root.
    ///
    /// # Panics
    /// If the tile has no such node: `height` above 8, or `index` not below `256 >> height`.
    pub fn node(&self, height: u8, index: u64) -> Hash {
        assert!(
            height <= TILE_HEIGHT && index < TILE_WIDTH >> height,
            "no node ({height}, {index}) in a tile"
        );
        let (public, shortcuts) = self.bytes.as_ref().split_at(PUBLIC_BYTES);
        let (row, steps) = match height.checked_sub(SHORTCUT_HEIGHT) {
            None => (public, height),
            Some(steps) => (shortcuts, steps),
        };
        let below = Hash::BYTES << steps;
        let place = usize::try_from(index).expect("a tile has 256 hashes");
        perfect_root(&row[place * below..][..below])
    }

    /// The root of the tile: a hash of the tile above. 15 node hashes.
    pub fn root(&self) -> Hash {
        self.node(TILE_HEIGHT, 0)
    }
}

/// Bytes that are no full tile, because of their length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} bytes are not the {expected} of a stored tile", expected = FullTile::BYTES)]
pub struct TileLength(pub usize);

/// The root above 1, 2, 4, 8 or 16 joined hashes.
fn perfect_root(joined: &[u8]) -> Hash {
    let (hashes, _) = joined.as_chunks();
    let mut row = [Hash::EMPTY_ROOT; 1 << SHORTCUT_HEIGHT];
    row.iter_mut()
        .zip(hashes)
        .for_each(|(hash, bytes)| *hash = Hash::from(*bytes));
    let mut width = hashes.len();
    while width > 1 {
        width /= 2;
        for place in 0..width {
            row[place] = Hash::node(&row[2 * place], &row[2 * place + 1]);
        }
    }
    row[0]
}

const WIDTH: usize = 1 << TILE_HEIGHT;
const PUBLIC_BYTES: usize = WIDTH * Hash::BYTES;

/// Half the height of a tile, so that no node is far above stored hashes.
const SHORTCUT_HEIGHT: u8 = TILE_HEIGHT / 2;
const SHORTCUTS: usize = WIDTH >> SHORTCUT_HEIGHT;
