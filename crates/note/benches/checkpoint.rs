//! What a head costs its log and its readers.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use indelible_merkle::{Hash, TreeHead};
use indelible_note::{SigningKey, open_checkpoint, sign_checkpoint};

fn checkpoint(c: &mut Criterion) {
    let origin = "bench.example/log".parse().expect("a well-formed name");
    let key = SigningKey::from_seed(origin, [7; 32]);
    let head = TreeHead {
        size: 10_000_000,
        root: Hash::leaf(b"root"),
    };
    let mut group = c.benchmark_group("checkpoint");
    group.bench_function("sign", |b| b.iter(|| sign_checkpoint(black_box(head), &key)));
    let note = sign_checkpoint(head, &key).note_bytes().to_vec();
    let verifier = key.verifier();
    group.bench_function("open", |b| b.iter(|| open_checkpoint(black_box(&note), &verifier)));
    group.finish();
}

criterion_group!(benches, checkpoint);
criterion_main!(benches);
