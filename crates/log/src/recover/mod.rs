//! Start-up: from what journal and object store hold back to a tail, an edge and a head, or to the reason why not.
//!
//! The journal is the truth. What the object store has of it is taken as read, the rest is replayed through the code that
//! the sequencer runs; and then the root must be the one that the log has signed last.

mod erasures;
mod replay;

use std::sync::Arc;

use indelible_merkle::{FullTile, Hash, TILE_WIDTH, TreeHead, bundle};
use indelible_note::{BadCheckpoint, KeyChain, KeyTerm, VerifierKey};
use indelible_store::journal::{Journal, JournalError};
use indelible_store::objects::{Key, Objects, ObjectsError};

use self::erasures::Erasures;
use self::replay::Replay;
use crate::commit::Head;
use crate::description::{BadDescription, Description, Kind};
use crate::erase::{Erasing, Pending};
use crate::keys::{BadChange, KeysError};
use crate::seal::Sealer;
use crate::settings::Settings;
use crate::tail::Tail;

/// Why a log does not start. Nothing is served, and nothing was changed, but that a long journal may be sealed up to a head of
/// it that holds, and that what tombstones name may be overwritten: what is wrong stays to be looked at.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The genesis frame describes a log that this program cannot serve.
    #[error("this log cannot be served: {0}")]
    Description(#[from] BadDescription),
    /// The key is not this log's.
    #[error("the key given is {given}, but the log belongs to the key {expected}")]
    OtherKey {
        /// The key in force.
        expected: Box<VerifierKey>,
        /// The public half of the key that was given.
        given: Box<VerifierKey>,
    },
    /// The key was the log's, and is no longer.
    #[error("the key given, {given}, was changed at {last_size} entries; the log belongs to the key {expected}")]
    RetiredKey {
        /// The key in force.
        expected: Box<VerifierKey>,
        /// The public half of the key that was given.
        given: Box<VerifierKey>,
        /// The size of the last head that it signed.
        last_size: u64,
    },
    /// A change of keys in the journal does not hold.
    #[error(transparent)]
    KeyChange(#[from] BadChange),
    /// The last head in the journal, or one up to which it was to be sealed, is not a checkpoint under a key of the log.
    #[error("a head in the journal does not hold: {0}")]
    Head(#[from] BadCheckpoint),
    /// The last head speaks of another number of entries than the journal has.
    #[error("the last head is for {head} entries, but the journal has {journal}")]
    HeadSize {
        /// Size in the last head.
        head: u64,
        /// Entries in the journal.
        journal: u64,
    },
    /// A tree that was rebuilt is not the tree that was signed.
    #[error(
        "the {size} entries stored hash to the root {computed}, but the log has signed {signed}: an entry, a tile or a head was changed"
    )]
    Root {
        /// Entries in the tree.
        size: u64,
        /// Root of the entries as they are stored now.
        computed: Hash,
        /// Root in the signed head.
        signed: Hash,
    },
    /// The object store has entries that the journal lacks.
    #[error(
        "the object store has {sealed} entries, but the journal, which is always ahead of it, has {journal}: the journal lost frames"
    )]
    SealedAhead {
        /// Entries in the object store.
        sealed: u64,
        /// Entries in the journal.
        journal: u64,
    },
    /// The journal does not have the entries that follow what the object store has.
    #[error("the object store ends at entry {sealed}, but the journal goes on only at entry {next}")]
    Gap {
        /// Entries in the object store.
        sealed: u64,
        /// The first entry that the journal has behind them.
        next: u64,
    },
    /// An object that must be there is absent or is not what its key says.
    #[error("the object store's {key:?} is {problem}; the store can be made anew from the journal")]
    Object {
        /// Which object.
        key: Key,
        /// What is wrong with it.
        problem: String,
    },
    /// The log has tombstones, and whoever starts it does not know them: what was erased would be served.
    #[error("this is a log of events, and is not started by a program that does not know its tombstones")]
    Tombstones,
    /// What was attached to an entry is neither there nor blanked, and no tombstone that is still to be carried out names it.
    #[error("attachment {attachment} of entry {index} is damaged")]
    Attachment {
        /// The entry.
        index: u64,
        /// Which of its attachments, from 0.
        attachment: usize,
    },
    /// The journal could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The object store could not be read, or not be written when the backlog of a long replay was sealed.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
}

