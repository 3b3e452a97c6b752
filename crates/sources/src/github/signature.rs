//! `X-Hub-Signature-256`: HMAC-SHA256 of the body under the secret. The older `X-Hub-Signature`, by SHA-1, is never read.

use data_encoding::HEXLOWER;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use crate::{Delivery, Repeated, Secret, Secrets};

/// A body that was signed by somebody who knows the secret. Only [`verify`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct Authentic<'a> {
    body: &'a [u8],
    secret: WhichSecret,
}

impl<'a> Authentic<'a> {
    /// The bytes that were signed.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The secret that they were signed with.
    pub fn secret(&self) -> WhichSecret {
        self.secret
    }
}

/// Which of the two secrets a signature was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichSecret {
    /// The one in use.
    Current,
    /// The one that is being replaced.
    Previous,
}

/// Checks the signature of a delivery. Costs one SHA-256 of the body for each secret that is configured, whichever is the right one:
/// neither the time it takes nor the answer tells how much of a signature is right, or which secret was tried.
///
/// # Errors
///
/// There is no signature, or not one of the form that GitHub sends, or it was made with another secret or for other bytes.
pub fn verify<'a>(delivery: &Delivery<'a>, secrets: &Secrets) -> Result<Authentic<'a>, BadSignature> {
    let text = delivery.header(HEADER)?.ok_or(BadSignature::Missing)?;
    let hex = text.strip_prefix(PREFIX.as_bytes()).ok_or(BadSignature::Malformed)?;
    if hex.len() != 2 * MAC_BYTES {
        return Err(BadSignature::Malformed);
    }
    let claimed = HEXLOWER.decode(hex).map_err(|_| BadSignature::Malformed)?;
    let is_by = |secret: &Secret| -> Choice { mac(secret, delivery.body).ct_eq(claimed.as_slice()) };
    let by_current = is_by(&secrets.current);
    let by_previous = secrets.previous.as_ref().map_or(Choice::from(0), is_by);
    if !bool::from(by_current | by_previous) {
        return Err(BadSignature::Wrong);
    }
    let secret = if bool::from(by_current) {
        WhichSecret::Current
    } else {
        WhichSecret::Previous
    };
    Ok(Authentic {
        body: delivery.body,
        secret,
    })
}

/// The value of the header for a body: what GitHub would send.
pub fn sign(secret: &Secret, body: &[u8]) -> String {
    format!("{PREFIX}{}", HEXLOWER.encode(&mac(secret, body)))
}

fn mac(secret: &Secret, body: &[u8]) -> [u8; MAC_BYTES] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes keys of every length");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

/// Why a delivery is not from somebody who knows the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// Most often the hook was made without a secret.
    #[error("there is no {HEADER}: has the hook been given its secret?")]
    Missing,
    /// It came twice.
    #[error(transparent)]
    Repeated(#[from] Repeated),
    /// It is not what GitHub sends.
    #[error("{HEADER} is not {PREFIX} and 64 digits of lowercase hex")]
    Malformed,
    /// The body or the secret is another one.
    #[error("{HEADER} was not made with the secret for this body")]
    Wrong,
}

const HEADER: &str = "x-hub-signature-256";
const PREFIX: &str = "sha256=";
/// Of SHA-256.
const MAC_BYTES: usize = 32;
