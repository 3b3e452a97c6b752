//! Which tombstones a start knows, and which say nothing.

use std::sync::Arc;

use indelible_log::{AttachmentSet, StartError};
use indelible_store::objects::Key;

use super::{check_read, kill, pending, with_sealed};
use crate::doubles::{Power, TestJournal, TestObjects};
use crate::events::{append_events, start_events, tombstone};
use crate::support::{Homes, append, lazy, shutdown};

#[test]
fn a_tombstone_that_speaks_of_itself_or_of_what_comes_erases_nothing() {
    let (_homes, log, _power) = with_sealed(150);
    for (index, text) in (300..).zip(["0..301 0", "3..4 0; 301..302 0", "0..9 0; 400..401 1"]) {
        let ack = append(&log.appender(), tombstone(text)).unwrap();
        assert_eq!(ack.first, index);
    }
    check_read(&log.reader(), |_| AttachmentSet::NONE);
    assert!(log.blanker().unwrap().pending().is_empty());
}

#[test]
fn tombstones_are_known_from_the_cursor_on_wherever_they_stand() {
    let (homes, log, _power) = with_sealed(150);
    append(&log.appender(), tombstone("3..5 0,2")).unwrap();
    append_events(&log, 301..400, 40).unwrap();
    append(&log.appender(), tombstone("100..280 1,11")).unwrap();
    log.blanker().unwrap().blank(&[]).unwrap();
    shutdown(log).unwrap();
    assert_eq!(homes.sealed(), 401);
    let known = |homes: &Homes, from| {
        let power = Power::steady();
        let journal = TestJournal::new(homes.journal.clone(), &power);
        let objects = TestObjects::new(homes.objects.clone(), &power);
        let log = start_events(journal, objects, from, &lazy()).unwrap();
        let pending = pending(&log.blanker().unwrap());
        kill(log, &power);
        pending
    };
    let unsealed = Homes {
        journal: homes.journal.clone(),
        objects: Homes::of_events().objects,
    };
    for homes in [&homes, &unsealed] {
        for (from, expected) in [
            (0, vec![(3, 5), (100, 280)]),
            (300, vec![(3, 5), (100, 280)]),
            (301, vec![(100, 280)]),
            (400, vec![(100, 280)]),
            (401, vec![]),
            // No cursor of this log.
            (402, vec![(3, 5), (100, 280)]),
            (u64::MAX, vec![(3, 5), (100, 280)]),
        ] {
            assert_eq!(known(homes, from), expected, "from {from} on");
        }
    }
    // A run that is gone may have been a tombstone.
    let objects = homes.objects.clone();
    let lost = crate::support::home_of(vec![]);
    for bundle in 0..2 {
        for (first, run) in indelible_store::objects::Objects::runs(&objects, bundle).unwrap() {
            if first != 0 || bundle != 0 {
                let put = vec![(Key::Entries { first }, run)];
                indelible_store::objects::Objects::put(&lost, put).unwrap();
            }
        }
    }
    let tile = Key::Tile { level: 0, index: 0 };
    let value = indelible_store::objects::Objects::get(&objects, tile).unwrap().unwrap();
    indelible_store::objects::Objects::put(&lost, vec![(tile, value)]).unwrap();
    let error = start_events(homes.journal.clone(), Arc::new(lost), 0, &lazy()).unwrap_err();
    assert!(
        matches!(
            error,
            StartError::Object {
                key: Key::Entries { .. },
                ..
            }
        ),
        "{error}"
    );
}