impl StartError {
    /// Whether what is stored contradicts what the log has signed, or itself; otherwise it could not be read, or is not for
    /// this program or this key.
    pub fn is_refuted(&self) -> bool {
        match self {
            StartError::KeyChange(_)
            | StartError::Head(_)
            | StartError::HeadSize { .. }
            | StartError::Root { .. }
            | StartError::SealedAhead { .. }
            | StartError::Gap { .. }
            | StartError::Object { .. }
            | StartError::Attachment { .. } => true,
            StartError::Description(_)
            | StartError::Tombstones
            | StartError::OtherKey { .. }
            | StartError::RetiredKey { .. }
            | StartError::Journal(_)
            | StartError::Objects(_) => false,
        }
    }
}

impl From<KeysError> for StartError {
    fn from(error: KeysError) -> StartError {
        match error {
            KeysError::Description(error) => error.into(),
            KeysError::Journal(error) => error.into(),
            KeysError::Change(error) => error.into(),
        }
    }
}

/// A log as it was left.
pub(crate) struct Recovered {
    pub(crate) description: Description,
    pub(crate) keys: KeyChain,
    pub(crate) tail: Arc<Tail>,
    pub(crate) head: Head,
    /// Weight of the commits in the tail.
    pub(crate) backlog: u64,
    /// What tombstones name that are still to be carried out; `None` in a log without attachments.
    pub(crate) pending: Option<Arc<Pending>>,
}

/// Refuses a key that is not the one in force.
pub(crate) fn check_in_force(given: &VerifierKey, keys: &KeyChain) -> Result<(), StartError> {
    if keys.current() == given {
        return Ok(());
    }
    let (expected, boxed) = (Box::new(keys.current().clone()), Box::new(given.clone()));
    Err(match keys.term_of(given).and_then(KeyTerm::last_size) {
        Some(last_size) => StartError::RetiredKey {
            expected,
            given: boxed,
            last_size,
        },
        None => StartError::OtherKey { expected, given: boxed },
    })
}

/// Rebuilds the log's memory. See [`StartError`] for all that stops it.
pub(crate) fn recover(
    journal: &dyn Journal,
    objects: &Arc<dyn Objects>,
    keys: KeyChain,
    settings: &Settings,
    erasing: Option<&Erasing>,
) -> Result<Recovered, StartError> {
    let description = Description::of(&journal.genesis().description)?;
    let erasing = match (description.kind, erasing) {
        (Kind::Opaque, _) => None,
        (Kind::Events, None) => return Err(StartError::Tombstones),
        (Kind::Events, Some(erasing)) => Some(erasing),
    };
    let head = Head::new(keys.open_checkpoint(&journal.last_note())?);
    let size = journal.size();
    if head.size() != size {
        return Err(StartError::HeadSize {
            head: head.size(),
            journal: size,
        });
    }
    let sealed = sealed_size(objects.as_ref())?;
    if sealed > size {
        return Err(StartError::SealedAhead { sealed, journal: size });
    }
    let tail = Arc::new(Tail::restore(sealed, edge_tiles(objects.as_ref(), sealed)?));
    let sealer = Sealer {
        tail: tail.clone(),
        objects: objects.clone(),
        volume_entries: description.volume_entries,
    };
    let mut replay = Replay {
        sealer: &sealer,
        keys: &keys,
        settings,
        erasures: erasing.map(|erasing| Erasures::begin(erasing, size)),
        backlog: 0,
    };
    if let Some(erasures) = &replay.erasures {
        erasures.take_sealed(objects.as_ref(), sealed)?;
    }
    replay.run(journal)?;
    same_tree(tail.edge().head(), head.tree())?;
    let Replay { erasures, backlog, .. } = replay;
    let pending = erasures.map(|erasures| erasures.finish(journal)).transpose()?;
    tracing::info!(
        size,
        replayed = size - sealed,
        "the stored entries hash to the signed head"
    );
    Ok(Recovered {
        description,
        keys,
        tail,
        head,
        backlog,
        pending,
    })
}

