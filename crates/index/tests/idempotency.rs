//! The table of keys, and the shell around desk and table, from outside.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use indelible_event::member::Member;
use indelible_index::idempotency::{Begun, Content, ContentMac, Idempotency, Identity, KeyRow, KeyTable, Tabled};
use indelible_index::{Erased, IndexError, IndexKey};
use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;

#[test]
fn every_key_is_found_at_its_first_entry() {
    let dir = TempDir::new().unwrap();
    let table = small(&dir);
    // Entry 3 has no identity, entry 6 the one of entry 1, in another partition.
    let rows = [
        Some(row(0)),
        Some(row(1)),
        Some(row(2)),
        None,
        Some(row(4)),
        Some(row(5)),
        Some(row(1)),
    ];
    table.extend(0, &rows[..2]).unwrap();
    table.extend(2, &rows[2..]).unwrap();
    for number in [0, 1, 2, 4, 5] {
        assert_eq!(found(&table, number), Some(tabled(number, number)), "{number}");
    }
    assert_eq!(found(&table, 3), None);
    assert_eq!(table.indexed_size(), 7);
    assert_eq!(table.find(&identity(0)).unwrap().below, 7);
}

#[test]
fn a_table_goes_on_where_it_stood() {
    let dir = TempDir::new().unwrap();
    for first in (0..60).step_by(6) {
        let table = small(&dir);
        assert_eq!(table.indexed_size(), first);
        table.extend(first, &rows(first, first + 6)).unwrap();
        for number in 0..first + 6 {
            assert_eq!(
                found(&table, number),
                Some(tabled(number, number)),
                "{number} of {first}"
            );
        }
        assert_eq!(found(&table, first + 6), None);
    }
}

#[test]
fn gaps_and_repeats_are_refused() {
    let dir = TempDir::new().unwrap();
    let table = small(&dir);
    table.extend(0, &rows(0, 6)).unwrap();
    for first in [0, 5, 7] {
        let refused = table.extend(first, &rows(6, 9));
        assert!(matches!(refused, Err(IndexError::Gap { indexed_size: 6, first: named }) if named == first));
    }
    assert_eq!(found(&table, 6), None);
}

#[test]
fn rows_and_size_go_together() {
    let dir = TempDir::new().unwrap();
    let table = small(&dir);
    table.extend(0, &rows(0, 2)).unwrap();
    let other = Connection::open(file(&dir)).unwrap();
    other.execute_batch("CREATE VIEW keys_1 AS SELECT 1").unwrap();
    let failed = table.extend(2, &rows(2, 6));
    assert!(
        matches!(failed, Err(IndexError::Sqlite { act: "extend", .. })),
        "{failed:?}"
    );
    assert_eq!(table.indexed_size(), 2);
    // Its filter has the key by now, its table not.
    assert_eq!(found(&table, 2), None);
    assert_eq!(found(&table, 5), None);
    other.execute_batch("DROP VIEW keys_1").unwrap();
    table.extend(2, &rows(2, 6)).unwrap();
    assert_eq!(found(&table, 5), Some(tabled(5, 5)));
}

#[test]
fn a_table_of_another_log_key_or_cut_is_emptied() {
    let dir = TempDir::new().unwrap();
    let others: [fn(PathBuf) -> _; 4] = [
        |path| KeyTable::open_partitioned(&path, "another log", &key(), PARTITION),
        |path| KeyTable::open_partitioned(&path, LOG, &IndexKey::new(&[9; 32]), PARTITION),
        |path| KeyTable::open_partitioned(&path, LOG, &key(), PARTITION + 1),
        |path| KeyTable::open(&path, LOG, &key()),
    ];
    for other in others {
        small(&dir).extend(0, &rows(0, 10)).unwrap();
        let table = other(file(&dir)).unwrap();
        assert_eq!(table.indexed_size(), 0);
        assert_eq!(found(&table, 0), None);
        table.extend(0, &rows(20, 30)).unwrap();
        assert_eq!(found(&table, 0), None);
        assert_eq!(found(&table, 29), Some(tabled(9, 29)));
        table.reset().unwrap();
        assert_eq!(table.indexed_size(), 0);
        assert_eq!(found(&table, 29), None);
    }
    assert!(matches!(
        KeyTable::open_partitioned(&file(&dir), LOG, &key(), 0),
        Err(IndexError::EmptyPartitions)
    ));
}

#[test]
fn the_file_of_another_kind_is_refused() {
    let dir = TempDir::new().unwrap();
    drop(small(&dir));
    let refused = indelible_index::LeafIndex::open(&file(&dir), LOG);
    assert!(matches!(refused, Err(IndexError::NotAnIndex { .. })), "{refused:?}");
    let refused = indelible_index::search::EventIndex::open(&file(&dir), LOG, &key());
    assert!(matches!(refused, Err(IndexError::NotAnIndex { .. })), "{refused:?}");
}

