//! What makes two submissions of one key the same.

use indelible_event::{
    comparable_content,
    member::{Event, IpTrust, OccurredFrom, Origin, Raw, Submitter},
};

use crate::sample::{at, full_event};

fn without_raw() -> Event {
    Event {
        raw: None,
        ..full_event()
    }
}

#[track_caller]
fn same(change: impl Fn(&mut Event), base: &Event, expected: bool) {
    let mut other = base.clone();
    change(&mut other);
    assert_ne!(other, *base);
    let (a, b) = (comparable_content(base).unwrap(), comparable_content(&other).unwrap());
    assert_eq!(a == b, expected, "{}", String::from_utf8_lossy(&b));
}

#[test]
fn raw_bytes_alone_count_where_there_are_any() {
    let base = full_event();
    let expected = format!("{{\"raw\":\"{}\"}}", base.raw.as_ref().unwrap().sha256);
    assert_eq!(comparable_content(&base).unwrap(), expected.as_bytes());
    same(|event| event.claims.action = None, &base, true);
    same(|event| event.raw.as_mut().unwrap().kept = false, &base, true);
    same(|event| event.raw = Some(Raw::of(b"other", "", true)), &base, false);
    same(|event| event.raw = None, &base, false);
}

#[test]
fn what_a_second_submission_would_have_otherwise_does_not_count() {
    let base = without_raw();
    same(|event| event.submitter = None, &base, true);
    same(
        |event| event.delivery.as_mut().unwrap().received = at("2027-01-01T00:00:00Z"),
        &base,
        true,
    );
    let mut receipt = base.clone();
    receipt.claims.occurred.as_mut().unwrap().from = OccurredFrom::Receipt;
    same(
        |event| event.claims.occurred.as_mut().unwrap().at = at("2027-01-01T00:00:00Z"),
        &receipt,
        true,
    );
    let mut last_hop = base.clone();
    last_hop.claims.origin.as_mut().unwrap().ip_trust = IpTrust::LastHop;
    same(|event| event.claims.origin.as_mut().unwrap().ip = None, &last_hop, true);
}

#[test]
fn everything_else_counts() {
    let base = without_raw();
    same(|event| event.claims.action = None, &base, false);
    same(|event| event.claims.actor.as_mut().unwrap().claims = None, &base, false);
    same(|event| event.claims.changes = Some(vec![]), &base, false);
    same(|event| event.claims.correlation = None, &base, false);
    same(
        |event| event.claims.occurred.as_mut().unwrap().at = at("2027-01-01T00:00:00Z"),
        &base,
        false,
    );
    same(|event| event.claims.occurred = None, &base, false);
    let origin = Origin {
        ip: Some("192.0.2.8".into()),
        ip_trust: IpTrust::Reported,
        user_agent: Some("curl/8".into()),
    };
    same(|event| event.claims.origin = Some(origin.clone()), &base, false);
    same(|event| event.claims.outcome = None, &base, false);
    same(|event| event.claims.targets = None, &base, false);
    same(
        |event| event.delivery.as_mut().unwrap().source = "github/other".into(),
        &base,
        false,
    );
    same(|event| event.delivery.as_mut().unwrap().key = None, &base, false);
    same(|event| event.delivery = None, &base, false);
}

/// Another signature of the same key over the same claims is other raw bytes, and nothing else.
#[test]
fn what_a_job_has_signed_is_the_same_whatever_the_signature() {
    let signed = |raw: &[u8], key: &str| {
        let mut event = full_event();
        event.raw = Some(Raw::of(raw, "application/jose", true));
        let verified = serde_json::json!({"signed": {"algorithm": "ES256", "thumbprint": key}});
        event.submitter = Some(Submitter {
            principal: "oidc:ci:sub=robot".to_owned(),
            method: "oidc".to_owned(),
            verified: verified.as_object().cloned(),
        });
        event
    };
    let first = comparable_content(&signed(b"one", "k")).unwrap();
    assert_eq!(first, comparable_content(&signed(b"two", "k")).unwrap());
    let mut said_otherwise = signed(b"one", "k");
    said_otherwise.claims.action = None;
    let mut unsigned = signed(b"one", "k");
    unsigned.submitter = None;
    let mut bare = unsigned.clone();
    bare.raw = None;
    for (what, other) in [
        ("another key", signed(b"one", "l")),
        ("other claims", said_otherwise),
        ("the same bytes, not signed", unsigned),
        ("nothing but the claims", bare),
    ] {
        assert_ne!(first, comparable_content(&other).unwrap(), "{what}");
    }
}