/// Refuses a tree that is not the one that was signed.
fn same_tree(computed: TreeHead, signed: TreeHead) -> Result<(), StartError> {
    match computed == signed {
        true => Ok(()),
        false => Err(StartError::Root {
            size: computed.size,
            computed: computed.root,
            signed: signed.root,
        }),
    }
}

/// How many entries an object store has: it ends with the last run.
///
/// # Errors
/// If it cannot be read, or its last run is none.
pub fn sealed_size(objects: &dyn Objects) -> Result<u64, StartError> {
    let Some((first, run)) = objects.last_run()? else {
        return Ok(0);
    };
    let count = decode_run(first, &run)?.len() as u64;
    // An index that no tree has is ahead of every journal.
    Ok(first.saturating_add(count))
}

/// By tile level: the hashes of the last tile, if it is not full. Reads the entries of the last bundle, and at each level the
/// up to 255 full tiles of which the next level's last tile has the roots.
fn edge_tiles(objects: &dyn Objects, sealed: u64) -> Result<Vec<Vec<Hash>>, StartError> {
    let mut levels = vec![edge_leaves(objects, sealed)?];
    let mut full_tiles = sealed / TILE_WIDTH;
    let mut level = 0;
    while full_tiles > 0 {
        let first = full_tiles / TILE_WIDTH * TILE_WIDTH;
        let roots = (first..full_tiles).map(|index| {
            let key = Key::Tile { level, index };
            let problem = |problem: String| StartError::Object { key, problem };
            let bytes = objects.get(key)?.ok_or_else(|| problem("absent".to_owned()))?;
            let tile = FullTile::from_bytes(bytes).map_err(|error| problem(error.to_string()))?;
            Ok(tile.root())
        });
        levels.push(roots.collect::<Result<_, StartError>>()?);
        full_tiles /= TILE_WIDTH;
        level += 1;
    }
    Ok(levels)
}

/// The leaf hashes of the last bundle, if it is not full.
fn edge_leaves(objects: &dyn Objects, sealed: u64) -> Result<Vec<Hash>, StartError> {
    let bundle = sealed / TILE_WIDTH;
    let mut next = bundle * TILE_WIDTH;
    let mut hashes = Vec::new();
    for (first, run) in objects.runs(bundle)? {
        if first != next {
            return Err(StartError::Object {
                key: Key::Entries { first: next },
                problem: "absent".to_owned(),
            });
        }
        hashes.extend(decode_run(first, &run)?.into_iter().map(Hash::leaf));
        next = bundle * TILE_WIDTH + hashes.len() as u64;
    }
    assert_eq!(next, sealed, "the sealed size is the end of the last run");
    Ok(hashes)
}

/// The entries of a run, of which there is at least one, and none beyond the bundle.
fn decode_run(first: u64, run: &[u8]) -> Result<Vec<&[u8]>, StartError> {
    let key = Key::Entries { first };
    let problem = |problem: String| StartError::Object { key, problem };
    let entries = bundle::decode(run).map_err(|error| problem(error.to_string()))?;
    match entries.len() as u64 {
        0 => Err(problem("empty".to_owned())),
        count if count > TILE_WIDTH - first % TILE_WIDTH => Err(problem("longer than its bundle".to_owned())),
        _ => Ok(entries),
    }
}
