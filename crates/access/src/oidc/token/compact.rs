//! The three parts of a token in compact form (RFC 7515, section 7.1).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::oidc::refused::Malformed;

pub(crate) struct Compact<'t> {
    header: &'t str,
    payload: &'t str,
    signature: &'t str,
    /// Header and payload with the dot between them.
    pub(crate) signed: &'t str,
}

impl<'t> Compact<'t> {
    pub(crate) fn split(token: &'t str) -> Result<Compact<'t>, Malformed> {
        let parts = || -> Option<Compact<'t>> {
            let (signed, signature) = token.rsplit_once('.')?;
            let (header, payload) = signed.split_once('.')?;
            let whole = !payload.contains('.') && !header.is_empty() && !payload.is_empty();
            whole.then_some(Compact {
                header,
                payload,
                signature,
                signed,
            })
        };
        parts().ok_or(Malformed::Parts)
    }

    pub(crate) fn header(&self) -> Result<Vec<u8>, Malformed> {
        decode(self.header, "header")
    }

    pub(crate) fn payload(&self) -> Result<Vec<u8>, Malformed> {
        decode(self.payload, "payload")
    }

    pub(crate) fn signature(&self) -> Result<Vec<u8>, Malformed> {
        decode(self.signature, "signature")
    }
}

/// Without padding, without white space, and with zeros in the bits that are left over: one text for one content.
fn decode(text: &str, part: &'static str) -> Result<Vec<u8>, Malformed> {
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(text);
    decoded.map_err(|_| Malformed::Base64(part))
}
