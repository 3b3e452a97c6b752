//! What a tombstone names is given to nobody from its publication on, and is gone from the journal in the end, whatever is
//! interrupted on the way.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use bytes::Bytes;
use indelible_log::{
    AttachmentSet, Batch, BlankError, Blanker, Erasure, Kind, Log, Reader, Settings, StartError, Step, erase,
    fsck_with, rebuild_with,
};
use indelible_store::journal::{
    Attachment, FileJournal, Journal, JournalError, Options, Place, Replayed, attachment_places,
};
use indelible_store::objects::{Key, MemoryObjects};
use tempfile::TempDir;

use crate::doubles::{Disk, Last, Power, TestJournal, TestObjects};
use crate::events::{
    Words, append_events, attachments, event, expected, named_by, read_attached, start_events, tombstone,
};
use crate::support::{Homes, append, eager, genesis_of_kind, journal_of, key, lazy, shutdown};

/// What is erased in most tests of 0..300, and what is left of an event then.
const TEXT: &str = "3..5 0,2; 100..280 1,11";

const TEXT_OF_3: &str = "3..4 0,2";

fn named(index: u64) -> AttachmentSet {
    match index {
        3..5 => [0, 2].into_iter().collect(),
        100..280 => [1, 11].into_iter().collect(),
        _ => AttachmentSet::NONE,
    }
}

fn everything() -> Erasure {
    Erasure {
        entries: 0..u64::MAX,
        attachments: AttachmentSet::ALL,
    }
}

fn start(homes: &Homes, from: u64) -> Log {
    start_events(homes.journal.clone(), Arc::new(homes.objects.clone()), from, &lazy()).unwrap()
}

/// A log of 300 events of which the first `sealed` are sealed, and its power supply.
fn with_sealed(sealed: u64) -> (Homes, Log, Arc<Power>) {
    let homes = Homes::of_events();
    let log = start(&homes, 0);
    append_events(&log, 0..sealed, 40).unwrap();
    shutdown(log).unwrap();
    assert_eq!(homes.sealed(), sealed);
    let power = Power::steady();
    let journal = TestJournal::new(homes.journal.clone(), &power);
    let objects = TestObjects::new(homes.objects.clone(), &power);
    let log = start_events(journal, objects, sealed, &lazy()).unwrap();
    append_events(&log, sealed..300, 40).unwrap();
    (homes, log, power)
}

/// Ends a log like a process that is killed.
fn kill(log: Log, power: &Power) {
    power.cut();
    drop(log);
}

/// The entries of which something is pending, from and to.
fn pending(blanker: &Blanker) -> Vec<(u64, u64)> {
    let pending = blanker.pending();
    pending
        .erasures()
        .map(|erasure| (erasure.entries.start, erasure.entries.end))
        .collect()
}

/// Every event is read, and of those named nothing that is.
fn check_read(reader: &Reader, named: impl Fn(u64) -> AttachmentSet) {
    for index in 0..300 {
        let expected = expected(&attachments(index), named(index));
        assert!(reader.attachments(index).unwrap() == expected, "event {index}");
    }
    let all = read_attached(reader, 50_000);
    for (index, found) in (0..300).zip(&all) {
        assert_eq!(found.entry, event(index));
        assert!(
            found.attachments == expected(&attachments(index), named(index)),
            "event {index}"
        );
    }
}

/// Whether the journal itself has what is named, of all entries that are.
fn in_journal(journal: &dyn Journal, named: impl Fn(u64) -> AttachmentSet) -> Vec<Attachment> {
    let mut found = vec![];
    for replayed in journal.replay(0).unwrap() {
        let Replayed { frame, place, .. } = replayed.unwrap();
        for (index, row) in (frame.first..).zip(attachment_places(&frame, place)) {
            let numbered = row.iter().enumerate();
            let of_named = numbered.filter(|(number, place)| named(index).contains(*number) && place.length > 0);
            found.extend(of_named.map(|(_, place)| journal.read(place).unwrap()));
        }
    }
    found
}

fn are_blanked(found: &[Attachment]) -> bool {
    assert!(found.len() > 100, "{} are no test", found.len());
    found.iter().all(|attachment| *attachment == Attachment::Blanked)
}

