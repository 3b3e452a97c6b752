//! `append_batch`: all or nothing.

use bytes::Bytes;
use indelible_client::{AppendError, BadAnswer, BadInput, Error, HeadStore, Misbehavior};
use indelible_merkle::Hash;

use crate::server::{Lie, Server};
use crate::{connect, misbehavior};

fn three() -> Vec<Bytes> {
    ["one", "two", "three"].map(Bytes::from).to_vec()
}

#[tokio::test]
async fn every_entry_of_a_batch_has_a_receipt() {
    let server = Server::start().await;
    let (client, heads) = connect(&server).await;
    client.append("before".into()).await.unwrap();
    // The proof of the run tells the tree before it, so that no consistency proof is needed, were it wrong.
    server.lie(Lie::WrongConsistency);
    let run = client.append_batch(three()).await.unwrap();
    assert_eq!((run.first_index(), run.count()), (1, 3));
    assert_eq!(run.receipts().count(), 3);
    for (receipt, entry) in run.receipts().zip(three()) {
        receipt.verify(Hash::leaf(&entry), &server.key()).unwrap();
    }
    assert!(run.receipt(0).is_none() && run.receipt(4).is_none());
    assert_eq!(heads.load().unwrap().as_deref(), Some(run.head().note_bytes()));
}

#[tokio::test]
async fn a_batch_that_cannot_be_is_refused_before_it_is_sent() {
    let server = Server::start().await;
    let (client, _) = connect(&server).await;
    let check = async |entries: Vec<Bytes>, expected: BadInput| {
        let error = client.append_batch(entries).await.unwrap_err();
        assert!(
            matches!(&error, AppendError::NotAppended(Error::Input(input)) if *input == expected),
            "{error}"
        );
    };
    check(Vec::new(), BadInput::BatchCount { count: 0 }).await;
    check(vec![Bytes::new(); 10_001], BadInput::BatchCount { count: 10_001 }).await;
    let long = vec![Bytes::new(), vec![0; 65_536].into()];
    check(
        long,
        BadInput::EntryTooLong {
            place: 1,
            length: 65_536,
        },
    )
    .await;
    // 64 times 65,536 bytes with their lengths are 4 MiB; one more entry is too many.
    let mut full = vec![Bytes::from(vec![0; 65_532]); 64];
    full.push(Bytes::new());
    check(full.clone(), BadInput::BatchBytes { bytes: 4_194_308 }).await;
    assert_eq!(server.log().size(), 0);
}

async fn check(lie: Lie, is_expected: impl Fn(&AppendError) -> bool) {
    let server = Server::start().await;
    let (client, heads) = connect(&server).await;
    client.append_batch(three()).await.unwrap();
    let held = heads.load().unwrap();
    server.lie(lie);
    let entries = match lie {
        Lie::Replay => three(),
        _ => ["four", "five", "six"].map(Bytes::from).to_vec(),
    };
    let error = match client.append_batch(entries).await {
        Ok(run) => panic!("{lie:?}: {run:?}"),
        Err(error) => error,
    };
    assert!(is_expected(&error), "{lie:?}: {error}");
    assert_eq!(heads.load().unwrap(), held, "{lie:?}");
}

fn unconfirmed(error: &AppendError) -> &Misbehavior {
    match error {
        AppendError::Unconfirmed(error) => misbehavior(error),
        AppendError::NotAppended(error) => panic!("it was sent, how can one know? {error}"),
    }
}

#[tokio::test]
async fn lies_about_a_batch_are_seen() {
    for lie in [Lie::WrongIndex, Lie::OtherProof, Lie::OtherEntry, Lie::OldHead] {
        check(lie, |error| matches!(unconfirmed(error), Misbehavior::Proof { .. })).await;
    }
    check(Lie::BadSignature, |error| {
        matches!(unconfirmed(error), Misbehavior::Head { .. })
    })
    .await;
    for lie in [Lie::TooManyAcknowledged, Lie::NothingAcknowledged] {
        let is_count = |answer: &BadAnswer| matches!(answer, BadAnswer::Count { outstanding: 3, .. });
        check(
            lie,
            |error| matches!(unconfirmed(error), Misbehavior::Answer(answer) if is_count(answer)),
        )
        .await;
    }
    let expected = BadAnswer::NotNew { index: 0, before: 3 };
    check(
        Lie::Replay,
        |error| matches!(unconfirmed(error), Misbehavior::Answer(answer) if *answer == expected),
    )
    .await;
}

#[tokio::test]
async fn a_refusal_says_that_nothing_was_written_and_silence_does_not() {
    check(Lie::Refuse, |error| {
        matches!(error, AppendError::NotAppended(Error::Denied(_)))
    })
    .await;
    check(Lie::Silence, |error| {
        matches!(error, AppendError::Unconfirmed(Error::TimedOut { .. }))
    })
    .await;
}

#[tokio::test]
async fn a_batch_in_a_rewritten_log_is_refused() {
    let server = Server::start().await;
    let (client, heads) = connect(&server).await;
    client.append_batch(three()).await.unwrap();
    let held = heads.load().unwrap();
    server.log().rewrite(1, "other".into());
    let error = client.append_batch(three()).await.unwrap_err();
    assert!(
        matches!(unconfirmed(&error), Misbehavior::Inconsistent { .. }),
        "{error}"
    );
    assert_eq!(heads.load().unwrap(), held);
}
