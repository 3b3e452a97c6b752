//! The tree of one head, read from tiles. Nothing of a tile is handed out before it is known to belong to that tree.
//!
//! The partial tiles at the right edge together lead to the root, which is checked once. Every other tile is full, and its root
//! is one of the hashes of the tile above it: so a tile is checked against the one above, and that one first.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use indelible_merkle::{CompactRange, Hash, NodeId, TILE_HEIGHT, TILE_WIDTH, TileId, TilePath, TreeHead, bundle};

use super::{FetchError, ForeignBytes, TileSource, TreeError};

/// Reads nodes and entries of the tree with this head from where a log publishes its tiles.
#[derive(Debug)]
pub struct TreeReader {
    source: TileSource,
    head: TreeHead,
    /// The partial tiles, at most one a level.
    edge: Vec<Tile>,
    /// Full tiles that were checked, the one used last in front.
    recent: Mutex<VecDeque<Tile>>,
}

/// A tile that belongs to the tree, as wide as the tree has it.
#[derive(Clone, Debug)]
struct Tile {
    id: TileId,
    hashes: Arc<[Hash]>,
}

impl TreeReader {
    /// Fetches the partial tiles of the tree, at most eight, and checks that they lead to the root of the head. The head itself is
    /// for the caller to verify.
    ///
    /// # Errors
    /// If they cannot be had, or do not lead there.
    pub async fn open(source: TileSource, head: TreeHead) -> Result<TreeReader, TreeError> {
        let mut edge = Vec::new();
        let mut end = head.size;
        for level in 0.. {
            if end == 0 {
                break;
            }
            let (index, width) = (end / TILE_WIDTH, end % TILE_WIDTH);
            if width > 0 {
                let id = TileId { level, index };
                let hashes = fetch(&source, id, head.size).await?;
                edge.push(Tile { id, hashes });
            }
            end = index;
        }
        let reader = TreeReader {
            source,
            head,
            edge,
            recent: Mutex::default(),
        };
        let peaks = CompactRange::nodes_of(head.size).into_iter().map(|id| {
            let tile = reader.in_edge(TileId::of(id));
            tile.expect("what makes up a tree lies in its partial tiles").node(id)
        });
        let computed = CompactRange::from_hashes(head.size, peaks.collect())
            .expect("a hash for each node that was asked for")
            .root();
        match computed == head.root {
            true => Ok(reader),
            false => Err(ForeignBytes::Edge { head, computed }.into()),
        }
    }

    /// The head whose tree this is.
    pub fn head(&self) -> TreeHead {
        self.head
    }

    /// The hashes of these nodes, in their order.
    ///
    /// # Errors
    /// If a tile cannot be had, or is not of this tree.
    ///
    /// # Panics
    /// If the tree does not have one of the nodes whole.
    pub async fn nodes(&self, ids: &[NodeId]) -> Result<Vec<Hash>, TreeError> {
        let mut hashes = Vec::with_capacity(ids.len());
        for &id in ids {
            hashes.push(self.tile(TileId::of(id)).await?.node(id));
        }
        Ok(hashes)
    }

    /// Fetches the bundle of the entries from `256 * index` on, as far as the tree goes, and gives their leaf hashes, which are
    /// those of the tree.
    ///
    /// # Errors
    /// If bundle or tile cannot be had, or are not of this tree.
    ///
    /// # Panics
    /// If the tree has no such entries.
    pub async fn entry_hashes(&self, index: u64) -> Result<Arc<[Hash]>, TreeError> {
        let path = TilePath::of_bundle(index, self.head.size).expect("the tree has entries there");
        let tile = self.tile(TileId { level: 0, index }).await?.hashes;
        let bytes = read(&self.source, &path).await?;
        let entries = bundle::decode(&bytes).map_err(|reason| ForeignBytes::Bundle { path, reason })?;
        check_count(path, entries.len())?;
        let first = index * TILE_WIDTH;
        for ((place, entry), due) in (first..).zip(entries).zip(tile.iter()) {
            let computed = Hash::leaf(entry);
            if computed != *due {
                let (index, due) = (place, *due);
                return Err(ForeignBytes::Entry { index, computed, due }.into());
            }
        }
        Ok(tile)
    }

