//! A journal and an object store that can be held up and can fail, each in the two ways in which a disk fails: what was to be
//! written is not there, or is there all the same.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, ThreadId};

use bytes::Bytes;
use indelible_store::journal::{
    Absence, Absent, Attachment, Frame, FramePlace, Frames, Genesis, Journal, JournalError, Kind, Place, Reason,
    RecordPlace, Replayed, attachment_places,
};
use indelible_store::objects::{Key, Objects, ObjectsError};

use crate::support::PATIENCE;

/// What the last write before the failure left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    /// Nothing.
    Lost,
    /// All of it, although it reported failure.
    Kept,
    /// Nothing, and the thread that wrote panicked.
    Panics,
}

/// Decides when writes fail. Shared by several homes, it is the power supply of a machine: after a failure nothing is written.
pub(crate) struct Power(Mutex<Supply>);

struct Supply {
    /// Writes until the one that fails; `None` for ever.
    left: Option<u64>,
    last: Last,
}

impl Power {
    /// Never fails by itself.
    pub(crate) fn steady() -> Arc<Power> {
        Arc::new(Power(Mutex::new(Supply {
            left: None,
            last: Last::Lost,
        })))
    }

    /// Fails after so many writes.
    pub(crate) fn fails_after(writes: u64, last: Last) -> Arc<Power> {
        Arc::new(Power(Mutex::new(Supply {
            left: Some(writes + 1),
            last,
        })))
    }

    /// Nothing is written from now on.
    pub(crate) fn cut(&self) {
        self.0.lock().unwrap().left = Some(0);
    }

    fn last(&self) -> Last {
        self.0.lock().unwrap().last
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.0.lock().unwrap().left == Some(0)
    }

    /// Runs one write, or fails it. The lock makes the moment of failure one moment for all homes.
    fn write<T, E>(&self, write: impl FnOnce() -> Result<T, E>, failure: impl FnOnce(io::Error) -> E) -> Result<T, E> {
        let mut supply = self.0.lock().unwrap();
        let left = supply.left;
        supply.left = left.map(|left| left.saturating_sub(1));
        match (left, supply.last) {
            (None | Some(2..), _) => write(),
            (Some(1), Last::Kept) => {
                write()?;
                Err(failure(io::Error::other("the double reports failure of what it wrote")))
            }
            (Some(1), Last::Panics) => {
                drop(supply);
                panic!("the double panics, as a store should not");
            }
            (Some(1), Last::Lost) | (Some(0), _) => Err(failure(io::Error::other("the double lost a write"))),
        }
    }
}

/// A gate that writes pass one by one; closed, it holds them up.
#[derive(Default)]
pub(crate) struct Gate {
    state: Mutex<Passage>,
    changed: Condvar,
}

#[derive(Default)]
struct Passage {
    closed: bool,
    waiting: usize,
}

impl Gate {
    pub(crate) fn close(&self) {
        self.lock().closed = true;
    }

    pub(crate) fn open(&self) {
        self.lock().closed = false;
        self.changed.notify_all();
    }

    /// Waits until a write stands at the gate.
    pub(crate) fn wait_for_arrival(&self) {
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), PATIENCE, |passage| passage.waiting == 0);
        assert!(!waited.unwrap().1.timed_out(), "nothing was written");
    }

    fn pass(&self) {
        let mut passage = self.lock();
        passage.waiting += 1;
        self.changed.notify_all();
        passage = self.changed.wait_while(passage, |passage| passage.closed).unwrap();
        passage.waiting -= 1;
    }

    fn lock(&self) -> MutexGuard<'_, Passage> {
        self.state.lock().unwrap()
    }
}

/// A journal with a gate and a power supply, that remembers what it was given.
pub(crate) struct TestJournal {
    inner: Arc<dyn Journal>,
    /// What a blanking tears, if the journal lies on one.
    disk: Option<Arc<Disk>>,
    power: Arc<Power>,
    pub(crate) gate: Gate,
    /// What was read passes this one before it is given to whoever reads.
    pub(crate) read_gate: Gate,
    frames: Mutex<Vec<(Kind, usize)>>,
    threads: Mutex<Vec<ThreadId>>,
}

impl TestJournal {
    pub(crate) fn new(inner: Arc<dyn Journal>, power: &Arc<Power>) -> Arc<TestJournal> {
        TestJournal::over(inner, None, power)
    }

    /// One whose blankings can be torn.
    pub(crate) fn on(disk: &Arc<Disk>, power: &Arc<Power>) -> Arc<TestJournal> {
        TestJournal::over(disk.clone(), Some(disk.clone()), power)
    }

