//! What changes who may do what, as the log's own events have it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Grant;
use crate::approval::{ApprovalId, WhatFor};
use crate::token::{TokenHash, TokenId};

/// Who did it: the subject of a principal, and whoever granted that principal its grants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// The name of the principal.
    pub subject: String,
    /// Who created it, if a principal of the log did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Act {
    /// A token was made.
    TokenCreated(NewToken),
    /// A token was revoked.
    TokenRevoked {
        /// Which. Its name is one that no rule for secrets takes for the name of one.
        id: TokenId,
        /// When.
        at: Timestamp,
        /// By whom.
        by: Subject,
    },
    /// Somebody asked for the approval of a second principal.
    ApprovalRequested(Requested),
    /// A second principal approved.
    ApprovalGiven {
        /// Of what.
        approval: ApprovalId,
        /// When.
        at: Timestamp,
        /// By whom.
        by: Subject,
    },
    /// The log's key was changed.
    KeyRotated {
        /// The public key in force since.
        to: String,
        /// When.
        at: Timestamp,
        /// By whom.
        by: Subject,
    },
    /// What was approved was done: the approval is used up.
    ApprovalUsed {
        /// Which.
        approval: ApprovalId,
        /// When.
        at: Timestamp,
        /// By whom.
        by: Subject,
    },
}

/// A token, without the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What is kept of it.
    pub hash: TokenHash,
    /// What it is for, in a word.
    pub name: String,
    /// What it may do.
    pub grants: Vec<Grant>,
    /// When it was made.
    pub at: Timestamp,
    /// Until when it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Who made it.
    pub by: Subject,
}

/// A request for approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requested {
    /// What it is called.
    pub approval: ApprovalId,
    /// For what.
    pub what: WhatFor,
    /// When.
    pub at: Timestamp,
    /// After this it is too late.
    pub expires: Timestamp,
    /// By whom.
    pub by: Subject,
}

impl Act {
    /// The name of the action in an event.
    pub fn name(&self) -> &'static str {
        match self {
            Act::TokenCreated(_) => "indelible.token.created",
            Act::TokenRevoked { .. } => "indelible.token.revoked",
            Act::ApprovalRequested(_) => "indelible.approval.requested",
            Act::ApprovalGiven { .. } => "indelible.approval.given",
            Act::ApprovalUsed { .. } => "indelible.approval.used",
            Act::KeyRotated { .. } => "indelible.key.rotated",
        }
    }

    /// Who did it.
    pub fn by(&self) -> &Subject {
        match self {
            Act::TokenCreated(token) => &token.by,
            Act::ApprovalRequested(request) => &request.by,
            Act::TokenRevoked { by, .. }
            | Act::ApprovalGiven { by, .. }
            | Act::ApprovalUsed { by, .. }
            | Act::KeyRotated { by, .. } => by,
        }
    }

    /// What it was done to: a token, an approval, a key.
    pub fn target(&self) -> (&'static str, String) {
        match self {
            Act::TokenCreated(token) => ("token", token.hash.id().to_string()),
            Act::TokenRevoked { id, .. } => ("token", id.to_string()),
            Act::KeyRotated { to, .. } => ("key", to.clone()),
            Act::ApprovalRequested(request) => ("approval", request.approval.to_string()),
            Act::ApprovalGiven { approval, .. } | Act::ApprovalUsed { approval, .. } => {
                ("approval", approval.to_string())
            }
        }
    }
}
