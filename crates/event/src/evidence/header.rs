//! The first line.

use std::fmt;

use indelible_note::VerifierKey;
use serde::Deserialize;

use crate::canonical::write_text;

/// The first line of an evidence file: whose log it is, as the file says. That is a hint; trust comes from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceHeader {
    /// The key of the log.
    pub vkey: VerifierKey,
    /// A policy (C2SP tlog-policy) that the proofs are said to satisfy.
    pub policy: Option<String>,
}

impl EvidenceHeader {
    /// Reads the line: at most 1 MiB of JSON.
    ///
    /// # Errors
    ///
    /// If it is not the header of an evidence file of this version.
    pub fn parse(line: &[u8]) -> Result<Self, MalformedHeader> {
        if line.len() > HEADER_BYTES_MAX {
            return Err(MalformedHeader::TooLong { length: line.len() });
        }
        let json = |error: serde_json::Error| MalformedHeader::Json {
            reason: error.to_string(),
        };
        let wire: Wire = super::object(line).map_err(json)?;
        if wire.format != TYPE {
            return Err(MalformedHeader::Type {
                found: wire.format.chars().take(60).collect(),
            });
        }
        let vkey = wire
            .vkey
            .parse()
            .map_err(|error: indelible_note::MalformedKey| MalformedHeader::Key {
                reason: error.to_string(),
            })?;
        Ok(Self {
            vkey,
            policy: wire.policy,
        })
    }
}

/// The line, without a line feed.
impl fmt::Display for EvidenceHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = format!("{{\"type\":\"{TYPE}\",\"vkey\":").into_bytes();
        write_text(&mut out, &self.vkey.to_string());
        if let Some(policy) = &self.policy {
            out.extend_from_slice(b",\"policy\":");
            write_text(&mut out, policy);
        }
        out.push(b'}');
        f.write_str(str::from_utf8(&out).map_err(|_| fmt::Error)?)
    }
}

/// Unknown and repeated members are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(rename = "type")]
    format: String,
    vkey: String,
    #[serde(default)]
    policy: Option<String>,
}

/// Why a line is not the first one of an evidence file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedHeader {
    /// It is longer than anybody needs.
    #[error("the first line has {length} bytes, at most {HEADER_BYTES_MAX} are allowed")]
    TooLong {
        /// Its bytes.
        length: usize,
    },
    /// It is not JSON, or not an object with these members.
    #[error("the first line is not the JSON that it should be: {reason}")]
    Json {
        /// What is wrong, with line and column.
        reason: String,
    },
    /// It is something else, or a version that this crate does not know.
    #[error("the type of the file is not {TYPE:?} but {found:?}")]
    Type {
        /// How the type begins.
        found: String,
    },
    /// The key of the log cannot be used.
    #[error("the key of the log: {reason}")]
    Key {
        /// What is wrong.
        reason: String,
    },
}

const TYPE: &str = "indelible.evidence.v1";
/// A policy of a hundred witnesses with keys and URLs has 30 kB.
const HEADER_BYTES_MAX: usize = 1 << 20;
