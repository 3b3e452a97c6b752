//! What is absent or half there without a tombstone is damage.

use std::sync::Arc;

use indelible_log::StartError;
use indelible_store::journal::{Place, Replayed, attachment_places};

use super::{TEXT, check_stored, everything, kill, place_of, with_sealed};
use crate::doubles::Disk;
use crate::events::{start_events, tombstone};
use crate::support::{Homes, append, lazy, shutdown};

#[test]
fn what_is_damaged_and_not_named_stops_the_start() {
    let (homes, log, power) = with_sealed(0);
    append(&log.appender(), tombstone(TEXT)).unwrap();
    kill(log, &power);
    let disk = Disk::new(homes.journal.clone());
    let place = |index: u64, number: usize| place_of(homes.journal.as_ref(), index, number);
    for (index, number, starts) in [(3, 0, true), (3, 1, false), (110, 11, true), (290, 11, false)] {
        disk.torn.lock().unwrap().insert(place(index, number));
        match start_events(disk.clone(), Arc::new(Homes::of_events().objects), 0, &lazy()) {
            Ok(log) => {
                assert!(starts);
                assert!(disk.torn.lock().unwrap().is_empty(), "it was finished");
                shutdown(log).unwrap();
            }
            Err(error) => {
                assert!(!starts && error.is_refuted());
                assert!(
                    matches!(&error, StartError::Attachment { index: at, attachment } if (*at, *attachment) == (index, number)),
                    "{error}"
                );
                let (found, ..) = check_stored(disk.as_ref(), None);
                assert!(
                    found[0].starts_with(&format!("attachment {number} of entry {index} ")),
                    "{found:?}"
                );
                assert_eq!(disk.torn.lock().unwrap().drain().count(), 1, "nothing was touched");
            }
        }
    }
}

#[test]
fn what_is_blanked_and_not_named_is_a_finding() {
    let (homes, log, _power) = with_sealed(0);
    append(&log.appender(), tombstone(TEXT)).unwrap();
    log.blanker().unwrap().blank(&[everything()]).unwrap();
    shutdown(log).unwrap();
    // Somebody overwrites by himself what no tombstone names: all of an event, and the same of its neighbour.
    let mut wanted: Vec<Place> = vec![];
    for replayed in homes.journal.replay(0).unwrap() {
        let Replayed { frame, place, .. } = replayed.unwrap();
        for (index, row) in (frame.first..).zip(attachment_places(&frame, place)) {
            if (121..123).contains(&index) {
                wanted.extend(&row[..3]);
            }
        }
    }
    homes.journal.blank(&wanted).unwrap();
    let (found, ..) = check_stored(homes.journal.as_ref(), Some(&homes.objects));
    assert_eq!(
        found,
        [
            "attachments 0, 2 of the entries 121..123 are blanked, and no tombstone names them: restore the journal from a backup"
        ]
    );
}
