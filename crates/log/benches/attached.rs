//! Events with their attachments through the whole engine, over a journal in files: appended, then read back in ranges, as a follower
//! does that fills an index.

use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use indelible_log::{Batch, Description, Erasing, Kind, Log, NoTombstones, Settings};
use indelible_merkle::TreeHead;
use indelible_note::{SigningKey, sign_checkpoint};
use indelible_store::journal::{FileJournal, Genesis, Options};
use indelible_store::objects::MemoryObjects;
use tempfile::TempDir;
use tokio::runtime::Runtime;

fn log(home: &TempDir) -> Log {
    let origin = "bench.example/log".parse().expect("a well-formed name");
    let key = SigningKey::from_seed(origin, [7; 32]);
    let description = Description::new(Kind::Events, key.verifier());
    let objects = MemoryObjects::with_volume_entries(description.volume_entries).expect("the default size of volumes");
    let genesis = Genesis {
        seed: [9; 16],
        description: Bytes::from(description.to_string()),
        note: Bytes::copy_from_slice(sign_checkpoint(TreeHead::EMPTY, &key).note_bytes()),
    };
    let journal =
        FileJournal::create(&home.path().join("journal"), &genesis, Options::default()).expect("a new journal");
    let erasing = Erasing {
        tombstones: Arc::new(NoTombstones),
        carried_out: 0,
    };
    Log::start_with(
        Some(&erasing),
        Arc::new(journal),
        Arc::new(objects),
        key,
        &Settings::default(),
    )
    .expect("a new log starts")
}

/// Events as they come: a leaf of 700 bytes, eleven members of 100 and the raw bytes, 1 kB.
fn batch(count: u64) -> Batch {
    let mut batch = Batch::default();
    for number in 0..count {
        let bytes = |length: usize| number.to_be_bytes().into_iter().cycle().take(length).collect::<Bytes>();
        let attachments = (0..11).map(|_| bytes(100)).chain([bytes(1_000)]);
        batch
            .push_with(bytes(700), attachments.collect())
            .expect("within the limits");
    }
    batch
}

fn attached(c: &mut Criterion) {
    let home = tempfile::tempdir().expect("a temporary directory");
    let runtime = Runtime::new().expect("a runtime");
    let log = log(&home);
    let (appender, reader) = (log.appender(), log.reader());
    let mut group = c.benchmark_group("attached");
    group.sample_size(10);
    group.throughput(Throughput::Elements(500));
    group.bench_function("append 500 events", |b| {
        b.iter_batched(
            || batch(500),
            |batch| runtime.block_on(appender.append(batch)),
            BatchSize::SmallInput,
        );
    });
    let size = reader.head().size();
    let events = size.min(20_000);
    for (name, first) in [("read ranges, sealed", 0), ("read ranges, the newest", size - events)] {
        group.throughput(Throughput::Elements(events));
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut next = first;
                while next < first + events {
                    let read = reader.attached(next, first + events, 1 << 20).expect("it is there");
                    next += black_box(read).len() as u64;
                }
            });
        });
    }
    group.throughput(Throughput::Elements(1));
    group.bench_function("read one event", |b| {
        b.iter(|| reader.attachments(black_box(events / 2)).expect("it is there"));
    });
    group.finish();
    log.shutdown().expect("a disk that works");
}

criterion_group!(benches, attached);
criterion_main!(benches);
