//! Disclosures have one spelling, and values that the member can have.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use indelible_event::{Disclosure, MalformedDisclosure, member::Member};

use crate::sample::{bytes, event, full_event, sealed};

const SALT: &str = "AAAAAAAAAAAAAAAAAAAAAA";

#[track_caller]
fn refused(d: &str) -> MalformedDisclosure {
    let error = Disclosure::parse(bytes(d)).unwrap_err();
    assert_eq!(Disclosure::parse_text(&URL_SAFE_NO_PAD.encode(d)).unwrap_err(), error);
    error
}

fn with(name: &str, value: &str) -> String {
    format!("[\"{SALT}\",\"{name}\",{value}]")
}

#[test]
fn shapes() {
    for bad in [
        "",
        "[]",
        "null",
        "[\"\",\"raw\",null]",
        "[\"AAAAAAAAAAAAAAAAAAAAA\",\"raw\",null]",
        "[\"AAAAAAAAAAAAAAAAAAAAAAA\",\"raw\",null]",
        "[\"AAAAAAAAAAAAAAAAAAAAAB\",\"raw\",null]",
        "[\"AAAAAAAAAAAAAAAAAAAA==\",\"raw\",null]",
        "[\"AAAAAAAAAAAAAAAAAAAA+A\",\"raw\",null]",
        " [\"AAAAAAAAAAAAAAAAAAAAAA\",\"raw\",null]",
        "[\"AAAAAAAAAAAAAAAAAAAAAA\", \"raw\",null]",
        "[\"AAAAAAAAAAAAAAAAAAAAAA\",\"raw\"]",
        "[\"AAAAAAAAAAAAAAAAAAAAAA\",\"raw\",null] ",
        "[\"AAAAAAAAAAAAAAAAAAAAAA\",raw,null]",
        "[\"AAAAAAAAAAAAAAAAAAAAAA\",\"a name without an end",
    ] {
        assert_eq!(refused(bad), MalformedDisclosure::Shape, "{bad}");
    }
    for name in ["", "Raw", "basis", "ra\\u0077"] {
        let found = name.to_owned();
        assert_eq!(refused(&with(name, "null")), MalformedDisclosure::Member { found });
    }
    for bad in ["null ", "null,null", "", " null", "nul"] {
        let error = refused(&with("raw", bad));
        let spelt = matches!(
            error,
            MalformedDisclosure::NotCanonical { .. } | MalformedDisclosure::Value { .. }
        );
        assert!(spelt, "{error}");
    }
    Disclosure::parse(bytes(&with("raw", "null"))).unwrap();
    assert_eq!(Disclosure::parse_text("!").unwrap_err(), MalformedDisclosure::Base64);
    let padded = base64::engine::general_purpose::URL_SAFE.encode(with("action", "null"));
    assert!(padded.ends_with('='));
    assert_eq!(
        Disclosure::parse_text(&padded).unwrap_err(),
        MalformedDisclosure::Base64
    );
}

#[test]
fn values() {
    let good = [
        ("action", r#"{"name":"n","verb":"create"}"#),
        ("actor", r#"{"claims":{},"groups":[],"type":"user"}"#),
        ("changes", r#"[{"after":null,"field":"f"}]"#),
        ("changes", "[]"),
        ("correlation", "{}"),
        (
            "delivery",
            r#"{"key":null,"received":"2026-11-22T10:00:00.5Z","source":"s"}"#,
        ),
        ("occurred", r#"{"at":"2026-11-22T10:00:00Z","from":"header"}"#),
        ("origin", r#"{"ip_trust":"none"}"#),
        ("outcome", r#"{"result":"attempt"}"#),
        ("submitter", r#"{"method":"m","principal":"p","verified":{"a":[1,-1]}}"#),
        ("targets", r#"[{"id":"i","type":"t"}]"#),
    ];
    for (name, value) in good {
        let disclosure = Disclosure::parse(bytes(&with(name, value))).unwrap();
        assert_eq!(disclosure.value().unwrap().member(), disclosure.member());
        assert_eq!(disclosure.value_json(), value);
    }
    for (name, value) in [
        ("action", r#"{"name":"n","verb":"destroy"}"#),
        ("action", r#"{"name":"n"}"#),
        ("action", r#"{"more":1,"name":"n","verb":"create"}"#),
        ("action", r#"{"name":"a","name":"n","verb":"create"}"#),
        ("action", "[]"),
        ("targets", r#"[{"id":1,"type":"t"}]"#),
        ("changes", r#"[{"after":1.5,"field":"f"}]"#),
        ("changes", r#"[{"after":9007199254740992,"field":"f"}]"#),
        ("changes", r#"[{"after":"\ud800","field":"f"}]"#),
        ("raw", r#"{"content_type":"","kept":true,"sha256":"00","size":1}"#),
        ("occurred", r#"{"at":"yesterday","from":"header"}"#),
    ] {
        let member = Member::from_name(name).unwrap();
        let error = refused(&with(name, value));
        assert!(
            matches!(error, MalformedDisclosure::Value { member: it, .. } if it == member),
            "{error}"
        );
    }
    for (name, value) in [
        ("action", r#"{"verb":"create","name":"n"}"#),
        ("action", r#"{"name":"n", "verb":"create"}"#),
        ("action", r#"{"name":"\u006e","verb":"create"}"#),
        ("action", r#"{"class":null,"name":"n","verb":"create"}"#),
        ("action", r#"{"name":"\/","verb":"create"}"#),
        ("delivery", r#"{"received":"2026-11-22T10:00:00.5Z","source":"s"}"#),
        (
            "delivery",
            r#"{"key":null,"received":"2026-11-22T10:00:00.50Z","source":"s"}"#,
        ),
        ("occurred", r#"{"at":"2026-11-22T11:00:00+01:00","from":"header"}"#),
        ("actor", r#"{"claims":{"b":1,"a":2},"type":"user"}"#),
        ("actor", r#"{"claims":{"a":1,"a":2},"type":"user"}"#),
        // As UTF-16 the second key comes first.
        (
            "actor",
            "{\"claims\":{\"\u{ffff}\":1,\"\u{10000}\":2},\"type\":\"user\"}",
        ),
        ("actor", r#"{"claims":{"a":-0},"type":"user"}"#),
    ] {
        let member = Member::from_name(name).unwrap();
        let error = refused(&with(name, value));
        let spelt = matches!(
            error,
            MalformedDisclosure::NotCanonical { .. } | MalformedDisclosure::Value { .. }
        );
        assert!(spelt, "{member} {value} {error}");
    }
    refused("[\"AAAAAAAAAAAAAAAAAAAAAA\",\"action\",\u{0}]");
}

#[test]
fn a_leaf_opens_only_its_own() {
    let (one, other) = (sealed(&event()), sealed(&full_event()));
    for (own, foreign) in one.disclosures().iter().zip(other.disclosures()) {
        assert_eq!(one.leaf().open(own.clone()).unwrap().member(), own.member());
        if own != foreign {
            let error = one.leaf().open(foreign.clone()).unwrap_err();
            assert_eq!((error.member, error.digest), (own.member(), foreign.digest()));
        }
    }
    let salted_anew = with("origin", "null");
    one.leaf()
        .open(Disclosure::parse(bytes(&salted_anew)).unwrap())
        .unwrap_err();
}

#[test]
fn salts_and_values_are_in_no_debug_output() {
    let sealed = sealed(&event());
    let text = format!("{sealed:?} {:?}", crate::sample::salts());
    for secret in ["octocat", "AQEBAQ", "[1, 1", "583231"] {
        assert!(!text.contains(secret), "{text}");
    }
}
