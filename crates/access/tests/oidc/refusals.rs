//! Tokens that are not believed, each for one reason.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use indelible_access::oidc::{
    Algorithm, BadAlgorithm, ClaimProblem, Issuers, KeySet, Malformed, Refused, Replay, Shown, TOKEN_BYTES_MAX,
    Unverified, verify,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::provider::{AUDIENCE, Gate, Key, NOW, URL, at, claims, claims_with, issuer, issuers};

/// The reason, in the words that the sender reads.
fn refused(gate: &Gate, token: &str) -> String {
    gate.check(token)
        .map(|identity| identity.principal().to_owned())
        .unwrap_err()
        .to_string()
}

fn github() -> (Key, Gate) {
    let key = Key::new("k1", 1);
    let gate = Gate::new(&issuer(), &[&key]);
    (key, gate)
}

/// That a token with these changes to its claims is refused in words that have `why` in them.
fn check(changes: &Value, why: &str) {
    let (key, gate) = github();
    let said = refused(&gate, &key.token(&claims_with(changes)));
    assert!(said.contains(why), "{changes}: {said}");
}

#[test]
fn a_good_token_is_good() {
    let (key, gate) = github();
    let token = key.token(&claims());
    let identity = gate.check(&token).unwrap();
    assert_eq!(identity.principal(), "oidc:github:repository_id=74");
    assert_eq!(identity.expires_at(), at(NOW + 290));
    assert_eq!(identity.token_sha256(), <[u8; 32]>::from(Sha256::digest(&token)));
    // Any number of uses, as long as nothing else is said.
    gate.check(&token).unwrap();
}

#[test]
fn the_audience_must_be_ours_and_nobody_elses() {
    for other in [
        json!("https://other.example"),
        json!("https://log.example/acme/"),
        json!("https://log.example"),
        json!(""),
        json!([]),
        json!([AUDIENCE, "https://other.example"]),
        json!(["https://other.example", AUDIENCE]),
    ] {
        check(&json!({"aud": other}), "audience");
    }
    check(&json!({"aud": null}), "`aud` is missing");
    for wrong in [
        json!(1),
        json!({}),
        json!([1]),
        json!([[AUDIENCE]]),
        json!([AUDIENCE, null]),
    ] {
        check(&json!({"aud": wrong}), "`aud` is of the wrong type");
    }
    let (key, gate) = github();
    gate.check(&key.token(&claims_with(&json!({"aud": [AUDIENCE]}))))
        .unwrap();
    let mut two = issuer();
    two["audiences"] = json!([AUDIENCE, "https://log.example/other"]);
    let gate = Gate::new(&two, &[&key]);
    let both = claims_with(&json!({"aud": ["https://log.example/other", AUDIENCE]}));
    gate.check(&key.token(&both)).unwrap();
}

