//! What a submitter accepts as the answer to what it sent.

use indelible_event::{
    Committed, Disclosure, Leaf, MemberSet, NotCommitted, Salts, Sealed, Sent,
    member::{Claims, Event, IpTrust, Member, Occurred, OccurredFrom, Origin, Raw},
    redact,
};
use serde_json::json;

use crate::sample::{RAW, at, event, full_event, map, sealed, second};

const KEY: &str = "72d3162e-cc78-11e3-81ab-4c9367dc0958";

fn check(sealed: &Sealed, claims: &Claims, key: Option<&str>, raw: Option<&[u8]>) -> Result<Committed, NotCommitted> {
    sealed
        .leaf()
        .check_sent(sealed.disclosures().to_vec(), &Sent { claims, key, raw })
}

#[test]
fn the_service_adds_only_what_is_its_own() {
    for event in [event(), full_event()] {
        let sealed = sealed(&event);
        let committed = check(&sealed, &event.claims, Some(KEY), Some(RAW)).unwrap();
        assert_eq!(committed.redacted(), MemberSet::NONE);
        assert_eq!(committed.leaf(), sealed.leaf());
        let members: Vec<Disclosure> = committed.members().iter().map(|it| it.disclosure().clone()).collect();
        assert_eq!(members, sealed.disclosures());
    }
    let mut filled = event();
    filled.claims.origin = Some(Origin {
        ip: Some("192.0.2.1".into()),
        ip_trust: IpTrust::LastHop,
        user_agent: None,
    });
    filled.claims.occurred = Some(Occurred {
        at: at("2026-11-22T10:00:00.1Z"),
        from: OccurredFrom::Receipt,
    });
    let sent = Claims {
        origin: None,
        occurred: None,
        ..filled.claims.clone()
    };
    check(&sealed(&filled), &sent, Some(KEY), Some(RAW)).unwrap();
    filled.claims.origin.as_mut().unwrap().ip_trust = IpTrust::Reported;
    let differs = |member| Err(NotCommitted::Differs { member });
    assert_eq!(
        check(&sealed(&filled), &sent, Some(KEY), Some(RAW)).map(drop),
        differs(Member::Origin)
    );
    filled.claims.origin = None;
    filled.claims.occurred.as_mut().unwrap().from = OccurredFrom::Payload;
    assert_eq!(
        check(&sealed(&filled), &sent, Some(KEY), Some(RAW)).map(drop),
        differs(Member::Occurred)
    );
}

#[test]
fn what_differs_is_named() {
    fn differs(change: impl FnOnce(&mut Event), member: Member) {
        let mut other = full_event();
        change(&mut other);
        let error = check(&sealed(&other), &full_event().claims, Some(KEY), Some(RAW)).unwrap_err();
        assert_eq!(error, NotCommitted::Differs { member });
    }
    differs(|event| event.claims.action = None, Member::Action);
    differs(
        |event| event.claims.action.as_mut().unwrap().name.push('!'),
        Member::Action,
    );
    differs(
        |event| event.claims.actor.as_mut().unwrap().groups = None,
        Member::Actor,
    );
    differs(
        |event| event.claims.changes.as_mut().unwrap().truncate(1),
        Member::Changes,
    );
    differs(|event| event.claims.correlation = None, Member::Correlation);
    differs(|event| event.delivery.as_mut().unwrap().key = None, Member::Delivery);
    differs(|event| event.delivery = None, Member::Delivery);
    differs(|event| event.claims.occurred = None, Member::Occurred);
    differs(|event| event.claims.origin = None, Member::Origin);
    differs(|event| event.claims.outcome = None, Member::Outcome);
    differs(|event| event.raw = None, Member::Raw);
    differs(|event| event.raw = Some(Raw::of(b"other", "", true)), Member::Raw);
    differs(|event| event.claims.targets = Some(vec![]), Member::Targets);

    let sealed = sealed(&full_event());
    let error = check(&sealed, &full_event().claims, Some(KEY), None).unwrap_err();
    assert_eq!(error, NotCommitted::Differs { member: Member::Raw });
    let error = check(&sealed, &full_event().claims, None, Some(RAW)).unwrap_err();
    assert_eq!(
        error,
        NotCommitted::Differs {
            member: Member::Delivery
        }
    );
}

#[test]
fn all_eleven_are_there_once() {
    let one = sealed(&event());
    let claims = event().claims;
    let sent = Sent {
        claims: &claims,
        key: Some(KEY),
        raw: Some(RAW),
    };
    let check = |leaf: &Leaf, disclosures| leaf.check_sent(disclosures, &sent).unwrap_err();
    let all = one.disclosures().to_vec();
    assert_eq!(check(one.leaf(), all[..10].to_vec()), NotCommitted::Count { got: 10 });
    assert_eq!(
        check(one.leaf(), [&all[..], &all[..1]].concat()),
        NotCommitted::Count { got: 12 }
    );
    let twice = [&all[..10], &all[..1]].concat();
    assert_eq!(check(one.leaf(), twice), NotCommitted::Lacks { member: Member::Actor });
    let mut reversed = all.clone();
    reversed.reverse();
    one.leaf().check_sent(reversed, &sent).unwrap();

    let other = Sealed::seal(
        &event(),
        &Salts::from_random(&[77; Salts::BYTES]),
        second("2026-11-22T10:00:00Z"),
    )
    .unwrap();
    let error = check(other.leaf(), all);
    assert!(matches!(error, NotCommitted::NotInLeaf(_)), "{error}");
}

#[test]
fn marks_in_place_of_secrets_are_accepted_and_named() {
    let raw = br#"{"hook":{"password":"hunter22"}}"#;
    let mut sent = event();
    sent.claims.actor.as_mut().unwrap().claims = Some(map(json!({"password": "hunter22", "n": 1})));
    let mut kept = sent.clone();
    kept.claims = redact::claims(sent.claims.clone()).unwrap().value;
    kept.raw = Some(Raw::of(
        &redact::raw(raw, "application/json").value,
        "application/json",
        true,
    ));
    assert_ne!(kept, sent);
    let committed = check(&sealed(&kept), &sent.claims, Some(KEY), Some(raw)).unwrap();
    assert_eq!(committed.redacted(), [Member::Actor, Member::Raw].into_iter().collect());

    kept.claims.actor.as_mut().unwrap().claims.as_mut().unwrap()["n"] = json!(2);
    let error = check(&sealed(&kept), &sent.claims, Some(KEY), Some(raw)).unwrap_err();
    assert_eq!(error, NotCommitted::Differs { member: Member::Actor });
}

#[test]
fn what_can_be_in_no_leaf_was_not_sent() {
    let mut claims = event().claims;
    claims.actor.as_mut().unwrap().claims = Some(map(json!({"n": 0.5})));
    let error = check(&sealed(&event()), &claims, Some(KEY), Some(RAW)).unwrap_err();
    assert!(matches!(error, NotCommitted::Sent(_)), "{error}");
}
