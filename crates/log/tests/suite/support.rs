//! What all tests need: a log's homes, entries, patience, and one function that looks at a whole log.

use std::future::Future;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use indelible_log::{Ack, AppendError, Appender, Batch, Description, Kind, Log, Reader, Settings, StartError};
use indelible_merkle::{FullTile, Hash, TILE_WIDTH, TreeHead, bundle};
use indelible_note::{SigningKey, open_checkpoint, sign_checkpoint};
use indelible_store::journal::{Frame, Genesis, Journal, JournalError, MemoryJournal};
use indelible_store::objects::{Key, MemoryObjects, Objects};

use crate::reference::Reference;

/// After this time a test that waits has failed: what must not wait for ever does.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The homes of one log, in memory. Clones share them.
#[derive(Clone)]
pub(crate) struct Homes {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) objects: MemoryObjects,
}

impl Homes {
    /// An empty log with volumes of one bundle.
    pub(crate) fn new() -> Homes {
        Homes::with_volumes(TILE_WIDTH)
    }

    pub(crate) fn with_volumes(volume_entries: u64) -> Homes {
        Homes::of_kind(Kind::Opaque, volume_entries)
    }

    pub(crate) fn of_kind(kind: Kind, volume_entries: u64) -> Homes {
        Homes {
            journal: Arc::new(MemoryJournal::new(genesis_of_kind(kind, volume_entries))),
            objects: MemoryObjects::with_volume_entries(volume_entries).unwrap(),
        }
    }

    /// An empty log of events, with volumes of one bundle.
    pub(crate) fn of_events() -> Homes {
        Homes::of_kind(Kind::Events, TILE_WIDTH)
    }

    /// A log that has these commits in its journal, and nothing sealed.
    pub(crate) fn unsealed(commits: &[Vec<Bytes>]) -> Homes {
        let homes = Homes::new();
        let log = homes.start(&lazy());
        for commit in commits {
            append(&log.appender(), Batch::of(commit.clone()).unwrap()).unwrap();
        }
        shutdown(log).unwrap();
        Homes {
            journal: homes.journal,
            objects: Homes::new().objects,
        }
    }

    pub(crate) fn start(&self, settings: &Settings) -> Log {
        self.try_start(settings).unwrap()
    }

    pub(crate) fn try_start(&self, settings: &Settings) -> Result<Log, StartError> {
        start(self.journal.clone(), Arc::new(self.objects.clone()), settings)
    }

    /// How many entries are sealed.
    pub(crate) fn sealed(&self) -> u64 {
        sealed(&self.objects)
    }
}

pub(crate) fn start(
    journal: Arc<dyn Journal>,
    objects: Arc<dyn Objects>,
    settings: &Settings,
) -> Result<Log, StartError> {
    Log::start(journal, objects, key(), settings)
}

/// How many entries an object store says that it has.
pub(crate) fn sealed(objects: &dyn Objects) -> u64 {
    let last = objects.last_run().unwrap();
    last.map_or(0, |(first, run)| first + bundle::decode(&run).unwrap().len() as u64)
}

pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed("log.example/tests".parse().unwrap(), [7; 32])
}

pub(crate) fn genesis(volume_entries: u64) -> Genesis {
    genesis_of_kind(Kind::Opaque, volume_entries)
}

pub(crate) fn genesis_of_kind(kind: Kind, volume_entries: u64) -> Genesis {
    let description = Description {
        volume_entries,
        ..Description::new(kind, key().verifier())
    };
    genesis_of(description.to_string())
}

pub(crate) fn genesis_of(description: String) -> Genesis {
    let empty = TreeHead {
        size: 0,
        root: Hash::EMPTY_ROOT,
    };
    Genesis {
        seed: [9; 16],
        description: description.into(),
        note: sign_checkpoint(empty, &key()).note().to_string().into(),
    }
}

/// Seals whatever there is at once, so that seals are under way all the time.
pub(crate) fn eager() -> Settings {
    Settings {
        seal_bytes_min: 1,
        ..lazy()
    }
}

/// Seals nothing before the end, and closes nothing.
pub(crate) fn lazy() -> Settings {
    Settings {
        seal_bytes_min: 1 << 40,
        backlog_bytes_max: 1 << 40,
        seal_quiet: Duration::from_secs(3600),
        closing_quiet: Duration::from_secs(3600),
        ..Settings::default()
    }
}

