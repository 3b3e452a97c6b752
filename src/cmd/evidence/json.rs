//! Checked lines for programs: one JSON object each.

use indelible_event::member::Member;
use indelible_event::{CheckedEvent, CheckedTombstone, MemberState};
use serde_json::{Map, Value, json};

use super::Place;

/// An event, with what is known of each member.
pub(in crate::cmd) fn event_json(
    place: &Place,
    event: &CheckedEvent,
    members: &[MemberState; Member::ALL.len()],
) -> Value {
    json!({
        "type": "event",
        "index": event.index(),
        "log": place.origin,
        "size": place.size,
        "received": event.received().to_string(),
        "not_after": event.not_after().map(|time| time.secs()),
        "not_before": place.not_before.map(|time| time.secs()),
        "members": members_json(members),
        "raw_bytes": event.raw().map(|raw| raw.len()),
        "signed": place.signature.as_ref().map(|signature| {
            json!({"algorithm": signature.algorithm().to_string(), "thumbprint": signature.key().to_string()})
        }),
    })
}

/// A tombstone; `erased` is `null` if it is void.
pub(in crate::cmd) fn tombstone_json(place: &Place, tombstone: &CheckedTombstone) -> Value {
    let erased = tombstone.erasure().map(|erasure| {
        let ranges = erasure.ranges().as_slice().iter();
        let range = |range: &indelible_event::MemberRange| {
            let members: Vec<&str> = range.members.iter().map(Member::as_str).collect();
            json!({"first": range.first, "last": range.last, "members": members})
        };
        ranges.map(range).collect::<Vec<Value>>()
    });
    let shown = tombstone.shown().iter();
    let shown: Map<String, Value> = shown
        .map(|shown| shown.disclosure())
        .map(|shown| (shown.member().to_string(), shown.value().into()))
        .collect();
    json!({
        "type": "tombstone",
        "index": tombstone.index(),
        "log": place.origin,
        "size": place.size,
        "received": tombstone.leaf().received().to_string(),
        "not_after": tombstone.not_after().map(|time| time.secs()),
        "not_before": place.not_before.map(|time| time.secs()),
        "erased": erased,
        "members": shown,
    })
}

/// What is known of each member, by its name.
fn members_json(members: &[MemberState; Member::ALL.len()]) -> Value {
    let states = Member::ALL.into_iter().zip(members);
    let states: Map<String, Value> = states
        .map(|(member, state)| (member.to_string(), state_json(state)))
        .collect();
    states.into()
}

fn state_json(state: &MemberState) -> Value {
    match state {
        MemberState::Disclosed(disclosed) => {
            let value: Value =
                serde_json::from_str(disclosed.disclosure().value_json()).expect("a disclosure has JSON in it");
            json!({"state": "disclosed", "value": value})
        }
        MemberState::Withheld => json!({"state": "withheld"}),
        MemberState::Erased { tombstone } => json!({"state": "erased", "tombstone": tombstone}),
        MemberState::Missing => json!({"state": "missing"}),
    }
}
