//! Appending, replaying, refusing.

use bytes::Bytes;

use super::Home;
use super::values::{append, assert_limit, closing, commit, end, genesis, key_change, replayed};
use crate::journal::{Frame, Journal, JournalError, Kind, Limit, Replayed};

/// A new journal holds its genesis and nothing else, also after reopening.
pub fn check_empty(home: &impl Home) {
    let mut journal = home.create(&genesis());
    for _ in 0..2 {
        assert_eq!(
            journal.genesis(),
            &genesis(),
            "the genesis is what the journal was made with"
        );
        assert_eq!(journal.size(), 0, "a new journal is empty");
        assert_eq!(
            journal.last_note(),
            genesis().note,
            "without a commit the last note is the genesis note"
        );
        assert_eq!(replayed(&journal, 0), [], "there is nothing to replay");
        journal = home.reopen(journal);
    }
}

/// Frames come back as they went in, from any entry on, before and after reopening.
pub fn check_append_and_replay(home: &impl Home) {
    let mut journal = home.create(&genesis());
    let mut frames: Vec<Replayed> = Vec::new();
    for (number, entries) in [1, 3, 1, 40, 2].into_iter().enumerate() {
        let frame = commit(journal.size(), entries, number);
        let place = append(&journal, &frame);
        assert!(
            frames.iter().all(|earlier| earlier.place != place),
            "each frame has a place of its own"
        );
        assert_eq!(
            journal.size(),
            frame.first + entries as u64,
            "the size grows by the number of entries"
        );
        assert_eq!(
            journal.last_note(),
            frame.note,
            "the last note is that of the last commit"
        );
        frames.push(Replayed {
            frame,
            place,
            absent: Vec::new(),
        });
    }
    for _ in 0..2 {
        for from in 0..=journal.size() + 1 {
            let wanted: Vec<_> = frames.iter().filter(|frame| end(frame) > from).cloned().collect();
            assert_eq!(
                replayed(&journal, from),
                wanted,
                "replay from {from} gives the frames that end above it"
            );
        }
        journal = home.reopen(journal);
        assert_eq!(journal.size(), 47, "reopening changes no size");
        assert_eq!(journal.last_note(), frames[4].frame.note, "reopening changes no note");
    }
    append(&journal, &commit(47, 1, 5));
    assert_eq!(
        replayed(&journal, 47).len(),
        1,
        "a reopened journal goes on where it ended"
    );
}

/// A frame that does not begin at the journal's size is refused, and nothing of it is left.
pub fn check_refusal_of_what_does_not_extend(home: &impl Home) {
    let journal = home.create(&genesis());
    append(&journal, &commit(0, 2, 0));
    for first in [0, 1, 3, u64::MAX] {
        for kind in [Kind::Commit, Kind::Closing, Kind::KeyChange] {
            let frame = Frame {
                kind,
                records: Vec::new(),
                note: Bytes::new(),
                first,
            };
            match journal.append(&frame) {
                Err(JournalError::NotExtending {
                    first: refused,
                    size: 2,
                }) if refused == first => {}
                other => panic!("a frame at {first} behind 2 entries must be refused as not extending: {other:?}"),
            }
        }
    }
    let journal = home.reopen(journal);
    assert_eq!(replayed(&journal, 0).len(), 1, "refused frames leave nothing behind");
    append(&journal, &commit(2, 1, 1));
}

/// Closing records are not replayed, key changes are; neither changes the last note, and both survive reopening.
pub fn check_frames_without_entries(home: &impl Home) {
    let mut journal = home.create(&genesis());
    append(&journal, &closing(0));
    journal = home.reopen(journal);
    assert_eq!(journal.last_note(), genesis().note, "a closing record is no commit");
    let first = commit(0, 2, 0);
    let key = key_change(2);
    append(&journal, &first);
    append(&journal, &closing(2));
    append(&journal, &closing(2));
    append(&journal, &key);
    append(&journal, &closing(2));
    for _ in 0..2 {
        assert_eq!(journal.size(), 2, "frames without entries do not change the size");
        assert_eq!(journal.last_note(), first.note, "a key change is no commit");
        let frames = |from| {
            replayed(&journal, from)
                .into_iter()
                .map(|replayed| replayed.frame)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            frames(0),
            [first.clone(), key.clone()],
            "all but closing records are replayed"
        );
        assert_eq!(
            frames(2),
            std::slice::from_ref(&key),
            "a key change at `from` concerns what follows, and is replayed"
        );
        assert_eq!(frames(3), [], "nothing stands at 3");
        journal = home.reopen(journal);
    }
    let empty = Frame {
        kind: Kind::Commit,
        ..key
    };
    append(&journal, &empty);
    assert_eq!(journal.last_note(), empty.note, "a commit without entries is a commit");
    let mut wrong = closing(2);
    wrong.note = Bytes::from_static(b"a note");
    assert_limit(&journal, &wrong, &Limit::Closing);
}
