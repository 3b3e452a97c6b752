//! The baton: the sequencer's state, which is free or in somebody's hands.

use std::sync::MutexGuard;

use indelible_store::journal::JournalError;

use super::{Queue, State};
use crate::sequencer::Sequencer;

/// Where the sequencer's state is.
pub(super) enum Baton {
    Free(Box<Sequencer>),
    Taken,
    /// The journal failed while it was taken.
    Failed(JournalError),
    /// Whoever had it panicked.
    Lost,
}

impl Baton {
    pub(super) fn failure(&mut self) -> JournalError {
        match std::mem::replace(self, Baton::Taken) {
            Baton::Failed(error) => error,
            _ => panic!("the caller that committed its own append panicked"),
        }
    }
}

/// The baton in somebody's hands. It goes back when this is done, or is known to be lost.
pub(super) struct Turn<'q> {
    sequencer: Option<Box<Sequencer>>,
    queue: &'q Queue,
}

impl<'q> Turn<'q> {
    pub(super) fn take_from(mut state: MutexGuard<'q, State>, queue: &'q Queue) -> Turn<'q> {
        match std::mem::replace(&mut state.baton, Baton::Taken) {
            Baton::Free(sequencer) => Turn {
                sequencer: Some(sequencer),
                queue,
            },
            _ => unreachable!("the baton was free a moment ago, under the same lock"),
        }
    }

    pub(super) fn take(mut self) -> Box<Sequencer> {
        self.sequencer.take().expect(HELD)
    }

    /// Does something with the baton, and gives it back unless the journal failed.
    pub(super) fn run(mut self, act: impl FnOnce(&mut Sequencer) -> Result<(), JournalError>) {
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

const HELD: &str = "a turn has the baton until it ends";
