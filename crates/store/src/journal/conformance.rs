//! What every home of a journal must do, as a suite: a home passes if [`check_all`] returns.
//!
//! The functions panic with a message, so that they are called from tests. They use neither files nor clocks of their own.

use bytes::Bytes;

use super::codec::{ATTACHMENT_BYTES_MAX, ATTACHMENTS_MAX, ENTRY_BYTES_MAX, FRAME_BYTES_MAX};
use super::{
    Absence, Absent, Attachment, Frame, FramePlace, Genesis, Journal, JournalError, Kind, Limit, Place, Record,
    Replayed, attachment_places,
};

/// A place where journals live.
pub trait Home {
    /// What the home is a home of.
    type Journal: Journal;

    /// Makes a journal that shares nothing with those made before.
    fn create(&self, genesis: &Genesis) -> Self::Journal;

    /// Lets go of a journal and opens it again. Where nothing outlives the process it is the same journal.
    fn reopen(&self, journal: Self::Journal) -> Self::Journal;
}

/// The whole suite.
pub fn check_all(home: &impl Home) {
    check_empty(home);
    check_append_and_replay(home);
    check_refusal_of_what_does_not_extend(home);
    check_frames_without_entries(home);
    check_attachments(home);
    check_blanking(home);
    check_refused_blanking(home);
    check_limits(home);
    check_large_frames(home);
}

/// A new journal holds its genesis and nothing else, also after reopening.
pub fn check_empty(home: &impl Home) {
    let mut journal = home.create(&genesis());
    for _ in 0..2 {
        assert_eq!(
            journal.genesis(),
            &genesis(),
            "the genesis is what the journal was made with"
        );
        assert_eq!(journal.size(), 0, "a new journal is empty");
        assert_eq!(
            journal.last_note(),
            genesis().note,
            "without a commit the last note is the genesis note"
        );
        assert_eq!(replayed(&journal, 0), [], "there is nothing to replay");
        journal = home.reopen(journal);
    }
}

/// Frames come back as they went in, from any entry on, before and after reopening.
pub fn check_append_and_replay(home: &impl Home) {
    let mut journal = home.create(&genesis());
    let mut frames: Vec<Replayed> = Vec::new();
    for (number, entries) in [1, 3, 1, 40, 2].into_iter().enumerate() {
        let frame = commit(journal.size(), entries, number);
        let place = append(&journal, &frame);
        assert!(
            frames.iter().all(|earlier| earlier.place != place),
            "each frame has a place of its own"
        );
        assert_eq!(
            journal.size(),
            frame.first + entries as u64,
            "the size grows by the number of entries"
        );
        assert_eq!(
            journal.last_note(),
            frame.note,
            "the last note is that of the last commit"
        );
        frames.push(Replayed {
            frame,
            place,
            absent: Vec::new(),
        });
    }
    for _ in 0..2 {
        for from in 0..=journal.size() + 1 {
            let wanted: Vec<_> = frames.iter().filter(|frame| end(frame) > from).cloned().collect();
            assert_eq!(
                replayed(&journal, from),
                wanted,
                "replay from {from} gives the frames that end above it"
            );
        }
        journal = home.reopen(journal);
        assert_eq!(journal.size(), 47, "reopening changes no size");
        assert_eq!(journal.last_note(), frames[4].frame.note, "reopening changes no note");
    }
    append(&journal, &commit(47, 1, 5));
    assert_eq!(
        replayed(&journal, 47).len(),
        1,
        "a reopened journal goes on where it ended"
    );
}

/// A frame that does not begin at the journal's size is refused, and nothing of it is left.
pub fn check_refusal_of_what_does_not_extend(home: &impl Home) {
    let journal = home.create(&genesis());
    append(&journal, &commit(0, 2, 0));
    for first in [0, 1, 3, u64::MAX] {
        for kind in [Kind::Commit, Kind::Closing, Kind::KeyChange] {
            let frame = Frame {
                kind,
                records: Vec::new(),
                note: Bytes::new(),
                first,
            };
            match journal.append(&frame) {
                Err(JournalError::NotExtending {
                    first: refused,
                    size: 2,
                }) if refused == first => {}
                other => panic!("a frame at {first} behind 2 entries must be refused as not extending: {other:?}"),
            }
        }
    }
    let journal = home.reopen(journal);
    assert_eq!(replayed(&journal, 0).len(), 1, "refused frames leave nothing behind");
    append(&journal, &commit(2, 1, 1));
}

