//! kill -9 under load; what was acknowledged is there, and every receipt still holds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use indelible_client::{Client, FileHeads, Options};
use indelible_merkle::Hash;
use indelible_note::Receipt;

use crate::support::Bed;

/// Twenty rounds on one log, killed at a random moment of each, by one client that remembers the newest head it verified: a log
/// that took anything back would be caught by it.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_lose_nothing_that_was_acknowledged() {
    let bed = Bed::with_log();
    let key = bed.vkey();
    let seed = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() & 0xffff_ffff).unwrap();
    println!("seed {seed}");
    let mut random = seed;
    let mut kept: Vec<(Hash, Receipt)> = Vec::new();
    for round in 0..20 {
        let server = bed.serve();
        let heads = FileHeads::new(bed.path("client.checkpoint")).unwrap();
        let client = Client::connect(&server.url, key.clone(), heads, Options::default())
            .await
            .unwrap();
        let size = client.head().await.unwrap().head().size;
        assert!(
            size >= kept.len() as u64,
            "round {round}: {size} entries, {} acknowledged",
            kept.len()
        );
        for (leaf, receipt) in kept.iter().rev().take(50) {
            let again = client.prove(receipt.index()).await.unwrap();
            assert_eq!(again.verify(*leaf, &key).unwrap().included().index(), receipt.index());
        }

        let writers = (0..16).map(|writer| {
            let client = client.clone();
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for number in 0u64.. {
                    let entry = Bytes::from(format!("{round}/{writer}/{number}"));
                    let leaf = Hash::leaf(&entry);
                    match client.append(entry).await {
                        Ok(receipt) => acknowledged.push((leaf, receipt)),
                        Err(_) => break,
                    }
                }
                acknowledged
            })
        });
        let writers: Vec<_> = writers.collect();
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        tokio::time::sleep(Duration::from_millis(20 + (random >> 33) % 400)).await;
        server.kill();
        for writer in writers {
            kept.extend(writer.await.unwrap());
        }
    }
    assert!(kept.len() > 1_000, "there was load: {}", kept.len());
    println!("{} receipts over 20 kills", kept.len());
    for (leaf, receipt) in &kept {
        receipt.verify(*leaf, &key).unwrap();
    }
}

/// Three seconds after the last append all entries are in sled: the server is killed, and sled itself asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_log_is_in_sled() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let client = server.client(bed.vkey()).await;
    let entries: Vec<Bytes> = (0..1_000)
        .map(|number| Bytes::from(format!("entry {number}")))
        .collect();
    client.append_batch(entries[..990].to_vec()).await.unwrap();
    for entry in &entries[990..] {
        client.append(entry.clone()).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    server.kill();

    let volume = sled::Config::new()
        .path(bed.path("log/tree.sled/0000"))
        .segment_size(8 << 20)
        .open()
        .unwrap();
    let stored: Vec<u8> = volume.iter().flat_map(|pair| pair.unwrap().1.to_vec()).collect();
    for entry in &entries {
        let framed = [&u16::try_from(entry.len()).unwrap().to_be_bytes()[..], entry].concat();
        assert!(
            stored.windows(framed.len()).any(|window| window == framed),
            "{entry:?} is not in sled"
        );
    }
}