    fn over(inner: Arc<dyn Journal>, disk: Option<Arc<Disk>>, power: &Arc<Power>) -> Arc<TestJournal> {
        Arc::new(TestJournal {
            inner,
            disk,
            power: power.clone(),
            gate: Gate::default(),
            read_gate: Gate::default(),
            frames: Mutex::default(),
            threads: Mutex::default(),
        })
    }

    /// The kinds and numbers of entries of all frames that were to be appended.
    pub(crate) fn frames(&self) -> Vec<(Kind, usize)> {
        self.frames.lock().unwrap().clone()
    }

    /// The threads that appended them.
    pub(crate) fn threads(&self) -> Vec<ThreadId> {
        self.threads.lock().unwrap().clone()
    }

    /// The numbers of entries of the commits among them.
    pub(crate) fn commits(&self) -> Vec<usize> {
        let frames = self.frames();
        let commits = frames.iter().filter(|(kind, _)| *kind == Kind::Commit);
        commits.map(|(_, count)| *count).collect()
    }

    /// How many closing records are among them.
    pub(crate) fn closings(&self) -> usize {
        self.frames().iter().filter(|(kind, _)| *kind == Kind::Closing).count()
    }
}

impl Journal for TestJournal {
    fn genesis(&self) -> &Genesis {
        self.inner.genesis()
    }

    fn size(&self) -> u64 {
        self.inner.size()
    }

    fn last_note(&self) -> Bytes {
        self.inner.last_note()
    }

    fn append(&self, frame: &Frame) -> Result<FramePlace, JournalError> {
        self.frames.lock().unwrap().push((frame.kind, frame.records.len()));
        self.threads.lock().unwrap().push(thread::current().id());
        self.gate.pass();
        self.power.write(
            || self.inner.append(frame),
            |source| JournalError::Io {
                action: "sync",
                file: PathBuf::from("double"),
                source,
            },
        )
    }

    fn replay(&self, from: u64) -> Result<Frames<'_>, JournalError> {
        self.inner.replay(from)
    }

    fn key_changes(&self) -> Result<Vec<Replayed>, JournalError> {
        self.inner.key_changes()
    }

    fn read(&self, place: &Place) -> Result<Attachment, JournalError> {
        let read = self.inner.read(place);
        self.read_gate.pass();
        read
    }

    fn read_entry(&self, place: &RecordPlace) -> Result<Bytes, JournalError> {
        self.inner.read_entry(place)
    }

    fn blank(&self, places: &[Place]) -> Result<(), JournalError> {
        let failed = |source| JournalError::Io {
            action: "write to",
            file: PathBuf::from("double"),
            source,
        };
        let was_cut = self.power.is_cut();
        let done = self.power.write(|| self.inner.blank(places), failed);
        // With the power goes half of what was being written.
        if done.is_err() && !was_cut && self.power.is_cut() && self.power.last() == Last::Lost {
            let half = places.len() / 2;
            self.inner.blank(&places[..half]).unwrap();
            if let Some(disk) = &self.disk {
                disk.torn.lock().unwrap().extend(places.get(half));
            }
        }
        done
    }
}

/// What outlives a power cut: a journal, and which of its attachments are half overwritten.
pub(crate) struct Disk {
    inner: Arc<dyn Journal>,
    pub(crate) torn: Mutex<HashSet<Place>>,
}

impl Disk {
    pub(crate) fn new(inner: Arc<dyn Journal>) -> Arc<Disk> {
        Arc::new(Disk {
            inner,
            torn: Mutex::default(),
        })
    }
}

impl Journal for Disk {
    fn genesis(&self) -> &Genesis {
        self.inner.genesis()
    }

    fn size(&self) -> u64 {
        self.inner.size()
    }

    fn last_note(&self) -> Bytes {
        self.inner.last_note()
    }

    fn append(&self, frame: &Frame) -> Result<FramePlace, JournalError> {
        self.inner.append(frame)
    }

