//! What is held, put together from the events that say so.

use std::collections::BTreeMap;

use indelible_event::member::{Event, Member};
use indelible_event::{BadRange, Hold, HoldRefused, Holds, MemberRange, MemberRanges, MemberSet};

use super::said::{Range, Said};
use super::{METHOD, SOURCE};
use crate::trail::{OfSourceError, Trail};

/// What the events of holds say, all of them together.
#[derive(Debug, Default)]
pub(in crate::trail) struct Acts {
    /// Those in force.
    pub(in crate::trail) holds: Holds,
    /// Which events release the hold of an event that still says what it held.
    releases: BTreeMap<u64, Vec<u64>>,
}

/// Why it cannot be told what is held.
#[derive(Debug, thiserror::Error)]
pub enum HoldsError {
    /// They cannot all be had.
    #[error(transparent)]
    OfSource(#[from] OfSourceError),
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

impl Trail {
    /// What is held now. Blocks: reads the events of all holds that ever were, and what the index lags behind.
    pub(in crate::trail) fn held_acts(&self) -> Result<Acts, HoldsError> {
        let mut acts = Acts::default();
        self.each_of_source(SOURCE, |index, found| match found.event() {
            Some(event) => acts.apply(index, &event),
            None => Ok(()),
        })?;
        Ok(acts)
    }
}

impl Acts {
    /// The holds that would be in force again if this were erased: of those that were released all that said so is among it, and what
    /// they held is not.
    pub(in crate::trail) fn coming_back(&self, ranges: &MemberRanges) -> Vec<u64> {
        let silenced = |index: u64| SPEAKING.iter().any(|member| ranges.contains(index, *member));
        let released = self.releases.iter();
        released
            .filter(|(hold, releases)| !silenced(**hold) && releases.iter().all(|release| silenced(*release)))
            .map(|(hold, _)| *hold)
            .collect()
    }

    /// Places or releases what an event says, if this service has made it for that: nobody else sets its `submitter`. It must also have
    /// the source by which the index finds it, so that it says the same to those who come upon it in the log.
    fn apply(&mut self, index: u64, event: &Event) -> Result<(), HoldsError> {
        let made_here = event
            .submitter
            .as_ref()
            .is_some_and(|submitter| submitter.method == METHOD);
        let is_found = event
            .delivery
            .as_ref()
            .is_some_and(|delivery| delivery.source == SOURCE);
        if !made_here || !is_found {
            return Ok(());
        }
        let changes = event.claims.changes.iter().flatten();
        for change in changes.filter_map(|change| change.after.clone()) {
            let malformed = HoldsError::Malformed { index };
            match serde_json::from_value(change) {
                Ok(Said::Release { hold }) => {
                    let in_force = self.holds.release(hold).is_some();
                    if in_force || self.releases.contains_key(&hold) {
                        self.releases.entry(hold).or_default().push(index);
                    }
                }
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
                    self.holds.place(index, Hold { reason, ranges })?;
                }
                Err(_) => return Err(malformed),
            }
        }
        Ok(())
    }
}

/// Without one of these an event of a hold says nothing: what it says, who made it, and by what it is found.
const SPEAKING: [Member; 3] = [Member::Changes, Member::Delivery, Member::Submitter];
