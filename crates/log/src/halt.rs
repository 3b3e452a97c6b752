//! Halting a log that must not grow any further.

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

use crate::condition::Condition;
use crate::queue::Queue;

/// Halts a log, at the word of somebody outside who knows a later head, or another one: whatever it would append from now on could
/// belong to a second history.
#[derive(Clone, Debug)]
pub struct Halt {
    conditions: watch::Sender<Condition>,
    room: Arc<Semaphore>,
    queue: Arc<Queue>,
}

impl Halt {
    pub(crate) fn new(conditions: watch::Sender<Condition>, room: Arc<Semaphore>, queue: Arc<Queue>) -> Halt {
        Halt {
            conditions,
            room,
            queue,
        }
    }

    /// Appends nothing more: what is being committed is finished, what waits is refused with this reason. The condition says
    /// so, unless the journal has failed before. Published data is read as before, until the log is shut down.
    pub fn now(&self, reason: String) {
        tracing::error!(reason, "the log was halted; nothing more is appended");
        self.conditions.send_if_modified(|condition| {
            let failed = matches!(condition, Condition::Failed(_));
            if !failed {
                *condition = Condition::Halted(reason);
            }
            !failed
        });
        // Only now, so that whoever is let go finds the reason.
        self.room.close();
        self.queue.halt();
    }
}
