//! The end of the log that is in memory: entries that are not sealed yet, and the nodes of every tile that is not full.
//!
//! It is shared by the sequencer, which adds commits, the sealer, which takes what it has made durable off the front, and all
//! readers. A node, once complete, never changes, so that a reader needs no copy of the tail that belongs to its head: it
//! takes what it needs under the lock (microseconds), and finds the rest in the tiles. What is in neither does not exist.
//! A node moves from here to the tiles in that order: it is in sled before it leaves the tail.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use indelible_merkle::{CompactRange, Hash, NodeId, TILE_HEIGHT, TILE_WIDTH};
use indelible_store::journal::RecordPlace;

use crate::commit::Commit;

/// The shared tail; see the module.
#[derive(Debug)]
pub(crate) struct Tail(RwLock<Inner>);

#[derive(Debug)]
struct Inner {
    /// By level: the complete nodes from the first tile on that is not full in the sealed tree.
    rows: Vec<Row>,
    /// The commits that end above `sealed`, in order; the first may begin below it.
    commits: VecDeque<Arc<Commit>>,
    /// The size of the tree that is in the object store, entry for entry.
    sealed: u64,
    /// The size of the tree in memory and object store together.
    size: u64,
}

#[derive(Debug, Default)]
struct Row {
    /// Index of the first node held, at this level.
    start: u64,
    hashes: VecDeque<Hash>,
}

impl Tail {
    /// The tail of a tree of which `sealed` leaves are in the object store.
    ///
    /// `edge_tiles[l]` are the hashes of the last tile of tile level `l` if that tile is not full: the complete nodes at level
    /// `8 * l` from the tile's first on. Levels that are missing at the end have none.
    pub(crate) fn restore(sealed: u64, edge_tiles: Vec<Vec<Hash>>) -> Tail {
        let mut rows = Vec::with_capacity(LEVELS);
        let mut edge_tiles = edge_tiles.into_iter();
        while rows.len() < LEVELS {
            let mut hashes = edge_tiles.next().unwrap_or_default();
            for _ in 0..TILE_HEIGHT {
                let start = row_start(sealed, rows.len());
                let above = hashes
                    .chunks_exact(2)
                    .map(|pair| Hash::node(&pair[0], &pair[1]))
                    .collect();
                rows.push(Row {
                    start,
                    hashes: std::mem::replace(&mut hashes, above).into(),
                });
            }
        }
        Tail(RwLock::new(Inner {
            rows,
            commits: VecDeque::new(),
            sealed,
            size: sealed,
        }))
    }

    /// Adds the next commit.
    pub(crate) fn push(&self, commit: Arc<Commit>) {
        let mut inner = self.write();
        assert_eq!(commit.first(), inner.size, "commits come in order");
        for grown in commit.growth().rows() {
            let row = &mut inner.rows[usize::from(grown.level)];
            row.hashes.extend(grown.hashes);
        }
        inner.size = commit.end();
        inner.commits.push_back(commit);
    }

    /// Forgets what the object store now has: the entries below `sealed`, and the nodes of the tiles that are full there.
    /// Returns the weight of the commits that this frees.
    pub(crate) fn forget(&self, sealed: u64) -> u64 {
        let mut inner = self.write();
        assert!(
            inner.sealed <= sealed && sealed <= inner.size,
            "sealing goes forward, behind the commits"
        );
        inner.sealed = sealed;
        for level in 0..inner.rows.len() {
            let start = row_start(sealed, level);
            let row = &mut inner.rows[level];
            let gone = usize::try_from(start - row.start).expect("what is held in memory can be counted in memory");
            row.hashes.drain(..gone);
            row.start = start;
        }
        let gone = inner.commits.partition_point(|commit| commit.end() <= sealed);
        let gone: Vec<_> = inner.commits.drain(..gone).collect();
        // Their entries, megabytes of them, are given back when no reader waits for it.
        drop(inner);
        gone.iter().map(|commit| commit.weight()).sum()
    }

    /// Sizes of the sealed tree and of the whole tree.
    pub(crate) fn sizes(&self) -> (u64, u64) {
        let inner = self.read();
        (inner.sealed, inner.size)
    }

    /// The right edge of the whole tree.
    pub(crate) fn edge(&self) -> CompactRange {
        let inner = self.read();
        let nodes = CompactRange::nodes_of(inner.size);
        let hashes = nodes
            .iter()
            .map(|node| inner.node(*node).expect("the edge lies in tiles that are not full"));
        CompactRange::from_hashes(inner.size, hashes.collect()).expect("a hash for each node of the edge")
    }

    /// The hashes of those of `nodes` that are here, in their order; `None` for each that the tiles have.
    pub(crate) fn nodes(&self, nodes: &[NodeId]) -> Vec<Option<Hash>> {
        let inner = self.read();
        nodes.iter().map(|node| inner.node(*node)).collect()
    }

    /// The hashes of the nodes `start .. start + count` of one level, if all of them are here.
    pub(crate) fn row(&self, level: u8, start: u64, count: u64) -> Option<Vec<Hash>> {
        let inner = self.read();
        (start..start + count)
            .map(|index| inner.node(NodeId { level, index }))
            .collect()
    }

    /// The commits that have entries of `start .. end`, if all of these are here.
    pub(crate) fn commits(&self, start: u64, end: u64) -> Option<Vec<Arc<Commit>>> {
        let inner = self.read();
        if start < inner.sealed || end > inner.size {
            return None;
        }
        let from = inner.commits.partition_point(|commit| commit.end() <= start);
        Some(
            inner
                .commits
                .range(from..)
                .take_while(|commit| commit.first() < end)
                .cloned()
                .collect(),
        )
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        // A writer that panicked was the sequencer or the sealer, and the log then stops; what it held are only facts that
        // never change, so that readers may go on.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn node(&self, node: NodeId) -> Option<Hash> {
        let row = self.rows.get(usize::from(node.level))?;
        let offset = usize::try_from(node.index.checked_sub(row.start)?).ok()?;
        row.hashes.get(offset).copied()
    }
}

