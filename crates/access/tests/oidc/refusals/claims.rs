//! Whom a token is meant for, who says so, and what it claims.

use indelible_access::oidc::{ClaimProblem, Refused, Unverified};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{check, github};
use crate::provider::{AUDIENCE, Gate, Key, NOW, at, claims, claims_with, issuer};

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
