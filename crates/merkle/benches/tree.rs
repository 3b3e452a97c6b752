//! The tree's hot kernels: what a commit, a proof and a seal cost in hashing.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use indelible_merkle::{CompactRange, FullTile, Hash, RangeProof, TILE_HEIGHT, check_range, proof};

/// A tree of ten million leaves, whose nodes are all the same: what hashing costs does not depend on what is hashed.
const SIZE: u64 = 10_000_000;

/// A commit of batches of 1,000, or what waits while one commit is synced under a stream's load.
const COMMIT: u64 = 1_000;

fn edge() -> CompactRange {
    let hashes = vec![Hash::EMPTY_ROOT; CompactRange::nodes_of(SIZE).len()];
    CompactRange::from_hashes(SIZE, hashes).expect("as many hashes as the size asks for")
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|number| Hash::leaf(&number.to_be_bytes())).collect()
}

fn leaf(c: &mut Criterion) {
    let mut group = c.benchmark_group("leaf");
    group.throughput(Throughput::Bytes(300));
    group.bench_function("300 bytes", |b| b.iter(|| Hash::leaf(black_box(&[7; 300]))));
    group.finish();
}

fn extend(c: &mut Criterion) {
    let mut group = c.benchmark_group("extend");
    let edge = edge();
    for count in [1, COMMIT] {
        let leaves = leaves(count);
        group.throughput(Throughput::Elements(count));
        group.bench_function(format!("{count} leaves"), |b| {
            b.iter_batched(
                || (edge.clone(), leaves.clone()),
                |(mut edge, leaves)| {
                    let growth = edge.extend(leaves);
                    (edge, growth)
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.bench_function("root", |b| b.iter(|| black_box(&edge).root()));
    group.finish();
}

fn range_proof(c: &mut Criterion) {
    let mut group = c.benchmark_group("range proof");
    let (start, end) = (SIZE - COMMIT - 1, SIZE - 1);
    let plan = proof::range(start, end, SIZE).expect("a range of the tree");
    let nodes = vec![Hash::EMPTY_ROOT; plan.nodes().len()];
    group.bench_function("plan", |b| b.iter(|| proof::range(black_box(start), end, SIZE)));
    group.bench_function("finish", |b| b.iter(|| plan.finish(black_box(&nodes))));

    let hashes = plan
        .finish(&nodes)
        .expect("as many as the plan asks for")
        .hashes()
        .to_vec();
    let proof = RangeProof::new(start, end, SIZE, hashes);
    let leaves = leaves(COMMIT);
    let head = edge().head();
    group.throughput(Throughput::Elements(COMMIT));
    // The root is not that of these leaves, which a check finds out with its last comparison.
    group.bench_function("check 1000 leaves", |b| {
        b.iter(|| check_range(&leaves, black_box(&proof), &head));
    });
    group.finish();
}

fn tile(c: &mut Criterion) {
    let mut group = c.benchmark_group("tile");
    let hashes = leaves(256);
    let tile = FullTile::from_hashes(&hashes).expect("256 hashes");
    group.bench_function("make", |b| b.iter(|| FullTile::from_hashes(black_box(&hashes))));
    // The siblings on the way from a leaf to the tile's root.
    group.bench_function("inclusion", |b| {
        b.iter(|| {
            let index = black_box(77_u64);
            (0..TILE_HEIGHT)
                .map(|height| tile.node(height, (index >> height) ^ 1))
                .collect::<Vec<Hash>>()
        });
    });
    group.finish();
}

fn inclusion_plan(c: &mut Criterion) {
    c.bench_function("inclusion proof/plan", |b| {
        b.iter(|| proof::inclusion(black_box(SIZE / 3), SIZE));
    });
}

criterion_group!(benches, leaf, extend, range_proof, tile, inclusion_plan);
criterion_main!(benches);
