//! Starts from every state in which a crash can leave a log: they all go on as if nothing had happened.

use bytes::Bytes;
use indelible_log::{Log, Settings, StartError};

use crate::doubles::{Last, Power, TestObjects};
use crate::reference::Reference;
use crate::support::{
    Dice, Homes, append, batch, check_log, eager, entries, frames, home_of, journal_of, lazy, objects_of, shutdown,
    small_entries, start,
};

/// Cuts entries into commits of 1 to 40.
fn commits(entries: &[Bytes], seed: u64) -> Vec<Vec<Bytes>> {
    let mut dice = Dice(seed);
    let mut rest = entries;
    let mut commits = vec![];
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.len().min(1 + dice.below(40) as usize));
        commits.push(now.to_vec());
        rest = later;
    }
    commits
}

/// A log that goes on from here has the heads of one that never stopped.
fn goes_on(log: Log, known: &[Bytes]) {
    check_log(&log.reader(), known);
    let more = [known, &entries(1_000..1_003)].concat();
    let reference = Reference::of(&more);
    for size in known.len() + 1..=more.len() {
        let ack = append(&log.appender(), batch(&more[size - 1..size])).unwrap();
        assert_eq!((ack.first, ack.head.tree()), (size as u64 - 1, reference.head(size)));
    }
    let reader = log.reader();
    shutdown(log).unwrap();
    check_log(&reader, &more);
}

#[test]
fn a_new_log_is_empty() {
    let homes = Homes::new();
    goes_on(homes.start(&eager()), &[]);
    assert_eq!(homes.sealed(), 3);
}

#[test]
fn wherever_sealing_stood_the_log_goes_on() {
    let whole = small_entries(0..600);
    let written = Homes::unsealed(&commits(&whole, 1));
    for sealed in 0..=600 {
        let homes = Homes {
            // Every start adds to its journal, so each has one of its own.
            journal: journal_of(written.journal.genesis().clone(), &frames(written.journal.as_ref())),
            objects: home_of(objects_of(&whole[..sealed])),
        };
        let log = homes.start(&lazy());
        assert_eq!(
            homes.sealed(),
            sealed as u64,
            "a start that has memory enough seals nothing"
        );
        if sealed % 20 < 3 {
            goes_on(log, &whole);
            assert_eq!(homes.sealed(), 603);
        } else {
            assert_eq!(log.reader().head().size(), 600);
            assert_eq!(log.reader().entries(599, 600, 1).unwrap(), whole[599..]);
        }
    }
}

#[test]
fn a_long_journal_is_sealed_while_it_is_replayed() {
    let whole = small_entries(0..2_000);
    let homes = Homes::unsealed(&commits(&whole, 2));
    // Of entries of 200 bytes, by weight, half of this is more than half a bundle, and all of it more than a whole one.
    let settings = Settings {
        backlog_bytes_max: 300 * 200,
        ..lazy()
    };
    let log = homes.start(&settings);
    assert_eq!(homes.sealed(), 1_792, "all whole bundles");
    goes_on(log, &whole);
}

#[test]
fn a_start_that_cannot_seal_what_is_too_much_for_memory_fails_and_the_next_one_goes_on() {
    let whole = small_entries(0..2_000);
    let settings = Settings {
        backlog_bytes_max: 20 * 200,
        ..lazy()
    };
    for last in [Last::Lost, Last::Kept] {
        let homes = Homes::unsealed(&commits(&whole, 3));
        let objects = TestObjects::new(homes.objects.clone(), &Power::fails_after(2, last));
        let error = start(homes.journal.clone(), objects, &settings).unwrap_err();
        assert!(
            matches!(error, StartError::Objects(_)) && !error.is_refuted(),
            "{error}"
        );
        goes_on(homes.start(&settings), &whole);
    }
}
