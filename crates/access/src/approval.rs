//! Four eyes: what one principal asks for and another must approve before it is done.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use crate::act::{Requested, Subject};
use crate::{Grant, Method};

/// What an approval is called: 8 bytes of SHA-256 of what was asked for, by whom and when.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApprovalId([u8; 8]);

/// What is asked for. An approval is for exactly this: another list of members, or another grant, needs another approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "kebab-case", deny_unknown_fields)]
pub enum WhatFor {
    /// To erase what this plan lists.
    Erasure {
        /// The token of the plan, which is a hash of the list.
        plan: String,
    },
    /// To make a token with these grants.
    Token {
        /// What it is for.
        name: String,
        /// What it may do.
        grants: Vec<Grant>,
    },
    /// To change the log's key.
    KeyRotation,
}

/// Where a request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// What was asked for.
    pub request: Requested,
    /// Who approved it.
    pub given: Option<Subject>,
}

/// All requests that somebody may still approve or use, by name.
#[derive(Clone, Debug, Default)]
pub struct Approvals(BTreeMap<ApprovalId, Approval>);

/// That a second principal approved exactly this, in time. Only [`Approvals::approved`] makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an approval is used up by what it is for"]
pub struct Approved(ApprovalId);

/// Why there is no approval.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// Nobody asked for it, or it is over.
    #[error("there is no request {0} that waits for approval")]
    Unknown(ApprovalId),
    /// It was asked for too long ago.
    #[error("the request {id} expired at {expires}; ask again")]
    Expired {
        /// Which.
        id: ApprovalId,
        /// When.
        expires: Timestamp,
    },
    /// It was approved already.
    #[error("{id} was approved by {by} already")]
    Given {
        /// Which.
        id: ApprovalId,
        /// By whom.
        by: String,
    },
    /// It takes two.
    #[error("{subject} asked for {id} and cannot approve it too")]
    Same {
        /// Which.
        id: ApprovalId,
        /// Who.
        subject: String,
    },
    /// It takes two that do not come from each other.
    #[error("{approver} was created by {requester}, who asked for {id}, and cannot approve it")]
    Created {
        /// Which.
        id: ApprovalId,
        /// Who wants to approve.
        approver: String,
        /// Who asked.
        requester: String,
    },
    /// Nobody approved it yet.
    #[error("{id} waits for the approval of a second principal until {expires}: indelible approval give {id}")]
    Waiting {
        /// Which.
        id: ApprovalId,
        /// Until when.
        expires: Timestamp,
    },
    /// It is for something else.
    #[error("{id} was asked for by {requester}, for something else than this")]
    Other {
        /// Which.
        id: ApprovalId,
        /// Who asked.
        requester: String,
    },
    /// There is no room.
    #[error("{PENDING_MAX} requests wait for approval already")]
    TooMany,
}

impl ApprovalId {
    /// The name of a request.
    pub fn of(what: &WhatFor, by: &Subject, at: Timestamp) -> ApprovalId {
        let text = serde_json::json!([what, by, at]).to_string();
        let mut id = [0; 8];
        id.copy_from_slice(&Sha256::digest(text)[..8]);
        ApprovalId(id)
    }
}

impl WhatFor {
    /// What somebody who approves this must be able to do as well.
    pub fn method(&self) -> Method {
        match self {
            WhatFor::Erasure { .. } => Method::Erase,
            WhatFor::Token { .. } | WhatFor::KeyRotation => Method::ManageTokens,
        }
    }
}

impl Approvals {
    /// Adds a request; those that expired before it was made are forgotten.
    pub fn request(&mut self, request: &Requested) {
        self.0.retain(|_, one| one.request.expires > request.at);
        // One that is read a second time is not a new one.
        self.0.entry(request.approval).or_insert_with(|| Approval {
            request: request.clone(),
            given: None,
        });
    }

    /// Whether there is room for one more.
    ///
    /// # Errors
    ///
    /// If too many wait.
    pub fn check_room(&self, now: Timestamp) -> Result<(), ApprovalError> {
        match self.open(now).count() < PENDING_MAX {
            true => Ok(()),
            false => Err(ApprovalError::TooMany),
        }
    }

