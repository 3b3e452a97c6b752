//! The eleven members of an event, and what each may say.
//!
//! A member is erased or disclosed as a whole. What a member's JSON looks like is part of the format: the `serde` attributes here
//! are the specification of `indelible.event.v1`, and golden files hold them still.

mod action;
mod actor;
mod circumstances;
mod name;
mod record;
mod target;

pub use action::{Action, Verb};
pub use actor::{Actor, ActorType};
pub use circumstances::{Correlation, IpTrust, Occurred, OccurredFrom, Origin, Outcome, OutcomeResult};
pub use name::Member;
pub(crate) use record::sha256_hex;
pub use record::{Delivery, Raw, Submitter};
pub use target::{Change, Target};

use serde::{Deserialize, Serialize};

/// What a sender says of what happened: the eight members that it may claim. Nothing here is verified.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// What was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// What is different now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<Change>>,
    /// What else it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<Correlation>,
    /// When it happened, by the sender's word. Whoever accepts the event fills in the time of receipt if this is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred: Option<Occurred>,
    /// From where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What it was done to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<Target>>,
}

/// A whole event: what was claimed, and the three members that only the service sets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// What the sender says.
    pub claims: Claims,
    /// How it came in.
    pub delivery: Option<Delivery>,
    /// The bytes that it came as.
    pub raw: Option<Raw>,
    /// Who the service knows sent it.
    pub submitter: Option<Submitter>,
}
