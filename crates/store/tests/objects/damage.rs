//! Damage is said, never served.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use indelible_store::objects::{Key, Objects, ObjectsError, SledObjects, VALUE_BYTES_MAX};
use tempfile::TempDir;

use crate::support::{copy_dir, create, noise, open, run, small, tile};

/// What one flipped bit came to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Seen {
    /// Everything was read as it was put.
    Nothing,
    /// Opening or reading gave an error.
    Error,
    /// Objects were gone without an error: sled takes some damage for the torn end of its log. Only the caller knows what
    /// must be there.
    Missing,
}

#[test]
fn no_flipped_bit_makes_a_wrong_value() {
    flip_bits(&puts(15, 3000), 60);
}

#[test]
fn no_flipped_bit_in_a_volume_of_several_segments_makes_a_wrong_value() {
    flip_bits(&puts(250, 64 << 10), 12);
}

/// Flips bits spread over the used part of each file of a volume, in the state a killed process leaves and in the state
/// after sled has opened it once more and written a snapshot; opens and reads all after each.
fn flip_bits(puts: &[Vec<(Key, Bytes)>], flips_a_file: usize) {
    let killed = home(puts);
    let reopened = TempDir::new().unwrap();
    copy_dir(killed.path(), reopened.path());
    drop(open(reopened.path(), &small(VOLUME_ENTRIES, 1)));

    let volume = Path::new("tree.sled/0000");
    for (state, home) in [("killed", &killed), ("reopened", &reopened)] {
        let mut seen = Vec::new();
        for file in files(&home.path().join(volume)) {
            let bytes = fs::read(home.path().join(volume).join(&file)).unwrap();
            let used = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            for flip in 0..flips_a_file {
                let at = used * flip / flips_a_file;
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << (flip % 8);
                let copy = TempDir::new().unwrap();
                copy_dir(home.path(), copy.path());
                fs::write(copy.path().join(volume).join(&file), damaged).unwrap();
                seen.push(read_all(copy.path(), puts, &format!("{state}, byte {at} of {file}")));
            }
        }
        let count = |what| seen.iter().filter(|&&one| one == what).count();
        println!(
            "{state}: {} flips, {} without effect, {} errors, {} with objects missing",
            seen.len(),
            count(Seen::Nothing),
            count(Seen::Error),
            count(Seen::Missing)
        );
        assert!(
            count(Seen::Error) * 4 > seen.len(),
            "hardly any flip was said: {seen:?}"
        );
    }
    assert_eq!(
        read_all(killed.path(), puts, "no flip"),
        Seen::Nothing,
        "sled itself must have survived all that"
    );
}

