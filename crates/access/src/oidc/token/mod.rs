//! A token before anything of it is believed.

pub(crate) mod compact;
mod header;

use std::fmt;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::json::{self, BadJson};
use super::refused::{ClaimProblem, Malformed, Refused};
use compact::Compact;
use header::Header;

/// Tokens of CI systems have 1 to 3 KiB; a header of HTTP has room for 8 to 16 KiB.
pub const TOKEN_BYTES_MAX: usize = 16 << 10;

/// A token that was read, and of which nothing is known yet. It tells which issuer's key it wants to be checked with, which is all that
/// is needed to get one; its claims come out of [`verify`](super::verify) only.
pub struct Unverified<'t> {
    compact: Compact<'t>,
    header: Header,
    claims: Map<String, Value>,
    issuer: String,
    sha256: [u8; 32],
}

impl<'t> Unverified<'t> {
    /// Reads a token: three parts in base64url, the first two of them objects of JSON in which no name stands twice.
    ///
    /// # Errors
    ///
    /// If it is too long, not such a text, or signed in a way that no public key can verify.
    pub fn read(token: &'t str) -> Result<Unverified<'t>, Refused> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Refused::TooLong { bytes: token.len() });
        }
        let compact = Compact::split(token)?;
        let header = Header::read(&object(&compact.header()?, "header")?)?;
        let claims = object(&compact.payload()?, "payload")?;
        let issuer = match claims.get("iss") {
            Some(Value::String(issuer)) => issuer.clone(),
            Some(_) => return Err(Refused::claim("iss", ClaimProblem::WrongType)),
            None => return Err(Refused::claim("iss", ClaimProblem::Missing)),
        };
        Ok(Unverified {
            compact,
            header,
            claims,
            issuer,
            sha256: token_sha256(token),
        })
    }

    /// The issuer that it names. Good for choosing the keys that it is checked with, and for nothing else.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The key that it names.
    pub fn key_id(&self) -> &str {
        &self.header.key_id
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    /// What the signature is over.
    pub(super) fn signed(&self) -> &'t str {
        self.compact.signed
    }

    pub(super) fn signature(&self) -> Result<Vec<u8>, Refused> {
        Ok(self.compact.signature()?)
    }

    /// For [`verify`](super::verify) alone, behind the check of the signature.
    pub(super) fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    pub(super) fn sha256(&self) -> [u8; 32] {
        self.sha256
    }
}

impl fmt::Debug for Unverified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unverified")
            .field("issuer", &self.issuer)
            .field("key_id", &self.header.key_id)
            .finish_non_exhaustive()
    }
}

/// By what a token is known where it is not kept: the SHA-256 of its text.
pub fn token_sha256(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

fn object(bytes: &[u8], part: &'static str) -> Result<Map<String, Value>, Refused> {
    json::object(bytes).map_err(|error| {
        Refused::Malformed(match error {
            BadJson::NotAnObject => Malformed::Json(part),
            BadJson::Repeated => Malformed::Repeated(part),
        })
    })
}
