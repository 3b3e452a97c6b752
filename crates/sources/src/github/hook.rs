//! A configured webhook.

use std::collections::BTreeSet;

use indelible_event::member::{Action, Actor, Claims, Outcome, OutcomeResult, Submitter, Verb};
use jiff::Timestamp;
use serde_json::Map;

use super::{
    Authentic, BODY_BYTES_MAX, NotPermitted, Permitted, WhichSecret, body,
    map::{self, is_event_name},
    recognise::{Kind, recognise},
    verify,
};
use crate::{Delivery, Ignored, Incoming, Reading, Received, Rejected, Secrets, SourceName, json};

/// What an operator says of a webhook.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// What it is called, of the kind `github`.
    pub name: SourceName,
    /// What GitHub signs with.
    pub secrets: Secrets,
    /// Of whom it may speak.
    pub permitted: Permitted,
    /// The hook's number at GitHub, if deliveries of any other are to be refused: `X-GitHub-Hook-ID`, which is not signed. It
    /// catches two hooks that were mixed up, not a forger.
    pub hook_id: Option<u64>,
    /// Types of events that are not stored, such as `star`. Only what the payload itself says it is can be left out.
    pub unwanted: BTreeSet<String>,
}

/// A webhook that can receive deliveries.
#[derive(Clone, Debug)]
pub struct Hook(Configuration);

impl Hook {
    /// Takes a configuration.
    ///
    /// # Errors
    ///
    /// The source is not called `github/…`.
    pub fn new(configuration: Configuration) -> Result<Self, NotGitHub> {
        match configuration.name.kind() {
            "github" => Ok(Self(configuration)),
            _ => Err(NotGitHub {
                name: configuration.name,
            }),
        }
    }

    /// What the source is called.
    pub fn name(&self) -> &SourceName {
        &self.0.name
    }

    /// Makes an event of a delivery that came at `now`. Costs one SHA-256 of the body for each secret, and then one pass over it;
    /// it needs at most 13 MB beside the body, one copy of what has escapes in it, and two of a form.
    ///
    /// A `ping` is stored like any other event: it says that the hook was set up, by whom, and for which events, which is where the
    /// history of a source begins.
    ///
    /// # Errors
    ///
    /// The delivery is not authentic, or speaks of somebody for whom the secret does not stand.
    pub fn receive(&self, delivery: &Delivery<'_>, now: Timestamp) -> Result<Received, Rejected> {
        if delivery.method != "POST" {
            let found = delivery.method.chars().take(SHOWN_MAX).collect();
            return Err(Rejected::Method { found });
        }
        if delivery.body.len() > BODY_BYTES_MAX {
            return Err(Rejected::BodyTooLong {
                length: delivery.body.len(),
                max: BODY_BYTES_MAX,
            });
        }
        let authentic = verify(delivery, &self.0.secrets)?;
        self.check_hook_id(delivery)?;
        self.read(authentic, delivery, now)
    }

    fn check_hook_id(&self, delivery: &Delivery<'_>) -> Result<(), Rejected> {
        let Some(known) = self.0.hook_id else { return Ok(()) };
        match delivery.header("x-github-hook-id")? {
            Some(found) if found == known.to_string().as_bytes() => Ok(()),
            found => {
                let found = found.map_or("none".into(), String::from_utf8_lossy);
                let found = found
                    .chars()
                    .filter(char::is_ascii_graphic)
                    .take(SHOWN_MAX)
                    .collect::<String>();
                Err(NotPermitted {
                    found: format!("a hook of number {found}"),
                }
                .into())
            }
        }
    }

