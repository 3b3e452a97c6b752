//! Heads, proofs and entries.

use indelible_client::{BadAnswer, BadInput, Client, Error, HeadStore, Misbehavior, Unproven};
use indelible_merkle::{Hash, OutOfTree};
use indelible_note::{
    Finding, FindingKind, SignedCheckpoint, SigningKey, Unconfirmed, Verdict, VerifierKey, sign_checkpoint,
};
use tonic::Code;

use crate::server::{Lie, Server};
use crate::{connect, misbehavior};

/// A server whose log has entries "0", "1", …, and a client that has seen all of them.
async fn filled(size: u64) -> (Server, Client, std::sync::Arc<indelible_client::MemoryHeads>) {
    let server = Server::start().await;
    grow(&server, size);
    let (client, heads) = connect(&server).await;
    client.head().await.unwrap();
    (server, client, heads)
}

fn grow(server: &Server, size: u64) {
    let mut log = server.log();
    (log.size()..size).for_each(|index| log.append(index.to_string().into()));
}

fn leaf(index: u64) -> Hash {
    Hash::leaf(index.to_string().as_bytes())
}

#[tokio::test]
async fn heads_move_forward_and_an_older_one_leaves_the_held_one() {
    let (server, client, heads) = filled(5).await;
    grow(&server, 9);
    let newest = client.head().await.unwrap();
    assert_eq!(newest.head().size, 9);
    assert_eq!(heads.load().unwrap().as_deref(), Some(newest.note_bytes()));
    server.lie(Lie::OldHead);
    assert_eq!(client.head().await.unwrap().head().size, 8);
    assert_eq!(heads.load().unwrap().as_deref(), Some(newest.note_bytes()));
}

#[tokio::test]
async fn a_log_begins_empty() {
    let (server, client, _) = filled(0).await;
    grow(&server, 3);
    assert_eq!(client.head().await.unwrap().head().size, 3);
}

#[tokio::test]
async fn one_size_with_two_roots_is_a_fork_and_both_heads_are_kept() {
    let (server, client, heads) = filled(5).await;
    let before = heads.load().unwrap().unwrap();
    server.log().rewrite(4, "other".into());
    // Nothing that the server could say about it matters.
    server.lie(Lie::NoConsistency);
    let error = client.head().await.unwrap_err();
    let Misbehavior::Fork { held, answered } = misbehavior(&error) else {
        panic!("{error}")
    };
    assert_eq!(held.note_bytes(), before);
    assert_eq!(answered.note_bytes(), server.log().signed(5));
    assert_eq!(
        convicted(&error, &server.key()),
        (before.clone(), server.log().signed(5).to_vec())
    );
    assert_eq!(heads.load().unwrap(), Some(before));
}

/// The two heads by which the finding that others may read convicts the log.
fn convicted(error: &Error, key: &VerifierKey) -> (Vec<u8>, Vec<u8>) {
    let finding = misbehavior(error).finding(key, Vec::new()).unwrap();
    match Finding::parse(finding.to_string().as_bytes())
        .unwrap()
        .confirm()
        .unwrap()
    {
        Verdict::Fork(fork) => (fork.older().note_bytes().to_vec(), fork.newer().note_bytes().to_vec()),
        Verdict::Signed(heads) => panic!("{heads:?}"),
    }
}

#[tokio::test]
async fn what_only_this_client_saw_convicts_nobody() {
    let (server, client, _) = filled(5).await;
    grow(&server, 8);
    server.lie(Lie::WrongConsistency);
    let error = client.head().await.unwrap_err();
    assert!(
        matches!(misbehavior(&error), Misbehavior::Inconsistent { .. }),
        "{error}"
    );
    assert_eq!(misbehavior(&error).finding(&server.key(), Vec::new()), None);

    let (server, client, _) = filled(5).await;
    server.lie(Lie::BadSignature);
    let error = client.head().await.unwrap_err();
    let finding = misbehavior(&error).finding(&server.key(), Vec::new()).unwrap();
    assert_eq!(finding.kind, FindingKind::Signature);
    assert!(matches!(finding.confirm(), Err(Unconfirmed::Head { place: 1, .. })));
}

