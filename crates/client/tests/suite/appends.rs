//! `append`: one stream for all callers.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use indelible_client::{
    AppendError, BadAnswer, BadInput, Client, Error, HeadStore, MemoryHeads, Misbehavior, Options, Swap,
};
use indelible_merkle::Hash;
use indelible_note::SignedCheckpoint;
use tokio::sync::Mutex;

use crate::server::{Lie, Server};
use crate::{connect, connect_with, misbehavior, options};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_entries_of_a_hundred_callers_each_have_a_receipt_of_their_own() {
    let server = Server::start().await;
    let (client, heads) = connect(&server).await;
    let callers = (0..100).map(|caller| {
        let client = client.clone();
        tokio::spawn(async move {
            let mut receipts = Vec::new();
            for number in 0..100 {
                let entry = format!("caller {caller}, entry {number}");
                let receipt = client.append(entry.clone().into()).await.unwrap();
                receipts.push((entry, receipt.to_string()));
            }
            receipts
        })
    });
    let callers: Vec<_> = callers.collect();

    let mut indices = Vec::new();
    for caller in callers {
        for (entry, receipt) in caller.await.unwrap() {
            let receipt = indelible_note::Receipt::parse(receipt.as_bytes()).unwrap();
            receipt.verify(Hash::leaf(entry.as_bytes()), &server.key()).unwrap();
            indices.push(receipt.index());
        }
    }
    indices.sort_unstable();
    assert!(indices.into_iter().eq(0..10_000));
    assert_eq!(server.streams().0, 1);
    let held = SignedCheckpoint::parse(&heads.load().unwrap().unwrap()).unwrap();
    assert_eq!(held.head().size, 10_000);
}

#[tokio::test]
async fn an_entry_too_long_is_refused_before_it_is_sent() {
    let server = Server::start().await;
    let (client, _) = connect(&server).await;
    let error = client.append(vec![0; 65_536].into()).await.unwrap_err();
    let input = BadInput::EntryTooLong {
        place: 0,
        length: 65_536,
    };
    assert!(matches!(error, AppendError::NotAppended(Error::Input(bad)) if bad == input));
    assert_eq!(server.streams().0, 0);
    client.append(vec![0; 65_535].into()).await.unwrap();
}

/// One honest append, one that is lied about, and an honest one again.
async fn check(lie: Lie, is_expected: impl Fn(&Error) -> bool) {
    let server = Server::start().await;
    let (client, heads) = connect(&server).await;
    client.append("one".into()).await.unwrap();
    client.append("two".into()).await.unwrap();
    let held = heads.load().unwrap();

    server.lie(lie);
    let error = match client.append("two".into()).await.unwrap_err() {
        AppendError::Unconfirmed(error) => error,
        AppendError::NotAppended(error) => panic!("{lie:?}: it was sent, how can one know? {error}"),
    };
    assert!(is_expected(&error), "{lie:?}: {error}");
    assert_eq!(heads.load().unwrap(), held, "{lie:?}");

    server.lie(Lie::None);
    let receipt = client.append("four".into()).await.unwrap();
    receipt.verify(Hash::leaf(b"four"), &server.key()).unwrap();
    assert_eq!(server.streams().0, 2, "{lie:?}");
}

fn answer(error: &Error) -> Option<&BadAnswer> {
    match misbehavior(error) {
        Misbehavior::Answer(answer) => Some(answer),
        _ => None,
    }
}

#[tokio::test]
async fn a_lie_about_the_head_is_seen() {
    check(Lie::BadSignature, |error| {
        matches!(misbehavior(error), Misbehavior::Head { .. })
    })
    .await;
    check(Lie::TornHead, |error| {
        matches!(misbehavior(error), Misbehavior::Head { .. })
    })
    .await;
    check(Lie::NoHead, |error| {
        answer(error) == Some(&BadAnswer::Missing { field: "head" })
    })
    .await;
    check(Lie::OldHead, |error| {
        matches!(misbehavior(error), Misbehavior::Proof { .. })
    })
    .await;
}

#[tokio::test]
async fn a_lie_about_the_entry_is_seen() {
    for lie in [Lie::WrongIndex, Lie::OtherProof, Lie::OtherEntry] {
        check(lie, |error| matches!(misbehavior(error), Misbehavior::Proof { .. })).await;
    }
    check(Lie::NoProof, |error| {
        answer(error) == Some(&BadAnswer::Missing { field: "proof" })
    })
    .await;
    check(Lie::TornHash, |error| {
        matches!(answer(error), Some(BadAnswer::Hashes { field: "proof", .. }))
    })
    .await;
}

