//! The entries that are appended: 300 bytes that do not compress, known by their number, so that whoever checks a reply can make
//! again what was sent. Pure.

use bytes::Bytes;
use indelible_merkle::Hash;

/// The bytes of an entry.
pub(super) const ENTRY_BYTES: usize = 300;

/// The entries of a batch.
pub(super) const BATCH_ENTRIES: u64 = 1_000;

/// The entry with this number; numbers differ and so do entries.
pub(super) fn entry(number: u64) -> Bytes {
    let mut bytes = [0; ENTRY_BYTES];
    fill(&mut bytes, number);
    Bytes::copy_from_slice(&bytes)
}

/// The leaf hash of the entry with this number.
pub(super) fn leaf(number: u64) -> Hash {
    let mut bytes = [0; ENTRY_BYTES];
    fill(&mut bytes, number);
    Hash::leaf(&bytes)
}

/// The entries of the batch with this number, which are those with the numbers from [`first_of`] on.
pub(super) fn batch(number: u64) -> Vec<Bytes> {
    let mut bytes = vec![0; ENTRY_BYTES * BATCH_LENGTH];
    for (bytes, number) in bytes.chunks_mut(ENTRY_BYTES).zip(first_of(number)..) {
        fill(bytes, number);
    }
    let bytes = Bytes::from(bytes);
    (0..BATCH_LENGTH)
        .map(|place| bytes.slice(place * ENTRY_BYTES..(place + 1) * ENTRY_BYTES))
        .collect()
}

/// The number of a batch's first entry.
pub(super) fn first_of(batch: u64) -> u64 {
    batch * BATCH_ENTRIES
}

/// A number that looks random, the same for the same `number`: the output function of splitmix64.
pub(super) fn scattered(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn fill(bytes: &mut [u8], number: u64) {
    let mut state = scattered(number);
    for word in bytes.chunks_mut(8) {
        // xorshift64: a nanosecond a word, and no two entries begin alike, since `scattered` is a bijection.
        word.copy_from_slice(&state.to_le_bytes()[..word.len()]);
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
}

const BATCH_LENGTH: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_made_of_the_entries_with_its_numbers() {
        let batch = batch(7);
        assert_eq!(batch.len() as u64, BATCH_ENTRIES);
        for (made, number) in batch.iter().zip(first_of(7)..) {
            assert_eq!((made, Hash::leaf(made)), (&entry(number), leaf(number)));
            assert_eq!(made.len(), ENTRY_BYTES);
        }
        assert_ne!(entry(7_000), entry(7_001));
    }
}
