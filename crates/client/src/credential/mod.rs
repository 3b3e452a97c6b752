//! What shows a log who asks, on its way out and back: it is sent over TLS or to this machine only, to the host that was meant and no
//! other, and nothing prints it. What the log answers to it is told apart by who can do something about it.

mod certificate;
mod channel;
mod denied;
mod error;
mod file;
mod refusal;
mod sent;
mod token;

pub use certificate::ClientCertificate;
pub(crate) use channel::Authorized;
pub use denied::{Denied, Shown};
pub use error::CredentialError;
pub use file::TokenFile;
pub(crate) use refusal::{denied_by_http, denied_by_status, denied_by_tls};
pub(crate) use sent::{Sending, shown as shown_url};
pub use token::{BadToken, TOKEN_BYTES_MAX, Token};

/// Who asks, as it is said with each request.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Credential {
    /// Nobody in particular.
    #[default]
    None,
    /// Whoever has this token.
    Bearer(Token),
    /// Whoever has the token that is in a file, which may be another one by and by.
    BearerFile(TokenFile),
}

impl Credential {
    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        matches!(self, Credential::None)
    }

    /// The token for the next request.
    fn token(&self) -> Option<Token> {
        match self {
            Credential::None => None,
            Credential::Bearer(token) => Some(token.clone()),
            Credential::BearerFile(file) => Some(file.token()),
        }
    }
}