#[tokio::test]
async fn an_older_entry_does_not_pass_for_the_new_one() {
    let expected = BadAnswer::NotNew { index: 1, before: 2 };
    check(Lie::Replay, |error| answer(error) == Some(&expected)).await;

    // Nor in the first message of a stream, where the held head tells what is old.
    let server = Server::start().await;
    let (first, heads) = connect(&server).await;
    first.append("one".into()).await.unwrap();
    let second = connect_with(&server, heads).await;
    server.lie(Lie::Replay);
    let error = second.append("one".into()).await.unwrap_err();
    let AppendError::Unconfirmed(error) = error else {
        panic!("{error}")
    };
    assert_eq!(answer(&error), Some(&BadAnswer::NotNew { index: 0, before: 1 }));
}

#[tokio::test]
async fn a_lie_about_the_count_is_seen() {
    for (lie, acknowledged) in [(Lie::TooManyAcknowledged, 2), (Lie::NothingAcknowledged, 0)] {
        let expected = BadAnswer::Count {
            outstanding: 1,
            acknowledged,
        };
        check(lie, |error| answer(error) == Some(&expected)).await;
    }
}

#[tokio::test]
async fn a_lie_about_consistency_is_seen() {
    check(Lie::NoConsistency, |error| {
        answer(error) == Some(&BadAnswer::Missing { field: "consistency" })
    })
    .await;
    check(Lie::WrongConsistency, |error| {
        let Misbehavior::Inconsistent { older, newer, .. } = misbehavior(error) else {
            return false;
        };
        (older.head().size, newer.head().size) == (2, 3)
    })
    .await;
}

#[tokio::test]
async fn entries_that_nobody_acknowledges_may_or_may_not_be_in_the_log() {
    check(
        Lie::CutAfterAppend,
        |error| matches!(error, Error::Refused { message, .. } if message == "cut"),
    )
    .await;
    check(Lie::EndWithout, |error| matches!(error, Error::Ended)).await;
}

#[tokio::test]
async fn a_stream_that_falls_silent_is_given_up() {
    check(Lie::Silence, |error| matches!(error, Error::TimedOut { .. })).await;
}

#[tokio::test]
async fn a_stream_that_rests_or_works_for_longer_than_the_timeout_is_not_given_up() {
    let server = Server::start().await;
    let timeout = Duration::from_millis(600);
    let options = Options { timeout, ..options() };
    let client = Client::connect(server.url(), server.key(), MemoryHeads::new(), options)
        .await
        .unwrap();
    client.append("one".into()).await.unwrap();
    tokio::time::sleep(2 * timeout).await;
    client.append("two".into()).await.unwrap();

    // Callers out of step, so that there is always something outstanding.
    server.lie(Lie::Slow);
    let end = tokio::time::Instant::now() + 2 * timeout;
    let mut callers = Vec::new();
    for _ in 0..4 {
        let client = client.clone();
        callers.push(tokio::spawn(async move {
            while tokio::time::Instant::now() < end {
                client.append("more".into()).await.unwrap();
            }
        }));
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(server.streams().0, 1);
}

#[tokio::test]
async fn a_stream_that_cannot_be_opened_is_given_up() {
    let server = Server::start().await;
    let (client, heads) = connect(&server).await;
    server.lie(Lie::Silence);
    let error = client.append("one".into()).await.unwrap_err();
    assert!(
        matches!(error, AppendError::Unconfirmed(Error::TimedOut { .. })),
        "{error}"
    );
    server.lie(Lie::Refuse);
    let error = client.append("one".into()).await.unwrap_err();
    assert!(matches!(error, AppendError::Unconfirmed(Error::Denied(_))), "{error}");
    assert_eq!(heads.load().unwrap(), None);
}

#[tokio::test]
async fn a_rewritten_log_is_seen_in_a_stream_that_is_open_and_in_a_new_one() {
    for open in [true, false] {
        let server = Server::start().await;
        let (client, heads) = connect(&server).await;
        for entry in ["one", "two", "three"] {
            client.append(entry.into()).await.unwrap();
        }
        if !open {
            server.lie(Lie::EndWithout);
            client.append("four".into()).await.unwrap_err();
            server.lie(Lie::None);
        }
        let held = heads.load().unwrap();
        server.log().rewrite(0, "other".into());
        let error = client.append("four".into()).await.unwrap_err();
        let AppendError::Unconfirmed(error) = error else {
            panic!("{error}")
        };
        let Misbehavior::Inconsistent { older, newer, .. } = misbehavior(&error) else {
            panic!("{error}")
        };
        assert_eq!(older.note_bytes(), held.as_deref().unwrap());
        assert_eq!(newer.note_bytes(), server.log().signed(4));
        assert_eq!(heads.load().unwrap(), held);
    }
}

#[tokio::test]
async fn a_log_that_was_rolled_back_is_convicted_by_its_own_heads() {
    let server = Server::start().await;
    let (client, heads) = connect(&server).await;
    for entry in ["one", "two", "three"] {
        client.append(entry.into()).await.unwrap();
    }
    server.lie(Lie::EndWithout);
    client.append("four".into()).await.unwrap_err();
    server.lie(Lie::None);
    let held = heads.load().unwrap();
    server.log().truncate(1);
    let error = client.append("four".into()).await.unwrap_err();
    let AppendError::Unconfirmed(error) = error else {
        panic!("{error}")
    };
    let Misbehavior::Inconsistent { older, newer, .. } = misbehavior(&error) else {
        panic!("{error}")
    };
    assert_eq!(older.note_bytes(), server.log().signed(1));
    assert_eq!(newer.note_bytes(), held.as_deref().unwrap());
    assert_eq!(heads.load().unwrap(), held);
}

#[tokio::test]
async fn all_that_were_outstanding_hear_of_the_end() {
    let server = Server::start().await;
    let (client, heads) = connect(&server).await;
    client.append("one".into()).await.unwrap();
    let held = heads.load().unwrap();
    server.lie(Lie::BadSignature);
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.append("two".into()).await })
        })
        .collect();
    for caller in callers {
        let error = caller.await.unwrap().unwrap_err();
        assert!(
            matches!(error, AppendError::Unconfirmed(Error::Misbehaved(_))),
            "{error}"
        );
    }
    assert_eq!(heads.load().unwrap(), held);
}

