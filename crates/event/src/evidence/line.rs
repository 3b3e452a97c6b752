//! The lines of entries.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use indelible_merkle::ENTRY_MAX;
use indelible_note::{MalformedReceipt, Receipt};
use serde::Deserialize;

use crate::{
    canonical::{INTEGER_MAX, write_text},
    disclosure::{Disclosure, MalformedDisclosure},
    leaf::{AnyLeaf, UnreadableLeaf},
    member::Member,
    ranges::MemberSet,
    tombstone::{MalformedTombstoneDisclosure, TombstoneDisclosure},
};

/// The most raw bytes that a line may carry: what a log can be set to keep, 32 MiB.
pub const EVIDENCE_RAW_BYTES_MAX: usize = 32 << 20;

/// A line of an evidence file: an entry with its proof. Well-formed, and nothing more: an [`EvidenceVerifier`](super::EvidenceVerifier) checks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvidenceLine {
    /// An event, and what is shown of it.
    Event {
        /// Its leaf.
        leaf: crate::Leaf,
        /// That the leaf is in the log.
        receipt: Receipt,
        /// The members that are shown, ascending, each once.
        disclosures: Vec<Disclosure>,
        /// The raw bytes, if they are shown.
        raw: Option<Bytes>,
    },
    /// A tombstone.
    Tombstone {
        /// Its leaf.
        leaf: crate::Tombstone,
        /// That the leaf is in the log.
        receipt: Receipt,
        /// Basis and requester, as far as they are shown, ascending, each once.
        disclosures: Vec<TombstoneDisclosure>,
    },
}

impl EvidenceLine {
    /// Reads a line, without its line feed: at most [`EVIDENCE_LINE_BYTES_MAX`](super::EVIDENCE_LINE_BYTES_MAX) bytes of JSON. The cost is linear.
    ///
    /// # Errors
    ///
    /// If it is no such line, or not of a leaf that is known here.
    pub fn parse(line: &[u8]) -> Result<Self, MalformedLine> {
        if line.len() > super::EVIDENCE_LINE_BYTES_MAX {
            return Err(MalformedLine::TooLong { length: line.len() });
        }
        let json = |error: serde_json::Error| MalformedLine::Json {
            reason: error.to_string(),
        };
        let wire: Wire = super::object(line).map_err(json)?;
        let index = wire.index;
        Self::read(wire).map_err(|reason| MalformedLine::Entry { index, reason })
    }

    fn read(wire: Wire) -> Result<Self, Unreadable> {
        if wire.leaf.len() > ENTRY_MAX {
            return Err(Unreadable::LeafTooLong {
                length: wire.leaf.len(),
            });
        }
        if wire.disclosures.len() > Member::ALL.len() {
            return Err(Unreadable::Disclosures {
                count: wire.disclosures.len(),
            });
        }
        let receipt = Receipt::parse(wire.proof.as_bytes())?;
        if receipt.index() != wire.index || wire.index > INTEGER_MAX {
            return Err(Unreadable::OtherIndex {
                index: wire.index,
                proof: receipt.index(),
            });
        }
        match AnyLeaf::parse(wire.leaf.into_bytes().into())? {
            AnyLeaf::Event(leaf) => {
                let mut disclosures = Vec::with_capacity(wire.disclosures.len());
                for text in &wire.disclosures {
                    disclosures.push(Disclosure::parse_text(text)?);
                }
                disclosures.sort_by_key(Disclosure::member);
                if let Some(twice) = twice(&disclosures, Disclosure::member) {
                    return Err(Unreadable::Twice { member: twice.as_str() });
                }
                let raw = wire.raw.map(|text| read_raw(&text)).transpose()?;
                Ok(Self::Event {
                    leaf,
                    receipt,
                    disclosures,
                    raw,
                })
            }
            AnyLeaf::Tombstone(leaf) => {
                if wire.raw.is_some() {
                    return Err(Unreadable::RawOfTombstone);
                }
                let mut disclosures = Vec::with_capacity(wire.disclosures.len());
                for text in &wire.disclosures {
                    disclosures.push(TombstoneDisclosure::parse_text(text)?);
                }
                disclosures.sort_by_key(TombstoneDisclosure::member);
                if let Some(twice) = twice(&disclosures, TombstoneDisclosure::member) {
                    return Err(Unreadable::Twice { member: twice.as_str() });
                }
                Ok(Self::Tombstone {
                    leaf,
                    receipt,
                    disclosures,
                })
            }
        }
    }

    /// The index of the entry.
    pub fn index(&self) -> u64 {
        self.receipt().index()
    }

    /// The proof that it is in the log.
    pub fn receipt(&self) -> &Receipt {
        match self {
            EvidenceLine::Event { receipt, .. } | EvidenceLine::Tombstone { receipt, .. } => receipt,
        }
    }

