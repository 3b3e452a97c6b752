//! The index of leaves from outside.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::path::{Path, PathBuf};
use std::thread;

use indelible_index::{IndexError, LeafIndex};
use indelible_merkle::Hash;
use rusqlite::Connection;
use tempfile::TempDir;

#[test]
fn every_leaf_is_found_at_its_first_index() {
    let dir = TempDir::new().unwrap();
    let index = small(&dir);
    // Leaf 7 comes again in its own partition and in two later ones, within one call and across calls.
    let numbers = [0, 1, 7, 7, 4, 5, 6, 7, 8, 7, 10, 11, 12, 13, 7, 15];
    index.extend(0, &leaves(numbers[..9].iter().copied())).unwrap();
    index.extend(9, &leaves(numbers[9..].iter().copied())).unwrap();
    for number in [0, 1, 4, 5, 6, 8, 10, 11, 12, 13, 15] {
        assert_eq!(index.first_index(&leaf(number)).unwrap(), Some(number), "leaf {number}");
    }
    assert_eq!(index.first_index(&leaf(7)).unwrap(), Some(2));
    for absent in [2, 3, 9, 14, 16] {
        assert_eq!(index.first_index(&leaf(absent)).unwrap(), None, "leaf {absent}");
    }
    assert_eq!(index.indexed_size().unwrap(), 16);
}

#[test]
fn one_call_may_fill_many_partitions_and_none() {
    let dir = TempDir::new().unwrap();
    let index = small(&dir);
    index.extend(0, &[]).unwrap();
    assert_eq!(index.indexed_size().unwrap(), 0);
    index.extend(0, &leaves(0..33)).unwrap();
    index.extend(33, &[]).unwrap();
    index.extend(33, &leaves(33..40)).unwrap();
    for number in 0..40 {
        assert_eq!(index.first_index(&leaf(number)).unwrap(), Some(number));
    }
    assert_eq!(index.indexed_size().unwrap(), 40);
}

#[test]
fn an_index_goes_on_where_it_stood() {
    let dir = TempDir::new().unwrap();
    small(&dir).extend(0, &leaves(0..6)).unwrap();
    let index = small(&dir);
    assert_eq!(index.indexed_size().unwrap(), 6);
    index.extend(6, &leaves(6..9)).unwrap();
    assert_eq!(index.first_index(&leaf(5)).unwrap(), Some(5));
    assert_eq!(index.first_index(&leaf(8)).unwrap(), Some(8));
}

#[test]
fn gaps_and_repeats_are_refused() {
    let dir = TempDir::new().unwrap();
    let index = small(&dir);
    index.extend(0, &leaves(0..6)).unwrap();
    for first in [0, 5, 7, u64::MAX] {
        match index.extend(first, &leaves(6..9)) {
            Err(IndexError::Gap {
                indexed_size: 6,
                first: named,
            }) => assert_eq!(named, first),
            other => panic!("{first} gave {other:?}"),
        }
    }
    assert_eq!(index.indexed_size().unwrap(), 6);
    assert_eq!(index.first_index(&leaf(6)).unwrap(), None);
}

#[test]
fn rows_and_size_go_together() {
    let dir = TempDir::new().unwrap();
    let index = small(&dir);
    index.extend(0, &leaves(0..2)).unwrap();
    // The second partition cannot be written, after rows of the first one have been.
    Connection::open(file(&dir))
        .unwrap()
        .execute_batch("CREATE VIEW leaves_1 AS SELECT 1")
        .unwrap();
    let failed = index.extend(2, &leaves(2..6));
    assert!(
        matches!(failed, Err(IndexError::Sqlite { act: "extend", .. })),
        "{failed:?}"
    );
    assert_eq!(index.indexed_size().unwrap(), 2);
    assert_eq!(index.first_index(&leaf(2)).unwrap(), None);
    Connection::open(file(&dir))
        .unwrap()
        .execute_batch("DROP VIEW leaves_1")
        .unwrap();
    index.extend(2, &leaves(2..6)).unwrap();
    assert_eq!(index.first_index(&leaf(5)).unwrap(), Some(5));
}

