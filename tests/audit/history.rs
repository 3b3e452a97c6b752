//! Logs that contradict the copy: the copy stays as it is, and the evidence is kept.

use std::fs;

use indelible_note::{Finding, FindingKind, Verdict};

use crate::static_log::{StaticLog, assert_same_files, files_in, vkey};
use crate::support::{Bed, stderr};

/// Mirrors `log` into `copy`: exit status and words.
fn mirror(bed: &Bed) -> (Option<i32>, String) {
    let output = bed.run(&["mirror", "log", "copy", "--vkey", &vkey()]);
    (output.status.code(), stderr(&output))
}

/// Puts another log in the place of the first.
fn replace(bed: &Bed, log: &StaticLog) {
    let _ = fs::remove_dir_all(bed.path("log"));
    log.write(&bed.path("log"));
}

/// The finding that was kept, if there is one.
fn findings(bed: &Bed) -> Vec<Finding> {
    let Ok(files) = fs::read_dir(bed.path("copy.findings")) else {
        return Vec::new();
    };
    let read = |file: std::io::Result<fs::DirEntry>| Finding::parse(&fs::read(file.unwrap().path()).unwrap()).unwrap();
    files.map(read).collect()
}

#[test]
fn a_fork_is_refused_and_proved_whatever_its_size() {
    for (size, changed) in [
        (600, 3),
        (600, 599),
        (700, 3),
        (700, 599),
        (66_000, 0),
        (500, 3),
        (256, 3),
        (1, 0),
    ] {
        let bed = Bed::new();
        replace(&bed, &StaticLog::of(600));
        assert_eq!(mirror(&bed).0, Some(0));
        let before = files_in(&bed.path("copy"));
        replace(&bed, &StaticLog::of(size).with(changed, "another past"));
        for _ in 0..2 {
            let (status, words) = mirror(&bed);
            assert_eq!(status, Some(1), "{size} {changed}: {words}");
            assert!(words.contains("fork") && words.contains("copy.findings"), "{words}");
            assert_same_files(&files_in(&bed.path("copy")), &before, "after a fork");
        }
        let findings = findings(&bed);
        assert_eq!(findings.len(), 1, "the same evidence is kept once");
        let finding = &findings[0];
        assert_eq!(finding.kind, FindingKind::Fork);
        assert_eq!(finding.heads[0], StaticLog::of(600).checkpoint());
        assert!(
            matches!(finding.confirm(), Ok(Verdict::Fork(_))),
            "{size} {changed}: {finding}"
        );

        // The honest log goes on, and so does the copy.
        replace(&bed, &StaticLog::of(900));
        assert_eq!(mirror(&bed).0, Some(0));
    }
}

#[test]
fn a_rollback_is_refused() {
    for size in [0, 1, 256, 599] {
        let bed = Bed::new();
        replace(&bed, &StaticLog::of(600));
        assert_eq!(mirror(&bed).0, Some(0));
        let before = files_in(&bed.path("copy"));
        replace(&bed, &StaticLog::of(size));
        let (status, words) = mirror(&bed);
        assert_eq!(status, Some(1), "{words}");
        assert!(words.contains(&format!("the log has {size} entries now")), "{words}");
        assert_same_files(&files_in(&bed.path("copy")), &before, "after a rollback");
        let findings = findings(&bed);
        assert_eq!((findings.len(), findings[0].kind), (1, FindingKind::Rollback));
        assert!(matches!(findings[0].confirm(), Ok(Verdict::Signed(_))));
    }
}

/// A log that signs a contradiction and serves none of its tiles has contradicted itself all the same.
#[test]
fn a_contradiction_needs_no_tiles() {
    for size in [600, 300] {
        let bed = Bed::new();
        replace(&bed, &StaticLog::of(600));
        assert_eq!(mirror(&bed).0, Some(0));
        let fork = StaticLog::of(size).with(3, "another past").checkpoint();
        fs::remove_dir_all(bed.path("log/tile")).unwrap();
        fs::write(bed.path("log/checkpoint"), fork).unwrap();
        let (status, words) = mirror(&bed);
        assert_eq!(status, Some(1), "{words}");
        assert_eq!(findings(&bed)[0].kind, FindingKind::Fork, "{words}");
    }
}

#[test]
fn heads_of_others_do_not_get_in() {
    let bed = Bed::new();
    replace(&bed, &StaticLog::of(600));
    assert_eq!(mirror(&bed).0, Some(0));
    let before = files_in(&bed.path("copy"));
    let checkpoint = StaticLog::of(700).checkpoint();
    for (note, status) in [
        (checkpoint.replace("static.example", "other.example"), 1),
        (checkpoint.replace("\n700\n", "\n701\n"), 1),
        ("<html>".to_owned(), 2),
    ] {
        fs::write(bed.path("log/checkpoint"), note).unwrap();
        let (found, words) = mirror(&bed);
        assert_eq!(found, Some(status), "{words}");
        assert_same_files(&files_in(&bed.path("copy")), &before, "after a foreign head");
    }
    // The copy of another log is not made the copy of this one.
    replace(&bed, &StaticLog::of(600));
    let other = StaticLog::of(600)
        .checkpoint()
        .replace("static.example", "other.example");
    fs::write(bed.path("copy/checkpoint"), other).unwrap();
    let (status, words) = mirror(&bed);
    assert_eq!(status, Some(2), "{words}");
    assert!(
        words.contains("copy/checkpoint is not a checkpoint of this log"),
        "{words}"
    );
}
