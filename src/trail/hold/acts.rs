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

#[cfg(test)]
mod tests {
    use indelible_event::member::{Change, Claims, Delivery, Submitter};
    use jiff::Timestamp;

    use super::*;

    /// What an event says that somebody made by this method, under this source.
    fn event(method: &str, source: &str, said: &Said) -> Event {
        Event {
            claims: Claims {
                changes: Some(vec![Change {
                    field: "hold".to_owned(),
                    before: None,
                    after: Some(serde_json::to_value(said).unwrap()),
                }]),
                ..Claims::default()
            },
            delivery: Some(Delivery {
                source: source.to_owned(),
                key: None,
                received: Timestamp::UNIX_EPOCH,
            }),
            raw: None,
            submitter: Some(Submitter {
                principal: "somebody".to_owned(),
                method: method.to_owned(),
                verified: None,
            }),
        }
    }

    fn whole(index: u64) -> MemberRanges {
        MemberRanges::of_entry(index, MemberSet::ALL).unwrap()
    }

    fn hold() -> Said {
        Said::hold("case 7".to_owned(), &whole(3))
    }

    fn in_force(acts: &Acts) -> Vec<u64> {
        acts.holds.iter().map(|(index, _)| index).collect()
    }

    #[test]
    fn what_the_service_has_not_made_for_that_says_nothing() {
        let (ours, release) = (event(METHOD, SOURCE, &hold()), Said::Release { hold: 20 });
        let mut acts = Acts::default();
        let others = [("hmac", SOURCE), (METHOD, "github/acme"), ("service", SOURCE)];
        for (method, source) in others {
            acts.apply(20, &event(method, source, &hold())).unwrap();
            assert_eq!(in_force(&acts), [0; 0], "{method} of {source}");
        }
        acts.apply(20, &ours).unwrap();
        for (method, source) in others {
            acts.apply(21, &event(method, source, &release)).unwrap();
            assert_eq!(in_force(&acts), [20], "{method} of {source}");
        }
        acts.apply(21, &event(METHOD, SOURCE, &release)).unwrap();
        assert_eq!(in_force(&acts), [0; 0]);
    }

    /// Its own event is held with what it names: else it could be silenced while it is in force.
    #[test]
    fn a_hold_holds_itself() {
        let mut acts = Acts::default();
        acts.apply(20, &event(METHOD, SOURCE, &hold())).unwrap();
        for held in [3, 20] {
            assert_eq!(acts.holds.clear(whole(held)).unwrap_err().hold, 20);
        }
        assert!(acts.holds.clear(whole(4)).is_ok());
    }

    /// Whoever erased a release and was killed in front of the tombstone leaves it said twice.
    #[test]
    fn a_hold_comes_back_when_nothing_says_any_more_that_it_is_released() {
        let mut acts = Acts::default();
        acts.apply(20, &event(METHOD, SOURCE, &hold())).unwrap();
        let release = event(METHOD, SOURCE, &Said::Release { hold: 20 });
        acts.apply(21, &release).unwrap();
        acts.apply(22, &release).unwrap();
        // Of what was never held there is nothing to come back.
        acts.apply(23, &event(METHOD, SOURCE, &Said::Release { hold: 19 }))
            .unwrap();
        let both = |members: MemberSet| {
            let of = |index| MemberRanges::of_entry(index, members).unwrap().as_slice()[0];
            MemberRanges::of([21, 22].map(of)).unwrap()
        };
        assert_eq!(acts.coming_back(&whole(21)), [0; 0]);
        assert_eq!(acts.coming_back(&whole(22)), [0; 0]);
        assert_eq!(acts.coming_back(&whole(23)), [0; 0]);
        assert_eq!(acts.coming_back(&both(MemberSet::ALL)), [20]);
        for member in Member::ALL {
            let speaks = [Member::Changes, Member::Delivery, Member::Submitter].contains(&member);
            let back = acts.coming_back(&both(MemberSet::NONE.with(member)));
            assert_eq!(back == [20], speaks, "{member}");
        }
        let with_the_hold = MemberRanges::of((20..23).map(|index| whole(index).as_slice()[0])).unwrap();
        assert_eq!(acts.coming_back(&with_the_hold), [0; 0], "it says nothing itself");
    }

    #[test]
    fn what_cannot_be_read_is_no_reason_to_go_on_without_it() {
        let mut said = event(METHOD, SOURCE, &hold());
        said.claims.changes.as_mut().unwrap()[0].after = Some("hold".into());
        let refused = Acts::default().apply(20, &said);
        assert!(
            matches!(refused, Err(HoldsError::Malformed { index: 20 })),
            "{refused:?}"
        );
    }
}