    fn read(&self, authentic: Authentic<'_>, delivery: &Delivery<'_>, now: Timestamp) -> Result<Received, Rejected> {
        let header = delivery
            .word("x-github-event", EVENT_NAME_BYTES_MAX)
            .filter(|name| is_event_name(name));
        let payload = match body::json(authentic.body()) {
            Ok(payload) => payload,
            Err(reason) => return Ok(self.unparsed(reason.to_string(), authentic, delivery, header)),
        };
        let payload = match json::parse(&payload) {
            Ok(payload @ json::Node::Object(_)) => payload,
            Ok(_) => return Ok(self.unparsed("it is not an object".to_owned(), authentic, delivery, header)),
            Err(reason) => return Ok(self.unparsed(reason.to_string(), authentic, delivery, header)),
        };
        self.0.permitted.check(&payload)?;
        let kind = recognise(&payload, header);
        let (claims, reading) = match kind {
            Kind::Known(event) if self.0.unwanted.contains(event.name) => {
                return Ok(Received::Ignored(Ignored::Unwanted {
                    event: event.name.to_owned(),
                }));
            }
            Kind::Known(event) => (map::known(event, &payload, now), Reading::Recognised),
            Kind::Unknown => (map::unknown(header, &payload), Reading::Unrecognised),
        };
        let signed = match kind {
            Kind::Known(event) => Some(event.name),
            Kind::Unknown => None,
        };
        let submitter = self.submitter(authentic, header, signed);
        Ok(self.one(claims, reading, submitter, delivery))
    }

    fn unparsed(
        &self,
        reason: String,
        authentic: Authentic<'_>,
        delivery: &Delivery<'_>,
        header: Option<&str>,
    ) -> Received {
        let claims = Claims {
            action: Some(Action {
                name: header.unwrap_or(NAMELESS).to_owned(),
                verb: Verb::Other,
                class: None,
            }),
            actor: Some(Actor::unknown()),
            outcome: Some(Outcome {
                result: OutcomeResult::Unknown,
                detail: None,
            }),
            ..Claims::default()
        };
        let submitter = self.submitter(authentic, header, None);
        self.one(claims, Reading::Unparsed { reason }, submitter, delivery)
    }

    fn one(&self, claims: Claims, reading: Reading, submitter: Submitter, delivery: &Delivery<'_>) -> Received {
        let key = delivery.word("x-github-delivery", KEY_BYTES_MAX).map(str::to_owned);
        let content_type = delivery.header("content-type").ok().flatten();
        let content_type = content_type.and_then(|value| std::str::from_utf8(value).ok());
        let content_type =
            content_type.filter(|value| value.len() <= CONTENT_TYPE_BYTES_MAX && !value.contains(char::is_control));
        Received::Events(vec![Incoming {
            claims,
            key,
            submitter,
            content_type: content_type.unwrap_or("application/octet-stream").to_owned(),
            reading,
        }])
    }

    /// Who sent it, with which secret, and whether the event's name is signed: `event_from` is `payload` or `header`;
    /// `event_header` is there if the header says another name than the payload.
    fn submitter(&self, authentic: Authentic<'_>, header: Option<&str>, signed: Option<&str>) -> Submitter {
        let secret = match authentic.secret() {
            WhichSecret::Current => "current",
            WhichSecret::Previous => "previous",
        };
        let event_from = if signed.is_some() { "payload" } else { "header" };
        let mut verified = Map::new();
        verified.insert("secret".to_owned(), secret.into());
        verified.insert("event_from".to_owned(), event_from.into());
        if let (Some(header), Some(signed)) = (header, signed)
            && header != signed
        {
            verified.insert("event_header".to_owned(), header.into());
        }
        Submitter {
            principal: format!("source:{}", self.0.name),
            method: "hmac".to_owned(),
            verified: Some(verified),
        }
    }
}

/// A source that is configured as GitHub's and called something else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a source of GitHub is called github/ and a name, not {name}")]
pub struct NotGitHub {
    /// What it is called.
    pub name: SourceName,
}

/// The name of an event that nothing names.
pub(super) const NAMELESS: &str = "unknown";
/// The longest is `branch_protection_configuration`, of 31.
const EVENT_NAME_BYTES_MAX: usize = 64;
/// A GUID has 36.
const KEY_BYTES_MAX: usize = 128;
/// `application/x-www-form-urlencoded` has 33.
const CONTENT_TYPE_BYTES_MAX: usize = 128;
/// Of what errors show.
const SHOWN_MAX: usize = 32;