/// Closing records are not replayed, key changes are; neither changes the last note, and both survive reopening.
pub fn check_frames_without_entries(home: &impl Home) {
    let mut journal = home.create(&genesis());
    append(&journal, &closing(0));
    journal = home.reopen(journal);
    assert_eq!(journal.last_note(), genesis().note, "a closing record is no commit");
    let first = commit(0, 2, 0);
    let key = Frame {
        kind: Kind::KeyChange,
        first: 2,
        records: Vec::new(),
        note: Bytes::from_static(b"a new key"),
    };
    append(&journal, &first);
    append(&journal, &closing(2));
    append(&journal, &closing(2));
    append(&journal, &key);
    append(&journal, &closing(2));
    for _ in 0..2 {
        assert_eq!(journal.size(), 2, "frames without entries do not change the size");
        assert_eq!(journal.last_note(), first.note, "a key change is no commit");
        let frames = |from| {
            replayed(&journal, from)
                .into_iter()
                .map(|replayed| replayed.frame)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            frames(0),
            [first.clone(), key.clone()],
            "all but closing records are replayed"
        );
        assert_eq!(
            frames(2),
            std::slice::from_ref(&key),
            "a key change at `from` concerns what follows, and is replayed"
        );
        assert_eq!(frames(3), [], "nothing stands at 3");
        journal = home.reopen(journal);
    }
    let empty = Frame {
        kind: Kind::Commit,
        ..key
    };
    append(&journal, &empty);
    assert_eq!(journal.last_note(), empty.note, "a commit without entries is a commit");
    let mut wrong = closing(2);
    wrong.note = Bytes::from_static(b"a note");
    assert_limit(&journal, &wrong, &Limit::Closing);
}

/// Attachments come back from their places, alone and with their frame.
pub fn check_attachments(home: &impl Home) {
    let mut journal = home.create(&genesis());
    let frame = with_attachments(0);
    let places = attachment_places(&frame, append(&journal, &frame));
    for _ in 0..2 {
        assert_eq!(
            replayed(&journal, 0)[0].frame,
            frame,
            "attachments are replayed with their frame"
        );
        for (record, row) in frame.records.iter().zip(&places) {
            assert_eq!(record.attachments.len(), row.len(), "each attachment has a place");
            for (bytes, place) in record.attachments.iter().zip(row) {
                assert_eq!(
                    read(&journal, place),
                    Attachment::Present(bytes.clone()),
                    "at {place:?}"
                );
            }
        }
        journal = home.reopen(journal);
    }
    let place = places[1][0];
    for wrong in [
        Place {
            offset: place.offset + 1,
            ..place
        },
        Place {
            length: place.length - 1,
            ..place
        },
        Place {
            length: place.length + 1,
            ..place
        },
        Place {
            length: u32::MAX,
            ..place
        },
        Place { offset: 0, ..place },
        Place {
            offset: u64::MAX,
            ..place
        },
        Place {
            segment: u32::MAX,
            ..place
        },
    ] {
        assert_not_an_attachment(journal.read(&wrong), &wrong);
    }
}

/// What is blanked is gone and known to be gone, and nothing else is.
pub fn check_blanking(home: &impl Home) {
    let mut journal = home.create(&genesis());
    let frame = with_attachments(0);
    let place = append(&journal, &frame);
    let places = attachment_places(&frame, place);
    append(&journal, &commit(frame.records.len() as u64, 1, 0));
    append(&journal, &closing(journal.size()));
    blank(&journal, &[]);
    blank(&journal, &[places[1][1], places[2][0]]);
    blank(&journal, &[places[2][0]]);
    for _ in 0..2 {
        assert_eq!(
            read(&journal, &places[1][1]),
            Attachment::Blanked,
            "what is blanked reads as blanked"
        );
        assert_eq!(
            read(&journal, &places[2][0]),
            Attachment::Blanked,
            "blanking twice is blanking once"
        );
        let kept = frame.records[1].attachments[0].clone();
        assert_eq!(
            read(&journal, &places[1][0]),
            Attachment::Present(kept),
            "its neighbours are kept"
        );

        let mut wanted = frame.clone();
        let mut absent = Vec::new();
        for (record, attachment) in [(1, 1), (2, 0)] {
            let bytes = &mut wanted.records[record].attachments[attachment];
            *bytes = Bytes::from(vec![0; bytes.len()]);
            absent.push(Absent {
                record,
                attachment,
                absence: Absence::Blanked,
            });
        }
        let first = &replayed(&journal, 0)[0];
        assert_eq!(
            *first,
            Replayed {
                frame: wanted,
                place,
                absent
            },
            "a frame says which attachments are blanked"
        );
        assert_eq!(attachment_places(&first.frame, place), places, "blanking moves nothing");
        journal = home.reopen(journal);
    }
    append(&journal, &commit(journal.size(), 1, 1));
}

