//! Damage in the journal, and heads that are not the log's.

use bytes::Bytes;
use indelible_log::{FsckError, fsck};
use indelible_merkle::{Hash, TreeHead};
use indelible_store::journal::{Absence, Absent, Journal, JournalError, Reason, Record, Replayed, attachment_places};
use indelible_store::objects::MemoryObjects;

use crate::support::{Maker, Rewritten, check, foreign_key, head, key, log, run, sealed};

fn own(tree: TreeHead) -> Bytes {
    head(tree, &key())
}

/// All checksums hold, since the journal was written anew; the signature over the root is what cannot be. Tiles that were made
/// of the true entry are not accused.
#[test]
fn an_entry_changed_in_the_journal_is_found_by_its_head_and_named_by_its_run() {
    let objects = sealed(&log(1_500).journal);
    let mut maker = Maker::new();
    maker.commit(200);
    maker.commit_with(400, |records| records[100].entry = "forged".into(), own);
    maker.commit(400);
    maker.commit(500);
    let (checked, lines) = run(&maker.journal, Some(&objects));
    assert_eq!(checked.entries, 1_500);
    let [of_run, of_heads] = &lines[..] else {
        panic!("{lines:#?}")
    };
    assert_eq!(
        of_run,
        "entry 300 in the journal is another than in the run of entries at 256 in tree.sled/0000: restore the journal from a backup"
    );
    for words in [
        "the head over entries 200..600 in journal/00000000.seg at byte ",
        "they hash to",
        "the 2 behind it",
        "backup",
    ] {
        assert!(of_heads.contains(words), "{words:?} is not in {of_heads}");
    }
}

#[test]
fn a_head_that_is_not_the_logs_is_named() {
    let foreign = |tree| head(tree, &foreign_key());
    let forged = |tree: TreeHead| {
        // The key's own line over another text.
        let (text, _) = std::str::from_utf8(&own(tree))
            .unwrap()
            .split_once("\n\n")
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap();
        let other = own(TreeHead { size: 1, ..tree });
        let (_, signature) = std::str::from_utf8(&other).unwrap().split_once("\n\n").unwrap();
        format!("{text}\n\n{signature}").into()
    };
    let larger = |tree: TreeHead| {
        own(TreeHead {
            size: tree.size + 1,
            ..tree
        })
    };
    let other_root = |tree: TreeHead| {
        own(TreeHead {
            root: Hash::leaf(b"another"),
            ..tree
        })
    };
    let cases: [(&dyn Fn(TreeHead) -> Bytes, &str); 5] = [
        (&foreign, "cannot be the log's ("),
        (&forged, "cannot be the log's ("),
        (&larger, "cannot belong there, being for 601 entries: "),
        (&other_root, "cannot be theirs (it was signed for the root "),
        (&|_| Bytes::from_static(b"no note"), "cannot be read ("),
    ];
    for (sign, expected) in cases {
        for behind in [0, 100] {
            let mut maker = Maker::new();
            maker.commit(200);
            maker.commit_with(400, |_| {}, sign);
            if behind > 0 {
                maker.commit(behind);
            }
            let objects = sealed(&log(600 + behind).journal);
            let (_, lines) = run(&maker.journal, Some(&objects));
            let [line] = &lines[..] else { panic!("{lines:#?}") };
            assert!(
                line.starts_with("the head over entries 200..600 in journal/00000000.seg at byte "),
                "{line}"
            );
            assert!(line.contains(expected), "{line}");
            assert!(!line.contains("behind it"), "{line}");
        }
    }
}

#[test]
fn signatures_are_sampled_and_the_last_is_always_verified() {
    let mut maker = Maker::new();
    for _ in 0..5_000 {
        maker.commit(1);
    }
    let (checked, lines) = run(&maker.journal, None);
    assert!(lines.is_empty(), "{lines:?}");
    assert_eq!((checked.heads, checked.signatures), (5_001, 4_096 + 4 + 1));
    maker.commit_with(1, |_| {}, |tree| head(tree, &foreign_key()));
    let (_, lines) = run(&maker.journal, None);
    assert!(lines[0].starts_with("the head over entries 5000..5001 "), "{lines:?}");
}

