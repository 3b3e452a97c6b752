//! An issuer of identity tokens, and a job, with keys whose seeds stand here.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use indelible_access::oidc::{Issuer, Issuers, KeySet};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::json;

pub(super) const URL: &str = "https://token.actions.githubusercontent.com";
pub(super) const AUDIENCE: &str = "https://log.example/acme";

pub(super) static ISSUERS: LazyLock<Issuers<String>> = LazyLock::new(|| {
    let issuer = json!({
        "url": URL, "name": "github", "preset": "github", "algorithms": ["EdDSA"], "audiences": [AUDIENCE],
        "rule": [{"name": "app", "when": {"repository_id": "74"}, "grant": "submit"}],
    });
    serde_json::from_value(json!([issuer])).expect("a good configuration")
});

pub(super) fn issuer() -> &'static Issuer<String> {
    ISSUERS.iter().next().expect("there is one")
}

pub(super) static KEYS: LazyLock<KeySet> =
    LazyLock::new(|| KeySet::read(jwks().as_bytes(), issuer()).expect("a good key set"));

/// What the issuer publishes.
pub(super) fn jwks() -> String {
    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x(1), "kid": "k", "alg": "EdDSA", "use": "sig"}]}).to_string()
}

/// The public half of a key, as in a JWK.
pub(super) fn x(seed: u8) -> String {
    encode(pair(seed).public_key().as_ref())
}

/// A compact JWS over these bytes, whatever they are.
pub(super) fn sign(seed: u8, header: &[u8], payload: &[u8]) -> String {
    let signed = format!("{}.{}", encode(header), encode(payload));
    let signature = encode(pair(seed).sign(signed.as_bytes()).as_ref());
    format!("{signed}.{signature}")
}

fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("any 32 bytes are a seed")
}

fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