/// Blanking takes nothing but attachments behind which a frame stands, and all of a call or nothing.
pub fn check_refused_blanking(home: &impl Home) {
    let journal = home.create(&genesis());
    let first = with_attachments(0);
    let first_places = attachment_places(&first, append(&journal, &first));
    let last = with_attachments(journal.size());
    let last_at = append(&journal, &last);
    let last_places = attachment_places(&last, last_at);
    append(&journal, &closing(journal.size()));

    let journal = home.reopen(journal);
    let good = first_places[1][0];
    match journal.blank(&[good, last_places[1][0]]) {
        Err(JournalError::InLastFrame(place)) => assert_eq!(place, last_places[1][0]),
        other => panic!("a closing record allows no blanking in front of it: {other:?}"),
    }
    let beyond = FramePlace {
        segment: last_at.segment,
        offset: last_at.offset + (64 << 20),
    };
    for wrong in [
        Place {
            offset: good.offset + 1,
            ..good
        },
        Place {
            offset: good.offset - 8,
            ..good
        },
        Place {
            length: good.length + 1,
            ..good
        },
        Place {
            frame_offset: good.frame_offset + 1,
            ..good
        },
        Place {
            frame_offset: beyond.offset,
            ..good
        },
        Place {
            frame_offset: u64::MAX - 511,
            ..good
        },
        Place {
            segment: u32::MAX,
            ..good
        },
    ] {
        assert_not_an_attachment(journal.blank(&[good, wrong]), &wrong);
    }
    let bytes = first.records[1].attachments[0].clone();
    assert_eq!(
        read(&journal, &good),
        Attachment::Present(bytes),
        "a refused call blanks nothing"
    );
    append(&journal, &commit(journal.size(), 1, 0));
    blank(&journal, &[good, last_places[1][0]]);
}

/// What is at a limit goes in and comes back; what is beyond is refused by name, and the journal goes on.
pub fn check_limits(home: &impl Home) {
    let journal = home.create(&genesis());
    let plain = |entry: usize, attachments: Vec<Bytes>| Record {
        entry: Bytes::from(vec![7; entry]),
        attachments,
    };
    let frame = |first, records| Frame {
        kind: Kind::Commit,
        first,
        records,
        note: Bytes::new(),
    };

    let small = vec![Bytes::from_static(b"a"); ATTACHMENTS_MAX];
    let full = frame(0, vec![plain(0, Vec::new()), plain(ENTRY_BYTES_MAX, small)]);
    append(&journal, &full);
    assert_eq!(
        replayed(&journal, 0)[0].frame,
        full,
        "an empty entry and one at the limit come back"
    );

    let entry = frame(2, vec![plain(0, Vec::new()), plain(ENTRY_BYTES_MAX + 1, Vec::new())]);
    assert_limit(
        &journal,
        &entry,
        &Limit::Entry {
            record: 1,
            bytes: ENTRY_BYTES_MAX + 1,
        },
    );
    let many = frame(2, vec![plain(0, vec![Bytes::new(); ATTACHMENTS_MAX + 1])]);
    assert_limit(
        &journal,
        &many,
        &Limit::Attachments {
            record: 0,
            attachments: ATTACHMENTS_MAX + 1,
        },
    );
    let long = frame(2, vec![plain(0, vec![Bytes::from(vec![1; ATTACHMENT_BYTES_MAX + 1])])]);
    assert_limit(
        &journal,
        &long,
        &Limit::Attachment {
            record: 0,
            bytes: ATTACHMENT_BYTES_MAX + 1,
        },
    );
    append(&journal, &commit(2, 1, 0));
}

