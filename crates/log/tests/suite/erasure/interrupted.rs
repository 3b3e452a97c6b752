//! Erasures that the power, the disk or a kill interrupts: nothing comes back, and in the end no byte is left.

use std::fs;
use std::sync::Arc;

use indelible_log::{AttachmentSet, BlankError, Erasure, Kind, Settings, StartError};
use indelible_store::journal::{FileJournal, Journal, JournalError, Options, attachment_places};
use tempfile::TempDir;

use super::{TEXT, are_blanked, check_read, check_stored, everything, in_journal, kill, named, with_sealed};
use crate::doubles::{Disk, Last, Power, TestJournal, TestObjects};
use crate::events::{append_events, attachments, start_events, tombstone};
use crate::support::{Homes, append, eager, genesis_of_kind, lazy, shutdown};

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
