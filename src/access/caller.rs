//! What a handler learns of whoever sends a request.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::Extensions;
use http::request::Parts;
use indelible_access::signed::{NotSigned, SignedEvent};
use indelible_access::{Authenticated, Denied, Method, Permit, Principal, Role};
use indelible_event::member::{Event, Submitter};
use tonic::Status;

use super::gate::Gate;
use super::record::{Happened, OpenRead, RecordError};
use super::refusal::Refusal;
use super::session::Session;
use crate::trail::{Found, Submission};

/// Somebody who was let in, and what for. Only the gate makes it.
#[derive(Clone, Debug)]
pub struct Caller {
    pub(super) gate: Gate,
    pub(super) session: Arc<Session>,
    pub(super) permit: Permit,
    pub(super) peer: Option<IpAddr>,
}

impl Caller {
    /// The caller of a request, which the layer has put there.
    ///
    /// # Errors
    ///
    /// If it did not: the door has no row in the table, so that nobody may use it.
    pub fn of(extensions: &Extensions) -> Result<Caller, Refusal> {
        extensions.get().cloned().ok_or(Refusal::NoDoor)
    }

    /// The caller of a call.
    ///
    /// # Errors
    ///
    /// The same, as a status.
    pub fn of_call<T>(request: &tonic::Request<T>) -> Result<Caller, Status> {
        Caller::of(request.extensions()).map_err(|refusal| refusal.status())
    }

    /// That it may do this. The layer has asked for what the table of doors says; that it is what the handler does is checked here.
    ///
    /// # Errors
    ///
    /// If the table of doors leads to another method than the handler is.
    pub fn permit(&self, method: Method) -> Result<&Permit, Denied> {
        match self.permit.method() == method {
            true => Ok(&self.permit),
            false => Err(self.permit.outside(&self.session.principal, method.as_str())),
        }
    }

    /// Whether it may do that, too.
    pub fn may(&self, method: Method) -> bool {
        self.session.principal.authorise(method).is_ok()
    }

    /// Who it is.
    pub fn principal(&self) -> &Principal {
        &self.session.principal
    }

    /// Who it is, in the events that it submits without signing them.
    ///
    /// # Errors
    ///
    /// If it must sign them. That is counted.
    pub fn unsigned(&self) -> Result<Submitter, Denied> {
        let allowed = self.session.principal.signing.unsigned();
        allowed.map_err(|reason| self.refuse_signature(reason))?;
        Ok(self.submitter())
    }

    /// Checks an event that it has signed by the key that its token is bound to, and says who it is in that.
    ///
    /// # Errors
    ///
    /// If there is no such key, or it has not signed this. That is counted.
    pub fn signed(&self, text: &str) -> Result<(SignedEvent, Submitter), Denied> {
        let checked = self.session.principal.signing.check(text);
        let signed = checked.map_err(|reason| self.refuse_signature(reason))?;
        let mut submitter = self.submitter();
        let verified = submitter.verified.get_or_insert_default();
        verified.insert(Submitter::SIGNED.to_owned(), signed.verified());
        Ok((signed, submitter))
    }

    fn refuse_signature(&self, reason: NotSigned) -> Denied {
        let subject = self.session.principal.subject.clone();
        self.denied(Denied::Signature { subject, reason })
    }

    /// Counts a refusal.
    fn denied(&self, denied: Denied) -> Denied {
        let subject = &self.session.principal.subject;
        self.gate.denied(subject, self.permit.method(), &denied, self.peer);
        denied
    }

    fn submitter(&self) -> Submitter {
        let principal = &self.session.principal;
        Submitter {
            principal: principal.subject.clone(),
            method: principal.authenticated.as_str().to_owned(),
            verified: principal.verified.clone(),
        }
    }

    /// Whether it may submit all of these.
    ///
    /// # Errors
    ///
    /// If one is outside of its scope; its place, counted from 0.
    pub fn check_submissions(&self, submissions: &[Submission]) -> Result<(), (usize, Denied)> {
        if self.permit.is_whole() {
            return Ok(());
        }
        for (place, one) in submissions.iter().enumerate() {
            let action = one.claims.action.as_ref().map(|action| action.name.as_str());
            if !self.permit.covers(Some(&one.source), action) {
                let what = format!("{} from {}", action.unwrap_or("nothing"), one.source);
                return Err((place, self.refuse(&what)));
            }
        }
        Ok(())
    }

