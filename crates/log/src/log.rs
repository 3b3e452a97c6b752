//! A running log: its threads, its handles, its end.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use indelible_note::{KeyChain, SigningKey};
use indelible_store::journal::{Journal, JournalError};
use indelible_store::objects::Objects;
use tokio::sync::{Semaphore, watch};

use crate::append::{Appender, Ending};
use crate::attached::Attachments;
use crate::backlog::Backlog;
use crate::condition::Condition;
use crate::description::Description;
use crate::erase::{Blanker, Erasing};
use crate::halt::Halt;
use crate::kept_places::KeptPlaces;
use crate::keys::keys;
use crate::queue::{Entrance, Queue};
use crate::reader::Reader;
use crate::recover::{StartError, check_in_force, recover};
use crate::seal::Sealer;
use crate::sequencer::Sequencer;
use crate::settings::Settings;

/// A log that runs. Dropping it without [`shutdown`](Log::shutdown) leaves its threads to end on their own.
#[derive(Debug)]
pub struct Log {
    description: Description,
    keys: KeyChain,
    appender: Appender,
    reader: Reader,
    blanker: Option<Blanker>,
    conditions: watch::Sender<Condition>,
    queue: Arc<Queue>,
    room: Arc<Semaphore>,
    sequencer: JoinHandle<Result<(), JournalError>>,
    sealer: JoinHandle<()>,
}

impl Log {
    /// Recovers the log that `journal` and `objects` hold, and runs it.
    ///
    /// # Errors
    ///
    /// See [`StartError`]: nothing is served that does not hash to the last signed head.
    pub fn start(
        journal: Arc<dyn Journal>,
        objects: Arc<dyn Objects>,
        key: SigningKey,
        settings: &Settings,
    ) -> Result<Log, StartError> {
        Log::start_with(None, journal, objects, key, settings)
    }

    /// The same of a log that may have tombstones. A log of [`Kind::Events`](crate::Kind::Events) is started in no other way: what
    /// its tombstones name is known before anything is served, and what an interrupted erasure left half overwritten is overwritten.
    ///
    /// # Errors
    ///
    /// As [`start`](Log::start).
    pub fn start_with(
        erasing: Option<&Erasing>,
        journal: Arc<dyn Journal>,
        objects: Arc<dyn Objects>,
        key: SigningKey,
        settings: &Settings,
    ) -> Result<Log, StartError> {
        let keys = keys(journal.as_ref())?;
        check_in_force(&key.verifier(), &keys)?;
        let recovered = recover(journal.as_ref(), &objects, keys, settings, erasing)?;
        // Behind a change of keys the last head is the old key's. The new one signs it too, so that whoever knows only that can
        // read the log at once; the statement about it is in the journal already.
        let head = recovered.head.also_signed(&key);
        let (heads, published) = watch::channel(head);
        let conditions = watch::Sender::new(Condition::Serving);
        let room = Arc::new(Semaphore::new(settings.queue_bytes_max));
        let waiting_room = Arc::new(Semaphore::new(settings.queue_bytes_max));
        let backlog = Arc::new(Backlog::new(settings.backlog_bytes_max));
        backlog.add(recovered.backlog);

        let sealer = Sealer {
            tail: recovered.tail.clone(),
            objects: objects.clone(),
            volume_entries: recovered.description.volume_entries,
        };
        let reader = Reader {
            tail: recovered.tail.clone(),
            objects,
            attachments: recovered.pending.clone().map(|pending| Attachments {
                journal: journal.clone(),
                pending,
                kept_places: Arc::new(KeptPlaces::new()),
            }),
            heads: published,
        };
        let blanker = (recovered.pending.clone()).map(|pending| Blanker::new(reader.clone(), journal.clone(), pending));
        let sequencer = Sequencer {
            edge: recovered.tail.edge(),
            key,
            journal,
            tail: recovered.tail.clone(),
            heads,
            backlog: backlog.clone(),
            pending: recovered.pending,
            // What stands last may be a commit: a closing record too many costs a sector, one too few a guarantee.
            open_ended: true,
        };
        let queue = Arc::new(Queue::new(sequencer, settings));
        let sealer = {
            let settings = settings.clone();
            let end = SealerEnd {
                conditions: conditions.clone(),
                backlog: backlog.clone(),
                queue: queue.clone(),
            };
            spawn("sealer", move || {
                sealer.run(&end.backlog, &settings, || end.queue.look_again());
            })
        };
        let (running, ended) = watch::channel(());
        let end = SequencerEnd {
            conditions: conditions.clone(),
            room: room.clone(),
            backlog,
            _running: running,
        };
        let sequencer = {
            let queue = queue.clone();
            spawn("sequencer", move || {
                let result = queue.serve();
                end.reached(&result);
                result
            })
        };
        Ok(Log {
            keys: recovered.keys,
            appender: Appender::new(
                Arc::new(Entrance::new(queue.clone())),
                room.clone(),
                waiting_room,
                recovered.description.kind,
                settings,
                Ending::new(conditions.subscribe(), ended),
            ),
            description: recovered.description,
            reader,
            blanker,
            conditions,
            queue,
            room,
            sequencer,
            sealer,
        })
    }

