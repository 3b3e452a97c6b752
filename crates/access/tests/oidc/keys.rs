//! Sets of keys: what of them is used, and what is pinned.

use indelible_access::oidc::{BadKeySet, JWKS_BYTES_MAX, KEYS_MAX, KeySet, Refused, Unusable};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::provider::{Gate, Key, claims, issuer, issuers};

fn read(jwks: &Value) -> Result<KeySet, BadKeySet> {
    let issuers = issuers(&[issuer()]);
    KeySet::read(jwks.to_string().as_bytes(), issuers.iter().next().unwrap())
}

#[test]
fn keys_for_other_purposes_are_skipped_and_said_so() {
    let key = Key::new("k1", 1);
    let with = |changes: Value| {
        let mut jwk = key.jwk();
        for (name, value) in changes.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        jwk
    };
    let unusable = [
        (json!("x"), Unusable::NotAnObject),
        (with(json!({"use": "enc"})), Unusable::Use),
        (with(json!({"key_ops": ["encrypt"]})), Unusable::Use),
        (with(json!({"alg": "HS256"})), Unusable::Algorithm),
        (with(json!({"alg": "RSA-OAEP"})), Unusable::Algorithm),
        (with(json!({"kty": "oct", "k": "AAAA"})), Unusable::Kind),
        (with(json!({"crv": "X25519"})), Unusable::Kind),
        (with(json!({"kty": "EC", "crv": "secp256k1"})), Unusable::Kind),
        (with(json!({"d": "AAAA"})), Unusable::Private),
        (with(json!({"x": "AAAA"})), Unusable::Number("x")),
        (with(json!({"x": "not base64url!"})), Unusable::Number("x")),
        (with(json!({"kid": 7})), Unusable::Id),
        (with(json!({"kid": ""})), Unusable::Id),
        (json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}), Unusable::Number("n")),
        // 2,040 bits.
        (
            json!({"kty": "RSA", "n": "____".repeat(85), "e": "AQAB"}),
            Unusable::Number("n"),
        ),
        (
            json!({"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"}),
            Unusable::Number("x"),
        ),
    ];
    let mut all: Vec<Value> = unusable.iter().map(|(jwk, _)| jwk.clone()).collect();
    let Err(BadKeySet::NoneUsable { keys, skipped }) = read(&json!({"keys": all})) else {
        panic!("something is usable")
    };
    assert_eq!(keys, unusable.len());
    let why: Vec<_> = skipped.iter().map(|skipped| skipped.reason.clone().unwrap()).collect();
    let expected: Vec<_> = unusable.iter().map(|(_, why)| why.clone()).collect();
    assert_eq!(why, expected);
    all.push(key.jwk());
    let set = read(&json!({"keys": all, "other": 1})).unwrap();
    assert_eq!(set.key_ids().collect::<Vec<_>>(), ["k1"]);
    assert_eq!(set.skipped().len(), unusable.len());
}