    /// A tile that is known to belong to the tree.
    async fn tile(&self, id: TileId) -> Result<Tile, TreeError> {
        // Up to a tile that is known already ...
        let mut wanted = Vec::new();
        let mut next = id;
        let mut above = loop {
            if let Some(tile) = self.in_edge(next).cloned().or_else(|| self.kept(next)) {
                break tile;
            }
            wanted.push(next);
            next = TileId {
                level: next.level + 1,
                index: next.index / TILE_WIDTH,
            };
            assert!(
                u32::from(next.level) * u32::from(TILE_HEIGHT) < u64::BITS,
                "a tree of {} leaves has no tile {id:?}",
                self.head.size
            );
        };
        // ... and from there down, each against the one above.
        while let Some(id) = wanted.pop() {
            let hashes = fetch(&self.source, id, self.head.size).await?;
            let due = above.hashes[place(id.index)];
            let computed = root(&hashes);
            if computed != due {
                let path = path_of(id, self.head.size);
                return Err(ForeignBytes::Tile { path, computed, due }.into());
            }
            above = Tile { id, hashes };
            self.keep(above.clone());
        }
        Ok(above)
    }

    fn in_edge(&self, id: TileId) -> Option<&Tile> {
        self.edge.iter().find(|tile| tile.id == id)
    }

    fn kept(&self, id: TileId) -> Option<Tile> {
        let mut recent = self.recent();
        let at = recent.iter().position(|tile| tile.id == id)?;
        let tile = recent.remove(at).expect("it was just found there");
        recent.push_front(tile.clone());
        Some(tile)
    }

    fn keep(&self, tile: Tile) {
        let mut recent = self.recent();
        recent.push_front(tile);
        recent.truncate(TILES_KEPT);
    }

    fn recent(&self) -> MutexGuard<'_, VecDeque<Tile>> {
        self.recent.lock().expect("nobody panics while holding this lock")
    }
}

impl Tile {
    /// A node that lies in it.
    fn node(&self, id: NodeId) -> Hash {
        let height = id.level % TILE_HEIGHT;
        let first = place(id.index << height);
        root(&self.hashes[first..first + (1 << height)])
    }
}

/// The hashes of a tile as wide as the tree has it; whether they belong to the tree is still to be checked.
async fn fetch(source: &TileSource, id: TileId, size: u64) -> Result<Arc<[Hash]>, TreeError> {
    let path = path_of(id, size);
    let bytes = read(source, &path).await?;
    let mut hashes = Hash::split(&bytes).map_err(|reason| ForeignBytes::Hashes { path, reason })?;
    check_count(path, hashes.len())?;
    hashes.truncate(width(path));
    Ok(hashes.into())
}

async fn read(source: &TileSource, path: &TilePath) -> Result<bytes::Bytes, TreeError> {
    source.file_or_full(path).await.map_err(|error| match error {
        FetchError::TooLong { limit, .. } => ForeignBytes::TooLong { path: *path, limit }.into(),
        error => error.into(),
    })
}

/// As many as were asked for, or those of the full tile or bundle, which may have taken the place of the partial one.
fn check_count(path: TilePath, got: usize) -> Result<(), ForeignBytes> {
    match got == width(path) || got == width(path.to_full()) {
        true => Ok(()),
        false => Err(ForeignBytes::Count { path, got }),
    }
}

fn width(path: TilePath) -> usize {
    usize::try_from(path.width()).expect("a tile is at most 256 wide")
}

fn path_of(id: TileId, size: u64) -> TilePath {
    TilePath::of_tile(id, size).expect("a tile of the tree")
}

/// Where a hash stands in its tile.
fn place(index: u64) -> usize {
    usize::try_from(index % TILE_WIDTH).expect("a tile is at most 256 wide")
}

/// The root above 2^h neighbouring hashes.
fn root(hashes: &[Hash]) -> Hash {
    let mut tree = CompactRange::new();
    tree.extend(hashes.to_vec());
    tree.root()
}

