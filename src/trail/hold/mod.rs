//! Legal holds: events that this service makes itself, and that forbid an erasure for as long as they are not released.
//!
//! No list of them is kept. They are asked for when somebody wants to erase, which is seldom: from the index, by the source that they
//! have, and behind the index from the log (`acts`). What they say is JSON (`said`).
//!
//! A release is an event like others and may be erased. What it says must go on being so, or its hold would be in force again: who
//! erases it has the service say it once more first, in an event that has nothing but the number of the hold.

mod acts;
mod said;

use indelible_event::member::{Action, Change, Claims, Outcome, OutcomeResult, Submitter, Target, Verb};
use indelible_event::{HOLDS_MAX, HoldRefused, Holds, MemberRange, MemberRanges};

pub(super) use self::acts::Acts;
pub use self::acts::HoldsError;
use self::said::Said;
use super::{Accepted, Counted, Refused, Submission, Trail};
use crate::task::{blocking, join};

/// Why nothing is held, or released, that was not before.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// Caller: it speaks of entries that are not there.
    #[error("entry {last} is to be held, but the log has {size}")]
    Beyond {
        /// The last entry that is meant.
        last: u64,
        /// How many the log has.
        size: u64,
    },
    /// Caller: nothing is to be held.
    #[error("no entry is named")]
    Nothing,
    /// Caller: there are too many.
    #[error(transparent)]
    TooMany(#[from] HoldRefused),
    /// Caller: there is no such hold.
    #[error("no hold in force was placed by event {index}")]
    NoHold {
        /// The index that was given.
        index: u64,
    },
    /// What is held could not be found out.
    #[error(transparent)]
    Holds(#[from] HoldsError),
    /// The event was not taken.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl Trail {
    /// Holds members of entries, for the principal `by`; the index of the event that says so, which is durable. Its own members are held, too.
    ///
    /// # Errors
    ///
    /// See [`HoldError`].
    pub async fn hold(&self, ranges: MemberRanges, reason: String, by: String) -> Result<u64, HoldError> {
        let trail = self.clone();
        join(tokio::spawn(async move {
            let placed = trail.place(&ranges, reason, by).await;
            trail.counts.add(Counted::Hold, u64::from(placed.is_ok()));
            placed
        }))
        .await
    }

    /// Releases the hold that an event has placed; the index of the event that says so.
    ///
    /// # Errors
    ///
    /// See [`HoldError`].
    pub async fn release(&self, hold: u64, by: String) -> Result<u64, HoldError> {
        let trail = self.clone();
        join(tokio::spawn(async move {
            let _acting = trail.acts.lock().await;
            if !trail.held().await?.iter().any(|(index, _)| index == hold) {
                return Err(HoldError::NoHold { index: hold });
            }
            let released = trail.say_release(hold, by).await;
            trail.counts.add(Counted::Release, u64::from(released.is_ok()));
            released
        }))
        .await
    }

    /// The holds in force.
    ///
    /// # Errors
    ///
    /// See [`HoldsError`].
    pub async fn held(&self) -> Result<Holds, HoldsError> {
        let trail = self.clone();
        Ok(blocking(move || trail.held_acts()).await?.holds)
    }

    /// The event that says that a hold is released. Whoever calls holds `acts`, and has seen that it was placed.
    pub(super) async fn say_release(&self, hold: u64, by: String) -> Result<u64, HoldError> {
        let target = Target {
            kind: "hold".to_owned(),
            id: hold.to_string(),
            name: None,
            parent: None,
        };
        self.say(RELEASE, vec![target], &Said::Release { hold }, by).await
    }

    async fn place(&self, ranges: &MemberRanges, reason: String, by: String) -> Result<u64, HoldError> {
        let last = ranges.last_index().ok_or(HoldError::Nothing)?;
        let size = self.reader.head().size();
        if last >= size {
            return Err(HoldError::Beyond { last, size });
        }
        let _acting = self.acts.lock().await;
        if self.held().await?.iter().count() >= HOLDS_MAX {
            return Err(HoldRefused.into());
        }
        let target = |range: &MemberRange| Target {
            kind: "entries".to_owned(),
            id: format!("{}..{}", range.first, range.last),
            name: Some(range.members.to_string()),
            parent: None,
        };
        let targets = ranges.as_slice().iter().map(target).collect();
        self.say(HOLD, targets, &Said::hold(reason, ranges), by).await
    }

    async fn say(&self, action: &str, targets: Vec<Target>, said: &Said, by: String) -> Result<u64, HoldError> {
        let said = serde_json::to_value(said).expect("texts and numbers are JSON");
        let claims = Claims {
            action: Some(Action {
                name: action.to_owned(),
                verb: Verb::Other,
                class: None,
            }),
            changes: Some(vec![Change {
                field: action.to_owned(),
                before: None,
                after: Some(said),
            }]),
            outcome: Some(Outcome {
                result: OutcomeResult::Success,
                detail: None,
            }),
            targets: Some(targets),
            ..Claims::default()
        };
        let submission = Submission {
            source: SOURCE.to_owned(),
            key: None,
            claims,
            raw: None,
            submitter: Submitter {
                principal: by,
                method: METHOD.to_owned(),
                verified: None,
            },
        };
        let taken = self.submit(vec![submission]).await?;
        Ok(taken.events.first().map(Accepted::index).expect("one was submitted"))
    }
}

const HOLD: &str = "hold";
const RELEASE: &str = "hold.release";

/// The source that they have. Anybody may name it; it only finds them.
const SOURCE: &str = "indelible/holds";

/// The method by which they are submitted, which nobody but this file sets.
pub(super) const METHOD: &str = "indelible.hold";