/// Findings of fsck, and how many attachments it found blanked and half blanked.
fn check_stored(journal: &dyn Journal, objects: Option<&MemoryObjects>) -> (Vec<String>, u64, u64) {
    let mut found = vec![];
    let objects = objects.map(|objects| objects as &dyn indelible_store::objects::Objects);
    let checked = fsck_with(Some(&Words), journal, objects, &key().verifier(), &mut |step| {
        if let Step::Found(finding) = step {
            found.push(finding.to_string());
        }
    });
    let checked = checked.unwrap();
    (found, checked.blanked, checked.under_way)
}

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

/// The power goes in every write of an erasure, the tombstone's own among them, and again in the one that finishes it. The blanking
/// under way is then torn, or complete although it failed.
#[test]
fn an_erasure_that_is_interrupted_anywhere_brings_nothing_back_and_is_finished() {
    for sealed in [0, 150] {
        for last in [Last::Lost, Last::Kept] {
            for writes in [0, 1, 2, 5] {
                interrupted(sealed, last, writes);
            }
        }
    }
}

fn interrupted(sealed: u64, last: Last, writes: u64) {
    let context = format!("{sealed} sealed, {writes} writes, the last one {last:?}");
    let (homes, log, power) = with_sealed(sealed);
    kill(log, &power);
    let disk = Disk::new(homes.journal.clone());
    let objects = |power: &Arc<Power>| TestObjects::new(homes.objects.clone(), power);
    let power = Power::fails_after(writes, last);
    let log = start_events(TestJournal::on(&disk, &power), objects(&power), 0, &lazy()).unwrap();
    let told = append(&log.appender(), tombstone(TEXT)).is_ok();
    // Portions of 64 frames: with 8 frames it would be one.
    let blanker = log.blanker().unwrap();
    for first in (0..300).step_by(40) {
        let part = Erasure {
            entries: first..first + 40,
            attachments: AttachmentSet::ALL,
        };
        if blanker.blank(&[part]).is_err() {
            assert!(power.is_cut(), "{context}");
            break;
        }
    }
    if told {
        check_read(&log.reader(), named);
    }
    kill(log, &power);
    drop(blanker);

    // A start that does not know the tombstone, since it says that all are carried out, does not serve what is half overwritten.
    let torn = !disk.torn.lock().unwrap().is_empty();
    assert_eq!(torn, last == Last::Lost && (1..6).contains(&writes), "{context}");
    let power = Power::steady();
    let empty = |power: &Arc<Power>| TestObjects::new(Homes::of_events().objects, power);
    match start_events(TestJournal::on(&disk, &power), empty(&power), 301, &lazy()) {
        Err(StartError::Attachment { index, attachment }) => {
            assert!(torn && named(index).contains(attachment), "{context}");
        }
        Ok(log) => kill(log, &power),
        Err(error) => panic!("{context}: {error}"),
    }
    let (found, _, under_way) = check_stored(disk.as_ref(), None);
    assert_eq!((found, under_way), (vec![], u64::from(torn)), "{context}");

    // What recovery finds it finishes, unless the power goes again.
    let again = Power::fails_after(0, last);
    match start_events(
        TestJournal::on(&disk, &again),
        Arc::new(Homes::of_events().objects),
        0,
        &lazy(),
    ) {
        Err(StartError::Journal(_)) => assert!(torn, "{context}"),
        Err(error) => panic!("{context}: {error}"),
        Ok(log) => {
            assert!(!torn, "{context}");
            kill(log, &again);
        }
    }
    for objects in [&objects as &dyn Fn(&Arc<Power>) -> Arc<TestObjects>, &empty] {
        let power = Power::steady();
        let log = start_events(TestJournal::on(&disk, &power), objects(&power), 0, &lazy()).unwrap();
        let erased = log.reader().head().size() == 301;
        assert!(erased || !told, "{context}");
        match erased {
            true => check_read(&log.reader(), named),
            false => check_read(&log.reader(), |_| AttachmentSet::NONE),
        }
        log.blanker().unwrap().blank(&[everything()]).unwrap();
        assert!(disk.torn.lock().unwrap().is_empty(), "{context}");
        assert!(!erased || are_blanked(&in_journal(disk.as_ref(), named)), "{context}");
        kill(log, &power);
    }
}

