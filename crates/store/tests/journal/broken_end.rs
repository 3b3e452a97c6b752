//! A damaged last frame is found, whatever of it is damaged and whatever closes it; damage elsewhere is never given up.

use std::fs;

use indelible_store::journal::{BrokenEnd, FileJournal, Frame, Journal, JournalError, Kind, Options, Record};

use crate::support::{Disk, SECTOR, closing, commit, directory, frames, genesis, image, record, segment};

fn three_commits() -> Vec<Frame> {
    (0..3).map(|first| commit(first, vec![record(&[b'e'; 700])])).collect()
}

/// Three commits, and as many closing records as asked for; the bytes of the only segment, and where each frame begins.
fn stored(closings: usize) -> (Vec<u8>, Vec<usize>) {
    let mut all = three_commits();
    all.extend((0..closings).map(|_| closing(3)));
    let image = image(&all);
    (image.bytes, image.offsets)
}

/// Writes the bytes, and looks for what is broken there.
fn found(disk: &Disk, bytes: &[u8]) -> Result<Option<BrokenEnd>, JournalError> {
    fs::write(segment(disk.path(), 0), bytes).expect("the image can be written");
    FileJournal::broken_end(disk.path())
}

/// Checks that what is broken in these bytes begins at `offset`, takes `bytes`, and has `count` entries behind the `first`.
fn check(disk: &Disk, stored: &[u8], (offset, bytes): (usize, usize), first: u64, count: Option<u32>) -> BrokenEnd {
    let broken = found(disk, stored).expect("it stands last").expect("it is broken");
    let place = (broken.offset, broken.bytes);
    assert_eq!(
        (place, broken.first, broken.count),
        ((offset as u64, bytes as u64), first, count)
    );
    broken
}

#[test]
fn every_byte_of_the_last_frame_can_be_damaged_and_given_up() {
    let disk = Disk::new();
    for closings in 0..3 {
        let (good, offsets) = stored(closings);
        assert_eq!(found(&disk, &good).expect("sound"), None);
        let (begin, behind) = (offsets[2], offsets[3]);
        let end = offsets[offsets.len() - 1];
        for place in (begin..behind).step_by(37) {
            let mut bad = good.clone();
            bad[place] ^= 0xff;
            let count = (place >= begin + 64).then_some(1);
            let broken = check(&disk, &bad, (begin, end - begin), 2, count);
            assert_eq!(
                fs::read(segment(disk.path(), 0)).expect("there"),
                bad,
                "looking changes nothing"
            );
            assert_eq!(broken.content().expect("readable"), bad[begin..end]);
            broken.give_up().expect("writable");
            let (journal, opened) = FileJournal::open(disk.path(), Options::default()).expect("whole again");
            assert_eq!((journal.size(), opened.cut), (2, None));
            assert_eq!(frames(&journal), three_commits()[..2]);
            journal
                .append(&commit(2, vec![record(b"another")]))
                .expect("it goes on");
        }
    }
}

#[test]
fn a_damaged_closing_record_costs_no_entry() {
    let disk = Disk::new();
    let (good, offsets) = stored(1);
    for (place, count) in [(offsets[3] + 5, None), (offsets[3] + 400, Some(0))] {
        let mut bad = good.clone();
        bad[place] ^= 0xff;
        check(&disk, &bad, (offsets[3], SECTOR), 3, count);
    }
}

#[test]
fn damage_in_front_of_another_frame_is_not_given_up() {
    let disk = Disk::new();
    let (good, offsets) = stored(1);
    for place in [5, 70, offsets[0] + 5, offsets[1] + 5] {
        let mut bad = good.clone();
        bad[place] ^= 0xff;
        let refused = found(&disk, &bad);
        assert!(
            matches!(refused, Err(JournalError::Damaged { .. })),
            "byte {place}: {refused:?}"
        );
    }
    // Two frames: without the last one, the one in front of it could not stand last either.
    let mut bad = good.clone();
    bad[offsets[1] + 100] ^= 0xff;
    bad[offsets[2] + 100] ^= 0xff;
    let refused = found(&disk, &bad);
    assert!(matches!(refused, Err(JournalError::Damaged { .. })), "{refused:?}");
}

#[test]
fn a_tear_is_nothing_to_give_up() {
    let disk = Disk::new();
    let (mut torn, offsets) = stored(0);
    torn[offsets[2] + SECTOR..offsets[3]].fill(0);
    assert_eq!(found(&disk, &torn).expect("it can be opened"), None);
}

#[test]
fn a_segment_that_begins_with_the_damage_goes() {
    let home = directory();
    let path = home.path().join("journal");
    let options = Options { segment_bytes: 3 * 512 };
    let journal = FileJournal::create(&path, &genesis(), options).expect("a new journal");
    for frame in three_commits() {
        journal.append(&frame).expect("sound");
    }
    drop(journal);
    for place in [5, 600] {
        let mut bad = fs::read(segment(&path, 2)).expect("there");
        bad[place] ^= 0xff;
        fs::write(segment(&path, 2), bad).expect("writable");
        let broken = FileJournal::broken_end(&path).expect("last").expect("broken");
        assert_eq!((broken.offset, broken.first), (0, 2));
        broken.give_up().expect("writable");
        let (journal, _) = FileJournal::open(&path, options).expect("whole again");
        assert_eq!(journal.size(), 2);
        journal.append(&three_commits()[2]).expect("it goes on");
    }
}

/// The attachment of the last frame is gone: nothing could have blanked it there.
#[test]
fn a_lost_attachment_of_the_last_frame_can_be_given_up() {
    let with_attachment = Frame {
        kind: Kind::Commit,
        first: 1,
        records: vec![Record {
            entry: "entry".into(),
            attachments: vec!["somebody".into()],
        }],
        note: "head".into(),
    };
    let image = image(&[commit(0, vec![record(b"first")]), with_attachment, closing(2)]);
    let mut bad = image.bytes.clone();
    let place = bad
        .windows(8)
        .position(|window| window == b"somebody")
        .expect("it is there");
    bad[place..place + 8].fill(0);
    let disk = Disk::new();
    check(
        &disk,
        &bad,
        (image.offsets[1], image.offsets[3] - image.offsets[1]),
        1,
        Some(1),
    );
}
