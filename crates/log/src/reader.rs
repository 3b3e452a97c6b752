//! Reads of what is published: heads, nodes, entries. Never meets the sequencer. What belongs to entries is read in
//! [`attached`](crate::attached).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use bytes::Bytes;
use indelible_merkle::{FullTile, Hash, NodeId, TILE_HEIGHT, TILE_WIDTH, TileId, TileLength, TilePath, bundle};
use indelible_store::objects::{Key, Objects, ObjectsError};
use tokio::sync::watch;

use crate::attached::Attachments;
use crate::commit::Head;
use crate::tail::{Tail, entries};

/// Reads from the tail in memory and from the object store. Cheap to clone.
///
/// A proof is planned by `indelible_merkle::proof`, its nodes are fetched here, and the plan finishes it. Methods that may
/// read the object store block; [`nodes_at_hand`](Reader::nodes_at_hand) and [`tile_at_hand`](Reader::tile_at_hand) never do.
#[derive(Clone)]
pub struct Reader {
    pub(crate) tail: Arc<Tail>,
    pub(crate) objects: Arc<dyn Objects>,
    /// `None` in a log without attachments.
    pub(crate) attachments: Option<Attachments>,
    pub(crate) heads: watch::Receiver<Head>,
}

impl Reader {
    /// The newest published head.
    pub fn head(&self) -> Head {
        self.heads.borrow().clone()
    }

    /// Tells whenever a newer head is published; whoever is slow gets the newest, not all of them.
    pub fn heads(&self) -> watch::Receiver<Head> {
        self.heads.clone()
    }

    /// How many entries are in the object store, durable in two places.
    pub fn sealed_size(&self) -> u64 {
        self.tail.sizes().0
    }

    /// The hashes of `nodes`, in their order, if all of them are in memory: those of the tree's right edge always are, others
    /// if they were read lately.
    pub fn nodes_at_hand(&self, nodes: &[NodeId]) -> Option<Vec<Hash>> {
        let tile = |id: TileId| {
            let TileId { level, index } = id;
            let stored = self.objects.at_hand(Key::Tile { level, index }).ok_or(())?;
            FullTile::from_bytes(stored).map_err(|_| ())
        };
        gather(nodes, self.tail.nodes(nodes), tile).ok()
    }

    /// The hashes of `nodes`, in their order. Reads each tile that is needed once, 8.5 KiB each.
    ///
    /// # Errors
    ///
    /// [`ReadError::Beyond`] if a node is not complete in the published tree, and the object store's failures.
    pub fn nodes(&self, nodes: &[NodeId]) -> Result<Vec<Hash>, ReadError> {
        let size = self.head().size();
        if let Some(node) = nodes.iter().find(|node| node.end() > size) {
            return Err(ReadError::Beyond { end: node.end(), size });
        }
        gather(nodes, self.tail.nodes(nodes), |id| self.tile(id))
    }

    /// The first `width` hashes of a tile, joined, as C2SP tlog-tiles publishes them, if they are in memory: those of every tile
    /// that is not full always are, others if they were read lately.
    pub fn tile_at_hand(&self, tile: TileId, width: u64) -> Option<Bytes> {
        self.check_tile(tile, width).ok()?;
        match self.row(tile, width) {
            Some(row) => Some(row),
            None => beginning_of(&self.objects.at_hand(key_of(tile))?, width).ok(),
        }
    }

    /// The first `width` hashes of a tile, joined, as C2SP tlog-tiles publishes them. Reads at most that one tile, 8.5 KiB, and
    /// copies nothing of it.
    ///
    /// # Errors
    ///
    /// [`ReadError::Beyond`] if the published tree has fewer of them, and the object store's failures.
    pub fn tile_bytes(&self, tile: TileId, width: u64) -> Result<Bytes, ReadError> {
        self.check_tile(tile, width)?;
        match self.row(tile, width) {
            Some(row) => Ok(row),
            None => beginning_of(&self.stored_tile(tile)?, width).map_err(|error| problem_of(tile, error.to_string())),
        }
    }

    /// The leaf hashes of the entries `start .. end`, for somebody who reads all once: nothing of it is kept in memory.
    ///
    /// # Errors
    ///
    /// As [`nodes`](Reader::nodes).
    pub fn leaf_hashes(&self, start: u64, end: u64) -> Result<Vec<Hash>, ReadError> {
        let size = self.head().size();
        if end > size {
            return Err(ReadError::Beyond { end, size });
        }
        let leaves: Vec<NodeId> = (start..end).map(|index| NodeId { level: 0, index }).collect();
        gather(&leaves, self.tail.nodes(&leaves), |id| {
            found(id, self.objects.get_once(key_of(id))?)
        })
    }

