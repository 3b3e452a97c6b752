//! Places of attachments that were read lately, by bundle.
//!
//! They lie in the object store, where a read brings in a page of their neighbours too, 80 kB of it, and where what was read stays until
//! much of it has come together and the volume is closed. Whoever looks at events here and there, as a search does, needs a few of them
//! from everywhere.

use std::sync::Arc;

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// The records of a bundle as they are stored, each with the index of its first entry.
pub(crate) type Stored = Arc<[(u64, Bytes)]>;

/// Whole bundles only: what was sealed of one in part is not all that there will be.
pub(crate) struct KeptPlaces(Cache<u64, Stored, Weight>);

impl KeptPlaces {
    pub(crate) fn new() -> KeptPlaces {
        let bundles = usize::try_from(BYTES_MAX / BUNDLE_BYTES).expect("some thousand");
        KeptPlaces(Cache::with_weighter(bundles, BYTES_MAX, Weight))
    }

    pub(crate) fn of(&self, bundle: u64) -> Option<Stored> {
        self.0.get(&bundle)
    }

    /// Keeps copies: what the object store gave may be part of a larger piece.
    pub(crate) fn keep(&self, bundle: u64, stored: &[(u64, Bytes)]) {
        let copies = stored
            .iter()
            .map(|(first, bytes)| (*first, Bytes::copy_from_slice(bytes)));
        self.0.insert(bundle, copies.collect());
    }
}

#[derive(Clone, Copy)]
struct Weight;

impl Weighter<u64, Stored> for Weight {
    fn weight(&self, _: &u64, stored: &Stored) -> u64 {
        let records = stored.iter().map(|(_, bytes)| bytes.len() as u64 + RECORD_OVERHEAD);
        records.sum::<u64>() + BUNDLE_OVERHEAD
    }
}

/// The places of 1.7 million events with twelve attachments.
const BYTES_MAX: u64 = 32 << 20;

/// 256 entries with twelve attachments, 18 bytes each.
const BUNDLE_BYTES: u64 = 4_608;

/// What a record takes beside its bytes, and what a bundle does, about.
const RECORD_OVERHEAD: u64 = 96;
const BUNDLE_OVERHEAD: u64 = 64;
