//! Memories outside the data directory: heads that something else remembers, held against the log that is to be served.
//!
//! Whoever restores or copies a whole directory gets a log that agrees with itself. Only somebody outside who saw a later head,
//! or another one, can tell. There is one such memory by default, a file beside the directory with the newest published head;
//! others are asked over the network, if they are configured. What a memory says stops the start, until somebody consents to
//! give up exactly that.

mod consent;
mod file;
mod gather;
mod url;

use std::io;

use indelible_log::{ReadError, Reader};
use indelible_merkle::{CompactRange, Hash, TreeHead};
use indelible_note::{BadCheckpoint, SignedCheckpoint, Verified};

pub use consent::{Consent, consents, record_consent};
pub use file::CheckpointFile;
pub use gather::{Contradiction, Gathered, contradictions, gather};

use url::ask;

/// A head of the log, and who remembers it.
#[derive(Clone, Debug)]
pub struct Remembered {
    /// A path or a URL.
    pub place: String,
    /// The head.
    pub head: Verified<SignedCheckpoint>,
}

/// Why a memory stops the start.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The log in the directory is older than what was published.
    #[error(
        "{place} remembers a head of {remembered} entries, but the log in the directory has {found}: it is an older copy, or has \
         lost what was published\n\nindelible recover --accept-older   (to go on all the same; whoever holds a later head will see it)"
    )]
    Later {
        /// Who remembers.
        place: String,
        /// Size of the head that is remembered.
        remembered: u64,
        /// Size of the log's own last head.
        found: u64,
    },
    /// The log in the directory has another past.
    #[error(
        "{place} remembers the root {remembered} for {size} entries, but the log in the directory has {found}: these are two \
         histories of one log"
    )]
    OtherRoot {
        /// Who remembers.
        place: String,
        /// Size of the tree.
        size: u64,
        /// The root that is remembered.
        remembered: Hash,
        /// The root of that many entries in the directory.
        found: Hash,
    },
    /// What is remembered is no head of this log.
    #[error(
        "{place} holds no head of this log: {error}\n\nmove it away, or no longer ask it, if it belongs to another log; if the log has \
         changed its key since, the directory is an older copy of it"
    )]
    Foreign {
        /// Who remembers.
        place: String,
        /// Why not.
        error: Box<BadCheckpoint>,
    },
    /// The memory did not answer, or not with a head.
    #[error("{place} could not be asked which head it remembers: {reason}")]
    Silent {
        /// Who should remember.
        place: String,
        /// What happened.
        reason: String,
    },
    /// The memory cannot be read or written.
    #[error("{place}: {error}")]
    Io {
        /// Who remembers.
        place: String,
        /// What the system said.
        error: io::Error,
    },
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl MemoryError {
    /// Whether memory and log contradict each other, as against could not be compared.
    pub fn is_refuted(&self) -> bool {
        match self {
            MemoryError::Later { .. } | MemoryError::OtherRoot { .. } => true,
            MemoryError::Foreign { .. }
            | MemoryError::Silent { .. }
            | MemoryError::Io { .. }
            | MemoryError::Read(_) => false,
        }
    }

    /// What it says, without the way out.
    pub fn first_line(&self) -> String {
        self.to_string().lines().next().unwrap_or_default().to_owned()
    }
}

impl Remembered {
    /// Checks that a log of `size` entries continues what is remembered. `root_of` gives the root of its first entries, of at
    /// most `size` of them.
    ///
    /// # Errors
    /// [`MemoryError::Later`] and [`MemoryError::OtherRoot`] if it does not.
    pub fn check(&self, size: u64, root_of: impl FnOnce(u64) -> Result<Hash, MemoryError>) -> Result<(), MemoryError> {
        let remembered = self.head.head();
        if remembered.size > size {
            return Err(MemoryError::Later {
                place: self.place.clone(),
                remembered: remembered.size,
                found: size,
            });
        }
        let found = root_of(remembered.size)?;
        match found == remembered.root {
            true => Ok(()),
            false => Err(MemoryError::OtherRoot {
                place: self.place.clone(),
                size: remembered.size,
                remembered: remembered.root,
                found,
            }),
        }
    }

    /// The same for the log that `reader` reads.
    pub fn check_log(&self, reader: &Reader) -> Result<(), MemoryError> {
        self.check(reader.head().size(), |size| {
            let hashes = reader.nodes(&CompactRange::nodes_of(size))?;
            let tree = CompactRange::from_hashes(size, hashes).expect("a hash for each node that was asked for");
            Ok(tree.root())
        })
    }

    /// The same for a log that is known by its size and some of its roots, that of the remembered size among them if the log is
    /// that long.
    pub fn check_roots(&self, size: u64, roots: &[TreeHead]) -> Result<(), MemoryError> {
        self.check(size, |size| {
            let tree = roots.iter().find(|tree| tree.size == size);
            Ok(tree.expect("the root of every remembered size was kept").root)
        })
    }
}
