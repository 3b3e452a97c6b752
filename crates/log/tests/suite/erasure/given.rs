//! What readers are given: from its publication on, nothing of what a tombstone names.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;

use bytes::Bytes;
use indelible_log::{AttachmentSet, Batch, BlankError, Erasure};
use indelible_store::journal::Attachment;

use super::{TEXT, are_blanked, check_read, check_stored, everything, in_journal, named, pending, start, with_sealed};
use crate::doubles::{Power, TestJournal};
use crate::events::{append_events, attachments, event, expected, start_events, tombstone};
use crate::support::{Homes, append, eager, lazy, shutdown};

#[test]
fn from_its_publication_nobody_is_given_what_it_names_and_then_it_is_gone() {
    for sealed in [0, 150, 260, 300] {
        let (homes, log, _power) = with_sealed(sealed);
        let (reader, blanker) = (log.reader(), log.blanker().unwrap());
        check_read(&reader, |_| AttachmentSet::NONE);
        append(&log.appender(), tombstone(TEXT)).unwrap();
        check_read(&reader, named);
        let still = in_journal(homes.journal.as_ref(), named);
        assert!(
            still
                .iter()
                .all(|attachment| matches!(attachment, Attachment::Present(_)))
        );
        assert_eq!(blanker.pending().erasures().count(), 2);

        // In two steps, the first of which asks for more than is named.
        let some = Erasure {
            entries: 0..110,
            attachments: [1, 2, 3, 11].into_iter().collect(),
        };
        assert!(blanker.blank(&[some]).unwrap() > 10);
        check_read(&reader, named);
        let left = pending(&blanker);
        assert_eq!(left, [(3, 5), (110, 280)]);
        assert!(blanker.blank(&[everything()]).unwrap() > 200);
        assert!(blanker.pending().is_empty());
        assert_eq!(blanker.blank(&[everything()]).unwrap(), 0);
        check_read(&reader, named);
        assert!(are_blanked(&in_journal(homes.journal.as_ref(), named)));

        shutdown(log).unwrap();
        check_read(&reader, named);
        let log = start(&homes, 301);
        assert!(log.blanker().unwrap().pending().is_empty());
        check_read(&log.reader(), named);
        let (found, blanked, under_way) = check_stored(homes.journal.as_ref(), Some(&homes.objects));
        assert_eq!((found, under_way), (vec![], 0));
        assert!(blanked > 200);
    }
}

#[test]
fn what_stands_in_the_last_frame_waits_for_another_one() {
    let homes = Homes::of_events();
    let log = start(&homes, 0);
    append_events(&log, 0..300, 40).unwrap();
    let mut batch = Batch::default();
    batch.push_with(event(300), vec![Bytes::from("a secret")]).unwrap();
    batch.push_with("erase 3..5 0,2; 300..301 0".into(), vec![]).unwrap();
    append(&log.appender(), batch).unwrap();
    let (reader, blanker) = (log.reader(), log.blanker().unwrap());
    assert_eq!(reader.attachments(300).unwrap(), [Attachment::Blanked]);
    let error = blanker.blank(&[everything()]).unwrap_err();
    assert!(matches!(error, BlankError::TooEarly { index: 300 }), "{error}");
    let left = pending(&blanker);
    assert_eq!(left, [(300, 301)], "all else was overwritten");
    assert_eq!(
        reader.attachments(300).unwrap(),
        [Attachment::Blanked],
        "and it is given to nobody"
    );
    assert_eq!(reader.attachments(4).unwrap()[2], Attachment::Blanked);
    append_events(&log, 302..303, 1).unwrap();
    assert_eq!(blanker.blank(&[everything()]).unwrap(), 1);
    assert!(blanker.pending().is_empty());
    assert_eq!(reader.attachments(300).unwrap(), [Attachment::Blanked]);
}

/// The value is read, and then, before it is given to whoever asked, its tombstone is published, and perhaps carried out.
#[test]
fn what_was_read_before_the_tombstone_is_not_given_after_it() {
    for carries_out in [false, true] {
        let homes = Homes::of_events();
        let journal = TestJournal::new(homes.journal, &Power::steady());
        let log = start_events(journal.clone(), Arc::new(homes.objects), 0, &lazy()).unwrap();
        append_events(&log, 0..10, 5).unwrap();
        journal.read_gate.close();
        let reader = log.reader();
        let alone = thread::spawn(move || reader.attachments(3).unwrap());
        journal.read_gate.wait_for_arrival();
        append(&log.appender(), tombstone(TEXT_OF_3)).unwrap();
        if carries_out {
            log.blanker().unwrap().blank(&[everything()]).unwrap();
        }
        journal.read_gate.open();
        let named = [0, 2].into_iter().collect();
        assert_eq!(
            alone.join().unwrap(),
            expected(&attachments(3), named),
            "carried out: {carries_out}"
        );
        shutdown(log).unwrap();
    }
}

/// Readers that look all the time never get what was named by a tombstone below a head that they knew before.
#[test]
fn no_reader_is_given_anything_after_the_tombstone_was_published() {
    let homes = Homes::of_events();
    let log = start_events(homes.journal.clone(), Arc::new(homes.objects.clone()), 0, &eager()).unwrap();
    append_events(&log, 0..300, 40).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for offset in 0..2u64 {
            let (reader, done) = (log.reader(), &done);
            scope.spawn(move || {
                let mut index = offset;
                while !done.load(Ordering::Relaxed) {
                    index = (index + 7) % 300;
                    let size = reader.head().size();
                    // Tombstone 300 + n names all of the events 2 n and 2 n + 1.
                    let erased = index / 2 + 300 < size;
                    let all = match index % 3 {
                        0 => reader.attachments(index).unwrap(),
                        _ => reader.attached(index, index + 1, 1).unwrap().remove(0).attachments,
                    };
                    for (number, attachment) in all.into_iter().enumerate() {
                        let value = &attachments(index)[number];
                        match attachment {
                            Attachment::Blanked => {}
                            Attachment::Present(found) => {
                                assert_eq!(found, value);
                                assert!(!erased || value.is_empty(), "event {index} was erased at {size}");
                            }
                        }
                    }
                }
            });
        }
        let blanker = log.blanker().unwrap();
        for n in 0..150 {
            let every = (0..12).map(|number| number.to_string()).collect::<Vec<_>>().join(",");
            append(&log.appender(), tombstone(&format!("{}..{} {every}", 2 * n, 2 * n + 2))).unwrap();
            blanker.blank(&[everything()]).unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(log.blanker().unwrap().pending().is_empty());
}

const TEXT_OF_3: &str = "3..4 0,2";