/// Entry `index` of a usual test: no two are the same but those of 0 bytes and 1 byte, and some are as long as can be.
pub(crate) fn entry(index: u64) -> Bytes {
    let length = match index % 41 {
        7 | 8 => 65_535,
        n if n % 5 == 0 => 0,
        n if n % 5 == 1 => 1,
        n if n % 5 == 2 => 300,
        _ => 8,
    };
    let bytes: Vec<u8> = index.to_be_bytes().into_iter().rev().cycle().take(length).collect();
    bytes.into()
}

pub(crate) fn entries(indices: std::ops::Range<u64>) -> Vec<Bytes> {
    indices.map(entry).collect()
}

/// Entries of 8 bytes, for trees of many.
pub(crate) fn small_entries(indices: std::ops::Range<u64>) -> Vec<Bytes> {
    indices
        .map(|index| Bytes::copy_from_slice(&index.to_be_bytes()))
        .collect()
}

pub(crate) fn batch(entries: &[Bytes]) -> Batch {
    Batch::of(entries.to_vec()).unwrap()
}

/// A batch of one entry.
pub(crate) fn text(entry: &str) -> Batch {
    batch(&[Bytes::copy_from_slice(entry.as_bytes())])
}

pub(crate) fn append(appender: &Appender, batch: Batch) -> Result<Ack, AppendError> {
    wait(appender.append(batch))
}

/// Waits for a future, but not for ever.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.unwrap().block_on(in_time(future))
}

pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("this must not wait for ever")
}

/// Shuts a log down, but does not wait for that for ever.
pub(crate) fn shutdown(log: Log) -> Result<(), JournalError> {
    let (done, result) = channel();
    thread::spawn(move || done.send(log.shutdown()));
    result
        .recv_timeout(PATIENCE)
        .expect("a shutdown neither hangs nor panics")
}

/// Waits until something holds that other threads bring about.
pub(crate) fn eventually(holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "this never comes to hold");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Looks at the whole log: the head is signed and is the head of exactly these entries, and every entry is read back.
pub(crate) fn check_log(reader: &Reader, expected: &[Bytes]) {
    let head = reader.head();
    let reference = Reference::of(expected);
    assert_eq!(head.tree(), reference.head(expected.len()));
    let opened = open_checkpoint(&head.note_bytes(), &key().verifier()).unwrap();
    assert_eq!(opened.head(), head.tree());
    assert_eq!(read_all(reader), expected);
    assert_eq!(reader.leaf_hashes(0, head.size()).unwrap(), reference.leaves());
}

/// All entries of the log, in the portions in which they come.
pub(crate) fn read_all(reader: &Reader) -> Vec<Bytes> {
    let end = reader.head().size();
    let mut found = Vec::new();
    while (found.len() as u64) < end {
        found.extend(reader.entries(found.len() as u64, end, usize::MAX).unwrap());
    }
    found
}

/// The frames of a journal but its closing records.
pub(crate) fn frames(journal: &dyn Journal) -> Vec<Frame> {
    let replayed = journal.replay(0).unwrap();
    replayed.map(|replayed| replayed.unwrap().frame).collect()
}

/// A journal of these frames.
pub(crate) fn journal_of(genesis: Genesis, frames: &[Frame]) -> Arc<dyn Journal> {
    let journal = MemoryJournal::new(genesis);
    for frame in frames {
        journal.append(frame).unwrap();
    }
    Arc::new(journal)
}

/// What an object store holds if exactly these entries are sealed, each bundle as one run.
pub(crate) fn objects_of(entries: &[Bytes]) -> Vec<(Key, Bytes)> {
    let width = TILE_WIDTH as usize;
    let mut objects = Vec::new();
    for (number, bundle) in (0..).zip(entries.chunks(width)) {
        let first = number * TILE_WIDTH;
        objects.push((Key::Entries { first }, bundle::encode(bundle).unwrap().into()));
        if bundle.len() == width {
            let hashes: Vec<Hash> = bundle.iter().map(|entry| Hash::leaf(entry)).collect();
            let tile = FullTile::from_hashes(&hashes).unwrap().into_bytes();
            let key = Key::Tile {
                level: 0,
                index: number,
            };
            objects.push((key, tile.into()));
        }
    }
    objects
}

/// An object store that holds just this.
pub(crate) fn home_of(objects: Vec<(Key, Bytes)>) -> MemoryObjects {
    let home = Homes::new().objects;
    for object in objects {
        home.put(vec![object]).unwrap();
    }
    home
}

/// Numbers that look random and are the same for the same seed (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}