#[test]
fn what_is_damaged_and_not_named_stops_the_start() {
    let (homes, log, power) = with_sealed(0);
    append(&log.appender(), tombstone(TEXT)).unwrap();
    kill(log, &power);
    let disk = Disk::new(homes.journal.clone());
    let place = |index: u64, number: usize| {
        let frames = homes.journal.replay(0).unwrap().map(Result::unwrap);
        let row = frames.flat_map(|replayed| {
            let first = replayed.frame.first;
            (first..)
                .zip(attachment_places(&replayed.frame, replayed.place))
                .collect::<Vec<_>>()
        });
        row.into_iter().find(|(at, _)| *at == index).unwrap().1[number]
    };
    for (index, number, starts) in [(3, 0, true), (3, 1, false), (110, 11, true), (290, 11, false)] {
        disk.torn.lock().unwrap().insert(place(index, number));
        match start_events(disk.clone(), Arc::new(Homes::of_events().objects), 0, &lazy()) {
            Ok(log) => {
                assert!(starts);
                assert!(disk.torn.lock().unwrap().is_empty(), "it was finished");
                shutdown(log).unwrap();
            }
            Err(error) => {
                assert!(!starts && error.is_refuted());
                assert!(
                    matches!(&error, StartError::Attachment { index: at, attachment } if (*at, *attachment) == (index, number)),
                    "{error}"
                );
                let (found, ..) = check_stored(disk.as_ref(), None);
                assert!(
                    found[0].starts_with(&format!("attachment {number} of entry {index} ")),
                    "{found:?}"
                );
                assert_eq!(disk.torn.lock().unwrap().drain().count(), 1, "nothing was touched");
            }
        }
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

#[test]
fn a_tombstone_that_speaks_of_itself_or_of_what_comes_erases_nothing() {
    let (_homes, log, _power) = with_sealed(150);
    for (index, text) in (300..).zip(["0..301 0", "3..4 0; 301..302 0", "0..9 0; 400..401 1"]) {
        let ack = append(&log.appender(), tombstone(text)).unwrap();
        assert_eq!(ack.first, index);
    }
    check_read(&log.reader(), |_| AttachmentSet::NONE);
    assert!(log.blanker().unwrap().pending().is_empty());
}

#[test]
fn tombstones_are_known_from_the_cursor_on_wherever_they_stand() {
    let (homes, log, _power) = with_sealed(150);
    append(&log.appender(), tombstone("3..5 0,2")).unwrap();
    append_events(&log, 301..400, 40).unwrap();
    append(&log.appender(), tombstone("100..280 1,11")).unwrap();
    log.blanker().unwrap().blank(&[]).unwrap();
    shutdown(log).unwrap();
    assert_eq!(homes.sealed(), 401);
    let known = |homes: &Homes, from| {
        let power = Power::steady();
        let journal = TestJournal::new(homes.journal.clone(), &power);
        let objects = TestObjects::new(homes.objects.clone(), &power);
        let log = start_events(journal, objects, from, &lazy()).unwrap();
        let pending = pending(&log.blanker().unwrap());
        kill(log, &power);
        pending
    };
    let unsealed = Homes {
        journal: homes.journal.clone(),
        objects: Homes::of_events().objects,
    };
    for homes in [&homes, &unsealed] {
        for (from, expected) in [
            (0, vec![(3, 5), (100, 280)]),
            (300, vec![(3, 5), (100, 280)]),
            (301, vec![(100, 280)]),
            (400, vec![(100, 280)]),
            (401, vec![]),
            // No cursor of this log.
            (402, vec![(3, 5), (100, 280)]),
            (u64::MAX, vec![(3, 5), (100, 280)]),
        ] {
            assert_eq!(known(homes, from), expected, "from {from} on");
        }
    }
    // A run that is gone may have been a tombstone.
    let objects = homes.objects.clone();
    let lost = crate::support::home_of(vec![]);
    for bundle in 0..2 {
        for (first, run) in indelible_store::objects::Objects::runs(&objects, bundle).unwrap() {
            if first != 0 || bundle != 0 {
                let put = vec![(Key::Entries { first }, run)];
                indelible_store::objects::Objects::put(&lost, put).unwrap();
            }
        }
    }
    let tile = Key::Tile { level: 0, index: 0 };
    let value = indelible_store::objects::Objects::get(&objects, tile).unwrap().unwrap();
    indelible_store::objects::Objects::put(&lost, vec![(tile, value)]).unwrap();
    let error = start_events(homes.journal.clone(), Arc::new(lost), 0, &lazy()).unwrap_err();
    assert!(
        matches!(
            error,
            StartError::Object {
                key: Key::Entries { .. },
                ..
            }
        ),
        "{error}"
    );
}

/// An older copy of the journal has what was erased since it was made; the tombstones are in it, or it is too old to know.
#[test]
fn rebuilding_overwrites_what_an_older_copy_still_has() {
    let (homes, log, _power) = with_sealed(150);
    append(&log.appender(), tombstone(TEXT)).unwrap();
    append(&log.appender(), tombstone("7..8 0")).unwrap();
    shutdown(log).unwrap();
    let frames = crate::support::frames(homes.journal.as_ref());
    let copy = journal_of(genesis_of_kind(Kind::Events, 256), &frames);
    let objects = Homes::of_events().objects;
    let vkey = key().verifier();
    let refused = indelible_log::rebuild(copy.as_ref(), Arc::new(objects.clone()), &vkey, None, |_| {});
    assert!(matches!(refused, Err(StartError::Tombstones)), "{refused:?}");
    let rebuilt = rebuild_with(
        Some(Arc::new(Words)),
        copy.as_ref(),
        Arc::new(objects.clone()),
        &vkey,
        None,
        |_| {},
    );
    assert_eq!(rebuilt.unwrap().entries, 0..302);
    assert!(are_blanked(&in_journal(copy.as_ref(), named)));
    let (found, blanked, under_way) = check_stored(copy.as_ref(), Some(&objects));
    assert_eq!((found, under_way), (vec![], 0));
    assert!(blanked > 200);
    let log = start_events(copy, Arc::new(objects), 302, &lazy()).unwrap();
    check_read(&log.reader(), |index| match index {
        7 => [0].into_iter().collect(),
        index => named(index),
    });
}

/// A copy that goes on behind what it had: by what the new tombstones name, the old frames are overwritten too.
#[test]
fn a_copy_is_erased_by_what_its_tombstones_name() {
    let (homes, log, _power) = with_sealed(0);
    append(&log.appender(), tombstone(TEXT)).unwrap();
    shutdown(log).unwrap();
    let mut frames = crate::support::frames(homes.journal.as_ref());
    let copy = journal_of(genesis_of_kind(Kind::Events, 256), &frames);
    let entries: Vec<Bytes> = frames
        .drain(..)
        .flat_map(|frame| frame.records)
        .map(|record| record.entry)
        .collect();
    let named_there = named_by(&entries);
    assert_eq!(named_there.of(4), named(4));
    assert!(erase(copy.as_ref(), &named_there).unwrap() > 200);
    assert!(are_blanked(&in_journal(copy.as_ref(), named)));
    assert_eq!(check_stored(copy.as_ref(), None).0, Vec::<String>::new());
    // Twice is once.
    assert!(erase(copy.as_ref(), &named_there).unwrap() > 200);
    assert_eq!(erase(copy.as_ref(), &indelible_log::Erased::default()).unwrap(), 0);
}

#[test]
fn what_is_blanked_and_not_named_is_a_finding() {
    let (homes, log, _power) = with_sealed(0);
    append(&log.appender(), tombstone(TEXT)).unwrap();
    log.blanker().unwrap().blank(&[everything()]).unwrap();
    shutdown(log).unwrap();
    // Somebody overwrites by himself what no tombstone names: all of an event, and the same of its neighbour.
    let mut wanted: Vec<Place> = vec![];
    for replayed in homes.journal.replay(0).unwrap() {
        let Replayed { frame, place, .. } = replayed.unwrap();
        for (index, row) in (frame.first..).zip(attachment_places(&frame, place)) {
            if (121..123).contains(&index) {
                wanted.extend(&row[..3]);
            }
        }
    }
    homes.journal.blank(&wanted).unwrap();
    let (found, ..) = check_stored(homes.journal.as_ref(), Some(&homes.objects));
    assert_eq!(
        found,
        [
            "attachments 0, 2 of the entries 121..123 are blanked, and no tombstone names them: restore the journal from a backup"
        ]
    );
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

#[test]
fn a_journal_that_fails_while_it_is_blanked_takes_nothing_more() {
    let (homes, log, power) = with_sealed(0);
    kill(log, &power);
    let disk = Disk::new(homes.journal.clone());
    let power = Power::fails_after(1, Last::Lost);
    let log = start_events(TestJournal::on(&disk, &power), Arc::new(homes.objects), 0, &lazy()).unwrap();
    append(&log.appender(), tombstone(TEXT)).unwrap();
    let blanker = log.blanker().unwrap();
    let error = blanker.blank(&[everything()]).unwrap_err();
    assert!(matches!(error, BlankError::Journal(JournalError::Io { .. })), "{error}");
    assert_eq!(blanker.pending().erasures().count(), 2, "nothing is known to be gone");
    check_read(&log.reader(), named);
    assert!(append(&log.appender(), tombstone("0..1 0")).is_err());
}

/// In files: the values are gone from every byte of them, after half of the work was torn.
#[test]
fn in_files_no_byte_of_it_is_left() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("journal");
    let options = Options { segment_bytes: 40_000 };
    let journal = FileJournal::create(&path, &genesis_of_kind(Kind::Events, 256), options).unwrap();
    let objects = Homes::of_events().objects;
    let open = |journal: FileJournal, settings: &Settings| {
        start_events(Arc::new(journal), Arc::new(objects.clone()), 0, settings).unwrap()
    };
    let log = open(journal, &lazy());
    append_events(&log, 0..300, 17).unwrap();
    append(&log.appender(), tombstone(TEXT)).unwrap();
    shutdown(log).unwrap();

    // A blanking that was under way: some sectors of an attachment are zeros, others not.
    let (journal, _) = FileJournal::open(&path, options).unwrap();
    let torn = journal.replay(0).unwrap().map(Result::unwrap).find_map(|replayed| {
        let rows = attachment_places(&replayed.frame, replayed.place);
        let row = (replayed.frame.first..).zip(rows).find(|(index, _)| *index == 109);
        row.map(|(_, row)| row[11])
    });
    let torn = torn.unwrap();
    drop(journal);
    let file = path.join(format!("{:08}.seg", torn.segment));
    let mut bytes = fs::read(&file).unwrap();
    let begin = torn.offset as usize;
    bytes[begin..begin + torn.length as usize / 2].fill(0);
    fs::write(&file, bytes).unwrap();

    let fresh = || {
        let (journal, _) = FileJournal::open(&path, options).unwrap();
        start_events(Arc::new(journal), Arc::new(Homes::of_events().objects), 0, &eager()).unwrap()
    };
    let log = fresh();
    check_read(&log.reader(), named);
    log.blanker().unwrap().blank(&[everything()]).unwrap();
    check_read(&log.reader(), named);
    shutdown(log).unwrap();
    let everything: Vec<u8> = fs::read_dir(&path)
        .unwrap()
        .flat_map(|file| fs::read(file.unwrap().path()).unwrap())
        .collect();
    let has = |value: &[u8]| everything.windows(value.len()).any(|window| window == value);
    let mut gone = 0;
    for index in 0..300 {
        for (number, value) in attachments(index)
            .iter()
            .enumerate()
            .filter(|(_, value)| !value.is_empty())
        {
            if index % 20 == 3 || named(index).contains(number) && index % 10 == 0 {
                assert_eq!(
                    has(&value[..value.len().min(40)]),
                    !named(index).contains(number),
                    "{number} of {index}"
                );
                gone += usize::from(named(index).contains(number));
            }
        }
    }
    assert!(gone > 20, "{gone}");
    shutdown(fresh()).unwrap();
}