/// Stores a head only while the gate is not held, so that acknowledgements pile up behind it.
struct GatedHeads {
    heads: MemoryHeads,
    gate: Arc<Mutex<()>>,
}

impl HeadStore for GatedHeads {
    fn load(&self) -> io::Result<Option<Vec<u8>>> {
        self.heads.load()
    }

    fn compare_and_swap(&self, old: Option<&[u8]>, new: &[u8]) -> io::Result<Swap> {
        let _open = self.gate.blocking_lock();
        self.heads.compare_and_swap(old, new)
    }
}

#[tokio::test]
async fn what_is_acknowledged_behind_a_lie_is_not_believed() {
    let server = Server::start().await;
    let gate = Arc::new(Mutex::new(()));
    let closed = gate.lock().await;
    let heads = GatedHeads {
        heads: MemoryHeads::new(),
        gate: Arc::clone(&gate),
    };
    let client = connect_with(&server, heads).await;
    // The head of the first is being stored when the second comes, and is still when all others have come.
    let mut calls = Vec::new();
    for size in 1..44 {
        server.lie(if size == 3 { Lie::BadSignature } else { Lie::None });
        let client = client.clone();
        calls.push(tokio::spawn(
            async move { client.append(size.to_string().into()).await },
        ));
        server.grown_to(size).await;
    }
    let lies = calls.split_off(2);
    drop(closed);
    for call in calls {
        call.await.unwrap().unwrap();
    }
    for call in lies {
        let error = call.await.unwrap().unwrap_err();
        assert!(
            matches!(error, AppendError::Unconfirmed(Error::Misbehaved(_))),
            "{error}"
        );
    }
}

#[tokio::test]
async fn callers_wait_for_room_and_get_it_back() {
    let server = Server::start().await;
    let (client, _) = connect(&server).await;
    client.append("one".into()).await.unwrap();
    // 64 entries of 64 KiB fill the 4 MiB; nobody acknowledges them, so that the 65th is not even sent.
    server.lie(Lie::Silence);
    let entry = bytes::Bytes::from(vec![0; 65_535]);
    let callers: Vec<_> = (0..65)
        .map(|_| {
            let (client, entry) = (client.clone(), entry.clone());
            tokio::spawn(async move { client.append(entry).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.lie(Lie::None);
    let mut appended = 0;
    for caller in callers {
        match caller.await.unwrap() {
            Ok(_) => appended += 1,
            Err(error) => assert!(
                matches!(error, AppendError::Unconfirmed(Error::TimedOut { .. })),
                "{error}"
            ),
        }
    }
    assert_eq!(appended, 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_changes_nothing_for_the_others() {
    let server = Server::start().await;
    let (client, _) = connect(&server).await;
    tokio::select! {
        biased;
        _ = client.append("abandoned".into()) => panic!("it takes longer than this"),
        () = std::future::ready(()) => {}
    }
    let kept = client.append("kept".into()).await.unwrap();
    kept.verify(Hash::leaf(b"kept"), &server.key()).unwrap();
    assert_eq!(server.log().find(Hash::leaf(b"abandoned")), Some(0));
}

#[tokio::test]
async fn the_stream_ends_with_the_last_client() {
    let server = Server::start().await;
    let (client, _) = connect(&server).await;
    let other = client.clone();
    client.append("one".into()).await.unwrap();
    drop(client);
    other.append("two".into()).await.unwrap();
    assert_eq!(server.streams(), (1, 0));
    drop(other);
    server.wait_until(|server| server.streams() == (1, 1)).await;
}