    /// What the log is.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// The keys that the log has had; the last one signs.
    pub fn keys(&self) -> &KeyChain {
        &self.keys
    }

    /// The way to append.
    pub fn appender(&self) -> Appender {
        self.appender.clone()
    }

    /// The way to read.
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// The way to carry out tombstones; `None` for a log whose entries have no attachments.
    pub fn blanker(&self) -> Option<Blanker> {
        self.blanker.clone()
    }

    /// How the log is, and a way to hear when that changes.
    pub fn condition(&self) -> watch::Receiver<Condition> {
        self.conditions.subscribe()
    }

    /// The way to halt it.
    pub fn halt(&self) -> Halt {
        Halt::new(self.conditions.clone(), self.room.clone(), self.queue.clone())
    }

    /// Commits what is queued, writes the closing record, seals everything, and waits for all that; refuses what comes later.
    /// Blocks for as long as the disk takes.
    ///
    /// # Errors
    ///
    /// The journal's failure, if that is what had stopped the log.
    pub fn shutdown(self) -> Result<(), JournalError> {
        self.conditions.send_if_modified(|condition| {
            let stopped = matches!(condition, Condition::Failed(_) | Condition::Halted(_));
            if !stopped {
                *condition = Condition::Stopping;
            }
            !stopped
        });
        self.room.close();
        self.queue.stop();
        let result = self
            .sequencer
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        self.sealer
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        result
    }
}

/// What happens when the sequencer ends, however it ends: the condition is set, then whoever waits is let go, and can say why.
struct SequencerEnd {
    conditions: watch::Sender<Condition>,
    room: Arc<Semaphore>,
    backlog: Arc<Backlog>,
    /// Dropped last: whoever sees it gone finds the condition set.
    _running: watch::Sender<()>,
}

impl SequencerEnd {
    fn reached(self, result: &Result<(), JournalError>) {
        if let Err(error) = result {
            tracing::error!(%error, "the journal failed; nothing more is appended");
            self.conditions.send_replace(Condition::Failed(error.to_string()));
        }
    }
}

impl Drop for SequencerEnd {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.conditions
                .send_replace(Condition::Failed("the sequencer panicked".to_owned()));
        }
        self.room.close();
        self.backlog.close();
    }
}

/// What happens when the sealer ends, however it ends: a sequencer that waits for room is let go, and the log says that nothing
/// is sealed any more, unless it has something worse to say.
struct SealerEnd {
    conditions: watch::Sender<Condition>,
    backlog: Arc<Backlog>,
    queue: Arc<Queue>,
}

impl Drop for SealerEnd {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.backlog.fail("the sealer panicked".to_owned());
        }
        let Some(reason) = self.backlog.failure() else { return };
        self.queue.look_again();
        self.conditions.send_if_modified(|condition| {
            let serving = *condition == Condition::Serving;
            if serving {
                *condition = Condition::SealingStopped(reason);
            }
            serving
        });
    }
}

fn spawn<T: Send + 'static>(name: &str, run: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let started: io::Result<_> = Builder::new().name(name.to_owned()).spawn(run);
    started.expect("a process that cannot start two threads cannot serve")
}
