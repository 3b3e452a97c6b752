//! What was answered to submissions, and to questions about events.

use std::collections::BTreeMap;

use bytes::Bytes;
use indelible_event::member::{Claims, Member};
use indelible_event::{Disclosure, Leaf, MemberValue, Sent};
use indelible_merkle::{Hash, InclusionProof, RangeProof, TreeHead, check_inclusion, check_range};
use serde_json::Value;

use super::{Checker, Refuted, hashes, refuted};
use crate::cmd::bench::events::{ActorNumber, SOURCE, actor_of, claims, key, raw};
use crate::cmd::bench::load::Kept;
use crate::wire::{LoadedEvent, LoadedRun};

impl Checker {
    /// Replies to single submissions, kept by the event's number.
    pub(in crate::cmd::bench) fn submitted(&self, kept: &[Kept<LoadedRun>]) -> Result<(), Refuted> {
        self.chosen(kept).try_for_each(|Kept { number, reply }| {
            let head = self.head(&reply.checkpoint)?;
            let leaves = committed(*number, reply)?;
            let [leaf] = leaves[..] else {
                return Err(refuted(format!("{} events instead of one", leaves.len())));
            };
            let proof = InclusionProof::new(reply.first, head.size, hashes(&reply.hashes)?);
            check_inclusion(leaf, &proof, &head).map(drop).map_err(refuted)
        })
    }

    /// Replies to batches of so many events, kept by the number of their first. Checked is what the client library checks: that the
    /// leaves commit to exactly what was sent, and that they stand in the tree of the signed head.
    pub(in crate::cmd::bench) fn submitted_batches(
        &self,
        kept: &[Kept<LoadedRun>],
        events: u64,
    ) -> Result<(), Refuted> {
        self.chosen(kept).try_for_each(|Kept { number, reply }| {
            let head = self.head(&reply.checkpoint)?;
            if (reply.count, reply.events.len() as u64) != (events, events) {
                let (count, length) = (reply.count, reply.events.len());
                return Err(refuted(format!(
                    "{length} events, {count} of them new, instead of {events}"
                )));
            }
            stand_in(&committed(*number, reply)?, reply, &head)
        })
    }
}

/// The events of a log, as it told its senders: what an answer to a question must be.
#[derive(Debug, Default)]
pub(in crate::cmd::bench) struct ByActor {
    /// Indexes and the numbers of the events there, by the actor, ascending.
    known: BTreeMap<ActorNumber, Vec<(u64, u64)>>,
}

impl ByActor {
    /// Of runs of so many events, each given by its first index and the number of its first event.
    pub(in crate::cmd::bench) fn of(runs: &[Kept<u64>], events: u64) -> ByActor {
        let mut sorted: Vec<(u64, u64)> = runs.iter().map(|kept| (kept.reply, kept.number)).collect();
        sorted.sort_unstable();
        let mut known: BTreeMap<ActorNumber, Vec<(u64, u64)>> = BTreeMap::new();
        for (index, number) in sorted {
            for place in 0..events {
                let of_actor = known.entry(actor_of(number + place)).or_default();
                of_actor.push((index + place, number + place));
            }
        }
        ByActor { known }
    }

    /// Checks a page of an answer: the newest `limit` events of this actor, all of them, in order, each with the members that were sent.
    pub(in crate::cmd::bench) fn check(&self, actor: ActorNumber, limit: usize, body: &[u8]) -> Result<(), Refuted> {
        let page: Value = serde_json::from_slice(body).map_err(refuted)?;
        let events = page["events"]
            .as_array()
            .ok_or_else(|| refuted("an answer without events"))?;
        let expected = self.known.get(&actor).map_or(&[][..], Vec::as_slice);
        let expected = expected.iter().rev().take(limit);
        if events.len() != expected.len() {
            let (got, due) = (events.len(), expected.len());
            return Err(refuted(format!("{got} events of {} instead of {due}", actor.name())));
        }
        for (event, (index, number)) in events.iter().zip(expected) {
            let claims: Value = serde_json::from_str(&claims(*number)).map_err(refuted)?;
            let claimed = claims.as_object().into_iter().flatten();
            let mut same = claimed.map(|(member, value)| event["members"][member]["value"] == *value);
            let its_key = &event["members"]["delivery"]["value"]["key"];
            if event["index"] != *index || *its_key != key(*number) || !same.all(|same| same) {
                return Err(refuted(format!(
                    "another event of {} than stands at {index}",
                    actor.name()
                )));
            }
        }
        Ok(())
    }
}

/// The leaves of a run whose first event has this number, if each commits to what was sent.
fn committed(first: u64, run: &LoadedRun) -> Result<Vec<Hash>, Refuted> {
    let numbered = run.events.iter().zip(0..);
    let leaves = numbered.map(|(event, place)| {
        if event.index != run.first + place {
            return Err(refuted(format!("index {} in a run from {}", event.index, run.first)));
        }
        commits_to(first + place, event)
    });
    leaves.collect()
}

fn commits_to(number: u64, event: &LoadedEvent) -> Result<Hash, Refuted> {
    if event.repeated {
        return Err(refuted(format!("event {} is said to have been there", event.index)));
    }
    let leaf = Leaf::parse(event.leaf.clone()).map_err(refuted)?;
    let parse = |bytes: &Bytes| Disclosure::parse(bytes.clone()).map_err(refuted);
    let disclosures: Vec<Disclosure> = event.disclosures.iter().map(parse).collect::<Result<_, _>>()?;
    let claims: Claims = serde_json::from_str(&claims(number)).map_err(refuted)?;
    let (key, raw) = (key(number), raw(number));
    let sent = Sent {
        claims: &claims,
        key: Some(&key),
        raw: Some(&raw),
    };
    let committed = leaf.check_sent(disclosures, &sent).map_err(refuted)?;
    match committed.members()[Member::Delivery.place()].value() {
        Some(MemberValue::Delivery(delivery)) if delivery.source == SOURCE => Ok(leaf.hash()),
        _ => Err(refuted("another source than was sent")),
    }
}

fn stand_in(leaves: &[Hash], run: &LoadedRun, head: &TreeHead) -> Result<(), Refuted> {
    let proof = RangeProof::new(run.first, run.first + run.count, head.size, hashes(&run.hashes)?);
    check_range(leaves, &proof, head).map(drop).map_err(refuted)
}
