//! The client library against the real service.

use std::collections::HashSet;

use bytes::Bytes;
use indelible_client::{Client, Error, MemoryHeads, Options};
use indelible_merkle::Hash;
use indelible_note::{Receipt, SigningKey};

use crate::support::Bed;

/// A hundred callers of one client, a hundred entries each: every receipt stands on its own, offline.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_entries_from_a_hundred_callers_each_get_a_receipt_of_their_own() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let key = bed.vkey();
    let client = server.client(key.clone()).await;
    let callers = (0..100).map(|caller| {
        let client = client.clone();
        tokio::spawn(async move {
            let mut kept = Vec::new();
            for number in 0..100 {
                let entry = Bytes::from(format!("caller {caller}, entry {number}"));
                kept.push((Hash::leaf(&entry), client.append(entry).await.unwrap().to_string()));
            }
            kept
        })
    });
    let kept: Vec<(Hash, String)> = futures_util::future::join_all(callers)
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .collect();
    server.kill();

    let mut indices = HashSet::new();
    for (leaf, text) in &kept {
        let receipt = Receipt::parse(text.as_bytes()).unwrap();
        indices.insert(receipt.verify(*leaf, &key).unwrap().included().index());
    }
    assert_eq!(
        indices,
        (0..10_000).collect(),
        "every entry stands at an index of its own"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_proofs_and_entries_are_checked_by_the_client() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let key = bed.vkey();
    let client = server.client(key.clone()).await;
    let entries: Vec<Bytes> = (0..1_000)
        .map(|number| Bytes::from(format!("entry {number}")))
        .collect();
    let early = client.append(entries[0].clone()).await.unwrap();
    let run = client.append_batch(entries[1..].to_vec()).await.unwrap();
    for (receipt, entry) in run.receipts().zip(&entries[1..]) {
        receipt.verify(Hash::leaf(entry), &key).unwrap();
    }
    let head = client.head().await.unwrap();
    assert_eq!(head.head().size, 1_000);
    client.consistency(early.checkpoint(), &head).await.unwrap();
    client
        .prove(777)
        .await
        .unwrap()
        .verify(Hash::leaf(&entries[777]), &key)
        .unwrap();
    let leaves: Vec<(u64, Hash)> = (0..)
        .zip(&entries)
        .step_by(3)
        .map(|(index, entry)| (index, Hash::leaf(entry)))
        .collect();
    client.prove_many(&leaves).await.unwrap();

    let mut stream = client.entries(100, 800).await.unwrap();
    let mut found = Vec::new();
    while let Some((_, run)) = stream.next().await.unwrap() {
        found.extend(run);
    }
    assert_eq!(found, entries[100..900]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_is_not_this_log() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let other = SigningKey::from_seed("test.example/log".parse().unwrap(), [9; 32]).verifier();
    let connected = Client::connect(&server.url, other, MemoryHeads::new(), Options::default()).await;
    let error = connected
        .expect("the key is first needed when a head comes")
        .head()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Misbehaved(_)), "{error}");
}

/// Two writers on two streams: heads move under each other's feet, and both keep one consistent view.
#[tokio::test(flavor = "multi_thread")]
async fn two_clients_that_write_at_once_agree() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let key = bed.vkey();
    let clients = [server.client(key.clone()).await, server.client(key).await];
    let writers = clients.into_iter().enumerate().map(|(writer, client)| {
        tokio::spawn(async move {
            for number in 0..300 {
                client.append(Bytes::from(format!("{writer}/{number}"))).await.unwrap();
                if number % 50 == 0 {
                    client.head().await.unwrap();
                }
            }
            client.head().await.unwrap().head()
        })
    });
    let heads = futures_util::future::join_all(writers).await;
    assert_eq!(heads.iter().map(|head| head.as_ref().unwrap().size).max(), Some(600));
}
