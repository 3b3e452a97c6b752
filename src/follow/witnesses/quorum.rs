//! Waiting for the quorum.

use std::time::{Duration, Instant};

use indelible_log::{Ack, Head};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// An acknowledgement as it is answered.
#[derive(Clone, Debug)]
pub struct Vouched {
    /// Where the entries stand, under the head of their commit or under a later one.
    pub ack: Ack,
    /// Whether that head is one for which the quorum vouches.
    pub witnessed: bool,
}

/// The newest head for which the quorum vouches, to be waited for. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Quorum {
    heads: watch::Receiver<Option<Head>>,
    wait: Duration,
    stopping: CancellationToken,
}

impl Vouched {
    /// By nobody but the log itself.
    pub fn by_the_log(ack: Ack) -> Vouched {
        Vouched { ack, witnessed: false }
    }
}

impl Quorum {
    pub(super) fn new(heads: watch::Receiver<Option<Head>>, wait: Duration, stopping: CancellationToken) -> Quorum {
        Quorum { heads, wait, stopping }
    }

    /// The newest head for which the quorum vouches.
    pub fn newest(&self) -> Option<Head> {
        self.heads.borrow().clone()
    }

    /// How long to wait if nobody says.
    pub fn wait(&self) -> Duration {
        self.wait
    }

    /// Puts an acknowledgement under a witnessed head, as soon as there is one with all of its entries. After `until`, and when
    /// the log stops, it comes back as it is.
    pub async fn vouch(mut self, ack: Ack, until: Instant) -> Vouched {
        let end = ack.first + ack.count;
        let reached = self
            .heads
            .wait_for(|head| head.as_ref().is_some_and(|head| head.size() >= end));
        let head = tokio::select! {
            head = reached => head.ok().and_then(|head| head.clone()),
            () = tokio::time::sleep_until(until.into()) => None,
            () = self.stopping.cancelled() => None,
        };
        match head {
            Some(head) => Vouched {
                ack: Ack { head, ..ack },
                witnessed: true,
            },
            None => Vouched::by_the_log(ack),
        }
    }
}
