//! What the acts come to: the tokens that hold, and the approvals that wait.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::act::{Act, NewToken, Subject};
use crate::approval::Approvals;
use crate::principal::{Authenticated, Principal};
use crate::signed::Signing;
use crate::token::{TokenHash, TokenId};

/// A token, as it stands.
#[derive(Clone, Debug)]
pub struct TokenRecord {
    /// How it was made.
    pub made: NewToken,
    /// When and by whom it was revoked.
    pub revoked: Option<(Timestamp, Subject)>,
    principal: Arc<Principal>,
}

/// The tokens and approvals of a log. Applying the same act twice changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    tokens: HashMap<TokenHash, TokenRecord>,
    names: HashMap<TokenId, TokenHash>,
    /// Revocations of tokens that are not known: acts may be read in any order.
    revoked: HashMap<TokenId, (Timestamp, Subject)>,
    /// The subject that created a subject.
    creators: HashMap<String, String>,
    approvals: Approvals,
}

/// Why a token is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// The log does not know it.
    #[error("the log does not know this token")]
    Unknown,
    /// It was revoked.
    #[error("the token {id} was revoked at {at}")]
    Revoked {
        /// What it is called.
        id: TokenId,
        /// When.
        at: Timestamp,
    },
    /// Its time is over.
    #[error("the token {id} expired at {at}")]
    Expired {
        /// What it is called.
        id: TokenId,
        /// When.
        at: Timestamp,
    },
}

impl TokenRecord {
    /// Whether it may be used now.
    ///
    /// # Errors
    ///
    /// If it was revoked, or has expired.
    pub fn holds(&self, now: Timestamp) -> Result<&Arc<Principal>, BadToken> {
        let id = self.made.hash.id();
        if let Some((at, _)) = self.revoked {
            return Err(BadToken::Revoked { id, at });
        }
        match self.made.expires {
            Some(at) if at <= now => Err(BadToken::Expired { id, at }),
            _ => Ok(&self.principal),
        }
    }
}

impl Registry {
    /// Takes an act into account.
    pub fn apply(&mut self, act: Act) {
        match act {
            Act::TokenCreated(made) => self.create(made),
            Act::TokenRevoked { id, at, by } => match self.names.get(&id).and_then(|hash| self.tokens.get_mut(hash)) {
                Some(record) => {
                    record.revoked.get_or_insert((at, by));
                }
                None => {
                    self.revoked.entry(id).or_insert((at, by));
                }
            },
            Act::ApprovalRequested(request) => self.approvals.request(&request),
            Act::ApprovalGiven { approval, by, .. } => self.approvals.give(approval, by),
            Act::ApprovalUsed { approval, .. } => self.approvals.used(approval),
            // It changes the log, and nobody's rights.
            Act::KeyRotated { .. } => {}
        }
    }

    fn create(&mut self, made: NewToken) {
        let id = made.hash.id();
        if self.names.contains_key(&id) {
            return;
        }
        let subject = format!("token/{}/{id}", made.name);
        let principal = Principal {
            subject: subject.clone(),
            authenticated: Authenticated::Token,
            grants: made.grants.clone(),
            created_by: Some(made.by.subject.clone()),
            verified: None,
            signing: Signing::default(),
        };
        self.creators.insert(subject, made.by.subject.clone());
        self.names.insert(id, made.hash);
        let revoked = self.revoked.remove(&id);
        let hash = made.hash;
        let principal = Arc::new(principal);
        let record = TokenRecord {
            made,
            revoked,
            principal,
        };
        self.tokens.insert(hash, record);
    }

    /// Who sends a token with this hash.
    ///
    /// # Errors
    ///
    /// If it is not one that holds.
    pub fn principal(&self, hash: &TokenHash, now: Timestamp) -> Result<&Arc<Principal>, BadToken> {
        self.tokens.get(hash).ok_or(BadToken::Unknown)?.holds(now)
    }

    /// The token of that name.
    pub fn token(&self, id: TokenId) -> Option<&TokenRecord> {
        self.tokens.get(self.names.get(&id)?)
    }

    /// All tokens there ever were.
    pub fn tokens(&self) -> impl Iterator<Item = &TokenRecord> {
        self.tokens.values()
    }

    /// Those whom a subject comes from: who created it, who created those, and so on.
    pub fn ancestors(&self, subject: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut next = self.creators.get(subject);
        while let Some(creator) = next {
            if found.contains(creator) {
                break;
            }
            found.push(creator.clone());
            next = self.creators.get(creator);
        }
        found
    }

    /// What waits for approval.
    pub fn approvals(&self) -> &Approvals {
        &self.approvals
    }
}
