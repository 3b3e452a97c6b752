//! Asking the witnesses before the log is served: they are memories of it.
//!
//! There is no question but `add-checkpoint`, and to ask is to ask for a cosignature. So each is first asked with no size, and
//! names its own, if it knows the log. Then those who know the most are asked first for a cosignature with a proof from there:
//! a log with another past should find no witness that knows too little to notice.

use futures_util::future::join_all;
use indelible_log::{Head, Reader};
use indelible_note::witness::{Answer, Refused};

use super::ask::Door;
use super::configured::{WitnessError, Witnesses};
use super::rounds::Outcome;
use super::seat::Start;
use crate::proofs::Proofs;

/// What the witnesses said at the start.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// In the order of the policy.
    pub(super) seats: Vec<Start>,
}

impl Witnesses {
    /// Asks all of them, which takes at most the timeout, and once more for each that knows the log.
    ///
    /// # Errors
    /// [`WitnessError::Ahead`] and [`WitnessError::OtherHistory`] if one contradicts the log; [`WitnessError::Unasked`] if one does
    /// not answer, or not to the question, although it must.
    pub async fn ask_first(&self, reader: &Reader) -> Result<Asked, WitnessError> {
        let proofs = Proofs::new(reader.clone(), None);
        let head = reader.head();
        let first = join_all(self.doors.iter().map(|door| door.ask(&proofs, 0, &head))).await;
        let mut known: Vec<(u64, usize)> = Vec::new();
        let agreed = Start {
            size: head.size(),
            agreed: true,
        };
        let mut asked = Asked {
            seats: vec![Start::default(); self.doors.len()],
        };
        for (place, (door, outcome)) in self.doors.iter().zip(first).enumerate() {
            match judge(door, outcome, &head)? {
                Said::Cosigned => asked.seats[place] = agreed,
                Said::Knows(size) => known.push((size, place)),
                Said::Nothing(reason) => self.doubt(door, reason)?,
            }
        }
        known.sort_unstable_by_key(|&(size, place)| (std::cmp::Reverse(size), place));
        for (size, place) in known {
            let door = &self.doors[place];
            match judge(door, door.ask(&proofs, size, &head).await, &head)? {
                Said::Cosigned => asked.seats[place] = agreed,
                // It cosigned something meanwhile, or cannot make up its mind; the follower will see.
                Said::Knows(size) => asked.seats[place].size = size,
                Said::Nothing(reason) => self.doubt(door, reason)?,
            }
        }
        Ok(asked)
    }

    fn doubt(&self, door: &Door, reason: String) -> Result<(), WitnessError> {
        let witness = door.name().to_owned();
        if self.required {
            return Err(WitnessError::Unasked { witness, reason });
        }
        tracing::warn!(
            witness,
            reason,
            "a witness could not be asked which head it knows; an older copy of the log could go unnoticed"
        );
        Ok(())
    }
}

/// What a witness has said.
enum Said {
    Cosigned,
    /// That it cosigned a tree of this size, which the log may continue.
    Knows(u64),
    /// Nothing that helps.
    Nothing(String),
}

fn judge(door: &Door, outcome: Outcome, head: &Head) -> Result<Said, WitnessError> {
    let witness = door.name().to_owned();
    match outcome {
        Outcome::Answered(Answer::Cosigned(_)) => Ok(Said::Cosigned),
        Outcome::Answered(Answer::ProveFrom { size }) => Ok(Said::Knows(size)),
        Outcome::Answered(Answer::Ahead { size }) => Err(WitnessError::Ahead {
            witness,
            known: size,
            found: head.size(),
        }),
        Outcome::Answered(Answer::Later { status }) => Ok(Said::Nothing(format!("it answered {status}"))),
        // What a witness says to another root of the size that it knows, and to a proof that does not lead from its tree to ours;
        // the former without a content type before v1.0.0.
        Outcome::Answered(Answer::Refused(Refused::Status {
            status: status @ (409 | 422),
            message,
        })) => Err(WitnessError::OtherHistory {
            witness,
            found: head.size(),
            answer: format!("{status} {message}"),
        }),
        Outcome::Answered(Answer::Refused(refused)) => Ok(Said::Nothing(refused.to_string())),
        Outcome::Silent(reason) => Ok(Said::Nothing(reason)),
    }
}
