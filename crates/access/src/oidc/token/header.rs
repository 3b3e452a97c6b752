//! The header: which algorithm, which key.
//!
//! Read are `alg`, `kid`, `typ` and `crit`. A key that a header brings along (`jwk`, `x5c`) or the address of one (`jku`, `x5u`) is
//! whoever made the token telling us what to believe it by: such members are not looked at.

use serde_json::{Map, Value};

use crate::oidc::algorithm::Algorithm;
use crate::oidc::refused::{Malformed, Refused, Shown};

#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: String,
}

impl Header {
    pub(super) fn read(header: &Map<String, Value>) -> Result<Header, Refused> {
        if header.contains_key("crit") {
            return Err(Refused::Critical);
        }
        if let Some(kind) = text(header, "typ")? {
            let kind = kind.to_ascii_lowercase();
            let kind = kind.strip_prefix("application/").unwrap_or(&kind);
            if !TYPES.contains(&kind) {
                return Err(Refused::Type { got: Shown::new(kind) });
            }
        }
        let algorithm = text(header, "alg")?.ok_or(Refused::Malformed(Malformed::Header("alg")))?;
        let algorithm = algorithm.parse()?;
        let key_id = text(header, "kid")?.ok_or(Refused::NoKeyId)?;
        Ok(Header {
            algorithm,
            key_id: key_id.to_owned(),
        })
    }
}

fn text<'h>(header: &'h Map<String, Value>, name: &'static str) -> Result<Option<&'h str>, Refused> {
    match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if (1..=HEADER_TEXT_BYTES_MAX).contains(&text.len()) => Ok(Some(text)),
        Some(_) => Err(Refused::Malformed(Malformed::Header(name))),
    }
}

/// Identity tokens and access tokens (RFC 9068). Not those of other kinds that one issuer may sign with the same key, such as logout
/// tokens.
const TYPES: [&str; 2] = ["jwt", "at+jwt"];
/// A key is called by a hash of 32 to 64 bytes in hex, or by a URL.
const HEADER_TEXT_BYTES_MAX: usize = 512;
