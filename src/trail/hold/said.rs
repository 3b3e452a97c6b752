//! What an event of a hold says, as JSON.

use indelible_event::member::Member;
use indelible_event::{MemberRange, MemberRanges, MemberSet};
use serde::{Deserialize, Serialize};

/// What an event of a hold says, as the value that its member `changes` has behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum Said {
    Hold { reason: String, entries: Vec<Range> },
    Release { hold: u64 },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    first: u64,
    last: u64,
    members: Vec<String>,
}

impl Said {
    pub(super) fn hold(reason: String, ranges: &MemberRanges) -> Said {
        let entries = ranges.as_slice().iter().map(Range::of).collect();
        Said::Hold { reason, entries }
    }
}

impl Range {
    fn of(range: &MemberRange) -> Range {
        Range {
            first: range.first,
            last: range.last,
            members: range.members.iter().map(|member| member.as_str().to_owned()).collect(),
        }
    }

    pub(super) fn read(&self) -> Option<MemberRange> {
        let members: Option<MemberSet> = self.members.iter().map(|name| Member::from_name(name)).collect();
        Some(MemberRange {
            first: self.first,
            last: self.last,
            members: members?,
        })
    }
}
