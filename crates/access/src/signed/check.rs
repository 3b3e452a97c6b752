//! The check of a signed event: the only place that makes a [`SignedEvent`].
//!
//! The key comes with the text, and is believed for its thumbprint only: it must be the one that whoever asks has from elsewhere. Read of
//! the header are `typ`, `alg`, `jwk`, `crit` and `b64`; keys that it names by address or certificate are not looked at.

use serde_json::{Map, Value, json};

use crate::oidc::json::{BadJson, object};
use crate::oidc::keys::Key;
use crate::oidc::token::compact::Compact;
use crate::oidc::{Algorithm, Malformed, Shown, Thumbprint, Unusable, signature};

use super::NotSigned;

/// The `typ` of a signed event (RFC 8725, 3.11): nothing that a key has signed for another purpose is one.
pub const TYPE: &str = "indelible-event+jws";

/// As long as a request is. What a log keeps of raw bytes is less, mostly.
pub const SIGNED_BYTES_MAX: usize = 4 << 20;

/// An event that a key has signed. Only [`check`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedEvent {
    text: String,
    header: Vec<u8>,
    payload: Vec<u8>,
    algorithm: Algorithm,
    key: Thumbprint,
}

/// Checks that this text is an event that the key with this thumbprint has signed.
///
/// Costs a pass over the text and one verification; a text with another key in it, the pass alone.
///
/// # Errors
///
/// If anything about it is not as it should be.
pub fn check(text: &str, key: &Thumbprint) -> Result<SignedEvent, NotSigned> {
    if text.len() > SIGNED_BYTES_MAX {
        return Err(NotSigned::TooLong { bytes: text.len() });
    }
    let compact = Compact::split(text)?;
    let header_json = compact.header()?;
    if header_json.len() > HEADER_BYTES_MAX {
        return Err(NotSigned::LongHeader {
            bytes: header_json.len(),
        });
    }
    let header = object(&header_json).map_err(|error| match error {
        BadJson::NotAnObject => Malformed::Json("header"),
        BadJson::Repeated => Malformed::Repeated("header"),
    })?;
    let algorithm = algorithm(&header)?;
    let jwk = header.get("jwk").ok_or(NotSigned::NoPublicKey)?;
    let public = public(jwk)?;
    if !public.suits(algorithm) {
        return Err(NotSigned::KeyUnfit(algorithm));
    }
    let (got, bound) = (public.thumbprint, *key);
    if got != bound {
        return Err(NotSigned::OtherKey { got, bound });
    }
    let signature = compact.signature()?;
    signature::check(algorithm, &public.material, compact.signed.as_bytes(), &signature)
        .ok_or(NotSigned::Signature { key: bound })?;
    Ok(SignedEvent {
        header: header_json,
        payload: compact.payload()?,
        text: text.to_owned(),
        algorithm,
        key: bound,
    })
}

impl SignedEvent {
    /// All of it, as it came.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The JSON of its header.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// What was signed.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// How.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// By which key.
    pub fn key(&self) -> &Thumbprint {
        &self.key
    }

    /// What was verified, as it stands in the member `submitter` of an event, under `signed`.
    pub fn verified(&self) -> Value {
        json!({"algorithm": self.algorithm.as_str(), "thumbprint": self.key.to_string()})
    }
}

fn algorithm(header: &Map<String, Value>) -> Result<Algorithm, NotSigned> {
    for extension in ["crit", "b64"] {
        if header.contains_key(extension) {
            return Err(NotSigned::Extension(extension));
        }
    }
    let word = |name| {
        let text = header.get(name).and_then(Value::as_str);
        text.ok_or(Malformed::Header(name))
    };
    let kind = word("typ")?.to_ascii_lowercase();
    if kind.strip_prefix("application/").unwrap_or(&kind) != TYPE {
        return Err(NotSigned::Type { got: Shown::new(&kind) });
    }
    match word("alg")?.parse()? {
        known @ (Algorithm::EdDsa | Algorithm::Es256) => Ok(known),
        other => Err(NotSigned::OtherAlgorithm(other)),
    }
}

/// The key, if nothing of it is secret. Whoever sends a private half has given it away, and should hear of it.
fn public(jwk: &Value) -> Result<Key, Unusable> {
    match jwk.as_object() {
        Some(members) if PRIVATE.iter().any(|name| members.contains_key(*name)) => Err(Unusable::Private),
        _ => Key::read(jwk),
    }
}

/// The private members of all kinds of keys (RFC 7518, 6.2.2, 6.3.2, 6.4.1; RFC 8037, 2).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A key of P-256 with all that can be said of it has 300 bytes.
pub(super) const HEADER_BYTES_MAX: usize = 4 << 10;
