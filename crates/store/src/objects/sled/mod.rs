//! Objects in sled 0.34.7: one database a volume.

mod contain;
mod folder;
mod resident;
mod shelf;
mod tiles;
mod value;
mod volume;

use std::path::Path;
use std::sync::Mutex;

use bytes::Bytes;

use self::shelf::Shelf;
use self::tiles::Tiles;
use super::batch::{Batch, Volumes};
use super::{BUNDLE_ENTRIES, Key, Objects, ObjectsError, VOLUME_ENTRIES};

/// Objects in a directory of sled volumes, `NNNN/` each.
///
/// One process, one thread that puts, any number that read. A volume is made by the first put into it. Blocking throughout:
/// a put syncs, and a read of a volume that is not open opens it first, which takes up to seconds for a full one.
#[derive(Debug)]
pub struct SledObjects {
    volumes: Volumes,
    shelf: Shelf,
    tiles: Tiles,
    /// Held while putting. The reason why nothing can be put any more, once a put has failed.
    poison: Mutex<Option<String>>,
}

/// How objects lie in sled, and how much memory they may take.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Entries in a volume, a multiple of a bundle; fixed when the log is made. Default 2^22.
    pub volume_entries: u64,
    /// Bytes of tiles that are kept in memory. Default 352 MiB: the tiles of 10 million entries.
    pub cache_bytes: u64,
    /// Bytes that reads may leave in sled, by estimate; beyond that volumes are closed, which costs some 50 ms when they are read again.
    /// What is written takes up to 128 MiB besides. Default 32 MiB.
    pub pages_bytes: u64,
    /// How many of them may be of tiles, which are kept once more. Default 20 MiB.
    pub tile_pages_bytes: u64,
    /// Older volumes that stay open after they were read, beside the newest. Default 16.
    pub open_volumes_max: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            volume_entries: VOLUME_ENTRIES,
            cache_bytes: 352 << 20,
            pages_bytes: 32 << 20,
            tile_pages_bytes: 20 << 20,
            open_volumes_max: 16,
        }
    }
}

impl SledObjects {
    /// Makes an empty home in a directory that does not exist yet, or is empty.
    pub fn create(dir: &Path, options: Options) -> Result<SledObjects, ObjectsError> {
        let volumes = Volumes::new(options.volume_entries)?;
        folder::create(dir)?;
        SledObjects::on(dir, &options, volumes)
    }

    /// Opens a home that [`create`](SledObjects::create) made, with the same `volume_entries`.
    ///
    /// Opens the newest volume, so that a broken one is known at start. What a crash left of a volume in the making is
    /// removed; nothing in it was ever acknowledged.
    pub fn open(dir: &Path, options: Options) -> Result<SledObjects, ObjectsError> {
        let volumes = Volumes::new(options.volume_entries)?;
        SledObjects::on(dir, &options, volumes)
    }

    fn on(dir: &Path, options: &Options, volumes: Volumes) -> Result<SledObjects, ObjectsError> {
        Ok(SledObjects {
            volumes,
            tiles: Tiles::new(options.cache_bytes),
            shelf: Shelf::open(dir.to_owned(), options)?,
            poison: Mutex::new(None),
        })
    }

    /// What belongs to the entries of a bundle, under keys of one sort.
    fn of_bundle(&self, bundle: u64, key: impl Fn(u64) -> Key) -> Result<Vec<(u64, Bytes)>, ObjectsError> {
        let first = bundle.checked_mul(BUNDLE_ENTRIES);
        let Some(number) = first.and_then(|first| self.volumes.of(key(first))) else {
            return Ok(Vec::new());
        };
        let found = self.shelf.read(number, |volume| volume.of_bundle(bundle, key))?;
        Ok(found.unwrap_or_default())
    }

    fn put_new(&self, mut batch: Batch) -> Result<(), ObjectsError> {
        let existing = self.shelf.volume(batch.volume)?;
        if let Some(volume) = &existing {
            batch.retain_new(|key| volume.get(key))?;
        }
        if batch.records.is_empty() {
            // All of it was put before; every put before this one is durable, or this home would be poisoned.
            return Ok(());
        }
        let volume = match existing {
            Some(volume) => volume,
            None => self.shelf.create(batch.volume)?,
        };
        volume.put(&batch.records)
    }
}

impl Objects for SledObjects {
    fn get(&self, key: Key) -> Result<Option<Bytes>, ObjectsError> {
        let (Key::Tile { level, index }, Some(number)) = (key, self.volumes.of(key)) else {
            return self.get_once(key);
        };
        if let Some(tile) = self.tiles.at_hand(number, level, index) {
            return Ok(Some(tile));
        }
        let read = self
            .shelf
            .read(number, |volume| volume.tiles(level, tiles::neighbours(index)))?;
        self.tiles.keep((number, level, index), read.unwrap_or_default())
    }

    fn get_once(&self, key: Key) -> Result<Option<Bytes>, ObjectsError> {
        let Some(number) = self.volumes.of(key) else {
            return Ok(None);
        };
        Ok(self.shelf.read(number, |volume| volume.get(key))?.flatten())
    }

    fn at_hand(&self, key: Key) -> Option<Bytes> {
        let Key::Tile { level, index } = key else {
            return None;
        };
        self.tiles.at_hand(self.volumes.of(key)?, level, index)
    }

    fn runs(&self, bundle: u64) -> Result<Vec<(u64, Bytes)>, ObjectsError> {
        self.of_bundle(bundle, |first| Key::Entries { first })
    }

    fn places(&self, bundle: u64) -> Result<Vec<(u64, Bytes)>, ObjectsError> {
        self.of_bundle(bundle, |first| Key::Where { first })
    }

    fn last_run(&self) -> Result<Option<(u64, Bytes)>, ObjectsError> {
        // A volume may hold no run yet: it was made, and then the process died before the first put into it.
        for number in self.shelf.numbers().into_iter().rev() {
            if let Some(volume) = self.shelf.volume(number)?
                && let Some(run) = volume.last_run()?
            {
                return Ok(Some(run));
            }
        }
        Ok(None)
    }

    fn put(&self, batch: Vec<(Key, Bytes)>) -> Result<(), ObjectsError> {
        let Some(batch) = self.volumes.batch(batch)? else {
            return Ok(());
        };
        let mut poison = self
            .poison
            .lock()
            .expect("no thread panics while it puts: sled is contained");
        if let Some(reason) = &*poison {
            return Err(ObjectsError::Poisoned { reason: reason.clone() });
        }
        let done = self.put_new(batch);
        if let Err(error) = &done
            && !error.is_callers()
        {
            *poison = Some(error.to_string());
        }
        done
    }

    fn rest(&self) {
        self.shelf.rest();
    }
}
