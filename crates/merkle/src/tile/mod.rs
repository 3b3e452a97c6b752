//! Tiles of C2SP tlog-tiles: the tree cut into pieces of 256 neighbouring nodes and what lies above them.
//!
//! Tile `(level, index)` is made of the nodes `index * 256` to `index * 256 + 255` of tree level `8 * level`. The nodes of
//! the seven levels above those are computed from them; the root of a full tile is one of the hashes of the tile above it.
//!
//! Of tiles that are not yet full a store keeps nothing; [`TileEdge`] is for those who read them. No caches here.

mod edge;
mod full;
mod path;

pub use self::edge::{Tile, TileEdge};
pub use self::full::{FullTile, TileLength};
pub use self::path::{BadTilePath, TileContent, TilePath};

use crate::NodeId;

/// How many hashes a full tile has.
pub const TILE_WIDTH: u64 = 1 << TILE_HEIGHT;

/// How many levels of the tree lie in one level of tiles.
pub const TILE_HEIGHT: u8 = 8;

/// The place of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// 0 for tiles of leaf hashes; at most 7.
    pub level: u8,
    /// Counted from the left in its level.
    pub index: u64,
}

impl TileId {
    /// The tile in which a node lies. The root of a tile lies in the tile above it.
    pub fn of(node: NodeId) -> TileId {
        let height = node.level % TILE_HEIGHT;
        TileId {
            level: node.level / TILE_HEIGHT,
            index: node.index >> (TILE_HEIGHT - height),
        }
    }

    /// The index behind its last leaf: the size from which on the tile is full. No tree fills a tile of level 7, for which
    /// this is `u64::MAX`.
    pub fn end(self) -> u64 {
        let leaves = 1_u64.checked_shl(u32::from((self.level + 1) * TILE_HEIGHT));
        leaves
            .and_then(|leaves| leaves.checked_mul(self.index + 1))
            .unwrap_or(u64::MAX)
    }
}
