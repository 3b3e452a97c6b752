//! What the service answers: entries with what is shown of them, read, and believed in nothing.

use std::collections::BTreeMap;

use indelible_access::oidc::Thumbprint;
use indelible_event::member::Member;
use indelible_event::{EvidenceLine, MalformedLine, NotCommitted};
use serde::Deserialize;
use serde_json::json;

/// An entry as the service gives it. Fields that are not known here are left alone: an answer may say more than is needed.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::cmd) struct Answered {
    /// Where it stands.
    pub(in crate::cmd) index: u64,
    leaf: String,
    proof: String,
    /// Of an event: what is known of each member, by its name.
    #[serde(default)]
    members: BTreeMap<String, State>,
    /// In base64, if it was asked for, is kept, and was not erased.
    #[serde(default)]
    raw: Option<String>,
}

/// What the service says of a member.
#[derive(Clone, Debug, Deserialize)]
struct State {
    state: String,
    #[serde(default)]
    disclosure: Option<String>,
    #[serde(default)]
    tombstone: Option<u64>,
}

/// A page of the answer to a question.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::cmd) struct Page {
    /// The entries, in the order that was asked for. Of each only the index is read: what else is said here comes without a proof.
    pub(in crate::cmd) events: Vec<Hit>,
    /// Where the next page begins.
    #[serde(default)]
    pub(in crate::cmd) next: Option<u64>,
    /// The answer speaks of the entries below this index.
    pub(in crate::cmd) indexed_size: u64,
    /// So many the log has.
    pub(in crate::cmd) size: u64,
}

/// An entry that a question found.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::cmd) struct Hit {
    pub(in crate::cmd) index: u64,
}

/// What became of one event that was submitted.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::cmd) struct Accepted {
    /// Where it stands.
    pub(in crate::cmd) index: u64,
    /// The same came before.
    pub(in crate::cmd) repeated: bool,
    leaf: String,
    disclosures: Vec<String>,
    /// `None` if it could not be had in time.
    proof: Option<String>,
}

/// All that were submitted together.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct AllAccepted {
    pub(super) events: Vec<Accepted>,
}

/// Why an answer is not what it should be.
#[derive(Debug, thiserror::Error)]
pub(in crate::cmd) enum BadAnswer {
    /// A line of evidence cannot be made of it.
    #[error("the service's answer is no event with its proof: {0}")]
    Line(#[from] MalformedLine),
    /// It is about another entry.
    #[error("asked for entry {asked}, the service answers with {got}")]
    OtherEntry {
        /// What was asked for.
        asked: u64,
        /// What came.
        got: u64,
    },
    /// It is about another number of events.
    #[error("submitted {sent} events, the service answers about {got}")]
    Count {
        /// How many were submitted.
        sent: usize,
        /// How many it answers about.
        got: usize,
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
    /// The leaf is not that of what was sent.
    #[error("the service says that entry {index} is what was sent, and it is not: {reason}")]
    NotSent {
        /// Which entry.
        index: u64,
        /// What is wrong.
        reason: NotCommitted,
    },
    /// It does not say that it was signed.
    #[error("the service does not say of entry {index} that the key {key} has signed it")]
    NotSigned {
        /// Which entry.
        index: u64,
        /// By which key it was signed.
        key: Thumbprint,
    },
    /// The leaf says another source than was sent.
    #[error("the service says that entry {index} is what was sent, and it is not: it has another source")]
    OtherSource {
        /// Which entry.
        index: u64,
    },
}

impl BadAnswer {
    /// Whether the answer was checked and is a lie, as against could not be read.
    pub(in crate::cmd) fn is_refuted(&self) -> bool {
        !matches!(self, BadAnswer::Line(_) | BadAnswer::Count { .. })
    }
}

impl Answered {
    /// The line of evidence, to be checked.
    pub(in crate::cmd) fn line(&self) -> Result<EvidenceLine, BadAnswer> {
        let disclosures = self.members.values().filter_map(|state| state.disclosure.as_deref());
        line(
            self.index,
            &self.leaf,
            &disclosures.collect::<Vec<_>>(),
            &self.proof,
            self.raw.as_deref(),
        )
    }

    /// Which members were erased, and by which tombstone, as the service says.
    pub(in crate::cmd) fn erased(&self) -> impl Iterator<Item = (Member, u64)> + '_ {
        let known = |(name, state): (&String, &State)| Some((Member::from_name(name)?, state.tombstone?));
        self.members.iter().filter_map(known)
    }

    /// Which members the service says that it has lost.
    pub(in crate::cmd) fn missing(&self) -> impl Iterator<Item = Member> + '_ {
        let missing = self.members.iter().filter(|(_, state)| state.state == "missing");
        missing.filter_map(|(name, _)| Member::from_name(name))
    }
}

impl Accepted {
    /// The line of evidence, to be checked; `None` if it came without a proof.
    pub(in crate::cmd) fn line(&self) -> Option<Result<EvidenceLine, BadAnswer>> {
        let disclosures: Vec<&str> = self.disclosures.iter().map(String::as_str).collect();
        let proof = self.proof.as_deref()?;
        Some(line(self.index, &self.leaf, &disclosures, proof, None))
    }
}

/// Through the parser of evidence, which knows all that a line must be.
fn line(
    index: u64,
    leaf: &str,
    disclosures: &[&str],
    proof: &str,
    raw: Option<&str>,
) -> Result<EvidenceLine, BadAnswer> {
    let mut line = json!({"disclosures": disclosures, "index": index, "leaf": leaf, "proof": proof});
    if let Some(raw) = raw {
        line["raw"] = raw.into();
    }
    Ok(EvidenceLine::parse(line.to_string().as_bytes())?)
}
