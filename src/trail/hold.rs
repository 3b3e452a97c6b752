//! Legal holds: events that this service makes itself, and that forbid an erasure for as long as they are not released.
//!
//! No list of them is kept. They are asked for when somebody wants to erase, which is seldom: from the index, by the source that they
//! have, and behind the index from the log.

use indelible_event::member::Member;
use indelible_event::member::{Action, Change, Claims, Event, Outcome, OutcomeResult, Submitter, Target, Verb};
use indelible_event::{BadRange, HOLDS_MAX, Hold, HoldRefused, Holds, MemberRange, MemberRanges, MemberSet};
use indelible_index::IndexError;
use indelible_index::search::{Field, Query};
use indelible_log::AttachedError;
use serde::{Deserialize, Serialize};

use super::entries::Entry;
use super::{Accepted, Counted, FindError, Found, Refused, Submission, Trail};
use crate::task::{blocking, join};

/// What an event of a hold says, as the value that its member `changes` has behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Said {
    Hold { reason: String, entries: Vec<Range> },
    Release { hold: u64 },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    first: u64,
    last: u64,
    members: Vec<String>,
}

/// Why it cannot be told what is held.
#[derive(Debug, thiserror::Error)]
pub enum HoldsError {
    /// The tables failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// An event of a hold could not be read.
    #[error(transparent)]
    Find(#[from] FindError),
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] AttachedError),
    /// An event of a hold does not say what is held.
    #[error("event {index} is of a hold, and does not say what is held")]
    Malformed {
        /// Its index.
        index: u64,
    },
    /// There are too many.
    #[error(transparent)]
    TooMany(#[from] HoldRefused),
}

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
    /// Holds members of entries; the index of the event that says so, which is durable. Its own members are held, too.
    ///
    /// # Errors
    ///
    /// See [`HoldError`].
    pub async fn hold(&self, ranges: MemberRanges, reason: String) -> Result<u64, HoldError> {
        let trail = self.clone();
        join(tokio::spawn(async move {
            let placed = trail.place(&ranges, reason).await;
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
    pub async fn release(&self, hold: u64) -> Result<u64, HoldError> {
        let trail = self.clone();
        join(tokio::spawn(async move {
            let _acting = trail.acts.lock().await;
            if !trail.held().await?.iter().any(|(index, _)| index == hold) {
                return Err(HoldError::NoHold { index: hold });
            }
            let target = Target {
                kind: "hold".to_owned(),
                id: hold.to_string(),
                name: None,
                parent: None,
            };
            let released = trail.say(RELEASE, vec![target], &Said::Release { hold }).await;
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
        blocking(move || trail.holds()).await
    }

    async fn place(&self, ranges: &MemberRanges, reason: String) -> Result<u64, HoldError> {
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
        let entries = ranges.as_slice().iter().map(Range::of).collect();
        self.say(HOLD, targets, &Said::Hold { reason, entries }).await
    }

    async fn say(&self, action: &str, targets: Vec<Target>, said: &Said) -> Result<u64, HoldError> {
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
                principal: "anonymous".to_owned(),
                method: METHOD.to_owned(),
                verified: None,
            },
        };
        let taken = self.submit(vec![submission]).await?;
        Ok(taken.events.first().map(Accepted::index).expect("one was submitted"))
    }

    /// What is held now. Blocks: reads the events of all holds that ever were, and what the index lags behind.
    pub(super) fn holds(&self) -> Result<Holds, HoldsError> {
        let mut holds = Holds::default();
        let size = self.reader.head().size();
        let mut query = Query::oldest(PAGE).with([self.key.term(Field::Source, SOURCE)]);
        // A table that is longer than the log is another log's, and is made anew.
        let mut at = self.events.indexed_size()?;
        if at > size {
            at = 0;
        }
        while at > 0 {
            let page = self.events.search(&query)?;
            for index in page.indexes {
                if let Found::Event { members, .. } = self.find_blocking(index)? {
                    let mut event = Event::default();
                    let disclosed = members.iter().filter_map(|state| state.disclosed());
                    disclosed
                        .filter_map(|one| one.value())
                        .for_each(|value| event.set(value));
                    apply(&mut holds, index, &event)?;
                }
            }
            at = page.indexed_size;
            match page.next {
                Some(next) => query = query.after(next),
                None => break,
            }
        }
        while at < size {
            let attached = self.reader.attached(at, size, STEP_BYTES)?;
            let known = self.tombstones.known();
            for (index, attached) in (at..).zip(attached) {
                at = index + 1;
                // What is damaged says nothing; fsck tells.
                if let Ok(Entry::Event(kept)) = Entry::read(index, attached, &known) {
                    apply(&mut holds, index, &kept.event())?;
                }
            }
        }
        Ok(holds)
    }
}

/// Places or releases what an event says, if this service has made it for that: nobody else sets its `submitter`.
fn apply(holds: &mut Holds, index: u64, event: &Event) -> Result<(), HoldsError> {
    if event
        .submitter
        .as_ref()
        .is_none_or(|submitter| submitter.method != METHOD)
    {
        return Ok(());
    }
    let changes = event.claims.changes.iter().flatten();
    for change in changes.filter_map(|change| change.after.clone()) {
        let malformed = HoldsError::Malformed { index };
        match serde_json::from_value(change) {
            Ok(Said::Release { hold }) => drop(holds.release(hold)),
            Ok(Said::Hold { reason, entries }) => {
                let own = MemberRange {
                    first: index,
                    last: index,
                    members: MemberSet::ALL,
                };
                let held = entries.iter().map(Range::read).collect::<Option<Vec<_>>>();
                let Some(held) = held else { return Err(malformed) };
                let ranges: Result<MemberRanges, BadRange> = MemberRanges::of(held.into_iter().chain([own]));
                let ranges = ranges.map_err(|_| malformed)?;
                holds.place(index, Hold { reason, ranges })?;
            }
            Err(_) => return Err(malformed),
        }
    }
    Ok(())
}

impl Range {
    fn of(range: &MemberRange) -> Range {
        Range {
            first: range.first,
            last: range.last,
            members: range.members.iter().map(|member| member.as_str().to_owned()).collect(),
        }
    }

    fn read(&self) -> Option<MemberRange> {
        let members: Option<MemberSet> = self.members.iter().map(|name| Member::from_name(name)).collect();
        Some(MemberRange {
            first: self.first,
            last: self.last,
            members: members?,
        })
    }
}

const HOLD: &str = "hold";
const RELEASE: &str = "hold.release";

/// The source that they have. Anybody may name it; it only finds them.
const SOURCE: &str = "indelible/holds";

/// The method by which they are submitted, which nobody but this file sets.
const METHOD: &str = "indelible.hold";

/// Events of one page.
const PAGE: usize = 1_000;

/// Bytes of entries and attachments in one step.
const STEP_BYTES: usize = 4 << 20;
