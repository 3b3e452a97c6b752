//! Whether an event is what a job has signed.

use std::fmt;

use indelible_access::oidc::Thumbprint;
use indelible_access::signed::{NotSigned, SignedEvent, check};
use indelible_event::member::Submitter;
use indelible_event::{CheckedEvent, MemberValue, NotCommitted, Sent};

use crate::envelope::{BadEnvelope, Envelope};
use crate::strict_json::{Allowance, VALUES_MAX};

/// That the members of an event which are shown say what a key has signed, and that the service knew this key for the submitter's.
#[derive(Clone, Debug)]
pub(in crate::cmd) struct JobSignature(SignedEvent);

/// The service says that a job has signed an event, and what it shows is not that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {index}: `submitter` says that it was signed, and that does not hold: {reason}")]
pub(in crate::cmd) struct BadSignature {
    index: u64,
    reason: Reason,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Reason {
    #[error("it names no key")]
    NoKey,
    #[error("it was signed by another key than the submitter's token is bound to")]
    NotBound,
    #[error("the raw bytes are no text")]
    NoText,
    #[error(transparent)]
    Signature(#[from] NotSigned),
    #[error("what was signed is no event: {0}")]
    Envelope(#[from] BadEnvelope),
    #[error("what was signed is another event: {0}")]
    Other(#[from] NotCommitted),
    #[error("what was signed is another event: it has another source")]
    OtherSource,
}

impl JobSignature {
    /// Checks it, with what is shown alone; `None` if that is not enough to tell: the submitter, or the raw bytes, are not shown.
    pub(super) fn of(event: &CheckedEvent) -> Result<Option<JobSignature>, BadSignature> {
        let submitter = event.shown().iter().find_map(|shown| match shown.value() {
            Some(MemberValue::Submitter(submitter)) => Some(submitter),
            _ => None,
        });
        let said =
            submitter.filter(|submitter| submitter.verified.as_ref().is_some_and(|all| all.contains_key(SIGNED)));
        let (Some(submitter), Some(raw)) = (said, event.raw()) else {
            return Ok(None);
        };
        let index = event.index();
        let checked = checked(event, &submitter, raw);
        checked
            .map(|signed| Some(JobSignature(signed)))
            .map_err(|reason| BadSignature { index, reason })
    }

    /// The key.
    pub(in crate::cmd) fn key(&self) -> &Thumbprint {
        self.0.key()
    }

    /// How it signed.
    pub(in crate::cmd) fn algorithm(&self) -> impl fmt::Display + use<> {
        self.0.algorithm()
    }
}

fn checked(event: &CheckedEvent, submitter: &Submitter, raw: &[u8]) -> Result<SignedEvent, Reason> {
    let key = submitter.signed_by().and_then(Thumbprint::parse).ok_or(Reason::NoKey)?;
    if submitter.bound_to() != submitter.signed_by() {
        return Err(Reason::NotBound);
    }
    let text = str::from_utf8(raw).map_err(|_| Reason::NoText)?;
    let signed = check(text, &key)?;
    let envelope = Envelope::signed(&signed, &Allowance::of(VALUES_MAX))?;
    let sent = Sent {
        claims: &envelope.claims,
        key: envelope.key.as_deref(),
        raw: Some(raw),
    };
    sent.check_shown(event.shown())?;
    let other_source = event.shown().iter().any(|shown| match shown.value() {
        Some(MemberValue::Delivery(delivery)) => delivery.source != envelope.source,
        _ => false,
    });
    match other_source {
        true => Err(Reason::OtherSource),
        false => Ok(signed),
    }
}

/// Under which what was checked stands in `submitter.verified`.
const SIGNED: &str = "signed";
