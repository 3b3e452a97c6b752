//! Which volumes are open: the newest nearly always, a few older ones while they are read.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use super::contain::broken;
use super::volume::Volume;
use super::{Options, folder};
use crate::objects::ObjectsError;

/// All volumes of a directory.
///
/// sled locks each volume's file, so a volume must never be opened while it is still being closed: opening and closing
/// happen outside the lock of the shelf, on a slot marked busy that everybody else waits for. A volume somebody reads is
/// never closed, so the limit on open ones can be exceeded by as many as there are readers.
#[derive(Debug)]
pub(super) struct Shelf {
    dir: PathBuf,
    options: Options,
    slots: Mutex<Slots>,
    settled: Condvar,
}

#[derive(Debug)]
struct Slots {
    by_number: BTreeMap<u64, Slot>,
    /// Counts uses, to tell which volume was used least recently.
    uses: u64,
    /// What it was at the last rest.
    uses_at_rest: u64,
}

#[derive(Debug)]
enum Slot {
    Closed,
    /// Being opened or closed by one thread.
    Busy,
    Open {
        volume: Arc<Volume>,
        last_use: u64,
    },
    /// Could not be opened. Trying again would cost every reader seconds and end the same way.
    Broken {
        path: PathBuf,
        reason: String,
    },
}

impl Shelf {
    /// Puts the volumes of a directory on a shelf and opens the newest.
    pub(super) fn open(dir: PathBuf, options: &Options) -> Result<Shelf, ObjectsError> {
        let by_number: BTreeMap<_, _> = folder::volumes(&dir)?
            .into_iter()
            .map(|number| (number, Slot::Closed))
            .collect();
        let newest = by_number.keys().next_back().copied();
        let slots = Mutex::new(Slots {
            by_number,
            uses: 0,
            uses_at_rest: 0,
        });
        let shelf = Shelf {
            dir,
            options: *options,
            slots,
            settled: Condvar::new(),
        };
        if let Some(newest) = newest {
            shelf.volume(newest)?;
        }
        Ok(shelf)
    }

    /// The numbers of the volumes that exist.
    pub(super) fn numbers(&self) -> Vec<u64> {
        self.slots().by_number.keys().copied().collect()
    }

    /// A volume, opened if it is not open yet; `None` if it does not exist. It stays open at least as long as it is held.
    pub(super) fn volume(&self, number: u64) -> Result<Option<Arc<Volume>>, ObjectsError> {
        let mut slots = self.slots();
        loop {
            slots.uses += 1;
            let now = slots.uses;
            match slots.by_number.get_mut(&number) {
                None => return Ok(None),
                Some(Slot::Open { volume, last_use }) => {
                    *last_use = now;
                    return Ok(Some(Arc::clone(volume)));
                }
                Some(Slot::Broken { path, reason }) => return Err(broken(path, reason.as_str())),
                Some(Slot::Busy) => slots = self.settled.wait(slots).expect(NO_PANIC),
                Some(closed @ Slot::Closed) => {
                    *closed = Slot::Busy;
                    drop(slots);
                    let opened = Volume::open(&folder::path(&self.dir, number), number).map(Arc::new);
                    self.settle(number, &opened);
                    self.trim();
                    return opened.map(Some);
                }
            }
        }
    }

    /// Nothing will be written for a while: volumes are closed that have much in memory which was written, and those that nobody has
    /// used since the last rest and that have much in memory at all. Whoever comes to read there meanwhile waits until the volume can
    /// be opened again, some milliseconds.
    pub(super) fn rest(&self) {
        let tired = self.slots().take_tired();
        for (number, volume) in tired {
            self.rest_one(number, volume);
        }
    }

    fn rest_one(&self, number: u64, volume: Arc<Volume>) {
        let deadline = Instant::now() + READERS_WAIT_MAX;
        // Nobody new comes to it, and those who are there stay for one read.
        while Arc::strong_count(&volume) > 1 && Instant::now() < deadline {
            thread::sleep(READERS_POLL);
        }
        match Arc::strong_count(&volume) {
            1 => {
                close(volume);
                self.slots().by_number.insert(number, Slot::Closed);
                self.settled.notify_all();
            }
            _ => self.settle(number, &Ok(volume)),
        }
    }

