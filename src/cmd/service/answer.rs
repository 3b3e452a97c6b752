//! What the service answers: entries with what is shown of them, read, and believed in nothing.

use std::collections::BTreeMap;

use bytes::Bytes;
use indelible_event::member::Member;
use indelible_event::{
    AnyLeaf, Disclosure, EvidenceLine, Leaf, MalformedDisclosure, MalformedLine, MemberState, NotInLeaf, UnreadableLeaf,
};
use serde::Deserialize;
use serde_json::json;

/// An entry as the service gives it. Fields that are not known here are left alone: an answer may say more than is needed.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::cmd) struct Answered {
    /// Where it stands.
    pub(in crate::cmd) index: u64,
    leaf: String,
    /// In base64url.
    #[serde(default)]
    disclosures: Vec<String>,
    /// By which tombstone each member was erased.
    #[serde(default)]
    erased: BTreeMap<String, u64>,
    /// The proof, where it was asked for.
    #[serde(default)]
    receipt: Option<String>,
}

/// A page of an answer.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::cmd) struct Page {
    /// The entries, in the order that was asked for.
    pub(in crate::cmd) events: Vec<Answered>,
    /// Where the next page begins.
    #[serde(default)]
    pub(in crate::cmd) next: Option<u64>,
    /// The answer speaks of the entries below this index.
    pub(in crate::cmd) indexed_size: u64,
    /// So many the log has.
    pub(in crate::cmd) size: u64,
}

/// Why an answer is not what it should be.
#[derive(Debug, thiserror::Error)]
pub(in crate::cmd) enum BadAnswer {
    /// It came without a proof.
    #[error("the service sent no proof of entry {index}")]
    NoProof {
        /// Which entry.
        index: u64,
    },
    /// A line of evidence cannot be made of it.
    #[error(transparent)]
    Line(#[from] MalformedLine),
    /// Its leaf is none.
    #[error("entry {index}: {reason}")]
    Leaf {
        /// Which entry.
        index: u64,
        /// What is wrong.
        reason: UnreadableLeaf,
    },
    /// A disclosure is none.
    #[error("entry {index}: {reason}")]
    Disclosure {
        /// Which entry.
        index: u64,
        /// What is wrong.
        reason: MalformedDisclosure,
    },
    /// The leaf of a row is not the one that the log has.
    #[error("entry {index}: the service showed another leaf than the one that it proved")]
    OtherLeaf {
        /// Which entry.
        index: u64,
    },
    /// A tombstone did not do what the service says it did.
    #[error("entry {index}: the service says that tombstone {tombstone} erased {member}, and it did not")]
    NotErased {
        /// Which entry.
        index: u64,
        /// Which member of it.
        member: Member,
        /// The tombstone.
        tombstone: u64,
    },
    /// The leaf does not commit to a disclosure.
    #[error("entry {index}: {reason}")]
    NotInLeaf {
        /// Which entry.
        index: u64,
        /// What is wrong.
        reason: NotInLeaf,
    },
}

/// What a leaf commits to of what the service shows.
#[derive(Clone, Debug)]
pub(in crate::cmd) enum Opened {
    /// An event. That a member is erased is the service's word here.
    Event {
        /// Its leaf.
        leaf: Leaf,
        /// Its members.
        members: Box<[MemberState; Member::ALL.len()]>,
    },
    /// A tombstone.
    Tombstone,
}

impl Answered {
    /// The text of its leaf.
    pub(in crate::cmd) fn leaf(&self) -> Bytes {
        Bytes::copy_from_slice(self.leaf.as_bytes())
    }

    /// The line of evidence, to be checked.
    pub(in crate::cmd) fn line(&self) -> Result<EvidenceLine, BadAnswer> {
        let index = self.index;
        let proof = self.receipt.as_deref().ok_or(BadAnswer::NoProof { index })?;
        let line = json!({"disclosures": self.disclosures, "index": index, "leaf": self.leaf, "proof": proof});
        Ok(EvidenceLine::parse(line.to_string().as_bytes())?)
    }

    /// The members, each checked against the leaf; whether the leaf is in the log is not looked at.
    pub(in crate::cmd) fn open(&self) -> Result<Opened, BadAnswer> {
        let index = self.index;
        let leaf = AnyLeaf::parse(self.leaf())
            .map_err(|reason| BadAnswer::Leaf { index, reason })?;
        let leaf = match leaf {
            AnyLeaf::Event(leaf) => leaf,
            AnyLeaf::Tombstone(_) => return Ok(Opened::Tombstone),
        };
        let mut members = Member::ALL.map(|member| match self.erased.get(member.as_str()) {
            Some(&tombstone) => MemberState::Erased { tombstone },
            None => MemberState::Withheld,
        });
        for text in &self.disclosures {
            let disclosure =
                Disclosure::parse_text(text).map_err(|reason| BadAnswer::Disclosure { index, reason })?;
            let place = disclosure.member().place();
            let disclosed = leaf
                .open(disclosure)
                .map_err(|reason| BadAnswer::NotInLeaf { index, reason })?;
            members[place] = MemberState::Disclosed(disclosed);
        }
        Ok(Opened::Event {
            leaf,
            members: Box::new(members),
        })
    }

    /// Which members were erased, and by which tombstone, as the service says.
    pub(in crate::cmd) fn erased(&self) -> impl Iterator<Item = (Member, u64)> + '_ {
        let known = |(name, &tombstone): (&String, &u64)| Some((Member::from_name(name)?, tombstone));
        self.erased.iter().filter_map(known)
    }
}

impl BadAnswer {
    /// Whether the answer was checked and contradicts itself or its leaf, as against could not be read.
    pub(in crate::cmd) fn is_refuted(&self) -> bool {
        match self {
            BadAnswer::NotInLeaf { .. } | BadAnswer::OtherLeaf { .. } | BadAnswer::NotErased { .. } => true,
            BadAnswer::NoProof { .. }
            | BadAnswer::Line(_)
            | BadAnswer::Leaf { .. }
            | BadAnswer::Disclosure { .. } => false,
        }
    }
}
