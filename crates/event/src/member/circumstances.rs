//! When, from where, with what result, and what else it belongs to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// When it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Occurred {
    /// The time, in UTC.
    pub at: Timestamp,
    /// Who says so.
    pub from: OccurredFrom,
}

/// Who says when it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OccurredFrom {
    /// The sender, in the body.
    Payload,
    /// The sender, in a header.
    Header,
    /// Nobody: it is when the service received it.
    Receipt,
}

/// From where it was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Who saw the address.
    pub ip_trust: IpTrust,
    /// The program that was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// Who saw the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IpTrust {
    /// The sender reports it.
    Reported,
    /// The service: it is the peer of the connection.
    LastHop,
    /// There is none.
    None,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// In one word.
    pub result: OutcomeResult,
    /// In the source's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What came of it, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeResult {
    /// It was done.
    Success,
    /// It was tried and went wrong.
    Failure,
    /// It was refused.
    Denied,
    /// It was asked for; the effect was not seen.
    Attempt,
    /// Nobody says.
    Unknown,
}

/// What else an event belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correlation {
    /// The run of a pipeline, best as its URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The request that the source made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The trace (W3C trace context).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// The chain of events (CDEvents).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
}

impl OccurredFrom {
    /// The word in the JSON of a member.
    pub fn as_str(self) -> &'static str {
        match self {
            OccurredFrom::Payload => "payload",
            OccurredFrom::Header => "header",
            OccurredFrom::Receipt => "receipt",
        }
    }
}

impl IpTrust {
    /// The word in the JSON of a member.
    pub fn as_str(self) -> &'static str {
        match self {
            IpTrust::Reported => "reported",
            IpTrust::LastHop => "last_hop",
            IpTrust::None => "none",
        }
    }
}

impl OutcomeResult {
    /// The word in the JSON of a member.
    pub fn as_str(self) -> &'static str {
        match self {
            OutcomeResult::Success => "success",
            OutcomeResult::Failure => "failure",
            OutcomeResult::Denied => "denied",
            OutcomeResult::Attempt => "attempt",
            OutcomeResult::Unknown => "unknown",
        }
    }
}
