//! The engine on files and sled: what it left there it finds there, also after a failure in the middle.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use indelible_log::{AppendError, Log};
use indelible_store::journal::{FileJournal, Options as JournalOptions};
use indelible_store::objects::{Options, SledObjects};

use crate::doubles::{Last, Power, TestJournal, TestObjects};
use crate::support::{
    append, batch, check_log, eager, entries, eventually, genesis, read_all, sealed, shutdown, start,
};

const SEGMENTS: JournalOptions = JournalOptions {
    segment_bytes: 256 << 10,
};

fn small_volumes() -> Options {
    Options {
        volume_entries: 256,
        cache_bytes: 8 << 20,
        pages_bytes: 8 << 20,
        tile_pages_bytes: 8 << 20,
        open_volumes_max: 1,
    }
}

fn create(dir: &Path) {
    FileJournal::create(&dir.join("journal"), &genesis(256), SEGMENTS).unwrap();
    SledObjects::create(&dir.join("tree.sled"), small_volumes()).unwrap();
}

/// Starts the log that lies in `dir`. The journal tells when nothing uses the directory any more.
fn open(dir: &Path, power: &Arc<Power>) -> (Log, Arc<TestJournal>, Arc<TestObjects>) {
    let (journal, _) = FileJournal::open(&dir.join("journal"), SEGMENTS).unwrap();
    let journal = TestJournal::new(Arc::new(journal), power);
    let objects = SledObjects::open(&dir.join("tree.sled"), small_volumes()).unwrap();
    let objects = TestObjects::new(objects, power);
    let log = start(journal.clone(), objects.clone(), &eager()).unwrap();
    (log, journal, objects)
}

#[test]
fn a_log_on_disk_grows_over_restarts() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let whole = entries(0..700);
    for (number, part) in (0..).zip(whole.chunks(175)) {
        let (log, _, objects) = open(dir.path(), &Power::steady());
        check_log(&log.reader(), &whole[..175 * number]);
        for entries in part.chunks(9) {
            append(&log.appender(), batch(entries)).unwrap();
        }
        shutdown(log).unwrap();
        assert_eq!(sealed(objects.as_ref()), 175 * (number as u64 + 1));
    }
    let (log, ..) = open(dir.path(), &Power::steady());
    check_log(&log.reader(), &whole);
}

#[test]
fn a_log_on_disk_survives_failures_of_both_kinds() {
    let dir = tempfile::tempdir().unwrap();
    create(dir.path());
    let mut acknowledged: Vec<Bytes> = vec![];
    for (writes, last) in [(5, Last::Lost), (6, Last::Kept), (9, Last::Kept), (12, Last::Lost)] {
        let (log, journal, objects) = open(dir.path(), &Power::fails_after(writes, last));
        let reader = log.reader();
        // What the failure kept although it was not acknowledged is there as it was sent.
        let found = read_all(&reader);
        assert!(found.len() - acknowledged.len() <= 40);
        assert_eq!(found, entries(0..found.len() as u64));
        check_log(&reader, &found);
        acknowledged = found;
        // More writes than the power supply allows.
        let refused = (0..=writes).find_map(|_| {
            let next = acknowledged.len() as u64;
            let sent = entries(next..next + 40);
            let refusal = append(&log.appender(), batch(&sent)).err();
            if refusal.is_none() {
                acknowledged.extend(sent);
            }
            refusal
        });
        assert!(matches!(refused, Some(AppendError::Failed(_))), "{refused:?}");
        drop((log, reader));
        eventually(|| Arc::strong_count(&journal) == 1 && Arc::strong_count(&objects) == 1);
    }
    let (log, ..) = open(dir.path(), &Power::steady());
    check_log(&log.reader(), &entries(0..log.reader().head().size()));
    assert!(log.reader().head().size() >= acknowledged.len() as u64);
}
