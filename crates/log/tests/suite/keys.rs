//! A log that has changed its key.

use std::sync::Arc;

use bytes::Bytes;
use indelible_log::{ChangeProblem, Log, StartError, keys};
use indelible_merkle::TILE_WIDTH;
use indelible_note::{BrokenChain, KeyChange, SigningKey, open_checkpoint};
use indelible_store::journal::{Frame, Kind};

use crate::reference::Reference;
use crate::support::{
    Homes, append, batch, eager, entries, frames, genesis, journal_of, key, lazy, shutdown, small_entries,
};

/// The keys of the log, the first one first.
fn key_number(number: u8) -> SigningKey {
    match number {
        0 => key(),
        number => SigningKey::from_seed("log.example/tests".parse().unwrap(), [100 + number; 32]),
    }
}

fn change(old: &SigningKey, new: &SigningKey, stated: u64, first: u64) -> Frame {
    Frame {
        kind: Kind::KeyChange,
        first,
        records: Vec::new(),
        note: Bytes::from(KeyChange::sign(old, new, stated).unwrap().note().to_string()),
    }
}

fn start(homes: &Homes, key: SigningKey) -> Result<Log, StartError> {
    Log::start(homes.journal.clone(), Arc::new(homes.objects.clone()), key, &eager())
}

/// After each change the log goes on under the next key, and the head of that size carries both signatures.
#[test]
fn it_goes_on_under_each_key() {
    let homes = Homes::new();
    let whole = small_entries(0..600);
    for (number, entries) in (0u8..).zip(whole.chunks(200)) {
        let log = start(&homes, key_number(number)).unwrap();
        let at = u64::from(number) * 200;
        let head = log.reader().head();
        assert_eq!(head.tree(), Reference::of(&whole).head(usize::try_from(at).unwrap()));
        for signer in [number.saturating_sub(1), number] {
            open_checkpoint(&head.note_bytes(), &key_number(signer).verifier()).unwrap();
        }
        let ack = append(&log.appender(), batch(entries)).unwrap();
        assert_eq!(
            ack.head.checkpoint().note().signatures().len(),
            1,
            "one key signs what is new"
        );
        open_checkpoint(&ack.head.note_bytes(), &key_number(number).verifier()).unwrap();
        assert_eq!(log.keys().terms().len(), usize::from(number) + 1);
        shutdown(log).unwrap();
        let size = at + 200;
        homes
            .journal
            .append(&change(&key_number(number), &key_number(number + 1), size, size))
            .unwrap();
    }
    assert_eq!(
        keys(homes.journal.as_ref()).unwrap().current(),
        &key_number(3).verifier()
    );
    // From the journal alone, sealing on the way: every head is held against the key of its size.
    let tight = indelible_log::Settings {
        backlog_bytes_max: 1,
        ..lazy()
    };
    let objects = Homes::with_volumes(TILE_WIDTH).objects;
    let log = Log::start(homes.journal.clone(), Arc::new(objects), key_number(3), &tight).unwrap();
    assert_eq!(log.reader().head().size(), 600);
    shutdown(log).unwrap();
}

#[test]
fn only_the_key_in_force_starts_it() {
    let homes = Homes::new();
    let log = start(&homes, key()).unwrap();
    append(&log.appender(), batch(&entries(0..3))).unwrap();
    shutdown(log).unwrap();
    homes.journal.append(&change(&key(), &key_number(1), 3, 3)).unwrap();
    let refused = start(&homes, key()).unwrap_err();
    assert!(
        matches!(refused, StartError::RetiredKey { last_size: 3, .. }),
        "{refused}"
    );
    let refused = start(&homes, key_number(2)).unwrap_err();
    assert!(matches!(refused, StartError::OtherKey { .. }), "{refused}");
    shutdown(start(&homes, key_number(1)).unwrap()).unwrap();
}

/// A log in which the second key signs before its time, or the first one after it.
#[test]
fn a_head_by_the_key_of_another_time_is_refused() {
    let homes = Homes::new();
    let log = start(&homes, key()).unwrap();
    for index in 0..4 {
        append(&log.appender(), batch(&entries(index..index + 1))).unwrap();
    }
    shutdown(log).unwrap();
    let commits = frames(homes.journal.as_ref());
    for (at, holds) in [(4, true), (3, false), (2, false)] {
        let mut frames = commits.clone();
        frames.insert(at, change(&key(), &key_number(1), at as u64, at as u64));
        let journal = journal_of(genesis(TILE_WIDTH), &frames);
        let started = Log::start(journal, Arc::new(Homes::new().objects), key_number(1), &lazy());
        match started {
            Ok(log) => {
                assert!(holds, "at {at}");
                shutdown(log).unwrap();
            }
            Err(refused) => assert!(!holds && matches!(refused, StartError::Head(_)), "at {at}: {refused}"),
        }
    }
}

#[test]
fn a_change_that_does_not_follow_stops_the_start() {
    let homes = Homes::new();
    let log = start(&homes, key()).unwrap();
    append(&log.appender(), batch(&entries(0..3))).unwrap();
    shutdown(log).unwrap();
    let commits = frames(homes.journal.as_ref());
    let refused = |changes: &[Frame]| {
        let journal = journal_of(genesis(TILE_WIDTH), &[&commits, changes].concat());
        let refused = Log::start(journal, Arc::new(Homes::new().objects), key_number(1), &lazy()).unwrap_err();
        assert!(refused.is_refuted(), "{refused}");
        let StartError::KeyChange(bad) = refused else {
            panic!("{refused}")
        };
        bad.problem
    };
    let elsewhere = refused(&[change(&key(), &key_number(1), 2, 3)]);
    assert_eq!(elsewhere, ChangeProblem::Place { stated: 2, found: 3 });
    let thief = refused(&[change(&key_number(8), &key_number(1), 3, 3)]);
    assert!(
        matches!(thief, ChangeProblem::Chain(BrokenChain::Untrusted(_))),
        "{thief}"
    );
    let back = [
        change(&key(), &key_number(1), 3, 3),
        change(&key_number(1), &key(), 3, 3),
    ];
    assert!(matches!(
        refused(&back),
        ChangeProblem::Chain(BrokenChain::Again { .. })
    ));
    let mut none = change(&key(), &key_number(1), 3, 3);
    none.note = Bytes::from_static(b"from one key to another");
    assert!(matches!(
        refused(&[none]),
        ChangeProblem::Chain(BrokenChain::Malformed(_))
    ));
}