#[tokio::test]
async fn a_rewritten_log_that_has_grown_is_inconsistent_and_both_heads_are_kept() {
    let (server, client, heads) = filled(5).await;
    let before = heads.load().unwrap().unwrap();
    server.log().rewrite(0, "other".into());
    grow(&server, 8);
    let error = client.head().await.unwrap_err();
    let Misbehavior::Inconsistent { older, newer, reason } = misbehavior(&error) else {
        panic!("{error}")
    };
    assert_eq!(older.note_bytes(), before);
    assert_eq!(newer.note_bytes(), server.log().signed(8));
    assert!(matches!(reason, Unproven::Proof { .. }));
    // The honest proof of the rewritten log says what the head of 5 entries should have been.
    assert_eq!(
        convicted(&error, &server.key()),
        (before.clone(), server.log().signed(8).to_vec())
    );
    assert_eq!(heads.load().unwrap(), Some(before));
}

#[tokio::test]
async fn a_log_that_was_rolled_back_denies_what_it_has_signed() {
    let (server, client, heads) = filled(5).await;
    let before = heads.load().unwrap().unwrap();
    server.log().truncate(3);
    let error = client.head().await.unwrap_err();
    let Misbehavior::Inconsistent { older, newer, reason } = misbehavior(&error) else {
        panic!("{error}")
    };
    assert_eq!(older.note_bytes(), server.log().signed(3));
    assert_eq!(newer.note_bytes(), before);
    assert!(matches!(reason, Unproven::Denied { .. }));
    let finding = misbehavior(&error).finding(&server.key(), Vec::new()).unwrap();
    assert_eq!(finding.kind, FindingKind::Rollback);
    let verdict = finding.confirm().unwrap();
    assert!(matches!(verdict, Verdict::Signed(heads) if heads[0].note_bytes() == before));
    assert_eq!(heads.load().unwrap(), Some(before));
}

#[tokio::test]
async fn lies_about_the_head_are_seen() {
    let (server, client, heads) = filled(5).await;
    let before = heads.load().unwrap();
    grow(&server, 7);
    let check = async |lie: Lie, is_expected: fn(&Misbehavior) -> bool| {
        server.lie(lie);
        let error = client.head().await.unwrap_err();
        assert!(is_expected(misbehavior(&error)), "{lie:?}: {error}");
        assert_eq!(heads.load().unwrap(), before, "{lie:?}");
    };
    check(Lie::BadSignature, |lie| matches!(lie, Misbehavior::Head { .. })).await;
    check(Lie::TornHead, |lie| matches!(lie, Misbehavior::Head { .. })).await;
    check(Lie::NoHead, |lie| {
        matches!(lie, Misbehavior::Answer(BadAnswer::Missing { field: "head" }))
    })
    .await;
    check(Lie::WrongConsistency, |lie| {
        matches!(lie, Misbehavior::Inconsistent { .. })
    })
    .await;
    check(Lie::WrongIndex, |lie| {
        matches!(lie, Misbehavior::Answer(BadAnswer::Size { asked: 5, answered: 6 }))
    })
    .await;
    check(Lie::NoConsistency, |lie| {
        matches!(lie, Misbehavior::Answer(BadAnswer::Missing { .. }))
    })
    .await;
}

#[tokio::test]
async fn a_head_of_nothing_has_the_root_of_nothing() {
    let server = Server::start().await;
    let root = Hash::leaf(b"something");
    let note = sign_checkpoint(indelible_merkle::TreeHead { size: 0, root }, &server.log().key);
    server.answer_head(note.note_bytes().to_vec());
    let (client, heads) = connect(&server).await;
    let error = client.head().await.unwrap_err();
    assert!(matches!(misbehavior(&error), Misbehavior::Proof { .. }), "{error}");
    assert_eq!(heads.load().unwrap(), None);
}

#[tokio::test]
async fn a_watch_gives_the_newest_head_and_those_that_follow() {
    let (server, client, heads) = filled(2).await;
    let mut watch = client.watch().await.unwrap();
    assert_eq!(watch.next().await.unwrap().head().size, 2);
    client.append("2".into()).await.unwrap();
    assert_eq!(watch.next().await.unwrap().head().size, 3);
    let held = heads.load().unwrap();
    server.log().rewrite(0, "other".into());
    server.publish();
    let error = watch.next().await.unwrap_err();
    assert!(matches!(misbehavior(&error), Misbehavior::Fork { .. }), "{error}");
    assert_eq!(heads.load().unwrap(), held);
}

