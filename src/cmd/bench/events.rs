//! The events that are submitted: approvals of deployments, with all eleven members, a kilobyte of canonical JSON together. They are known
//! by their number, so that whoever checks a reply can make again what was sent. Pure.

use bytes::Bytes;
use indelible_event::member::{Claims, Delivery, Event, Raw, Submitter};
use jiff::Timestamp;

use super::entries::scattered;
use crate::wire::LoadEvent;

/// The source that all of them have.
pub(super) const SOURCE: &str = "bench/ci";

/// Whoever is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ActorNumber(u64);

impl ActorNumber {
    /// Some of them, each as often as any other: half of the time one of those who do much.
    pub(super) fn drawn(number: u64) -> ActorNumber {
        let drawn = scattered(number);
        let among = match drawn % 2 {
            0 => BUSY,
            _ => SELDOM,
        };
        ActorNumber(2 * (drawn / 2 % among) + drawn % 2)
    }

    /// By which it is asked for.
    pub(super) fn name(self) -> String {
        format!("deployer-{}", self.0)
    }
}

/// Who does the event with this number. Half of the events are of 32 actors, whose newest hundred stand close together; the others of 4,096,
/// each of whom has some 122 of a million, so that a hundred of them lie all over the log.
pub(super) fn actor_of(number: u64) -> ActorNumber {
    // Another sequence than that of the questions.
    ActorNumber::drawn(!number)
}

/// The event with this number; numbers differ and so do events.
pub(super) fn event(number: u64) -> LoadEvent {
    LoadEvent {
        source: SOURCE.to_owned(),
        key: key(number),
        claims: claims(number).into(),
        raw: raw(number),
    }
}

/// The events of the batch with this number.
pub(super) fn event_batch(number: u64) -> Vec<LoadEvent> {
    let first = super::entries::first_of(number);
    (first..first + super::entries::BATCH_ENTRIES).map(event).collect()
}

/// The idempotency key of the event with this number.
pub(super) fn key(number: u64) -> String {
    format!("delivery-{:016x}", scattered(number))
}

/// The bytes that the event with this number came as: what a source would have sent is longer, but is not what a log of events is about.
pub(super) fn raw(number: u64) -> Bytes {
    format!("{{\"deployment\":{number},\"state\":\"approved\"}}").into()
}

/// What is claimed of the event with this number.
pub(super) fn claims(number: u64) -> String {
    let actor = actor_of(number);
    let (name, id, random) = (actor.name(), 583_000 + actor.0, scattered(number ^ ODD));
    format!(
        "{{\"action\":{{\"name\":\"deployment_review.approved\",\"verb\":\"approve\",\"class\":\"6003\"}},\
         \"actor\":{{\"type\":\"user\",\"id\":\"{id}\",\"name\":\"{name}\",\"email\":\"{name}@acme.example\",\"groups\":[\"release-managers\",\
         \"platform-engineering\"],\"claims\":{{\"site_admin\":false,\"two_factor\":true}}}},\
         \"changes\":[{{\"field\":\"state\",\"before\":\"waiting\",\"after\":\"approved\"}},{{\"field\":\"wait_timer\",\"before\":30,\"after\":0}}],\
         \"correlation\":{{\"run\":\"https://github.com/acme/shop/actions/runs/{number}\",\"request\":\"{random:016x}\"}},\
         \"occurred\":{{\"at\":\"2026-11-22T09:59:58Z\",\"from\":\"payload\"}},\
         \"origin\":{{\"ip\":\"192.0.2.17\",\"ip_trust\":\"reported\",\"user_agent\":\"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101\"}},\
         \"outcome\":{{\"result\":\"success\",\"detail\":\"approved by 2 of 2 reviewers\"}},\
         \"targets\":[{{\"type\":\"environment\",\"id\":\"161088068\",\"name\":\"production\",\"parent\":\"acme/shop\"}},\
         {{\"type\":\"repository\",\"id\":\"1296269\",\"name\":\"acme/shop\",\"parent\":\"acme\"}}]}}"
    )
}

/// The event with this number as the service has it before it is sealed.
pub(super) fn whole(number: u64) -> serde_json::Result<Event> {
    let claims: Claims = serde_json::from_str(&claims(number))?;
    Ok(Event {
        claims,
        delivery: Some(Delivery {
            source: SOURCE.to_owned(),
            key: Some(key(number)),
            received: Timestamp::from_millisecond(RECEIVED_MS).unwrap_or_default(),
        }),
        raw: Some(Raw::of(&raw(number), "application/json", true)),
        submitter: Some(Submitter {
            principal: "anonymous".to_owned(),
            method: "none".to_owned(),
            verified: None,
        }),
    })
}

/// Those who do half of all.
const BUSY: u64 = 32;
/// Those who do the other half.
const SELDOM: u64 = 4_096;
/// 2026-11-22T10:00:00.123Z.
const RECEIVED_MS: i64 = 1_795_341_600_123;
/// So that not every random thing of an event is the same.
const ODD: u64 = 0x5bd1_e995;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use indelible_event::member::Member;
    use indelible_event::{Salts, Sealed, Second, redact};

    use super::*;

    #[test]
    fn an_event_has_a_kilobyte_in_eleven_members_and_no_secret() {
        for number in [0, 7, 123_456, 1 << 33] {
            let event = whole(number).unwrap();
            let salts = Salts::from_random(&[7; Salts::BYTES]);
            let sealed = Sealed::seal(&event, &salts, Second::of(Timestamp::UNIX_EPOCH)).unwrap();
            let lengths = sealed
                .disclosures()
                .iter()
                .map(|disclosure| disclosure.value_json().len());
            let values: Vec<usize> = lengths.collect();
            assert_eq!(values.len(), Member::ALL.len());
            assert!(values.iter().all(|length| *length > "null".len()), "{values:?}");
            let bytes: usize = values.iter().sum();
            assert!((1_000..1_400).contains(&bytes), "{bytes}");
            assert!(redact::claims(event.claims).unwrap().hits.is_empty());
            assert!(redact::raw(&raw(number), "application/json").hits.is_empty());
        }
    }

    #[test]
    fn half_of_the_events_are_of_a_few() {
        let mut counts: BTreeMap<ActorNumber, u64> = BTreeMap::new();
        for number in 0..100_000 {
            *counts.entry(actor_of(number)).or_default() += 1;
        }
        let busy = counts.values().filter(|count| **count > 1_000);
        assert_eq!((busy.count(), counts.len() as u64), (32, BUSY + SELDOM));
        assert!(counts.contains_key(&ActorNumber::drawn(99)));
    }
}
