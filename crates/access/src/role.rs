//! What somebody is to a log.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What somebody is to a log. Roles do not contain each other: who needs two is given two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Sends events or entries, and reads none.
    Submitter,
    /// Reads events of certain sources.
    Reader,
    /// Reads all events, proofs and evidence, and writes nothing.
    Auditor,
    /// Reads heads, tiles and proofs only.
    Monitor,
    /// Looks after configuration and tokens, and sees no contents of events.
    Operator,
    /// Erases members of events, and holds them.
    PrivacyOfficer,
    /// Does everything, and grants every role.
    Admin,
}

impl Role {
    /// All of them, in the order of the table.
    pub const ALL: [Role; 7] = [
        Role::Submitter,
        Role::Reader,
        Role::Auditor,
        Role::Monitor,
        Role::Operator,
        Role::PrivacyOfficer,
        Role::Admin,
    ];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Submitter => "submitter",
            Role::Reader => "reader",
            Role::Auditor => "auditor",
            Role::Monitor => "monitor",
            Role::Operator => "operator",
            Role::PrivacyOfficer => "privacy-officer",
            Role::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = BadRole;

    fn from_str(text: &str) -> Result<Self, BadRole> {
        let found = Role::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| BadRole {
            found: text.chars().take(64).collect(),
        })
    }
}

/// What is no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no role: submitter, reader, auditor, monitor, operator, privacy-officer and admin are")]
pub struct BadRole {
    /// What it is instead.
    pub found: String,
}
