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

#[cfg(test)]
mod tests {
    use indelible_event::{Salts, Sealed, Second};
    use indelible_merkle::{CompactRange, Growth, proof};
    use indelible_note::{SigningKey, sign_checkpoint};
    use serde_json::json;

    use super::*;
    use crate::cmd::bench::check::Thoroughness;
    use crate::cmd::bench::events::whole;

    /// A log of the events 5 to 8, and its honest replies.
    struct Honest {
        checker: Checker,
        events: Vec<LoadedEvent>,
        tree: CompactRange,
        nodes: Growth,
        checkpoint: Box<[u8]>,
    }

    fn honest() -> Honest {
        let key = SigningKey::from_seed("bench.example/log".parse().unwrap(), [7; 32]);
        let received = Second::of("2026-11-22T10:00:00Z".parse().unwrap());
        let events: Vec<LoadedEvent> = (5..9)
            .map(|number| {
                let salts = Salts::from_random(&[3; Salts::BYTES]);
                let sealed = Sealed::seal(&whole(number).unwrap(), &salts, received).unwrap();
                LoadedEvent {
                    index: number - 5,
                    leaf: sealed.leaf().text().clone(),
                    disclosures: sealed.disclosures().iter().map(|one| one.bytes().clone()).collect(),
                    repeated: false,
                }
            })
            .collect();
        let mut tree = CompactRange::new();
        let nodes = tree.extend(events.iter().map(|event| Hash::leaf(&event.leaf)).collect());
        Honest {
            checker: Checker {
                key: key.verifier(),
                thoroughness: Thoroughness::All,
            },
            checkpoint: sign_checkpoint(tree.head(), &key).note_bytes().into(),
            events,
            tree,
            nodes,
        }
    }

    impl Honest {
        fn single(&self, index: u64) -> LoadedRun {
            let plan = proof::inclusion(index, self.tree.size()).unwrap();
            let nodes: Vec<Hash> = plan.nodes().iter().map(|&id| self.nodes.node(id).unwrap()).collect();
            self.run(index, 1, plan.finish(&nodes).unwrap().hashes())
        }

        fn batch(&self) -> LoadedRun {
            let plan = proof::range(1, 4, self.tree.size()).unwrap();
            let nodes: Vec<Hash> = plan.nodes().iter().map(|&id| self.nodes.node(id).unwrap()).collect();
            self.run(1, 3, plan.finish(&nodes).unwrap().hashes())
        }

        fn run(&self, first: u64, count: u64, hashes: &[Hash]) -> LoadedRun {
            let place = usize::try_from(first).unwrap();
            LoadedRun {
                events: self.events[place..place + usize::try_from(count).unwrap()].to_vec(),
                first,
                count,
                hashes: Hash::join(hashes).into(),
                checkpoint: self.checkpoint.clone(),
            }
        }
    }

    fn kept(number: u64, reply: LoadedRun) -> [Kept<LoadedRun>; 1] {
        [Kept { number, reply }]
    }

    #[test]
    fn a_reply_to_a_submission_holds_for_the_event_that_was_sent_only() {
        let log = honest();
        log.checker.submitted(&kept(6, log.single(1))).unwrap();
        log.checker.submitted(&kept(7, log.single(1))).unwrap_err();
        let damaged: [fn(&mut LoadedRun); 5] = [
            |run| run.hashes[0] ^= 1,
            |run| run.checkpoint[30] ^= 1,
            |run| run.events[0].repeated = true,
            |run| run.events[0].index = 2,
            |run| drop(run.events[0].disclosures.pop()),
        ];
        for damage in damaged {
            let mut run = log.single(1);
            damage(&mut run);
            log.checker.submitted(&kept(6, run)).unwrap_err();
        }
    }

    #[test]
    fn a_reply_to_a_batch_holds_for_what_was_sent_only() {
        let log = honest();
        log.checker.submitted_batches(&kept(6, log.batch()), 3).unwrap();
        log.checker.submitted_batches(&kept(5, log.batch()), 3).unwrap_err();
        log.checker.submitted_batches(&kept(6, log.batch()), 4).unwrap_err();
        let mut other = log.batch();
        other.events[2] = log.events[0].clone();
        other.events[2].index = 3;
        log.checker.submitted_batches(&kept(6, other), 3).unwrap_err();
        let mut unproven = log.batch();
        unproven.hashes[0] ^= 1;
        log.checker.submitted_batches(&kept(6, unproven), 3).unwrap_err();
    }

    #[test]
    fn an_answer_has_the_newest_events_of_the_actor() {
        let known = ByActor::of(
            &[
                Kept {
                    number: 1_000,
                    reply: 0,
                },
                Kept {
                    number: 0,
                    reply: 1_000,
                },
            ],
            1_000,
        );
        let (actor, all) = known.known.iter().max_by_key(|(_, events)| events.len()).unwrap();
        let row = |(index, number): &(u64, u64)| {
            let claims: Value = serde_json::from_str(&claims(*number)).unwrap();
            let mut members = serde_json::Map::new();
            for (name, value) in claims.as_object().unwrap() {
                members.insert(name.clone(), json!({"state": "disclosed", "value": value}));
            }
            members.insert("delivery".to_owned(), json!({"value": {"key": key(*number)}}));
            json!({"index": index, "members": members})
        };
        let answer = |rows: Vec<Value>| json!({"events": rows}).to_string();
        let newest: Vec<Value> = all.iter().rev().take(5).map(row).collect();
        let check = |rows: Vec<Value>| known.check(*actor, 5, answer(rows).as_bytes());
        check(newest.clone()).unwrap();
        check(newest[..4].to_vec()).unwrap_err();
        check(all.iter().take(5).map(row).collect()).unwrap_err();
        let mut other = newest;
        other[2]["members"]["targets"]["value"] = json!([]);
        check(other).unwrap_err();
        known.check(ActorNumber::drawn(1), 5, b"{}").unwrap_err();
    }
}
