//! Copies of a journal that are older than what was erased.

use std::sync::Arc;

use bytes::Bytes;
use indelible_log::{AttachmentSet, BlankError, Kind, StartError, erase, rebuild_with};

use super::{
    TEXT, are_blanked, check_read, check_stored, everything, in_journal, kill, named, pending, place_of, with_sealed,
};
use crate::doubles::{Disk, Power, TestJournal};
use crate::events::{Words, append_events, named_by, start_events, tombstone};
use crate::support::{Homes, append, genesis_of_kind, journal_of, key, lazy, shutdown};

/// An older copy of the journal has what was erased since it was made; the tombstones are in it, or it is too old to know.
#[test]
fn rebuilding_overwrites_what_an_older_copy_still_has() {
    let (homes, log, _power) = with_sealed(150);
    append(&log.appender(), tombstone(TEXT)).unwrap();
    append(&log.appender(), tombstone("7..8 0")).unwrap();
    shutdown(log).unwrap();
    let frames = crate::support::frames(homes.journal.as_ref());
    let copy = journal_of(genesis_of_kind(Kind::Events, 256), &frames);
    let objects = Homes::of_events().objects;
    let vkey = key().verifier();
    let refused = indelible_log::rebuild(copy.as_ref(), Arc::new(objects.clone()), &vkey, None, |_| {});
    assert!(matches!(refused, Err(StartError::Tombstones)), "{refused:?}");
    let rebuilt = rebuild_with(
        Some(Arc::new(Words)),
        copy.as_ref(),
        Arc::new(objects.clone()),
        &vkey,
        None,
        |_| {},
    );
    assert_eq!(rebuilt.unwrap().entries, 0..302);
    assert!(are_blanked(&in_journal(copy.as_ref(), named)));
    let (found, blanked, under_way) = check_stored(copy.as_ref(), Some(&objects));
    assert_eq!((found, under_way), (vec![], 0));
    assert!(blanked > 200);
    let log = start_events(copy, Arc::new(objects), 302, &lazy()).unwrap();
    check_read(&log.reader(), |index| match index {
        7 => [0].into_iter().collect(),
        index => named(index),
    });
}

/// A copy that goes on behind what it had: by what the new tombstones name, the old frames are overwritten too.
#[test]
fn a_copy_is_erased_by_what_its_tombstones_name() {
    let (homes, log, _power) = with_sealed(0);
    append(&log.appender(), tombstone(TEXT)).unwrap();
    shutdown(log).unwrap();
    let mut frames = crate::support::frames(homes.journal.as_ref());
    let copy = journal_of(genesis_of_kind(Kind::Events, 256), &frames);
    let entries: Vec<Bytes> = frames
        .drain(..)
        .flat_map(|frame| frame.records)
        .map(|record| record.entry)
        .collect();
    let named_there = named_by(&entries);
    assert_eq!(named_there.of(4), named(4));
    assert!(erase(copy.as_ref(), &named_there).unwrap() > 200);
    assert!(are_blanked(&in_journal(copy.as_ref(), named)));
    assert_eq!(check_stored(copy.as_ref(), None).0, Vec::<String>::new());
    // Twice is once.
    assert!(erase(copy.as_ref(), &named_there).unwrap() > 200);
    assert_eq!(erase(copy.as_ref(), &indelible_log::Erased::default()).unwrap(), 0);
}

/// Files that are put back have the tree of the log, and again what was overwritten: a start that does not carry the tombstone out once more
/// knows nothing of it, until it looks.
#[test]
fn what_a_copy_brings_back_is_found_and_overwritten_again() {
    for sealed in [0, 300] {
        let (homes, log, power) = with_sealed(sealed);
        append(&log.appender(), tombstone(TEXT)).unwrap();
        kill(log, &power);
        let copy = journal_of(
            genesis_of_kind(Kind::Events, 256),
            &crate::support::frames(homes.journal.as_ref()),
        );
        let disk = Disk::new(copy);
        let journal = TestJournal::on(&disk, &Power::steady());
        let log = start_events(journal, Arc::new(homes.objects.clone()), 301, &lazy()).unwrap();
        let (reader, blanker) = (log.reader(), log.blanker().unwrap());
        assert!(blanker.pending().is_empty());
        check_read(&reader, |_| AttachmentSet::NONE);
        assert_eq!(blanker.recheck(299).unwrap(), 0, "no tombstone");
        assert!(matches!(blanker.recheck(301), Err(BlankError::Read(_))));

        let found = blanker.recheck(300).unwrap();
        assert!(found > 100, "{found}");
        check_read(&reader, named);
        assert!(blanker.blank(&[everything()]).unwrap() > 200);
        assert!(are_blanked(&in_journal(disk.as_ref(), named)));
        assert_eq!(blanker.recheck(300).unwrap(), 0, "all is gone");
        check_read(&reader, named);

        // A copy that was made while one attachment was overwritten.
        let torn = place_of(disk.as_ref(), 110, 11);
        disk.torn.lock().unwrap().insert(torn);
        assert_eq!(blanker.recheck(300).unwrap(), 1);
        assert_eq!(pending(&blanker), [(110, 111)]);
        blanker.blank(&[everything()]).unwrap();
        assert!(disk.torn.lock().unwrap().is_empty());
        shutdown(log).unwrap();
    }
}

/// What has no bytes has nothing that could come back: it is not found at every start, and not overwritten again.
#[test]
fn what_was_empty_is_not_found_again() {
    let (_homes, log, _power) = with_sealed(150);
    append(&log.appender(), tombstone("3..5 3; 110..112 2,3")).unwrap();
    append_events(&log, 301..302, 1).unwrap();
    let blanker = log.blanker().unwrap();
    blanker.blank(&[everything()]).unwrap();
    assert!(blanker.pending().is_empty());
    assert_eq!(blanker.recheck(300).unwrap(), 0);
    shutdown(log).unwrap();
}