#[test]
fn a_filter_in_the_file_that_does_not_know_its_keys_is_made_anew() {
    let dir = TempDir::new().unwrap();
    small(&dir).extend(0, &rows(0, 10)).unwrap();
    let other = Connection::open(file(&dir)).unwrap();
    for damage in [
        "UPDATE filters SET bits = zeroblob(length(bits))",
        "UPDATE filters SET bits = x'00'",
        "DELETE FROM filters",
    ] {
        let changed = other.execute(damage, []).unwrap();
        assert_eq!(changed, 2, "two partitions of ten entries are full");
        let table = small(&dir);
        for number in 0..10 {
            assert_eq!(found(&table, number), Some(tabled(number, number)), "{damage}");
        }
    }
}

#[test]
fn what_is_erased_is_not_compared_and_whose_delivery_is_erased_is_forgotten() {
    let dir = TempDir::new().unwrap();
    let mut table = small(&dir);
    table.extend(0, &rows(0, 10)).unwrap();
    // Also entries that come in only later.
    table
        .erase(&[erased(1, 2, Member::Actor), erased(5, 11, Member::Delivery)])
        .unwrap();
    for reopened in [false, true] {
        if reopened {
            drop(table);
            table = small(&dir);
            table.extend(10, &rows(10, 14)).unwrap();
        }
        for number in 0..table.indexed_size() {
            let expected = match number {
                1 | 2 => Some(Tabled {
                    index: number,
                    content: None,
                }),
                5..=11 => None,
                _ => Some(tabled(number, number)),
            };
            assert_eq!(found(&table, number), expected, "{number}, reopened: {reopened}");
        }
    }
    // The key is free, and goes to whoever comes with it next.
    table.extend(14, &[Some(row(5))]).unwrap();
    assert_eq!(found(&table, 5), Some(tabled(14, 5)));
    table.erase(&[erased(5, 11, Member::Delivery)]).unwrap();
    assert_eq!(found(&table, 5), Some(tabled(14, 5)));
}

#[test]
fn submissions_wait_until_the_table_has_the_log() {
    let dir = TempDir::new().unwrap();
    let table = Arc::new(small(&dir));
    table.extend(0, &rows(0, 4)).unwrap();
    let behind = Idempotency::<()>::new(Arc::clone(&table), 5).unwrap_err();
    assert_eq!((behind.indexed_size, behind.log_size), (4, 5));
    assert!(Idempotency::<()>::new(table, 4).is_ok());
}

#[test]
fn beyond_the_room_there_is_no_second_leaf_but_no_first_either() {
    let dir = TempDir::new().unwrap();
    let gate = Idempotency::bounded(Arc::new(small(&dir)), 0, 2).unwrap();
    let begin = |number| gate.begin(identity(number), content(number), || number).unwrap();
    let Begun::New(first) = begin(0) else { panic!() };
    let Begun::New(second) = begin(1) else { panic!() };
    assert!(matches!(begin(2), Begun::Full));
    assert!(matches!(begin(1), Begun::InFlight(1)), "a repeat needs no room");
    gate.published(first, 0);
    assert!(matches!(begin(2), Begun::Full));
    gate.extend(0, &[Some(row(0))]).unwrap();
    assert!(matches!(begin(0), Begun::Known { index: 0 }));
    let Begun::New(_) = begin(2) else { panic!() };
    gate.lost(second);
    assert!(matches!(begin(1), Begun::Unresolved));
    assert!(matches!(begin(3), Begun::Full));
    // The log shows that it was written after all.
    gate.extend(1, &[Some(row(1))]).unwrap();
    assert!(matches!(begin(1), Begun::Known { index: 1 }));
}

#[test]
fn what_is_erased_before_the_table_has_it_is_not_compared_either() {
    let dir = TempDir::new().unwrap();
    let gate = Idempotency::new(Arc::new(small(&dir)), 0).unwrap();
    let begin = |number, said| gate.begin(identity(number), content(said), || ()).unwrap();
    for number in 0..3 {
        let Begun::New(ticket) = begin(number, number) else {
            panic!()
        };
        gate.published(ticket, number);
    }
    gate.erase(&[erased(0, 0, Member::Actor), erased(1, 1, Member::Delivery)])
        .unwrap();
    assert!(matches!(begin(0, 0), Begun::KnownErased { index: 0 }));
    assert!(matches!(begin(0, 9), Begun::KnownErased { index: 0 }));
    assert!(matches!(begin(2, 9), Begun::Conflict { index: 2 }));
    let Begun::New(ticket) = begin(1, 9) else { panic!() };
    gate.released(ticket);
    // What the follower had read before the erasure comes in without what was erased.
    gate.extend(0, &rows(0, 3)).unwrap();
    assert_eq!(gate.pending(), 0);
    assert!(matches!(begin(0, 9), Begun::KnownErased { index: 0 }));
    assert!(matches!(begin(1, 9), Begun::New(_)));
    assert!(matches!(begin(2, 2), Begun::Known { index: 2 }));
}