    /// Reads from a volume, `None` if it does not exist, and sees to it that what is then in memory does not become too much.
    pub(super) fn read<T>(
        &self,
        number: u64,
        read: impl FnOnce(&Volume) -> Result<T, ObjectsError>,
    ) -> Result<Option<T>, ObjectsError> {
        let Some(volume) = self.volume(number)? else {
            return Ok(None);
        };
        let before = volume.resident_bytes();
        let answer = read(&volume)?;
        let grown = volume.resident_bytes() > before;
        drop(volume);
        if grown {
            self.trim();
        }
        Ok(Some(answer))
    }

    /// Makes a volume that does not exist yet. Only the one thread that puts calls this.
    pub(super) fn create(&self, number: u64) -> Result<Arc<Volume>, ObjectsError> {
        let path = folder::create_volume(&self.dir, number)?;
        let opened = Volume::open(&path, number).map(Arc::new);
        self.settle(number, &opened);
        self.trim();
        opened
    }

    fn settle(&self, number: u64, opened: &Result<Arc<Volume>, ObjectsError>) {
        let mut slots = self.slots();
        let slot = match opened {
            Ok(volume) => Slot::Open {
                volume: Arc::clone(volume),
                last_use: slots.uses,
            },
            Err(ObjectsError::VolumeBroken { path, reason }) => Slot::Broken {
                path: path.clone(),
                reason: reason.clone(),
            },
            // Anything else may pass: too many open files, a full disk, another process.
            Err(_) => Slot::Closed,
        };
        slots.by_number.insert(number, slot);
        self.settled.notify_all();
    }

    /// Closes volumes that nobody uses: older ones beyond the limit, least recently used first; those that are no longer written;
    /// and while reads hold more memory than they may, the one that holds most of it. One that is in use stays open; whoever
    /// reads on comes here again.
    fn trim(&self) {
        loop {
            let mut slots = self.slots();
            let Some((number, volume)) = slots.take_superfluous(&self.options) else {
                return;
            };
            drop(slots);
            close(volume);
            self.slots().by_number.insert(number, Slot::Closed);
            self.settled.notify_all();
        }
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().expect(NO_PANIC)
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        let slots = std::mem::take(&mut self.slots().by_number);
        for slot in slots.into_values() {
            if let Slot::Open { volume, .. } = slot {
                close(volume);
            }
        }
    }
}

impl Slots {
    /// Takes out the volume to close next, if one must be and is unused.
    ///
    /// A count of one is the shelf's own: others are only made under the lock that the caller holds.
    fn take_superfluous(&mut self, options: &Options) -> Option<(u64, Arc<Volume>)> {
        let number = self
            .beyond_count(options.open_volumes_max)
            .or_else(|| self.full())
            .or_else(|| self.beyond_bytes(options.pages_bytes, Volume::resident_bytes))
            .or_else(|| self.beyond_bytes(options.tile_pages_bytes, Volume::resident_tile_bytes))?;
        match self.by_number.insert(number, Slot::Busy) {
            Some(Slot::Open { volume, .. }) => Some((number, volume)),
            _ => unreachable!("the slot was open a moment ago, under the same lock"),
        }
    }

    /// The older volume that was used least recently, if more than `older_max` older ones are open.
    fn beyond_count(&self, older_max: usize) -> Option<u64> {
        let newest = *self.by_number.keys().next_back()?;
        let older = || self.open().filter(|(number, ..)| *number != newest);
        if older().count() <= older_max {
            return None;
        }
        let unused = older().filter(|(_, volume, _)| Arc::strong_count(volume) == 1);
        unused
            .min_by_key(|(_, _, last_use)| *last_use)
            .map(|(number, ..)| number)
    }

