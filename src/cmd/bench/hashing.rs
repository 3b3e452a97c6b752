//! What the processor allows a check at rest: the entries, and the nodes above them, hashed from memory.

use std::thread;
use std::time::{Duration, Instant};

use indelible_merkle::Hash;

use super::entries::ENTRY_BYTES;
use super::stats::count;

/// Entries a second that this many threads hash for as long as `length`: each entry as a leaf, and about one node for each leaf.
/// Blocks.
pub(super) fn entries_per_second(threads: usize, length: Duration) -> f64 {
    let memory = vec![0xa5_u8; ENTRY_BYTES * TILES * TILE];
    let begin = Instant::now();
    let hashed: usize = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| hash_until(&memory, begin, length)))
            .collect();
        let counts = workers.into_iter().map(|worker| worker.join());
        counts.map(|count| count.expect("hashing does not panic")).sum()
    });
    count(hashed) / begin.elapsed().as_secs_f64()
}

fn hash_until(memory: &[u8], begin: Instant, length: Duration) -> usize {
    let mut hashed = 0;
    let tiles = memory.chunks(ENTRY_BYTES * TILE);
    for tile in std::iter::repeat_with(|| tiles.clone()).flatten() {
        let leaves: Vec<Hash> = tile.chunks(ENTRY_BYTES).map(Hash::leaf).collect();
        std::hint::black_box(root(leaves));
        hashed += TILE;
        if begin.elapsed() >= length {
            break;
        }
    }
    hashed
}

/// The root above a power of two of hashes.
fn root(mut row: Vec<Hash>) -> Hash {
    while row.len() > 1 {
        row = row.chunks(2).map(|pair| Hash::node(&pair[0], &pair[1])).collect();
    }
    row[0]
}

const TILE: usize = 256;
/// 256 tiles of 256 entries are 20 MB: more than the processor's caches hold, as it is with the pages of a file.
const TILES: usize = 256;
