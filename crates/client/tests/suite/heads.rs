//! What every home of the held head must do.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::sync::Arc;

use indelible_client::{FileHeads, HeadStore, MemoryHeads, Swap};

/// The contract of [`HeadStore`]. Each call of `open` opens the same, empty store.
fn check<S: HeadStore>(open: impl Fn() -> S + Sync) {
    let (store, other) = (open(), open());
    assert_eq!(store.load().unwrap(), None);
    assert_eq!(
        store.compare_and_swap(Some(b"a"), b"b").unwrap(),
        Swap::Lost { current: None }
    );
    assert_eq!(store.compare_and_swap(None, b"a").unwrap(), Swap::Stored);
    let current = Some(b"a".to_vec());
    assert_eq!(other.load().unwrap(), current);
    let lost = Swap::Lost { current };
    assert_eq!(other.compare_and_swap(None, b"b").unwrap(), lost);
    assert_eq!(other.compare_and_swap(Some(b"b"), b"c").unwrap(), lost);
    // A shorter value leaves nothing of a longer one.
    assert_eq!(
        other.compare_and_swap(Some(b"a"), b"a longer one").unwrap(),
        Swap::Stored
    );
    assert_eq!(
        store.compare_and_swap(Some(b"a longer one"), b"0").unwrap(),
        Swap::Stored
    );

    // Eight threads, each through a store of its own, count together: a swap that was stored was not lost to another.
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let store = open();
                for _ in 0..SWAPS {
                    let mut old = store.load().unwrap().unwrap();
                    loop {
                        let number: u64 = str::from_utf8(&old).unwrap().parse().unwrap();
                        let new = (number + 1).to_string();
                        match store.compare_and_swap(Some(&old), new.as_bytes()).unwrap() {
                            Swap::Stored => break,
                            Swap::Lost { current } => old = current.unwrap(),
                        }
                    }
                }
            });
        }
    });
    assert_eq!(store.load().unwrap().unwrap(), (8 * SWAPS).to_string().into_bytes());
}

#[test]
fn memory() {
    let heads = Arc::new(MemoryHeads::new());
    check(|| Arc::clone(&heads));
}

#[test]
fn file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("held.checkpoint");
    check(|| FileHeads::new(&path).unwrap());
    let names = folder.path().read_dir().unwrap().map(|file| file.unwrap().file_name());
    let names: HashSet<_> = names.map(|name| name.into_string().unwrap()).collect();
    assert_eq!(
        names,
        HashSet::from(["held.checkpoint".into(), "held.checkpoint.lock".into()])
    );
}

#[test]
fn a_file_without_a_name_or_a_folder_is_refused() {
    assert_eq!(FileHeads::new("/").unwrap_err().kind(), ErrorKind::InvalidInput);
    let folder = tempfile::tempdir().unwrap();
    let heads = FileHeads::new(folder.path().join("missing/held")).unwrap();
    let error = heads.compare_and_swap(None, b"a").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("missing/held.lock"), "{error}");
}

#[test]
fn what_a_crash_left_behind_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("held.new"), b"much longer than what comes").unwrap();
    let heads = FileHeads::new(folder.path().join("held")).unwrap();
    assert_eq!(heads.load().unwrap(), None);
    assert_eq!(heads.compare_and_swap(None, b"a").unwrap(), Swap::Stored);
    assert_eq!(heads.load().unwrap(), Some(b"a".to_vec()));
}

const SWAPS: usize = 25;