/// The entries `start .. end` out of commits that together have them all, in order.
pub(crate) fn entries(commits: &[Arc<Commit>], start: u64, end: u64) -> impl Iterator<Item = &Bytes> {
    let records = commits
        .iter()
        .flat_map(move |commit| &commit.records()[within(commit, start, end)]);
    records.map(|record| &record.entry)
}

/// Where the attachments of the entries `start .. end` lie, out of commits that together have them all, in order. None in a log without
/// attachments.
pub(crate) fn places(commits: &[Arc<Commit>], start: u64, end: u64) -> impl Iterator<Item = &RecordPlace> {
    let with_places = commits.iter().filter(|commit| !commit.places().is_empty());
    with_places.flat_map(move |commit| &commit.places()[within(commit, start, end)])
}

/// Which records of a commit are of the entries `start .. end`.
fn within(commit: &Commit, start: u64, end: u64) -> Range<usize> {
    let offset = |index: u64| {
        let within = index.clamp(commit.first(), commit.end()) - commit.first();
        usize::try_from(within).expect("a commit's entries are in memory")
    };
    offset(start)..offset(end)
}

/// Index of the first node of `level` that lies in a tile which is not full in a tree of `sealed` leaves.
fn row_start(sealed: u64, level: usize) -> u64 {
    let height = usize::from(TILE_HEIGHT);
    let (tile_level, inner) = (level / height, level % height);
    let leaves_log2 = u32::try_from(height * (tile_level + 1)).expect("a level is below 64");
    let full_tiles = sealed.checked_shr(leaves_log2).unwrap_or(0);
    full_tiles * (TILE_WIDTH >> inner)
}

/// Levels of complete nodes in any tree: sizes are below 2^63.
const LEVELS: usize = 64;

#[cfg(test)]
mod tests {
    use indelible_store::journal::Record;

    use super::*;

    fn leaf(index: u64) -> Hash {
        Hash::leaf(&index.to_be_bytes())
    }

    fn commit(edge: &mut CompactRange, count: u64) -> Arc<Commit> {
        let indices = edge.size()..edge.size() + count;
        let records = indices.clone().map(|i| Record {
            entry: Bytes::copy_from_slice(&i.to_be_bytes()),
            attachments: vec![],
        });
        Arc::new(Commit::integrate(
            edge,
            records.collect(),
            indices.clone().map(leaf).collect(),
            count,
        ))
    }

    /// Every node of a tree of `size` leaves, computed from the leaves.
    fn node(id: NodeId) -> Hash {
        match id.level {
            0 => leaf(id.index),
            level => {
                let child = |index| {
                    node(NodeId {
                        level: level - 1,
                        index,
                    })
                };
                Hash::node(&child(2 * id.index), &child(2 * id.index + 1))
            }
        }
    }

    fn every_node(size: u64) -> impl Iterator<Item = NodeId> {
        (0u8..11).flat_map(move |level| (0..size >> level).map(move |index| NodeId { level, index }))
    }

    #[test]
    fn it_holds_the_nodes_of_tiles_that_are_not_full_and_forgets_the_rest() {
        let tail = Tail::restore(0, vec![]);
        let mut edge = CompactRange::new();
        for count in [1, 200, 55, 1, 300, 700] {
            tail.push(commit(&mut edge, count));
        }
        for sealed in [0, 1, 255, 256, 257, 600, 1024, 1257] {
            tail.forget(sealed);
            for id in every_node(1257) {
                let in_full_tile = (id.index >> (8 - id.level % 8)) < sealed >> (8 * (id.level / 8 + 1));
                let expected = (!in_full_tile).then(|| node(id));
                assert_eq!(tail.nodes(&[id]), [expected], "{id:?} when {sealed} are sealed");
            }
            assert_eq!(tail.edge().root(), edge.root());
        }
    }

    #[test]
    fn entries_come_from_the_commits_that_are_not_sealed() {
        let tail = Tail::restore(0, vec![]);
        let mut edge = CompactRange::new();
        for count in [3, 4, 5] {
            tail.push(commit(&mut edge, count));
        }
        assert_eq!(
            tail.forget(4),
            3,
            "the first commit is freed, the second is half needed"
        );
        assert!(tail.commits(3, 5).is_none() && tail.commits(4, 13).is_none());
        for (start, end) in [(4, 12), (5, 6), (6, 8), (7, 12), (11, 12)] {
            let commits = tail.commits(start, end).unwrap();
            let found: Vec<Bytes> = entries(&commits, start, end).cloned().collect();
            let expected: Vec<Bytes> = (start..end).map(|i| Bytes::copy_from_slice(&i.to_be_bytes())).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_restored_tail_is_the_tail_that_was_left() {
        for sealed in [0u64, 1, 255, 256, 300, 511, 512, 70_000] {
            let level0 = (sealed / 256 * 256..sealed).map(leaf).collect();
            let level1 = (sealed / 65_536 * 256..sealed / 256)
                .map(|index| node(NodeId { level: 8, index }))
                .collect();
            let level2 = (0..sealed / 65_536)
                .map(|index| node(NodeId { level: 16, index }))
                .collect();
            let restored = Tail::restore(sealed, vec![level0, level1, level2]);
            let mut edge = CompactRange::new();
            edge.extend((0..sealed).map(leaf).collect());
            assert_eq!(restored.edge().root(), edge.root(), "{sealed}");
        }
    }
}
