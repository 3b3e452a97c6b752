//! Which volumes are open: the newest always, a few older ones while they are read.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

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
    pub(super) fn open(dir: PathBuf, options: Options) -> Result<Shelf, ObjectsError> {
        let by_number: BTreeMap<_, _> = folder::volumes(&dir)?
            .into_iter()
            .map(|number| (number, Slot::Closed))
            .collect();
        let newest = by_number.keys().next_back().copied();
        let slots = Mutex::new(Slots { by_number, uses: 0 });
        let shelf = Shelf {
            dir,
            options,
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
                    let cache_bytes = self.cache_bytes(&slots, number);
                    drop(slots);
                    let opened = Volume::open(&folder::path(&self.dir, number), number, cache_bytes).map(Arc::new);
                    self.settle(number, &opened);
                    self.close_unused();
                    return opened.map(Some);
                }
            }
        }
    }

    /// Makes a volume that does not exist yet. Only the one thread that puts calls this.
    pub(super) fn create(&self, number: u64) -> Result<Arc<Volume>, ObjectsError> {
        let path = folder::create_volume(&self.dir, number)?;
        let cache_bytes = self.cache_bytes(&self.slots(), number);
        let opened = Volume::open(&path, number, cache_bytes).map(Arc::new);
        self.settle(number, &opened);
        self.close_unused();
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

    /// Closes older volumes that nobody reads, least recently used first, down to the limit.
    fn close_unused(&self) {
        loop {
            let mut slots = self.slots();
            let Some((number, volume)) = slots.take_unused(self.options.open_volumes_max) else {
                return;
            };
            drop(slots);
            close(volume);
            self.slots().by_number.insert(number, Slot::Closed);
            self.settled.notify_all();
        }
    }

    fn cache_bytes(&self, slots: &Slots, number: u64) -> u64 {
        let newest = slots.by_number.keys().all(|&other| other <= number);
        if newest {
            self.options.cache_bytes
        } else {
            self.options.cache_bytes / OLDER_CACHE_PART
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
    /// Takes out the volume to close next, if more than `older_max` older ones are open and one of them is unused.
    ///
    /// A count of one is the shelf's own: others are only made under the lock that the caller holds.
    fn take_unused(&mut self, older_max: usize) -> Option<(u64, Arc<Volume>)> {
        let newest = *self.by_number.keys().next_back()?;
        let older = || self.by_number.iter().filter(|&(&number, _)| number != newest);
        let open = older().filter(|(_, slot)| matches!(slot, Slot::Open { .. })).count();
        if open <= older_max {
            return None;
        }
        let unused = |(&number, slot): (&u64, &Slot)| match slot {
            Slot::Open { volume, last_use } if Arc::strong_count(volume) == 1 => Some((*last_use, number)),
            _ => None,
        };
        let (_, number) = older().filter_map(unused).min()?;
        match self.by_number.insert(number, Slot::Busy) {
            Some(Slot::Open { volume, .. }) => Some((number, volume)),
            _ => unreachable!("the slot was open a moment ago, under the same lock"),
        }
    }
}

/// Nothing unsynced is in a volume that is closed here, so an error changes nothing for anybody: whoever opens it next meets
/// its cause again.
fn close(volume: Arc<Volume>) {
    if let Some(volume) = Arc::into_inner(volume) {
        let _closed = volume.close();
    }
}

/// An older volume gets a quarter of the newest one's cache: it is read at random or not at all.
const OLDER_CACHE_PART: u64 = 4;

const NO_PANIC: &str = "no thread panics while it holds the shelf";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_in_use_is_not_closed_but_shared() {
        let dir = tempfile::TempDir::new().unwrap();
        let options = Options {
            open_volumes_max: 0,
            ..Options::default()
        };
        let shelf = Shelf::open(dir.path().to_owned(), options).unwrap();
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
        let open = |slot: &&Slot| matches!(slot, Slot::Open { .. });
        assert_eq!(
            shelf.slots().by_number.values().filter(open).count(),
            1,
            "unused ones are closed at the next turn"
        );
    }
}
