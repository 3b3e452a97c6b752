//! Tokens that nobody has signed whose word counts.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use indelible_access::oidc::{Algorithm, BadAlgorithm, Issuers, KeySet, Refused, Replay, Unverified, verify};
use serde_json::json;

use super::github;
use crate::provider::{Gate, Key, NOW, at, claims, issuer, issuers};

#[test]
fn an_issuer_speaks_for_itself_only() {
    let (key, other) = (Key::new("k1", 1), Key::new("k1", 2));
    let mut second = issuer();
    second["url"] = json!("https://gitlab.example");
    second["name"] = json!("second");
    let both: Issuers<String> = issuers(&[issuer(), second]);
    let keys = |position: usize, key: &Key| {
        let jwks = json!({"keys": [key.jwk()]}).to_string();
        KeySet::read(jwks.as_bytes(), both.iter().nth(position).unwrap()).unwrap()
    };
    let replay = Replay::new(at(NOW));
    // The second issuer signs a token in the name of the first.
    let token = other.token(&claims());
    let token = Unverified::read(&token).unwrap();
    let refused = |keys: &KeySet| verify(&token, &both, keys, &replay, at(NOW)).unwrap_err();
    assert_eq!(
        refused(&keys(1, &other)),
        Refused::OtherIssuersKeys {
            issuer: "github".to_owned()
        }
    );
    assert!(matches!(refused(&keys(0, &key)), Refused::Signature { .. }));
}

#[test]
fn what_is_not_signed_is_not_read() {
    let (key, gate) = github();
    for none in ["none", "None", "NONE", "nOnE"] {
        let header = json!({"alg": none, "kid": "k1", "typ": "JWT"});
        let token = key.token_with(&header, &claims());
        assert_eq!(
            gate.check(&token).unwrap_err(),
            Refused::Algorithm(BadAlgorithm::Unsigned),
            "{none}"
        );
        let (unsigned, _) = token.rsplit_once('.').unwrap();
        assert_eq!(
            gate.check(&format!("{unsigned}.")).unwrap_err(),
            Refused::Algorithm(BadAlgorithm::Unsigned)
        );
    }
    let good = key.token(&claims());
    let (unsigned, _) = good.rsplit_once('.').unwrap();
    assert!(matches!(
        gate.check(&format!("{unsigned}.")).unwrap_err(),
        Refused::Signature { .. }
    ));
}

#[test]
fn a_public_key_is_no_secret() {
    let (key, gate) = github();
    // HMAC-SHA256 with the public key as the secret, in the ways in which it has been taken for one.
    let jwk = key.jwk();
    let raw = BASE64_URL_SAFE_NO_PAD.decode(jwk["x"].as_str().unwrap()).unwrap();
    for secret in [
        raw,
        jwk.to_string().into_bytes(),
        jwk["x"].as_str().unwrap().as_bytes().to_vec(),
    ] {
        for name in ["HS256", "HS384", "HS512"] {
            let header = json!({"alg": name, "kid": "k1", "typ": "JWT"});
            let token = key.token_with(&header, &claims());
            let (signed, _) = token.rsplit_once('.').unwrap();
            let mac = ring::hmac::sign(
                &ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret),
                signed.as_bytes(),
            );
            let token = format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac));
            assert_eq!(
                gate.check(&token).unwrap_err(),
                Refused::Algorithm(BadAlgorithm::Shared(name.to_owned()))
            );
        }
    }
}

#[test]
fn the_algorithm_is_the_configurations_to_choose_and_the_keys_to_fit() {
    let (key, gate) = github();
    for (name, algorithm) in [
        ("RS256", Algorithm::Rs256),
        ("ES256", Algorithm::Es256),
        ("PS512", Algorithm::Ps512),
    ] {
        let token = key.token_with(&json!({"alg": name, "kid": "k1"}), &claims());
        assert_eq!(
            gate.check(&token).unwrap_err(),
            Refused::AlgorithmNotAllowed {
                issuer: "github".to_owned(),
                algorithm
            }
        );
    }
    let mut lenient = issuer();
    lenient["algorithms"] = json!(["EdDSA", "RS256", "ES256"]);
    let gate = Gate::new(&lenient, &[&key]);
    for name in ["RS256", "ES256"] {
        let token = key.token_with(&json!({"alg": name, "kid": "k1"}), &claims());
        assert!(
            matches!(gate.check(&token).unwrap_err(), Refused::KeyUnfit { .. }),
            "{name}"
        );
    }
    // The same of a key that says nothing of its algorithm.
    let mut jwk = key.jwk();
    jwk.as_object_mut().unwrap().remove("alg");
    let jwks = json!({"keys": [jwk]}).to_string();
    let keys = KeySet::read(jwks.as_bytes(), gate.issuers.iter().next().unwrap()).unwrap();
    let gate = Gate { keys, ..gate };
    gate.check(&key.token(&claims())).unwrap();
    for name in ["RS256", "ES256"] {
        let token = key.token_with(&json!({"alg": name, "kid": "k1"}), &claims());
        assert!(
            matches!(gate.check(&token).unwrap_err(), Refused::KeyUnfit { .. }),
            "{name}"
        );
    }
    for name in ["eddsa", "EDDSA", "RS1", "ES256K", "A128KW", "x", "RS256 "] {
        let token = key.token_with(&json!({"alg": name, "kid": "k1"}), &claims());
        assert!(matches!(
            gate.check(&token).unwrap_err(),
            Refused::Algorithm(BadAlgorithm::Unknown(_))
        ));
    }
}

#[test]
fn a_key_that_is_not_known_is_said_so_and_a_new_one_is_taken_up() {
    let (old, new) = (Key::new("k1", 1), Key::new("k2", 2));
    let gate = Gate::new(&issuer(), &[&old]);
    let token = new.token(&claims());
    assert!(matches!(gate.check(&token).unwrap_err(), Refused::UnknownKey { .. }));
    assert!(!gate.keys.has("k2"));
    let both = Gate::new(&issuer(), &[&old, &new]);
    both.check(&token).unwrap();
    both.check(&old.token(&claims())).unwrap();
    let later = Gate::new(&issuer(), &[&new]);
    assert!(matches!(
        later.check(&old.token(&claims())).unwrap_err(),
        Refused::UnknownKey { .. }
    ));
    // The name of a known key on a token of another.
    let forged = new.token_with(&json!({"alg": "EdDSA", "kid": "k1"}), &claims());
    assert!(matches!(both.check(&forged).unwrap_err(), Refused::Signature { .. }));
    let nameless = old.token_with(&json!({"alg": "EdDSA"}), &claims());
    assert_eq!(both.check(&nameless).unwrap_err(), Refused::NoKeyId);
}

#[test]
fn a_header_brings_no_key_and_names_none_by_address() {
    let (key, gate) = github();
    let evil = Key::new("evil", 9);
    for (name, value) in [
        ("jwk", evil.jwk()),
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("https://evil.example/x5u")),
        ("x5c", json!(["MIIB"])),
    ] {
        let mut header = json!({"alg": "EdDSA", "kid": "k1"});
        header[name] = value;
        assert!(matches!(
            gate.check(&evil.token_with(&header, &claims())).unwrap_err(),
            Refused::Signature { .. }
        ));
        // Beside a good signature it is nothing.
        gate.check(&key.token_with(&header, &claims())).unwrap();
    }
}