#[test]
fn what_is_no_key_set_is_refused() {
    for bad in [json!({}), json!({"keys": {}}), json!([]), json!({"keys": "x"})] {
        assert!(matches!(read(&bad), Err(BadKeySet::Json(_))), "{bad}");
    }
    assert!(matches!(
        read(&json!({"keys": []})),
        Err(BadKeySet::NoneUsable { keys: 0, .. })
    ));
    let jwk = Key::new("k1", 1).jwk();
    let many = vec![jwk; KEYS_MAX + 1];
    assert_eq!(
        read(&json!({"keys": many})).unwrap_err(),
        BadKeySet::TooMany { keys: KEYS_MAX + 1 }
    );
    read(&json!({"keys": many[1..]})).unwrap();
    let long = read(&json!({"keys": [], "pad": "x".repeat(JWKS_BYTES_MAX)})).unwrap_err();
    assert!(matches!(long, BadKeySet::TooLong { .. }));
    let issuers = issuers(&[issuer()]);
    let text = format!(r#"{{"keys":[{0}],"keys":[{0}]}}"#, Key::new("k1", 1).jwk());
    let repeated = KeySet::read(text.as_bytes(), issuers.iter().next().unwrap());
    assert!(matches!(repeated, Err(BadKeySet::Json(_))));
}

#[test]
fn the_snapshot_is_the_text_as_it_came() {
    let text = format!(" {}\n", json!({"keys": [Key::new("k1", 1).jwk()]}));
    let issuers = issuers(&[issuer()]);
    let set = KeySet::read(text.as_bytes(), issuers.iter().next().unwrap()).unwrap();
    assert_eq!(set.sha256(), <[u8; 32]>::from(Sha256::digest(&text)));
}

#[test]
fn a_key_without_a_name_is_called_by_its_thumbprint() {
    let key = Key::new("k1", 1);
    let mut jwk = key.jwk();
    jwk.as_object_mut().unwrap().remove("kid");
    let set = read(&json!({"keys": [jwk]})).unwrap();
    let name = set.key_ids().next().unwrap().to_owned();
    let gate = Gate {
        keys: set,
        ..Gate::new(&issuer(), &[&key])
    };
    let token = key.token_with(&json!({"alg": "EdDSA", "kid": name}), &claims());
    let verified = Value::Object(gate.check(&token).unwrap().verified());
    assert_eq!(verified["key"]["thumbprint"], json!(name));
}

#[test]
fn only_pinned_keys_are_used() {
    let (one, two) = (Key::new("k1", 1), Key::new("k2", 2));
    let thumbprint = |key: &Key| {
        let gate = Gate::new(&issuer(), &[key]);
        let verified = gate.check(&key.token(&claims())).unwrap().verified();
        verified["key"]["thumbprint"].as_str().unwrap().to_owned()
    };
    for pin in ["k1".to_owned(), format!("sha256:{}", thumbprint(&one))] {
        let mut pinned = issuer();
        pinned["keys"] = json!({"pinned": [pin]});
        let gate = Gate::new(&pinned, &[&one, &two]);
        gate.check(&one.token(&claims())).unwrap();
        assert!(matches!(
            gate.check(&two.token(&claims())).unwrap_err(),
            Refused::UnknownKey { .. }
        ));
        assert_eq!(gate.keys.skipped().len(), 1);
    }
    // A thumbprint without its prefix is the name of a key, which no key here has.
    let mut named = issuer();
    named["keys"] = json!({"pinned": [thumbprint(&one)]});
    let issuers = issuers(&[named]);
    let jwks = json!({"keys": [one.jwk()]}).to_string();
    let set = KeySet::read(jwks.as_bytes(), issuers.iter().next().unwrap());
    assert!(matches!(set, Err(BadKeySet::NoneUsable { keys: 1, .. })), "{set:?}");
    // Whoever controls the issuer's key set calls his key by the thumbprint that is pinned, with the prefix and without.
    let print = thumbprint(&one);
    for name in [print.clone(), format!("sha256:{print}")] {
        let impostor = Key::new(Box::leak(name.into_boxed_str()), 3);
        let mut pinned = issuer();
        pinned["keys"] = json!({"pinned": [format!("sha256:{print}")]});
        let gate = Gate::new(&pinned, &[&one, &impostor]);
        assert!(matches!(
            gate.check(&impostor.token(&claims())).unwrap_err(),
            Refused::UnknownKey { .. }
        ));
    }
}

#[test]
fn of_two_keys_of_one_name_each_verifies_its_own_tokens() {
    let (one, two, three) = (Key::new("k", 1), Key::new("k", 2), Key::new("k", 3));
    let gate = Gate::new(&issuer(), &[&one, &two]);
    gate.check(&one.token(&claims())).unwrap();
    gate.check(&two.token(&claims())).unwrap();
    assert!(matches!(
        gate.check(&three.token(&claims())).unwrap_err(),
        Refused::Signature { .. }
    ));
}
