//! What belongs to entries: read back wherever the entries are, and nothing of it kept in memory.

use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use indelible_log::{
    AttachedError, AttachmentSet, Batch, BlankError, Kind, ReadError, Settings, StartError, fsck_with,
};
use indelible_store::journal::Attachment;
use indelible_store::objects::{Key, Objects};

use crate::doubles::{Power, TestJournal, TestObjects};
use crate::events::{
    Words, append_events, attachments, event, events, expected, read_attached, start_events, tombstone,
};
use crate::support::{Homes, append, eager, eventually, home_of, key, lazy, shutdown, text, wait};

/// Every event of the log is read back, alone and in ranges.
fn check_events(homes: &Homes, reader: &indelible_log::Reader, count: u64) {
    assert_eq!(reader.head().size(), count);
    for index in 0..count {
        let expected = expected(&attachments(index), AttachmentSet::NONE);
        assert!(reader.attachments(index).unwrap() == expected, "event {index}");
        // Twice: from the object store, and from what is kept of it.
        for _ in 0..2 {
            let attached = reader.attached_at(index).unwrap();
            assert_eq!(attached.entry, event(index));
            assert!(attached.attachments == expected, "event {index}");
        }
    }
    for bytes_max in [0, 3_000, 100_000, usize::MAX] {
        let found = read_attached(reader, bytes_max);
        for (index, found) in (0..).zip(&found) {
            assert_eq!(found.entry, event(index));
            assert!(
                found.attachments == expected(&attachments(index), AttachmentSet::NONE),
                "event {index}"
            );
        }
    }
    check_stored(homes);
}

/// The whole log is as it should be, the places in the object store among it.
fn check_stored(homes: &Homes) {
    let mut findings = vec![];
    let vkey = key().verifier();
    let checked = fsck_with(
        Some(&Words),
        homes.journal.as_ref(),
        Some(&homes.objects),
        &vkey,
        &mut |step| {
            findings.push(format!("{step:?}"));
        },
    );
    assert_eq!(checked.unwrap().findings, 0, "{findings:?}");
}

#[test]
fn attachments_come_back_from_the_tail_from_the_object_store_and_after_a_start() {
    for (settings, at_once) in [(lazy(), 1), (lazy(), 90), (eager(), 40)] {
        let homes = Homes::of_events();
        let log = start_events(homes.journal.clone(), Arc::new(homes.objects.clone()), 0, &settings).unwrap();
        append_events(&log, 0..300, at_once).unwrap();
        check_events(&homes, &log.reader(), 300);
        append_events(&log, 300..620, at_once).unwrap();
        let reader = log.reader();
        shutdown(log).unwrap();
        assert_eq!(homes.sealed(), 620);
        check_events(&homes, &reader, 620);
        // Some sealed, some not, and a bundle that is half of each.
        let log = start_events(homes.journal.clone(), Arc::new(homes.objects.clone()), 620, &lazy()).unwrap();
        append_events(&log, 620..700, at_once).unwrap();
        check_events(&homes, &log.reader(), 700);
        shutdown(log).unwrap();
        // What was not sealed is found again in the journal.
        let log = start_events(
            homes.journal.clone(),
            Arc::new(Homes::of_events().objects),
            700,
            &lazy(),
        )
        .unwrap();
        check_events(&homes, &log.reader(), 700);
    }
}

