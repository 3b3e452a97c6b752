//! Copies of journals, frame by frame in the same places.

use std::fs;
use std::path::Path;

use indelible_store::journal::{
    Attachment, FileJournal, Frame, Journal, JournalError, Kind, Likeness, Mirror, Options, Record, StoredFrame,
    StoredFrames, attachment_places,
};
use tempfile::TempDir;

use crate::support::{closing, commit, directory, frames, genesis, key_change, record, segment};

const SMALL: Options = Options { segment_bytes: 4 * 512 };

fn with_attachment(first: u64) -> Frame {
    Frame {
        kind: Kind::Commit,
        first,
        records: vec![Record {
            entry: "entry".into(),
            attachments: vec!["somebody".into()],
        }],
        note: "head".into(),
    }
}

/// A journal of some segments, with everything that a journal can have.
fn original(home: &TempDir) -> FileJournal {
    let journal = FileJournal::create(&home.path().join("journal"), &genesis(), SMALL).expect("a new journal");
    for frame in [
        commit(0, vec![record(&[b'e'; 700])]),
        closing(1),
        with_attachment(1),
        key_change(2),
        commit(2, vec![record(&[b'f'; 1_200])]),
        commit(3, vec![record(b"last")]),
    ] {
        journal.append(&frame).expect("sound");
    }
    journal
}

fn all(journal: &Path) -> Result<Vec<StoredFrame>, JournalError> {
    let mut stored = StoredFrames::open(journal)?;
    let mut all = Vec::new();
    while let Some(frame) = stored.read_next()? {
        all.push(frame);
    }
    Ok(all)
}

fn copy(frames: &[StoredFrame], to: &Path) {
    let mut mirror = Mirror::at(to).expect("a directory");
    frames.iter().for_each(|frame| mirror.put(frame).expect("writable"));
    mirror.end().expect("writable");
}

#[test]
fn a_copy_is_a_journal_that_ends_behind_any_frame() {
    let home = directory();
    let journal = original(&home);
    let stored = all(&home.path().join("journal")).expect("sound");
    assert_eq!(stored.len(), 7, "genesis and closing record are among them");
    let to = home.path().join("copy");
    // Each copy is longer than the one before, over what is there; the last ends inside a segment of the one before.
    for count in (1..=stored.len()).chain([4]) {
        copy(&stored[..count], &to);
        let (copied, opened) = FileJournal::open(&to, SMALL).expect("a journal");
        assert_eq!(opened, Default::default());
        let appended: Vec<Frame> = stored[1..count]
            .iter()
            .filter_map(|frame| frame.frame().cloned())
            .collect();
        let expected: Vec<Frame> = appended
            .into_iter()
            .filter(|frame| frame.kind != Kind::Closing)
            .collect();
        assert_eq!(frames(&copied), expected);
        assert_eq!(copied.genesis(), journal.genesis());
    }
}

#[test]
fn frames_can_be_read_from_any_place_and_from_none() {
    let home = directory();
    let path = home.path().join("journal");
    drop(original(&home));
    let stored = all(&path).expect("sound");
    for (number, frame) in stored.iter().enumerate() {
        let mut rest = StoredFrames::open_at(&path, frame.place()).expect("there");
        for expected in &stored[number..] {
            let next = rest.read_next().expect("sound").expect("there");
            assert_eq!((next.place(), next.bytes()), (expected.place(), expected.bytes()));
        }
        assert!(rest.read_next().expect("sound").is_none());
    }
    let mut behind = stored[6].place();
    behind.segment += 1;
    let mut nothing = StoredFrames::open_at(&path, behind).expect("no error");
    assert!(nothing.read_next().expect("no error").is_none());
    assert!(matches!(
        StoredFrames::open(home.path()),
        Err(JournalError::Missing { .. })
    ));
}

