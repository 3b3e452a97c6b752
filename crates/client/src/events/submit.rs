//! Submitting, and refusing receipts for anything else than was sent.

use indelible_event::member::Member;
use indelible_event::{AnyLeaf, Committed, Disclosure, Leaf, MemberValue, NotCommitted, Sent};
use indelible_merkle::{Hash, InclusionProof, check_inclusion};
use indelible_note::{Receipt, SignedCheckpoint, Verified};

use super::{NewEvent, RawBody, Submitted, SubmittedEvent};
use crate::append::AppendedRun;
use crate::client::{Client, of_batch};
use crate::error::{AppendError, Error};
use crate::misbehavior::{BadAnswer, Misbehavior};
use crate::wire::{Acknowledgement, EntryAnswer, MemberAnswer, SubmittedAnswer, SubmittedEntry};

impl Client {
    /// Submits an event, and gives its receipt when it is verified that its leaf is in the log and commits to exactly what was sent, but for
    /// marks in place of secrets ([`Committed::redacted`]).
    ///
    /// # Errors
    /// [`AppendError::NotAppended`] if the service refuses and says that it wrote nothing, as it does if the key stands for another event
    /// (`ALREADY_EXISTS`). Else [`AppendError::Unconfirmed`]: an event with a key can be submitted again without fear, one without may then be
    /// in the log twice.
    pub async fn submit(&self, event: &NewEvent) -> Result<Submitted, AppendError> {
        let mut submitted = self.submit_batch(std::slice::from_ref(event)).await?;
        let only = submitted.pop();
        only.ok_or(AppendError::Unconfirmed(Error::Ended))
    }

    /// Submits 1 to 10,000 events, all or none, of 4 MiB together at most. Those that are new stand side by side in the order given.
    ///
    /// # Errors
    /// As [`Client::submit`].
    pub async fn submit_batch(&self, events: &[NewEvent]) -> Result<Vec<Submitted>, AppendError> {
        let before = self.trust().held_size();
        let submitted = async {
            let answer = self.trust().service().submit_batch(events).await?;
            self.check_submitted(answer, events, before).await
        };
        submitted.await.map_err(of_batch)
    }

    async fn check_submitted(
        &self,
        answer: SubmittedAnswer,
        sent: &[NewEvent],
        before: u64,
    ) -> Result<Vec<Submitted>, Error> {
        let SubmittedAnswer {
            events: answered,
            head,
            first_index,
            count,
            range,
        } = answer;
        same_count(sent.len(), answered.len())?;
        let mut leaves = Vec::with_capacity(answered.len());
        let mut new: Vec<Hash> = Vec::new();
        for (place, (submitted, event)) in answered.iter().zip(sent).enumerate() {
            let EntryAnswer { index, leaf, .. } = &submitted.entry;
            let leaf = leaf_of(*index, leaf.clone())?;
            match submitted.repeated {
                Some(_) if event.key.is_none() => {
                    return Err(BadAnswer::RepeatedWithoutKey { place, index: *index }.into());
                }
                Some(_) => {}
                None => {
                    let due = first_index.saturating_add(new.len() as u64);
                    if *index != due {
                        let (asked, answered) = (due, *index);
                        return Err(BadAnswer::Index { asked, answered }.into());
                    }
                    new.push(leaf.hash());
                }
            }
            leaves.push(leaf);
        }
        same_count(new.len(), count as usize)?;
        let (head, run) = match (new.is_empty(), range) {
            (true, _) => (self.trust().open(&head)?, None),
            (false, None) => return Err(BadAnswer::Missing { field: "proof" }.into()),
            (false, Some(range)) => {
                let acknowledgement = Acknowledgement {
                    first_index,
                    count,
                    head,
                    range,
                    consistency: None,
                };
                let run = AppendedRun::check(acknowledgement, &new, before, self.trust())?;
                (run.head().clone(), Some(run))
            }
        };
        let mut checked = Vec::with_capacity(sent.len());
        for (place, ((answer, leaf), event)) in answered.into_iter().zip(leaves).zip(sent).enumerate() {
            let receipt = match (&answer.repeated, &run) {
                (None, Some(run)) => run.receipt(answer.entry.index),
                (None, None) => None,
                (Some(hashes), _) => Some(proved(answer.entry.index, &leaf, hashes.clone(), &head)?),
            };
            let receipt = receipt.ok_or(BadAnswer::Missing { field: "proof" })?;
            let event = check_event(place, answer, &leaf, event)?;
            checked.push(Submitted { event, receipt });
        }
        // The proof of the run has also proved the tree before it: if that is the held one, nothing need be fetched.
        let beginning = run.as_ref().map(|run| run.range().head_before());
        self.trust().accept(&head, beginning.as_slice()).await?;
        Ok(checked)
    }
}

