//! The follower: runs the rounds against the log, the witnesses and the clock.

use std::future::pending;
use std::sync::Arc;
use std::time::Instant;

use indelible_log::{Halt, Head, Reader};
use indelible_note::{SignedCheckpoint, Verified};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::alarm::Alarm;
use super::configured::Witnesses;
use super::quorum::Quorum;
use super::rounds::{Next, Outcome, Rounds, Sending};
use super::seat::Standing;
use super::start::Asked;
use crate::memory::{CheckpointFile, MemoryError};
use crate::proofs::Proofs;
use crate::task::blocking;

/// What the rest of the service sees of the follower.
#[derive(Clone, Debug)]
pub struct Served {
    /// The head that is served.
    pub heads: watch::Receiver<Head>,
    /// The way to wait for witnesses.
    pub quorum: Quorum,
    /// What is wrong; empty if nothing.
    pub alarms: watch::Receiver<Vec<Alarm>>,
    /// Where each witness stands.
    pub standings: watch::Receiver<Vec<Standing>>,
}

/// Submits heads to the witnesses, and says which head is served.
#[derive(Debug)]
pub struct Follower {
    witnesses: Witnesses,
    reader: Reader,
    halt: Halt,
    file: Arc<CheckpointFile>,
    rounds: Rounds,
    /// What is in the file.
    kept: Verified<SignedCheckpoint>,
    heads: watch::Sender<Head>,
    quorum: watch::Sender<Option<Head>>,
    alarms: watch::Sender<Vec<Alarm>>,
    standings: watch::Sender<Vec<Standing>>,
}

impl Follower {
    /// A follower for a log of which `kept`, if there is anything, was served last, as it stands in the file.
    pub fn new(
        witnesses: Witnesses,
        asked: &Asked,
        (file, kept): (CheckpointFile, Option<Verified<SignedCheckpoint>>),
        (reader, halt): (Reader, Halt),
        stopping: &CancellationToken,
    ) -> (Follower, Served) {
        let newest = reader.head();
        let served = kept.unwrap_or_else(|| newest.checkpoint().clone());
        let rounds = Rounds::new(
            witnesses.policy.clone(),
            witnesses.pace.clone(),
            &asked.seats,
            served.clone(),
            &newest,
            Instant::now(),
        );
        let heads = watch::Sender::new(Head::new(served.clone()));
        let quorum = watch::Sender::new(witnessed(&rounds));
        let alarms = watch::Sender::new(Vec::new());
        let standings = watch::Sender::new(rounds.standings());
        let seen = Served {
            heads: heads.subscribe(),
            quorum: Quorum::new(quorum.subscribe(), witnesses.wait, stopping.clone()),
            alarms: alarms.subscribe(),
            standings: standings.subscribe(),
        };
        let follower = Follower {
            witnesses,
            reader,
            halt,
            file: Arc::new(file),
            rounds,
            kept: served,
            heads,
            quorum,
            alarms,
            standings,
        };
        (follower, seen)
    }

    /// Follows the log until it stops, or until a witness shows that it must.
    pub async fn run(mut self, stopping: CancellationToken) {
        let proofs = Proofs::new(self.reader.clone(), None);
        let mut newer = self.reader.heads();
        let mut asked = JoinSet::new();
        loop {
            newer.borrow_and_update();
            let Next { sendings, wake, heads } = self.rounds.next(&self.reader.head(), Instant::now());
            for sending in sendings {
                let (door, proofs) = (self.witnesses.doors[sending.place].clone(), proofs.clone());
                asked.spawn(async move {
                    let outcome = door.ask(&proofs, sending.old_size, &sending.head).await;
                    (sending, outcome)
                });
            }
            self.publish().await;
            let woken = async {
                match wake {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => pending().await,
                }
            };
            // Not woken by every commit, but only when a new head could begin a round.
            let grown = async {
                match heads {
                    true => newer.changed().await.is_ok(),
                    false => pending().await,
                }
            };
            tokio::select! {
                Some(answered) = asked.join_next() => {
                    let (sending, outcome) = answered.expect("nobody aborts a request, and none panics");
                    if !self.take_in(&sending, outcome) {
                        return;
                    }
                }
                () = woken => {}
                going_on = grown => if !going_on { return },
                () = stopping.cancelled() => return,
            }
        }
    }

    /// Whether the log may go on.
    fn take_in(&mut self, sending: &Sending, outcome: Outcome) -> bool {
        // Read behind the answer: whatever the witness has from this log was published before it came.
        let published = self.reader.head().size();
        let taken = self.rounds.take_in(sending, outcome, published, Instant::now());
        if let Err(ahead) = &taken {
            self.halt.now(ahead.to_string());
        }
        taken.is_ok()
    }

    /// Keeps what is to be served in the file, and serves it then: a head that was served is never taken back, not by a restart
    /// either.
    async fn publish(&mut self) {
        let mut alarms = self.rounds.alarms(Instant::now());
        let served = self.rounds.served().clone();
        if *self.kept != *served {
            match self.keep(served.clone()).await {
                Ok(()) => {
                    self.heads.send_replace(Head::new(served));
                }
                Err(error) => {
                    tracing::error!(%error, "the witnessed head is not kept, and not served");
                    alarms.push(Alarm::NotKept);
                }
            }
        }
        self.quorum.send_if_modified(|quorum| {
            let newest = witnessed(&self.rounds);
            let size = |head: &Option<Head>| head.as_ref().map(Head::size);
            let grown = size(&newest) > size(quorum);
            // Newer cosignatures of the same tree are for those who come later.
            *quorum = newest;
            grown
        });
        self.standings.send_replace(self.rounds.standings());
        self.alarms.send_if_modified(|known| {
            let changed = *known != alarms;
            if changed {
                say(known, &alarms);
                *known = alarms;
            }
            changed
        });
    }

    async fn keep(&mut self, served: Verified<SignedCheckpoint>) -> Result<(), MemoryError> {
        let file = Arc::clone(&self.file);
        let head = served.clone();
        blocking(move || file.store(&head)).await?;
        self.kept = served;
        Ok(())
    }
}

fn witnessed(rounds: &Rounds) -> Option<Head> {
    rounds
        .witnessed()
        .map(|witnessed| Head::new(witnessed.checkpoint().clone()))
}

fn say(before: &[Alarm], now: &[Alarm]) {
    for alarm in now.iter().filter(|alarm| !before.contains(alarm)) {
        tracing::warn!("{alarm}");
    }
    for over in before.iter().filter(|alarm| !now.contains(alarm)) {
        tracing::info!("no longer: {over}");
    }
}
