//! Every way in which a last frame can be there in part, and the same in front of something that shows it was synced.

use std::fs;
use std::ops::Range;

use bytes::Bytes;
use indelible_store::journal::codec::{Chain, Seal, encode};
use indelible_store::journal::{Cut, FileJournal, Frame, Journal, JournalError, Kind, Opened, Options, Reason, Record};

use crate::support::{Disk, SECTOR, closing, commit, frames, image, key_change, record, replay, segment};

/// Frames of 1 to 6 sectors, of all contents that make a difference, behind a first commit of two entries.
fn candidates() -> Vec<(String, Frame)> {
    let mut candidates = Vec::new();
    for sectors in 1..=6 {
        // 64 of header, 3 around the entry, 4 in front of the note and 13 of it: this many bytes fill the frame.
        let full = sectors * SECTOR - 64 - 3 - 4 - 13;
        let one = |bytes: &[u8]| commit(2, vec![record(bytes)]);
        let text: Vec<u8> = (0..full)
            .map(|at| b'a' + u8::try_from(at % 26).expect("a letter"))
            .collect();
        candidates.push((format!("text of {sectors}"), one(&text)));
        candidates.push((format!("zeros of {sectors}"), one(&vec![0; full])));
        candidates.push((format!("imitated headers of {sectors}"), one(&imitated_headers(full))));
        let mut zero_note = one(&text[..400]);
        zero_note.note = Bytes::from(vec![0; full + 13 - 400]);
        candidates.push((format!("a note of zeros to {sectors}"), zero_note));
        let mut statement = key_change(2);
        statement.note = Bytes::from(vec![b'k'; full + 3 + 13]);
        candidates.push((format!("a key change of {sectors}"), statement));
        let attachments = vec![
            Bytes::from(vec![b'x'; full / 2]),
            Bytes::from(vec![b'y'; full / 2 - 16]),
        ];
        let record = Record {
            entry: Bytes::new(),
            attachments,
        };
        candidates.push((format!("attachments of {sectors}"), commit(2, vec![record])));
        if sectors > 2 {
            // It begins and ends with a sector: without these it looks blanked.
            let attachment = Bytes::from(vec![b'x'; (sectors - 2) * SECTOR]);
            let entry = Bytes::copy_from_slice(&text[..SECTOR - 64 - 3 - 8]);
            let record = Record {
                entry,
                attachments: vec![attachment],
            };
            candidates.push((
                format!("an attachment in the middle of {sectors}"),
                commit(2, vec![record]),
            ));
        }
    }
    candidates.push(("a closing record".to_owned(), closing(2)));
    candidates
}

/// An entry that has at each sector boundary of its frame a header of the right numbers, sealed with another seed.
fn imitated_headers(length: usize) -> Vec<u8> {
    let chain = Chain {
        seal: Seal::of(b"not the log's...."[..16].try_into().expect("16 bytes")),
        previous: 0,
        size: 3,
    };
    let mut header = Vec::new();
    encode(&closing(3), &chain, &mut header).expect("a closing record is sound");
    let mut entry = vec![b'.'; length];
    for at in (SECTOR - 66..).step_by(SECTOR).take_while(|at| at + 64 <= length) {
        entry[at..at + 64].copy_from_slice(&header[..64]);
    }
    entry
}

fn first() -> Frame {
    commit(0, vec![record(b"one"), record(&[b'2'; 700])])
}

/// The frame in `bytes` from `begin` to `end` with some of its sectors lost.
fn without(bytes: &[u8], begin: usize, end: usize, present: u32) -> Vec<u8> {
    let mut image = bytes.to_vec();
    for (number, sector) in image[begin..end].chunks_mut(SECTOR).enumerate() {
        if present & (1 << number) == 0 {
            sector.fill(0);
        }
    }
    image
}

#[test]
fn a_last_frame_is_there_or_not_whatever_part_of_it_reached_the_disk() {
    let disk = Disk::new();
    let mut images = 0;
    for (name, last) in candidates() {
        let sound = image(&[first(), last.clone()]);
        let [_, begin, end] = sound.offsets[..] else {
            panic!("two frames and the end")
        };
        let needed = sound.bytes[begin..end]
            .chunks(SECTOR)
            .map(|sector| sector.iter().any(|byte| *byte != 0));
        let needed = needed
            .enumerate()
            .fold(0, |mask, (number, needed)| mask | u32::from(needed) << number);
        for present in 0..1_u32 << ((end - begin) / SECTOR) {
            let zeros = without(&sound.bytes, begin, end, present);
            let last_present = (u32::BITS - present.leading_zeros()) as usize;
            let short = zeros[..begin + last_present * SECTOR].to_vec();
            for (how, bytes) in [("zeros", zeros), ("the file ends", short)] {
                let whole = present & needed == needed;
                let what = format!("{name}, sectors {present:#b}, {how}");
                check(&disk, &bytes, &last, whole, begin..end, &what);
                images += 1;
            }
        }
    }
    assert!(images > 1500, "only {images} images were looked at");
}

