//! The one line in which a finding is kept and sent. The only place of this crate that knows JSON.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Finding, FindingKind};
use crate::{
    key::MalformedKey,
    note::NOTE_BYTES_MAX,
    text::{self, excerpt},
    time::PosixTime,
};

impl Finding {
    /// Reads a finding: at most 5,000,000 bytes of JSON, whitespace around it allowed.
    ///
    /// # Errors
    ///
    /// If the bytes are not a finding. Whether a finding holds, only [`Finding::confirm`] can tell.
    pub fn parse(bytes: &[u8]) -> Result<Self, MalformedFinding> {
        if bytes.len() > FINDING_BYTES_MAX {
            return Err(MalformedFinding::TooLong { length: bytes.len() });
        }
        let wire: Wire = serde_json::from_slice(bytes).map_err(|reason| MalformedFinding::Json {
            reason: reason.to_string(),
        })?;
        if wire.format != TYPE {
            let found = excerpt(&wire.format);
            return Err(MalformedFinding::Type { found });
        }
        let hash = |hash: &String| text::hash(hash).ok_or_else(|| MalformedFinding::Hash { found: excerpt(hash) });
        let time = |&secs: &u64| PosixTime::from_secs(secs).ok_or(MalformedFinding::Time { secs });
        Ok(Self {
            kind: FindingKind::from_name(&wire.kind).ok_or_else(|| MalformedFinding::Kind {
                found: excerpt(&wire.kind),
            })?,
            key: wire.vkey.parse()?,
            heads: wire.heads,
            hashes: wire.hashes.iter().map(hash).collect::<Result<_, _>>()?,
            seen: wire.seen.iter().map(time).collect::<Result<_, _>>()?,
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wire = Wire {
            format: TYPE.to_owned(),
            kind: self.kind.as_str().to_owned(),
            vkey: self.key.to_string(),
            heads: self.heads.clone(),
            hashes: self.hashes.iter().map(|hash| STANDARD.encode(hash)).collect(),
            seen: self.seen.iter().map(|time| time.secs()).collect(),
        };
        f.write_str(&serde_json::to_string(&wire).expect("strings and numbers can always be written"))
    }
}

/// The members of the object, in their order. Unknown and repeated ones are refused.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(rename = "type")]
    format: String,
    kind: String,
    vkey: String,
    heads: Vec<String>,
    hashes: Vec<String>,
    seen: Vec<u64>,
}

/// Why bytes are not a finding.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MalformedFinding {
    /// The finding is larger than anybody needs.
    #[error("the finding has {length} bytes, at most {FINDING_BYTES_MAX} are allowed")]
    TooLong {
        /// Its bytes.
        length: usize,
    },
    /// It is not JSON, or not an object with these members.
    #[error("the finding is not the JSON that it should be: {reason}")]
    Json {
        /// What is wrong, with line and column.
        reason: String,
    },
    /// It is something else, or a version that this crate does not know.
    #[error("the type of the finding is not {TYPE:?} but {found:?}")]
    Type {
        /// How the type begins.
        found: String,
    },
    /// It is of a kind that this crate does not know.
    #[error("the finding is of the kind {found:?}, which is not known here")]
    Kind {
        /// How the kind begins.
        found: String,
    },
    /// The key of the log cannot be used.
    #[error("the key of the log: {0}")]
    Key(#[from] MalformedKey),
    /// A hash is none.
    #[error("{found:?} is not the base64 of a 32-byte hash")]
    Hash {
        /// How it begins.
        found: String,
    },
    /// A time is none.
    #[error("{secs} is not a time: times are below 2^63")]
    Time {
        /// The number in its place.
        secs: u64,
    },
}

const TYPE: &str = "indelible.finding.v1";
/// Two notes, every byte of which may be an LF or a quote that is escaped to two, and 1 MB for all the rest.
const FINDING_BYTES_MAX: usize = 4 * NOTE_BYTES_MAX + 1_000_000;
