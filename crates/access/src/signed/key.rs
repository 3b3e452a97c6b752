//! The key of a job: made for it, and thrown away with it.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use crate::oidc::{BOUND, Thumbprint};

use super::TYPE;

/// A key of Ed25519 with which a job signs its events. Its file is a JWK (RFC 7517, RFC 8037), which libraries of JOSE read, too.
pub struct JobKey {
    seed: Zeroizing<[u8; 32]>,
    pair: Ed25519KeyPair,
}

/// A text that is no key of a job. None of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no private JWK of Ed25519 (`kty` OKP, `crv` Ed25519, `d` and `x` that belong together)")]
pub struct BadJobKey;

impl JobKey {
    /// The key of 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> JobKey {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("any 32 bytes are a seed");
        JobKey {
            seed: Zeroizing::new(*seed),
            pair,
        }
    }

    /// Reads a private JWK.
    ///
    /// # Errors
    ///
    /// If it is none of Ed25519, or its two halves do not belong together.
    pub fn from_jwk(text: &[u8]) -> Result<JobKey, BadJobKey> {
        #[derive(Deserialize)]
        struct Jwk<'j> {
            kty: &'j str,
            crv: &'j str,
            d: &'j str,
            x: &'j str,
        }
        let Jwk { kty, crv, d, x } = serde_json::from_slice(text).map_err(|_| BadJobKey)?;
        let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| BadJobKey);
        let d = Zeroizing::new(decode(d)?);
        let seed: &[u8; 32] = d.as_slice().try_into().map_err(|_| BadJobKey)?;
        let key = JobKey::from_seed(seed);
        let belongs = key.pair.public_key().as_ref() == decode(x)?;
        match kty == "OKP" && crv == "Ed25519" && belongs {
            true => Ok(key),
            false => Err(BadJobKey),
        }
    }

    /// The private JWK, for a file that nobody else reads.
    pub fn to_jwk(&self) -> Zeroizing<String> {
        let d = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(self.seed.as_slice()));
        let (d, x) = (d.as_str(), self.x());
        Zeroizing::new(format!(
            "{{\"crv\":\"Ed25519\",\"d\":\"{d}\",\"kty\":\"OKP\",\"x\":\"{x}\"}}\n"
        ))
    }

    /// By what tokens name it.
    pub fn thumbprint(&self) -> Thumbprint {
        Thumbprint::of(&[("crv", "Ed25519"), ("kty", "OKP"), ("x", &self.x())])
    }

    /// What to ask for where a log has this audience, so that the token is bound to the key.
    pub fn audience(&self, audience: &str) -> String {
        format!("{audience}{BOUND}{}", self.thumbprint())
    }

    /// Signs an event: the JSON that would be submitted without a signature. The same key and event give the same text.
    pub fn sign(&self, event: &[u8]) -> String {
        let header = json!({"alg": "EdDSA", "jwk": {"crv": "Ed25519", "kty": "OKP", "x": self.x()}, "typ": TYPE});
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let signed = format!("{}.{}", encode(header.to_string().as_bytes()), encode(event));
        let signature = encode(self.pair.sign(signed.as_bytes()).as_ref());
        format!("{signed}.{signature}")
    }

    fn x(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.pair.public_key())
    }
}

impl fmt::Debug for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobKey({})", self.thumbprint())
    }
}
