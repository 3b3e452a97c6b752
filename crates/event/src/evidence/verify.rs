//! Checking the lines.

use std::collections::{HashMap, hash_map::Entry};

use bytes::Bytes;
use indelible_merkle::{BadProof, Hash, InclusionProof, check_inclusion};
use indelible_note::{
    KeyChain, KeyName, NotWitnessed, Policy, PosixTime, Receipt, SignedCheckpoint, UntrustedCheckpoint, Verified,
    Witnessed,
};

use super::line::EvidenceLine;
use crate::{
    disclosure::{Disclosed, MemberState, MemberValue, NotInLeaf},
    erasure::Erasures,
    leaf::Leaf,
    member::{Member, sha256_hex},
    received::Second,
    tombstone::{Erasure, NotInTombstone, Tombstone, TombstoneDisclosed},
};

/// Whom the reader of the evidence trusts. It is never taken from the file.
#[derive(Clone, Debug)]
pub enum EvidenceTrust {
    /// The log with these keys.
    Keys(KeyChain),
    /// A log of this policy, where its quorum vouches.
    Policy(Policy),
}

/// Checks the lines of one evidence file, in any order, and collects what its tombstones erase.
///
/// Costs a signature verification (45 µs) and as many hashes as a path for each line; the signatures of a checkpoint that was the last
/// one too are not checked again. Keeps 100 bytes for every different head, and what [`Erasures`] takes.
#[derive(Debug)]
pub struct EvidenceVerifier {
    trust: EvidenceTrust,
    erasures: Erasures,
    last: Option<Head>,
    /// The log of the first line. A policy may trust several, but a tombstone of one erases nothing of another.
    origin: Option<KeyName>,
    /// The root of each size: two roots of one size are two histories.
    roots: HashMap<u64, Hash>,
}

/// A checkpoint that is trusted.
#[derive(Clone, Debug)]
enum Head {
    Signed(Verified<SignedCheckpoint>),
    Witnessed(Witnessed),
}

impl EvidenceVerifier {
    /// A verifier of one file.
    pub fn new(trust: EvidenceTrust) -> Self {
        Self {
            trust,
            erasures: Erasures::default(),
            last: None,
            origin: None,
            roots: HashMap::new(),
        }
    }

    /// Checks a line: that its checkpoint is trusted, that the leaf is in its tree at that index, that the leaf commits to every
    /// disclosure, and that the raw bytes are those of the member `raw`.
    ///
    /// # Errors
    ///
    /// If any of it does not hold. What the verifier knew it still knows then.
    pub fn check(&mut self, line: EvidenceLine) -> Result<CheckedLine, BadEvidence> {
        let index = line.index();
        let at = |reason| BadEvidence { index, reason };
        match line {
            EvidenceLine::Event {
                leaf,
                receipt,
                disclosures,
                raw,
            } => {
                let not_after = self.included(leaf.hash(), &receipt).map_err(at)?;
                let mut shown = Vec::with_capacity(disclosures.len());
                for disclosure in disclosures {
                    shown.push(leaf.open(disclosure).map_err(|reason| at(reason.into()))?);
                }
                if let Some(raw) = &raw {
                    check_raw(raw, &shown).map_err(at)?;
                }
                Ok(CheckedLine::Event(CheckedEvent {
                    index,
                    leaf,
                    shown,
                    raw,
                    not_after,
                }))
            }
            EvidenceLine::Tombstone {
                leaf,
                receipt,
                disclosures,
            } => {
                let not_after = self.included(leaf.hash(), &receipt).map_err(at)?;
                let mut shown = Vec::with_capacity(disclosures.len());
                for disclosure in disclosures {
                    shown.push(leaf.open(disclosure).map_err(|reason| at(reason.into()))?);
                }
                let erasure = leaf.at(index).ok();
                if let Some(erasure) = &erasure {
                    self.erasures.add(erasure);
                }
                Ok(CheckedLine::Tombstone(CheckedTombstone {
                    index,
                    leaf,
                    erasure,
                    shown,
                    not_after,
                }))
            }
        }
    }

    /// What is known of the members of an event, in their order: disclosed, else erased if a tombstone of the lines checked so far says
    /// so, else withheld. It is final when all lines were checked.
    ///
    /// A member can be disclosed although it is erased: by whoever had it before.
    pub fn members(&self, event: &CheckedEvent) -> [MemberState; Member::ALL.len()] {
        Member::ALL.map(|member| {
            let shown = event.shown.iter().find(|disclosed| disclosed.member() == member);
            match (shown, self.erasures.tombstone(event.index, member)) {
                (Some(disclosed), _) => MemberState::Disclosed(disclosed.clone()),
                (None, Some(tombstone)) => MemberState::Erased { tombstone },
                (None, None) => MemberState::Withheld,
            }
        })
    }

    /// What the tombstones of the lines checked so far erase.
    pub fn erasures(&self) -> &Erasures {
        &self.erasures
    }

