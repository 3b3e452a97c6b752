//! Logs that changed their key, as they should have and otherwise.

use indelible_log::{FsckError, fsck};
use indelible_note::{KeyChange, SigningKey};
use indelible_store::journal::{Frame, Journal, Kind as FrameKind};

use crate::support::{Maker, foreign_key, head, key, run, sealed};

fn next_key() -> SigningKey {
    SigningKey::from_seed("log.example/fsck".parse().unwrap(), [9; 32])
}

fn change(maker: &Maker, old: &SigningKey, new: &SigningKey) {
    let first = maker.journal.size();
    let frame = Frame {
        kind: FrameKind::KeyChange,
        first,
        records: Vec::new(),
        note: KeyChange::sign(old, new, first).unwrap().note().to_string().into(),
    };
    maker.journal.append(&frame).unwrap();
}

/// Three commits by the first key, two by the next.
fn changed() -> Maker {
    let mut maker = Maker::new();
    (0..3).for_each(|_| maker.commit(100));
    change(&maker, &key(), &next_key());
    (0..2).for_each(|_| maker.commit_with(100, |_| {}, |tree| head(tree, &next_key())));
    maker
}

#[test]
fn a_log_that_changed_its_key_holds_under_each_of_its_keys() {
    let maker = changed();
    let (checked, lines) = run(&maker.journal, Some(&sealed(&maker.journal)));
    assert_eq!((lines, checked.signatures), (vec![], 6));
    for known in [key(), next_key()] {
        let checked = fsck(&maker.journal, None, &known.verifier(), &mut |_| {}).unwrap();
        assert_eq!((checked.findings, checked.signatures), (0, 6));
    }
    let stranger = fsck(&maker.journal, None, &foreign_key().verifier(), &mut |_| {});
    assert!(matches!(stranger, Err(FsckError::OtherKey { .. })));
}

#[test]
fn heads_by_the_key_of_another_time_are_found() {
    let mut maker = changed();
    maker.commit(100);
    let (_, lines) = run(&maker.journal, None);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("the head over entries 500..600"), "{lines:?}");
    assert!(
        lines[0].contains("may sign trees of 0 to 300 leaves, this one has 600"),
        "{lines:?}"
    );

    let mut early = Maker::new();
    early.commit_with(100, |_| {}, |tree| head(tree, &next_key()));
    early.commit(100);
    change(&early, &key(), &next_key());
    let (_, lines) = run(&early.journal, None);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("the head over entries 0..100"), "{lines:?}");
}

#[test]
fn a_change_that_does_not_follow_is_found() {
    let mut maker = Maker::new();
    maker.commit(100);
    change(&maker, &foreign_key(), &next_key());
    maker.commit(100);
    let (_, lines) = run(&maker.journal, None);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].starts_with("the change of keys in journal/00000000.seg at byte"),
        "{lines:?}"
    );
    // To whoever knows the log by the key that it does not lead to, it is not another log.
    let mut found = 0;
    let checked = fsck(&maker.journal, None, &next_key().verifier(), &mut |_| found += 1).unwrap();
    assert_eq!((checked.findings, found), (1, 1));
}
