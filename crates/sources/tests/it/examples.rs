//! Every example that people contributed, and what of it an event has. Whether a payload has something is looked up here without
//! the mapping: by searching the JSON.

use std::collections::BTreeSet;

use indelible_event::member::Claims;
use indelible_sources::Reading;
use serde_json::Value;

use crate::{
    fill::Fill,
    packages::{Example, examples, skipped},
    support::{event, hook},
};

/// Every text or number below a value, as text.
fn scalars(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Number(number) => drop(found.insert(number.to_string())),
        Value::Array(all) => all.iter().for_each(|one| scalars(one, found)),
        Value::Object(all) => all.values().for_each(|one| scalars(one, found)),
        _ => {}
    }
}

/// Whether somebody did it, by the payload.
fn has_sender(payload: &Value) -> bool {
    payload["sender"]["login"].is_string()
}

/// The objects at the top that only this event has: what it is about. A `pusher` is somebody, and not by an identity.
fn own_objects(payload: &Value) -> Vec<&Value> {
    let common = [
        "repository",
        "organization",
        "enterprise",
        "installation",
        "sender",
        "changes",
        "requester",
        "client_payload",
        "pusher",
        "inputs",
    ];
    let members = payload.as_object().unwrap().iter();
    let own = members.filter(|(name, value)| !common.contains(&name.as_str()) && value.is_object());
    own.map(|(_, value)| value).collect()
}

fn has_target(payload: &Value) -> bool {
    ["repository", "organization"]
        .iter()
        .any(|name| payload[*name].is_object())
        || !own_objects(payload).is_empty()
}

/// Whether an actor is filled, and with somebody who is in the payload.
fn actor_is_filled(payload: &Value, claims: &Claims) -> bool {
    let actor = claims.actor.as_ref().unwrap();
    let mut known = BTreeSet::new();
    scalars(payload, &mut known);
    let is_known = |text: &Option<String>| text.as_ref().is_some_and(|text| known.contains(text));
    is_known(&actor.name) && is_known(&actor.id)
}

/// Whether the targets have what the event is about: what stands below an object of its own, if there is one.
fn targets_are_filled(payload: &Value, claims: &Claims) -> bool {
    let targets = claims.targets.as_deref().unwrap_or_default();
    let mut whole = BTreeSet::new();
    scalars(payload, &mut whole);
    if targets.is_empty() || !targets.iter().all(|target| whole.contains(&target.id)) {
        return false;
    }
    let own = own_objects(payload);
    own.is_empty()
        || own.iter().any(|object| {
            let mut inside = BTreeSet::new();
            scalars(object, &mut inside);
            targets.iter().any(|target| inside.contains(&target.id))
        })
}

#[test]
fn every_example_maps_and_has_its_actor_and_targets() {
    let Some(examples) = examples() else { return skipped() };
    assert_eq!(examples.github.len(), 329);
    assert!(examples.server.len() > 300, "{}", examples.server.len());
    let accounts = examples.accounts();
    let source = hook(accounts.iter().map(String::as_str));
    let (mut senders, mut actors, mut things, mut targets) = (0, 0, 0, 0);
    for Example { event: name, payload } in examples.github.iter().chain(&examples.server) {
        let event = event(&source, name, payload.to_string().as_bytes());
        let action = payload["action"]
            .as_str()
            .map_or_else(|| name.clone(), |action| format!("{name}.{action}"));
        assert_eq!(event.claims.action.as_ref().unwrap().name, action);
        assert_eq!(event.reading, Reading::Recognised, "{action}");
        let shown = || format!("{action}: {:#?}", event.claims);
        if has_sender(payload) {
            senders += 1;
            actors += usize::from(actor_is_filled(payload, &event.claims));
            assert!(actor_is_filled(payload, &event.claims), "{}", shown());
        } else {
            assert_eq!(event.claims.actor.as_ref().unwrap().name, None, "{}", shown());
        }
        if has_target(payload) {
            things += 1;
            targets += usize::from(targets_are_filled(payload, &event.claims));
            assert!(targets_are_filled(payload, &event.claims), "{}", shown());
        }
    }
    println!("actors {actors} of {senders}, targets {targets} of {things}");
    assert!(senders > 700 && things > 680);
}

/// The report by type of event, which docs/sources/github.md repeats.
#[test]
fn the_documentation_says_which_members_the_examples_fill() {
    let Some(examples) = examples() else { return skipped() };
    let accounts = examples.accounts();
    let source = hook(accounts.iter().map(String::as_str));
    let mut fill = Fill::default();
    for Example { event: name, payload } in &examples.github {
        let claims = event(&source, name, payload.to_string().as_bytes()).claims;
        fill.count(name, &claims);
    }
    let report = fill.to_string();
    println!("{report}");
    crate::docs::check("examples", &report);
}
