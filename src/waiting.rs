//! What a writer waits for besides its own commit, whatever it writes and by whichever wire it came.

use std::time::Instant;

use indelible_log::{Ack, Reader};

use crate::follow::{Quorum, Vouched};
use crate::net::Deadline;
use crate::trail::{Accepted, Taken};
use crate::wire::Wait;

/// Witnesses are to be waited for, and there are none. The caller's fault: nothing is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("wait: this log has no witnesses")]
pub struct NoWitnesses;

/// The quorum to wait for, if any; `quorum` is that of the log.
///
/// # Errors
///
/// If the log has none and is to wait for it.
pub fn quorum_for(wait: Wait, quorum: Option<&Quorum>) -> Result<Option<Quorum>, NoWitnesses> {
    match (wait, quorum) {
        (Wait::Durable, _) => Ok(None),
        (Wait::Witnessed, Some(quorum)) => Ok(Some(quorum.clone())),
        (Wait::Witnessed, None) => Err(NoWitnesses),
    }
}

/// Waits for the quorum, if there is one to wait for. The entries are in the log by now, and hold no room in its queue.
pub async fn vouch(quorum: Option<Quorum>, ack: Ack, deadline: Option<Deadline>) -> Vouched {
    let Some(quorum) = quorum else {
        return Vouched::by_the_log(ack);
    };
    let patience = quorum.wait();
    let until = deadline.map_or_else(|| Instant::now() + patience, |deadline| deadline.answer_by(patience));
    quorum.vouch(ack, until).await
}

/// What submitted events wait for. By default nothing: their commit is enough.
#[derive(Clone, Debug, Default)]
pub struct Waiting {
    /// Who is to vouch for them.
    pub quorum: Option<Quorum>,
    /// Until when the answer must begin.
    pub deadline: Option<Deadline>,
}

impl Waiting {
    /// Puts what was taken under one head: that of its commit, or, if all was there before, the newest; or the one for which the quorum
    /// vouches. The run of the acknowledgement is that of the new ones, else the last of the old ones.
    pub async fn vouch(self, taken: &Taken, reader: &Reader) -> Vouched {
        let ack = taken.ack.clone().unwrap_or_else(|| Ack {
            // What is new stands above what is old.
            first: taken.events.iter().map(Accepted::index).max().unwrap_or_default(),
            count: 1,
            head: reader.head(),
        });
        vouch(self.quorum, ack, self.deadline).await
    }
}
