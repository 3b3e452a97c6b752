//! Each submission by itself: looked at, redacted, and with what the service knows of it.

use bytes::Bytes;
use indelible_access::signed::SignedEvent;
use indelible_event::comparable_content;
use indelible_event::member::{Delivery, Event, Occurred, OccurredFrom, Raw};
use indelible_event::redact::{self, Redacted};
use indelible_index::idempotency::{Content, ContentMac, Identity};
use jiff::Timestamp;

use super::super::{
    Body, OWN_METHODS, OWN_SOURCES, Original, Refusal, Refused, SIGNED_TYPE, ServiceOnly, SignedOtherwise, Submission,
    Trail,
};
use crate::task::blocking;

/// A submission made ready, apart from what it has to do with others.
pub(super) struct Ready {
    pub(super) event: Event,
    pub(super) raw: Option<Bytes>,
    pub(super) identity: Option<(Identity, ContentMac)>,
}

impl Trail {
    /// Redacts, and fills in what the service knows. Large ones are made ready on a thread that may take its time.
    pub(super) async fn make_ready(&self, submissions: Vec<Submission>, now: Timestamp) -> Result<Vec<Ready>, Refused> {
        let length = |one: &Submission| one.raw.as_ref().map_or(0, Original::size);
        let large = submissions.iter().map(length).sum::<usize>() > IN_PLACE_BYTES_MAX;
        let trail = self.clone();
        let work = move || {
            let made = submissions
                .into_iter()
                .enumerate()
                .map(|(place, one)| trail.ready(one, now).map_err(|refusal| Refused::at(place, refusal)));
            made.collect()
        };
        match large {
            true => blocking(work).await,
            false => work(),
        }
    }

    fn ready(&self, submission: Submission, now: Timestamp) -> Result<Ready, Refusal> {
        let Submission {
            source,
            key,
            claims,
            raw,
            submitter,
        } = submission;
        check_length("source", &source)?;
        check_secret("source", &source)?;
        if let Some(key) = &key {
            check_length("key", key)?;
            check_secret("key", key)?;
        }
        if let Some(Original::Bytes(body)) = &raw {
            check_secret("content_type", &body.content_type)?;
        }
        // What the service says itself, nobody else can.
        if !OWN_METHODS.contains(&submitter.method.as_str()) {
            if source.starts_with(OWN_SOURCES) {
                return Err(Refusal::Reserved);
            }
            ServiceOnly::check(&claims)?;
        }
        let Redacted { value, hits } = redact::claims(claims)?;
        let mut claims = value;
        claims.occurred.get_or_insert(Occurred {
            at: now,
            from: OccurredFrom::Receipt,
        });
        let (raw, kept) = match raw {
            None => (None, None),
            Some(Original::Bytes(Body { bytes, content_type })) => {
                // Hashed behind the redaction, or a password could be tried out on the hash.
                let redacted = redact::raw(&bytes, &content_type).value;
                let member = Raw::of(&redacted, content_type, redacted.len() <= self.raw_kept_bytes_max);
                let kept = member.kept.then(|| Bytes::from(redacted.into_owned()));
                (Some(member), kept)
            }
            Some(Original::Signed(signed)) => {
                self.check_kept_as_signed(&signed, key.as_deref(), hits)?;
                let text = Bytes::copy_from_slice(signed.text().as_bytes());
                (Some(Raw::of(&text, SIGNED_TYPE, true)), Some(text))
            }
        };
        let event = Event {
            claims,
            delivery: Some(Delivery {
                source,
                key,
                received: now,
            }),
            raw,
            submitter: Some(submitter),
        };
        let identity = self.identity(&event)?;
        Ok(Ready {
            event,
            raw: kept,
            identity,
        })
    }

    /// That what was signed can be kept as it is, so that the signature can be checked again.
    fn check_kept_as_signed(
        &self,
        signed: &SignedEvent,
        key: Option<&str>,
        mut hits: redact::Hits,
    ) -> Result<(), SignedOtherwise> {
        if key.is_none() {
            return Err(SignedOtherwise::NoKey);
        }
        let (length, max) = (signed.text().len(), self.raw_kept_bytes_max);
        if length > max {
            return Err(SignedOtherwise::TooLong { length, max });
        }
        // As it is written, too, and what a header may have beside what is read of it.
        for part in [signed.payload(), signed.header()] {
            hits.add(&redact::raw(part, "application/json").hits);
        }
        match hits.iter().next() {
            Some((kind, _)) => Err(SignedOtherwise::Secret { kind }),
            None => Ok(()),
        }
    }

    fn identity(&self, event: &Event) -> Result<Option<(Identity, ContentMac)>, Refusal> {
        let delivery = event.delivery.as_ref();
        let named = delivery.and_then(|delivery| Some((&delivery.source, delivery.key.as_ref()?)));
        let Some((source, key)) = named else {
            return Ok(None);
        };
        let content = comparable_content(event)?;
        let content = self.key.content(Content::Members(&content));
        Ok(Some((self.key.identity(source, key), content)))
    }
}

fn check_length(field: &'static str, text: &str) -> Result<(), Refusal> {
    match text.len() {
        1..=NAME_BYTES_MAX => Ok(()),
        length => Err(Refusal::Length {
            field,
            length,
            max: NAME_BYTES_MAX,
        }),
    }
}

fn check_secret(field: &'static str, text: &str) -> Result<(), Refusal> {
    match redact::text(text).hits.iter().next() {
        Some((kind, _)) => Err(Refusal::Secret { field, kind }),
        None => Ok(()),
    }
}

/// Bytes of a source's name, and of a key.
const NAME_BYTES_MAX: usize = 512;

/// To redact so many raw bytes takes about a millisecond.
const IN_PLACE_BYTES_MAX: usize = 64 << 10;
