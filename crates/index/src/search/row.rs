//! What the tables have of an event.

use indelible_event::member::{ActorType, Event, OutcomeResult, Verb};
use jiff::Timestamp;

use super::{Field, Term};
use crate::IndexKey;

/// What can be asked of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// When it was received, as its leaf says.
    pub received: Timestamp,
    /// When it happened, if anybody says.
    pub occurred: Option<Timestamp>,
    /// What it can be found by.
    pub terms: Vec<Term>,
}

impl EventRow {
    /// The row of an event that was received then. Members that are erased are absent.
    pub fn of(event: &Event, received: Timestamp, key: &IndexKey) -> EventRow {
        let mut terms = Vec::with_capacity(TERMS_EXPECTED);
        let mut add = |field, value: Option<&str>| {
            if let Some(value) = value {
                terms.push(key.term(field, value));
            }
        };
        let claims = &event.claims;
        if let Some(action) = &claims.action {
            add(Field::Action, Some(&action.name));
            add(Field::Verb, Some(verb(action.verb)));
        }
        if let Some(actor) = &claims.actor {
            add(Field::ActorType, Some(actor_type(actor.kind)));
            add(Field::ActorId, actor.id.as_deref());
            add(Field::ActorName, actor.name.as_deref());
            add(Field::ActorEmail, actor.email.as_deref());
        }
        add(
            Field::Source,
            event.delivery.as_ref().map(|delivery| delivery.source.as_str()),
        );
        add(
            Field::Result,
            claims.outcome.as_ref().map(|outcome| result(outcome.result)),
        );
        for target in claims.targets.iter().flatten() {
            add(Field::TargetType, Some(&target.kind));
            add(Field::TargetId, Some(&target.id));
            add(Field::TargetName, target.name.as_deref());
            add(Field::TargetParent, target.parent.as_deref());
        }
        EventRow {
            received,
            occurred: claims.occurred.map(|occurred| occurred.at),
            terms,
        }
    }
}

/// Four of the actor, two of the action, source, result, and four of each of two targets.
const TERMS_EXPECTED: usize = 16;

/// As the member's JSON has it.
fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "create",
        Verb::Update => "update",
        Verb::Delete => "delete",
        Verb::Access => "access",
        Verb::Execute => "execute",
        Verb::Approve => "approve",
        Verb::Deny => "deny",
        Verb::Login => "login",
        Verb::Other => "other",
    }
}

/// As the member's JSON has it.
fn actor_type(kind: ActorType) -> &'static str {
    match kind {
        ActorType::User => "user",
        ActorType::Bot => "bot",
        ActorType::App => "app",
        ActorType::ServiceAccount => "service_account",
        ActorType::Token => "token",
        ActorType::Unknown => "unknown",
    }
}

/// As the member's JSON has it.
fn result(result: OutcomeResult) -> &'static str {
    match result {
        OutcomeResult::Success => "success",
        OutcomeResult::Failure => "failure",
        OutcomeResult::Denied => "denied",
        OutcomeResult::Attempt => "attempt",
        OutcomeResult::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::Value;

    use super::*;

    #[test]
    fn words_are_those_of_the_members() {
        fn check<T: DeserializeOwned>(words: &[&str], word: fn(T) -> &'static str) {
            for expected in words {
                let value = serde_json::from_value(Value::from(*expected)).unwrap();
                assert_eq!(word(value), *expected);
            }
        }
        check(
            &[
                "create", "update", "delete", "access", "execute", "approve", "deny", "login", "other",
            ],
            verb,
        );
        check(
            &["user", "bot", "app", "service_account", "token", "unknown"],
            actor_type,
        );
        check(&["success", "failure", "denied", "attempt", "unknown"], result);
    }
}
