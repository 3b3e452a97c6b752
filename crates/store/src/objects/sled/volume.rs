//! One volume: a sled database, and the rules that make it durable.
//!
//! sled's `flush` is a `pwrite` without an fsync, its large values go to files that are never synced, and damage makes it
//! panic. So: segments of 8 MiB and values that fit them, no background flush, one `fdatasync` after each flush and one
//! right after opening, every call contained.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::contain::{broken, contain};
use super::folder::{io_error, sync};
use super::resident::Resident;
use super::tiles::ReadTile;
use super::value;
use crate::objects::{BUNDLE_ENTRIES, Key, ObjectsError};

#[derive(Debug)]
pub(super) struct Volume {
    number: u64,
    path: PathBuf,
    db: ::sled::Db,
    /// Our own handle of sled's file, for the syncs that sled leaves out.
    file: File,
    resident: Resident,
    written: AtomicU64,
}

impl Volume {
    /// Opens a volume that [`create_volume`](super::folder::create_volume) made.
    pub(super) fn open(path: &Path, number: u64) -> Result<Volume, ObjectsError> {
        let db_path = path.join("db");
        if !fs::metadata(&db_path).is_ok_and(|db| db.len() > 0) {
            return Err(broken(path, "its file `db` is missing or empty"));
        }
        refuse_blobs(path)?;
        remove_unfinished_snapshots(path)?;
        let file = File::open(&db_path).map_err(io_error("open", &db_path))?;
        wait_until_free(&file, path)?;
        let db = contain(path, "open", || config(path).open())?;
        // What a killed process left in the page cache, and what opening wrote, is durable before anything builds on it.
        file.sync_data().map_err(io_error("sync", &db_path))?;
        sync(path)?;
        Ok(Volume {
            number,
            path: path.to_owned(),
            db,
            file,
            resident: Resident::default(),
            written: AtomicU64::new(0),
        })
    }

    /// Bytes that reads have brought into memory since the volume was opened, by estimate.
    pub(super) fn resident_bytes(&self) -> u64 {
        self.resident.bytes()
    }

    /// Those of tiles among them.
    pub(super) fn resident_tile_bytes(&self) -> u64 {
        self.resident.tile_bytes()
    }