    /// Notes that it was approved; [`may_give`](Self::may_give) was asked before.
    pub fn give(&mut self, id: ApprovalId, by: Subject) {
        if let Some(approval) = self.0.get_mut(&id) {
            approval.given.get_or_insert(by);
        }
    }

    /// Notes that it was used.
    pub fn used(&mut self, id: ApprovalId) {
        self.0.remove(&id);
    }

    /// Whether `approver` may approve it, who descends from `ancestors` (whoever created it, whoever created those, and so on).
    ///
    /// # Errors
    ///
    /// See [`ApprovalError`].
    pub fn may_give(
        &self,
        id: ApprovalId,
        approver: &str,
        ancestors: &[String],
        now: Timestamp,
    ) -> Result<&Approval, ApprovalError> {
        let approval = self.find(id, now)?;
        let requester = &approval.request.by.subject;
        if let Some(given) = &approval.given {
            let by = given.subject.clone();
            return Err(ApprovalError::Given { id, by });
        }
        if requester == approver {
            let subject = approver.to_owned();
            return Err(ApprovalError::Same { id, subject });
        }
        if ancestors.contains(requester) {
            return Err(ApprovalError::Created {
                id,
                approver: approver.to_owned(),
                requester: requester.clone(),
            });
        }
        Ok(approval)
    }

    /// Whether `what` may be done now by `requester`, who brings the approval.
    ///
    /// # Errors
    ///
    /// See [`ApprovalError`].
    pub fn approved(
        &self,
        id: ApprovalId,
        what: &WhatFor,
        requester: &str,
        now: Timestamp,
    ) -> Result<Approved, ApprovalError> {
        let approval = self.find(id, now)?;
        if approval.request.what != *what || approval.request.by.subject != requester {
            let requester = approval.request.by.subject.clone();
            return Err(ApprovalError::Other { id, requester });
        }
        match &approval.given {
            Some(_) => Ok(Approved(id)),
            None => Err(ApprovalError::Waiting {
                id,
                expires: approval.request.expires,
            }),
        }
    }

    /// What anybody asked for and somebody else approved, if it is exactly `what`: for those who do it where nobody is identified.
    ///
    /// # Errors
    ///
    /// See [`ApprovalError`]; the error is about the newest request, and `None` if there is none.
    pub fn approved_for_anybody(&self, what: &WhatFor, now: Timestamp) -> Result<Option<Approved>, ApprovalError> {
        let mut refused = None;
        let mut requests: Vec<&Approval> = self.0.values().filter(|one| one.request.what == *what).collect();
        requests.sort_by_key(|one| std::cmp::Reverse(one.request.at));
        for one in requests {
            match self.approved(one.request.approval, what, &one.request.by.subject, now) {
                Ok(approved) => return Ok(Some(approved)),
                Err(error) => {
                    refused.get_or_insert(error);
                }
            }
        }
        refused.map_or(Ok(None), Err)
    }

    /// Those that have not expired.
    pub fn open(&self, now: Timestamp) -> impl Iterator<Item = &Approval> {
        self.0.values().filter(move |approval| approval.request.expires > now)
    }

    fn find(&self, id: ApprovalId, now: Timestamp) -> Result<&Approval, ApprovalError> {
        let approval = self.0.get(&id).ok_or(ApprovalError::Unknown(id))?;
        let expires = approval.request.expires;
        match expires > now {
            true => Ok(approval),
            false => Err(ApprovalError::Expired { id, expires }),
        }
    }
}

impl Approved {
    /// The approval that is used up.
    pub fn id(self) -> ApprovalId {
        self.0
    }
}

impl fmt::Display for ApprovalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for ApprovalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApprovalId({self})")
    }
}

impl FromStr for ApprovalId {
    type Err = crate::token::NotHex;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id: crate::token::TokenId = text.parse()?;
        Ok(ApprovalId(id.to_bytes()))
    }
}

impl Serialize for ApprovalId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ApprovalId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Requests that wait at a time: more than anybody reads.
const PENDING_MAX: usize = 1_000;