/// 512 KiB: a path of full tiles has at most seven, and a few are read at a time.
const TILES_KEPT: usize = 64;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use indelible_merkle::{Growth, proof};
    use tempfile::TempDir;

    use super::*;
    use crate::http::{HttpOptions, http_client};

    /// Writes all tiles and bundles of a log of `size` entries.
    fn publish(size: u64) -> (TempDir, TreeHead, Growth) {
        let folder = tempfile::tempdir().unwrap();
        let entries: Vec<String> = (0..size).map(|index| format!("entry {index}")).collect();
        let mut tree = CompactRange::new();
        let growth = tree.extend(entries.iter().map(|entry| Hash::leaf(entry.as_bytes())).collect());
        for path in TilePath::all(size) {
            let first = path.index() * TILE_WIDTH;
            let content = match path.content() {
                indelible_merkle::TileContent::Entries => {
                    let first = usize::try_from(first).unwrap();
                    bundle::encode(&entries[first..first + width(path)]).unwrap()
                }
                indelible_merkle::TileContent::Hashes { level } => Hash::join(
                    &(first..first + path.width())
                        .map(|index| NodeId {
                            level: level * 8,
                            index,
                        })
                        .map(|id| growth.node(id).unwrap())
                        .collect::<Vec<_>>(),
                ),
            };
            let file = folder.path().join(path.to_string());
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
        (folder, tree.head(), growth)
    }

    fn source(folder: &Path) -> TileSource {
        TileSource::new(folder.to_str().unwrap(), http_client(&HttpOptions::default()).unwrap()).unwrap()
    }

    async fn open(folder: &Path, head: TreeHead) -> Result<TreeReader, TreeError> {
        TreeReader::open(source(folder), head).await
    }

    #[tokio::test]
    async fn every_node_of_a_proof_and_every_entry_is_read() {
        for size in [0, 1, 2, 255, 256, 257, 300, 511, 512, 65_535, 65_536, 65_537, 66_000] {
            let (folder, head, growth) = publish(size);
            let reader = open(folder.path(), head).await.unwrap();
            for old in [1, 2, 3, 255, 256, 257, 400, 65_535, 65_536, 65_600] {
                let Ok(plan) = proof::prefix(old, size) else { continue };
                let due: Vec<Hash> = plan.nodes().iter().map(|&id| growth.node(id).unwrap()).collect();
                assert_eq!(reader.nodes(plan.nodes()).await.unwrap(), due, "{old} of {size}");
            }
            for index in (0..size.div_ceil(256))
                .step_by(50)
                .chain(size.checked_sub(1).map(|last| last / 256))
            {
                let leaves = reader.entry_hashes(index).await.unwrap();
                assert_eq!(
                    leaves[..],
                    growth.leaves()[usize::try_from(index * 256).unwrap()..][..leaves.len()]
                );
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
        for edge in ["tile/0/257.p/44", "tile/1/001.p/1", "tile/2/000.p/1"] {
            flip(edge, 31);
            let error = open(folder.path(), head).await.unwrap_err();
            assert!(
                matches!(error, TreeError::Foreign(ForeignBytes::Edge { .. })),
                "{error}"
            );
            flip(edge, 31);
        }
        let leaf = [NodeId { level: 0, index: 3 }];
        for full in ["tile/0/000", "tile/1/000"] {
            flip(full, 8191);
            let reader = open(folder.path(), head).await.unwrap();
            let error = reader.nodes(&leaf).await.unwrap_err();
            assert!(
                matches!(&error, TreeError::Foreign(ForeignBytes::Tile { path, .. }) if path.to_string() == full),
                "{error}"
            );
            flip(full, 8191);
        }
        flip("tile/entries/003", 2);
        let reader = open(folder.path(), head).await.unwrap();
        let error = reader.entry_hashes(3).await.unwrap_err();
        assert!(
            matches!(error, TreeError::Foreign(ForeignBytes::Entry { index: 768, .. })),
            "{error}"
        );
        reader.entry_hashes(4).await.unwrap();
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
        let reader = open(folder.path(), head).await.unwrap();
        assert_eq!(reader.entry_hashes(1).await.unwrap().len(), 44);
        for wrong in [0, 32, 43 * 32, 45 * 32, 8191] {
            fs::write(folder.path().join("tile/0/001"), vec![0; wrong]).unwrap();
            assert!(
                matches!(open(folder.path(), head).await.unwrap_err(), TreeError::Foreign(_)),
                "{wrong} bytes"
            );
        }
        fs::remove_file(folder.path().join("tile/0/001")).unwrap();
        let error = open(folder.path(), head).await.unwrap_err();
        assert!(matches!(error, TreeError::Fetch(FetchError::Absent { .. })), "{error}");
    }
}
