//! What the tokens of each CI system attest. The files say where their claims are documented.

use indelible_access::oidc::{KeySet, Replay, Unverified, verify};
use serde_json::{Value, json};

use crate::provider::{Key, NOW, at, issuers};

macro_rules! systems {
    ($($name:ident = $file:literal;)*) => { $(
        #[test]
        fn $name() {
            check(include_str!(concat!("claims/", $file)));
        }
    )* };
}

systems! {
    github = "github.json";
    github_with_ids_in_its_subject = "github-ids-in-subject.json";
    gitlab = "gitlab.json";
    gitlab_with_a_tag = "gitlab-tag.json";
    circleci = "circleci.json";
    buildkite = "buildkite.json";
    kubernetes = "kubernetes.json";
    jenkins = "jenkins.json";
    any_other = "generic.json";
}

fn check(file: &str) {
    let file: Value = serde_json::from_str(file).unwrap();
    let mut issuer = file["issuer"].clone();
    issuer["algorithms"] = json!(["EdDSA"]);
    let key = Key::new("k1", 1);
    let mut claims = file["claims"].clone();
    let audience = &issuer["audiences"][0];
    claims["iss"] = issuer["url"].clone();
    claims["aud"] = match file["aud_as_list"].is_null() {
        true => audience.clone(),
        false => json!([audience]),
    };
    claims["iat"] = json!(NOW);
    claims["exp"] = json!(NOW + file["lives"].as_i64().unwrap());
    if let Some(before) = file["valid_before_issue"].as_i64() {
        claims["nbf"] = json!(NOW - before);
    }
    let issuers = issuers(std::slice::from_ref(&issuer));
    let jwks = json!({"keys": [key.jwk()]}).to_string();
    let keys = KeySet::read(jwks.as_bytes(), issuers.iter().next().unwrap()).unwrap();
    let check = |claims: &Value| {
        let token = key.token(claims);
        verify(
            &Unverified::read(&token).unwrap(),
            &issuers,
            &keys,
            &Replay::new(at(NOW)),
            at(NOW + 1),
        )
    };
    let identity = check(&claims).unwrap();
    assert_eq!(identity.principal(), file["principal"]);
    assert_eq!(identity.grants().collect::<Vec<_>>(), ["submit"]);
    let verified = Value::Object(identity.verified());
    assert_eq!(verified["attested"], file["attested"]);
    assert_eq!(verified["identifiers"], file["identifiers"]);
    assert_eq!(verified["preset"], issuer["preset"]);
    assert_eq!(verified["rules"], json!([issuer["rule"][0]["name"]]));
    assert_eq!(verified["key"]["id"], "k1");
    for personal in ["octocat", "sample-user", "robot@", "2435223452345"] {
        assert!(!verified.to_string().contains(personal), "{personal}");
    }
    // Each claim that the rule asks for is needed: without it the rule is not for the token.
    for claim in issuer["rule"][0]["when"].as_object().unwrap().keys() {
        let mut without = claims.clone();
        match claim.rsplit_once('/').filter(|_| claim.starts_with('/')) {
            Some((parent, name)) => {
                let parent = without.pointer_mut(parent).unwrap();
                parent.as_object_mut().unwrap().remove(name).unwrap()
            }
            None => without.as_object_mut().unwrap().remove(claim).unwrap(),
        };
        if claim != "sub" {
            let refused = check(&without).unwrap_err().to_string();
            assert!(refused.contains("no rule"), "{claim}: {refused}");
        } else {
            check(&without).unwrap_err();
        }
    }
}
