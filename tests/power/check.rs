//! What must hold for a log whose machine lost its power: opened by the real recovery, it has all that anybody may know of.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use indelible::config::Config;
use indelible::data::{DataDir, LockError, OpenError, OpenLog, at_rest, checkpoint_file, configure, open};
use indelible::memory::CheckpointFile;
use indelible_log::{Batch, Reader, Step, fsck};
use indelible_store::journal::{Journal, Kind};

use crate::record::{CONFIGURATION, Recording, data_in};
use crate::steps::Step as Recorded;

/// The log as it became in the end: what any earlier state of it must be a beginning of.
#[derive(Debug)]
pub(crate) struct Truth {
    entries: Vec<Bytes>,
    /// The note of each head that was signed, by size.
    notes: BTreeMap<u64, Bytes>,
}

/// What recovery met in an image.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Met {
    /// A torn write was cut off.
    pub(crate) cut: bool,
    /// A segment that was not finished was removed.
    pub(crate) removed: bool,
    /// Entries that came back.
    pub(crate) size: u64,
}

impl Truth {
    /// Reads the log that a recording left, and holds what the clients were told against it: each acknowledged entry has its place,
    /// and each head that left the server is of this history.
    pub(crate) fn of(recording: &Recording) -> Truth {
        let log = at_rest(&DataDir::at(data_in(&recording.root()))).unwrap();
        let mut truth = Truth {
            entries: Vec::new(),
            notes: BTreeMap::from([(0, log.journal.genesis().note.clone())]),
        };
        for replayed in log.journal.replay(0).unwrap() {
            let frame = replayed.unwrap().frame;
            if frame.kind == Kind::Commit {
                truth
                    .entries
                    .extend(frame.records.into_iter().map(|record| record.entry));
                truth.notes.insert(truth.entries.len() as u64, frame.note);
            }
        }
        for acknowledged in &recording.acknowledged {
            let found = &truth.entries[usize::try_from(acknowledged.index).unwrap()];
            assert_eq!(*found, acknowledged.entry, "entry {}", acknowledged.index);
            assert!(acknowledged.index < acknowledged.size);
        }
        for step in &recording.steps {
            if let Recorded::Told(head) = step {
                let note = &truth.notes[&head.size];
                assert!(
                    note.starts_with(head.text.as_bytes()),
                    "{head:?} left the server, but is not of this log"
                );
            }
        }
        truth
    }

    /// Opens the log that lies in `root` and checks it; `told` is the size of the largest head that anybody may know.
    pub(crate) fn check(&self, root: &Path, told: u64) -> Result<Met, String> {
        catch_unwind(AssertUnwindSafe(|| self.check_uncaught(root, told))).unwrap_or_else(|panic| {
            let words = panic.downcast_ref::<String>().map(String::as_str);
            Err(format!(
                "panicked: {}",
                words.or_else(|| panic.downcast_ref().copied()).unwrap_or_default()
            ))
        })
    }

    fn check_uncaught(&self, root: &Path, told: u64) -> Result<Met, String> {
        let data = DataDir::at(data_in(root));
        let config = configuration(&data)?;
        let memory = CheckpointFile::at(checkpoint_file(&data, &config)).map_err(words)?;
        let OpenLog {
            log,
            opened,
            lock,
            leaves,
            ..
        } = patiently(|| open(&data, config.clone())).map_err(|error| format!("refused: {error}"))?;
        if let Some(remembered) = memory.load(log.keys()).map_err(words)? {
            remembered
                .check_log(&log.reader())
                .map_err(|error| format!("refused: {error}"))?;
        }

        let reader = log.reader();
        let met = Met {
            cut: opened.cut.is_some(),
            removed: !opened.removed.is_empty(),
            size: reader.head().size(),
        };
        self.check_content(&reader, told)?;

        // It goes on from there.
        let batch = Batch::single(Bytes::from_static(b"after the power came back")).map_err(words)?;
        let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(words)?;
        let ack = runtime.block_on(log.appender().append(batch)).map_err(words)?;
        let note = ack.head.note_bytes();
        if ack.first != met.size || ack.head.size() != met.size + 1 {
            return Err(format!("{ack:?} behind {} entries", met.size));
        }
        log.shutdown().map_err(words)?;
        drop((reader, leaves, lock));

        // And a second start agrees.
        let again = patiently(|| at_rest(&data)).map_err(|error| format!("refused the second time: {error}"))?;
        if again.journal.last_note() != note || again.opened.cut.is_some() {
            return Err(format!("the second start finds another end: {:?}", again.opened));
        }
        let objects = again
            .objects(&data)
            .map_err(|error| format!("refused the second time: {error}"))?;
        let mut findings = Vec::new();
        let checked = fsck(&again.journal, Some(&objects), again.vkey(), &mut |step| {
            if let Step::Found(finding) = step {
                findings.push(finding.to_string());
            }
        })
        .map_err(words)?;
        if !findings.is_empty() || checked.entries != met.size + 1 || checked.sealed != checked.entries {
            return Err(format!("fsck: {checked:?}, {findings:#?}"));
        }
        Ok(met)
    }

    /// Its head was signed in the run and is none older than what was told, and its entries are those that were sent.
    fn check_content(&self, reader: &Reader, told: u64) -> Result<(), String> {
        let head = reader.head();
        let size = head.size();
        if size < told {
            return Err(format!("a head of {told} entries was published, and {size} came back"));
        }
        if self.notes.get(&size) != Some(&head.note_bytes()) {
            return Err(format!("the head of {size} entries is not one that was signed"));
        }
        let mut index = 0;
        while index < size {
            let entries = reader.entries(index, size, 1 << 20).map_err(words)?;
            for entry in entries {
                if self.entries[usize::try_from(index).map_err(words)?] != entry {
                    return Err(format!("entry {index} is not what was sent"));
                }
                index += 1;
            }
        }
        Ok(())
    }
}

/// Opens once more what somebody has open. A program that another thread is about to start has all files of this one, and with
/// them their locks, until it has become that program.
fn patiently<T>(open: impl Fn() -> Result<T, OpenError>) -> Result<T, OpenError> {
    for _ in 0..LOCK_TRIES {
        match open() {
            Err(OpenError::Lock(LockError::Held { .. })) => std::thread::sleep(LOCK_POLL),
            opened => return opened,
        }
    }
    open()
}

fn configuration(data: &DataDir) -> Result<Config, String> {
    let environment = CONFIGURATION.map(|(name, value)| (name.to_owned(), value.to_owned()));
    configure(data, &environment.into(), &[]).map_err(words)
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

const LOCK_TRIES: u32 = 100;

const LOCK_POLL: Duration = Duration::from_millis(10);
