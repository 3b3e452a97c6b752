//! What waits to be committed, and the baton: whoever holds it decides what the log is, and there is one.
//!
//! Mostly the sequencer's thread holds it. When it is free and a small append comes alone, its caller takes it and commits at
//! once: two changes of thread, which cost more than the fdatasync between them, are saved.

mod baton;
mod lanes;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indelible_store::journal::JournalError;

use self::baton::{Baton, Turn};
use self::lanes::{From, Lanes};
use crate::append::{AppendError, Submission};
use crate::backlog::Room;
use crate::runs::Runs;
use crate::sequencer::Sequencer;
use crate::settings::{Committer, Settings};

/// The queue in front of the sequencer.
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    commit_bytes_max: usize,
    closing_quiet: Duration,
    lone_appends: Committer,
}

struct State {
    lanes: Lanes,
    baton: Baton,
    /// Whether the last commit was for several callers.
    crowded: bool,
    /// When the baton came back.
    returned: Instant,
    /// The thread waits, but not for ever.
    timed: bool,
    /// No more submissions are to come but those that are queued.
    stopping: bool,
    /// Nobody takes anything any more.
    ended: bool,
}

/// What can be done with what waits.
enum Ready {
    /// Commit it.
    All,
    /// Commit the small ones.
    Small,
    /// Refuse it, for this reason.
    Refused(String),
    Nothing,
}

/// What the thread does next.
enum Next {
    Commit(Runs),
    Refuse(Runs, String),
    Close,
    End,
}

/// What the thread does next if it cannot commit.
enum Otherwise {
    Do(Next),
    /// Wait until something changes, or for so long.
    Wait(Option<Duration>),
}

impl Queue {
    pub(crate) fn new(sequencer: Sequencer, settings: &Settings) -> Queue {
        Queue {
            state: Mutex::new(State {
                lanes: Lanes::default(),
                baton: Baton::Free(Box::new(sequencer)),
                crowded: false,
                returned: Instant::now(),
                timed: false,
                stopping: false,
                ended: false,
            }),
            changed: Condvar::new(),
            commit_bytes_max: settings.commit_bytes_max,
            closing_quiet: settings.closing_quiet,
            lone_appends: settings.lone_appends,
        }
    }

    /// Queues a submission, or commits it here and now. Dropped if the log has ended: its sender finds nobody to answer.
    pub(crate) fn submit(&self, submission: Submission) {
        let mut state = self.lock();
        if state.ended {
            return;
        }
        let express = state.lanes.push(submission);
        // Somebody who commits looks here again when that is done.
        if !matches!(state.baton, Baton::Free(_)) {
            return;
        }
        // Where many append at once, a caller's thread has better things to do than to wait for the disk.
        let by_caller = express && self.lone_appends == Committer::Caller && !state.crowded;
        match (by_caller, state.ready()) {
            (true, Ready::All | Ready::Small) => {
                let runs = state.take_runs(From::Express, self.commit_bytes_max);
                Turn::take_from(state, self).run(|sequencer| sequencer.commit(runs));
            }
            _ => self.changed.notify_one(),
        }
    }

    /// Commits until it is told to stop, and then what is queued. After an error of the journal the log takes nothing more: what
    /// memory says may not be what the disk says, and only a start can tell.
    pub(crate) fn serve(&self) -> Result<(), JournalError> {
        let _end = End(self);
        loop {
            let (turn, next) = self.next()?;
            match next {
                Next::Commit(runs) => turn.run(|sequencer| sequencer.commit(runs)),
                Next::Refuse(runs, reason) => turn.run(|_| {
                    runs.refuse(&AppendError::BacklogFull(reason));
                    Ok(())
                }),
                Next::Close => turn.run(Sequencer::close),
                Next::End => return turn.take().close(),
            }
        }
    }

    /// No more submissions will come.
    pub(crate) fn stop(&self) {
        self.lock().stopping = true;
        self.changed.notify_one();
    }

    /// Lets go whoever is queued; nobody is taken any more.
    pub(crate) fn halt(&self) {
        let mut state = self.lock();
        state.stopping = true;
        state.ended = true;
        let left = std::mem::take(&mut state.lanes);
        drop(state);
        drop(left);
        self.changed.notify_one();
    }

