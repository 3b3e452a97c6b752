//! A request from its bytes to its answer. Blocking: it verifies signatures, and waits for the disk.

use std::sync::Mutex;
use std::time::{Instant, SystemTime};

use indelible_note::witness::{Accepted, Refusal, Request, decide};
use indelible_note::{CosigningKey, KeyName, MalformedNote, PosixTime};

use super::clock::{BadClock, cosigning_time};
use super::evidence::{Evidence, evidence};
use super::limit::{Errand, Limiter, TooOften};
use super::state::{Cosigned, LogState, NotCosigned, State, StateError};

/// A witness: its key, and what it knows.
#[derive(Debug)]
pub(super) struct Witness {
    key: CosigningKey,
    state: State,
    limiter: Mutex<Limiter>,
}

/// The moment at which a request is answered, by the clock that cosignatures carry and by the one that is never set back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) system: SystemTime,
    pub(super) steady: Instant,
}

/// Why there is no cosignature.
#[derive(Debug, thiserror::Error)]
pub(super) enum Declined {
    /// By the protocol.
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    TooOften(#[from] TooOften),
    /// The text of the checkpoint is nearly as long as a note may be.
    #[error("with a cosignature the note is too large: {0}")]
    NoRoom(MalformedNote),
    #[error(transparent)]
    Clock(#[from] BadClock),
    #[error(transparent)]
    State(#[from] StateError),
}

impl Witness {
    pub(super) fn new(key: CosigningKey, state: State, limiter: Limiter) -> Witness {
        let limiter = Mutex::new(limiter);
        Witness { key, state, limiter }
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// Answers `add-checkpoint`. What the cosignature says is durable when it is returned.
    pub(super) fn add_checkpoint(&self, body: &[u8], now: Now) -> Result<Cosigned, Declined> {
        let request = Request::parse(body).map_err(Refusal::from)?;
        let hashes = request.proof().hashes().to_vec();
        let Some(known) = self.state.log(request.checkpoint().origin())? else {
            // Without what is known the decision is a refusal; that it is made there keeps the order of the checks in one place.
            return match decide(request, None) {
                Err(refusal) => Err(refusal.into()),
                Ok(accepted) => unreachable!("nothing is known of the log, yet {accepted:?}"),
            };
        };
        match decide(request, Some(&known.known())) {
            Ok(accepted) => {
                self.count(&known.origin, errand(&accepted), now)?;
                let cosigned = self.state.cosign(&accepted, &self.key, now.system)?;
                tracing::debug!(origin = %known.origin, size = accepted.step().new_head().size, "cosigned");
                Ok(cosigned)
            }
            Err(refusal) => {
                if let Refusal::Unproven { checkpoint, .. } = &refusal {
                    let time = PosixTime::from_system(now.system).ok_or(BadClock::Unset)?;
                    self.keep(&known, &evidence(&known, checkpoint, &hashes, time), now)?;
                }
                Err(refusal.into())
            }
        }
    }

    /// Whether requests can be answered now: the state can be read, and the clock goes.
    pub(super) fn check(&self, now: SystemTime) -> Result<(), Declined> {
        cosigning_time(now, self.state.latest_time()?)?;
        Ok(())
    }

    /// A proven fork is kept however often the log has asked. Each is written down once, and there are few of them.
    fn keep(&self, known: &LogState, evidence: &Evidence, now: Now) -> Result<(), Declined> {
        let origin = &known.origin;
        match evidence {
            Evidence::Proven(_) => tracing::error!(
                %origin,
                "this log has signed two histories; the evidence is kept, `indelible witness status --findings` shows it"
            ),
            Evidence::Unproven(_) => {
                self.count(origin, Errand::Other, now)?;
                tracing::warn!(
                    %origin,
                    "a checkpoint that this log signed came with a proof that does not hold: the log has forked, or somebody sent a \
                     wrong proof"
                );
            }
        }
        Ok(self.state.keep(origin, evidence)?)
    }

    fn count(&self, origin: &KeyName, errand: Errand, now: Now) -> Result<(), TooOften> {
        let mut limiter = self.limiter.lock().expect("counting does not panic");
        limiter.count(origin, errand, now.steady)
    }
}

fn errand(accepted: &Accepted) -> Errand {
    match accepted.step().old_head() == accepted.step().new_head() {
        true => Errand::Other,
        false => Errand::Growth,
    }
}

impl From<NotCosigned> for Declined {
    fn from(error: NotCosigned) -> Declined {
        match error {
            NotCosigned::Overtaken { size } => Declined::Refused(Refusal::Conflict { size }),
            NotCosigned::NoRoom(error) => Declined::NoRoom(error),
            NotCosigned::Clock(error) => Declined::Clock(error),
            NotCosigned::State(error) => Declined::State(error),
        }
    }
}
