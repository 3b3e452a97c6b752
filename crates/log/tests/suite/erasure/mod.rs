//! What a tombstone names is given to nobody from its publication on, and is gone from the journal in the end, whatever is
//! interrupted on the way.

mod copies;
mod damaged;
mod given;
mod interrupted;
mod known;

use std::sync::Arc;

use indelible_log::{AttachmentSet, Blanker, Erasure, Log, Reader, Step, fsck_with};
use indelible_store::journal::{Attachment, Journal, Place, Replayed, attachment_places};
use indelible_store::objects::MemoryObjects;

use crate::doubles::{Power, TestJournal, TestObjects};
use crate::events::{Words, append_events, attachments, event, expected, read_attached, start_events};
use crate::support::{Homes, key, lazy, shutdown};

/// What is erased in most tests of 0..300, and what is left of an event then.
const TEXT: &str = "3..5 0,2; 100..280 1,11";

fn named(index: u64) -> AttachmentSet {
    match index {
        3..5 => [0, 2].into_iter().collect(),
        100..280 => [1, 11].into_iter().collect(),
        _ => AttachmentSet::NONE,
    }
}

fn everything() -> Erasure {
    Erasure {
        entries: 0..u64::MAX,
        attachments: AttachmentSet::ALL,
    }
}

fn start(homes: &Homes, from: u64) -> Log {
    start_events(homes.journal.clone(), Arc::new(homes.objects.clone()), from, &lazy()).unwrap()
}

/// A log of 300 events of which the first `sealed` are sealed, and its power supply.
fn with_sealed(sealed: u64) -> (Homes, Log, Arc<Power>) {
    let homes = Homes::of_events();
    let log = start(&homes, 0);
    append_events(&log, 0..sealed, 40).unwrap();
    shutdown(log).unwrap();
    assert_eq!(homes.sealed(), sealed);
    let power = Power::steady();
    let journal = TestJournal::new(homes.journal.clone(), &power);
    let objects = TestObjects::new(homes.objects.clone(), &power);
    let log = start_events(journal, objects, sealed, &lazy()).unwrap();
    append_events(&log, sealed..300, 40).unwrap();
    (homes, log, power)
}

/// Ends a log like a process that is killed.
fn kill(log: Log, power: &Power) {
    power.cut();
    drop(log);
}

/// The entries of which something is pending, from and to.
fn pending(blanker: &Blanker) -> Vec<(u64, u64)> {
    let pending = blanker.pending();
    pending
        .erasures()
        .map(|erasure| (erasure.entries.start, erasure.entries.end))
        .collect()
}

/// Every event is read, and of those named nothing that is.
fn check_read(reader: &Reader, named: impl Fn(u64) -> AttachmentSet) {
    for index in 0..300 {
        let expected = expected(&attachments(index), named(index));
        assert!(reader.attachments(index).unwrap() == expected, "event {index}");
    }
    let all = read_attached(reader, 50_000);
    for (index, found) in (0..300).zip(&all) {
        assert_eq!(found.entry, event(index));
        assert!(
            found.attachments == expected(&attachments(index), named(index)),
            "event {index}"
        );
    }
}

/// Whether the journal itself has what is named, of all entries that are.
fn in_journal(journal: &dyn Journal, named: impl Fn(u64) -> AttachmentSet) -> Vec<Attachment> {
    let mut found = vec![];
    for replayed in journal.replay(0).unwrap() {
        let Replayed { frame, place, .. } = replayed.unwrap();
        for (index, row) in (frame.first..).zip(attachment_places(&frame, place)) {
            let numbered = row.iter().enumerate();
            let of_named = numbered.filter(|(number, place)| named(index).contains(*number) && place.length > 0);
            found.extend(of_named.map(|(_, place)| journal.read(place).unwrap()));
        }
    }
    found
}

fn are_blanked(found: &[Attachment]) -> bool {
    assert!(found.len() > 100, "{} are no test", found.len());
    found.iter().all(|attachment| *attachment == Attachment::Blanked)
}

/// Findings of fsck, and how many attachments it found blanked and half blanked.
fn check_stored(journal: &dyn Journal, objects: Option<&MemoryObjects>) -> (Vec<String>, u64, u64) {
    let mut found = vec![];
    let objects = objects.map(|objects| objects as &dyn indelible_store::objects::Objects);
    let checked = fsck_with(Some(&Words), journal, objects, &key().verifier(), &mut |step| {
        if let Step::Found(finding) = step {
            found.push(finding.to_string());
        }
    });
    let checked = checked.unwrap();
    (found, checked.blanked, checked.under_way)
}

/// Where an attachment of an entry lies.
fn place_of(journal: &dyn Journal, index: u64, number: usize) -> Place {
    let rows = journal.replay(0).unwrap().map(Result::unwrap).flat_map(|replayed| {
        let first = replayed.frame.first;
        (first..)
            .zip(attachment_places(&replayed.frame, replayed.place))
            .collect::<Vec<_>>()
    });
    rows.into_iter().find(|(at, _)| *at == index).unwrap().1[number]
}
