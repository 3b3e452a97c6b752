//! From a payload to what an event says.

mod action;
mod actor;
mod changes;
mod circumstances;
mod targets;

use indelible_event::member::{Action, Claims, Outcome, OutcomeResult, Verb};
use jiff::Timestamp;

use super::{hook::NAMELESS, table::EventType};
use crate::json::Node;

/// What an event of a known type says.
pub(super) fn known(event: &EventType, payload: &Node<'_>, now: Timestamp) -> Claims {
    Claims {
        action: Some(Action {
            name: action::name(event.name, payload),
            verb: action::verb(event.verb, payload),
            class: None,
        }),
        actor: Some(actor::actor(event.actor, event.actor_claims, payload)),
        changes: changes::changes(event.changed, event.changes, payload),
        correlation: circumstances::correlation(event, payload),
        occurred: circumstances::occurred(event.times, payload, now),
        // GitHub's webhooks never say from where.
        origin: None,
        outcome: Some(circumstances::outcome(event, payload)),
        targets: targets::targets(event.targets, payload),
    }
}

/// What an event says that only an unsigned header names: nothing in it but its name depends on that header.
pub(super) fn unknown(header: Option<&str>, payload: &Node<'_>) -> Claims {
    Claims {
        action: Some(Action {
            name: action::name(header.unwrap_or(NAMELESS), payload),
            verb: Verb::Other,
            class: None,
        }),
        actor: Some(actor::actor(&[], &[], payload)),
        changes: changes::changes(None, &[], payload),
        outcome: Some(Outcome {
            result: OutcomeResult::Unknown,
            detail: None,
        }),
        targets: targets::targets(&[], payload),
        ..Claims::default()
    }
}

/// Whether a header may name an event.
pub(super) fn is_event_name(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// A text of the sender's that goes into an event as it is, at most 1,024 bytes of it.
fn short(text: &str) -> Option<String> {
    (1..=TEXT_BYTES_MAX).contains(&text.len()).then(|| text.to_owned())
}

/// A description of a deployment's status has at most 140 characters; a comment on a review may be long, and is then in the raw
/// bytes only.
const TEXT_BYTES_MAX: usize = 1024;
