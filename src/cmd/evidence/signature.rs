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
        let said = submitter.filter(Submitter::says_signed);
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
    let envelope = Envelope::signed(signed.clone(), &Allowance::of(VALUES_MAX))?;
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use indelible_access::signed::JobKey;
    use indelible_event::member::{Action, Claims, Delivery, Event, Occurred, OccurredFrom, Raw, Verb};
    use indelible_event::{CheckedLine, EvidenceLine};
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::*;
    use crate::cmd::evidence::fixture;
    use crate::trail::SIGNED_TYPE;

    fn job() -> JobKey {
        JobKey::from_seed(&[9; 32])
    }

    fn payload() -> Value {
        json!({"source": "deploy", "key": "run-1", "claims": {"action": {"name": "deploy", "verb": "execute"}}})
    }

    /// The event that an honest service makes of what the job has signed, and what it came as.
    fn honest() -> (Event, String) {
        let text = job().sign(payload().to_string().as_bytes());
        let at = Timestamp::UNIX_EPOCH;
        let thumbprint = job().thumbprint().to_string();
        let verified = json!({"signed": {"thumbprint": thumbprint}, "token": {"bound_to": {"thumbprint": thumbprint}}});
        let event = Event {
            claims: Claims {
                action: Some(Action {
                    name: "deploy".to_owned(),
                    verb: Verb::Execute,
                    class: None,
                }),
                occurred: Some(Occurred {
                    at,
                    from: OccurredFrom::Receipt,
                }),
                ..Claims::default()
            },
            delivery: Some(Delivery {
                source: "deploy".to_owned(),
                key: Some("run-1".to_owned()),
                received: at,
            }),
            raw: Some(Raw::of(text.as_bytes(), SIGNED_TYPE, true)),
            submitter: Some(Submitter {
                principal: "oidc:ci:sub=robot".to_owned(),
                method: "oidc".to_owned(),
                verified: verified.as_object().cloned(),
            }),
        };
        (event, text)
    }

    fn checked(event: &Event, shown_raw: Option<&str>) -> Result<Option<JobSignature>, BadSignature> {
        let (mut line, mut verifier) = fixture::line(event);
        if let EvidenceLine::Event { raw, .. } = &mut line {
            *raw = shown_raw.map(|text| Bytes::copy_from_slice(text.as_bytes()));
        }
        match verifier.check(line).unwrap() {
            CheckedLine::Event(event) => JobSignature::of(&event),
            CheckedLine::Tombstone(_) => panic!("it is an event"),
        }
    }

    /// That a service which makes this of what was signed is found out.
    #[track_caller]
    fn lies(what: &str, change: impl FnOnce(&mut Event, &mut String)) {
        let (mut event, mut text) = honest();
        change(&mut event, &mut text);
        event.raw = Some(Raw::of(text.as_bytes(), SIGNED_TYPE, true));
        let bad = checked(&event, Some(&text)).unwrap_err();
        assert!(bad.to_string().contains(what), "{bad}");
    }

    fn verified(event: &mut Event) -> &mut Value {
        let submitter = event.submitter.as_mut().unwrap();
        submitter.verified.as_mut().unwrap().get_mut("signed").unwrap()
    }

    #[test]
    fn what_was_signed_is_told_and_what_is_not_shown_is_not() {
        let (event, text) = honest();
        let signature = checked(&event, Some(&text)).unwrap().unwrap();
        assert_eq!(*signature.key(), job().thumbprint());
        assert!(checked(&event, None).unwrap().is_none());
        let mut unsigned = event.clone();
        unsigned.submitter.as_mut().unwrap().verified = None;
        assert!(checked(&unsigned, Some(&text)).unwrap().is_none());
    }

    #[test]
    fn an_event_that_the_job_has_not_signed_does_not_hold() {
        lies("action: the leaf commits to something else", |event, _| {
            event.claims.action.as_mut().unwrap().name = "undeploy".to_owned();
        });
        lies("actor: the leaf commits to something else", |event, _| {
            event.claims.actor = Some(indelible_event::member::Actor::unknown());
        });
        lies("occurred: the leaf commits to something else", |event, _| {
            event.claims.occurred.as_mut().unwrap().from = OccurredFrom::Payload;
        });
        lies("delivery: the leaf commits to something else", |event, _| {
            event.delivery.as_mut().unwrap().key = Some("run-2".to_owned());
        });
        lies("another source", |event, _| {
            event.delivery.as_mut().unwrap().source = "other".to_owned();
        });
        lies("the signature is not one", |_, text| {
            *text = text.replacen(".eyJ", ".eyL", 1);
        });
        lies("not a signed event", |_, text| *text = "{}".to_owned());
        lies("is signed by the key", |_, text| {
            *text = JobKey::from_seed(&[8; 32]).sign(payload().to_string().as_bytes());
        });
        lies("no event", |_, text| *text = job().sign(b"{}"));
        lies("names no key", |event, _| *verified(event) = json!({}));
        lies("another key than the submitter's token", |event, _| {
            *verified(event) = json!({"thumbprint": JobKey::from_seed(&[8; 32]).thumbprint().to_string()});
        });
    }
}
