//! Tokens and approvals: asked for, checked, put on the record, and only then in force.

use std::sync::Arc;

use indelible_access::token::{RANDOM_BYTES, Token, TokenId};
use indelible_access::{
    Act, Approval, ApprovalError, ApprovalId, Approved, Denied, Grant, MayNotGrant, NewToken, Principal, Registry,
    Requested, Role, Subject, TokenRecord, WhatFor, may_grant,
};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::caller::Caller;
use super::gate::Gate;
use super::record::{Happened, RecordError};

/// What changes who may do what on a running log, one act at a time. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Acts {
    gate: Gate,
    /// Held from the check of an act until it is in force.
    acting: Arc<Mutex<()>>,
}

/// A token that somebody wants.
#[derive(Clone, Debug)]
pub struct WantedToken {
    /// What it is for: a word.
    pub name: String,
    /// What it is to be able to do.
    pub grants: Vec<Grant>,
    /// Until when.
    pub expires: Option<Timestamp>,
    /// The approval of a second principal, where one is needed.
    pub approval: Option<ApprovalId>,
}

/// A token that was made: it is shown once.
#[derive(Debug)]
pub struct Made {
    /// The token.
    pub token: Token,
    /// What it is called.
    pub id: TokenId,
    /// The principal that it makes.
    pub subject: String,
}

/// Why something is not done.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// Caller: it is not theirs to give.
    #[error(transparent)]
    MayNotGrant(#[from] MayNotGrant),
    /// Caller: what is asked for makes no sense.
    #[error("{0}")]
    Malformed(String),
    /// Caller: there is no such token.
    #[error("there is no token {0}")]
    NoToken(TokenId),
    /// A second principal must approve; the request for it is on the record.
    #[error(
        "this needs the approval of a second principal by {}; then ask again with this approval: {}",
        .0.expires, .0.approval
    )]
    NeedsApproval(Box<Requested>),
    /// The approval does not do.
    #[error(transparent)]
    Approval(#[from] ApprovalError),
    /// Caller: may not do itself what it wants to approve.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There are too many.
    #[error("there are {TOKENS_MAX} tokens already")]
    TooMany,
    /// It cannot be put on the record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// There is no randomness.
    #[error("no random bytes can be had: {0}")]
    Random(String),
}

impl Acts {
    /// Of the log behind this gate.
    pub fn new(gate: Gate) -> Acts {
        Acts {
            gate,
            acting: Arc::default(),
        }
    }

    /// Makes a token.
    ///
    /// # Errors
    ///
    /// See [`ActError`].
    pub async fn create_token(&self, caller: &Caller, wanted: WantedToken) -> Result<Made, ActError> {
        let mut random = [0; RANDOM_BYTES];
        getrandom::fill(&mut random).map_err(|error| ActError::Random(error.to_string()))?;
        let now = Timestamp::now();
        check_wanted(&wanted, now)?;
        for grant in &wanted.grants {
            may_grant(&caller.principal().grants, grant)?;
        }
        let _acting = self.acting.lock().await;
        if self.read(|registry| registry.tokens().count()) >= TOKENS_MAX {
            return Err(ActError::TooMany);
        }
        let what = WhatFor::Token {
            name: wanted.name.clone(),
            grants: wanted.grants.clone(),
        };
        let makes_admin = wanted.grants.iter().any(|grant| grant.role == Role::Admin);
        let needed = self.gate.file().four_eyes.admin_tokens && makes_admin;
        let approved = self.approved(needed, what, wanted.approval, caller, now).await?;
        let token = Token::new(&random);
        let made = NewToken {
            hash: token.hash(),
            name: wanted.name,
            grants: wanted.grants,
            at: now,
            expires: wanted.expires,
            by: subject(caller.principal()),
        };
        let id = made.hash.id();
        let subject = format!("token/{}/{id}", made.name);
        self.use_up(approved, caller, now).await?;
        self.record(Act::TokenCreated(made), caller).await?;
        Ok(Made { token, id, subject })
    }

    /// Ends a token, and what it has under way. Who could have made it may.
    ///
    /// # Errors
    ///
    /// See [`ActError`].
    pub async fn revoke_token(&self, caller: &Caller, id: TokenId) -> Result<(), ActError> {
        let _acting = self.acting.lock().await;
        let found = self.read(|registry| {
            registry
                .token(id)
                .map(|token| (token.made.clone(), token.revoked.is_some()))
        });
        let (made, revoked) = found.ok_or(ActError::NoToken(id))?;
        for grant in &made.grants {
            may_grant(&caller.principal().grants, grant)?;
        }
        if !revoked {
            let by = subject(caller.principal());
            let at = Timestamp::now();
            self.record(Act::TokenRevoked { id, at, by }, caller).await?;
            self.gate.end_session(&made.hash);
        }
        Ok(())
    }

    /// All tokens, the newest last.
    pub fn tokens(&self) -> Vec<TokenRecord> {
        let mut tokens: Vec<TokenRecord> = self.read(|registry| registry.tokens().cloned().collect());
        tokens.sort_by_key(|token| (token.made.at, token.made.hash.id()));
        tokens
    }

    /// What waits for approval.
    pub fn approvals(&self) -> Vec<Approval> {
        self.read(|registry| registry.approvals().open(Timestamp::now()).cloned().collect())
    }

    /// Asks for the approval of a second principal.
    ///
    /// # Errors
    ///
    /// See [`ActError`].
    pub async fn request(&self, caller: &Caller, what: WhatFor) -> Result<Requested, ActError> {
        let _acting = self.acting.lock().await;
        self.ask(caller, what, Timestamp::now()).await
    }

