//! Salted disclosures, as SD-JWT has them (RFC 9901, 4.2.1): `d` is the canonical JSON of `[salt, name, value]`, its text is base64url(`d`)
//! without padding, and the leaf holds the SHA-256 of the text.
//!
//! A salt has 128 random bits. Whoever lacks it cannot confirm a guess of the value from its digest, so that the digest may stay
//! when the value is erased.

mod digest;
mod salt;

pub use digest::Digest;
pub(crate) use salt::SALT_TEXT_BYTES;
pub use salt::Salt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// Appends `["<salt>","<name>",`. The value and a closing bracket are the caller's to write.
pub(crate) fn open_disclosure(out: &mut Vec<u8>, salt: &Salt, name: &str) {
    out.extend_from_slice(b"[\"");
    out.extend_from_slice(&salt.text());
    out.extend_from_slice(b"\",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\",");
}

/// The parts of a disclosure whose name needs no escapes, as that of every member.
#[derive(Debug)]
pub(crate) struct Parts<'d> {
    pub(crate) name: &'d str,
    pub(crate) value: &'d [u8],
}

/// Takes a disclosure apart; what stands in place of the value is not looked at.
pub(crate) fn split_disclosure(d: &[u8]) -> Option<Parts<'_>> {
    let rest = d.strip_prefix(b"[\"")?;
    let (salt, rest) = rest.split_at_checked(SALT_TEXT_BYTES)?;
    Salt::parse(salt)?;
    let rest = rest.strip_prefix(b"\",\"")?;
    let end = rest.iter().take(NAME_BYTES_MAX + 1).position(|&byte| byte == b'"')?;
    let (name, rest) = rest.split_at(end);
    let value = rest.strip_prefix(b"\",")?.strip_suffix(b"]")?;
    Some(Parts {
        name: str::from_utf8(name).ok()?,
        value,
    })
}

/// The text of a disclosure: base64url without padding.
pub(crate) fn disclosure_text(d: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(d)
}

/// The bytes of a disclosure from its text, in its one spelling.
pub(crate) fn disclosure_bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// What a disclosure has besides its value: the salt, the longest name (`correlation`), six quotes, commas and brackets more than
/// they.
pub(crate) const DISCLOSURE_OVERHEAD: usize = SALT_TEXT_BYTES + NAME_BYTES_MAX + 8;

const NAME_BYTES_MAX: usize = 11;
