//! The sealer: moves what is committed from the journal's backlog into the object store, behind the sequencer.

use std::sync::Arc;

use bytes::Bytes;
use indelible_merkle::{FullTile, TILE_HEIGHT, TILE_WIDTH, bundle};
use indelible_store::journal::RecordPlace;
use indelible_store::objects::{Key, Objects, ObjectsError};

use crate::backlog::{Backlog, Work};
use crate::places;
use crate::settings::Settings;
use crate::tail::{self, Tail, entries};

/// Writes runs of entries and full tiles into the object store, and forgets them in the tail.
#[derive(Clone)]
pub(crate) struct Sealer {
    pub(crate) tail: Arc<Tail>,
    pub(crate) objects: Arc<dyn Objects>,
    /// Entries in one volume of the object store; no batch crosses its border.
    pub(crate) volume_entries: u64,
}

impl Sealer {
    /// Seals until the log is closed and all of it is sealed, or until the object store fails; calls `freed` whenever the backlog
    /// has become smaller.
    pub(crate) fn run(&self, backlog: &Backlog, settings: &Settings, freed: impl Fn()) {
        loop {
            let work = backlog.wait_for_work(settings.seal_bytes_min, settings.seal_quiet);
            let (sealed, size) = self.tail.sizes();
            let whole_bundles = size / TILE_WIDTH * TILE_WIDTH;
            let upto = match work {
                Work::Done => return,
                Work::Nothing => {
                    self.objects.rest();
                    continue;
                }
                Work::Bundles if whole_bundles > sealed => whole_bundles,
                Work::Bundles | Work::Everything => size,
            };
            if let Err(error) = self.seal(upto, |bytes| {
                backlog.remove(bytes);
                freed();
            }) {
                tracing::error!(sealed, %error, "sealing has stopped; appends go on until the backlog is full");
                backlog.fail(error.to_string());
                return;
            }
            if work == Work::Everything {
                self.objects.rest();
            }
        }
    }

    /// Seals all entries below `upto`, one batch of the object store after the other, and calls `freed` after each with the
    /// weight of the commits that left the tail.
    pub(crate) fn seal(&self, upto: u64, freed: impl Fn(u64)) -> Result<(), ObjectsError> {
        loop {
            let (sealed, _) = self.tail.sizes();
            if sealed >= upto {
                return Ok(());
            }
            let (end, batch) = self.next_batch(sealed, upto);
            // If the process dies before this returns, the batch is in the store whole or not at all: the next start finds the
            // old or the new sealed size, and replays the rest from the journal.
            self.objects.put(batch)?;
            // From here on these entries and tiles are durable in two places, and readers find them in the object store.
            freed(self.tail.forget(end));
        }
    }

    /// The objects of the next entries from `sealed` on, as many as one batch takes, and the index behind these entries.
    /// A tile goes with the entry that fills it, so that the sealed size says all about what the store has.
    fn next_batch(&self, sealed: u64, upto: u64) -> (u64, Vec<(Key, Bytes)>) {
        let volume_end = (sealed / self.volume_entries + 1) * self.volume_entries;
        let stop = upto
            .min(volume_end)
            .min(bundle_end(sealed) + RECORDS_MAX as u64 * TILE_WIDTH);
        let commits = self
            .tail
            .commits(sealed, stop)
            .expect("what is not sealed is in the tail");
        let mut entries = entries(&commits, sealed, stop);
        let mut places = tail::places(&commits, sealed, stop);

        let (mut at, mut bytes, mut batch) = (sealed, 0, Vec::new());
        while at < stop {
            let end = bundle_end(at).min(stop);
            let count = usize::try_from(end - at).expect("a bundle has 256 entries");
            let mut objects = runs(at, entries.by_ref().take(count), places.by_ref().take(count));
            if objects.len() > RUN_RECORDS_MAX && batch.is_empty() {
                // Runs of one long entry each, and as many places: the rest of the bundle, and its tiles, go with the next batch.
                let rest = objects.split_off(RUN_RECORDS_MAX);
                let next = rest.first().and_then(|(key, _)| key.last_entry());
                return (next.expect("a run stands in front of its places"), objects);
            }
            objects.extend(self.tiles_filled_by(end));
            let objects_bytes: usize = objects.iter().map(|(_, value)| value.len()).sum();
            let full = batch.len() + objects.len() > RECORDS_MAX || bytes + objects_bytes > BATCH_BYTES_MAX;
            if full && !batch.is_empty() {
                break;
            }
            batch.append(&mut objects);
            bytes += objects_bytes;
            at = end;
        }
        (at, batch)
    }

