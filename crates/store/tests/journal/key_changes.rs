//! Key changes begin segments, and so are found without reading the journal.

use std::fs;

use indelible_store::journal::{FileJournal, Journal, Mirror, Options, StoredFrames};

use crate::support::{closing, commit, directory, frames, genesis, key_change, record, segment};

#[test]
fn each_begins_a_segment_and_is_found() {
    let home = directory();
    let path = home.path().join("journal");
    let journal = FileJournal::create(&path, &genesis(), Options::default()).expect("a new journal");
    assert_eq!(journal.key_changes().expect("read"), []);
    let mut places = Vec::new();
    for first in 0..3 {
        journal.append(&commit(first, vec![record(b"entry")])).expect("sound");
        journal.append(&closing(first + 1)).expect("sound");
        places.push(journal.append(&key_change(first + 1)).expect("sound"));
        // Behind it the journal goes on in the same segment.
        assert_eq!(
            journal.append(&closing(first + 1)).expect("sound").segment,
            u32::try_from(first).expect("small") + 1
        );
    }
    let wanted: Vec<_> = (1..4).map(key_change).collect();
    let check = |changes: Vec<indelible_store::journal::Replayed>| {
        let found: Vec<_> = changes.iter().map(|change| change.place).collect();
        assert_eq!(found, places);
        assert!(places.iter().all(|place| place.offset == 0));
        assert_eq!(
            changes.into_iter().map(|change| change.frame).collect::<Vec<_>>(),
            wanted
        );
    };
    check(journal.key_changes().expect("read"));
    check(StoredFrames::key_changes(&path).expect("read, while it is open"));
    assert_eq!(frames(&journal).len(), 6);
    drop(journal);
    let (journal, _) = FileJournal::open(&path, Options::default()).expect("sound");
    check(journal.key_changes().expect("read"));

    // A copy has them in the same places.
    let copy = home.path().join("copy");
    let mut mirror = Mirror::at(&copy).expect("a new copy");
    let mut stored = StoredFrames::open(&path).expect("sound");
    while let Some(frame) = stored.read_next().expect("sound") {
        mirror.put(&frame).expect("put");
    }
    mirror.end().expect("whole");
    check(StoredFrames::key_changes(&copy).expect("read"));
}

#[test]
fn a_damaged_one_is_damage() {
    let home = directory();
    let path = home.path().join("journal");
    let journal = FileJournal::create(&path, &genesis(), Options::default()).expect("a new journal");
    journal.append(&key_change(0)).expect("sound");
    journal.append(&commit(0, vec![record(b"entry")])).expect("sound");
    let mut bytes = fs::read(segment(&path, 1)).expect("there");
    bytes[70] ^= 1;
    fs::write(segment(&path, 1), &bytes).expect("written");
    journal.key_changes().expect_err("its checksum does not hold");
    StoredFrames::key_changes(&path).expect_err("its checksum does not hold");
}
