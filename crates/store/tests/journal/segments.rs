//! The files of a journal: where frames go, what is left over, what is missing.

use std::fs;
use std::path::Path;

use indelible_store::journal::{FileJournal, Frame, Genesis, Journal, JournalError, Options, Reason};
use tempfile::TempDir;

use crate::support::{SECTOR, closing, commit, directory, frames, genesis, key_change, record, replay, segment};

/// Genesis and one frame of up to two sectors a segment.
const SMALL: Options = Options {
    segment_bytes: 3 * SECTOR as u64,
};

fn two_sectors(first: u64) -> Frame {
    commit(first, vec![record(&[b'e'; 700])])
}

/// A journal of three segments: genesis and 0, then 1, then 2.
fn three_segments() -> TempDir {
    let home = directory();
    let journal = FileJournal::create(&home.path().join("journal"), &genesis(), SMALL).expect("a new journal");
    for first in 0..3 {
        let place = journal.append(&two_sectors(first)).expect("sound");
        assert_eq!(
            u64::from(place.segment),
            first,
            "a frame that does not fit begins a segment"
        );
    }
    home
}

fn open(path: &Path) -> Result<FileJournal, JournalError> {
    FileJournal::open(path, SMALL).map(|(journal, _)| journal)
}

fn reason<T: std::fmt::Debug>(result: Result<T, JournalError>) -> (String, u64, Reason) {
    match result {
        Err(JournalError::Damaged { file, offset, reason }) => (
            file.file_name().expect("a name").to_string_lossy().into_owned(),
            offset,
            reason,
        ),
        other => panic!("this must be damage: {other:?}"),
    }
}

#[test]
fn a_segment_grows_by_zeros_for_small_frames_and_by_itself_for_large_ones() {
    let home = directory();
    let path = home.path().join("journal");
    let journal = FileJournal::create(&path, &genesis(), Options::default()).expect("a new journal");
    let length = || fs::metadata(segment(&path, 0)).expect("there").len();
    assert_eq!(length(), 256 << 10, "the genesis brings zeros along");
    journal.append(&two_sectors(0)).expect("sound");
    assert_eq!(length(), 256 << 10, "a small frame goes into them");
    let large = commit(1, vec![record(&[b'l'; 65_000]); 5]);
    let place = journal.append(&large).expect("sound");
    let end = place.offset + (64 + 5 * 65_003 + 4 + 13_u64).next_multiple_of(SECTOR as u64);
    assert_eq!(length(), end, "a large frame brings none");
    journal.append(&two_sectors(6)).expect("sound");
    assert_eq!(length(), (end + 1024).next_multiple_of(256 << 10), "a small one does");
    assert_eq!(frames(&journal).len(), 3);
}

#[test]
fn a_segment_that_was_not_finished_is_removed_and_told() {
    let home = three_segments();
    let path = home.path().join("journal");
    let new = path.join("00000003.seg.new");
    fs::write(&new, b"half a frame").expect("written");
    fs::write(path.join("README"), b"not ours").expect("written");
    let (journal, opened) = FileJournal::open(&path, SMALL).expect("sound");
    assert_eq!(opened.removed, std::slice::from_ref(&new));
    assert!(!new.exists() && path.join("README").exists());
    let place = journal.append(&two_sectors(3)).expect("its name is free");
    assert_eq!((place.segment, frames(&journal).len()), (3, 4));
}

#[test]
fn a_journal_is_not_made_over_another_nor_found_where_there_is_none() {
    let home = directory();
    let path = home.path().join("journal");
    assert!(matches!(open(&path), Err(JournalError::Missing { directory }) if directory == path));
    fs::create_dir(&path).expect("made");
    assert!(matches!(open(&path), Err(JournalError::Missing { .. })));
    // What a killed `create` leaves.
    fs::write(path.join("00000000.seg.new"), b"half a genesis").expect("written");
    assert!(matches!(open(&path), Err(JournalError::Missing { .. })));
    FileJournal::create(&path, &genesis(), SMALL).expect("an empty directory will do");
    let again = FileJournal::create(&path, &genesis(), SMALL);
    assert!(matches!(again, Err(JournalError::Exists { directory }) if directory == path));
    assert!(!path.join("00000000.seg.new").exists());
}

#[test]
fn a_missing_segment_is_named() {
    for missing in [0, 1] {
        let home = three_segments();
        let path = home.path().join("journal");
        fs::remove_file(segment(&path, missing)).expect("it was there");
        let name = format!("0000000{missing}.seg");
        assert_eq!(reason(open(&path)), (name, 0, Reason::Segment { number: missing }));
    }
}