    /// The same line with only these members of the event; the raw bytes stay only with `raw`. A tombstone is as it was.
    #[must_use]
    pub fn with_only(mut self, members: MemberSet) -> Self {
        if let EvidenceLine::Event { disclosures, raw, .. } = &mut self {
            disclosures.retain(|disclosure| members.contains(disclosure.member()));
            if !members.contains(Member::Raw) {
                *raw = None;
            }
        }
        self
    }
}

/// The line, without a line feed.
impl fmt::Display for EvidenceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (leaf, texts, raw): (&Bytes, Vec<String>, Option<&Bytes>) = match self {
            EvidenceLine::Event {
                leaf, disclosures, raw, ..
            } => (
                leaf.text(),
                disclosures.iter().map(Disclosure::to_text).collect(),
                raw.as_ref(),
            ),
            EvidenceLine::Tombstone { leaf, disclosures, .. } => (
                leaf.text(),
                disclosures.iter().map(TombstoneDisclosure::to_text).collect(),
                None,
            ),
        };
        let mut out = b"{\"disclosures\":[".to_vec();
        for (place, text) in texts.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            write_text(&mut out, text);
        }
        out.extend_from_slice(format!("],\"index\":{},\"leaf\":", self.index()).as_bytes());
        write_text(&mut out, str::from_utf8(leaf).map_err(|_| fmt::Error)?);
        out.extend_from_slice(b",\"proof\":");
        write_text(&mut out, &self.receipt().to_string());
        if let Some(raw) = raw {
            out.extend_from_slice(b",\"raw\":");
            write_text(&mut out, &STANDARD.encode(raw));
        }
        out.push(b'}');
        f.write_str(str::from_utf8(&out).map_err(|_| fmt::Error)?)
    }
}

/// Unknown and repeated members are refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    disclosures: Vec<String>,
    index: u64,
    leaf: String,
    proof: String,
    #[serde(default)]
    raw: Option<String>,
}

/// Why a line of an evidence file cannot be checked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedLine {
    /// It is longer than any line may be.
    #[error(
        "the line has {length} bytes, at most {} are allowed",
        super::EVIDENCE_LINE_BYTES_MAX
    )]
    TooLong {
        /// Its bytes.
        length: usize,
    },
    /// It is not JSON, or not an object with these members.
    #[error("the line is not the JSON that it should be: {reason}")]
    Json {
        /// What is wrong, with line and column.
        reason: String,
    },
    /// A part of it cannot be read.
    #[error("entry {index}: {reason}")]
    Entry {
        /// The index that the line says.
        index: u64,
        /// What is wrong.
        reason: Unreadable,
    },
}

/// What of a line cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// No leaf is so long.
    #[error("the leaf has {length} bytes, at most {ENTRY_MAX} are allowed")]
    LeafTooLong {
        /// Its bytes.
        length: usize,
    },
    /// The leaf is none that is known here.
    #[error(transparent)]
    Leaf(#[from] UnreadableLeaf),
    /// The proof is no receipt.
    #[error(transparent)]
    Receipt(#[from] MalformedReceipt),
    /// The proof is of another index.
    #[error("the line says index {index}, its proof {proof}")]
    OtherIndex {
        /// The index of the line.
        index: u64,
        /// That of the proof.
        proof: u64,
    },
    /// There are more disclosures than members.
    #[error("{count} disclosures, an event has {} members", Member::ALL.len())]
    Disclosures {
        /// How many there are.
        count: usize,
    },
    /// A disclosure is none.
    #[error(transparent)]
    Disclosure(#[from] MalformedDisclosure),
    /// A disclosure of a tombstone is none.
    #[error(transparent)]
    TombstoneDisclosure(#[from] MalformedTombstoneDisclosure),
    /// Two values of one member: at most one can be the true one.
    #[error("{member} is disclosed twice")]
    Twice {
        /// The member.
        member: &'static str,
    },
    /// The raw bytes are not base64, or too many.
    #[error("the raw bytes are not the base64 of at most {EVIDENCE_RAW_BYTES_MAX} bytes")]
    Raw,
    /// A tombstone has no raw bytes.
    #[error("a tombstone has no raw bytes")]
    RawOfTombstone,
}

fn twice<D, M: PartialEq>(sorted: &[D], member: impl Fn(&D) -> M) -> Option<M> {
    let mut pairs = sorted.windows(2);
    let pair = pairs.find(|pair| member(&pair[0]) == member(&pair[1]))?;
    Some(member(&pair[0]))
}

fn read_raw(text: &str) -> Result<Bytes, Unreadable> {
    let raw = STANDARD.decode(text).map_err(|_| Unreadable::Raw)?;
    if raw.len() > EVIDENCE_RAW_BYTES_MAX {
        return Err(Unreadable::Raw);
    }
    Ok(raw.into())
}