#[test]
fn a_value_under_another_key_is_damage() {
    let (dir, puts) = small_home();
    let options = small(VOLUME_ENTRIES, 1);
    // Swap two values behind our back, with every checksum of sled's own right.
    let volume = dir.path().join("tree.sled/0000");
    let db = sled::Config::new().path(&volume).segment_size(8 << 20).open().unwrap();
    let names = [0u64, 50].map(|first| [&b"E"[..], &first.to_be_bytes()].concat());
    let values = names.clone().map(|name| db.get(name).unwrap().unwrap());
    db.insert(&names[0], &values[1]).unwrap();
    db.insert(&names[1], &values[0]).unwrap();
    drop(db);

    let objects = open(dir.path(), &options);
    for first in [0, 50] {
        match objects.get(run(first)) {
            Err(error @ ObjectsError::Corrupt { volume: 0, key }) => {
                assert_eq!(key, run(first));
                assert!(error.to_string().contains("indelible rebuild"), "{error}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(objects.runs(0), Err(ObjectsError::Corrupt { .. })));
    assert_eq!(
        objects.get(run(100)).unwrap(),
        Some(puts[2][0].1.clone()),
        "the others are as they were"
    );
    let put = objects.put(vec![(run(0), puts[0][0].1.clone())]);
    assert!(
        matches!(put, Err(ObjectsError::Corrupt { .. })),
        "damage must not be taken for the same bytes: {put:?}"
    );
    assert!(matches!(
        objects.put(vec![(run(1), noise(1, 1))]),
        Err(ObjectsError::Poisoned { .. })
    ));
}

#[test]
fn a_damaged_last_run_is_said() {
    let (dir, puts) = small_home();
    let volume = dir.path().join("tree.sled/0000");
    let db = sled::Config::new().path(&volume).segment_size(8 << 20).open().unwrap();
    db.insert([&b"E"[..], &700u64.to_be_bytes()].concat(), &b"not ours"[..])
        .unwrap();
    drop(db);
    let objects = open(dir.path(), &small(VOLUME_ENTRIES, 1));
    assert!(matches!(objects.last_run(), Err(ObjectsError::Corrupt { volume: 0, key }) if key == run(700)));
    assert_eq!(objects.get(run(0)).unwrap(), Some(puts[0][0].1.clone()));
}

#[test]
fn a_volume_with_blob_files_is_refused() {
    let (dir, _) = small_home();
    fs::write(dir.path().join("tree.sled/0000/blobs/17"), b"never synced").unwrap();
    match SledObjects::open(&dir.path().join("tree.sled"), small(VOLUME_ENTRIES, 1)) {
        Err(ObjectsError::VolumeBroken { reason, .. }) => assert!(reason.contains("blobs"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_snapshot_begun_by_a_killed_process_does_not_stop_the_start() {
    let (dir, puts) = small_home();
    drop(open(dir.path(), &small(VOLUME_ENTRIES, 1)));
    let volume = dir.path().join("tree.sled/0000");
    for begun in [&b""[..], b"half a snapshot"] {
        fs::write(volume.join("snap.00000000FFFFFFFF.generating"), begun).unwrap();
        assert_eq!(read_all(dir.path(), &puts, "an unfinished snapshot"), Seen::Nothing);
    }
}

#[test]
fn the_greatest_values_stay_out_of_blob_files() {
    // With segments of 1 MiB or less most of these bytes would lie in `blobs`.
    const RUNS: u64 = 1500;
    let dir = TempDir::new().unwrap();
    let options = small(VOLUME_ENTRIES, 1);
    let objects = create(dir.path(), &options);
    let blobs = dir.path().join("tree.sled/0000/blobs");
    for number in 0..RUNS {
        let mut batch = vec![(run(number * 256), noise(number, VALUE_BYTES_MAX))];
        if number % 7 == 0 {
            // Out of order too, so that pages in the middle of the tree split.
            batch.push((run((RUNS * 2 - number) * 256), noise(number, VALUE_BYTES_MAX)));
        }
        batch.push((tile(0, number), noise(number, 8192 + 16 * 32)));
        objects.put(batch).unwrap();
        assert_eq!(fs::read_dir(&blobs).unwrap().count(), 0, "after {number} puts");
    }
    drop(objects);
    let objects = open(dir.path(), &options);
    assert_eq!(fs::read_dir(&blobs).unwrap().count(), 0, "after reopening");
    for number in 0..RUNS {
        assert_eq!(
            objects.get(run(number * 256)).unwrap(),
            Some(noise(number, VALUE_BYTES_MAX))
        );
    }
}

/// A home of one volume, closed, and what was put into it, put by put.
fn small_home() -> (TempDir, Vec<Vec<(Key, Bytes)>>) {
    let puts = puts(15, 3000);
    (home(&puts), puts)
}

fn puts(puts: u64, bytes: usize) -> Vec<Vec<(Key, Bytes)>> {
    let tile = |number| (tile(0, number), noise(number, 8192 + 16 * 32));
    (0..puts)
        .map(|number| vec![(run(number * 50), noise(number, bytes)), tile(number)])
        .collect()
}

fn home(puts: &[Vec<(Key, Bytes)>]) -> TempDir {
    let dir = TempDir::new().unwrap();
    let objects = create(dir.path(), &small(VOLUME_ENTRIES, 1));
    for batch in puts {
        objects.put(batch.clone()).unwrap();
    }
    dir
}

/// Opens a home and reads everything that was put. Panics at a wrong value.
fn read_all(dir: &Path, puts: &[Vec<(Key, Bytes)>], what: &str) -> Seen {
    let Ok(objects) = SledObjects::open(&dir.join("tree.sled"), small(VOLUME_ENTRIES, 1)) else {
        return Seen::Error;
    };
    let mut seen = Seen::Nothing;
    for (key, bytes) in puts.iter().flatten() {
        match objects.get(*key) {
            Err(_) => return Seen::Error,
            Ok(None) => seen = Seen::Missing,
            Ok(Some(read)) => assert!(read == *bytes, "{what}: wrong bytes for the {key}"),
        }
    }
    seen
}

fn files(volume: &Path) -> Vec<String> {
    let entries = fs::read_dir(volume).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    files.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

/// The volume of every home here.
const VOLUME_ENTRIES: u64 = 1 << 20;
