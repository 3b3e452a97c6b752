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

    /// The head whose tree this is.
    pub fn head(&self) -> TreeHead {
        self.edge.head()
    }

    /// Where its tiles come from.
    pub fn source(&self) -> &PatientSource {
        &self.source
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use indelible_merkle::{Growth, TileContent, bundle, check_prefix};
    use tempfile::TempDir;

    use super::*;
    use crate::http::{HttpOptions, http_client};
    use crate::tiles::{FetchError, Patience, TileSource, WrongFile, check_leaves};

    /// Writes all tiles and bundles of a log of `size` entries.
    fn publish(size: u64) -> (TempDir, TreeHead, Growth) {
        let folder = tempfile::tempdir().unwrap();
        let entries: Vec<String> = (0..size).map(|index| format!("entry {index}")).collect();
        let mut tree = CompactRange::new();
        let growth = tree.extend(entries.iter().map(|entry| Hash::leaf(entry.as_bytes())).collect());
        for path in TilePath::all(size) {
            let indices = path.index() * TILE_WIDTH..path.index() * TILE_WIDTH + path.width();
            let content = match path.content() {
                TileContent::Entries => {
                    let entries = indices.map(|index| &entries[usize::try_from(index).unwrap()]);
                    bundle::encode(entries).unwrap()
                }
                TileContent::Hashes { level } => {
                    let level = level * TILE_HEIGHT;
                    let hashes = indices.map(|index| growth.node(NodeId { level, index }).unwrap());
                    Hash::join(&hashes.collect::<Vec<_>>())
                }
            };
            let file = folder.path().join(path.to_string());
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
        (folder, tree.head(), growth)
    }

    fn source(folder: &Path) -> PatientSource {
        let client = http_client(&HttpOptions::default()).unwrap();
        let patience = Patience {
            limit: Duration::ZERO,
            ..Patience::default()
        };
        PatientSource::new(TileSource::new(folder.to_str().unwrap(), client).unwrap(), patience)
    }

    async fn open(folder: &Path, head: TreeHead) -> Result<Trunk, TileError> {
        Trunk::open(source(folder), head).await
    }

    /// The leaf hashes of a bundle, held against its tile.
    async fn leaves(trunk: &mut Trunk, index: u64) -> Result<Vec<Hash>, TileError> {
        let path = TilePath::of_bundle(index, trunk.head().size).unwrap();
        let due = trunk.hashes(TileId { level: 0, index }).await?.to_vec();
        let body = trunk.source().file(&path).await?;
        check_leaves(&path, &body, &due)?;
        Ok(due)
    }

    #[tokio::test]
    async fn every_node_of_a_proof_and_every_entry_is_read() {
        for size in [0, 1, 2, 255, 256, 257, 300, 511, 512, 65_535, 65_536, 65_537, 66_000] {
            let (folder, head, growth) = publish(size);
            let mut trunk = open(folder.path(), head).await.unwrap();
            for old in [1, 2, 3, 255, 256, 257, 400, 65_535, 65_536, 65_600] {
                if old >= size {
                    continue;
                }
                let hashes = trunk.prefix(old).await.unwrap();
                let mut begins = CompactRange::new();
                begins.extend(growth.leaves()[..usize::try_from(old).unwrap()].to_vec());
                let proven = check_prefix(&hashes, old, &head).unwrap();
                assert_eq!(proven.old_head(), begins.head(), "{old} of {size}");
            }
            let last = size.checked_sub(1).map(|last| last / TILE_WIDTH);
            for index in (0..size.div_ceil(TILE_WIDTH)).step_by(50).chain(last) {
                let leaves = leaves(&mut trunk, index).await.unwrap();
                let first = usize::try_from(index * TILE_WIDTH).unwrap();
                assert_eq!(leaves[..], growth.leaves()[first..][..leaves.len()]);
            }
        }
    }

    /// One bit anywhere in a file that is read, and it is refused; which file it is, is known.
    #[tokio::test]
    async fn a_changed_tile_or_entry_is_refused() {
        let (folder, head, _) = publish(65_536 + 300);
        let flip = |path: &str, at: usize| {
            let file = folder.path().join(path);
            let mut bytes = fs::read(&file).unwrap();
            bytes[at] ^= 1;
            fs::write(file, bytes).unwrap();
        };
        let wrong = |error: TileError| match error {
            TileError::Wrong(WrongFile { path, wrong }) => (path.to_string(), wrong),
            other => panic!("{other}"),
        };
        for edge in ["tile/0/257.p/44", "tile/1/001.p/1", "tile/2/000.p/1"] {
            flip(edge, 31);
            let (_, found) = wrong(open(folder.path(), head).await.unwrap_err());
            assert!(matches!(found, Wrong::Edge { .. }), "{found}");
            flip(edge, 31);
        }
        for full in ["tile/0/000", "tile/1/000"] {
            flip(full, 8191);
            let mut trunk = open(folder.path(), head).await.unwrap();
            let (path, found) = wrong(leaves(&mut trunk, 0).await.unwrap_err());
            assert!(path == full && matches!(found, Wrong::Root { .. }), "{path}: {found}");
            flip(full, 8191);
        }
        flip("tile/entries/003", 2);
        let mut trunk = open(folder.path(), head).await.unwrap();
        let (_, found) = wrong(leaves(&mut trunk, 3).await.unwrap_err());
        assert!(matches!(found, Wrong::Entry { index: 768, .. }), "{found}");
        leaves(&mut trunk, 4).await.unwrap();
    }

    #[tokio::test]
    async fn a_partial_tile_that_became_full_is_cut_and_other_widths_are_refused() {
        let (folder, head, _) = publish(300);
        let (larger, _, _) = publish(600);
        for partial in ["tile/0/001.p/44", "tile/entries/001.p/44"] {
            fs::remove_file(folder.path().join(partial)).unwrap();
            let full = partial.split('.').next().unwrap();
            fs::copy(larger.path().join(full), folder.path().join(full)).unwrap();
        }
        let mut trunk = open(folder.path(), head).await.unwrap();
        assert_eq!(leaves(&mut trunk, 1).await.unwrap().len(), 44);
        for wrong in [0, 32, 43 * 32, 44 * 32, 45 * 32, 8191, 8193] {
            fs::write(folder.path().join("tile/0/001"), vec![0; wrong]).unwrap();
            let error = open(folder.path(), head).await.unwrap_err();
            assert!(
                matches!(&error, TileError::Wrong(file) if matches!(file.wrong, Wrong::Length { .. })),
                "{wrong} bytes: {error}"
            );
        }
        fs::remove_file(folder.path().join("tile/0/001")).unwrap();
        let error = open(folder.path(), head).await.unwrap_err();
        assert!(matches!(error, TileError::Fetch(FetchError::Absent { .. })), "{error}");
    }
}
