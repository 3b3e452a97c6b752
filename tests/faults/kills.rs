//! kill -9 under load: what was acknowledged is there, every receipt still holds, and nothing is found wrong with the files.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use indelible_client::Client;
use indelible_note::Receipt;

use crate::kept::{Kept, fsck};
use crate::support::Bed;

/// Rounds on one log, killed at a random moment of each, seen by clients that remember the newest head they verified: a log
/// that took anything back would be caught by them. `INDELIBLE_KILL_ROUNDS` says how many, `INDELIBLE_KILL_SEED` when.
#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_nothing_that_was_acknowledged() {
    let variable = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let rounds = variable("INDELIBLE_KILL_ROUNDS").unwrap_or(ROUNDS);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let mut random = variable("INDELIBLE_KILL_SEED").unwrap_or(u64::try_from(now & 0xffff_ffff).unwrap());
    println!("INDELIBLE_KILL_SEED={random}");
    let bed = Bed::with_log();
    let mut kept = Kept::of(&bed);
    for round in 0..rounds {
        let server = bed.serve();
        let client = kept.client(&server).await;
        let size = client.head().await.unwrap().head().size;
        assert!(
            size >= kept.size(),
            "round {round}: {size} entries, but receipts of {}",
            kept.size()
        );
        kept.prove_newest(&client, 50).await;
        let singles = (0..8).map(|writer| tokio::spawn(singles(client.clone(), format!("{round}/{writer}"))));
        let batches = (8..12).map(|writer| tokio::spawn(batches(client.clone(), format!("{round}/{writer}"))));
        let writers: Vec<_> = singles.collect::<Vec<_>>().into_iter().chain(batches).collect();
        // Somebody who sees every head at once, and remembers it.
        let mut watch = client.watch().await.unwrap();
        let watching = tokio::spawn(async move { while watch.next().await.is_ok() {} });
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        // From the first appends to a seal that is under way, which begins after a second, or with 8 MiB.
        tokio::time::sleep(Duration::from_millis(20 + (random >> 33) % 600)).await;
        server.kill();
        for writer in writers {
            for (entry, receipt) in writer.await.unwrap() {
                kept.keep(entry, receipt);
            }
        }
        watching.await.unwrap();
        fsck(&bed);
    }
    assert!(
        kept.acknowledged() > 50 * rounds,
        "there was load: {}",
        kept.acknowledged()
    );
    kept.check_receipts(&bed.serve()).await;
    println!("{} receipts over {rounds} kills", kept.acknowledged());
}

type Acknowledged = Vec<(Bytes, Receipt)>;

async fn singles(client: Client, name: String) -> Acknowledged {
    let mut acknowledged = Vec::new();
    for number in 0u64.. {
        let entry = Bytes::from(format!("{name}/{number}"));
        match client.append(entry.clone()).await {
            Ok(receipt) => acknowledged.push((entry, receipt)),
            Err(_) => break,
        }
    }
    acknowledged
}

async fn batches(client: Client, name: String) -> Acknowledged {
    let mut acknowledged = Vec::new();
    for number in 0u64.. {
        let entries: Vec<Bytes> = (0..20)
            .map(|place| Bytes::from(format!("{name}/{number}/{place}")))
            .collect();
        match client.append_batch(entries.clone()).await {
            Ok(run) => acknowledged.extend(entries.into_iter().zip(run.receipts())),
            Err(_) => break,
        }
    }
    acknowledged
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

const ROUNDS: u64 = 20;
