//! What every test here needs.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use indelible::identity::oidc::{Oidc, OidcOptions, Refresh};
use indelible_access::oidc::Issuers;
use jiff::Timestamp;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

pub(crate) const AUDIENCE: &str = "https://log.example/acme";

/// A key of an issuer, of Ed25519.
pub(crate) struct Key {
    id: String,
    pair: Ed25519KeyPair,
}

impl Key {
    pub(crate) fn new(id: &str) -> Key {
        let mut seed = [0; 32];
        seed[..id.len()].copy_from_slice(id.as_bytes());
        Key {
            id: id.to_owned(),
            pair: Ed25519KeyPair::from_seed_unchecked(&seed).unwrap(),
        }
    }

    pub(crate) fn jwk(&self) -> Value {
        let x = BASE64_URL_SAFE_NO_PAD.encode(self.pair.public_key());
        json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.id})
    }

    /// A token of the issuer at `url` that lives five minutes.
    pub(crate) fn token(&self, url: &str, jti: &str) -> String {
        let now = Timestamp::now().as_second();
        let claims = json!({"iss": url, "aud": AUDIENCE, "sub": "robot", "jti": jti, "iat": now, "exp": now + 300});
        let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!(
            "{}.{}",
            encode(&json!({"alg": "EdDSA", "kid": self.id})),
            encode(&claims)
        );
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.pair.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

pub(crate) fn jwks(keys: &[&Key]) -> String {
    json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()}).to_string()
}

/// An issuer of tokens of whoever is called `robot`.
pub(crate) fn issuer(url: &str) -> Value {
    json!({
        "url": url, "name": "ci", "preset": "generic", "algorithms": ["EdDSA"], "audiences": [AUDIENCE],
        "rule": [{"name": "robot", "when": {"sub": "robot"}, "grant": "submit"}],
    })
}

pub(crate) fn oidc(issuer: &Value, options: &OidcOptions) -> Oidc<String> {
    let issuers: Issuers<String> = serde_json::from_value(json!([issuer])).unwrap();
    Oidc::new(issuers, options, now() - Duration::from_secs(600)).unwrap()
}

pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Nothing is fetched twice in the time that a test takes.
pub(crate) fn seldom() -> OidcOptions {
    OidcOptions {
        refresh: Refresh {
            interval_min: Duration::from_secs(3_600),
            age_max: Duration::from_secs(3_600),
            stale_max: Duration::from_secs(7_200),
        },
        ..OidcOptions::default()
    }
}

/// Whatever is not known is fetched at once.
pub(crate) fn often() -> OidcOptions {
    let seldom = seldom();
    OidcOptions {
        refresh: Refresh {
            interval_min: Duration::ZERO,
            ..seldom.refresh
        },
        ..seldom
    }
}