    fn replay(&self, from: u64) -> Result<Frames<'_>, JournalError> {
        let frames = self.inner.replay(from)?;
        Ok(Box::new(frames.map(|replayed| {
            let mut replayed = replayed?;
            let torn = self.torn.lock().unwrap();
            let mut absent = vec![];
            for (record, places) in attachment_places(&replayed.frame, replayed.place).iter().enumerate() {
                for (attachment, place) in places.iter().enumerate().filter(|(_, place)| torn.contains(*place)) {
                    let zeros = Bytes::from(vec![0; place.length as usize]);
                    replayed.frame.records[record].attachments[attachment] = zeros;
                    absent.push(Absent {
                        record,
                        attachment,
                        absence: Absence::Damaged,
                    });
                }
            }
            replayed.absent.extend(absent);
            Ok(replayed)
        })))
    }

    fn read(&self, place: &Place) -> Result<Attachment, JournalError> {
        match self.torn.lock().unwrap().contains(place) {
            false => self.inner.read(place),
            true => Err(JournalError::Damaged {
                file: PathBuf::from("disk"),
                offset: place.offset,
                reason: Reason::Attachment,
            }),
        }
    }

    fn read_entry(&self, place: &RecordPlace) -> Result<Bytes, JournalError> {
        self.inner.read_entry(place)
    }

    fn blank(&self, places: &[Place]) -> Result<(), JournalError> {
        self.inner.blank(places)?;
        let mut torn = self.torn.lock().unwrap();
        torn.retain(|torn| !places.contains(torn));
        Ok(())
    }
}

/// An object store with a gate and a power supply, that can lose objects behind a log's back.
pub(crate) struct TestObjects {
    inner: Arc<dyn Objects>,
    power: Arc<Power>,
    pub(crate) gate: Gate,
    instead: Mutex<BTreeMap<Key, Option<Bytes>>>,
}

impl TestObjects {
    pub(crate) fn new(inner: impl Objects + 'static, power: &Arc<Power>) -> Arc<TestObjects> {
        Arc::new(TestObjects {
            inner: Arc::new(inner),
            power: power.clone(),
            gate: Gate::default(),
            instead: Mutex::default(),
        })
    }

    /// From now on `value` is what lies under the key.
    pub(crate) fn serve_instead(&self, key: Key, value: Option<Bytes>) {
        self.instead.lock().unwrap().insert(key, value);
    }
}

impl Objects for TestObjects {
    fn get(&self, key: Key) -> Result<Option<Bytes>, ObjectsError> {
        if let Some(value) = self.instead.lock().unwrap().get(&key) {
            return Ok(value.clone());
        }
        self.inner.get(key)
    }

    fn runs(&self, bundle: u64) -> Result<Vec<(u64, Bytes)>, ObjectsError> {
        self.inner.runs(bundle)
    }

    fn places(&self, bundle: u64) -> Result<Vec<(u64, Bytes)>, ObjectsError> {
        let mut places = self.inner.places(bundle)?;
        let instead = self.instead.lock().unwrap();
        places.retain_mut(|(first, value)| match instead.get(&Key::Where { first: *first }) {
            None => true,
            Some(None) => false,
            Some(Some(other)) => {
                *value = other.clone();
                true
            }
        });
        Ok(places)
    }

    fn last_run(&self) -> Result<Option<(u64, Bytes)>, ObjectsError> {
        self.inner.last_run()
    }

    fn put(&self, batch: Vec<(Key, Bytes)>) -> Result<(), ObjectsError> {
        self.gate.pass();
        self.power.write(
            || self.inner.put(batch),
            |source| ObjectsError::Io {
                act: "sync",
                path: PathBuf::from("double"),
                source,
            },
        )
    }
}

/// A journal of which the replay is altered: what a broken home could hand out.
pub(crate) struct AlteredJournal<A> {
    pub(crate) inner: Arc<dyn Journal>,
    pub(crate) alter: A,
}

impl<A: Fn(Vec<Replayed>) -> Vec<Replayed> + Send + Sync> Journal for AlteredJournal<A> {
    fn genesis(&self) -> &Genesis {
        self.inner.genesis()
    }

    fn size(&self) -> u64 {
        self.inner.size()
    }

    fn last_note(&self) -> Bytes {
        self.inner.last_note()
    }

    fn append(&self, frame: &Frame) -> Result<FramePlace, JournalError> {
        self.inner.append(frame)
    }

    fn replay(&self, from: u64) -> Result<Frames<'_>, JournalError> {
        let whole: Vec<Replayed> = self.inner.replay(from)?.collect::<Result<_, _>>()?;
        Ok(Box::new((self.alter)(whole).into_iter().map(Ok)))
    }

    fn read(&self, place: &Place) -> Result<Attachment, JournalError> {
        self.inner.read(place)
    }

    fn read_entry(&self, place: &RecordPlace) -> Result<Bytes, JournalError> {
        self.inner.read_entry(place)
    }

    fn blank(&self, places: &[Place]) -> Result<(), JournalError> {
        self.inner.blank(places)
    }
}