    /// Approves what another principal has asked for.
    ///
    /// # Errors
    ///
    /// See [`ActError`].
    pub async fn approve(&self, caller: &Caller, id: ApprovalId) -> Result<(), ActError> {
        let _acting = self.acting.lock().await;
        let now = Timestamp::now();
        let approver = &caller.principal().subject;
        let what = self.read(|registry| {
            let ancestors = registry.ancestors(approver);
            let approval = registry.approvals().may_give(id, approver, &ancestors, now);
            approval.map(|approval| approval.request.what.clone())
        })?;
        may_do(caller.principal(), &what)?;
        let by = subject(caller.principal());
        let given = Act::ApprovalGiven {
            approval: id,
            at: now,
            by,
        };
        self.record(given.clone(), caller).await?;
        if what == WhatFor::KeyRotation {
            self.gate.recorder().keep_for_rest(&given).await?;
        }
        Ok(())
    }

    /// That what `caller` wants to erase was approved, if that is needed.
    ///
    /// # Errors
    ///
    /// See [`ActError`].
    pub async fn erasure_approved(
        &self,
        caller: &Caller,
        plan: &str,
        approval: Option<ApprovalId>,
    ) -> Result<(), ActError> {
        let _acting = self.acting.lock().await;
        let now = Timestamp::now();
        let what = WhatFor::Erasure { plan: plan.to_owned() };
        let needed = self.gate.file().four_eyes.erasure;
        let approved = self.approved(needed, what, approval, caller, now).await?;
        self.use_up(approved, caller, now).await
    }

    async fn approved(
        &self,
        needed: bool,
        what: WhatFor,
        approval: Option<ApprovalId>,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Option<Approved>, ActError> {
        match (needed, approval) {
            (false, _) => Ok(None),
            (true, None) => Err(ActError::NeedsApproval(Box::new(self.ask(caller, what, now).await?))),
            (true, Some(id)) => {
                let requester = &caller.principal().subject;
                let approved = self.read(|registry| registry.approvals().approved(id, &what, requester, now))?;
                Ok(Some(approved))
            }
        }
    }

    async fn use_up(&self, approved: Option<Approved>, caller: &Caller, now: Timestamp) -> Result<(), ActError> {
        let Some(approved) = approved else { return Ok(()) };
        let by = subject(caller.principal());
        let approval = approved.id();
        self.record(Act::ApprovalUsed { approval, at: now, by }, caller).await
    }

    async fn ask(&self, caller: &Caller, what: WhatFor, now: Timestamp) -> Result<Requested, ActError> {
        may_do(caller.principal(), &what)?;
        self.read(|registry| registry.approvals().check_room(now))?;
        let by = subject(caller.principal());
        let minutes = self.gate.file().four_eyes.expires_minutes;
        let requested = Requested {
            approval: ApprovalId::of(&what, &by, now),
            what,
            at: now,
            expires: now + SignedDuration::from_mins(i64::from(minutes)),
            by,
        };
        let asked = Act::ApprovalRequested(requested.clone());
        self.record(asked.clone(), caller).await?;
        if requested.what == WhatFor::KeyRotation {
            self.gate.recorder().keep_for_rest(&asked).await?;
        }
        Ok(requested)
    }

    /// First on the record, then in force: a token that holds is on the record.
    async fn record(&self, act: Act, caller: &Caller) -> Result<(), ActError> {
        let happened = Happened::act(&act, caller.principal(), caller.peer());
        self.gate.recorder().act(happened, &act).await?;
        self.gate.registry().write().expect(NO_PANIC).apply(act);
        Ok(())
    }

    fn read<T>(&self, read: impl FnOnce(&Registry) -> T) -> T {
        read(&self.gate.registry().read().expect(NO_PANIC))
    }
}

/// Whether somebody may do what is to be approved, which whoever asks and whoever approves must.
fn may_do(principal: &Principal, what: &WhatFor) -> Result<(), ActError> {
    let _permit = principal.authorise(what.method())?;
    match what {
        WhatFor::Erasure { .. } => {}
        WhatFor::KeyRotation => may_grant(&principal.grants, &Grant::whole(Role::Admin))?,
        WhatFor::Token { grants, .. } => {
            for grant in grants {
                may_grant(&principal.grants, grant)?;
            }
        }
    }
    Ok(())
}

fn check_wanted(wanted: &WantedToken, now: Timestamp) -> Result<(), ActError> {
    let malformed = |words: &str| Err(ActError::Malformed(words.to_owned()));
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    if !(1..=NAME_BYTES_MAX).contains(&wanted.name.len()) || !wanted.name.bytes().all(plain) {
        return malformed("a token is named by 1 to 64 of a-z, 0-9, `-`, `_` and `.`");
    }
    if !(1..=GRANTS_MAX).contains(&wanted.grants.len()) {
        return malformed("a token has 1 to 16 grants");
    }
    if wanted.expires.is_some_and(|expires| expires <= now) {
        return malformed("the token would have expired already");
    }
    Ok(())
}

fn subject(principal: &Principal) -> Subject {
    Subject {
        subject: principal.subject.clone(),
        created_by: principal.created_by.clone(),
    }
}

const NO_PANIC: &str = "nobody panics while they have this";

const NAME_BYTES_MAX: usize = 64;

const GRANTS_MAX: usize = 16;

/// With 300 bytes each: 30 MB.
const TOKENS_MAX: usize = 100_000;
