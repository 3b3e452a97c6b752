//! Copies from before, put where the log was.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use indelible::data::{Backup, Extent, OpenError, backup};
use indelible::trail::CarriedOutError;
use serde_json::Value;

use crate::bed::Bed;
use crate::files::NONE;

const PERSON: &str = "octavia.person@copied.example";

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_from_before_the_overwriting_is_overwritten_first() {
    let bed = Bed::new();
    let log = bed.open();
    log.submit(0..100, PERSON).await;
    let plan = log.plan(PERSON).await;
    log.trail().erase(plan, None, None).await.unwrap();
    // Nobody carries it out here, and still it is given to nobody.
    log.assert_never_given(0..100).await;
    let head = log.open.log.reader().head().note_bytes();
    log.stop().await;
    assert_ne!(bed.files_with(PERSON), NONE);

    bed.copy("log/journal", "copy/journal");
    fs::write(bed.path("copy/checkpoint"), head).unwrap();
    bed.must(&["rebuild", "--data", "log"]);
    assert_eq!(bed.files_with(PERSON), NONE, "rebuilt");
    fs::rename(bed.path("log"), bed.path("lost")).unwrap();
    assert_ne!(bed.files_in("copy", PERSON), NONE);
    bed.must(&["restore", "copy", "--data", "log", "--key", "lost/log.key"]);
    assert_eq!(bed.files_with(PERSON), NONE, "restored");
    let log = bed.open();
    log.assert_never_given(0..100).await;
    log.stop().await;
}

/// Files of the journal from between the tombstone and its end come back by `cp`, so that they have the number of those that they
/// replace, and the journal has the same tree: all of it, one segment of several, and a directory put in the place of the other.
#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_copied_back_over_the_journal_are_overwritten_once_more() {
    for way in ["all", "one segment", "directory"] {
        let bed = Bed::new();
        bed.configure("segment_mib = 8\n");
        let mut log = bed.open();
        log.submit(0..100, PERSON).await;
        log.fill(10 << 20).await;
        let plan = log.plan(PERSON).await;
        let tombstones = log.trail().erase(plan, None, None).await.unwrap();
        bed.copy("log/journal", "journal");
        log.follow();
        log.carried_out(tombstones[0]).await;
        log.stop().await;
        assert_eq!(bed.files_with(PERSON), NONE);

        let mut segments: Vec<_> = fs::read_dir(bed.path("journal"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .filter(|name| name.to_string_lossy().ends_with(".seg"))
            .collect();
        segments.sort();
        assert!(segments.len() > 1, "{segments:?}");
        match way {
            "all" => bed.copy("journal", "log/journal"),
            "directory" => {
                fs::rename(bed.path("log/journal"), bed.path("moved")).unwrap();
                fs::rename(bed.path("journal"), bed.path("log/journal")).unwrap();
            }
            _ => {
                let from = bed.path("journal").join(&segments[0]);
                fs::copy(from, bed.path("log/journal").join(&segments[0])).unwrap();
            }
        }
        assert_ne!(bed.files_with(PERSON), NONE, "{way}: the copy has it");
        assert!(bed.path("log/erasures.json").exists());
        let mut log = bed.open();
        log.assert_never_given(0..100).await;
        assert_eq!(log.plan(PERSON).await.events(), 0, "{way}");
        log.follow();
        log.carried_out(tombstones[0]).await;
        assert_eq!(bed.files_with(PERSON), NONE, "{way}: while it runs");
        log.assert_never_given(0..100).await;
        log.stop().await;
        assert_eq!(bed.files_with(PERSON), NONE, "{way}");
        bed.must(&["fsck", "--data", "log"]);
    }
}

/// A copy from before the tombstone does not know that anything was erased.
#[tokio::test(flavor = "multi_thread")]
async fn a_journal_from_before_the_tombstone_is_not_started() {
    let bed = Bed::new();
    let log = bed.open();
    log.submit(0..100, PERSON).await;
    log.stop().await;
    bed.copy("log/journal", "journal");
    let mut log = bed.open();
    log.follow();
    let plan = log.plan(PERSON).await;
    let tombstones = log.trail().erase(plan, None, None).await.unwrap();
    log.carried_out(tombstones[0]).await;
    log.stop().await;
    bed.copy("journal", "log/journal");
    assert_ne!(bed.files_with(PERSON), NONE, "the copy has it");

    // The object store knows more than this journal. Made anew, it does not, and what was erased is known to be more.
    assert!(bed.try_open().is_err());
    bed.must(&["rebuild", "--data", "log"]);
    let refused = bed.try_open().unwrap_err();
    assert!(
        matches!(
            &refused,
            OpenError::CarriedOut(CarriedOutError::Older {
                size: 101,
                found: 100,
                ..
            })
        ),
        "{refused}"
    );
    let served = bed.run(&["serve", "--open", "--data", "log", "--listen", "127.0.0.1:0"]);
    let words = String::from_utf8_lossy(&served.stderr).into_owned();
    assert_eq!(served.status.code(), Some(2), "{words}");
    assert!(
        words.contains("it is an older copy, in which what was erased since is there again"),
        "{words}"
    );
    // Only a person who says so gives up what came later.
    assert!(
        !bed.run(&["recover", "--accept-older", "--data", "log"])
            .status
            .success()
    );
    assert!(bed.try_open().is_err());
    bed.must(&["recover", "--accept-older", "--data", "log", "--yes"]);
    let recorded = fs::read_to_string(bed.path("log/admin.jsonl")).unwrap();
    assert!(recorded.contains("give-up-erasures"), "{recorded}");
    let log = bed.open();
    assert_eq!(log.plan(PERSON).await.events(), 14);
    log.stop().await;
}

/// The file names the tree that it is about: another history of the same log is another tree.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_erasures_is_about_one_tree() {
    let bed = Bed::new();
    let mut log = bed.open();
    log.follow();
    log.submit(0..100, PERSON).await;
    let plan = log.plan(PERSON).await;
    let tombstones = log.trail().erase(plan, None, None).await.unwrap();
    log.carried_out(tombstones[0]).await;
    log.stop().await;
    let file = bed.path("log/erasures.json");
    let written = fs::read(&file).unwrap();
    let mut said: Value = serde_json::from_slice(&written).unwrap();
    said["size"] = 100.into();
    fs::write(&file, said.to_string()).unwrap();
    let refused = bed.try_open().unwrap_err();
    assert!(
        matches!(
            &refused,
            OpenError::CarriedOut(CarriedOutError::OtherRoot { size: 100, .. })
        ),
        "{refused}"
    );
    // What cannot be read is no reason not to start: all is read, and done again.
    for lost in [None, Some(&b"{}"[..]), Some(b"\x00")] {
        match lost {
            None => fs::remove_file(&file).unwrap(),
            Some(bytes) => fs::write(&file, bytes).unwrap(),
        }
        let log = bed.open();
        assert!(!log.open.log.blanker().unwrap().pending().is_empty());
        log.assert_never_given(0..100).await;
        log.stop().await;
    }
    fs::write(&file, written).unwrap();
    bed.open().stop().await;
}

