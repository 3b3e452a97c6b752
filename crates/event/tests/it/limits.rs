//! Limits, and errors that name the member.

use indelible_event::{
    BadEvent, DEPTH_MAX, Disclosure, EVENT_BYTES_MAX, INTEGER_MAX, MEMBER_BYTES_MAX, MalformedDisclosure, Sealed,
    Unfit,
    member::{Change, Event, Member, Target},
};
use serde_json::{Value, json};

use crate::sample::{event, map, salts, second};

fn seal(event: &Event) -> Result<Sealed, BadEvent> {
    Sealed::seal(event, &salts(), second("2026-11-22T10:00:00Z"))
}

#[track_caller]
fn refused(event: &Event, member: Member, reason: Unfit) {
    assert_eq!(seal(event).unwrap_err(), BadEvent::Member { member, reason });
}

fn with_change(value: Value) -> Event {
    let mut event = event();
    event.claims.changes = Some(vec![Change {
        field: "f".into(),
        before: None,
        after: Some(value),
    }]);
    event
}

#[test]
fn numbers_are_integers_that_every_reader_keeps() {
    for good in [
        json!(0),
        json!(-1),
        json!(INTEGER_MAX),
        json!(-9_007_199_254_740_991_i64),
    ] {
        seal(&with_change(good)).unwrap();
    }
    for bad in [
        json!(INTEGER_MAX + 1),
        json!(-9_007_199_254_740_992_i64),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1.5),
        json!(1.0),
        json!(-0.0),
        json!(1e300),
    ] {
        let number = bad.to_string();
        refused(
            &with_change(json!([{"deep": bad}])),
            Member::Changes,
            Unfit::Number { number },
        );
    }
    let mut event = event();
    event.submitter.as_mut().unwrap().verified = Some(map(json!({"exp": 0.5})));
    refused(&event, Member::Submitter, Unfit::Number { number: "0.5".into() });
    event.submitter = None;
    event.claims.actor.as_mut().unwrap().claims = Some(map(json!({"exp": 0.5})));
    refused(&event, Member::Actor, Unfit::Number { number: "0.5".into() });
    event.claims.actor = None;
    event.raw.as_mut().unwrap().size = INTEGER_MAX + 1;
    let number = (INTEGER_MAX + 1).to_string();
    refused(&event, Member::Raw, Unfit::Number { number });
    event.raw.as_mut().unwrap().sha256 = "AB".into();
    event.raw.as_mut().unwrap().size = 0;
    refused(&event, Member::Raw, Unfit::Sha256 { found: "AB".into() });
    assert_eq!(
        seal(&event).unwrap_err().to_string(),
        "raw: \"AB\" is not 64 lowercase hex digits"
    );
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, _| json!([inner]))
}

#[test]
fn values_lie_only_so_deep_in_each_other() {
    // The array of changes and the change itself are two.
    let sealed = seal(&with_change(nested(DEPTH_MAX - 2))).unwrap();
    let deepest = sealed.disclosures()[Member::Changes.place()].clone();
    assert_eq!(Disclosure::parse(deepest.bytes().clone()).unwrap(), deepest);
    deepest.value().unwrap();
    refused(&with_change(nested(DEPTH_MAX - 1)), Member::Changes, Unfit::TooDeep);
    let mut event = event();
    event.claims.actor.as_mut().unwrap().claims = Some(map(json!({"a": nested(DEPTH_MAX - 2)})));
    seal(&event).unwrap();
    event.claims.actor.as_mut().unwrap().claims = Some(map(json!({"a": nested(DEPTH_MAX - 1)})));
    refused(&event, Member::Actor, Unfit::TooDeep);
}

#[test]
fn members_and_events_are_only_so_long() {
    // `[{"after":"…","field":"f"}]` has 26 bytes around the text.
    let fits = with_change(json!("x".repeat(MEMBER_BYTES_MAX - 26)));
    let sealed = seal(&fits).unwrap();
    let longest = sealed.disclosures()[Member::Changes.place()].clone();
    assert_eq!(longest.value_json().len(), MEMBER_BYTES_MAX);
    assert_eq!(Disclosure::parse_text(&longest.to_text()).unwrap(), longest);
    refused(
        &with_change(json!("x".repeat(MEMBER_BYTES_MAX - 25))),
        Member::Changes,
        Unfit::TooLong,
    );
    refused(
        &with_change(json!(vec!["x".repeat(MEMBER_BYTES_MAX / 2); 100])),
        Member::Changes,
        Unfit::TooLong,
    );

    let mut too_long = longest.bytes().to_vec();
    too_long.extend([b' '; 64]);
    assert!(matches!(
        Disclosure::parse(too_long.into()),
        Err(MalformedDisclosure::TooLong { .. })
    ));
    let text = "A".repeat(500_000);
    assert!(matches!(
        Disclosure::parse_text(&text),
        Err(MalformedDisclosure::TooLong { .. })
    ));

    let text = |length: usize| "x".repeat(length);
    let mut event = with_change(json!(text(MEMBER_BYTES_MAX - 100)));
    event.claims.action.as_mut().unwrap().name = text(MEMBER_BYTES_MAX - 100);
    event.claims.actor.as_mut().unwrap().name = Some(text(MEMBER_BYTES_MAX - 200));
    event.claims.correlation.as_mut().unwrap().run = Some(text(MEMBER_BYTES_MAX - 2000));
    let length: usize = seal(&event)
        .unwrap()
        .disclosures()
        .iter()
        .map(|it| it.value_json().len())
        .sum();
    assert!(length < EVENT_BYTES_MAX);
    event.claims.targets = Some(vec![Target {
        kind: text(EVENT_BYTES_MAX - length + 200),
        id: String::new(),
        name: None,
        parent: None,
    }]);
    assert_eq!(
        seal(&event).unwrap_err(),
        BadEvent::TooLong {
            member: Member::Targets
        }
    );
}
