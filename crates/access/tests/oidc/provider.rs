//! An issuer of tokens with a key of Ed25519, and what it is configured as.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use indelible_access::oidc::{Identity, Issuers, KeySet, Refused, Replay, Unverified, verify};
use jiff::Timestamp;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const URL: &str = "https://token.actions.githubusercontent.com";
pub(crate) const AUDIENCE: &str = "https://log.example/acme";

pub(crate) struct Key {
    pub(crate) id: &'static str,
    pair: Ed25519KeyPair,
}

impl Key {
    pub(crate) fn new(id: &'static str, seed: u8) -> Key {
        Key {
            id,
            pair: Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap(),
        }
    }

    pub(crate) fn jwk(&self) -> Value {
        let x = BASE64_URL_SAFE_NO_PAD.encode(self.pair.public_key());
        json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.id, "alg": "EdDSA", "use": "sig"})
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        self.token_with(&json!({"alg": "EdDSA", "kid": self.id, "typ": "JWT"}), claims)
    }

    pub(crate) fn token_with(&self, header: &Value, claims: &Value) -> String {
        self.token_of(&header.to_string(), &claims.to_string())
    }

    pub(crate) fn token_of(&self, header: &str, claims: &str) -> String {
        let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.pair.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

/// The claims of a job of GitHub, as good as can be.
pub(crate) fn claims() -> Value {
    json!({
        "iss": URL, "aud": AUDIENCE, "sub": "repo:acme/app:ref:refs/heads/main", "jti": "1",
        "iat": NOW - 10, "nbf": NOW - 610, "exp": NOW + 290,
        "repository_id": "74", "repository_owner_id": "65", "ref": "refs/heads/main",
    })
}

/// The same with some of them other; null takes one out.
pub(crate) fn claims_with(changes: &Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    claims
}

/// How the issuer is configured.
pub(crate) fn issuer() -> Value {
    json!({
        "url": URL, "name": "github", "preset": "github", "algorithms": ["EdDSA"], "audiences": [AUDIENCE],
        "rule": [{"name": "app", "when": {"repository_id": "74"}, "grant": "submit"}],
    })
}

pub(crate) fn issuers(issuers: &[Value]) -> Issuers<String> {
    serde_json::from_value(json!(issuers)).unwrap()
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// What stands between a token and its identity.
pub(crate) struct Gate {
    pub(crate) issuers: Issuers<String>,
    pub(crate) keys: KeySet,
    pub(crate) replay: Replay,
}

impl Gate {
    pub(crate) fn new(issuer: &Value, keys: &[&Key]) -> Gate {
        let issuers = issuers(std::slice::from_ref(issuer));
        let jwks = json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()});
        let keys = KeySet::read(jwks.to_string().as_bytes(), issuers.iter().next().unwrap()).unwrap();
        Gate {
            issuers,
            keys,
            replay: Replay::new(at(NOW - 1_000)),
        }
    }

    pub(crate) fn check_at(&self, token: &str, second: i64) -> Result<Identity<String>, Refused> {
        let token = Unverified::read(token)?;
        verify(&token, &self.issuers, &self.keys, &self.replay, at(second))
    }

    pub(crate) fn check(&self, token: &str) -> Result<Identity<String>, Refused> {
        self.check_at(token, NOW)
    }
}
