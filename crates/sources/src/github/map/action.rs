//! What was done.

use indelible_event::member::Verb;

use crate::{
    github::table::{VerbAt, verb_of_action},
    json::Node,
};

/// The event and its action, such as `deployment_review.approved`; the event alone if it has no action.
pub(super) fn name(event: &str, payload: &Node<'_>) -> String {
    match payload.name("action") {
        Some(action) => format!("{event}.{action}"),
        None => event.to_owned(),
    }
}

pub(super) fn verb(rule: VerbAt, payload: &Node<'_>) -> Verb {
    let by_action = || payload.text("action").map_or(Verb::Other, verb_of_action);
    match rule {
        VerbAt::Action => by_action(),
        VerbAt::Always(verb) => verb,
        VerbAt::Value(rules) => {
            let holds =
                |path: &str, value: &str| payload.word(path).is_some_and(|found| value == "*" || found == value);
            let mut rules = rules.iter().filter(|(path, value, _)| holds(path, value));
            rules.next().map_or_else(by_action, |&(_, _, verb)| verb)
        }
    }
}