    /// Entries from `start` on, in order: at least one, at most up to `end` and 4,096, and not more than `bytes_max` bytes of them unless
    /// the first alone has more. Reads one bundle of the object store at most.
    ///
    /// # Errors
    ///
    /// [`ReadError::Beyond`] if the published tree ends before `end` or the range is empty, and the object store's failures.
    pub fn entries(&self, start: u64, end: u64, bytes_max: usize) -> Result<Vec<Bytes>, ReadError> {
        let size = self.head().size();
        if start >= end || end > size {
            return Err(ReadError::Beyond { end, size });
        }
        // However long the tail, no more of its commits are held than a message of small entries needs.
        let end = end.min(start + ENTRIES_AT_ONCE);
        let mut bytes = 0;
        let mut fits = |entry: &Bytes| {
            let first = bytes == 0;
            bytes += entry.len().max(1);
            first || bytes <= bytes_max
        };
        match self.tail.commits(start, end) {
            Some(commits) => Ok(entries(&commits, start, end)
                .take_while(|entry| fits(entry))
                .cloned()
                .collect()),
            None => Ok(self
                .bundle(start, end)?
                .into_iter()
                .take_while(|entry| fits(entry))
                .collect()),
        }
    }

    /// The sealed entries of `start .. end` that lie in the bundle of `start`.
    fn bundle(&self, start: u64, end: u64) -> Result<Vec<Bytes>, ReadError> {
        let bundle = start / TILE_WIDTH;
        let mut found = Vec::new();
        for (first, run) in self.objects.runs(bundle)? {
            let key = Key::Entries { first };
            let slices = bundle::decode(&run).map_err(|error| ReadError::Object {
                key,
                problem: error.to_string(),
            })?;
            let indexed = slices
                .into_iter()
                .zip(first..)
                .filter(|(_, index)| (start..end).contains(index));
            found.extend(indexed.map(|(slice, index)| (index, run.slice_ref(slice))));
        }
        let consecutive = found
            .iter()
            .zip(start..)
            .all(|((index, _), expected)| *index == expected);
        if found.is_empty() || !consecutive {
            let key = Key::Entries { first: start };
            return Err(ReadError::Object {
                key,
                problem: "absent".to_owned(),
            });
        }
        Ok(found.into_iter().map(|(_, entry)| entry).collect())
    }

    fn tile(&self, id: TileId) -> Result<FullTile<Bytes>, ReadError> {
        found(id, self.objects.get(key_of(id))?)
    }

    fn stored_tile(&self, id: TileId) -> Result<Bytes, ReadError> {
        let stored = self.objects.get(key_of(id))?;
        stored.ok_or_else(|| problem_of(id, "absent".to_owned()))
    }

    /// The first hashes of a tile, if the tail has them.
    fn row(&self, tile: TileId, width: u64) -> Option<Bytes> {
        let row = self
            .tail
            .row(TILE_HEIGHT * tile.level, tile.index * TILE_WIDTH, width)?;
        Some(Hash::join(&row).into())
    }

    /// Whether the published tree has so many hashes of a tile.
    fn check_tile(&self, tile: TileId, width: u64) -> Result<(), ReadError> {
        let size = self.head().size();
        let widest = TilePath::of_tile(tile, size).map_or(0, |widest| widest.width());
        match width <= widest {
            true => Ok(()),
            false => Err(ReadError::Beyond { end: tile.end(), size }),
        }
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("head", &self.head().tree())
            .finish_non_exhaustive()
    }
}

/// The hashes of `nodes`: those in memory, and those that each tile has, which is asked for once.
fn gather<E>(
    nodes: &[NodeId],
    in_memory: Vec<Option<Hash>>,
    mut tile: impl FnMut(TileId) -> Result<FullTile<Bytes>, E>,
) -> Result<Vec<Hash>, E> {
    let mut tiles = BTreeMap::new();
    let hashes = nodes.iter().zip(in_memory).map(|(node, hash)| match hash {
        Some(hash) => Ok(hash),
        None => {
            let tile = match tiles.entry(TileId::of(*node)) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let id = *entry.key();
                    entry.insert(tile(id)?)
                }
            };
            let height = node.level % TILE_HEIGHT;
            Ok(tile.node(height, node.index % (TILE_WIDTH >> height)))
        }
    });
    hashes.collect()
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The request reaches behind the published tree, or is empty.
    #[error("the request ends at {end}, but the published tree has {size} entries")]
    Beyond {
        /// Where the request ends.
        end: u64,
        /// Size of the newest published head.
        size: u64,
    },
    /// An object that must be there is absent or damaged.
    #[error("the object store's {key:?} is {problem}")]
    Object {
        /// Which object.
        key: Key,
        /// What is wrong with it.
        problem: String,
    },
    /// The object store failed.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
}

/// A tile that must be there.
fn found(id: TileId, stored: Option<Bytes>) -> Result<FullTile<Bytes>, ReadError> {
    let stored = stored.ok_or_else(|| problem_of(id, "absent".to_owned()))?;
    FullTile::from_bytes(stored).map_err(|error| problem_of(id, error.to_string()))
}

/// The first hashes of a tile as it was stored, without copying them.
fn beginning_of(stored: &Bytes, width: u64) -> Result<Bytes, TileLength> {
    let public = FullTile::public_part(stored)?;
    let bytes = usize::try_from(width).expect("a tile has 256 hashes") * Hash::BYTES;
    Ok(stored.slice_ref(&public[..bytes]))
}

fn key_of(id: TileId) -> Key {
    Key::Tile {
        level: id.level,
        index: id.index,
    }
}

fn problem_of(id: TileId, problem: String) -> ReadError {
    let key = key_of(id);
    ReadError::Object { key, problem }
}

/// Entries in one answer, at most.
const ENTRIES_AT_ONCE: u64 = 4_096;