#[test]
fn a_journal_that_cannot_be_read_on_is_checked_up_to_there() {
    let journal = log(2_991).journal;
    let objects = sealed(&journal);
    let read = |replayed: Replayed| {
        let (file, offset) = ("journal/00000000.seg".into(), replayed.place.offset);
        Some(match replayed.frame.first {
            1_994 => Err(JournalError::Damaged {
                file,
                offset,
                reason: Reason::Lengths,
            }),
            _ => Ok(replayed),
        })
    };
    let (checked, lines) = run(&Rewritten { journal, read }, Some(&objects));
    assert_eq!(checked.entries, 1_994);
    let [line] = &lines[..] else { panic!("{lines:#?}") };
    assert!(line.starts_with("journal/00000000.seg is damaged at byte "), "{line}");
    assert!(
        line.ends_with("; only 1994 entries could be checked: restore the journal from a backup"),
        "{line}"
    );
}

#[test]
fn frames_that_are_missing_are_a_gap() {
    for (first, expected) in [
        (
            997,
            "the journal lacks entry 997: its frames go on, or end, at 1994: restore the journal from a backup",
        ),
        (
            1_994,
            "the journal lacks entry 1994: its frames go on, or end, at 2991: restore the journal from a backup",
        ),
    ] {
        let read = move |replayed: Replayed| (replayed.frame.first != first).then_some(Ok(replayed));
        let journal = Rewritten {
            journal: log(2_991).journal,
            read,
        };
        check(&journal, &MemoryObjects::new(), &[expected]);
    }
}

#[test]
fn a_store_ahead_of_its_journal_is_named() {
    let objects = sealed(&log(997).journal);
    check(
        &log(600).journal,
        &objects,
        &[
            "tree.sled has 997 entries, but the journal, which is always ahead of it, has 600: restore the newest journal there is",
        ],
    );
}

#[test]
fn in_a_log_without_tombstones_no_attachment_may_be_blanked_or_damaged() {
    let mut maker = Maker::new();
    maker.commit(10);
    let attach = |records: &mut Vec<Record>| records[5].attachments = vec!["alice".into(), "bob".into()];
    maker.commit_with(10, attach, own);
    maker.commit(10);
    let frames: Vec<_> = maker.journal.replay(0).unwrap().map(Result::unwrap).collect();
    let places = attachment_places(&frames[1].frame, frames[1].place);
    maker.journal.blank(&places[5][1..]).unwrap();
    let (checked, lines) = run(&maker.journal, None);
    let [line] = &lines[..] else { panic!("{lines:#?}") };
    assert_eq!(
        line,
        "attachments 1 of the entries 15..16 are blanked, and no tombstone names them: restore the journal from a backup"
    );
    assert_eq!(checked.blanked, 1);

    let read = |mut replayed: Replayed| {
        if replayed.frame.first == 10 {
            replayed.absent = vec![Absent {
                record: 5,
                attachment: 0,
                absence: Absence::Damaged,
            }];
        }
        Some(Ok(replayed))
    };
    let journal = Rewritten {
        journal: maker.journal,
        read,
    };
    let (_, lines) = run(&journal, None);
    let [line] = &lines[..] else { panic!("{lines:#?}") };
    assert!(
        line.starts_with("attachment 0 of entry 15 in journal/00000000.seg at byte "),
        "{line}"
    );
}

#[test]
fn another_key_checks_nothing() {
    let result = fsck(&log(1).journal, None, &foreign_key().verifier(), &mut |step| {
        panic!("{step:?}")
    });
    assert!(matches!(result, Err(FsckError::OtherKey { .. })), "{result:?}");
}
