//! What must hold for a log whose machine lost its power: opened by the real recovery, it has all that anybody may know of.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use indelible::config::Config;
use indelible::data::{DataDir, LockError, OpenError, OpenLog, at_rest, checkpoint_file, configure, open};
use indelible::memory::CheckpointFile;
use indelible::trail::{Accepted, Body, Original, Submission, Trail};
use indelible_client::NewEvent;
use indelible_event::member::Submitter;
use indelible_log::{Ack, Batch, Reader, Step, Tombstones, fsck_with};
use indelible_store::journal::{Attachment, Journal, Kind};

use crate::record::{CONFIGURATION, Recording, data_in};
use crate::steps::Step as Recorded;

/// The log as it became in the end: what any earlier state of it must be a beginning of.
#[derive(Debug)]
pub(crate) struct Truth {
    entries: Vec<Bytes>,
    /// What is kept of each, if the log is one of events.
    attachments: Vec<Vec<Bytes>>,
    /// Events that were acknowledged, and where: whoever comes again with one is to be told that.
    events: Vec<(u64, NewEvent)>,
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
            attachments: Vec::new(),
            events: Vec::new(),
            notes: BTreeMap::from([(0, log.journal.genesis().note.clone())]),
        };
        for replayed in log.journal.replay(0).unwrap() {
            let frame = replayed.unwrap().frame;
            if frame.kind == Kind::Commit {
                for record in frame.records {
                    truth.entries.push(record.entry);
                    truth.attachments.push(record.attachments);
                }
                truth.notes.insert(truth.entries.len() as u64, frame.note);
            }
        }
        for acknowledged in &recording.acknowledged {
            let found = &truth.entries[usize::try_from(acknowledged.index).unwrap()];
            assert_eq!(*found, acknowledged.entry, "entry {}", acknowledged.index);
            assert!(acknowledged.index < acknowledged.size);
            truth
                .events
                .extend(acknowledged.event.clone().map(|event| (acknowledged.index, event)));
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
            trail,
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
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(words)?;
        let ack = match &trail {
            Some(trail) => runtime.block_on(self.come_again(trail, met.size))?,
            None => {
                let batch = Batch::single(Bytes::from_static(b"after the power came back")).map_err(words)?;
                runtime.block_on(log.appender().append(batch)).map_err(words)?
            }
        };
        let note = ack.head.note_bytes();
        if ack.first != met.size || ack.head.size() != met.size + 1 {
            return Err(format!("{ack:?} behind {} entries", met.size));
        }
        log.shutdown().map_err(words)?;
        drop((reader, leaves, trail, lock));

        // And a second start agrees.
        let again = patiently(|| at_rest(&data)).map_err(|error| format!("refused the second time: {error}"))?;
        if again.journal.last_note() != note || again.opened.cut.is_some() {
            return Err(format!("the second start finds another end: {:?}", again.opened));
        }
        let objects = again
            .objects(&data)
            .map_err(|error| format!("refused the second time: {error}"))?;
        let mut findings = Vec::new();
        let tombstones = again.tombstones();
        let tombstones = tombstones.as_deref().map(|known| known as &dyn Tombstones);
        let checked = fsck_with(tombstones, &again.journal, Some(&objects), again.vkey(), &mut |step| {
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
        let mut index = 0;
        while index < size && self.attachments.iter().any(|attachments| !attachments.is_empty()) {
            for found in reader.attached(index, size, 4 << 20).map_err(words)? {
                let kept = &self.attachments[usize::try_from(index).map_err(words)?];
                let present = kept.iter().cloned().map(Attachment::Present);
                if !found.attachments.iter().cloned().eq(present) {
                    return Err(format!("what is kept of event {index} is not what was sent"));
                }
                index += 1;
            }
        }
        Ok(())
    }

    /// Whoever comes again is given the first index, if that is there; and somebody else is new. Returns the acknowledgement of that.
    async fn come_again(&self, trail: &Trail, size: u64) -> Result<Ack, String> {
        // Some of them, from all parts of the run.
        let there = self.events.iter().filter(|(index, _)| *index < size).step_by(7);
        let (due, sent): (Vec<u64>, Vec<Submission>) = there.map(|(index, event)| (*index, submission(event))).unzip();
        for (due, sent) in due.chunks(500).zip(sent.chunks(500)) {
            let taken = trail.submit(sent.to_vec()).await.map_err(words)?;
            let known = |accepted: &Accepted| match accepted {
                Accepted::Known { index } => Some(*index),
                Accepted::New { .. } => None,
            };
            if !taken.events.iter().map(known).eq(due.iter().copied().map(Some)) {
                return Err(format!(
                    "whoever came again was told {:?} instead of {due:?}",
                    taken.events
                ));
            }
        }
        let new = Submission {
            key: Some("after the power came back".to_owned()),
            ..submission(&self.events[0].1)
        };
        let taken = trail.submit(vec![new]).await.map_err(words)?;
        taken
            .ack
            .ok_or_else(|| format!("a new event was known: {:?}", taken.events))
    }
}

fn submission(event: &NewEvent) -> Submission {
    Submission {
        source: event.source.clone(),
        key: event.key.clone(),
        claims: event.claims.clone(),
        raw: event.raw.clone().map(|raw| {
            Original::Bytes(Body {
                bytes: raw.content,
                content_type: raw.content_type,
            })
        }),
        submitter: Submitter {
            principal: "anonymous".to_owned(),
            method: "none".to_owned(),
            verified: None,
        },
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
