//! What signatures of somebody mean, and whether they are asked for.

use crate::oidc::BoundKey;

use super::{NotSigned, SignedEvent, check};

/// By which key somebody may sign events, and whether they must. By default there is none, and nothing needs to be signed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signing {
    key: Option<BoundKey>,
    demanded: bool,
}

impl Signing {
    pub(crate) fn of(key: Option<BoundKey>, demanded: bool) -> Signing {
        Signing { key, demanded }
    }

    /// Checks what they have signed.
    ///
    /// # Errors
    ///
    /// If they have no key, or it has not signed this.
    pub fn check(&self, text: &str) -> Result<SignedEvent, NotSigned> {
        let key = self.key.as_ref().ok_or(NotSigned::NoKey)?;
        check(text, key.thumbprint())
    }

    /// Lets pass what they have not signed.
    ///
    /// # Errors
    ///
    /// If they must.
    pub fn unsigned(&self) -> Result<(), NotSigned> {
        match self.demanded {
            true => Err(NotSigned::Unsigned),
            false => Ok(()),
        }
    }
}
