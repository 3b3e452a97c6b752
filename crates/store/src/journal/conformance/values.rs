//! What the suite appends, and how it asks.

use std::fmt::Debug;

use bytes::Bytes;

use crate::journal::{
    Attachment, Frame, FramePlace, Genesis, Journal, JournalError, Kind, Limit, Place, Record, RecordPlace, Replayed,
};

pub(super) fn genesis() -> Genesis {
    Genesis {
        seed: *b"0123456789abcdef",
        description: Bytes::from_static(b"a journal for the conformance suite"),
        note: Bytes::from_static(b"size 0"),
    }
}

/// A commit of entries of many lengths; `number` makes it differ from others.
pub(super) fn commit(first: u64, entries: usize, number: usize) -> Frame {
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

pub(super) fn closing(first: u64) -> Frame {
    Frame {
        kind: Kind::Closing,
        first,
        records: Vec::new(),
        note: Bytes::new(),
    }
}

pub(super) fn key_change(first: u64) -> Frame {
    let note = Bytes::from_static(b"a new key");
    Frame {
        kind: Kind::KeyChange,
        first,
        records: Vec::new(),
        note,
    }
}

/// Four records with none, two, one and one attachments; the last one is empty.
pub(super) fn with_attachments(first: u64) -> Frame {
    let mut frame = commit(first, 4, 9);
    frame.records[1].attachments = vec![Bytes::from_static(b"alice"), Bytes::from(vec![b'x'; 3000])];
    frame.records[2].attachments = vec![Bytes::from_static(b"bob")];
    frame.records[3].attachments = vec![Bytes::new()];
    frame
}

pub(super) fn end(replayed: &Replayed) -> u64 {
    replayed.frame.first + replayed.frame.records.len() as u64
}

pub(super) fn append(journal: &impl Journal, frame: &Frame) -> FramePlace {
    journal
        .append(frame)
        .unwrap_or_else(|error| panic!("an append at {} must succeed: {error}", frame.first))
}

pub(super) fn read(journal: &impl Journal, place: &Place) -> Attachment {
    journal
        .read(place)
        .unwrap_or_else(|error| panic!("a read at {place:?} must succeed: {error}"))
}

pub(super) fn read_all(journal: &impl Journal, places: &[Place]) -> Vec<Attachment> {
    journal
        .read_all(places)
        .unwrap_or_else(|error| panic!("a read of {} attachments must succeed: {error}", places.len()))
}

pub(super) fn entry(journal: &impl Journal, place: &RecordPlace) -> Bytes {
    journal
        .read_entry(place)
        .unwrap_or_else(|error| panic!("a read of the entry at {place:?} must succeed: {error}"))
}

pub(super) fn blank(journal: &impl Journal, places: &[Place]) {
    journal
        .blank(places)
        .unwrap_or_else(|error| panic!("blanking {places:?} must succeed: {error}"));
}

pub(super) fn replayed(journal: &impl Journal, from: u64) -> Vec<Replayed> {
    let frames = journal
        .replay(from)
        .unwrap_or_else(|error| panic!("a replay from {from} must begin: {error}"));
    frames
        .map(|frame| frame.unwrap_or_else(|error| panic!("a replay from {from} must go on: {error}")))
        .collect()
}

pub(super) fn assert_limit(journal: &impl Journal, frame: &Frame, limit: &Limit) {
    let size = journal.size();
    match journal.append(frame) {
        Err(JournalError::Limit(named)) => assert_eq!(named, *limit),
        other => panic!("{limit:?} must be refused by name: {other:?}"),
    }
    assert_eq!(journal.size(), size, "a refused frame changes nothing");
}

pub(super) fn assert_not_an_attachment<T: Debug>(result: Result<T, JournalError>, wrong: &Place) {
    match result {
        Err(JournalError::NotAnAttachment(named)) => assert_eq!(named, *wrong),
        other => panic!("{wrong:?} is not the place of an attachment: {other:?}"),
    }
}
