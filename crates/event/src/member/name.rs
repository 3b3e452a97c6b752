//! The names of the members.

use std::fmt;

/// One of the eleven members, in the order in which they are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Member {
    /// What was done.
    Action,
    /// Who did it.
    Actor,
    /// What is different now.
    Changes,
    /// What else it belongs to.
    Correlation,
    /// How it came in.
    Delivery,
    /// When it happened.
    Occurred,
    /// From where.
    Origin,
    /// What came of it.
    Outcome,
    /// The bytes that it came as.
    Raw,
    /// Who the service knows sent it.
    Submitter,
    /// What it was done to.
    Targets,
}

impl Member {
    /// All of them, in order.
    pub const ALL: [Member; 11] = [
        Member::Action,
        Member::Actor,
        Member::Changes,
        Member::Correlation,
        Member::Delivery,
        Member::Occurred,
        Member::Origin,
        Member::Outcome,
        Member::Raw,
        Member::Submitter,
        Member::Targets,
    ];

    /// The name in a disclosure.
    pub fn as_str(self) -> &'static str {
        match self {
            Member::Action => "action",
            Member::Actor => "actor",
            Member::Changes => "changes",
            Member::Correlation => "correlation",
            Member::Delivery => "delivery",
            Member::Occurred => "occurred",
            Member::Origin => "origin",
            Member::Outcome => "outcome",
            Member::Raw => "raw",
            Member::Submitter => "submitter",
            Member::Targets => "targets",
        }
    }

    /// Where it stands among all of them, from 0.
    pub fn place(self) -> usize {
        self as usize
    }

    /// The member of that name.
    pub fn from_name(name: &str) -> Option<Member> {
        Member::ALL.into_iter().find(|member| member.as_str() == name)
    }
}

/// The name in a disclosure.
impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
