//! What the tests of the trail have in common.

use indelible_client::NewEvent;
use indelible_event::member::{Action, Actor, ActorType, Claims, Target, Verb};
use indelible_merkle::{Hash, InclusionProof, RangeProof, check_inclusion, check_range};
use indelible_note::open_checkpoint;
use tonic::transport::Channel;

use crate::bed::{Bed, Server};
use crate::stubs::audit_trail_client::AuditTrailClient;
use crate::stubs::{RawBody as RawMessage, Submission, SubmittedRun};

/// A bed with a fresh log of events in it.
pub(crate) fn bed() -> Bed {
    let bed = Bed::new();
    let made = bed.run(&["init", "--origin", "test.example/events", "--data", "log"]);
    assert!(made.status.success(), "{made:?}");
    bed
}

/// Somebody did something to a repository.
pub(crate) fn claims(actor: &str, repository: &str) -> Claims {
    Claims {
        action: Some(Action {
            name: "deployment.created".to_owned(),
            verb: Verb::Create,
            class: None,
        }),
        actor: Some(Actor {
            kind: ActorType::User,
            id: Some(format!("id-{actor}")),
            name: Some(actor.to_owned()),
            email: None,
            groups: None,
            on_behalf_of: None,
            token_id: None,
            claims: None,
        }),
        targets: Some(vec![Target {
            kind: "repository".to_owned(),
            id: format!("id-{repository}"),
            name: Some(repository.to_owned()),
            parent: None,
        }]),
        ..Claims::default()
    }
}

/// An event with this key, or without.
pub(crate) fn event(key: Option<&str>, actor: &str) -> NewEvent {
    NewEvent {
        source: "api/tests".to_owned(),
        key: key.map(str::to_owned),
        claims: claims(actor, "acme/shop"),
        raw: None,
    }
}

/// A client that checks nothing, made from proto/ as a stranger would.
pub(crate) async fn stub(server: &Server) -> AuditTrailClient<Channel> {
    AuditTrailClient::new(server.channel().await).max_decoding_message_size(64 << 20)
}

/// What the client library would send of an event.
pub(crate) fn submission(event: &NewEvent) -> Submission {
    Submission {
        source: event.source.clone(),
        key: event.key.clone(),
        claims: serde_json::to_vec(&event.claims).unwrap().into(),
        raw: event.raw.as_ref().map(|raw| RawMessage {
            content: raw.content.clone(),
            content_type: raw.content_type.clone(),
        }),
        ..Submission::default()
    }
}

/// Checks the proofs of a run: those that are new stand side by side from `first` on, unless there are none.
#[track_caller]
pub(crate) fn check_run(run: &SubmittedRun, bed: &Bed, repeated: &[bool], first: u64) {
    let said: Vec<bool> = run.events.iter().map(|event| event.repeated).collect();
    assert_eq!(said, repeated);
    let head = open_checkpoint(&run.head.as_ref().unwrap().checkpoint, &bed.vkey())
        .unwrap()
        .head();
    let mut leaves = Vec::new();
    for event in &run.events {
        let found = event.event.as_ref().unwrap();
        let leaf = Hash::leaf(&found.leaf);
        match &event.proof {
            None => leaves.push(leaf),
            Some(proof) => {
                let proof = InclusionProof::new(found.index, head.size, Hash::split(&proof.hashes).unwrap());
                check_inclusion(leaf, &proof, &head).unwrap();
            }
        }
    }
    assert_eq!((run.first_index, run.count as usize), (first, leaves.len()));
    if leaves.is_empty() {
        return assert_eq!(run.proof, None);
    }
    let hashes = Hash::split(&run.proof.as_ref().unwrap().hashes).unwrap();
    let proof = RangeProof::new(first, first + leaves.len() as u64, head.size, hashes);
    check_range(&leaves, &proof, &head).unwrap();
}
