//! What a batch must be before any home touches it: one set of rules for all homes.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{BATCH_RECORDS_MAX, BUNDLE_ENTRIES, Key, ObjectsError, VALUE_BYTES_MAX};

/// How entries are cut into volumes: always a positive multiple of a bundle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Volumes {
    entries: u64,
}

/// The records of one put: within all limits, each key once, all in one volume.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) volume: u64,
    pub(super) records: BTreeMap<Key, Bytes>,
}

impl Volumes {
    pub(super) fn new(entries: u64) -> Result<Volumes, ObjectsError> {
        if entries == 0 || !entries.is_multiple_of(BUNDLE_ENTRIES) {
            return Err(ObjectsError::VolumeEntries { entries });
        }
        Ok(Volumes { entries })
    }

    /// The number of the volume in which a key lies, `None` for a key that no tree has.
    pub(super) fn of(&self, key: Key) -> Option<u64> {
        Some(key.last_entry()? / self.entries)
    }

    /// Checks the records of a put. `None` if there are none.
    pub(super) fn batch(&self, records: Vec<(Key, Bytes)>) -> Result<Option<Batch>, ObjectsError> {
        if records.len() > BATCH_RECORDS_MAX {
            return Err(ObjectsError::TooManyRecords { records: records.len() });
        }
        let mut volume = None;
        let mut unique = BTreeMap::new();
        for (key, value) in records {
            let second = self.of(key).ok_or(ObjectsError::KeyOutOfRange { key })?;
            let first = *volume.get_or_insert(second);
            if first != second {
                return Err(ObjectsError::CrossesVolume { first, second, key });
            }
            if value.len() > VALUE_BYTES_MAX {
                return Err(ObjectsError::ValueTooLong {
                    key,
                    bytes: value.len(),
                });
            }
            if unique.get(&key).is_some_and(|other| *other != value) {
                return Err(ObjectsError::Conflict { key });
            }
            unique.insert(key, value);
        }
        Ok(volume.map(|volume| Batch {
            volume,
            records: unique,
        }))
    }
}

impl Batch {
    /// Leaves only the records that are not there yet, by what `get` finds under each key.
    pub(super) fn retain_new(
        &mut self,
        get: impl Fn(Key) -> Result<Option<Bytes>, ObjectsError>,
    ) -> Result<(), ObjectsError> {
        let mut taken = Vec::new();
        for (&key, value) in &self.records {
            match get(key)? {
                None => {}
                Some(there) if there == *value => taken.push(key),
                Some(_) => return Err(ObjectsError::Conflict { key }),
            }
        }
        for key in taken {
            self.records.remove(&key);
        }
        Ok(())
    }
}