#[test]
fn a_changed_byte_is_damage_wherever_it_is() {
    let home = directory();
    let path = home.path().join("journal");
    drop(original(&home));
    for number in 0..3 {
        let file = segment(&path, number);
        let good = fs::read(&file).expect("there");
        for place in (0..good.len().min(2_048)).step_by(61) {
            let mut bad = good.clone();
            bad[place] ^= 1;
            fs::write(&file, bad).expect("writable");
            let read = all(&path);
            let absent = read.iter().flatten().map(|frame| frame.absent().len()).sum::<usize>();
            assert!(read.is_err() || absent == 1, "segment {number}, byte {place}");
        }
        fs::write(&file, good).expect("writable");
    }
}

#[test]
fn a_blanked_attachment_is_told_from_another_frame() {
    let home = directory();
    let path = home.path().join("journal");
    let journal = original(&home);
    let before = all(&path).expect("sound");
    let to = home.path().join("copy");
    copy(&before, &to);
    let places = attachment_places(before[3].frame().expect("a commit"), before[3].place());
    journal.blank(&places[0]).expect("a frame stands behind it");

    let after = all(&path).expect("sound");
    let mut mirror = Mirror::at(&to).expect("there");
    for (number, frame) in after.iter().enumerate() {
        let expected = if number == 3 { Likeness::Altered } else { Likeness::Same };
        assert_eq!(mirror.compare(frame).expect("readable"), expected, "frame {number}");
    }
    mirror.put(&after[3]).expect("writable");
    assert_eq!(mirror.compare(&after[3]).expect("readable"), Likeness::Same);
    drop(mirror);
    let (copied, _) = FileJournal::open(&to, SMALL).expect("a journal");
    assert_eq!(copied.read(&places[0][0]).expect("there"), Attachment::Blanked);

    let other = home.path().join("other");
    let elsewhere = FileJournal::create(&other, &genesis(), SMALL).expect("a new journal");
    elsewhere.append(&commit(0, vec![record(&[b'x'; 700])])).expect("sound");
    let mut mirror = Mirror::at(&to).expect("there");
    let frames = all(&other).expect("sound");
    assert_eq!(
        mirror.compare(&frames[0]).expect("readable"),
        Likeness::Same,
        "one genesis"
    );
    assert_eq!(mirror.compare(&frames[1]).expect("readable"), Likeness::Other);
}

/// A backup goes on behind the frame that it ended with, and never sees the older ones again: what was blanked in the log since then
/// it still has. It is a journal by itself, and the same places are blanked in it.
#[test]
fn what_was_blanked_after_it_was_copied_is_blanked_in_the_copy_at_the_same_places() {
    let home = directory();
    let (path, to) = (home.path().join("journal"), home.path().join("copy"));
    let journal = original(&home);
    let before = all(&path).expect("sound");
    copy(&before, &to);
    let places = attachment_places(before[3].frame().expect("a commit"), before[3].place());
    journal.blank(&places[0]).expect("a frame stands behind it");
    journal
        .append(&commit(4, vec![record(b"what allows it")]))
        .expect("sound");

    let mut news = StoredFrames::open_at(&path, before[6].place()).expect("there");
    let mut mirror = Mirror::at(&to).expect("there");
    let last = news.read_next().expect("sound").expect("there");
    assert_eq!(mirror.compare(&last).expect("readable"), Likeness::Same);
    while let Some(frame) = news.read_next().expect("sound") {
        mirror.put(&frame).expect("writable");
    }
    mirror.end().expect("writable");
    let read = |journal: &FileJournal| journal.read(&places[0][0]).expect("there");
    let (copied, _) = FileJournal::open(&to, SMALL).expect("a journal");
    assert_eq!(
        read(&copied),
        Attachment::Present("somebody".into()),
        "nobody looked at it"
    );
    copied.blank(&places[0]).expect("a frame stands behind it here too");
    drop(copied);

    let (copied, opened) = FileJournal::open(&to, SMALL).expect("a journal");
    assert_eq!((read(&copied), opened), (Attachment::Blanked, Default::default()));
    let mut mirror = Mirror::at(&to).expect("there");
    for frame in all(&path).expect("sound") {
        assert_eq!(
            mirror.compare(&frame).expect("readable"),
            Likeness::Same,
            "they are the same again"
        );
    }
}