/// One frame at its limit, with an attachment at its, behind small ones and in front of another.
pub fn check_large_frames(home: &impl Home) {
    let journal = home.create(&genesis());
    append(&journal, &commit(0, 1, 0));
    // 64 of header, 3 around the entry, 8 in front of each attachment, 4 in front of the note.
    let rest = usize::try_from(FRAME_BYTES_MAX).expect("128 MiB") - 64 - 3 - 8 - ATTACHMENT_BYTES_MAX - 8 - 4 - 1;
    let attachments = vec![Bytes::from(vec![1; ATTACHMENT_BYTES_MAX]), Bytes::from(vec![2; rest])];
    let record = Record {
        entry: Bytes::new(),
        attachments,
    };
    let note = Bytes::from_static(b"!");
    let mut frame = Frame {
        kind: Kind::Commit,
        first: 1,
        records: vec![record],
        note,
    };
    let places = attachment_places(&frame, append(&journal, &frame));
    append(&journal, &commit(2, 1, 0));

    let journal = home.reopen(journal);
    assert!(
        replayed(&journal, 1)[0].frame == frame,
        "a frame at its limit comes back"
    );
    let last = &frame.records[0].attachments[1];
    assert!(
        read(&journal, &places[0][1]) == Attachment::Present(last.clone()),
        "and so do its attachments"
    );
    blank(&journal, &places[0]);
    assert_eq!(
        read(&journal, &places[0][0]),
        Attachment::Blanked,
        "64 MiB can be blanked"
    );

    frame.first = 3;
    frame.note = Bytes::from_static(b"!!");
    assert_limit(
        &journal,
        &frame,
        &Limit::Frame {
            bytes: FRAME_BYTES_MAX + 1,
        },
    );
}

fn genesis() -> Genesis {
    Genesis {
        seed: *b"0123456789abcdef",
        description: Bytes::from_static(b"a journal for the conformance suite"),
        note: Bytes::from_static(b"size 0"),
    }
}

/// A commit of entries of many lengths; `number` makes it differ from others.
fn commit(first: u64, entries: usize, number: usize) -> Frame {
    let entry = |index: usize| Bytes::from(format!("{number}.{index} ").repeat(1 + (number * 31 + index * 97) % 120));
    let records = (0..entries)
        .map(|index| Record {
            entry: entry(index),
            attachments: Vec::new(),
        })
        .collect();
    Frame {
        kind: Kind::Commit,
        first,
        records,
        note: Bytes::from(format!("the head of commit {number}")),
    }
}

fn closing(first: u64) -> Frame {
    Frame {
        kind: Kind::Closing,
        first,
        records: Vec::new(),
        note: Bytes::new(),
    }
}

/// Four records with none, two, one and one attachments; the last one is empty.
fn with_attachments(first: u64) -> Frame {
    let mut frame = commit(first, 4, 9);
    frame.records[1].attachments = vec![Bytes::from_static(b"alice"), Bytes::from(vec![b'x'; 3000])];
    frame.records[2].attachments = vec![Bytes::from_static(b"bob")];
    frame.records[3].attachments = vec![Bytes::new()];
    frame
}

fn end(replayed: &Replayed) -> u64 {
    replayed.frame.first + replayed.frame.records.len() as u64
}

fn append(journal: &impl Journal, frame: &Frame) -> FramePlace {
    journal
        .append(frame)
        .unwrap_or_else(|error| panic!("an append at {} must succeed: {error}", frame.first))
}

fn read(journal: &impl Journal, place: &Place) -> Attachment {
    journal
        .read(place)
        .unwrap_or_else(|error| panic!("a read at {place:?} must succeed: {error}"))
}

fn blank(journal: &impl Journal, places: &[Place]) {
    journal
        .blank(places)
        .unwrap_or_else(|error| panic!("blanking {places:?} must succeed: {error}"));
}

fn replayed(journal: &impl Journal, from: u64) -> Vec<Replayed> {
    let frames = journal
        .replay(from)
        .unwrap_or_else(|error| panic!("a replay from {from} must begin: {error}"));
    frames
        .map(|frame| frame.unwrap_or_else(|error| panic!("a replay from {from} must go on: {error}")))
        .collect()
}

fn assert_limit(journal: &impl Journal, frame: &Frame, limit: &Limit) {
    let size = journal.size();
    match journal.append(frame) {
        Err(JournalError::Limit(named)) => assert_eq!(named, *limit),
        other => panic!("{limit:?} must be refused by name: {other:?}"),
    }
    assert_eq!(journal.size(), size, "a refused frame changes nothing");
}

fn assert_not_an_attachment<T: std::fmt::Debug>(result: Result<T, JournalError>, wrong: &Place) {
    match result {
        Err(JournalError::NotAnAttachment(named)) => assert_eq!(named, *wrong),
        other => panic!("{wrong:?} is not the place of an attachment: {other:?}"),
    }
}
