//! A commit through the whole engine, over a journal in memory: from queued to acknowledged, the tree grown and the head signed.

use std::sync::Arc;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use indelible_log::{Batch, Description, Kind, Log, Settings};
use indelible_merkle::TreeHead;
use indelible_note::{SigningKey, sign_checkpoint};
use indelible_store::journal::{Genesis, MemoryJournal};
use indelible_store::objects::MemoryObjects;
use tokio::runtime::Runtime;

fn log() -> Log {
    let origin = "bench.example/log".parse().expect("a well-formed name");
    let key = SigningKey::from_seed(origin, [7; 32]);
    let description = Description::new(Kind::Opaque, key.verifier());
    let objects = MemoryObjects::with_volume_entries(description.volume_entries).expect("the default size of volumes");
    let genesis = Genesis {
        seed: [9; 16],
        description: Bytes::from(description.to_string()),
        note: Bytes::copy_from_slice(sign_checkpoint(TreeHead::EMPTY, &key).note_bytes()),
    };
    let journal = Arc::new(MemoryJournal::new(genesis));
    Log::start(journal, Arc::new(objects), key, &Settings::default()).expect("a new log starts")
}

fn batch(entries: u64) -> Batch {
    let entries = (0..entries).map(|number| number.to_be_bytes().into_iter().cycle().take(300).collect());
    Batch::of(entries.collect()).expect("within the limits")
}

fn commits(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let mut group = c.benchmark_group("commit");
    // What is appended stays in memory; few enough samples that it does.
    group.sample_size(20);
    for entries in [1, 1_000] {
        let log = log();
        let appender = log.appender();
        group.throughput(Throughput::Elements(entries));
        group.bench_function(format!("{entries} entries"), |b| {
            b.iter_batched(
                || batch(entries),
                |batch| runtime.block_on(appender.append(batch)),
                BatchSize::SmallInput,
            );
        });
        log.shutdown().expect("a journal in memory does not fail");
    }
    group.finish();
}

criterion_group!(benches, commits);
criterion_main!(benches);
