//! One event as it is sent in JSON: the same by itself, and as what a job has signed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use indelible_access::signed::SignedEvent;
use indelible_event::member::{Claims, Submitter};
use serde::Deserialize;
use serde_json::Value;

use crate::strict_json::{self, Allowance, Unreadable};
use crate::trail::{Body, Original, Submission};

/// What somebody says of one event, read and believed in nothing.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Where it comes from.
    pub source: String,
    /// The idempotency key.
    pub key: Option<String>,
    /// What is claimed.
    pub claims: Claims,
    raw: Option<Original>,
}

/// What was sent is no such event. Its sender's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEnvelope {
    /// It is not the JSON that it should be.
    #[error(transparent)]
    Json(#[from] Unreadable),
    /// What is claimed is not what events can.
    #[error("claims: {0}")]
    Claims(Unreadable),
    /// The raw bytes cannot be read.
    #[error("`raw.content` is not base64: {0}")]
    Raw(base64::DecodeError),
    /// The raw bytes of a signed event are what was signed.
    #[error("a signed event has no `raw` of its own: the signed text is what is kept of it")]
    RawOfSigned,
}

/// It, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    source: String,
    #[serde(default)]
    key: Option<String>,
    /// Read by itself, as it is at the other door.
    claims: Value,
    #[serde(default)]
    raw: Option<Raw>,
}

/// The bytes that an event came as.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    /// In base64.
    content: String,
    content_type: String,
}

impl Envelope {
    /// Reads a value that was read strictly already.
    ///
    /// # Errors
    ///
    /// If it is no event.
    pub fn of(value: Value) -> Result<Envelope, BadEnvelope> {
        let Written {
            source,
            key,
            claims,
            raw,
        } = strict_json::from_value(value)?;
        Ok(Envelope {
            source,
            key,
            claims: strict_json::from_value(claims).map_err(BadEnvelope::Claims)?,
            raw: raw.map(bytes).transpose()?,
        })
    }

    /// Reads what was signed.
    ///
    /// # Errors
    ///
    /// If it is no event, or has raw bytes.
    pub fn signed(signed: SignedEvent, allowance: &Allowance) -> Result<Envelope, BadEnvelope> {
        let envelope = Envelope::of(strict_json::from_slice_within(allowance, signed.payload())?)?;
        match envelope.raw {
            None => Ok(Envelope {
                raw: Some(Original::Signed(signed)),
                ..envelope
            }),
            Some(_) => Err(BadEnvelope::RawOfSigned),
        }
    }

    /// It, on its way in.
    pub fn submitted_by(self, submitter: Submitter) -> Submission {
        Submission {
            source: self.source,
            key: self.key,
            claims: self.claims,
            raw: self.raw,
            submitter,
        }
    }
}

fn bytes(raw: Raw) -> Result<Original, BadEnvelope> {
    let bytes = STANDARD.decode(raw.content).map_err(BadEnvelope::Raw)?;
    Ok(Original::Bytes(Body {
        bytes: bytes.into(),
        content_type: raw.content_type,
    }))
}