/// The first frame of a segment was synced before the segment had its name.
#[test]
fn the_first_frame_of_a_segment_is_never_a_tear() {
    for spoilt in [0..2 * SECTOR, 0..SECTOR, SECTOR..2 * SECTOR] {
        let home = three_segments();
        let path = home.path().join("journal");
        let mut bytes = fs::read(segment(&path, 2)).expect("there");
        bytes[spoilt].fill(0);
        fs::write(segment(&path, 2), &bytes).expect("written");
        let (file, offset, _) = reason(open(&path));
        assert_eq!((file.as_str(), offset), ("00000002.seg", 0));
        assert_eq!(
            fs::read(segment(&path, 2)).expect("there"),
            bytes,
            "a refused journal is left as it is"
        );
    }
}

#[test]
fn behind_the_last_frame_of_a_segment_there_are_zeros_only() {
    let home = three_segments();
    let path = home.path().join("journal");
    let mut bytes = fs::read(segment(&path, 1)).expect("there");
    let length = bytes.len();
    bytes[length - 1] = 1;
    fs::write(segment(&path, 1), &bytes).expect("written");
    let journal = open(&path).expect("what is in the middle is looked at when it is replayed");
    assert_eq!(
        reason(replay(&journal)),
        ("00000001.seg".to_owned(), length as u64 - 512, Reason::Stray)
    );
    assert_eq!(journal.replay(2).expect("behind it").count(), 1);
}

/// A segment of another history of the same log: every checksum holds, and the chain does not.
#[test]
fn a_segment_of_another_history_breaks_the_chain() {
    let home = three_segments();
    let path = home.path().join("journal");
    let other_home = directory();
    let other_path = other_home.path().join("journal");
    let other = FileJournal::create(&other_path, &genesis(), SMALL).expect("a new journal");
    for first in 0..3 {
        other.append(&commit(first, vec![record(&[b'o'; 700])])).expect("sound");
    }
    fs::copy(segment(&other_path, 1), segment(&path, 1)).expect("copied");
    let journal = open(&path).expect("what is in the middle is looked at when it is replayed");
    let mut replay = journal.replay(0).expect("it begins");
    assert!(replay.next().expect("the first").is_ok());
    let (file, offset, reason) = reason(replay.next().expect("the second"));
    assert!(matches!(reason, Reason::Chain { .. }), "{reason}");
    assert_eq!((file.as_str(), offset), ("00000001.seg", 0));
    assert!(replay.next().is_none(), "an error ends the iteration");
}

#[test]
fn a_segment_of_another_log_is_no_segment_of_this() {
    let home = three_segments();
    let path = home.path().join("journal");
    let foreign = Genesis {
        seed: [1; 16],
        ..genesis()
    };
    let other_home = directory();
    let other_path = other_home.path().join("journal");
    let other = FileJournal::create(&other_path, &foreign, SMALL).expect("a new journal");
    for first in 0..3 {
        other.append(&two_sectors(first)).expect("sound");
    }
    fs::copy(segment(&other_path, 2), segment(&path, 2)).expect("copied");
    assert_eq!(reason(open(&path)), ("00000002.seg".to_owned(), 0, Reason::Header));
}

/// The last commit may lie segments before the end, behind which there are only key changes and closing records.
#[test]
fn the_last_commit_is_found_in_an_earlier_segment() {
    let home = three_segments();
    let path = home.path().join("journal");
    let journal = open(&path).expect("sound");
    for _ in 0..3 {
        journal.append(&key_change(3)).expect("sound");
        journal.append(&closing(3)).expect("sound");
    }
    drop(journal);
    assert!(segment(&path, 3).exists(), "the frames above begin a segment");
    let journal = open(&path).expect("sound");
    assert_eq!(journal.last_note(), two_sectors(2).note);
    drop(journal);

    let mut bytes = fs::read(segment(&path, 2)).expect("there");
    bytes[SECTOR + 100] ^= 1;
    fs::write(segment(&path, 2), &bytes).expect("written");
    let (file, offset, _) = reason(open(&path));
    assert_eq!(
        (file.as_str(), offset),
        ("00000002.seg", 0),
        "its note is not believed without its checksum"
    );
}

/// A lost frame at the end of an earlier segment: what is then the last one there is not what the next segment follows.
#[test]
fn the_last_commit_is_not_looked_for_behind_a_gap() {
    let home = directory();
    let path = home.path().join("journal");
    let journal = FileJournal::create(&path, &genesis(), SMALL).expect("a new journal");
    journal.append(&two_sectors(0)).expect("sound");
    assert_eq!(journal.append(&key_change(1)).expect("sound").segment, 1);
    drop(journal);
    let mut bytes = fs::read(segment(&path, 0)).expect("there");
    bytes[SECTOR..].fill(0);
    fs::write(segment(&path, 0), &bytes).expect("written");
    let (file, offset, reason) = reason(open(&path));
    assert!(matches!(reason, Reason::Chain { .. }), "{reason}");
    assert_eq!((file.as_str(), offset), ("00000001.seg", 0));
}