/// What is sealed ends where a bundle does, and that is within a commit: of this one only the rest is taken up again.
#[test]
fn a_commit_that_is_half_sealed_is_taken_up_in_its_middle() {
    let Homes { journal, objects } = Homes::of_events();
    let log = start_events(journal.clone(), Arc::new(objects.clone()), 0, &lazy()).unwrap();
    append_events(&log, 0..300, 90).unwrap();
    shutdown(log).unwrap();
    let tile = Key::Tile { level: 0, index: 0 };
    let mut first_bundle = vec![(tile, objects.get(tile).unwrap().unwrap())];
    let runs = objects.runs(0).unwrap().into_iter();
    first_bundle.extend(runs.map(|(first, run)| (Key::Entries { first }, run)));
    let places = objects.places(0).unwrap().into_iter();
    first_bundle.extend(places.map(|(first, record)| (Key::Where { first }, record)));
    let objects = home_of(first_bundle);
    let homes = Homes { journal, objects };
    assert_eq!(homes.sealed(), 256, "in the middle of 180..270");
    let log = start_events(homes.journal.clone(), Arc::new(homes.objects.clone()), 300, &lazy()).unwrap();
    let reader = log.reader();
    check_events(&homes, &reader, 300);
    shutdown(log).unwrap();
    assert_eq!(homes.sealed(), 300);
    check_events(&homes, &reader, 300);
}

#[test]
fn ranges_end_where_they_should() {
    let homes = Homes::of_events();
    let log = start_events(homes.journal.clone(), Arc::new(homes.objects.clone()), 0, &lazy()).unwrap();
    append_events(&log, 0..100, 30).unwrap();
    let reader = log.reader();
    let bytes = |index: u64| event(index).len() + attachments(index).iter().map(Bytes::len).sum::<usize>();
    for start in 0..100 {
        for bytes_max in [0, 1, 4_000, 300_000] {
            let found = reader.attached(start, 100, bytes_max).unwrap().len() as u64;
            let sum = |count: u64| (start..start + count).map(bytes).sum::<usize>();
            assert!(
                found == 1 || sum(found) <= bytes_max,
                "{found} from {start} on with {bytes_max}"
            );
            assert!(
                start + found == 100 || sum(found + 1) > bytes_max,
                "{found} from {start} on with {bytes_max}"
            );
        }
    }
    for (start, end) in [(0, 101), (100, 101), (5, 5), (u64::MAX, u64::MAX)] {
        let refused = reader.attached(start, end, 1).unwrap_err();
        assert!(
            matches!(refused, AttachedError::Read(ReadError::Beyond { size: 100, .. })),
            "{refused}"
        );
    }
    for index in [100, u64::MAX] {
        let refused = reader.attachments(index).unwrap_err();
        assert!(
            matches!(refused, AttachedError::Read(ReadError::Beyond { size: 100, .. })),
            "{refused}"
        );
    }
}

/// Runs of one entry each, and places that fill a value: more records than a batch of the store takes.
#[test]
fn the_longest_entries_and_the_most_attachments_are_sealed() {
    let homes = Homes::of_events();
    let log = start_events(homes.journal.clone(), Arc::new(homes.objects.clone()), 0, &lazy()).unwrap();
    let long = |n: u64| Bytes::from(n.to_be_bytes().repeat(8_191));
    let many = |n: u64| vec![Bytes::from(n.to_be_bytes().repeat(16 + (n % 2) as usize)); 255];
    for n in 0..260 {
        let mut batch = Batch::default();
        batch.push_with(long(n), vec![Bytes::from("one")]).unwrap();
        append(&log.appender(), batch).unwrap();
    }
    for n in 260..600 {
        let mut batch = Batch::default();
        batch.push_with(Bytes::from("short"), many(n)).unwrap();
        append(&log.appender(), batch).unwrap();
    }
    let reader = log.reader();
    shutdown(log).unwrap();
    assert_eq!(homes.sealed(), 600);
    let runs = homes.objects.runs(0).unwrap();
    assert_eq!(runs.len(), 256, "one run each");
    for bundle in 0..3 {
        let firsts = |objects: Vec<(u64, Bytes)>| objects.into_iter().map(|(first, _)| first).collect::<Vec<_>>();
        let (runs, places) = (
            homes.objects.runs(bundle).unwrap(),
            homes.objects.places(bundle).unwrap(),
        );
        assert_eq!(firsts(runs), firsts(places), "each run has its places beside it");
    }
    assert!(homes.objects.places(1).unwrap().len() > 1, "places are cut as well");
    for n in [0, 146, 255, 256, 259] {
        assert_eq!(reader.attachments(n).unwrap(), [Attachment::Present("one".into())]);
    }
    for n in [260, 300, 511, 512, 599] {
        assert_eq!(reader.attachments(n).unwrap(), expected(&many(n), AttachmentSet::NONE));
    }
    check_stored(&homes);
}

