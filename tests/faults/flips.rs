//! One flipped bit in any file of a log. Opening it, reading from it or `fsck` says so and names the place, or what is served is
//! right: never other entries, never another tree, never an older one.
//!
//! `INDELIBLE_FLIPS` says how many bits of each file are tried, `INDELIBLE_FLIPS_SEED` which ones.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use indelible::data::{DataDir, LockError, OpenError, at_rest, configure, open, read_key};
use indelible::memory::CheckpointFile;
use indelible::proofs::Proofs;
use indelible::wire::{ConsistencyQuery, EntryName, InclusionQuery};
use indelible_index::LeafIndex;
use indelible_log::{Finding, Step, fsck};
use indelible_merkle::{CompactRange, Hash, TreeHead, check_consistency, check_inclusion};
use tempfile::TempDir;

use crate::kept::Kept;
use crate::support::{Bed, stderr};

/// A log without damage, at rest: a part of it is sealed, the rest only in the journal.
struct Sound {
    bed: Bed,
    entries: Vec<Bytes>,
    note: Vec<u8>,
    /// By size.
    roots: Vec<Hash>,
}

/// One bit of one file.
#[derive(Clone, Copy, Debug)]
struct Bit {
    offset: usize,
    bit: u8,
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_journal() {
    let sound = Sound::make().await;
    let stored = std::fs::read(sound.bed.path("log/journal/00000000.seg")).unwrap();
    let end = stored.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let bits = sample(&stored[..end.next_multiple_of(512)]);
    let found = sound.try_each("journal/00000000.seg", bits, |bit, said| {
        assert!(
            !said.is_empty(),
            "{bit:?}: every byte up to the end is under a checksum"
        );
        assert!(
            said.iter().any(|words| words.contains("00000000.seg")),
            "{bit:?}: {said:?}"
        );
    });
    assert!(found > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_files_of_sled() {
    let sound = Sound::make().await;
    let volume = sound.bed.path("log/tree.sled/0000");
    let mut found = 0;
    for entry in std::fs::read_dir(&volume).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let name = format!("tree.sled/0000/{}", path.file_name().unwrap().to_str().unwrap());
            found += sound.try_each(&name, sample(&std::fs::read(&path).unwrap()), |bit, said| {
                let named = |words: &String| ["tree.sled", "entries", "tile"].iter().any(|name| words.contains(name));
                assert!(said.iter().all(named), "{bit:?}: {said:?}");
            });
        }
    }
    assert!(found > 20, "{found}");
}

/// What lies there is derived: results may be missing, but each answer made with it is proved before it is given.
#[tokio::test(flavor = "multi_thread")]
async fn in_the_leaf_index() {
    let sound = Sound::make().await;
    let file = sound.bed.path("log/state.sqlite");
    // Closed in order, SQLite moves all of it there from beside it.
    drop(LeafIndex::open(&file, &sound.bed.vkey().to_string()).unwrap());
    let stored = std::fs::read(&file).unwrap();
    let found = sound.try_each("state.sqlite", sample(&stored), |bit, said| {
        let about_it = |words: &String| {
            ["state.sqlite", "leaf index", "the leaf hash"]
                .iter()
                .any(|name| words.contains(name))
        };
        assert!(said.iter().all(about_it), "{bit:?}: {said:?}");
    });
    assert!(found > 0);
}

/// Damage that no checksum of SQLite's finds: whole and well-formed, and wrong about every entry.
#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_names_wrong_entries_is_not_believed() {
    let sound = Sound::make().await;
    let index = LeafIndex::open(&sound.bed.path("log/state.sqlite"), &sound.bed.vkey().to_string()).unwrap();
    index.reset().unwrap();
    let reversed: Vec<Hash> = sound.entries.iter().rev().map(|entry| Hash::leaf(entry)).collect();
    index.extend(0, &reversed).unwrap();
    drop(index);
    let data = DataDir::at(sound.bed.log());
    let said = std::thread::scope(|scope| scope.spawn(|| look(&data, &sound)).join().unwrap());
    assert!(said.len() > 50, "{said:?}");
    assert!(
        said.iter().all(|words| words.contains("where the log has another")),
        "{said:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_keys_and_in_the_checkpoint_file() {
    let sound = Sound::make().await;
    let vkey = sound.bed.vkey();
    let each = |name: &str, check: &mut dyn FnMut(&Path)| {
        let mut stored = std::fs::read(sound.bed.path(name)).unwrap();
        let flipped = sound.bed.write("flipped", "");
        std::fs::set_permissions(&flipped, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        for offset in 0..stored.len() {
            for bit in 0..8 {
                stored[offset] ^= 1 << bit;
                std::fs::write(&flipped, &stored).unwrap();
                check(&flipped);
                stored[offset] ^= 1 << bit;
            }
        }
    };
    each("log/log.key", &mut |file| {
        // A log refuses any key but its own, as every start checks.
        assert!(read_key(file).map_or(true, |key| key.verifier() != vkey));
    });
    each("log.checkpoint", &mut |file| {
        let loaded = CheckpointFile::at(file.to_owned()).unwrap().load(&vkey.clone().into());
        assert!(loaded.map_or(true, |head| head.unwrap().head.head() == sound.head()));
    });

    let text = std::fs::read_to_string(sound.bed.path("log/log.vkey")).unwrap();
    for place in [0, text.find('+').unwrap() + 3, text.len() - 10] {
        let mut flipped = text.clone().into_bytes();
        flipped[place] ^= 1;
        sound.bed.write("log/log.vkey", flipped);
        let refused = sound.bed.run(&["fsck", "--data", "log"]);
        assert_eq!(refused.status.code(), Some(2), "{place}: {}", stderr(&refused));
        assert!(stderr(&refused).contains("key"), "{}", stderr(&refused));
    }
}

impl Sound {
    async fn make() -> Sound {
        let bed = Bed::with_log();
        let mut kept = Kept::of(&bed);
        let tree = bed.path("log/tree.sled");
        for round in 0..3 {
            let server = bed.serve();
            for _ in 0..8 {
                let entries = (0..20).map(|_| kept.next(b"of a log without damage")).collect();
                kept.append_batch(&server, entries).await.unwrap();
            }
            server.stop();
            // What was there when sled was opened is in its snapshot, so that it cannot pass for a torn write.
            if round == 1 {
                copy(&tree, &bed.path("older"));
            }
        }
        std::fs::remove_dir_all(&tree).unwrap();
        std::fs::rename(bed.path("older"), &tree).unwrap();
        let note = std::fs::read(bed.path("log.checkpoint")).unwrap();
        let entries: Vec<Bytes> = kept.entries();
        let mut edge = CompactRange::new();
        let mut roots = vec![edge.root()];
        for entry in &entries {
            edge.extend(vec![Hash::leaf(entry)]);
            roots.push(edge.root());
        }
        Sound {
            bed,
            entries,
            note,
            roots,
        }
    }

    fn head(&self) -> TreeHead {
        self.head_of(self.entries.len())
    }

    fn head_of(&self, size: usize) -> TreeHead {
        TreeHead {
            size: size as u64,
            root: self.roots[size],
        }
    }

    /// Flips each of the bits in a copy of the log, and lets `judge` see what was said about it. Returns how many were noticed.
    fn try_each(&self, file: &str, bits: Vec<Bit>, judge: impl Fn(Bit, &[String])) -> usize {
        let home = home();
        let mut noticed = 0;
        std::thread::scope(|scope| {
            for bit in bits {
                let data = DataDir::at(home.path().join("log"));
                copy(&self.bed.log(), data.path());
                flip(&data.path().join(file), bit);
                let (sender, receiver) = mpsc::channel();
                scope.spawn(move || sender.send((findings(&data), look(&data, self))));
                let looked = receiver.recv_timeout(Duration::from_secs(60));
                let (found, said) = looked.unwrap_or_else(|error| panic!("{file} {bit:?}: {error}"));
                assert!(
                    !found.is_empty() || said.is_empty() || file == "state.sqlite",
                    "{file} {bit:?}: fsck found nothing, but {said:?}"
                );
                let said: Vec<String> = found.into_iter().chain(said).collect();
                judge(bit, &said);
                noticed += usize::from(!said.is_empty());
                std::fs::remove_dir_all(home.path().join("log")).unwrap();
            }
        });
        println!("{file}: {noticed} noticed");
        noticed
    }
}

/// What `fsck` finds.
fn findings(data: &DataDir) -> Vec<String> {
    let log = match when_free(|| at_rest(data)) {
        Ok(log) => log,
        Err(error) => return vec![error.to_string()],
    };
    let objects = match log.objects(data) {
        Ok(objects) => objects,
        Err(error) => return vec![error.to_string()],
    };
    let mut found = Vec::new();
    let tell = &mut |step| {
        if let Step::Found(finding) = step {
            found.push(Finding::to_string(&finding));
        }
    };
    fsck(&log.journal, Some(&objects), log.vkey(), tell).unwrap();
    found
}

/// Starts the log and reads all of it in every way. What is answered must be right; what could not be answered, and why, is returned.
fn look(data: &DataDir, sound: &Sound) -> Vec<String> {
    let config = configure(data, &BTreeMap::new(), &[]).unwrap();
    let open = match when_free(|| open(data, config.clone())) {
        Ok(open) => open,
        Err(error) => return vec![error.to_string()],
    };
    let reader = open.log.reader();
    assert_eq!(reader.head().note_bytes(), sound.note, "no start takes a head back");
    let size = sound.entries.len();
    let mut said = Vec::new();
    for bundle in (0..size).step_by(256) {
        let mut at = bundle;
        let end = size.min(bundle + 256);
        while at < end {
            match reader.entries(at as u64, end as u64, 1 << 20) {
                Ok(run) => {
                    assert!(
                        !run.is_empty() && run[..] == sound.entries[at..at + run.len()],
                        "wrong entries at {at}"
                    );
                    at += run.len();
                }
                Err(error) => {
                    said.push(error.to_string());
                    break;
                }
            }
        }
        match reader.leaf_hashes(bundle as u64, end as u64) {
            Ok(hashes) => assert!(
                hashes
                    .into_iter()
                    .eq(sound.entries[bundle..end].iter().map(|entry| Hash::leaf(entry)))
            ),
            Err(error) => said.push(error.to_string()),
        }
    }
    let proofs = Proofs::new(reader, open.leaves.clone());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    said.extend(runtime.block_on(prove(&proofs, sound)));
    if let Err(error) = open.log.shutdown() {
        said.push(error.to_string());
    }
    said
}

/// Tries again while the directory is in use: a process that another test begins at this moment has inherited the lock, and gives it
/// back when its program begins.
fn when_free<T>(mut open: impl FnMut() -> Result<T, OpenError>) -> Result<T, OpenError> {
    for _ in 0..500 {
        match open() {
            Err(OpenError::Lock(LockError::Held { .. })) => std::thread::sleep(Duration::from_millis(10)),
            opened => return opened,
        }
    }
    open()
}

async fn prove(proofs: &Proofs, sound: &Sound) -> Vec<String> {
    let mut said = Vec::new();
    let size = sound.entries.len();
    for index in (0..size).step_by(7) {
        let leaf = Hash::leaf(&sound.entries[index]);
        for entry in [EntryName::Index(index as u64), EntryName::Leaf(leaf)] {
            match proofs.inclusion(InclusionQuery { entry, tree_size: None }).await {
                Ok(answer) => drop(check_inclusion(leaf, &answer.proof, &sound.head()).unwrap()),
                Err(error) => said.push(error.to_string()),
            }
        }
        let query = ConsistencyQuery {
            old_size: index as u64,
            new_size: None,
        };
        match proofs.consistency(query).await {
            Ok(answer) => drop(check_consistency(&answer.proof, &sound.head_of(index), &sound.head()).unwrap()),
            Err(error) => said.push(error.to_string()),
        }
    }
    said
}

/// Bits of a file: most of them where it holds something, some among its zeros.
fn sample(stored: &[u8]) -> Vec<Bit> {
    let variable = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let count = variable("INDELIBLE_FLIPS").unwrap_or(FLIPS);
    let mut random = variable("INDELIBLE_FLIPS_SEED").unwrap_or(1);
    let held: Vec<usize> = (0..stored.len()).filter(|offset| stored[*offset] != 0).collect();
    let mut dice = move |below: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % below
    };
    let bits = (0..count).map(|number| Bit {
        offset: match number % 10 {
            0 => dice(stored.len()),
            _ => held[dice(held.len())],
        },
        bit: u8::try_from(dice(8)).unwrap(),
    });
    bits.collect()
}

fn flip(file: &Path, bit: Bit) {
    let mut stored = std::fs::read(file).unwrap();
    stored[bit.offset] ^= 1 << bit.bit;
    std::fs::write(file, stored).unwrap();
}

fn copy(from: &Path, to: &Path) {
    assert!(
        Command::new("cp")
            .arg("-a")
            .args([from, to])
            .status()
            .unwrap()
            .success()
    );
}

/// In memory if that can be had: what is tried here is not the disk.
fn home() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap()
}

const FLIPS: u64 = 60;
