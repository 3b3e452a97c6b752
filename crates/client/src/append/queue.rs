//! The way from a caller to the stream and back.

use std::sync::Arc;

use bytes::Bytes;
use indelible_merkle::Hash;
use indelible_note::Receipt;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tonic::Code;

use super::run::AppendedRun;
use super::stream::Appender;
use crate::error::{AppendError, Error};
use crate::trust::Trust;

/// The callers' end. The stream ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Never holds more than there is room for.
    entries: mpsc::UnboundedSender<Queued>,
    room: Arc<Room>,
}

impl Queue {
    /// Starts the task that will open a stream when the first entry comes.
    pub(crate) fn start(trust: Arc<Trust>) -> Queue {
        let (entries, queued) = mpsc::unbounded_channel();
        let room = Arc::new(Room(Semaphore::new(ROOM_UNITS)));
        tokio::spawn(Appender::new(trust, queued, Arc::clone(&room)).run());
        Queue { entries, room }
    }

    /// Sends an entry, which the caller knows to be short enough, as soon as there is room.
    pub(crate) async fn begin(&self, entry: Bytes) -> Result<Appending, AppendError> {
        let leaf = Hash::leaf(&entry);
        let units = self.room.take(entry.len()).await?;
        let (reply, place) = oneshot::channel();
        let waiting = Waiting { leaf, units, reply };
        self.entries
            .send(Queued { entry, waiting })
            .map_err(|_| AppendError::NotAppended(Error::Stopped))?;
        Ok(Appending(place))
    }
}

/// An entry that is on its way. Dropped, it goes on all the same, and only its receipt is lost.
#[derive(Debug)]
pub struct Appending(oneshot::Receiver<Result<Place, AppendError>>);

impl Appending {
    /// Waits until the entry is verified to be in the log.
    ///
    /// # Errors
    /// As [`Client::append`](crate::Client::append).
    pub async fn receipt(self) -> Result<Receipt, AppendError> {
        let Place { run, index } = self.0.await.unwrap_or(Err(AppendError::Unconfirmed(Error::Stopped)))?;
        Ok(run
            .receipt(index)
            .expect("the verifier replies with an index of the run"))
    }
}

/// An entry on its way to the stream.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) entry: Bytes,
    pub(super) waiting: Waiting,
}

/// A caller that waits for its entry to be acknowledged.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) leaf: Hash,
    units: u32,
    reply: oneshot::Sender<Result<Place, AppendError>>,
}

/// Where an entry ended up.
#[derive(Debug)]
struct Place {
    run: Arc<AppendedRun>,
    index: u64,
}

/// Room for entries that are not yet acknowledged and verified: 8,192 of them, or 4 MiB. In units of 512 bytes the two limits
/// are one, 8,192 units; a longer entry takes several.
#[derive(Debug)]
pub(super) struct Room(Semaphore);

impl Room {
    /// Waits for room.
    async fn take(&self, bytes: usize) -> Result<u32, AppendError> {
        let units = u32::try_from(bytes.div_ceil(UNIT_BYTES).max(1)).expect("an entry is at most 65,535 bytes long");
        let permit = self.0.acquire_many(units).await.expect("the semaphore is never closed");
        // Given back by `reply` and `fail`, for a whole run at once.
        permit.forget();
        Ok(units)
    }

    /// Tells the callers where the entries of a run are. One that has gone away is not missed: its entry is in the log.
    pub(super) fn reply(&self, callers: Vec<Waiting>, run: AppendedRun) {
        let run = Arc::new(run);
        self.settle(
            callers,
            (run.first_index()..).map(|index| {
                let run = Arc::clone(&run);
                Ok(Place { run, index })
            }),
        );
    }

    /// Tells callers that nobody knows what became of their entries, unless the log is of a kind that takes none.
    pub(super) fn fail(&self, callers: impl IntoIterator<Item = Waiting>, error: &Error) {
        let outcome = match error {
            Error::Refused {
                code: Code::FailedPrecondition,
                ..
            } => AppendError::NotAppended(error.clone()),
            _ => AppendError::Unconfirmed(error.clone()),
        };
        self.settle(callers, std::iter::repeat_with(|| Err(outcome.clone())));
    }

    /// Tells callers that the log did not let their stream in, so that nothing of it was taken.
    pub(super) fn refuse(&self, callers: impl IntoIterator<Item = Waiting>, error: &Error) {
        let refused = || Err(AppendError::NotAppended(error.clone()));
        self.settle(callers, std::iter::repeat_with(refused));
    }

    fn settle(
        &self,
        callers: impl IntoIterator<Item = Waiting>,
        outcomes: impl Iterator<Item = Result<Place, AppendError>>,
    ) {
        let mut units = 0;
        for (caller, outcome) in callers.into_iter().zip(outcomes) {
            units += caller.units as usize;
            // An error means that the caller does not wait any more.
            let _gone = caller.reply.send(outcome);
        }
        self.0.add_permits(units);
    }
}

const UNIT_BYTES: usize = 512;
/// 8,192 units of 512 bytes are 4 MiB.
const ROOM_UNITS: usize = 8192;