    /// Checks that the leaf is in a tree that is trusted; returns the time at which it was seen there first, if a witness says so.
    fn included(&mut self, leaf: Hash, receipt: &Receipt) -> Result<Option<PosixTime>, Reason> {
        let checkpoint = receipt.checkpoint();
        let known = self.last.take().filter(|head| head.checkpoint() == checkpoint);
        let opened = match known {
            Some(head) => head,
            None => match &self.trust {
                EvidenceTrust::Keys(keys) => Head::Signed(keys.open(checkpoint.clone())?),
                EvidenceTrust::Policy(policy) => Head::Witnessed(policy.open(checkpoint.clone())?),
            },
        };
        let head = checkpoint.head();
        let proof = InclusionProof::new(receipt.index(), head.size, receipt.hashes().to_vec());
        check_inclusion(leaf, &proof, &head)?;
        let origin = self.origin.get_or_insert_with(|| checkpoint.origin().clone());
        if origin != checkpoint.origin() {
            return Err(Reason::OtherLog {
                first: origin.clone(),
                found: checkpoint.origin().clone(),
            });
        }
        match self.roots.entry(head.size) {
            Entry::Vacant(vacant) => {
                vacant.insert(head.root);
            }
            Entry::Occupied(known) if *known.get() == head.root => {}
            Entry::Occupied(_) => return Err(Reason::TwoHistories { size: head.size }),
        }
        let not_after = match &opened {
            Head::Signed(_) => None,
            Head::Witnessed(witnessed) => witnessed.first_seen(),
        };
        self.last = Some(opened);
        Ok(not_after)
    }
}

impl Head {
    fn checkpoint(&self) -> &SignedCheckpoint {
        match self {
            Head::Signed(checkpoint) => checkpoint,
            Head::Witnessed(witnessed) => witnessed.checkpoint(),
        }
    }
}

/// A line that holds. Only an [`EvidenceVerifier`] makes one.
#[derive(Clone, Debug)]
pub enum CheckedLine {
    /// An event of the log.
    Event(CheckedEvent),
    /// A tombstone of the log.
    Tombstone(CheckedTombstone),
}

/// An event that is in the log, with what was shown of it. Only an [`EvidenceVerifier`] makes one.
#[derive(Clone, Debug)]
pub struct CheckedEvent {
    index: u64,
    leaf: Leaf,
    shown: Vec<Disclosed>,
    raw: Option<Bytes>,
    not_after: Option<PosixTime>,
}

impl CheckedEvent {
    /// Where it stands.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Its leaf.
    pub fn leaf(&self) -> &Leaf {
        &self.leaf
    }

    /// The members that are shown, in their order.
    pub fn shown(&self) -> &[Disclosed] {
        &self.shown
    }

    /// The raw bytes, if they are shown: those of the member `raw`.
    pub fn raw(&self) -> Option<&Bytes> {
        self.raw.as_ref()
    }

    /// It was in the log at this time or before: the earliest time at which a witness saw the tree of its proof. `None` if the trust
    /// names no witness that did.
    pub fn not_after(&self) -> Option<PosixTime> {
        self.not_after
    }

    /// When it was received, by the operator's word.
    pub fn received(&self) -> Second {
        self.leaf.received()
    }
}

/// A tombstone that is in the log. Only an [`EvidenceVerifier`] makes one.
#[derive(Clone, Debug)]
pub struct CheckedTombstone {
    index: u64,
    leaf: Tombstone,
    erasure: Option<Erasure>,
    shown: Vec<TombstoneDisclosed>,
    not_after: Option<PosixTime>,
}

impl CheckedTombstone {
    /// Where it stands.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Its leaf.
    pub fn leaf(&self) -> &Tombstone {
        &self.leaf
    }

    /// What it erases; `None` if it is void, because it speaks of an entry that is not below it.
    pub fn erasure(&self) -> Option<&Erasure> {
        self.erasure.as_ref()
    }

    /// Basis and requester, as far as they are shown.
    pub fn shown(&self) -> &[TombstoneDisclosed] {
        &self.shown
    }

    /// As of an [event](CheckedEvent::not_after).
    pub fn not_after(&self) -> Option<PosixTime> {
        self.not_after
    }
}

/// A line of an evidence file does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {index}: {reason}")]
pub struct BadEvidence {
    /// The index of the entry.
    pub index: u64,
    /// Why.
    pub reason: Reason,
}

/// Why a line does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The checkpoint is not one of the log.
    #[error(transparent)]
    Checkpoint(#[from] UntrustedCheckpoint),
    /// The checkpoint does not satisfy the policy.
    #[error(transparent)]
    Policy(#[from] NotWitnessed),
    /// The leaf is not in the tree of the checkpoint.
    #[error("the entry is not proved to be in the log: {0}")]
    Inclusion(#[from] BadProof),
    /// The file has lines of two logs.
    #[error("the entry is of the log {found}, those before it of {first}")]
    OtherLog {
        /// The log of the first line.
        first: KeyName,
        /// That of this one.
        found: KeyName,
    },
    /// The log has signed two trees of one size. The file convicts it.
    #[error("the log has signed two different trees of {size} entries")]
    TwoHistories {
        /// Their size.
        size: u64,
    },
    /// The leaf does not commit to what is shown.
    #[error(transparent)]
    NotInLeaf(#[from] NotInLeaf),
    /// The tombstone does not commit to what is shown.
    #[error(transparent)]
    NotInTombstone(#[from] NotInTombstone),
    /// Raw bytes without the member that has their hash.
    #[error("the raw bytes are shown without the member `raw`, which has their hash")]
    RawAlone,
    /// The raw bytes are others.
    #[error("the raw bytes have the hash {found}, the member `raw` has {expected}")]
    Raw {
        /// That of the member.
        expected: String,
        /// That of the bytes.
        found: String,
    },
}

fn check_raw(raw: &[u8], shown: &[Disclosed]) -> Result<(), Reason> {
    let member = shown.iter().find(|disclosed| disclosed.member() == Member::Raw);
    let Some(MemberValue::Raw(member)) = member.and_then(Disclosed::value) else {
        return Err(Reason::RawAlone);
    };
    let found = sha256_hex(raw);
    if found != member.sha256 {
        let expected = member.sha256;
        return Err(Reason::Raw { expected, found });
    }
    Ok(())
}
