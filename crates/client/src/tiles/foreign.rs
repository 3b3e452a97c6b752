//! Why a tree cannot be read from the files of a log.

use indelible_merkle::{BadBundle, Hash, HashLength, TilePath, TreeHead};

use super::FetchError;

/// Why a tree cannot be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TreeError {
    /// A file cannot be had. That says nothing about the log.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The log serves something else than the tree that it signed.
    #[error(transparent)]
    Foreign(#[from] ForeignBytes),
}

/// Bytes that are served as a part of a tree and are none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignBytes {
    /// The partial tiles lead to another root.
    #[error("the tiles at the right edge of {} leaves lead to the root {computed}, the log has signed {}", .head.size, .head.root)]
    Edge {
        /// The head.
        head: TreeHead,
        /// Where they lead.
        computed: Hash,
    },
    /// A full tile is not the one that the tile above it names.
    #[error("{path} has the root {computed}, in the signed tree it is {due}")]
    Tile {
        /// The tile.
        path: TilePath,
        /// The root of what was served.
        computed: Hash,
        /// The root in the tree.
        due: Hash,
    },
    /// An entry is not the one whose leaf hash is in the tree.
    #[error("entry {index} has the leaf hash {computed}, in the signed tree it is {due}")]
    Entry {
        /// The entry.
        index: u64,
        /// The leaf hash of what was served.
        computed: Hash,
        /// The leaf hash in the tree.
        due: Hash,
    },
    /// A tile is no hashes.
    #[error("{path}: {reason}")]
    Hashes {
        /// The tile.
        path: TilePath,
        /// Why not.
        reason: HashLength,
    },
    /// A bundle is no entries.
    #[error("{path}: {reason}")]
    Bundle {
        /// The bundle.
        path: TilePath,
        /// Why not.
        reason: BadBundle,
    },
    /// There are too few or too many hashes or entries.
    #[error("{path} has {got} hashes or entries, {width} were asked for", width = .path.width())]
    Count {
        /// The tile or bundle.
        path: TilePath,
        /// How many.
        got: usize,
    },
    /// There are more bytes than any such file has.
    #[error("{path} has more than {limit} bytes")]
    TooLong {
        /// The tile or bundle.
        path: TilePath,
        /// The most that are read.
        limit: usize,
    },
}
