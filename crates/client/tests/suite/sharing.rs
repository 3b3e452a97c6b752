//! Several clients that share one held head, and head stores that fail.

use std::io;
use std::sync::Arc;

use indelible_client::{
    AppendError, Client, ConnectError, Error, FileHeads, HeadStore, MemoryHeads, Misbehavior, Swap,
};
use indelible_note::SignedCheckpoint;

use crate::server::{Lie, Server};
use crate::{connect, connect_with, misbehavior, options};

#[tokio::test]
async fn clients_that_share_a_store_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start().await;
    let heads = || FileHeads::new(folder.path().join("held")).unwrap();
    let clients = [
        connect_with(&server, heads()).await,
        connect_with(&server, heads()).await,
    ];
    for round in 0..4 {
        for client in &clients {
            client.append(format!("round {round}").into()).await.unwrap();
        }
    }
    let held = SignedCheckpoint::parse(&heads().load().unwrap().unwrap()).unwrap();
    assert_eq!(held.head().size, 8);
}

#[tokio::test]
async fn a_history_that_another_client_has_seen_otherwise_is_refused() {
    let server = Server::start().await;
    let (first, heads) = connect(&server).await;
    let second = connect_with(&server, Arc::clone(&heads)).await;
    first.append("one".into()).await.unwrap();
    let held = heads.load().unwrap();

    // The second client holds nothing itself: it learns of the first one's head when it cannot store its own.
    server.log().rewrite(0, "other".into());
    let error = second.head().await.unwrap_err();
    assert!(matches!(misbehavior(&error), Misbehavior::Fork { .. }), "{error}");
    server.log().append("two".into());
    let error = second.head().await.unwrap_err();
    assert!(
        matches!(misbehavior(&error), Misbehavior::Inconsistent { .. }),
        "{error}"
    );
    assert_eq!(heads.load().unwrap(), held);
}

#[tokio::test]
async fn a_client_that_is_behind_the_store_learns_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("held");
    let server = Server::start().await;
    let first = connect_with(&server, FileHeads::new(&path).unwrap()).await;
    let second = connect_with(&server, FileHeads::new(&path).unwrap()).await;
    first.append("one".into()).await.unwrap();
    first.append("two".into()).await.unwrap();
    let held = std::fs::read(&path).unwrap();
    server.lie(Lie::OldHead);
    assert_eq!(second.head().await.unwrap().head().size, 1);
    assert_eq!(std::fs::read(&path).unwrap(), held);

    // From now on it holds the larger head itself, so that it needs no store to see a rollback to the smaller one.
    std::fs::remove_file(&path).unwrap();
    server.lie(Lie::None);
    server.log().truncate(1);
    let error = second.head().await.unwrap_err();
    assert!(
        matches!(misbehavior(&error), Misbehavior::Inconsistent { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_store_that_was_emptied_does_not_make_a_running_client_forget() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("held");
    let server = Server::start().await;
    let client = connect_with(&server, FileHeads::new(&path).unwrap()).await;
    client.append("one".into()).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    client.append("two".into()).await.unwrap();
    assert!(path.exists());
    std::fs::remove_file(&path).unwrap();
    server.log().rewrite(0, "other".into());
    server.log().append("three".into());
    client.head().await.unwrap_err();
    assert!(!path.exists());
}

#[tokio::test]
async fn a_head_of_another_log_is_not_taken_for_the_held_one() {
    let server = Server::start().await;
    let heads = MemoryHeads::new();
    assert_eq!(heads.compare_and_swap(None, b"not a head").unwrap(), Swap::Stored);
    let error = Client::connect(server.url(), server.key(), heads, options())
        .await
        .unwrap_err();
    assert!(matches!(error, ConnectError::Held(Error::ForeignHead(_))), "{error}");
}

/// Can be read, and never written.
struct Stubborn(fn() -> io::Result<Swap>);

impl HeadStore for Stubborn {
    fn load(&self) -> io::Result<Option<Vec<u8>>> {
        Ok(None)
    }

    fn compare_and_swap(&self, _: Option<&[u8]>, _: &[u8]) -> io::Result<Swap> {
        self.0()
    }
}

#[tokio::test]
async fn nothing_is_handed_out_whose_head_could_not_be_stored() {
    let server = Server::start().await;
    let full = connect_with(&server, Stubborn(|| Err(io::ErrorKind::StorageFull.into()))).await;
    let error = full.append("one".into()).await.unwrap_err();
    assert!(
        matches!(error, AppendError::Unconfirmed(Error::HeadStore(_))),
        "{error}"
    );
    let error = full.head().await.unwrap_err();
    assert!(matches!(error, Error::HeadStore(_)), "{error}");

    let contended = connect_with(&server, Stubborn(|| Ok(Swap::Lost { current: None }))).await;
    let error = contended.head().await.unwrap_err();
    assert!(matches!(error, Error::Contended { .. }), "{error}");
}
