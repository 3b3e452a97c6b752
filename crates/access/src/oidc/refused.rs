//! Why a token is not believed. It is the fault of who presents it, or of what is configured for its issuer.
//!
//! No variant holds a token or a part of one that is worth anything: values of claims are shown, cut and escaped.

use std::fmt;

use jiff::Timestamp;

use super::algorithm::{Algorithm, BadAlgorithm};
use super::replay::REPLAY_ENTRIES_MAX;
use super::token::TOKEN_BYTES_MAX;

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is longer than any should be. Nothing of it was read.
    #[error("the token has {bytes} bytes, and at most {TOKEN_BYTES_MAX} are read")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// It is not a signed token in compact form (RFC 7515, section 7.1).
    #[error("not an identity token: {0}")]
    Malformed(#[from] Malformed),
    /// Its header has extensions that must be understood, and none are (RFC 7515, 4.1.11).
    #[error("the token's header has `crit`, and no extension is understood here")]
    Critical,
    /// It is a token for another purpose (RFC 8725, 3.11).
    #[error("the token is of type {got}, not JWT")]
    Type {
        /// What it says it is.
        got: Shown,
    },
    /// It is not signed in a way that a public key could verify.
    #[error("the token's algorithm: {0}")]
    Algorithm(#[from] BadAlgorithm),
    /// It does not name its key.
    #[error("the token's header has no `kid`")]
    NoKeyId,
    /// Its issuer is not configured.
    #[error("no issuer {got} is configured here (the exact URL counts, its last slash, too)")]
    UnknownIssuer {
        /// The issuer that it names.
        got: Shown,
    },
    /// The keys are another issuer's: the caller's mistake.
    #[error("these are not the keys of {issuer}")]
    OtherIssuersKeys {
        /// The name of the token's issuer.
        issuer: String,
    },
    /// The issuer's tokens are signed otherwise.
    #[error("tokens of {issuer} are not accepted with {algorithm}")]
    AlgorithmNotAllowed {
        /// The name of the issuer.
        issuer: String,
        /// What the token is signed with.
        algorithm: Algorithm,
    },
    /// The issuer has no such key, as far as is known now.
    #[error("{issuer} has no key {key_id} that may be used")]
    UnknownKey {
        /// The name of the issuer.
        issuer: String,
        /// The key that the token names.
        key_id: Shown,
    },
    /// The key is of another kind than the algorithm needs.
    #[error("the key {key_id} of {issuer} is not one for {algorithm}")]
    KeyUnfit {
        /// The name of the issuer.
        issuer: String,
        /// The key.
        key_id: Shown,
        /// What the token is signed with.
        algorithm: Algorithm,
    },
    /// The issuer did not sign it, or it was changed since.
    #[error("the signature is not one of the key {key_id} of {issuer}")]
    Signature {
        /// The name of the issuer.
        issuer: String,
        /// The key.
        key_id: Shown,
    },
    /// A claim cannot be used.
    #[error("the claim `{claim}` {problem}")]
    Claim {
        /// Which.
        claim: String,
        /// What is wrong with it.
        problem: ClaimProblem,
    },
    /// Its time is over.
    #[error("the token expired at {at}")]
    Expired {
        /// Until when it was good.
        at: Timestamp,
    },
    /// Its time has not come.
    #[error("the token is not valid before {from}")]
    NotYetValid {
        /// From when it will be.
        from: Timestamp,
    },
    /// It was issued in the future: a clock is wrong, the issuer's or this one.
    #[error("the token was issued at {at}, which has not come yet")]
    IssuedInTheFuture {
        /// When.
        at: Timestamp,
    },
    /// It is good for longer than a token of this issuer may be.
    #[error("the token lives for {seconds} s, and tokens of {issuer} may live for {seconds_max} s")]
    LivesTooLong {
        /// The name of the issuer.
        issuer: String,
        /// From `iat` to `exp`; not positive if they are the wrong way round.
        seconds: i64,
        /// What is allowed.
        seconds_max: i64,
    },
    /// It is meant for somebody else, who could have passed it on.
    #[error("the token's audience is {}; every one of it must be configured for {issuer}", list(.got))]
    Audience {
        /// The name of the issuer.
        issuer: String,
        /// Whom it is meant for.
        got: Vec<Shown>,
    },
    /// It names two keys, so that it cannot be told whose signatures are meant.
    #[error("the token is bound to two different keys")]
    TwoKeys,
    /// Somebody can log in by SSH to the job that it speaks of.
    #[error("the job was started again with SSH, and no rule asks for that (`oidc.circleci.com/ssh-rerun`)")]
    SshRerun,
    /// Nobody said what it may do.
    #[error("the token is genuine, but no rule of {issuer} is for it")]
    NoRule {
        /// The name of the issuer.
        issuer: String,
    },
    /// It was used, and may be used once.
    #[error("the token was used before, and tokens of {issuer} are good for one use")]
    UsedBefore {
        /// The name of the issuer.
        issuer: String,
    },
    /// Whether it was used cannot be known, and it may be used once.
    #[error(
        "whether this token was used before cannot be known, as it may be older than the memory of this service ({since}); fetch a new one"
    )]
    OlderThanMemory {
        /// Since when uses are remembered.
        since: Timestamp,
    },
    /// Whether it was used could not be remembered.
    #[error(
        "{REPLAY_ENTRIES_MAX} tokens that are good for one use are remembered, and no more; try again when some have expired"
    )]
    ReplayFull,
}

/// In which way a text is not a signed token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It has not three parts.
    #[error("it is not three parts with dots between them")]
    Parts,
    /// A part is not base64url without padding, or not the only way to write what it says.
    #[error("its {0} is not base64url")]
    Base64(&'static str),
    /// A part is not an object of JSON.
    #[error("its {0} is not an object of JSON")]
    Json(&'static str),
    /// A part says something twice.
    #[error("its {0} has two members of one name")]
    Repeated(&'static str),
    /// A member of the header is of the wrong type.
    #[error("`{0}` in its header is not a text of a reasonable length")]
    Header(&'static str),
}

/// What is wrong with a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimProblem {
    /// It must be there.
    #[error("is missing")]
    Missing,
    /// It is of another type than it should be.
    #[error("is of the wrong type")]
    WrongType,
    /// It is longer than any should be, or empty.
    #[error("is empty or too long")]
    Length,
    /// It has characters that are not for reading.
    #[error("has control characters")]
    Control,
}

/// A text of a stranger, as it may stand in a message: cut, and with everything escaped that a terminal could take for an order.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    pub(crate) fn new(text: &str) -> Shown {
        let mut shown: String = text.chars().take(SHOWN_CHARS_MAX).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        Shown(shown)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl Refused {
    /// For whoever looks for an issuer before there is anything to check.
    pub fn unknown_issuer(url: &str) -> Refused {
        Refused::UnknownIssuer { got: Shown::new(url) }
    }

    pub(super) fn claim(claim: impl fmt::Display, problem: ClaimProblem) -> Refused {
        Refused::Claim {
            claim: claim.to_string(),
            problem,
        }
    }
}

fn list(texts: &[Shown]) -> String {
    match texts {
        [] => "nobody".to_owned(),
        texts => texts.iter().map(Shown::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// An issuer, a key or an audience can be told by that much.
const SHOWN_CHARS_MAX: usize = 120;