#[test]
fn the_issuer_must_be_known_byte_by_byte() {
    for other in [
        "https://token.actions.githubusercontent.com/",
        "https://token.actions.githubusercontent.com/acme",
        "http://token.actions.githubusercontent.com",
        "https://TOKEN.actions.githubusercontent.com",
        "https://evil.example",
        "",
    ] {
        check(&json!({"iss": other}), "no issuer");
    }
    let (key, _) = github();
    for (iss, problem) in [
        (json!(null), ClaimProblem::Missing),
        (json!(7), ClaimProblem::WrongType),
    ] {
        let token = key.token(&claims_with(&json!({"iss": iss})));
        assert_eq!(
            Unverified::read(&token).unwrap_err(),
            Refused::Claim {
                claim: "iss".to_owned(),
                problem
            }
        );
    }
}

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
fn the_times_are_held_with_a_bounded_skew() {
    let (key, gate) = github();
    let token = key.token(&claims());
    // exp is NOW + 290, iat NOW - 10; the skew is 60 s.
    for (second, why) in [
        (NOW + 349, None),
        (NOW + 350, Some("expired")),
        (NOW + 100_000, Some("expired")),
        (NOW - 70, None),
        (NOW - 71, Some("has not come yet")),
    ] {
        let said = gate
            .check_at(&token, second)
            .map(|_| ())
            .map_err(|refused| refused.to_string());
        match why {
            None => assert_eq!(said, Ok(()), "{second}"),
            Some(why) => assert!(said.clone().unwrap_err().contains(why), "{second}: {said:?}"),
        }
    }
    check(&json!({"nbf": NOW + 61}), "not valid before");
    gate.check(&key.token(&claims_with(&json!({"nbf": NOW + 60})))).unwrap();
    gate.check(&key.token(&claims_with(&json!({"nbf": null})))).unwrap();
    check(&json!({"exp": null}), "`exp` is missing");
    check(&json!({"iat": null}), "`iat` is missing");
    check(&json!({"exp": NOW + 3_591}), "lives for 3601 s");
    gate.check(&key.token(&claims_with(&json!({"exp": NOW + 3_590}))))
        .unwrap();
    check(&json!({"iat": NOW + 20, "exp": NOW + 20}), "lives for 0 s");
    check(&json!({"iat": NOW + 20, "exp": NOW - 20}), "lives for -40 s");
    for name in ["exp", "iat", "nbf"] {
        for wrong in [
            json!("1800000000"),
            json!(true),
            json!([NOW]),
            json!(1e300),
            json!(u64::MAX),
            json!(i64::MIN),
        ] {
            check(&json!({name: wrong}), &format!("`{name}` is of the wrong type"));
        }
    }
    // RFC 7519 allows a fraction.
    #[expect(clippy::cast_precision_loss, reason = "it has 31 bits")]
    let fraction = NOW as f64 + 0.75;
    gate.check(&key.token(&claims_with(&json!({"iat": fraction})))).unwrap();
    let mut exact = issuer();
    exact["skew_seconds"] = json!(0);
    let gate = Gate::new(&exact, &[&key]);
    gate.check_at(&token, NOW + 289).unwrap();
    assert!(matches!(
        gate.check_at(&token, NOW + 290).unwrap_err(),
        Refused::Expired { .. }
    ));
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

#[test]
fn extensions_that_must_be_understood_are_not() {
    let (key, gate) = github();
    for crit in [json!(["exp"]), json!(["b64"]), json!([]), json!(null)] {
        let header = json!({"alg": "EdDSA", "kid": "k1", "crit": crit, "b64": false});
        assert_eq!(
            gate.check(&key.token_with(&header, &claims())).unwrap_err(),
            Refused::Critical
        );
    }
}

#[test]
fn tokens_for_other_purposes_are_refused() {
    let (key, gate) = github();
    for typ in ["JWT", "jwt", "application/jwt", "at+jwt"] {
        gate.check(&key.token_with(&json!({"alg": "EdDSA", "kid": "k1", "typ": typ}), &claims()))
            .unwrap();
    }
    gate.check(&key.token_with(&json!({"alg": "EdDSA", "kid": "k1"}), &claims()))
        .unwrap();
    for typ in ["logout+jwt", "secevent+jwt", "dpop+jwt", "JOSE"] {
        let token = key.token_with(&json!({"alg": "EdDSA", "kid": "k1", "typ": typ}), &claims());
        assert!(matches!(gate.check(&token).unwrap_err(), Refused::Type { .. }), "{typ}");
    }
    for wrong in [
        json!({"alg": 1, "kid": "k1"}),
        json!({"alg": "EdDSA", "kid": 1}),
        json!({"alg": "EdDSA", "kid": ""}),
        json!({"kid": "k1"}),
    ] {
        let refused = gate.check(&key.token_with(&wrong, &claims())).unwrap_err();
        assert!(matches!(refused, Refused::Malformed(Malformed::Header(_))), "{wrong}");
    }
}

#[test]
fn what_says_two_things_says_nothing() {
    let (key, gate) = github();
    let (header, text) = (r#"{"alg":"EdDSA","kid":"k1"}"#, claims().to_string());
    let repeated = format!("{},\"repository_id\":\"75\"}}", text.strip_suffix('}').unwrap());
    assert_eq!(
        gate.check(&key.token_of(header, &repeated)).unwrap_err(),
        Refused::Malformed(Malformed::Repeated("payload"))
    );
    assert_eq!(
        gate.check(&key.token_of(r#"{"alg":"EdDSA","kid":"k1","kid":"k1"}"#, &text))
            .unwrap_err(),
        Refused::Malformed(Malformed::Repeated("header"))
    );
}

#[test]
fn a_token_is_one_text_of_a_reasonable_length() {
    let (key, gate) = github();
    let room = |bytes: usize| {
        let empty = key.token(&claims_with(&json!({"pad": ""}))).len();
        key.token(&claims_with(&json!({"pad": "x".repeat((bytes - empty) / 4 * 3)})))
    };
    let largest = room(TOKEN_BYTES_MAX);
    assert!((TOKEN_BYTES_MAX - 4..=TOKEN_BYTES_MAX).contains(&largest.len()));
    gate.check(&largest).unwrap();
    let huge = room(TOKEN_BYTES_MAX + 8);
    assert_eq!(gate.check(&huge).unwrap_err(), Refused::TooLong { bytes: huge.len() });
    assert_eq!(
        Unverified::read(&"a".repeat(100 << 20)).unwrap_err(),
        Refused::TooLong { bytes: 100 << 20 }
    );
    let good = key.token(&claims());
    for bad in [
        "",
        ".",
        "..",
        "...",
        "a.b",
        "a.b.c.d",
        &format!("{good}."),
        &format!(".{good}"),
        &good[1..],
        &good.replace('.', ""),
    ] {
        assert!(matches!(gate.check(bad).unwrap_err(), Refused::Malformed(_)), "{bad}");
    }
    for padded in [
        format!("{good}="),
        format!("{good} "),
        format!(" {good}"),
        format!("{good}\n"),
        good.replace('.', ".\n"),
    ] {
        assert!(matches!(
            gate.check(&padded).unwrap_err(),
            Refused::Malformed(Malformed::Base64(_))
        ));
    }
}

#[test]
fn every_flipped_character_is_refused() {
    let (key, gate) = github();
    let good = key.token(&claims());
    gate.check(&good).unwrap();
    for at in 0..good.len() {
        let mut flipped = good.clone().into_bytes();
        flipped[at] = match flipped[at] {
            b'A' => b'B',
            _ => b'A',
        };
        let flipped = String::from_utf8(flipped).unwrap();
        gate.check(&flipped).unwrap_err();
    }
}

#[test]
fn a_rule_must_be_for_it() {
    check(&json!({"repository_id": "75"}), "no rule of github");
    check(&json!({"repository_id": null}), "no rule of github");
    check(&json!({"repository_id": ["74"]}), "no rule of github");
    check(&json!({"repository_id": {"74": "74"}}), "no rule of github");
    let (key, _) = github();
    let mut two = issuer();
    two["rule"] = json!([
        {"name": "app", "when": {"repository_id": "74"}, "grant": "submit"},
        {"name": "main", "when": {"repository_id": "74", "ref": {"glob": "refs/heads/*"}}, "grant": "read"},
        {"name": "other", "when": {"repository_id": "75"}, "grant": "admin"},
    ]);
    let gate = Gate::new(&two, &[&key]);
    let grants = |changes: &Value| -> Vec<String> {
        gate.check(&key.token(&claims_with(changes)))
            .unwrap()
            .grants()
            .cloned()
            .collect()
    };
    assert_eq!(grants(&json!({})), ["submit", "read"]);
    assert_eq!(grants(&json!({"ref": "refs/tags/v1"})), ["submit"]);
    assert_eq!(grants(&json!({"repository_id": "75"})), ["admin"]);
}

#[test]
fn claims_of_the_wrong_type_are_not_guessed() {
    for name in ["sub", "jti"] {
        for wrong in [json!(7), json!(["x"]), json!({}), json!(true)] {
            check(&json!({name: wrong}), &format!("`{name}` is of the wrong type"));
        }
        check(&json!({name: ""}), &format!("`{name}` is empty or too long"));
    }
    check(&json!({"sub": null}), "`sub` is missing");
    check(&json!({"sub": "x".repeat(3_000)}), "`sub` is empty or too long");
    check(&json!({"sub": "a\u{1b}[31mb"}), "`sub` has control characters");
    for name in ["ref", "sha", "repository_owner_id", "environment"] {
        for wrong in [json!(["x"]), json!({"x": 1}), json!(1.5)] {
            check(&json!({name: wrong}), &format!("`{name}` is of the wrong type"));
        }
        check(&json!({name: "a\nb"}), &format!("`{name}` has control characters"));
    }
}

#[test]
fn a_second_use_is_refused_where_one_is_all() {
    let key = Key::new("k1", 1);
    let mut once = issuer();
    once["single_use"] = json!(true);
    let gate = Gate::new(&once, &[&key]);
    let used = Refused::UsedBefore {
        issuer: "github".to_owned(),
    };
    let token = key.token(&claims());
    gate.check(&token).unwrap();
    assert_eq!(gate.check(&token).unwrap_err(), used);
    // Other claims under one `jti` are the same token; another `jti` is another.
    assert_eq!(
        gate.check(&key.token(&claims_with(&json!({"ref": "x"})))).unwrap_err(),
        used
    );
    gate.check(&key.token(&claims_with(&json!({"jti": "2"})))).unwrap();
    // One that is refused for something else is not used up.
    let early = key.token(&claims_with(&json!({"jti": "3"})));
    gate.check_at(&early, NOW - 100).unwrap_err();
    gate.check(&early).unwrap();
    // Without a `jti` what is signed counts.
    let nameless = key.token(&claims_with(&json!({"jti": null})));
    gate.check(&nameless).unwrap();
    assert_eq!(gate.check(&nameless).unwrap_err(), used);
    gate.check(&key.token(&claims_with(&json!({"jti": null, "ref": "x"}))))
        .unwrap();
    // It may have been used before this memory began.
    let fresh = Gate {
        replay: Replay::new(at(NOW - 5)),
        ..Gate::new(&once, &[&key])
    };
    assert_eq!(
        fresh.check(&token).unwrap_err(),
        Refused::OlderThanMemory { since: at(NOW - 5) }
    );
}

#[test]
fn a_job_that_somebody_can_log_in_to_is_not_trusted() {
    let key = Key::new("k1", 1);
    let mut circleci = issuer();
    circleci["preset"] = json!("circleci");
    circleci["rule"] = json!([
        {"name": "any", "when": {"oidc.circleci.com/project-id": "p"}, "grant": "submit"},
    ]);
    let gate = Gate::new(&circleci, &[&key]);
    let token = |rerun: Value| {
        let claims = json!({"oidc.circleci.com/project-id": "p", "oidc.circleci.com/ssh-rerun": rerun});
        key.token(&claims_with(&claims))
    };
    gate.check(&token(json!(false))).unwrap();
    gate.check(&token(json!("false"))).unwrap();
    for rerun in [json!(true), json!("true")] {
        assert_eq!(gate.check(&token(rerun)).unwrap_err(), Refused::SshRerun);
    }
    let when = json!({"oidc.circleci.com/project-id": "p", "oidc.circleci.com/ssh-rerun": true});
    circleci["rule"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "ssh", "when": when, "grant": "less"}));
    let gate = Gate::new(&circleci, &[&key]);
    let identity = gate.check(&token(json!(true))).unwrap();
    assert_eq!(identity.grants().collect::<Vec<_>>(), ["less"]);
    let verified = Value::Object(identity.verified());
    assert_eq!(verified["attested"]["runner-environment"], "ssh-rerun");
}

#[test]
fn neither_errors_nor_identities_show_the_token() {
    let (key, gate) = github();
    let good = key.token(&claims());
    let mut seen = vec![
        format!("{:?}", gate.check(&good).unwrap()),
        format!("{:?}", Unverified::read(&good).unwrap()),
    ];
    seen.push(Value::Object(gate.check(&good).unwrap().verified()).to_string());
    let bad = [
        key.token(&claims_with(&json!({"aud": "x"}))),
        key.token_with(&json!({"alg": "EdDSA", "kid": "k9"}), &claims()),
        format!("{}x", &good[..good.len() - 1]),
        format!("{good}."),
        good.repeat(40),
    ];
    for token in &bad {
        let refused = gate.check(token).unwrap_err();
        seen.extend([refused.to_string(), format!("{refused:?}")]);
    }
    for token in bad.iter().chain([&good]) {
        for part in token.split('.').filter(|part| part.len() > 8) {
            assert!(seen.iter().all(|text| !text.contains(part)));
        }
    }
}

#[test]
fn what_a_stranger_wrote_is_shown_cut_and_escaped() {
    let (key, gate) = github();
    let said = refused(
        &gate,
        &key.token(&claims_with(
            &json!({"iss": format!("\u{1b}]0;x\n{}", "y".repeat(500))}),
        )),
    );
    assert!(
        said.contains(r"\u{1b}]0;x\n") && said.contains('…') && said.len() < 300,
        "{said}"
    );
    let shown: fn(&Shown) -> String = Shown::to_string;
    let Refused::UnknownIssuer { got } = gate
        .check(&key.token(&claims_with(&json!({"iss": "a\"b"}))))
        .unwrap_err()
    else {
        panic!("another reason")
    };
    assert_eq!(shown(&got), r#""a\"b""#);
    assert_eq!(URL.len(), 43);
}
