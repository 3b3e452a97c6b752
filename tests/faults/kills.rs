//! kill -9 under load: what was acknowledged is there, every receipt still holds, and nothing is found wrong with the files.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use indelible_client::{Client, NewEvent};
use indelible_note::Receipt;

use crate::given::{Delivered, Given, GivenEvent, Hook, event};
use crate::kept::{Kept, fsck};
use crate::support::Bed;

/// Rounds on one log, killed at a random moment of each, seen by clients that remember the newest head they verified: a log
/// that took anything back would be caught by them. `INDELIBLE_KILL_ROUNDS` says how many, `INDELIBLE_KILL_SEED` when.
#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_nothing_that_was_acknowledged() {
    kills(Bed::with_log(), None).await;
}

/// The same of a log of events, to which clients submit and GitHub delivers. In the end each event is read with its members and its raw
/// bytes, each of them is sent again, and the search is asked for all of them.
#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_no_event_that_was_acknowledged() {
    let bed = Bed::with_log_of("events");
    let given = Given::of(&bed);
    kills(bed, Some(given)).await;
}

async fn kills(bed: Bed, mut given: Option<Given>) {
    let variable = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let rounds = variable("INDELIBLE_KILL_ROUNDS").unwrap_or(ROUNDS);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let mut random = variable("INDELIBLE_KILL_SEED").unwrap_or(u64::try_from(now & 0xffff_ffff).unwrap());
    println!("INDELIBLE_KILL_SEED={random}");
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
        let events = given.is_some();
        let writer = |writer: u64| {
            let (client, name) = (client.clone(), format!("{round}/{writer}"));
            match (events, writer < 8) {
                (false, true) => tokio::spawn(singles(client, name)),
                (false, false) => tokio::spawn(batches(client, name)),
                (true, true) => tokio::spawn(submissions(client, name, 1)),
                (true, false) => tokio::spawn(submissions(client, name, 20)),
            }
        };
        let writers: Vec<_> = (0..12).map(writer).collect();
        let deliverers = given.iter().flat_map(|given| {
            let deliverer =
                |number: u64| tokio::spawn(deliveries(given.hook(&server), format!("{round}/github-{number}")));
            (0..4).map(deliverer).collect::<Vec<_>>()
        });
        let deliverers: Vec<_> = deliverers.collect();
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
            let Acknowledged { entries, events } = writer.await.unwrap();
            entries
                .into_iter()
                .for_each(|(entry, receipt)| kept.keep(entry, receipt));
            for event in events {
                let (entry, receipt) = event.entry();
                kept.keep(entry, receipt);
                given.as_mut().unwrap().events.push(event);
            }
        }
        for deliverer in deliverers {
            given.as_mut().unwrap().deliveries.extend(deliverer.await.unwrap());
        }
        watching.await.unwrap();
        fsck(&bed);
    }
    let (acknowledged, least) = (kept.acknowledged(), if given.is_some() { 20 } else { 50 });
    assert!(acknowledged > least * rounds, "there was load: {acknowledged}");
    let server = bed.serve();
    kept.check_receipts(&server).await;
    println!("{} receipts over {rounds} kills", kept.acknowledged());
    if let Some(given) = given {
        let deliveries = given.deliveries.len() as u64;
        assert!(deliveries > rounds, "GitHub delivered: {deliveries}");
        given.check(&server, &bed.vkey().into()).await;
        println!("and {deliveries} deliveries");
    }
}

/// What a writer was told.
#[derive(Default)]
struct Acknowledged {
    entries: Vec<(Bytes, Receipt)>,
    events: Vec<GivenEvent>,
}

/// Submits events, so many at a time.
async fn submissions(client: Client, name: String, count: u64) -> Acknowledged {
    let mut events = Vec::new();
    for number in 0u64.. {
        let sent: Vec<NewEvent> = (0..count)
            .map(|place| event(&format!("{name}/{number}-{place}")))
            .collect();
        match client.submit_batch(&sent).await {
            Ok(submitted) => events.extend(
                sent.into_iter()
                    .zip(submitted)
                    .map(|(sent, it)| GivenEvent::of(sent, it)),
            ),
            Err(_) => break,
        }
    }
    Acknowledged {
        events,
        ..Acknowledged::default()
    }
}

async fn deliveries(hook: Hook, name: String) -> Vec<Delivered> {
    let mut delivered = Vec::new();
    for number in 0u64.. {
        match hook.deliver(&format!("{name}/{number}")).await {
            Some(it) => delivered.push(it),
            None => break,
        }
    }
    delivered
}

async fn singles(client: Client, name: String) -> Acknowledged {
    let mut acknowledged = Acknowledged::default();
    for number in 0u64.. {
        let entry = Bytes::from(format!("{name}/{number}"));
        match client.append(entry.clone()).await {
            Ok(receipt) => acknowledged.entries.push((entry, receipt)),
            Err(_) => break,
        }
    }
    acknowledged
}

async fn batches(client: Client, name: String) -> Acknowledged {
    let mut acknowledged = Acknowledged::default();
    for number in 0u64.. {
        let entries: Vec<Bytes> = (0..20)
            .map(|place| Bytes::from(format!("{name}/{number}/{place}")))
            .collect();
        match client.append_batch(entries.clone()).await {
            Ok(run) => acknowledged.entries.extend(entries.into_iter().zip(run.receipts())),
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
