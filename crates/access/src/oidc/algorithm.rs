//! Signature algorithms of JOSE (RFC 7518, RFC 8037, RFC 9864): those that a public key verifies.
//!
//! There is no `none` here and no `HS…`, so that no configuration can allow them and no token can ask for them: a public key taken
//! for the secret of an HMAC is one that everybody knows.

use std::fmt;
use std::str::FromStr;

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSA, PKCS #1 v1.5, SHA-256.
    Rs256,
    /// RSA, PKCS #1 v1.5, SHA-384.
    Rs384,
    /// RSA, PKCS #1 v1.5, SHA-512.
    Rs512,
    /// RSA, PSS, SHA-256.
    Ps256,
    /// RSA, PSS, SHA-384.
    Ps384,
    /// RSA, PSS, SHA-512.
    Ps512,
    /// ECDSA, P-256, SHA-256.
    Es256,
    /// ECDSA, P-384, SHA-384.
    Es384,
    /// Ed25519. Also called `Ed25519` (RFC 9864).
    EdDsa,
}

/// A name that is none of an [`Algorithm`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAlgorithm {
    /// Nothing is signed.
    #[error("\"none\" is not accepted: such a token is not signed")]
    Unsigned,
    /// Who can verify it can also make it.
    #[error("{0:?} is not accepted: it is verified with a secret, and an issuer's keys are public")]
    Shared(String),
    /// It is not known here.
    #[error("{0:?} is not known; there are RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA")]
    Unknown(String),
}

impl Algorithm {
    /// The name in a token's header.
    pub fn as_str(self) -> &'static str {
        match self {
            Algorithm::Rs256 => "RS256",
            Algorithm::Rs384 => "RS384",
            Algorithm::Rs512 => "RS512",
            Algorithm::Ps256 => "PS256",
            Algorithm::Ps384 => "PS384",
            Algorithm::Ps512 => "PS512",
            Algorithm::Es256 => "ES256",
            Algorithm::Es384 => "ES384",
            Algorithm::EdDsa => "EdDSA",
        }
    }
}

impl FromStr for Algorithm {
    type Err = BadAlgorithm;

    /// By its exact name: RFC 7515 (4.1.1) tells the case of letters apart.
    fn from_str(name: &str) -> Result<Algorithm, BadAlgorithm> {
        Ok(match name {
            "RS256" => Algorithm::Rs256,
            "RS384" => Algorithm::Rs384,
            "RS512" => Algorithm::Rs512,
            "PS256" => Algorithm::Ps256,
            "PS384" => Algorithm::Ps384,
            "PS512" => Algorithm::Ps512,
            "ES256" => Algorithm::Es256,
            "ES384" => Algorithm::Es384,
            "EdDSA" | "Ed25519" => Algorithm::EdDsa,
            other if other.eq_ignore_ascii_case("none") => return Err(BadAlgorithm::Unsigned),
            "HS256" | "HS384" | "HS512" => return Err(BadAlgorithm::Shared(name.to_owned())),
            other => return Err(BadAlgorithm::Unknown(other.chars().take(NAME_CHARS_SHOWN).collect())),
        })
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The longest name that is registered (`RSA-OAEP-512`) has 12.
const NAME_CHARS_SHOWN: usize = 32;