    /// There may be room in the backlog where there was none, or never will be.
    pub(crate) fn look_again(&self) {
        let _state = self.lock();
        self.changed.notify_one();
    }

    /// Waits for something to do and for the baton to do it with. While nothing comes for a while, the journal gets its closing
    /// record.
    fn next(&self) -> Result<(Turn<'_>, Next), JournalError> {
        let mut state = self.lock();
        loop {
            let next = match state.ready() {
                Ready::All => {
                    let from = state.lanes.next();
                    Next::Commit(state.take_runs(from, self.commit_bytes_max))
                }
                Ready::Small => Next::Commit(state.take_runs(From::Express, self.commit_bytes_max)),
                Ready::Refused(reason) => Next::Refuse(state.take_runs(From::Both, self.commit_bytes_max), reason),
                Ready::Nothing => match self.otherwise(&mut state)? {
                    Otherwise::Do(next) => next,
                    Otherwise::Wait(patience) => {
                        state = self.wait(state, patience);
                        continue;
                    }
                },
            };
            return Ok((Turn::take_from(state, self), next));
        }
    }

    /// What there is to do when nothing can be committed.
    fn otherwise(&self, state: &mut State) -> Result<Otherwise, JournalError> {
        let waits = !state.lanes.is_empty();
        let closes = match &state.baton {
            Baton::Failed(_) | Baton::Lost => return Err(state.baton.failure()),
            // The sealer is behind, and wakes us.
            Baton::Free(_) if waits => None,
            Baton::Free(_) if state.stopping => return Ok(Otherwise::Do(Next::End)),
            Baton::Free(sequencer) if sequencer.is_open_ended() => {
                let quiet = state.returned.elapsed();
                Some(self.closing_quiet.saturating_sub(quiet))
            }
            Baton::Free(_) => None,
            Baton::Taken => Some(self.closing_quiet.max(Duration::from_millis(1))),
        };
        Ok(match closes {
            Some(Duration::ZERO) => Otherwise::Do(Next::Close),
            patience => Otherwise::Wait(patience),
        })
    }

    fn wait<'q>(&'q self, mut state: MutexGuard<'q, State>, patience: Option<Duration>) -> MutexGuard<'q, State> {
        let Some(patience) = patience else {
            return self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        state.timed = true;
        let waited = self.changed.wait_timeout(state, patience);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.timed = false;
        state
    }

    /// Puts the baton back, and wakes the thread if it has something to do with it.
    fn give_back(&self, baton: Baton) {
        let mut state = self.lock();
        let idle = matches!(baton, Baton::Free(_)) && state.lanes.is_empty() && !state.stopping;
        state.baton = baton;
        state.returned = Instant::now();
        // A thread that waits for the moment of the closing record sees by itself that it has moved.
        if !(idle && state.timed) {
            self.changed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that is done under the lock can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What the next commit may take of what waits, if the baton is free for it.
    fn ready(&self) -> Ready {
        let Baton::Free(sequencer) = &self.baton else {
            return Ready::Nothing;
        };
        if self.lanes.is_empty() {
            return Ready::Nothing;
        }
        match sequencer.room() {
            Room::ForAll => Ready::All,
            Room::ForSmall if self.lanes.has_express() => Ready::Small,
            Room::ForSmall | Room::NotYet => Ready::Nothing,
            Room::Never(reason) => Ready::Refused(reason),
        }
    }

    fn take_runs(&mut self, from: From, bytes_max: usize) -> Runs {
        let runs = self.lanes.take_runs(from, bytes_max);
        self.crowded = runs.len() > 1;
        runs
    }
}

/// The thread has ended, however: whoever is still queued is let go.
struct End<'q>(&'q Queue);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.ended = true;
        let left = std::mem::take(&mut state.lanes);
        drop(state);
        drop(left);
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

/// Where submissions come in. When nobody is left who could submit anything, the sequencer ends.
#[derive(Debug)]
pub(crate) struct Entrance(Arc<Queue>);

impl Entrance {
    pub(crate) fn new(queue: Arc<Queue>) -> Entrance {
        Entrance(queue)
    }

    pub(crate) fn submit(&self, submission: Submission) {
        self.0.submit(submission);
    }
}

impl Drop for Entrance {
    fn drop(&mut self) {
        self.0.stop();
    }
}