    /// Bytes that were put since the volume was opened.
    pub(super) fn written_bytes(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// The value under a key, with one look-up in sled: 2 us warm.
    pub(super) fn get(&self, key: Key) -> Result<Option<Bytes>, ObjectsError> {
        let name = key.encode();
        match contain(&self.path, "read", || self.db.get(&name))? {
            None => Ok(None),
            Some(stored) => self.checked(key, &name, stored).map(Some),
        }
    }

    /// Those of these tiles that there are, in order. One look-up in sled, and one page of it, mostly.
    pub(super) fn tiles(&self, level: u8, indexes: Range<u64>) -> Result<Vec<ReadTile>, ObjectsError> {
        let name = |index| Key::Tile { level, index }.encode();
        let names = name(indexes.start)..name(indexes.end);
        let stored: Vec<_> = contain(&self.path, "read", || self.db.range(names).collect())?;
        let tiles = stored.into_iter().map(|(name, stored)| match Key::decode(&name) {
            Some(key) => Ok((key, self.checked(key, &name, stored))),
            None => Err(broken(&self.path, "no key among the tiles")),
        });
        tiles.collect()
    }

    /// What belongs to the entries of a bundle, under keys of one sort, in order.
    pub(super) fn of_bundle(&self, bundle: u64, key: impl Fn(u64) -> Key) -> Result<Vec<(u64, Bytes)>, ObjectsError> {
        let first = bundle * BUNDLE_ENTRIES;
        let names = key(first).encode()..=key(first + (BUNDLE_ENTRIES - 1)).encode();
        let stored: Vec<_> = contain(&self.path, "read", || self.db.range(names).collect())?;
        stored
            .into_iter()
            .map(|(name, stored)| self.with_first(&name, stored))
            .collect()
    }

    /// The last run of the volume.
    pub(super) fn last_run(&self) -> Result<Option<(u64, Bytes)>, ObjectsError> {
        let names = ..=Key::Entries { first: u64::MAX }.encode();
        match contain(&self.path, "read", || self.db.range(names).next_back().transpose())? {
            None => Ok(None),
            Some((name, stored)) => self.with_first(&name, stored).map(Some),
        }
    }

    /// Writes new records, all or none, durable when it returns.
    pub(super) fn put(&self, records: &BTreeMap<Key, Bytes>) -> Result<(), ObjectsError> {
        let bytes: usize = records.values().map(Bytes::len).sum();
        // Counted first: what a put that fails has brought into memory is there too.
        self.written.fetch_add(bytes as u64, Ordering::Relaxed);
        let mut batch = ::sled::Batch::default();
        for (key, value) in records {
            let name = key.encode();
            let stored = value::encode(&name, value);
            batch.insert(name, stored);
        }
        contain(&self.path, "write to", || {
            self.db.apply_batch(batch)?;
            // A crash here, or before the sync has returned, leaves the batch whole or absent, and nobody was told of it.
            self.db.flush()
        })?;
        self.file.sync_data().map_err(io_error("sync", &self.path))
        // From here on the batch outlives a power loss.
    }

    /// Closes the volume; sled writes and syncs once more and may panic while it does.
    pub(super) fn close(self) -> Result<(), ObjectsError> {
        let Volume { path, db, .. } = self;
        contain(&path, "close", || {
            drop(db);
            Ok(())
        })
    }

    fn with_first(&self, name: &[u8], stored: ::sled::IVec) -> Result<(u64, Bytes), ObjectsError> {
        match Key::decode(name) {
            Some(key @ (Key::Entries { first } | Key::Where { first })) => {
                Ok((first, self.checked(key, name, stored)?))
            }
            other => Err(broken(&self.path, format!("{other:?} among the runs of entries"))),
        }
    }

    fn checked(&self, key: Key, name: &[u8], stored: ::sled::IVec) -> Result<Bytes, ObjectsError> {
        self.resident.note(key, stored.len());
        value::decode(name, stored).ok_or(ObjectsError::Corrupt {
            volume: self.number,
            key,
        })
    }
}

/// sled's parameters. All but the cache are fixed when a volume is made; sled refuses to open it with others.
pub(super) fn config(path: &Path) -> ::sled::Config {
    ::sled::Config::new()
        .path(path)
        .segment_size(SEGMENT_BYTES)
        .use_compression(false)
        .flush_every_ms(None)
        .cache_capacity(WRITTEN_BYTES_MAX)
}

/// sled never syncs what it puts into `blobs/`, so a volume that has anything there cannot be trusted to last.
fn refuse_blobs(path: &Path) -> Result<(), ObjectsError> {
    let blobs = path.join("blobs");
    match fs::read_dir(&blobs).map(Iterator::count) {
        Ok(0) => Ok(()),
        Ok(files) => Err(broken(
            path,
            format!("{files} files in `blobs`, which sled never syncs"),
        )),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io_error("list", &blobs)(error)),
    }
}

/// Removes snapshots that a process which died inside `open` had begun.
///
/// sled writes one under a name of its own and renames it, but takes the unfinished one for the newest when it opens again,
/// finds its checksum wrong and gives up. The finished one before it is only removed after the renaming.
fn remove_unfinished_snapshots(path: &Path) -> Result<(), ObjectsError> {
    for entry in fs::read_dir(path).map_err(io_error("list", path))? {
        let file = entry.map_err(io_error("list", path))?.path();
        if file.extension().is_some_and(|extension| extension == "generating") {
            fs::remove_file(&file).map_err(io_error("remove", &file))?;
        }
    }
    Ok(())
}

/// Waits for sled's lock on the file of a volume, which sled itself would not wait for.
///
/// Threads of sled may hold a closed volume, and so its lock, for a moment after it was dropped.
fn wait_until_free(file: &File, path: &Path) -> Result<(), ObjectsError> {
    let deadline = Instant::now() + LOCK_WAIT_MAX;
    loop {
        match file.try_lock() {
            Ok(()) => return file.unlock().map_err(io_error("unlock", path)),
            Err(TryLockError::Error(source)) => return Err(io_error("lock", path)(source)),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                return Err(ObjectsError::InUse { path: path.to_owned() });
            }
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_POLL),
        }
    }
}

/// Bytes of a segment. A page over a quarter of it goes to a file that is never synced; `VALUE_BYTES_MAX` has the sum.
const SEGMENT_BYTES: usize = 8 << 20;

/// Pages that were written and stay in memory: sled's own cache, which knows of no others. It takes up to twice as much.
const WRITTEN_BYTES_MAX: u64 = 64 << 20;

/// How long another holder of a volume may take to let it go: sled's own threads need microseconds.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(2);

const LOCK_POLL: Duration = Duration::from_millis(1);
