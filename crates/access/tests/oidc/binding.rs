//! Tokens that are bound to a key of the job's.

use indelible_access::oidc::{Binding, Issuers, Refused};
use indelible_access::signed::{JobKey, NotSigned};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::provider::{AUDIENCE, Gate, Key, claims_with, issuer};

fn job() -> JobKey {
    JobKey::from_seed(&[9; 32])
}

fn gate(issuer: &Value) -> (Key, Gate) {
    let key = Key::new("k1", 1);
    let gate = Gate::new(issuer, &[&key]);
    (key, gate)
}

/// The words of the refusal of a token with these changes to its claims.
#[track_caller]
fn refused(changes: &Value) -> Refused {
    let (key, gate) = gate(&issuer());
    match gate.check(&key.token(&claims_with(changes))) {
        Ok(identity) => panic!("{changes} is {:?}", identity.bound()),
        Err(refused) => refused,
    }
}

/// Where a token with these changes names the job's key.
#[track_caller]
fn bound(changes: &Value) -> Option<Binding> {
    let (key, gate) = gate(&issuer());
    let identity = gate.check(&key.token(&claims_with(changes))).unwrap();
    identity.bound().map(|bound| {
        assert_eq!(*bound.thumbprint(), job().thumbprint(), "{changes}");
        bound.by()
    })
}

#[test]
fn a_token_names_its_key_in_either_way() {
    let (suffixed, jkt) = (job().audience(AUDIENCE), job().thumbprint().to_string());
    assert_eq!(suffixed, format!("{AUDIENCE}#jkt={jkt}"));
    assert_eq!(bound(&json!({})), None);
    assert_eq!(bound(&json!({"aud": suffixed})), Some(Binding::Audience));
    assert_eq!(bound(&json!({"aud": [suffixed]})), Some(Binding::Audience));
    assert_eq!(bound(&json!({"aud": [AUDIENCE, suffixed]})), Some(Binding::Audience));
    let cnf = json!({"jkt": jkt});
    assert_eq!(bound(&json!({"cnf": cnf})), Some(Binding::Confirmation));
    assert_eq!(
        bound(&json!({"cnf": cnf, "aud": suffixed})),
        Some(Binding::Confirmation)
    );
    // Ways that are not known here bind to nothing (RFC 7800, 3.1).
    assert_eq!(bound(&json!({"cnf": {"x5t#S256": jkt}})), None);
    assert_eq!(bound(&json!({"cnf": {}})), None);
}

#[test]
fn what_was_bound_stands_in_the_event() {
    let (key, gate) = gate(&issuer());
    let suffixed = job().audience(AUDIENCE);
    let identity = gate.check(&key.token(&claims_with(&json!({"aud": suffixed})))).unwrap();
    let token = &Value::Object(identity.verified())["token"];
    assert_eq!(token["audience"], json!([suffixed]));
    let thumbprint = job().thumbprint().to_string();
    assert_eq!(token["bound_to"], json!({"by": "audience", "thumbprint": thumbprint}));
}

#[test]
fn two_keys_are_none() {
    let other = JobKey::from_seed(&[8; 32]);
    for changes in [
        json!({"aud": job().audience(AUDIENCE), "cnf": {"jkt": other.thumbprint().to_string()}}),
        json!({"aud": [job().audience(AUDIENCE), other.audience(AUDIENCE)]}),
    ] {
        assert_eq!(refused(&changes), Refused::TwoKeys, "{changes}");
    }
}

#[test]
fn what_is_no_thumbprint_is_another_audience() {
    let good = job().thumbprint().to_string();
    let wrong = [
        String::new(),
        good[..42].to_owned(),
        format!("{good}A"),
        format!("{good}="),
        format!("{good}#jkt={good}"),
        format!(" {good}"),
        // The same bytes with a bit set that says nothing.
        format!("{}B", &good[..42]),
        good.replace(|letter: char| letter.is_ascii_alphabetic(), "+"),
        "x".to_owned(),
    ];
    for wrong in wrong {
        let audience = format!("{AUDIENCE}#jkt={wrong}");
        let refused = refused(&json!({"aud": audience}));
        assert!(matches!(refused, Refused::Audience { .. }), "{audience}: {refused}");
    }
    for audience in [
        format!("https://log.example/other#jkt={good}"),
        format!("{AUDIENCE}/#jkt={good}"),
        format!("#jkt={good}"),
        format!("{AUDIENCE}#JKT={good}"),
        format!("{AUDIENCE}#{good}"),
        format!("{AUDIENCE}?jkt={good}"),
    ] {
        let refused = refused(&json!({"aud": audience}));
        assert!(matches!(refused, Refused::Audience { .. }), "{audience}: {refused}");
    }
    for cnf in [
        json!("x"),
        json!([]),
        json!({"jkt": 1}),
        json!({"jkt": ""}),
        json!({"jkt": good[1..]}),
    ] {
        let said = refused(&json!({"cnf": cnf})).to_string();
        assert!(said.contains("cnf") && said.contains("wrong type"), "{cnf}: {said}");
    }
}

#[test]
fn rules_ask_for_the_audience_and_not_for_the_key() {
    let mut asking = issuer();
    asking["audiences"] = json!([AUDIENCE, "https://log.example/other"]);
    asking["rule"][0]["when"]["aud"] = json!(AUDIENCE);
    let (key, gate) = gate(&asking);
    let check = |audience: Value| gate.check(&key.token(&claims_with(&json!({"aud": audience}))));
    check(json!(AUDIENCE)).unwrap();
    check(json!(job().audience(AUDIENCE))).unwrap();
    for other in [
        "https://log.example/other".to_owned(),
        job().audience("https://log.example/other"),
    ] {
        assert!(matches!(check(json!(other)), Err(Refused::NoRule { .. })), "{other}");
    }
}

#[test]
fn an_issuer_is_configured_without_keys_of_jobs() {
    let mut wrong = issuer();
    wrong["audiences"] = json!([job().audience(AUDIENCE)]);
    let error = serde_json::from_value::<Issuers<String>>(json!([wrong])).unwrap_err();
    assert!(error.to_string().contains("#jkt="), "{error}");
}

#[test]
fn signatures_can_be_asked_for() {
    let text = job().sign(b"{}");
    for demanded in [false, true] {
        let mut strict = issuer();
        strict["require_signature"] = json!(demanded);
        let (key, gate) = gate(&strict);
        let signing = |changes: Value| gate.check(&key.token(&claims_with(&changes))).unwrap().signing();
        let bound = signing(json!({"aud": job().audience(AUDIENCE)}));
        let bare = signing(json!({}));
        bound.check(&text).unwrap();
        assert_eq!(bare.check(&text), Err(NotSigned::NoKey));
        for one in [bound, bare] {
            assert_eq!(one.unsigned().is_err(), demanded);
        }
    }
}

proptest! {
    /// Whatever stands behind the audience: it is our key, or the token is not for us.
    #[test]
    fn nothing_else_is_a_suffix(text in "[-_A-Za-z0-9+/=#& ]{0,50}") {
        let (key, gate) = gate(&issuer());
        let token = key.token(&claims_with(&json!({"aud": format!("{AUDIENCE}{text}")})));
        match gate.check(&token) {
            Ok(identity) => match identity.bound() {
                None => prop_assert_eq!(text, ""),
                Some(bound) => prop_assert_eq!(text, format!("#jkt={}", bound.thumbprint())),
            },
            Err(refused) => {
                let elsewhere = matches!(refused, Refused::Audience { .. });
                prop_assert!(elsewhere, "{}", refused);
            }
        }
    }
}
