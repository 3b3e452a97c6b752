//! The bytes of members against the crate `serde_json_canonicalizer`, which writes RFC 8785 from any value.

use indelible_event::{MemberValue, Salts, Sealed, Second, member::Event};
use proptest::prelude::*;
use serde::Serialize;
use serde_json::Value;

use crate::sample::{any_event, event, full_event, salts, second};

/// What the other implementation writes for a member, from its serde attributes alone.
fn reference(value: Option<&MemberValue>) -> String {
    fn write(value: &impl Serialize) -> String {
        serde_json_canonicalizer::to_string(value).unwrap()
    }
    match value {
        None => "null".into(),
        Some(MemberValue::Action(it)) => write(it),
        Some(MemberValue::Actor(it)) => write(it),
        Some(MemberValue::Changes(it)) => write(it),
        Some(MemberValue::Correlation(it)) => write(it),
        Some(MemberValue::Delivery(it)) => write(it),
        Some(MemberValue::Occurred(it)) => write(it),
        Some(MemberValue::Origin(it)) => write(it),
        Some(MemberValue::Outcome(it)) => write(it),
        Some(MemberValue::Raw(it)) => write(it),
        Some(MemberValue::Submitter(it)) => write(it),
        Some(MemberValue::Targets(it)) => write(it),
    }
}

/// The members of an event as values.
fn values(event: &Event) -> [Option<MemberValue>; 11] {
    let claims = event.claims.clone();
    [
        claims.action.map(MemberValue::Action),
        claims.actor.map(MemberValue::Actor),
        claims.changes.map(MemberValue::Changes),
        claims.correlation.map(MemberValue::Correlation),
        event.delivery.clone().map(MemberValue::Delivery),
        claims.occurred.map(MemberValue::Occurred),
        claims.origin.map(MemberValue::Origin),
        claims.outcome.map(MemberValue::Outcome),
        event.raw.clone().map(MemberValue::Raw),
        event.submitter.clone().map(MemberValue::Submitter),
        claims.targets.map(MemberValue::Targets),
    ]
}

fn check(event: &Event, salts: &Salts, received: Second) {
    let sealed = Sealed::seal(event, salts, received).unwrap();
    let mut read = Event::default();
    for (disclosure, value) in sealed.disclosures().iter().zip(values(event)) {
        assert_eq!(disclosure.value_json(), reference(value.as_ref()));
        // The whole of it is canonical, and what is read back is what was written.
        let whole: Value = serde_json::from_slice(disclosure.bytes()).unwrap();
        assert_eq!(serde_json_canonicalizer::to_vec(&whole).unwrap(), *disclosure.bytes());
        let parsed = indelible_event::Disclosure::parse(disclosure.bytes().clone()).unwrap();
        assert_eq!(parsed, *disclosure);
        assert_eq!(parsed.value(), value);
        assert_eq!(
            indelible_event::Disclosure::parse_text(&disclosure.to_text()).as_ref(),
            Ok(disclosure)
        );
        if let Some(value) = value {
            read.set(value);
        }
    }
    assert_eq!(read, *event);
    let leaf: Value = serde_json::from_slice(sealed.leaf().text()).unwrap();
    assert_eq!(serde_json_canonicalizer::to_vec(&leaf).unwrap(), *sealed.leaf().text());
    assert_eq!(
        indelible_event::Leaf::parse(sealed.leaf().text().clone()).as_ref(),
        Ok(sealed.leaf())
    );
}

#[test]
fn as_the_other_implementation_writes_them() {
    for event in [Event::default(), event(), full_event()] {
        check(&event, &salts(), second("2026-11-22T10:00:00Z"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_event_is_written_as_the_other_implementation_writes_it(
        event in any_event(), salts in any::<[u8; 16]>(), secs in 0_i64..253_000_000_000,
    ) {
        let salts = Salts::from_random(&std::array::from_fn(|place| salts[place % 16] ^ u8::try_from(place / 16).unwrap()));
        check(&event, &salts, Second::of(jiff::Timestamp::from_second(secs).unwrap()));
    }
}
