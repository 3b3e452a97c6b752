//! Objects in memory, for tests and for trees that need not outlive the process.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use bytes::Bytes;

use super::batch::Volumes;
use super::{BUNDLE_ENTRIES, Key, Objects, ObjectsError, VOLUME_ENTRIES};

/// A home of objects that lasts as long as the last of its clones.
///
/// Clones share their content, as handles opened one after the other on one directory do.
#[derive(Clone, Debug)]
pub struct MemoryObjects {
    volumes: Volumes,
    objects: Arc<RwLock<BTreeMap<Key, Bytes>>>,
}

impl MemoryObjects {
    /// An empty home whose batches are held to volumes of [`VOLUME_ENTRIES`].
    pub fn new() -> MemoryObjects {
        MemoryObjects::with_volume_entries(VOLUME_ENTRIES).expect("the default is a multiple of a bundle")
    }

    /// An empty home whose batches are held to volumes of `entries` entries, a multiple of [`BUNDLE_ENTRIES`].
    pub fn with_volume_entries(entries: u64) -> Result<MemoryObjects, ObjectsError> {
        Ok(MemoryObjects {
            volumes: Volumes::new(entries)?,
            objects: Arc::default(),
        })
    }

    fn read<T>(&self, look: impl FnOnce(&BTreeMap<Key, Bytes>) -> T) -> T {
        look(&self.objects.read().expect(NO_PANIC))
    }

    /// What belongs to the entries of a bundle, under keys of one sort.
    fn of_bundle(&self, bundle: u64, key: impl Fn(u64) -> Key) -> Vec<(u64, Bytes)> {
        let Some(first) = bundle.checked_mul(BUNDLE_ENTRIES) else {
            return Vec::new();
        };
        let keys = key(first)..=key(first + (BUNDLE_ENTRIES - 1));
        self.read(|objects| objects.range(keys).filter_map(with_first).collect())
    }
}

impl Default for MemoryObjects {
    fn default() -> MemoryObjects {
        MemoryObjects::new()
    }
}

impl Objects for MemoryObjects {
    fn get(&self, key: Key) -> Result<Option<Bytes>, ObjectsError> {
        Ok(self.read(|objects| objects.get(&key).cloned()))
    }

    fn runs(&self, bundle: u64) -> Result<Vec<(u64, Bytes)>, ObjectsError> {
        Ok(self.of_bundle(bundle, |first| Key::Entries { first }))
    }

    fn places(&self, bundle: u64) -> Result<Vec<(u64, Bytes)>, ObjectsError> {
        Ok(self.of_bundle(bundle, |first| Key::Where { first }))
    }

    fn last_run(&self) -> Result<Option<(u64, Bytes)>, ObjectsError> {
        let runs = ..=Key::Entries { first: u64::MAX };
        Ok(self.read(|objects| objects.range(runs).next_back().and_then(with_first)))
    }

    fn put(&self, batch: Vec<(Key, Bytes)>) -> Result<(), ObjectsError> {
        let Some(mut batch) = self.volumes.batch(batch)? else {
            return Ok(());
        };
        let mut objects = self.objects.write().expect(NO_PANIC);
        batch.retain_new(|key| Ok(objects.get(&key).cloned()))?;
        objects.append(&mut batch.records);
        Ok(())
    }
}

fn with_first((key, value): (&Key, &Bytes)) -> Option<(u64, Bytes)> {
    match key {
        Key::Entries { first } | Key::Where { first } => Some((*first, value.clone())),
        Key::Tile { .. } => None,
    }
}

const NO_PANIC: &str = "no thread panics while it holds the map";
