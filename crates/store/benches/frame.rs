//! Frames of the journal as bytes: what a commit costs besides the disk, and a replay besides reading.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use indelible_store::journal::codec::{Chain, Seal, decode, encode};
use indelible_store::journal::{Frame, Kind, Record};

fn frame(entries: u64) -> Frame {
    let record = |number: u64| Record {
        entry: number.to_be_bytes().into_iter().cycle().take(300).collect(),
        attachments: Vec::new(),
    };
    Frame {
        kind: Kind::Commit,
        first: 0,
        records: (1..=entries).map(record).collect(),
        note: Bytes::from(vec![b'n'; 200]),
    }
}

fn frames(c: &mut Criterion) {
    let chain = Chain {
        seal: Seal::of(&[9; 16]),
        previous: 0,
        size: 0,
    };
    for entries in [1, 1_000, 10_000] {
        let frame = frame(entries);
        let mut buffer = Vec::new();
        let header = encode(&frame, &chain, &mut buffer).expect("within the limits");
        let mut group = c.benchmark_group(format!("frame of {entries}"));
        group.throughput(Throughput::Bytes(buffer.len() as u64));
        group.bench_function("encode", |b| b.iter(|| encode(black_box(&frame), &chain, &mut buffer)));
        let stored = Bytes::from(buffer.clone());
        group.bench_function("decode", |b| b.iter(|| decode(&header, black_box(&stored))));
        group.finish();
    }
}

criterion_group!(benches, frames);
criterion_main!(benches);