    /// Whether it may read this. What it may not is not there for it.
    pub fn may_read(&self, found: &Found) -> bool {
        self.permit.is_whole() || found.event().is_some_and(|event| self.covers(&event))
    }

    fn covers(&self, event: &Event) -> bool {
        let source = event.delivery.as_ref().map(|delivery| delivery.source.as_str());
        let action = event.claims.action.as_ref().map(|action| action.name.as_str());
        self.permit.covers(source, action)
    }

    /// The only source that it may read, if it is one.
    pub fn only_source(&self) -> Option<&str> {
        match self.permit.sources()?.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }

    /// Refuses something of the method that it was let in for, and counts that.
    pub fn refuse(&self, what: &str) -> Denied {
        self.denied(self.permit.outside(&self.session.principal, what))
    }

    /// Puts on the record that somebody whose reading is on the record has read: `count` of what `query` names. Durable when it
    /// returns.
    ///
    /// # Errors
    ///
    /// If it cannot be recorded; nothing should be given out then.
    pub async fn read(&self, query: &str, count: u64) -> Result<(), RecordError> {
        if !self.is_recorded() {
            return Ok(());
        }
        self.gate.happened(self.has_read(query, count)).await
    }

    /// The same for a stream, which is on the record when it has ended, however it ends: a note of it is durable when this returns, and
    /// the next start makes an event of what a kill left open.
    ///
    /// # Errors
    ///
    /// If it cannot be noted; nothing should be given out then.
    pub async fn reads(&self, query: String) -> Result<Reading, RecordError> {
        let mut noted = None;
        if self.is_recorded() {
            let opened = self.gate.recorder().read_begins(self.has_read(&query, 0)).await?;
            noted = opened.map(|opened| Noted {
                caller: self.clone(),
                query,
                opened,
            });
        }
        Ok(Reading { noted, count: 0 })
    }

    /// Counts entries of the log that are about to be given, if it is somebody whose reading is on the record. They are told within a
    /// minute.
    pub fn gives_entries(&self, count: u64) {
        if self.is_recorded() {
            self.gate.entries_read().add(&self.session.principal, count, self.peer);
        }
    }

    fn has_read(&self, query: &str, count: u64) -> Happened {
        Happened::read(self.principal(), self.permit.method(), query, count, self.peer)
    }

    fn is_recorded(&self) -> bool {
        self.principal().authenticated != Authenticated::Not
            && matches!(self.permit.role(), Some(Role::Auditor | Role::Operator | Role::Admin))
    }

    /// Puts on the record what it did. Durable when it returns.
    ///
    /// # Errors
    ///
    /// If it cannot be recorded.
    pub async fn did(&self, action: &'static str, target: (&str, String), detail: &str) -> Result<(), RecordError> {
        // Where everybody may do everything nothing is a privilege.
        if self.gate.is_open() {
            return Ok(());
        }
        let happened = Happened::did(self.principal(), action, target, detail, self.peer);
        self.gate.happened(happened).await
    }

    /// The gate that it came in by.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// From where.
    pub fn peer(&self) -> Option<IpAddr> {
        self.peer
    }
}

/// A stream of what somebody reads.
#[derive(Debug)]
pub struct Reading {
    noted: Option<Noted>,
    count: u64,
}

/// Of somebody whose reading is on the record.
#[derive(Debug)]
struct Noted {
    caller: Caller,
    query: String,
    opened: OpenRead,
}

impl Reading {
    /// More is about to be given.
    pub fn add(&mut self, count: u64) {
        self.count += count;
        if let Some(noted) = &self.noted
            && let Err(error) = noted.opened.count(self.count)
        {
            tracing::warn!(%error, "how much of a stream was read cannot be noted");
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let Some(Noted { caller, query, opened }) = self.noted.take() else {
            return;
        };
        let happened = caller.has_read(&query, self.count);
        let gate = caller.gate.clone();
        let ended = async move {
            if let Err(error) = caller.gate.recorder().read_ended(happened, opened).await {
                tracing::error!(%error, "that a stream was read is put on the record at the next start only");
            }
        };
        gate.finish(ended);
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Caller, Refusal> {
        Caller::of(&parts.extensions)
    }
}
