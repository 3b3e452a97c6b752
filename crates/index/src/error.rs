//! What can go wrong with an index. None of it costs more than building it again.

use std::path::PathBuf;

/// Why an index could not be opened, extended or asked.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Caller: the leaves do not continue where the index stands.
    #[error("the index stands at {indexed_size} leaves, the next ones given begin at {first}")]
    Gap {
        /// Leaves in the index.
        indexed_size: u64,
        /// Index of the first leaf that was given.
        first: u64,
    },
    /// Caller: a partition must hold at least one leaf.
    #[error("an index cannot be cut into partitions of 0 leaves")]
    EmptyPartitions,
    /// Operator: the file is a database of something else.
    #[error("{} is an SQLite database, but not an index of Indelible (application id {application_id:#010x})", path.display())]
    NotAnIndex {
        /// The file.
        path: PathBuf,
        /// What it says it is.
        application_id: u32,
    },
    /// Operator: the file was written by another version of Indelible.
    #[error(
        "the index {} has format {found}, this program has {ours}\n\nhint: delete it, it is built again from the log",
        path.display()
    )]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The only one that this program reads.
        ours: u32,
    },
    /// Disk: SQLite cannot open the file, or read or write it; also if it is not a database or damaged.
    #[error("cannot {act} the index {}: {source}\n\nhint: it can be deleted, it is built again from the log", path.display())]
    Sqlite {
        /// What was tried.
        act: &'static str,
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// Operator: another process reads the file, so that what was erased cannot be removed from its write-ahead log yet.
    #[error("somebody else reads the index {}, so what is erased is still in its write-ahead log\n\nhint: try again", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// Disk: what was erased may still be on it.
    #[error("cannot sync the write-ahead log of the index {}: {source}", path.display())]
    Sync {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}
