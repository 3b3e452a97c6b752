//! What a log serves and should not.

use indelible_merkle::{Hash, TilePath, WrongEntries};

use super::FetchError;

/// Why there is no file that belongs to the signed tree.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TileError {
    /// It cannot be had. That says nothing about the log.
    #[error(transparent)]
    Fetch(FetchError),
    /// It can, and is wrong.
    #[error(transparent)]
    Wrong(#[from] WrongFile),
    /// The signed head is not that of the entries. Which of them is wrong, if one is, cannot be said.
    #[error("checkpoint: the log has signed the root {expected} for {size} entries, but they hash to {found}")]
    Root {
        /// The size of the signed tree.
        size: u64,
        /// Its root.
        expected: Hash,
        /// The root of the entries.
        found: Hash,
    },
}

/// A file that is not what the head that the log has signed says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {wrong}")]
pub struct WrongFile {
    /// Which one.
    pub path: TilePath,
    /// What is wrong with it.
    pub wrong: Wrong,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// A tile has another length than its width says.
    #[error("{found} bytes, expected {expected}")]
    Length {
        /// What it should have.
        expected: usize,
        /// What it has: no more than one byte too many is looked at.
        found: usize,
    },
    /// A bundle has not the entries that are due.
    #[error(transparent)]
    Entries(WrongEntries),
    /// An entry is not the one in the signed tree.
    #[error(
        "entry {index} has the leaf hash {found}, expected {expected}, which is in the tree that the log has signed"
    )]
    Entry {
        /// Its index in the log.
        index: u64,
        /// The leaf hash in the signed tree.
        expected: Hash,
        /// Its own.
        found: Hash,
    },
    /// A hash of a tile is not the one in the signed tree.
    #[error("hash {index} of its level is {found}, expected {expected}, which is in the tree that the log has signed")]
    Hash {
        /// Its index in the level.
        index: u64,
        /// What the entries below it make, which is in the signed tree.
        expected: Hash,
        /// What stands there.
        found: Hash,
    },
    /// A hash of a tile is not what the entries below it make, and neither can be found in the signed tree.
    #[error(
        "hash {index} of its level is {found}, the entries below make {rebuilt}; neither is in the tree that the log has signed"
    )]
    Neither {
        /// Its index in the level.
        index: u64,
        /// What the entries below it make.
        rebuilt: Hash,
        /// What stands there.
        found: Hash,
    },
    /// A full tile is not the one in the signed tree.
    #[error("the tile hashes to {found}, expected {expected}, which is in the tree that the log has signed")]
    Root {
        /// The hash in the tile above it.
        expected: Hash,
        /// What it hashes to.
        found: Hash,
    },
    /// The partial tiles, of which this is the first, are not those of the signed tree.
    #[error("this and the other partial tiles hash to the root {found}, expected {expected}, which the log has signed")]
    Edge {
        /// The signed root.
        expected: Hash,
        /// What they hash to.
        found: Hash,
    },
}

impl Wrong {
    /// The same, of this file.
    pub fn of(self, path: TilePath) -> WrongFile {
        WrongFile { path, wrong: self }
    }

    /// The hash or entry that is wrong, by its index in the level or the log, if it is a single one.
    pub fn index(&self) -> Option<u64> {
        match *self {
            Wrong::Entry { index, .. } | Wrong::Hash { index, .. } | Wrong::Neither { index, .. } => Some(index),
            Wrong::Length { .. } | Wrong::Entries(_) | Wrong::Root { .. } | Wrong::Edge { .. } => None,
        }
    }

    /// The hash that was expected, and the one that was found, where it is about hashes.
    pub fn hashes(&self) -> Option<(Hash, Hash)> {
        match *self {
            Wrong::Entry { expected, found, .. }
            | Wrong::Hash { expected, found, .. }
            | Wrong::Root { expected, found }
            | Wrong::Edge { expected, found } => Some((expected, found)),
            Wrong::Neither { rebuilt, found, .. } => Some((rebuilt, found)),
            Wrong::Length { .. } | Wrong::Entries(_) => None,
        }
    }
}
