//! A log that does not let somebody in.

use std::fmt;
use std::time::Duration;

/// What a client shows of itself, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// A bearer token.
    pub token: bool,
    /// A client certificate.
    pub certificate: bool,
}

impl Shown {
    /// Neither.
    pub const NOTHING: Shown = Shown {
        token: false,
        certificate: false,
    };
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.token, self.certificate) {
            (false, false) => "nothing",
            (true, false) => "this token",
            (false, true) => "this client certificate",
            (true, true) => "this token and this client certificate",
        })
    }
}

/// The log does not let this one in, or not now, told apart by who can do something about it. By its words nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The caller's to correct: nothing was shown, and that is not enough (`UNAUTHENTICATED`, HTTP 401).
    #[error("the log wants to know who asks, and was shown nothing ({words}){WAY_OUT}")]
    NothingShown {
        /// The log's words.
        words: String,
    },
    /// The caller's to replace: what was shown is not known, or not any more (`UNAUTHENTICATED`, HTTP 401).
    #[error(
        "the log does not know {shown}: it may have been revoked, have expired, or be meant for another log ({words})"
    )]
    NotKnown {
        /// What was shown.
        shown: Shown,
        /// The log's words.
        words: String,
    },
    /// For whoever runs the log to allow, or not (`PERMISSION_DENIED`, HTTP 403).
    #[error("the log does not allow this: {words}{}", role(.shown))]
    NotAllowed {
        /// What was shown.
        shown: Shown,
        /// The log's words.
        words: String,
    },
    /// For time to heal: somebody has sent more than is allowed, or the log has no more room (`RESOURCE_EXHAUSTED`, HTTP 429).
    #[error("the log takes no more for now: {words}{}", wait(.after))]
    TooMuch {
        /// The log's words.
        words: String,
        /// When it wants to be asked again, if it says so.
        after: Option<Duration>,
    },
    /// The certificate does not get through the handshake of TLS, or there is none.
    #[error("the log refuses the connection, which has shown it {shown} ({alert}){}", certificate(.shown))]
    Handshake {
        /// What was shown.
        shown: Shown,
        /// What TLS says, as `CertificateRequired` or `CertificateRevoked`.
        alert: String,
    },
}

impl Denied {
    /// When the log wants to be asked again, if it says so.
    pub fn after(&self) -> Option<Duration> {
        match self {
            Denied::TooMuch { after, .. } => *after,
            _ => None,
        }
    }
}

fn role(shown: &Shown) -> String {
    match *shown {
        Shown::NOTHING => WAY_OUT.to_owned(),
        shown => format!("\n\nif a role is missing, whoever runs the log can give it to {shown}"),
    }
}

fn wait(after: &Option<Duration>) -> String {
    after.map_or_else(String::new, |after| {
        format!("; it wants to be asked again in {after:?}")
    })
}

fn certificate(shown: &Shown) -> &'static str {
    match shown.certificate {
        false => "\n\nif it asks for a client certificate: --client-cert FILE --client-key FILE",
        true => "\n\nit may be of an authority that the log does not know, have expired, or have been revoked",
    }
}

const WAY_OUT: &str =
    "\n\nshow a token by --token-file FILE or INDELIBLE_TOKEN, or a client certificate by --client-cert";