    /// The tiles whose last leaf is the one before `end`: none, or one of each level from 0 up.
    fn tiles_filled_by(&self, end: u64) -> impl Iterator<Item = (Key, Bytes)> {
        let filled = (end.trailing_zeros() / u32::from(TILE_HEIGHT)).min(u32::from(LEVELS));
        (0..LEVELS).take(filled as usize).map(move |level| {
            let index = (end >> (u32::from(TILE_HEIGHT) * (u32::from(level) + 1))) - 1;
            let hashes = self.tail.row(TILE_HEIGHT * level, index * TILE_WIDTH, TILE_WIDTH);
            let hashes = hashes.expect("the nodes of a tile that is not sealed are in the tail");
            let tile = FullTile::from_hashes(&hashes).expect("a full tile has 256 hashes");
            (Key::Tile { level, index }, Bytes::from(tile.into_bytes()))
        })
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer")
            .field("volume_entries", &self.volume_entries)
            .finish_non_exhaustive()
    }
}

/// Cuts the entries of one bundle, the first of index `first`, into runs of at most [`RUN_BYTES_MAX`], each with its places behind it if
/// there are any.
fn runs<'a>(
    first: u64,
    entries: impl Iterator<Item = &'a Bytes>,
    mut places: impl Iterator<Item = &'a RecordPlace>,
) -> Vec<(Key, Bytes)> {
    let (mut objects, mut run, mut at) = (Vec::new(), Run::at(first), first);
    for entry in entries {
        let place = places.next();
        if !run.has_room_for(entry, place) {
            std::mem::replace(&mut run, Run::at(at)).finish(&mut objects);
        }
        run.push(entry, place);
        at += 1;
    }
    run.finish(&mut objects);
    objects
}

/// A run in the making.
struct Run<'a> {
    first: u64,
    entries: Vec<&'a Bytes>,
    bytes: usize,
    places: Vec<RecordPlace>,
    /// What the places take when they are encoded, at most.
    places_bytes: usize,
}

impl<'a> Run<'a> {
    fn at(first: u64) -> Run<'a> {
        Run {
            first,
            entries: Vec::new(),
            bytes: 0,
            places: Vec::new(),
            places_bytes: 0,
        }
    }

    fn has_room_for(&self, entry: &Bytes, place: Option<&RecordPlace>) -> bool {
        let places_bytes = self.places_bytes + place.map_or(0, places::encoded_bytes_max);
        self.bytes + entry.len() <= RUN_BYTES_MAX && places_bytes <= RUN_BYTES_MAX
    }

    fn push(&mut self, entry: &'a Bytes, place: Option<&RecordPlace>) {
        self.entries.push(entry);
        self.bytes += entry.len();
        self.places_bytes += place.map_or(0, places::encoded_bytes_max);
        self.places.extend(place.cloned());
    }

    fn finish(self, objects: &mut Vec<(Key, Bytes)>) {
        let Run {
            first, entries, places, ..
        } = self;
        if entries.is_empty() {
            return;
        }
        let value = bundle::encode(&entries).expect("an entry of a batch fits a bundle");
        objects.push((Key::Entries { first }, Bytes::from(value)));
        if !places.is_empty() {
            objects.push((Key::Where { first }, Bytes::from(places::encode(&places))));
        }
    }
}

fn bundle_end(index: u64) -> u64 {
    (index / TILE_WIDTH + 1) * TILE_WIDTH
}

/// Objects in one batch: sled frees what a batch leaves behind only by later operations, so that large ones cost memory.
const RECORDS_MAX: usize = indelible_store::objects::BATCH_RECORDS_MAX;

/// Of these, runs and their places, which go together: so many are left beside the seven tiles that one entry can fill.
const RUN_RECORDS_MAX: usize = (RECORDS_MAX - LEVELS as usize) / 2 * 2;

/// Bytes of one batch: some 25 bundles of usual entries. sled is no faster with more at once, appends that wait for room in the
/// backlog get some sooner, and while it puts, sled keeps all who read waiting.
const BATCH_BYTES_MAX: usize = 2 << 20;

/// Entry bytes in one run, and bytes of its places. With 256 lengths and a checksum a value stays under 66 KiB, and 17 of them, a page of sled, under a
/// quarter of an 8 MiB segment, which is where sled would begin to use files that it never syncs.
const RUN_BYTES_MAX: usize = 64 << 10;

/// Tile levels that a tree of fewer than 2^63 leaves can fill.
const LEVELS: u8 = 7;