/// Opens an image, demands the old end or the new one, and goes on from there.
fn check(disk: &Disk, bytes: &[u8], last: &Frame, whole: bool, at: Range<usize>, what: &str) {
    let (journal, opened) = disk.open(bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut wanted = vec![first()];
    if whole && last.kind != Kind::Closing {
        wanted.push(last.clone());
    }
    assert_eq!(frames(&journal), wanted, "{what}");
    let left = bytes[at.start.min(bytes.len())..].iter().rposition(|byte| *byte != 0);
    let cut = left.filter(|_| !whole).map(|left| Cut {
        file: segment(disk.path(), 0),
        offset: at.start as u64,
        bytes: (left as u64 + 1).next_multiple_of(SECTOR as u64),
    });
    assert_eq!(opened.cut, cut, "{what}");
    let length = fs::metadata(segment(disk.path(), 0)).expect("there").len();
    assert!(
        !whole || length >= at.end as u64,
        "{what}: the last frame was not written again"
    );

    let next = commit(journal.size(), vec![record(what.as_bytes())]);
    journal.append(&next).unwrap_or_else(|error| panic!("{what}: {error}"));
    wanted.push(next);
    drop(journal);
    let (journal, opened) = FileJournal::open(disk.path(), Options::default()).expect("what was repaired is sound");
    assert_eq!(opened, Opened::default(), "{what}: nothing is left to repair");
    assert_eq!(frames(&journal), wanted, "{what}");
}

/// A write that the system cut short leaves a file of any length.
#[test]
fn a_file_may_end_at_any_byte_of_its_last_frame() {
    let disk = Disk::new();
    let last = commit(2, vec![record(&[b'z'; 700])]);
    let sound = image(&[first(), last.clone()]);
    let [_, begin, end] = sound.offsets[..] else {
        panic!("two frames and the end")
    };
    for length in begin..end {
        let (journal, opened) = disk
            .open(&sound.bytes[..length])
            .unwrap_or_else(|error| panic!("{length}: {error}"));
        assert_eq!(frames(&journal), [first()], "{length}");
        assert_eq!(opened.cut.is_some(), length > begin, "{length}");
        journal.append(&last).expect("the journal goes on");
        assert_eq!(frames(&journal), [first(), last.clone()], "{length}");
    }
}

/// In front of a closing record or of a later frame nothing is a tear, and a journal that is refused is left as it is.
#[test]
fn in_front_of_a_later_frame_nothing_is_a_tear() {
    let disk = Disk::new();
    for (name, middle) in candidates() {
        if middle.kind == Kind::Closing {
            continue;
        }
        let size = middle.first + middle.records.len() as u64;
        for behind in [closing(size), commit(size, vec![record(b"later")])] {
            let sound = image(&[first(), middle.clone(), behind.clone()]);
            let [_, begin, end, _] = sound.offsets[..] else {
                panic!("three frames and the end")
            };
            for present in 0..1_u32 << ((end - begin) / SECTOR) {
                let bytes = without(&sound.bytes, begin, end, present);
                if bytes == sound.bytes {
                    continue;
                }
                let what = format!("{name}, sectors {present:#b}, in front of {:?}", behind.kind);
                match disk.open(&bytes) {
                    Err(JournalError::Damaged { offset, .. }) => {
                        assert_eq!(offset, begin as u64, "{what}");
                        assert_eq!(fs::read(segment(disk.path(), 0)).expect("still there"), bytes, "{what}");
                    }
                    Err(other) => panic!("{what}: {other}"),
                    Ok((journal, opened)) => {
                        assert_eq!(opened.cut, None, "{what}");
                        assert_eq!(
                            behind.kind,
                            Kind::Commit,
                            "{what}: a closing record vouches for what is in front"
                        );
                        match replay(&journal) {
                            Err(JournalError::Damaged { offset, .. }) => assert_eq!(offset, begin as u64, "{what}"),
                            // Empty sectors in the middle of an attachment are what blanking leaves, too.
                            Ok(replayed) => assert!(!replayed[1].absent.is_empty(), "{what}"),
                            Err(other) => panic!("{what}: {other}"),
                        }
                    }
                }
            }
        }
    }
}

/// A frame that has all its sectors was written whole, so what does not hold there was changed afterwards.
#[test]
fn a_last_frame_with_all_its_sectors_is_damaged_or_whole() {
    let disk = Disk::new();
    let last = commit(2, vec![record(&[b'z'; 700])]);
    let sound = image(&[first(), last]);
    let [_, begin, end] = sound.offsets[..] else {
        panic!("two frames and the end")
    };
    let damage = |spoil: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = sound.bytes.clone();
        spoil(&mut bytes);
        match disk.open(&bytes) {
            Err(JournalError::Damaged { offset, reason, .. }) => (usize::try_from(offset).expect("small"), reason),
            other => panic!("this must be damage: {other:?}"),
        }
    };
    assert!(matches!(damage(&|bytes| bytes[begin + 600] ^= 1), (at, Reason::Body { .. }) if at == begin));
    assert_eq!(damage(&|bytes| bytes[end - 1] = 1), (begin, Reason::Padding));
    assert_eq!(damage(&|bytes| bytes[begin] ^= 1), (begin, Reason::Header));
    // An interrupted write leaves nothing behind the frame it was to write.
    let torn_and_stray = |bytes: &mut Vec<u8>| {
        bytes[begin + SECTOR..end].fill(0);
        bytes[end + SECTOR] = 1;
    };
    assert_eq!(damage(&torn_and_stray), (end + SECTOR, Reason::Stray));
    // The only header in front of it is the genesis.
    let genesis_torn = |bytes: &mut Vec<u8>| {
        bytes[SECTOR..].fill(0);
        bytes[100] ^= 1;
    };
    assert!(matches!(damage(&genesis_torn), (0, Reason::Body { .. })));
}