#[test]
fn the_index_of_another_log_or_cut_is_emptied() {
    let dir = TempDir::new().unwrap();
    for open in [
        (|path| LeafIndex::open_partitioned(path, "another log", PARTITION)) as fn(&Path) -> _,
        |path| LeafIndex::open_partitioned(path, LOG, PARTITION + 1),
        |path| LeafIndex::open(path, LOG),
    ] {
        small(&dir).extend(0, &leaves(0..10)).unwrap();
        let index = open(&file(&dir)).unwrap();
        assert_eq!(index.indexed_size().unwrap(), 0);
        assert_eq!(index.first_index(&leaf(0)).unwrap(), None);
        index.extend(0, &leaves(20..30)).unwrap();
        assert_eq!(
            index.first_index(&leaf(0)).unwrap(),
            None,
            "no row of the old index may shine through"
        );
        assert_eq!(index.first_index(&leaf(29)).unwrap(), Some(9));
    }
}

#[test]
fn a_reset_forgets_everything() {
    let dir = TempDir::new().unwrap();
    let index = small(&dir);
    index.extend(0, &leaves(0..10)).unwrap();
    index.reset().unwrap();
    assert_eq!(index.indexed_size().unwrap(), 0);
    assert_eq!(index.first_index(&leaf(0)).unwrap(), None);
    index.extend(0, &leaves(20..30)).unwrap();
    assert_eq!(index.first_index(&leaf(20)).unwrap(), Some(0));
    assert_eq!(index.first_index(&leaf(0)).unwrap(), None);
}

#[test]
fn files_of_others_are_left_alone() {
    let dir = TempDir::new().unwrap();
    let open = || LeafIndex::open(&file(&dir), LOG);
    drop(open().unwrap());
    let ours = Connection::open(file(&dir)).unwrap();
    ours.pragma_update(None, "user_version", 99).unwrap();
    drop(ours);
    match open() {
        Err(error @ IndexError::OtherFormat { found: 99, .. }) => {
            assert!(error.to_string().contains("delete it"), "{error}");
        }
        other => panic!("{other:?}"),
    }

    std::fs::remove_file(file(&dir)).unwrap();
    let other = Connection::open(file(&dir)).unwrap();
    other.execute_batch("CREATE TABLE somebody_elses (x)").unwrap();
    drop(other);
    assert!(matches!(open(), Err(IndexError::NotAnIndex { application_id: 0, .. })));

    std::fs::write(file(&dir), [b'x'; 4096]).unwrap();
    match open() {
        Err(error @ IndexError::Sqlite { .. }) => assert!(error.to_string().contains("can be deleted"), "{error}"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        LeafIndex::open_partitioned(&file(&dir), LOG, 0),
        Err(IndexError::EmptyPartitions)
    ));
}

#[test]
fn readers_go_on_while_the_index_grows() {
    let dir = TempDir::new().unwrap();
    let index = LeafIndex::open_partitioned(&file(&dir), LOG, 64).unwrap();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let size = index.indexed_size().unwrap();
                    assert_eq!(size % 50, 0, "half of an extension was seen");
                    if size > 0 {
                        assert_eq!(index.first_index(&leaf(size - 1)).unwrap(), Some(size - 1));
                    }
                    if size == 2000 {
                        break;
                    }
                }
            });
        }
        for first in (0..2000).step_by(50) {
            index.extend(first, &leaves(first..first + 50)).unwrap();
        }
    });
}

#[test]
fn readers_and_the_writer_do_not_wait_for_each_other() {
    let dir = TempDir::new().unwrap();
    let index = small(&dir);
    index.extend(0, &leaves(0..10)).unwrap();
    let other = Connection::open(file(&dir)).unwrap();
    other
        .execute_batch("BEGIN IMMEDIATE; UPDATE leaf_index SET indexed_size = 7")
        .unwrap();
    assert_eq!(index.first_index(&leaf(9)).unwrap(), Some(9));
    assert_eq!(index.indexed_size().unwrap(), 10, "what is not committed is not seen");
    other
        .execute_batch("ROLLBACK; BEGIN; SELECT indexed_size FROM leaf_index")
        .unwrap();
    index.extend(10, &leaves(10..20)).unwrap();
    other.execute_batch("ROLLBACK").unwrap();
}

fn small(dir: &TempDir) -> LeafIndex {
    LeafIndex::open_partitioned(&file(dir), LOG, PARTITION).unwrap()
}

fn file(dir: &TempDir) -> PathBuf {
    dir.path().join("state.sqlite")
}

fn leaf(number: u64) -> Hash {
    Hash::leaf(&number.to_be_bytes())
}

fn leaves(numbers: impl Iterator<Item = u64>) -> Vec<Hash> {
    numbers.map(leaf).collect()
}

const PARTITION: u64 = 4;

const LOG: &str = "ci.example.com/audit+00000000+key";