    /// An older volume that still has in memory what was written to it.
    fn full(&self) -> Option<u64> {
        let newest = *self.by_number.keys().next_back()?;
        let older = self.open().filter(|(number, ..)| *number != newest);
        let mut unused = older.filter(|(_, volume, _)| Arc::strong_count(volume) == 1);
        unused
            .find(|(_, volume, _)| volume.written_bytes() > 0)
            .map(|(number, ..)| number)
    }

    /// Takes out the volumes that are to rest, in use or not: the newest if much of what was written to it is in memory, and all that
    /// were not used since the last time and have more than a little in memory.
    fn take_tired(&mut self) -> Vec<(u64, Arc<Volume>)> {
        let since = std::mem::replace(&mut self.uses_at_rest, self.uses);
        let newest = self.by_number.keys().next_back().copied();
        let mut tired = Vec::new();
        for (&number, slot) in &mut self.by_number {
            let Slot::Open { volume, last_use } = slot else {
                continue;
            };
            let written = volume.written_bytes() > BYTES_KEPT;
            let unused = *last_use <= since && (Some(number) != newest || volume.resident_bytes() > BYTES_KEPT);
            if written || unused {
                tired.push((number, Arc::clone(volume)));
                *slot = Slot::Busy;
            }
        }
        tired
    }

    /// The volume that holds most of something, if all together hold more than `bytes_max`.
    fn beyond_bytes(&self, bytes_max: u64, held_by: impl Fn(&Volume) -> u64) -> Option<u64> {
        let held: u64 = self.open().map(|(_, volume, _)| held_by(volume)).sum();
        if held <= bytes_max {
            return None;
        }
        let unused = self.open().filter(|(_, volume, _)| Arc::strong_count(volume) == 1);
        unused
            .max_by_key(|(_, volume, _)| held_by(volume))
            .map(|(number, ..)| number)
    }

    fn open(&self) -> impl Iterator<Item = (u64, &Arc<Volume>, u64)> {
        self.by_number.iter().filter_map(|(&number, slot)| match slot {
            Slot::Open { volume, last_use } => Some((number, volume, *last_use)),
            _ => None,
        })
    }
}

/// Nothing unsynced is in a volume that is closed here, so an error changes nothing for anybody: whoever opens it next meets
/// its cause again.
fn close(volume: Arc<Volume>) {
    if let Some(volume) = Arc::into_inner(volume) {
        let _closed = volume.close();
    }
}

/// What was written to a volume since it was opened, or read from the newest, stays in memory up to this: opening it again, which
/// reads about as much, is worth it for more only. An older one that nobody uses has 24 MiB of buffers and is closed anyway.
const BYTES_KEPT: u64 = 16 << 20;

/// How long readers of a volume that is to be closed may take: each is within one read. If one hangs, it stays open.
const READERS_WAIT_MAX: Duration = Duration::from_millis(500);

const READERS_POLL: Duration = Duration::from_micros(200);

