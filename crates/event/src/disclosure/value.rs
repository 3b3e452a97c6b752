//! The values of members, whichever it is.

use serde::de::DeserializeOwned;

use crate::member::{
    Action, Actor, Change, Correlation, Delivery, Event, Member, Occurred, Origin, Outcome, Raw, Submitter, Target,
};

/// The value of one member.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberValue {
    /// What was done.
    Action(Action),
    /// Who did it.
    Actor(Actor),
    /// What is different now.
    Changes(Vec<Change>),
    /// What else it belongs to.
    Correlation(Correlation),
    /// How it came in.
    Delivery(Delivery),
    /// When it happened.
    Occurred(Occurred),
    /// From where.
    Origin(Origin),
    /// What came of it.
    Outcome(Outcome),
    /// The bytes that it came as.
    Raw(Raw),
    /// Who the service knows sent it.
    Submitter(Submitter),
    /// What it was done to.
    Targets(Vec<Target>),
}

impl MemberValue {
    /// Reads a value of this member; `None` for `null`.
    pub(crate) fn parse(member: Member, json: &[u8]) -> serde_json::Result<Option<Self>> {
        fn read<T: DeserializeOwned>(json: &[u8], of: fn(T) -> MemberValue) -> serde_json::Result<Option<MemberValue>> {
            serde_json::from_slice(json).map(|value: Option<T>| value.map(of))
        }
        match member {
            Member::Action => read(json, MemberValue::Action),
            Member::Actor => read(json, MemberValue::Actor),
            Member::Changes => read(json, MemberValue::Changes),
            Member::Correlation => read(json, MemberValue::Correlation),
            Member::Delivery => read(json, MemberValue::Delivery),
            Member::Occurred => read(json, MemberValue::Occurred),
            Member::Origin => read(json, MemberValue::Origin),
            Member::Outcome => read(json, MemberValue::Outcome),
            Member::Raw => read(json, MemberValue::Raw),
            Member::Submitter => read(json, MemberValue::Submitter),
            Member::Targets => read(json, MemberValue::Targets),
        }
    }

    /// Which member has it.
    pub fn member(&self) -> Member {
        match self {
            MemberValue::Action(_) => Member::Action,
            MemberValue::Actor(_) => Member::Actor,
            MemberValue::Changes(_) => Member::Changes,
            MemberValue::Correlation(_) => Member::Correlation,
            MemberValue::Delivery(_) => Member::Delivery,
            MemberValue::Occurred(_) => Member::Occurred,
            MemberValue::Origin(_) => Member::Origin,
            MemberValue::Outcome(_) => Member::Outcome,
            MemberValue::Raw(_) => Member::Raw,
            MemberValue::Submitter(_) => Member::Submitter,
            MemberValue::Targets(_) => Member::Targets,
        }
    }
}

impl Event {
    /// Gives the event this member, in place of the one that it had.
    pub fn set(&mut self, value: MemberValue) {
        match value {
            MemberValue::Action(it) => self.claims.action = Some(it),
            MemberValue::Actor(it) => self.claims.actor = Some(it),
            MemberValue::Changes(it) => self.claims.changes = Some(it),
            MemberValue::Correlation(it) => self.claims.correlation = Some(it),
            MemberValue::Delivery(it) => self.delivery = Some(it),
            MemberValue::Occurred(it) => self.claims.occurred = Some(it),
            MemberValue::Origin(it) => self.claims.origin = Some(it),
            MemberValue::Outcome(it) => self.claims.outcome = Some(it),
            MemberValue::Raw(it) => self.raw = Some(it),
            MemberValue::Submitter(it) => self.submitter = Some(it),
            MemberValue::Targets(it) => self.claims.targets = Some(it),
        }
    }
}