#[tokio::test]
async fn an_entry_is_proved_by_index_and_by_leaf_hash() {
    let (server, client, heads) = filled(5).await;
    grow(&server, 7);
    let receipt = client.prove(3).await.unwrap();
    assert_eq!(receipt.index(), 3);
    receipt.verify(leaf(3), &server.key()).unwrap();
    assert_eq!(
        heads.load().unwrap().as_deref(),
        Some(receipt.checkpoint().note_bytes())
    );

    let receipt = client.prove_leaf(leaf(6)).await.unwrap();
    assert_eq!(receipt.index(), 6);
    receipt.verify(leaf(6), &server.key()).unwrap();

    let refused =
        |error: Error, expected: Code| assert!(matches!(error, Error::Refused { code, .. } if code == expected));
    refused(client.prove(7).await.unwrap_err(), Code::OutOfRange);
    refused(client.prove_leaf(leaf(7)).await.unwrap_err(), Code::NotFound);
}

#[tokio::test]
async fn lies_about_a_proof_are_seen() {
    let (server, client, heads) = filled(5).await;
    let before = heads.load().unwrap();
    grow(&server, 7);
    let check = async |lie: Lie, is_expected: fn(&Misbehavior) -> bool| {
        server.lie(lie);
        let error = client.prove(4).await.unwrap_err();
        assert!(is_expected(misbehavior(&error)), "{lie:?}: {error}");
        assert_eq!(heads.load().unwrap(), before, "{lie:?}");
    };
    check(Lie::WrongIndex, |lie| {
        matches!(lie, Misbehavior::Answer(BadAnswer::Index { asked: 4, answered: 5 }))
    })
    .await;
    check(Lie::OtherEntry, |lie| {
        matches!(lie, Misbehavior::Answer(BadAnswer::Index { asked: 4, answered: 3 }))
    })
    .await;
    check(Lie::OtherProof, |lie| matches!(lie, Misbehavior::Proof { .. })).await;
    check(Lie::NoProof, |lie| {
        matches!(lie, Misbehavior::Answer(BadAnswer::Missing { field: "proof" }))
    })
    .await;
    check(Lie::TornHash, |lie| {
        matches!(lie, Misbehavior::Answer(BadAnswer::Hashes { field: "leaf_hash", .. }))
    })
    .await;
    check(Lie::OldHead, |lie| {
        matches!(lie, Misbehavior::Answer(BadAnswer::Size { asked: 6, answered: 7 }))
    })
    .await;
    check(Lie::BadSignature, |lie| matches!(lie, Misbehavior::Head { .. })).await;
    check(Lie::WrongConsistency, |lie| {
        matches!(lie, Misbehavior::Inconsistent { .. })
    })
    .await;

    server.lie(Lie::OtherEntry);
    let error = client.prove_leaf(leaf(4)).await.unwrap_err();
    assert!(
        matches!(misbehavior(&error), Misbehavior::Answer(BadAnswer::Leaf { .. })),
        "{error}"
    );
}

#[tokio::test]
async fn many_entries_are_proved_at_once() {
    let (server, client, heads) = filled(5).await;
    grow(&server, 20);
    let leaves = [0, 3, 4, 19].map(|index| (index, leaf(index)));
    let included = client.prove_many(&leaves).await.unwrap();
    assert_eq!(included.leaves(), leaves);
    assert_eq!(included.head().size, 20);
    let held = SignedCheckpoint::parse(&heads.load().unwrap().unwrap()).unwrap();
    assert_eq!(held.head(), included.head());
}

#[tokio::test]
async fn a_claim_that_does_not_hold_is_told_from_a_server_that_lies() {
    let (server, client, heads) = filled(5).await;
    let claim = [(1, leaf(1)), (2, leaf(3))];
    let error = client.prove_many(&claim).await.unwrap_err();
    let Error::Differs { index, claimed, found } = error else {
        panic!("{error}")
    };
    assert_eq!((index, claimed, found), (2, leaf(3), leaf(2)));

    let before = heads.load().unwrap();
    grow(&server, 7);
    let check = async |lie: Lie, is_expected: fn(&Misbehavior) -> bool| {
        server.lie(lie);
        let error = client.prove_many(&[(1, leaf(1)), (2, leaf(2))]).await.unwrap_err();
        assert!(is_expected(misbehavior(&error)), "{lie:?}: {error}");
        assert_eq!(heads.load().unwrap(), before, "{lie:?}");
    };
    check(Lie::OtherEntry, |lie| matches!(lie, Misbehavior::Proof { .. })).await;
    check(Lie::OtherProof, |lie| matches!(lie, Misbehavior::Proof { .. })).await;
    check(Lie::TooManyAcknowledged, |lie| {
        matches!(lie, Misbehavior::Answer(BadAnswer::Count { .. }))
    })
    .await;
    check(Lie::NoHead, |lie| {
        matches!(lie, Misbehavior::Answer(BadAnswer::Missing { .. }))
    })
    .await;
    check(Lie::OldHead, |lie| {
        matches!(lie, Misbehavior::Answer(BadAnswer::Size { .. }))
    })
    .await;
    check(Lie::BadSignature, |lie| matches!(lie, Misbehavior::Head { .. })).await;
    check(Lie::WrongConsistency, |lie| {
        matches!(lie, Misbehavior::Inconsistent { .. })
    })
    .await;
}

