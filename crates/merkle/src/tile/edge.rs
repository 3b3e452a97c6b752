//! The right edge of a growing tree, as tiles show it: for whoever rebuilds the tiles of a log, or begins at its right edge to
//! check them.

use super::{TILE_HEIGHT, TILE_WIDTH, TileId, TilePath};
use crate::{CompactRange, Growth, Hash, NodeId, TreeHead, WrongCount};

/// A tree of which the tiles are known that are not full yet: at most one a level. With leaf hashes it grows, and tells every
/// tile that becomes full.
///
/// It takes what [`CompactRange`] would, and up to 255 hashes a level: 16 KiB for a billion leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TileEdge {
    range: CompactRange,
    /// The hashes of the partial tile of each level, as far up as there were any.
    rows: Vec<Vec<Hash>>,
}

/// A tile with all its hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Where it stands.
    pub id: TileId,
    /// 1 to [`TILE_WIDTH`] of them.
    pub hashes: Vec<Hash>,
}

impl TileEdge {
    /// The tree without leaves.
    pub fn new() -> TileEdge {
        TileEdge::default()
    }

    /// The partial tiles of a tree of `size` leaves, lowest level first: what [`TileEdge::from_tiles`] needs. None if `size` is 0.
    pub fn paths(size: u64) -> Vec<TilePath> {
        let at = |level| TilePath::of_tile(partial(level, size), size);
        (0..LEVELS).filter_map(at).collect()
    }

    /// Restores the edge of a tree of `size` leaves from the hashes of the tiles of [`TileEdge::paths`], in that order. Whether
    /// they are right only the root of its [`head`](TileEdge::head) can tell, and that tells it of every one of them.
    pub fn from_tiles(size: u64, tiles: Vec<Vec<Hash>>) -> Result<TileEdge, WrongCount> {
        let paths = TileEdge::paths(size);
        WrongCount::of(paths.len(), tiles.len())?;
        let mut tiles = tiles.into_iter();
        let mut rows = Vec::new();
        for level in 0..LEVELS {
            let row = match TilePath::of_tile(partial(level, size), size) {
                None => Vec::new(),
                Some(path) => {
                    let hashes = tiles.next().unwrap_or_default();
                    WrongCount::of(usize::try_from(path.width()).unwrap_or(usize::MAX), hashes.len())?;
                    hashes
                }
            };
            rows.push(row);
        }
        let nodes = CompactRange::nodes_of(size);
        let hashes = nodes.into_iter().map(|node| node_in(node, &rows)).collect();
        let range = CompactRange::from_hashes(size, hashes)?;
        Ok(TileEdge { range, rows })
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.range.size()
    }

    /// Size and root.
    pub fn head(&self) -> TreeHead {
        self.range.head()
    }

    /// The hashes of the partial tile at this level; none if there is no such tile.
    pub fn row(&self, level: u8) -> &[Hash] {
        self.rows.get(usize::from(level)).map_or(&[], Vec::as_slice)
    }

    /// The partial tiles, lowest level first: those of [`TileEdge::paths`].
    pub fn tiles(&self) -> impl Iterator<Item = Tile> {
        (0..)
            .zip(&self.rows)
            .filter(|(_, row)| !row.is_empty())
            .map(|(level, row)| Tile {
                id: partial(level, self.size()),
                hashes: row.clone(),
            })
    }

    /// Appends leaf hashes, and tells the tiles that they have filled, lower levels first. About one node hash a leaf.
    ///
    /// # Panics
    /// If the tree would have 2^64 leaves.
    pub fn extend(&mut self, leaves: Vec<Hash>) -> Vec<Tile> {
        let growth = self.range.extend(leaves);
        let mut full = Vec::new();
        for level in 0..LEVELS {
            let Some(hashes) = new_hashes(&growth, level) else {
                break;
            };
            if self.rows.len() <= usize::from(level) {
                self.rows.resize(usize::from(level) + 1, Vec::new());
            }
            let row = &mut self.rows[usize::from(level)];
            row.extend_from_slice(hashes);
            let first = partial(level, growth.first()).index;
            let count = row.len() / WIDTH;
            full.extend((first..).zip(row.chunks_exact(WIDTH)).map(|(index, hashes)| Tile {
                id: TileId { level, index },
                hashes: hashes.to_vec(),
            }));
            row.drain(..count * WIDTH);
        }
        full
    }
}

impl Tile {
    /// The root of a full tile, which is a hash of the tile above it.
    ///
    /// # Errors
    /// If the tile is not full.
    pub fn root_of(hashes: &[Hash]) -> Result<Hash, WrongCount> {
        Ok(super::FullTile::from_hashes(hashes)?.root())
    }
}

/// The tile of a level that a tree of `size` leaves has begun and not filled, or will begin next.
fn partial(level: u8, size: u64) -> TileId {
    let index = size.checked_shr(u32::from(level + 1) * u32::from(TILE_HEIGHT));
    TileId {
        level,
        index: index.unwrap_or(0),
    }
}

/// What a growth has added to the tiles of a level.
fn new_hashes(growth: &Growth, level: u8) -> Option<&[Hash]> {
    let row = growth.rows().nth(usize::from(level * TILE_HEIGHT))?;
    Some(row.hashes)
}

/// A node that lies in a partial tile.
fn node_in(node: NodeId, rows: &[Vec<Hash>]) -> Hash {
    let height = node.level % TILE_HEIGHT;
    let place = (node.index << height) % TILE_WIDTH;
    let start = usize::try_from(place).expect("a place in a tile is below 256");
    let row = &rows[usize::from(TileId::of(node).level)];
    let mut below = CompactRange::new();
    below.extend(row[start..start + (1 << height)].to_vec());
    below.root()
}

/// A size has 64 bits, and a level of tiles eight of them.
const LEVELS: u8 = 8;
const WIDTH: usize = 1 << TILE_HEIGHT;