const NO_PANIC: &str = "no thread panics while it holds the shelf";

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::objects::Key;

    fn shelf(dir: &tempfile::TempDir, pages_bytes: u64, open_volumes_max: usize) -> Shelf {
        let options = Options {
            pages_bytes,
            open_volumes_max,
            ..Options::default()
        };
        Shelf::open(dir.path().to_owned(), &options).unwrap()
    }

    fn open(shelf: &Shelf) -> Vec<u64> {
        shelf.slots().open().map(|(number, ..)| number).collect()
    }

    fn put(volume: &Volume) {
        let value = Bytes::from(vec![7; 1_000]);
        volume.put(&BTreeMap::from([(RUN, value)])).unwrap();
    }

    const RUN: Key = Key::Entries { first: 0 };

    /// What reading `RUN` is counted for.
    const PAGE_BYTES: u64 = 17 * 1_104;

    #[test]
    fn a_volume_in_use_is_not_closed_but_shared() {
        let dir = tempfile::TempDir::new().unwrap();
        let shelf = shelf(&dir, u64::MAX, 0);
        let held = shelf.create(0).unwrap();
        for number in 1..4 {
            shelf.create(number).unwrap();
        }
        let again = shelf.volume(0).unwrap().unwrap();
        assert!(
            Arc::ptr_eq(&held, &again),
            "closing or opening it meanwhile would have made another one"
        );
        drop((held, again));
        shelf.create(4).unwrap();
        assert_eq!(open(&shelf), [4], "unused ones are closed at the next turn");
    }

    #[test]
    fn a_volume_is_closed_when_the_next_one_is_made_unless_only_read() {
        let dir = tempfile::TempDir::new().unwrap();
        let shelf = shelf(&dir, u64::MAX, 9);
        shelf.create(0).unwrap();
        put(&shelf.create(1).unwrap());
        shelf.create(2).unwrap();
        assert_eq!(open(&shelf), [0, 2]);
        shelf.read(1, |volume| volume.get(RUN)).unwrap();
        shelf.create(3).unwrap();
        assert_eq!(open(&shelf), [0, 1, 2, 3]);
    }

    #[test]
    fn the_newest_volume_is_closed_when_much_was_written_and_nothing_is_for_a_while() {
        let dir = tempfile::TempDir::new().unwrap();
        let shelf = shelf(&dir, u64::MAX, 9);
        let newest = shelf.create(0).unwrap();
        let value = Bytes::from(vec![7; 60_000]);
        let pieces = BYTES_KEPT / 60_000 + 1;
        let records = |range: std::ops::Range<u64>| {
            let keys = range.map(|bundle| Key::Entries { first: bundle * 256 });
            keys.map(|key| (key, value.clone())).collect()
        };
        newest.put(&records(0..pieces - 1)).unwrap();
        drop(newest);
        shelf.rest();
        assert_eq!(open(&shelf), [0], "so little is worth keeping");
        let reader = shelf.volume(0).unwrap().unwrap();
        reader.put(&records(pieces - 1..pieces)).unwrap();
        shelf.rest();
        assert_eq!(open(&shelf), [0], "a reader that does not leave keeps it open");
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(READERS_WAIT_MAX / 10);
                drop(reader);
            });
            shelf.rest();
        });
        assert!(open(&shelf).is_empty(), "one that leaves is waited for");
        let found = shelf.read(0, |volume| volume.get(RUN)).unwrap().flatten();
        assert_eq!(found, Some(value), "and is opened again when it is read");
    }

    #[test]
    fn older_volumes_that_nobody_uses_are_closed_at_the_second_rest() {
        let dir = tempfile::TempDir::new().unwrap();
        let shelf = shelf(&dir, u64::MAX, 9);
        for number in 0..3 {
            shelf.create(number).unwrap();
        }
        let read = |number| drop(shelf.read(number, |volume| volume.get(RUN)).unwrap());
        read(0);
        read(1);
        shelf.rest();
        assert_eq!(open(&shelf), [0, 1, 2], "they were used a moment ago");
        read(1);
        shelf.rest();
        assert_eq!(open(&shelf), [1, 2]);
        shelf.rest();
        assert_eq!(open(&shelf), [2], "the newest stays, as it has little");
        read(0);
        assert_eq!(open(&shelf), [0, 2]);
    }

    #[test]
    fn reads_beyond_the_limit_close_the_volume_that_holds_most() {
        let dir = tempfile::TempDir::new().unwrap();
        let shelf = shelf(&dir, 2 * PAGE_BYTES, 9);
        for number in 0..3 {
            put(&shelf.create(number).unwrap());
        }
        let read = |number| shelf.read(number, |volume| volume.get(RUN)).unwrap().flatten();
        for number in [0, 1, 0, 1] {
            assert!(read(number).is_some());
        }
        assert_eq!(open(&shelf), [0, 1, 2], "two pages are what may be held");
        assert!(read(2).is_some());
        assert_eq!(open(&shelf).len(), 2, "a third is too many");
        for number in [0, 1, 2] {
            assert!(
                read(number).is_some(),
                "volume {number} is opened again when it is read"
            );
        }
    }
}
