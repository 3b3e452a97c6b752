//! What can go wrong with objects, and whose fault it is.

use std::io;
use std::path::PathBuf;

use super::{BATCH_RECORDS_MAX, BUNDLE_ENTRIES, Key, VALUE_BYTES_MAX};

/// Why objects could not be put, read, made or opened.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// Caller: the key is taken by other bytes, or twice in the batch with different ones.
    #[error("the {key} exists with other bytes, and objects are never overwritten")]
    Conflict {
        /// The key of the first such record.
        key: Key,
    },
    /// Caller: the records of a batch lie in two volumes.
    #[error("a batch reaches from volume {first} into volume {second} with the {key}")]
    CrossesVolume {
        /// The volume of the records before.
        first: u64,
        /// The volume of this record.
        second: u64,
        /// The first record elsewhere.
        key: Key,
    },
    /// Caller: more records than sled can take at once without hoarding memory.
    #[error("a batch of {records} records, at most {BATCH_RECORDS_MAX} are allowed")]
    TooManyRecords {
        /// Records in the batch.
        records: usize,
    },
    /// Caller: a value that could push a page of sled into a file that is never synced.
    #[error("the {key} has {bytes} bytes, at most {VALUE_BYTES_MAX} are allowed")]
    ValueTooLong {
        /// The key of the value.
        key: Key,
        /// Its length in bytes.
        bytes: usize,
    },
    /// Caller: no tree has such an object.
    #[error("no tree of fewer than 2^64 entries has a {key}")]
    KeyOutOfRange {
        /// The key.
        key: Key,
    },
    /// Caller: a volume must hold whole bundles.
    #[error("volumes of {entries} entries: must be a multiple of {BUNDLE_ENTRIES}, and not 0")]
    VolumeEntries {
        /// The number asked for.
        entries: u64,
    },
    /// Caller: there is nothing to open.
    #[error("there are no objects at {}", path.display())]
    Missing {
        /// The directory that is not there.
        path: PathBuf,
    },
    /// Caller: objects can only be made where nothing is.
    #[error("{} exists and is not an empty directory", path.display())]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// Operator: another process has the volume open.
    #[error("the volume {} is in use by another process", path.display())]
    InUse {
        /// The directory of the volume.
        path: PathBuf,
    },
    /// Disk: the bytes under a key are not those that were put there. Nothing of them is handed out.
    #[error(
        "the {key} in volume {volume} is damaged\n\nhint: `indelible rebuild` makes volume {volume} anew from the journal"
    )]
    Corrupt {
        /// The volume, by number.
        volume: u64,
        /// The key whose value is damaged.
        key: Key,
    },
    /// Disk: sled cannot open or use a volume.
    #[error("the volume {} is broken: {reason}\n\nhint: `indelible rebuild` makes it anew from the journal", path.display())]
    VolumeBroken {
        /// The directory of the volume.
        path: PathBuf,
        /// What sled said, or what it died of.
        reason: String,
    },
    /// Disk: an earlier put failed, so what is on disk is unknown until the home is opened again.
    #[error("nothing can be put since an earlier put failed: {reason}")]
    Poisoned {
        /// The error of that put.
        reason: String,
    },
    /// Disk: the operating system refused.
    #[error("cannot {act} {}: {source}", path.display())]
    Io {
        /// What was tried.
        act: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// The answer.
        source: io::Error,
    },
}

impl ObjectsError {
    /// Whether the caller asked for something wrong, so that nothing was touched and other calls may go on.
    pub fn is_callers(&self) -> bool {
        match self {
            ObjectsError::Conflict { .. }
            | ObjectsError::CrossesVolume { .. }
            | ObjectsError::TooManyRecords { .. }
            | ObjectsError::ValueTooLong { .. }
            | ObjectsError::KeyOutOfRange { .. }
            | ObjectsError::VolumeEntries { .. }
            | ObjectsError::Missing { .. }
            | ObjectsError::Exists { .. } => true,
            ObjectsError::InUse { .. }
            | ObjectsError::Corrupt { .. }
            | ObjectsError::VolumeBroken { .. }
            | ObjectsError::Poisoned { .. }
            | ObjectsError::Io { .. } => false,
        }
    }
}
