//! Reading events back.

use indelible_event::member::Member;
use indelible_event::{AnyLeaf, Disclosure, EvidenceLine, EvidenceTrust, EvidenceVerifier};
use indelible_note::Receipt;

use super::ProvedEntry;
use crate::client::Client;
use crate::error::Error;
use crate::misbehavior::BadAnswer;
use crate::wire::{EntryAnswer, EventAnswer, MemberAnswer};

impl Client {
    /// The event, or the tombstone, at an index of a log of events, under a head as [`Client::prove`] has it, with all its members that are not
    /// erased, and its raw bytes if they are kept.
    ///
    /// # Errors
    /// [`Error::Refused`] with `OUT_OF_RANGE` if the log has no such entry yet.
    pub async fn event(&self, index: u64) -> Result<ProvedEntry, Error> {
        let EventAnswer {
            entry,
            raw,
            head,
            hashes,
        } = self.trust().service().event(index).await?;
        let EntryAnswer {
            index: answered,
            leaf,
            members,
        } = entry;
        if answered != index {
            return Err(BadAnswer::Index { asked: index, answered }.into());
        }
        let head = self.trust().open(&head)?;
        let receipt = Receipt::new(index, hashes, head.clone().into_inner());
        let mut said_erased = Vec::new();
        let line = match AnyLeaf::parse(leaf).map_err(|reason| BadAnswer::NoEvent { index, reason })? {
            AnyLeaf::Tombstone(leaf) => EvidenceLine::Tombstone {
                leaf,
                receipt: receipt.clone(),
                disclosures: Vec::new(),
            },
            AnyLeaf::Event(leaf) => {
                if members.len() != Member::ALL.len() {
                    return Err(BadAnswer::Missing { field: "members" }.into());
                }
                let mut disclosures = Vec::with_capacity(members.len());
                for (member, answer) in Member::ALL.into_iter().zip(members) {
                    match answer {
                        MemberAnswer::Disclosure(d) => {
                            let parsed = Disclosure::parse(d);
                            let parsed = parsed.map_err(|reason| BadAnswer::Disclosure { index, reason })?;
                            if parsed.member() != member {
                                return Err(BadAnswer::Missing { field: member.as_str() }.into());
                            }
                            disclosures.push(parsed);
                        }
                        MemberAnswer::Erased { tombstone } => said_erased.push((member, tombstone)),
                        MemberAnswer::Missing => {}
                    }
                }
                EvidenceLine::Event {
                    leaf,
                    receipt: receipt.clone(),
                    disclosures,
                    raw,
                }
            }
        };
        let mut verifier = EvidenceVerifier::new(EvidenceTrust::Keys(self.trust().keys().clone()));
        let checked = verifier.check(line).map_err(BadAnswer::from)?;
        self.trust().accept(&head, &[]).await?;
        Ok(ProvedEntry {
            checked,
            receipt,
            said_erased,
        })
    }
}