#[test]
fn many_threads_make_one_leaf_of_one_identity() {
    const THREADS: u64 = 4;
    const NUMBERS: u64 = 401;
    let dir = TempDir::new().unwrap();
    let table = Arc::new(KeyTable::open_partitioned(&file(&dir), LOG, &key(), 64).unwrap());
    let gate = Idempotency::new(table, 0).unwrap();
    let log = std::sync::Mutex::new(Vec::new());
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut first = 0;
            while !done.load(Ordering::Acquire) || first < log.lock().unwrap().len() {
                let rows: Vec<_> = log.lock().unwrap()[first..]
                    .iter()
                    .map(|number| Some(row(*number)))
                    .collect();
                gate.extend(u64::try_from(first).unwrap(), &rows).unwrap();
                first += rows.len();
            }
        });
        let submitters: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (gate, log) = (&gate, &log);
                scope.spawn(move || {
                    for at in 0..3 * NUMBERS {
                        let number = (at * 7 + thread * 3) % NUMBERS;
                        match gate.begin(identity(number), content(number), || ()).unwrap() {
                            Begun::New(ticket) if at % 5 == thread => gate.released(ticket),
                            Begun::New(ticket) => {
                                let index = {
                                    let mut log = log.lock().unwrap();
                                    log.push(number);
                                    log.len() - 1
                                };
                                gate.published(ticket, u64::try_from(index).unwrap());
                            }
                            Begun::Known { index } => {
                                assert_eq!(log.lock().unwrap()[usize::try_from(index).unwrap()], number);
                            }
                            Begun::InFlight(()) => {}
                            other => panic!("{other:?}"),
                        }
                    }
                })
            })
            .collect();
        submitters.into_iter().for_each(|submitter| submitter.join().unwrap());
        done.store(true, Ordering::Release);
    });
    let mut log = log.into_inner().unwrap();
    log.sort_unstable();
    assert_eq!(log, (0..NUMBERS).collect::<Vec<_>>());
    assert_eq!(gate.pending(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The table against a map, over partitions, restarts and erasures.
    #[test]
    fn a_table_is_a_map(
        steps in prop::collection::vec((0..4_u8, prop::collection::vec(prop::option::of(0..40_u64), 0..9), 0..60_u64), 0..25)
    ) {
        let dir = TempDir::new().unwrap();
        let mut table = small(&dir);
        let mut log: Vec<Option<u64>> = Vec::new();
        let mut forgotten: HashMap<u64, bool> = HashMap::new();
        for (act, numbers, index) in steps {
            match act {
                0 => {
                    drop(table);
                    table = small(&dir);
                }
                1 => {
                    table.erase(&[erased(index, index + 1, Member::Delivery), erased(index + 3, index + 3, Member::Raw)]).unwrap();
                    forgotten.insert(index, true);
                    forgotten.insert(index + 1, true);
                    forgotten.entry(index + 3).or_insert(false);
                }
                _ => {
                    // As the desk sees to it, an identity that the table has does not come again.
                    let mut fresh = Vec::new();
                    for number in numbers {
                        let there = |number: u64| {
                            let all = log.iter().chain(&fresh).zip(0_u64..);
                            all.into_iter().any(|(had, at)| *had == Some(number) && forgotten.get(&at) != Some(&true))
                        };
                        let number = number.filter(|number| !there(*number));
                        fresh.push(number);
                    }
                    let rows: Vec<_> = fresh.iter().map(|number| number.map(row)).collect();
                    table.extend(u64::try_from(log.len()).unwrap(), &rows).unwrap();
                    log.extend(fresh);
                }
            }
            for number in 0..40 {
                let expected = log
                    .iter()
                    .zip(0..)
                    .find(|(had, at)| **had == Some(number) && forgotten.get(at) != Some(&true))
                    .map(|(_, index)| Tabled {
                        index,
                        content: (!forgotten.contains_key(&index)).then(|| content(number)),
                    });
                prop_assert_eq!(found(&table, number), expected);
            }
        }
    }
}

fn found(table: &KeyTable, number: u64) -> Option<Tabled> {
    table.find(&identity(number)).unwrap().found
}

fn tabled(index: u64, number: u64) -> Tabled {
    Tabled {
        index,
        content: Some(content(number)),
    }
}

fn rows(first: u64, end: u64) -> Vec<Option<KeyRow>> {
    (first..end).map(|number| Some(row(number))).collect()
}

fn row(number: u64) -> KeyRow {
    KeyRow {
        identity: identity(number),
        content: Some(content(number)),
    }
}

fn identity(number: u64) -> Identity {
    key().identity("ci", &number.to_string())
}

fn content(number: u64) -> ContentMac {
    key().content(Content::Members(&number.to_be_bytes()))
}

fn erased(first: u64, last: u64, member: Member) -> Erased {
    Erased {
        first,
        last,
        members: vec![member],
    }
}

fn small(dir: &TempDir) -> KeyTable {
    KeyTable::open_partitioned(&file(dir), LOG, &key(), PARTITION).unwrap()
}

fn file(dir: &TempDir) -> PathBuf {
    dir.path().join("dedupe.sqlite")
}

fn key() -> IndexKey {
    IndexKey::new(&[1; 32])
}

const PARTITION: u64 = 4;

const LOG: &str = "ci.example.com/audit+00000000+key";
