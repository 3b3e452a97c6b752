//! Every single flipped bit is found and named: by opening, by replaying, or by reading.

use bytes::Bytes;
use indelible_store::journal::{Absence, Attachment, Frame, Journal, JournalError, Record, attachment_places};

use crate::support::{Disk, SECTOR, closing, commit, frames, genesis, image, key_change, record, replay};

fn with_attachments() -> Frame {
    let attachments = vec![Bytes::from_static(b"alice"), Bytes::from_static(b"198.51.100.7")];
    commit(
        0,
        vec![
            record(b"plain"),
            Record {
                entry: Bytes::from_static(b"leaf"),
                attachments,
            },
        ],
    )
}

/// One frame of each kind, the genesis among them, and a commit of two sectors at the end.
fn all_kinds() -> Vec<Frame> {
    vec![
        with_attachments(),
        key_change(2),
        closing(2),
        commit(2, vec![record(&[b'a'; 300]), record(&[b'b'; 300])]),
    ]
}

#[test]
fn every_flipped_bit_of_every_kind_of_frame_is_found() {
    let disk = Disk::new();
    let sound = image(&all_kinds());
    let end = *sound.offsets.last().expect("an end");
    for at in 0..end {
        for bit in 0..8 {
            let mut bytes = sound.bytes.clone();
            bytes[at] ^= 1 << bit;
            let what = format!("bit {bit} of byte {at}");
            match disk.open(&bytes) {
                Err(JournalError::Damaged { offset, .. }) => assert!(offset <= at as u64, "{what}"),
                Err(other) => panic!("{what}: {other}"),
                Ok((journal, opened)) => {
                    assert_eq!(opened.cut, None, "{what}: a flipped bit is no tear");
                    assert_found_by_replay(&journal, at as u64, &what);
                }
            }
        }
    }
}

fn assert_found_by_replay(journal: &impl Journal, at: u64, what: &str) {
    match replay(journal) {
        Err(JournalError::Damaged { offset, .. }) => assert!(offset <= at, "{what}"),
        Err(other) => panic!("{what}: {other}"),
        Ok(replayed) => {
            let [absent] = replayed[0].absent[..] else {
                panic!("{what} was not found")
            };
            assert_eq!(absent.absence, Absence::Damaged, "{what}");
            let place = attachment_places(&replayed[0].frame, replayed[0].place)[absent.record][absent.attachment];
            match journal.read(&place) {
                Err(JournalError::Damaged { offset, .. }) => assert_eq!(offset, place.offset, "{what}"),
                other => panic!("{what}: a damaged attachment must not be read: {other:?}"),
            }
        }
    }
}

/// The one flip that passes for a tear: it takes the only set bit of a sector of the last frame, in front of no closing record.
#[test]
fn a_flip_that_empties_a_sector_of_the_last_frame_passes_for_a_tear_and_behind_a_closing_record_for_damage() {
    let disk = Disk::new();
    let mut entry = vec![0; 1500];
    entry[700] = 1;
    let last = commit(2, vec![record(&entry)]);
    for closed in [false, true] {
        let mut all = vec![with_attachments(), last.clone()];
        all.extend(closed.then(|| closing(3)));
        let sound = image(&all);
        let mut bytes = sound.bytes.clone();
        bytes[sound.offsets[1] + 64 + 2 + 700] = 0;
        match (disk.open(&bytes), closed) {
            (Ok((journal, opened)), false) => {
                assert_eq!(opened.cut.expect("it is told").offset, sound.offsets[1] as u64);
                assert_eq!(frames(&journal), [with_attachments()]);
            }
            (Err(JournalError::Damaged { offset, .. }), true) => assert_eq!(offset, sound.offsets[1] as u64),
            (other, _) => panic!("closed: {closed}: {other:?}"),
        }
    }
}

/// A bit that is set behind the end is damage where a header would stand, and the rest of a tear elsewhere; it costs nothing.
#[test]
fn a_flip_behind_the_end_is_told() {
    let disk = Disk::new();
    let sound = image(&all_kinds());
    let end = *sound.offsets.last().expect("an end");
    for at in [end, end + SECTOR - 1, end + SECTOR, sound.bytes.len() - 1] {
        let mut bytes = sound.bytes.clone();
        bytes[at] = 0x10;
        match disk.open(&bytes) {
            Err(JournalError::Damaged { offset, .. }) => assert_eq!((offset, at < end + SECTOR), (end as u64, true)),
            Ok((journal, opened)) => {
                assert_eq!(opened.cut.expect("it is told").offset, end as u64);
                assert_eq!(journal.size(), 4);
            }
            Err(other) => panic!("{at}: {other}"),
        }
    }
}

/// What interrupted blanking leaves is neither there nor gone: the caller knows whether a tombstone names it.
#[test]
fn half_a_blanking_is_named_and_can_be_completed() {
    let disk = Disk::new();
    let sound = image(&all_kinds());
    let first = with_attachments();
    let (journal, _) = disk.open(&sound.bytes).expect("sound");
    let at = replay(&journal).expect("sound")[0].place;
    let place = attachment_places(&first, at)[1][1];
    drop(journal);

    let mut bytes = sound.bytes.clone();
    let begin = usize::try_from(place.offset).expect("small");
    bytes[begin..begin + 6].fill(0);
    let (journal, _) = disk
        .open(&bytes)
        .expect("an attachment in the middle is looked at when it is wanted");
    assert!(matches!(journal.read(&place), Err(JournalError::Damaged { offset, .. }) if offset == place.offset));
    assert_eq!(
        replay(&journal).expect("the frame itself holds")[0].absent[0].absence,
        Absence::Damaged
    );
    journal.blank(&[place]).expect("what was half blanked can be blanked");
    assert_eq!(journal.read(&place).expect("now it is"), Attachment::Blanked);
    assert_eq!(journal.genesis(), &genesis());
}