#[tokio::test]
async fn leaves_that_cannot_be_proved_at_once_are_the_callers_fault() {
    let (_server, client, _) = filled(5).await;
    let twice = [(2, leaf(2)), (2, leaf(2))];
    let error = client.prove_many(&twice).await.unwrap_err();
    assert!(matches!(error, Error::Input(BadInput::Leaves(_))), "{error}");
}

#[tokio::test]
async fn consistency_is_proved_between_heads_that_the_caller_holds() {
    let (server, client, _) = filled(5).await;
    grow(&server, 9);
    let head = |size| SignedCheckpoint::parse(&server.log().signed(size)).unwrap();
    for (older, newer) in [(3, 7), (7, 7), (0, 7)] {
        // Two of these need no proof.
        server.lie(if older == 3 { Lie::None } else { Lie::NoConsistency });
        let consistent = client.consistency(&head(older), &head(newer)).await.unwrap();
        assert_eq!(consistent.old_head(), head(older).head());
        assert_eq!(consistent.new_head(), head(newer).head());
    }

    let error = client.consistency(&head(7), &head(3)).await.unwrap_err();
    let expected = BadInput::OutOfTree(OutOfTree::OldSize { old: 7, new: 3 });
    assert!(matches!(error, Error::Input(input) if input == expected));
    let stranger = SigningKey::from_seed("example.com/log".parse().unwrap(), [8; 32]);
    let foreign = sign_checkpoint(head(7).head(), &stranger);
    let error = client.consistency(&head(3), &foreign).await.unwrap_err();
    assert!(matches!(error, Error::Input(BadInput::ForeignHead(_))), "{error}");

    let older = head(3);
    server.lie(Lie::None);
    server.log().rewrite(0, "other".into());
    let error = client.consistency(&older, &head(7)).await.unwrap_err();
    assert!(
        matches!(misbehavior(&error), Misbehavior::Inconsistent { .. }),
        "{error}"
    );
    let error = client.consistency(&older, &head(3)).await.unwrap_err();
    assert!(matches!(misbehavior(&error), Misbehavior::Fork { .. }), "{error}");
}

#[tokio::test]
async fn entries_come_in_order_and_are_proved() {
    let (_server, client, _) = filled(2500).await;
    let mut entries = client.entries(7, 10_000).await.unwrap();
    let mut next = 7;
    while let Some((first, run)) = entries.next().await.unwrap() {
        assert_eq!(first, next);
        for entry in run {
            assert_eq!(entry, next.to_string());
            next += 1;
        }
    }
    assert_eq!(next, 2500);
    assert_eq!(entries.head().head().size, 2500);

    let error = client.entries(2500, 1).await.unwrap_err();
    let expected = BadInput::OutOfTree(OutOfTree::Index {
        index: 2500,
        size: 2500,
    });
    assert!(matches!(error, Error::Input(input) if input == expected));
}

#[tokio::test]
async fn lies_about_entries_are_seen() {
    let (server, client, _) = filled(5).await;
    let check = async |lie: Lie, is_expected: fn(&Error) -> bool| {
        server.lie(lie);
        let mut entries = client.entries(1, 3).await.unwrap();
        let mut error = None;
        while error.is_none() {
            error = entries.next().await.map(|run| run.expect("the lie was not seen")).err();
        }
        let error = error.unwrap();
        assert!(is_expected(&error), "{lie:?}: {error}");
    };
    let answer: fn(&Error) -> bool =
        |error| matches!(misbehavior(error), Misbehavior::Answer(BadAnswer::EntryCount { .. }));
    check(Lie::TooManyAcknowledged, answer).await;
    check(Lie::NothingAcknowledged, answer).await;
    check(Lie::OtherEntry, |error| {
        matches!(misbehavior(error), Misbehavior::Proof { .. })
    })
    .await;
    check(Lie::OtherProof, |error| {
        matches!(misbehavior(error), Misbehavior::Proof { .. })
    })
    .await;
    check(Lie::WrongIndex, |error| {
        matches!(misbehavior(error), Misbehavior::Answer(BadAnswer::Index { .. }))
    })
    .await;
    check(Lie::EndWithout, |error| matches!(error, Error::Ended)).await;
}