#[test]
fn places_that_are_gone_or_wrong_are_named_and_the_others_are_read() {
    let homes = Homes::of_events();
    let objects = TestObjects::new(homes.objects.clone(), &Power::steady());
    let log = start_events(homes.journal.clone(), objects.clone(), 0, &lazy()).unwrap();
    append_events(&log, 0..600, 100).unwrap();
    let reader = log.reader();
    shutdown(log).unwrap();
    let places = homes.objects.places(1).unwrap();
    let (second, genuine) = places[1].clone();
    let named = |index, expected: Key| match reader.attachments(index) {
        Err(AttachedError::Read(ReadError::Object { key, problem })) => {
            assert_eq!(key, expected);
            problem
        }
        other => panic!("{other:?}"),
    };
    objects.serve_instead(Key::Where { first: second }, None);
    assert_eq!(named(second + 1, Key::Where { first: second + 1 }), "absent");
    let gone = reader.attached(second, 512, usize::MAX).unwrap_err();
    assert!(gone.to_string().contains("absent"), "{gone}");
    let cut = genuine.slice(..genuine.len() - 1);
    objects.serve_instead(Key::Where { first: second }, Some(cut));
    assert!(named(second, Key::Where { first: second }).contains("cut off"));
    for index in [0, 255, 256, second - 1, 512, 599] {
        assert_eq!(
            reader.attachments(index).unwrap(),
            expected(&attachments(index), AttachmentSet::NONE)
        );
    }
    // Places of another frame are no attachments, and nothing else is given for them.
    let mut shifted = genuine.to_vec();
    shifted[3] ^= 1;
    objects.serve_instead(Key::Where { first: second }, Some(shifted.into()));
    let refused = (second..second + 7).find_map(|index| reader.attachments(index).err());
    assert!(matches!(refused, Some(AttachedError::Journal(_))), "{refused:?}");
}

#[test]
fn a_log_of_plain_bytes_has_none_and_a_log_of_events_needs_its_tombstones() {
    let homes = Homes::new();
    let log = homes.start(&lazy());
    append(&log.appender(), text("plain")).unwrap();
    for error in [
        log.reader().attachments(0).unwrap_err(),
        log.reader().attached(0, 1, 1).unwrap_err(),
    ] {
        assert!(matches!(error, AttachedError::Opaque), "{error}");
    }
    assert!(log.blanker().is_none());
    let appender = log.appender();
    assert!(
        thread::spawn(move || append(&appender, events(1..2))).join().is_err(),
        "who attaches something to plain bytes has a bug"
    );
    shutdown(log).unwrap();
    assert!(homes.objects.places(0).unwrap().is_empty());

    let homes = Homes::of_events();
    let error = homes.try_start(&lazy()).unwrap_err();
    assert!(
        matches!(error, StartError::Tombstones) && !error.is_refuted(),
        "{error}"
    );
    let log = start_events(homes.journal, Arc::new(homes.objects), 0, &lazy()).unwrap();
    assert_eq!(log.description().kind, Kind::Events);
}

#[test]
fn attachments_leave_memory_with_their_commit() {
    let homes = Homes::of_events();
    let objects = TestObjects::new(homes.objects.clone(), &Power::steady());
    let settings = Settings {
        backlog_bytes_max: 40_000,
        ..eager()
    };
    let log = start_events(homes.journal.clone(), objects.clone(), 0, &settings).unwrap();
    objects.gate.close();
    // A hundred times what the backlog may have, if attachments counted.
    for n in 0..16 {
        let mut batch = Batch::default();
        batch
            .push_with(Bytes::from("leaf"), vec![Bytes::from(vec![n; 1 << 18]); 1])
            .unwrap();
        append(&log.appender(), batch).unwrap();
    }
    for n in 0..16u8 {
        let read = log.reader().attachments(u64::from(n)).unwrap();
        assert!(read == [Attachment::Present(vec![n; 1 << 18].into())]);
    }
    objects.gate.open();
    shutdown(log).unwrap();
}

