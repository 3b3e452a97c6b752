//! The tiles of a signed tree, from the top down: each is held against the one above it, and the partial ones against the signed
//! root, before anything of it is believed.

use std::collections::BTreeMap;

use indelible_merkle::{
    CompactRange, Hash, NodeId, TILE_HEIGHT, TILE_WIDTH, Tile, TileEdge, TileId, TilePath, TreeHead, proof,
};

use super::{PatientSource, TileError, Wrong};

/// The tree of one head, of which the partial tiles are known and full ones are fetched as they are needed.
///
/// It keeps the tile that was used last at each level: whoever goes through the tree in order fetches each tile once.
#[derive(Debug)]
pub struct Trunk {
    source: PatientSource,
    edge: TileEdge,
    /// By level.
    kept: BTreeMap<u8, Tile>,
}

impl Trunk {
    /// Fetches the partial tiles, at most eight, and holds them against the root.
    ///
    /// # Errors
    ///
    /// If they cannot be had, or are not those of this head.
    pub async fn open(source: PatientSource, head: TreeHead) -> Result<Trunk, TileError> {
        let paths = TileEdge::paths(head.size);
        let mut tiles = Vec::with_capacity(paths.len());
        for path in &paths {
            tiles.push(source.hashes(path).await?);
        }
        let edge = TileEdge::from_tiles(head.size, tiles).expect("the tiles have the widths that were asked for");
        let (expected, found) = (head.root, edge.head().root);
        match (expected == found, paths.first()) {
            (true, _) => Ok(Trunk {
                source,
                edge,
                kept: BTreeMap::new(),
            }),
            (false, Some(path)) => Err(Wrong::Edge { expected, found }.of(*path).into()),
            (false, None) => Err(TileError::Root {
                size: head.size,
                expected,
                found,
            }),
        }
    }

    /// The partial tiles.
    pub fn edge(&self) -> &TileEdge {
        &self.edge
    }

    /// The hashes of a tile of this tree, full or partial.
    ///
    /// # Errors
    ///
    /// If the tile, or one above it, cannot be had or is wrong.
    ///
    /// # Panics
    ///
    /// If the tree has no such tile.
    pub async fn hashes(&mut self, id: TileId) -> Result<&[Hash], TileError> {
        // From the lowest tile above it that is known down to it.
        let mut level = id.level;
        while !self.is_known(at_level(id, level)) {
            level += 1;
        }
        while level > id.level {
            let expected = self.known(at_level(id, level))[place_in(at_level(id, level - 1))];
            level -= 1;
            let tile = fetch_tile(&self.source, at_level(id, level), expected).await?;
            self.kept.insert(level, tile);
        }
        Ok(self.known(id))
    }

    /// What a full tile of this tree hashes to.
    ///
    /// # Errors
    ///
    /// As [`Trunk::hashes`], of the tile above it.
    ///
    /// # Panics
    ///
    /// If the tree has no such full tile.
    pub async fn root(&mut self, id: TileId) -> Result<Hash, TileError> {
        let above = self.hashes(at_level(id, id.level + 1)).await?;
        Ok(above[place_in(id)])
    }

    /// The hashes from which [`indelible_merkle::check_prefix`] tells the head of the first `old_size` leaves, which are neither
    /// none nor all.
    ///
    /// # Errors
    ///
    /// As [`Trunk::hashes`].
    ///
    /// # Panics
    ///
    /// If `old_size` is 0 or not below the size of the tree.
    pub async fn prefix(&mut self, old_size: u64) -> Result<Vec<Hash>, TileError> {
        let plan = proof::prefix(old_size, self.edge.size()).expect("the caller asks for less than the tree");
        let mut hashes = Vec::with_capacity(plan.nodes().len());
        for &node in plan.nodes() {
            hashes.push(self.node(node).await?);
        }
        Ok(plan.finish(&hashes).expect("a hash for each node"))
    }

    async fn node(&mut self, node: NodeId) -> Result<Hash, TileError> {
        let height = node.level % TILE_HEIGHT;
        let start = usize::try_from((node.index << height) % TILE_WIDTH).expect("a place in a tile is below 256");
        let hashes = self.hashes(TileId::of(node)).await?;
        let mut below = CompactRange::new();
        below.extend(hashes[start..start + (1 << height)].to_vec());
        Ok(below.root())
    }

    fn is_known(&self, id: TileId) -> bool {
        self.is_partial(id) || self.kept.get(&id.level).is_some_and(|tile| tile.id == id)
    }

    fn known(&self, id: TileId) -> &[Hash] {
        match self.kept.get(&id.level) {
            Some(tile) if tile.id == id => &tile.hashes,
            _ => self.edge.row(id.level),
        }
    }

    fn is_partial(&self, id: TileId) -> bool {
        let path = TilePath::of_tile(id, self.edge.size());
        path.expect("the tree has this tile").width() < TILE_WIDTH
    }
}

/// Fetches a full tile and holds it against the hash in the tile above it.
///
/// # Errors
///
/// If it cannot be had, or is another one.
pub async fn fetch_tile(source: &PatientSource, id: TileId, expected: Hash) -> Result<Tile, TileError> {
    let path = TilePath::of_tile(id, u64::MAX).expect("a tree of this size has every tile");
    let hashes = source.hashes(&path).await?;
    let found = Tile::root_of(&hashes).expect("the full tile was asked for");
    match found == expected {
        true => Ok(Tile { id, hashes }),
        false => Err(Wrong::Root { expected, found }.of(path).into()),
    }
}

/// The tile at this level above, or at, a tile.
fn at_level(id: TileId, level: u8) -> TileId {
    let index = id
        .index
        .checked_shr(u32::from(level - id.level) * u32::from(TILE_HEIGHT));
    TileId {
        level,
        index: index.unwrap_or(0),
    }
}

/// Where the root of a tile stands in the tile above it.
fn place_in(id: TileId) -> usize {
    usize::try_from(id.index % TILE_WIDTH).expect("a place in a tile is below 256")
}