/// What the event is in the log, whose leaf this is proved to be.
fn check_event(
    place: usize,
    SubmittedEntry { entry, repeated }: SubmittedEntry,
    leaf: &Leaf,
    event: &NewEvent,
) -> Result<SubmittedEvent, Error> {
    let EntryAnswer { index, members, .. } = entry;
    let answered = members.len();
    let mut disclosures = Vec::with_capacity(answered);
    for member in members {
        if let MemberAnswer::Disclosure(d) = member {
            disclosures.push(Disclosure::parse(d).map_err(|reason| BadAnswer::Disclosure { index, reason })?);
        }
    }
    if repeated.is_some() && answered == Member::ALL.len() && disclosures.len() < answered {
        let opened = disclosures.into_iter().map(|disclosure| leaf.open(disclosure));
        let members = opened
            .collect::<Result<_, _>>()
            .map_err(|reason| BadAnswer::NotCommitted {
                place,
                reason: reason.into(),
            })?;
        let leaf = leaf.clone();
        return Ok(SubmittedEvent::KnownErased { leaf, members });
    }
    let sent = Sent {
        claims: &event.claims,
        key: event.key.as_deref(),
        raw: event.raw.as_ref().map(|RawBody { content, .. }| content.as_ref()),
    };
    let committed = leaf.check_sent(disclosures, &sent).map_err(|reason| match reason {
        reason @ NotCommitted::Differs { .. } if repeated.is_some() => Error::KeyOfAnother { place, index, reason },
        reason => BadAnswer::NotCommitted { place, reason }.into(),
    })?;
    check_source(place, &committed, event)?;
    Ok(match repeated {
        None => SubmittedEvent::New(committed),
        Some(_) => SubmittedEvent::Known(committed),
    })
}

/// The source is the service's to say, but half of what the sender's key means.
fn check_source(place: usize, committed: &Committed, event: &NewEvent) -> Result<(), BadAnswer> {
    let delivery = committed.members()[Member::Delivery.place()].value();
    match delivery {
        Some(MemberValue::Delivery(delivery)) if delivery.source == event.source => Ok(()),
        _ => Err(BadAnswer::Source { place }),
    }
}

fn leaf_of(index: u64, text: bytes::Bytes) -> Result<Leaf, BadAnswer> {
    match AnyLeaf::parse(text) {
        Ok(AnyLeaf::Event(leaf)) => Ok(leaf),
        Ok(AnyLeaf::Tombstone(_)) => Err(BadAnswer::Tombstone { index }),
        Err(reason) => Err(BadAnswer::NoEvent { index, reason }),
    }
}

/// The receipt of an entry that is proved by itself.
pub(super) fn proved(
    index: u64,
    leaf: &Leaf,
    hashes: Vec<Hash>,
    head: &Verified<SignedCheckpoint>,
) -> Result<Receipt, Error> {
    let proof = InclusionProof::new(index, head.head().size, hashes);
    check_inclusion(leaf.hash(), &proof, &head.head()).map_err(|reason| Misbehavior::Proof {
        head: head.clone(),
        reason,
    })?;
    Ok(Receipt::new(index, proof.hashes().to_vec(), head.clone().into_inner()))
}

fn same_count(outstanding: usize, acknowledged: usize) -> Result<(), BadAnswer> {
    match outstanding == acknowledged {
        true => Ok(()),
        false => Err(BadAnswer::Count {
            outstanding: outstanding as u64,
            acknowledged: acknowledged as u64,
        }),
    }
}
