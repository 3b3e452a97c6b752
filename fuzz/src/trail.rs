//! A small log of events that seeds are taken from: two events, and the tombstone that erased the actor of the first.

use std::sync::LazyLock;

use indelible_event::member::{Action, Actor, ActorType, Change, Claims, Delivery, Event, Raw, Submitter, Verb};
use indelible_event::{
    Disclosure, EvidenceLine, Holds, MemberRanges, MemberSet, Salts, Sealed, SealedTombstone, Second, TombstoneSalts,
};
use indelible_merkle::{CompactRange, Hash, proof};
use indelible_note::{Receipt, SigningKey, VerifierKey, sign_checkpoint};
use jiff::Timestamp;

/// The log's key. Its seed stands here, so it is no secret.
static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    let name = "fuzz.example/events"
        .parse()
        .expect("a name without forbidden characters");
    SigningKey::from_seed(name, [11; 32])
});

pub(super) static VKEY: LazyLock<VerifierKey> = LazyLock::new(|| KEY.verifier());

/// The bytes that the first event came as.
const RAW: &[u8] = b"{\"deploy\":\"prod\"}";

pub(super) fn second() -> Second {
    Second::of(Timestamp::from_second(1_795_341_600).expect("a time"))
}

/// What happened, of which a sender may claim anything in three places.
pub(super) fn claims() -> Claims {
    Claims {
        action: Some(Action {
            name: "deploy".to_owned(),
            verb: Verb::Execute,
            class: None,
        }),
        actor: Some(Actor {
            kind: ActorType::User,
            id: Some("7".to_owned()),
            name: Some("octocat".to_owned()),
            email: None,
            groups: Some(vec!["a".to_owned(), "b".to_owned()]),
            on_behalf_of: None,
            token_id: None,
            claims: Some(
                [("k".to_owned(), serde_json::json!([1, {"x": null}]))]
                    .into_iter()
                    .collect(),
            ),
        }),
        changes: Some(vec![Change {
            field: "role".to_owned(),
            before: Some("read".into()),
            after: Some(serde_json::json!({"role": "admin", "since": 2026})),
        }]),
        ..Claims::default()
    }
}

fn event(raw: Option<&[u8]>) -> Event {
    Event {
        claims: claims(),
        delivery: Some(Delivery {
            source: "fuzz".to_owned(),
            key: Some("1".to_owned()),
            received: second().start(),
        }),
        raw: raw.map(|raw| Raw::of(raw, "application/json", true)),
        submitter: Some(Submitter {
            principal: "anonymous".to_owned(),
            method: "none".to_owned(),
            verified: None,
        }),
    }
}

pub(super) static EVENTS: LazyLock<[Sealed; 2]> = LazyLock::new(|| {
    let seal = |number: u8, raw: Option<&[u8]>| {
        let salts = Salts::from_random(&[number; Salts::BYTES]);
        Sealed::seal(&event(raw), &salts, second()).expect("an event that a log takes")
    };
    [seal(1, Some(RAW)), seal(2, None)]
});

pub(super) static TOMBSTONE: LazyLock<SealedTombstone> = LazyLock::new(|| {
    let members = MemberSet::NONE.with(indelible_event::member::Member::Actor);
    let ranges = MemberRanges::of_entry(0, members).expect("a range");
    let erasable = Holds::default().clear(ranges).expect("nothing is held");
    let salts = TombstoneSalts::from_random(&[3; TombstoneSalts::BYTES]);
    SealedTombstone::seal(&erasable, Some("GDPR 17"), None, &salts, second()).expect("a small one")
});

/// The hashes of the three leaves.
pub(super) fn leaf_hashes() -> [Hash; 3] {
    let [first, last] = &*EVENTS;
    [first.leaf().hash(), last.leaf().hash(), TOMBSTONE.leaf().hash()]
}

/// The lines of an evidence file with everything.
pub(super) static LINES: LazyLock<[EvidenceLine; 3]> = LazyLock::new(|| {
    let tree = CompactRange::new().extend(leaf_hashes().to_vec());
    let fetch = |nodes: &[indelible_merkle::NodeId]| -> Vec<Hash> {
        nodes
            .iter()
            .map(|id| tree.node(*id).expect("it is in the tree"))
            .collect()
    };
    let edge = fetch(&CompactRange::nodes_of(3));
    let head = CompactRange::from_hashes(3, edge).expect("as many as asked for").head();
    let checkpoint = sign_checkpoint(head, &KEY).into_inner();
    let receipt = |index: u64| {
        let plan = proof::inclusion(index, 3).expect("it is in the tree");
        let proof = plan.finish(&fetch(plan.nodes())).expect("as many as asked for");
        Receipt::new(index, proof.hashes().to_vec(), checkpoint.clone())
    };
    let line = |sealed: &Sealed, index: u64, raw: Option<&'static [u8]>| EvidenceLine::Event {
        leaf: sealed.leaf().clone(),
        receipt: receipt(index),
        disclosures: sealed.disclosures().to_vec(),
        raw: raw.map(Into::into),
    };
    let [first, last] = &*EVENTS;
    let tombstone = EvidenceLine::Tombstone {
        leaf: TOMBSTONE.leaf().clone(),
        receipt: receipt(2),
        disclosures: TOMBSTONE.disclosures().to_vec(),
    };
    [line(first, 0, Some(RAW)), line(last, 1, None), tombstone]
});

/// Whether some event of the log has this disclosure.
pub(super) fn is_genuine(disclosure: &Disclosure) -> bool {
    EVENTS.iter().any(|event| event.disclosures().contains(disclosure))
}
