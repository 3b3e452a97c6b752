//! What waits to be committed, and the baton: whoever holds it decides what the log is, and there is one.
//!
//! Mostly the sequencer's thread holds it. When it is free and a small append comes alone, its caller takes it and commits at
//! once: two changes of thread, which cost more than the fdatasync between them, are saved.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indelible_store::journal::JournalError;

use crate::append::{Reply, Submission};
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
    /// Small appends that somebody waits for: they do not wait behind large ones.
    express: VecDeque<Submission>,
    /// All others, those of a stream in its order.
    bulk: VecDeque<Submission>,
    baton: Baton,
    /// When the baton came back.
    returned: Instant,
    /// The thread waits, but not for ever.
    timed: bool,
    /// No more submissions are to come but those that are queued.
    stopping: bool,
    /// Nobody takes anything any more.
    ended: bool,
}

/// Where the sequencer's state is.
enum Baton {
    Free(Box<Sequencer>),
    Taken,
    /// The journal failed while it was taken.
    Failed(JournalError),
    /// Whoever had it panicked.
    Lost,
}

/// What the thread does next.
enum Next {
    Commit(Runs),
    Close,
    End,
}

impl Queue {
    pub(crate) fn new(sequencer: Sequencer, settings: &Settings) -> Queue {
        Queue {
            state: Mutex::new(State {
                express: VecDeque::new(),
                bulk: VecDeque::new(),
                baton: Baton::Free(Box::new(sequencer)),
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
        let small = submission.batch.bytes() <= SMALL_BYTES_MAX;
        let mut state = self.lock();
        if state.ended {
            return;
        }
        let express = small && matches!(submission.reply, Reply::Once(_));
        match express {
            true => state.express.push_back(submission),
            false => state.bulk.push_back(submission),
        }
        // Somebody who commits looks here again when that is done.
        if !matches!(state.baton, Baton::Free(_)) {
            return;
        }
        let here = express && self.lone_appends == Committer::Caller && state.is_ready();
        match here.then(|| self.turn(state)) {
            Some((turn, runs)) => turn.run(|sequencer| sequencer.commit(runs)),
            None => self.changed.notify_one(),
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

    /// Waits for something to do and for the baton to do it with. While nothing comes for a while, the journal gets its closing
    /// record.
    fn next(&self) -> Result<(Turn<'_>, Next), JournalError> {
        let mut state = self.lock();
        loop {
            let open_ended = match &state.baton {
                Baton::Free(_) if state.waits() => {
                    let (turn, runs) = self.turn(state);
                    return Ok((turn, Next::Commit(runs)));
                }
                Baton::Free(_) if state.stopping => return Ok((Turn::take_from(state, self), Next::End)),
                Baton::Free(sequencer) => sequencer.is_open_ended(),
                Baton::Taken => true,
                Baton::Failed(_) | Baton::Lost => return Err(state.baton.failure()),
            };
            if !open_ended {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let quiet = state.returned.elapsed();
            let left = match self.closing_quiet.checked_sub(quiet) {
                Some(left) if !left.is_zero() => left,
                _ if matches!(state.baton, Baton::Taken) => self.closing_quiet,
                _ => return Ok((Turn::take_from(state, self), Next::Close)),
            };
            state.timed = true;
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.timed = false;
        }
    }

    /// Takes the free baton and all that waits, up to a commit's limit.
    fn turn<'q>(&'q self, mut state: MutexGuard<'q, State>) -> (Turn<'q>, Runs) {
        let runs = state.take_runs(self.commit_bytes_max);
        (Turn::take_from(state, self), runs)
    }

    /// Puts the baton back, and wakes the thread if it has something to do with it.
    fn give_back(&self, baton: Baton) {
        let mut state = self.lock();
        let idle = matches!(baton, Baton::Free(_)) && !state.waits() && !state.stopping;
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
    fn waits(&self) -> bool {
        !self.express.is_empty() || !self.bulk.is_empty()
    }

    /// Whether a commit would begin at once.
    fn is_ready(&self) -> bool {
        matches!(&self.baton, Baton::Free(sequencer) if sequencer.has_room())
    }

    /// All small ones that fit, then large ones that still do. At least one of each goes, so that neither starves the other.
    fn take_runs(&mut self, bytes_max: usize) -> Runs {
        let (mut runs, mut bytes) = (Runs::default(), 0);
        for lane in [&mut self.express, &mut self.bulk] {
            let mut first = true;
            while let Some(next) = lane.front().map(|next| next.batch.bytes())
                && (first || bytes + next <= bytes_max)
            {
                bytes += next;
                lane.pop_front().into_iter().for_each(|next| runs.add(next));
                first = false;
            }
        }
        runs
    }
}

impl Baton {
    fn failure(&mut self) -> JournalError {
        match std::mem::replace(self, Baton::Taken) {
            Baton::Failed(error) => error,
            _ => panic!("the caller that committed its own append panicked"),
        }
    }
}

/// The baton in somebody's hands. It goes back when this is done, or is known to be lost.
struct Turn<'q> {
    sequencer: Option<Box<Sequencer>>,
    queue: &'q Queue,
}

impl<'q> Turn<'q> {
    fn take_from(mut state: MutexGuard<'q, State>, queue: &'q Queue) -> Turn<'q> {
        match std::mem::replace(&mut state.baton, Baton::Taken) {
            Baton::Free(sequencer) => Turn {
                sequencer: Some(sequencer),
                queue,
            },
            _ => unreachable!("the baton was free a moment ago, under the same lock"),
        }
    }

    fn take(mut self) -> Box<Sequencer> {
        self.sequencer.take().expect(HELD)
    }

    /// Does something with the baton, and gives it back unless the journal failed.
    fn run(mut self, act: impl FnOnce(&mut Sequencer) -> Result<(), JournalError>) {
        let sequencer = self.sequencer.as_mut().expect(HELD);
        let result = act(sequencer);
        let queue = self.queue;
        let sequencer = self.take();
        queue.give_back(match result {
            Ok(()) => Baton::Free(sequencer),
            Err(error) => Baton::Failed(error),
        });
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.sequencer.take().is_some() {
            self.queue.give_back(Baton::Lost);
        }
    }
}

/// The thread has ended, however: whoever is still queued is let go.
struct End<'q>(&'q Queue);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.ended = true;
        let left = (std::mem::take(&mut state.express), std::mem::take(&mut state.bulk));
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

const HELD: &str = "a turn has the baton until it ends";

/// Entry bytes of an append that is small: to hash, write and sync it takes no longer than other things that a caller's thread
/// does between two awaits.
const SMALL_BYTES_MAX: usize = 64 << 10;
