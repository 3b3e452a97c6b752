//! rebuild: makes the object store anew from the journal, by the code that made it the first time.
//!
//! A log is recovered over a store that has nothing yet, and all of it is sealed; for one volume the same, but only what belongs
//! to that volume is kept. The whole journal is read in either case: only the root of all of it shows that it is the log's.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use indelible_note::VerifierKey;
use indelible_store::journal::Journal;
use indelible_store::objects::{Key, Objects, ObjectsError};

use crate::commit::Head;
use crate::description::Description;
use crate::erase::{Erasing, Tombstones, erase};
use crate::keys::keys;
use crate::recover::{Recovered, StartError, check_in_force, recover};
use crate::seal::Sealer;
use crate::settings::Settings;

/// What was made.
#[derive(Clone, Debug)]
pub struct Rebuilt {
    /// The head that all entries of the journal hash to.
    pub head: Head,
    /// The entries that were sealed.
    pub entries: Range<u64>,
    /// How many tiles were sealed.
    pub tiles: u64,
}

/// Seals what the journal has into `objects`, which must be empty: all volumes, or only `volume`. Tells how many entries of the
/// journal are done.
///
/// `key` is one that the log is known by: the one in force, or one before it. Reads and hashes the whole journal, and holds at most half of the default backlog in memory.
///
/// # Errors
///
/// See [`StartError`]: the journal is held against the last signed head, as at every start. What was made is good only after
/// success. A log of [`Kind::Events`](crate::Kind::Events) is refused: see [`rebuild_with`].
pub fn rebuild(
    journal: &dyn Journal,
    objects: Arc<dyn Objects>,
    key: &VerifierKey,
    volume: Option<u64>,
    tell: impl Fn(u64) + Send + Sync + 'static,
) -> Result<Rebuilt, StartError> {
    rebuild_with(None, journal, objects, key, volume, tell)
}

/// The same of a log that may have tombstones: all that they name is overwritten in the journal first, so that nothing that was
/// erased comes back with an older copy of it.
///
/// # Errors
///
/// As [`rebuild`].
pub fn rebuild_with(
    tombstones: Option<Arc<dyn Tombstones>>,
    journal: &dyn Journal,
    objects: Arc<dyn Objects>,
    key: &VerifierKey,
    volume: Option<u64>,
    tell: impl Fn(u64) + Send + Sync + 'static,
) -> Result<Rebuilt, StartError> {
    let erasing = tombstones.map(|tombstones| Erasing {
        tombstones,
        carried_out: 0,
    });
    let Description { volume_entries, .. } = Description::of(&journal.genesis().description)?;
    let keys = keys(journal)?;
    if keys.term_of(key).is_none() {
        check_in_force(key, &keys)?;
    }
    let anew = Arc::new(Anew {
        objects,
        volume,
        volume_entries,
        tiles: AtomicU64::new(0),
        tell: Box::new(tell),
    });
    let store: Arc<dyn Objects> = anew.clone();
    let Recovered {
        tail, head, pending, ..
    } = recover(journal, &store, keys, &Settings::default(), erasing.as_ref())?;
    if let Some(pending) = pending {
        erase(journal, &pending.all())?;
    }
    let size = head.size();
    let sealer = Sealer {
        tail,
        objects: store,
        volume_entries,
    };
    sealer.seal(size, |_| {})?;
    (anew.tell)(size);
    let entries = match volume {
        None => 0..size,
        Some(number) => {
            let begin = number.saturating_mul(volume_entries);
            begin.min(size)..begin.saturating_add(volume_entries).min(size)
        }
    };
    Ok(Rebuilt {
        head,
        entries,
        tiles: anew.tiles.load(Ordering::Relaxed),
    })
}

/// A store in the making: has nothing to say to recovery, and keeps what belongs to the volumes that are made.
struct Anew {
    objects: Arc<dyn Objects>,
    volume: Option<u64>,
    volume_entries: u64,
    tiles: AtomicU64,
    tell: Box<dyn Fn(u64) + Send + Sync>,
}

impl Objects for Anew {
    fn get(&self, _key: Key) -> Result<Option<Bytes>, ObjectsError> {
        Ok(None)
    }

    fn runs(&self, _bundle: u64) -> Result<Vec<(u64, Bytes)>, ObjectsError> {
        Ok(Vec::new())
    }

    fn places(&self, _bundle: u64) -> Result<Vec<(u64, Bytes)>, ObjectsError> {
        Ok(Vec::new())
    }

    fn last_run(&self) -> Result<Option<(u64, Bytes)>, ObjectsError> {
        Ok(None)
    }

    fn put(&self, batch: Vec<(Key, Bytes)>) -> Result<(), ObjectsError> {
        let Some(last_entry) = batch.iter().filter_map(|(key, _)| key.last_entry()).max() else {
            return Ok(());
        };
        // All keys of a batch lie in one volume.
        if self
            .volume
            .is_none_or(|volume| volume == last_entry / self.volume_entries)
        {
            let tiles = batch.iter().filter(|(key, _)| matches!(key, Key::Tile { .. })).count();
            self.tiles.fetch_add(tiles as u64, Ordering::Relaxed);
            self.objects.put(batch)?;
        }
        (self.tell)(last_entry + 1);
        Ok(())
    }
}