#[test]
fn what_is_heavier_than_the_queue_goes_through_it_alone() {
    let homes = Homes::of_events();
    let settings = Settings {
        queue_bytes_max: 100_000,
        ..lazy()
    };
    let log = start_events(homes.journal.clone(), Arc::new(homes.objects.clone()), 0, &settings).unwrap();
    let heavy = |n: u8| {
        let mut batch = Batch::default();
        batch
            .push_with(Bytes::from(vec![n]), vec![Bytes::from(vec![n; 33 << 20])])
            .unwrap();
        batch
    };
    append(&log.appender(), heavy(0)).unwrap();
    let (stream, mut acks) = log.appender().stream();
    wait(async {
        stream.append(heavy(1)).await.unwrap();
        // The next waits until the acknowledgement of the first is taken: it had all the room of the stream.
        assert_eq!(acks.next().await.unwrap().unwrap().ack.count, 1);
        stream.append(events(7..9)).await.unwrap();
        assert_eq!(acks.next().await.unwrap().unwrap().ack.count, 2);
    });
    for n in 0..2 {
        let read = log.reader().attachments(u64::from(n)).unwrap();
        assert!(read == [Attachment::Present(vec![n; 33 << 20].into())]);
    }
    shutdown(log).unwrap();
}

#[test]
fn who_wants_a_commit_of_its_own_gets_it_whatever_waits() {
    let homes = Homes::of_events();
    let journal = TestJournal::new(homes.journal.clone(), &Power::steady());
    let log = start_events(journal.clone(), Arc::new(homes.objects.clone()), 0, &lazy()).unwrap();
    journal.gate.close();
    wait(async {
        let mut appends = tokio::task::JoinSet::new();
        let large = || {
            let mut batch = Batch::default();
            batch
                .push_with(Bytes::from("large"), vec![Bytes::from(vec![1; 70_000])])
                .unwrap();
            batch
        };
        let batches = [
            text("first"),
            text("a"),
            tombstone("0..1 1"),
            text("b"),
            large(),
            large().apart(),
            text("c"),
            text("d").apart(),
        ];
        for batch in batches {
            let appender = log.appender();
            appends.spawn(async move { appender.append(batch).await });
            tokio::task::yield_now().await;
        }
        journal.gate.wait_for_arrival();
        journal.gate.open();
        assert!(appends.join_all().await.iter().all(Result::is_ok));
    });
    let commits = journal.commits();
    assert_eq!(commits.iter().sum::<usize>(), 8);
    let entries: Vec<Bytes> = crate::support::read_all(&log.reader());
    let mut first = 0;
    for count in commits {
        let together = &entries[first..first + count];
        let alone = together.iter().any(|entry| entry.starts_with(b"erase") || entry == "d");
        assert!(!alone || count == 1, "{together:?}");
        first += count;
    }
    eventually(|| journal.frames().len() >= 5);
}

#[test]
fn nothing_is_blanked_that_no_tombstone_names() {
    let homes = Homes::of_events();
    let log = start_events(homes.journal.clone(), Arc::new(homes.objects.clone()), 0, &lazy()).unwrap();
    append_events(&log, 0..20, 5).unwrap();
    let blanker = log.blanker().unwrap();
    let all = indelible_log::Erasure {
        entries: 0..u64::MAX,
        attachments: AttachmentSet::ALL,
    };
    assert_eq!(
        blanker
            .blank(std::slice::from_ref(&all))
            .map_err(|error: BlankError| error.to_string()),
        Ok(0)
    );
    check_events(&homes, &log.reader(), 20);
}