/// A backup that has her is continued behind the tombstone, and killed before its end. The run after it begins behind what it knows to
/// be good, and overwrites what lies in front of that all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_was_killed_behind_the_tombstone_is_overwritten_by_the_next_run() {
    let bed = Bed::new();
    let mut log = bed.open();
    log.submit(0..100, PERSON).await;
    let head = log.open.log.reader().head();
    let old = Backup::at(bed.path("old"));
    backup(&bed.data(), &old, head.checkpoint(), Extent::New, &mut |_| {}).unwrap();
    assert_ne!(bed.files_in("old", PERSON), NONE);
    let plan = log.plan(PERSON).await;
    let tombstones = log.trail().erase(plan, None, None).await.unwrap();
    log.follow();
    log.carried_out(tombstones[0]).await;
    // It writes down how far it is good every 64 MiB.
    log.fill(70 << 20).await;
    let head = log.open.log.reader().head();
    let good = || fs::read(bed.path("old/checkpoint")).unwrap();
    let before = good();
    let killed = catch_unwind(AssertUnwindSafe(|| {
        let mut tell = |_| assert_eq!(good(), before, "here it dies");
        backup(&bed.data(), &old, head.checkpoint(), Extent::New, &mut tell)
    }));
    assert!(killed.is_err(), "it is good behind the tombstone, and not at its end");
    assert_ne!(
        bed.files_in("old", PERSON),
        NONE,
        "what is named is overwritten at the end"
    );
    backup(&bed.data(), &old, head.checkpoint(), Extent::New, &mut |_| {}).unwrap();
    assert_eq!(bed.files_in("old", PERSON), NONE);
    log.stop().await;
}
