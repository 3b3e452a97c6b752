//! What tells in memory that a partition does not have a key.

use fastbloom::BloomFilter;

use super::Identity;

/// A Bloom filter for the keys of one partition.
///
/// 12 bits for each entry that the partition may have: one key in 310 that it does not have is sought in vain. That is 1.5 MiB
/// for 2^20 entries, 15 MiB for 10 million of the log, 143 MiB for 100 million.
#[derive(Debug)]
pub(super) struct Filter {
    bits: BloomFilter,
}

impl Filter {
    pub(super) fn empty(partition: u64) -> Filter {
        let words = partition.saturating_mul(BITS_A_KEY).div_ceil(64);
        Filter::of(
            vec![0; usize::try_from(words).expect("a filter fits the memory")],
            partition,
        )
    }

    /// A filter from its [`bytes`](Filter::bytes); `None` if they are of another size.
    pub(super) fn from_bytes(bytes: &[u8], partition: u64) -> Option<Filter> {
        let (words, rest) = bytes.as_chunks::<8>();
        let words: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
        let expected = partition.saturating_mul(BITS_A_KEY).div_ceil(64);
        let fits = rest.is_empty() && u64::try_from(words.len()) == Ok(expected);
        fits.then(|| Filter::of(words, partition))
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.bits
            .as_slice()
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect()
    }

    pub(super) fn insert(&mut self, identity: &Identity) {
        self.bits.insert_hash(hash(identity));
    }

    /// False if the identity was never inserted.
    pub(super) fn may_have(&self, identity: &Identity) -> bool {
        self.bits.contains_hash(hash(identity))
    }

    fn of(words: Vec<u64>, partition: u64) -> Filter {
        let keys = usize::try_from(partition).expect("a filter fits the memory");
        Filter {
            bits: BloomFilter::from_vec(words).expected_items(keys),
        }
    }
}

/// An identity is the first half of an HMAC: as good a hash as there is.
fn hash(identity: &Identity) -> u64 {
    let (first, _) = identity.0.split_first_chunk().expect("an identity has 16 bytes");
    u64::from_be_bytes(*first)
}

const BITS_A_KEY: u64 = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IndexKey;

    #[test]
    fn a_filter_knows_its_keys_and_few_others() {
        const KEYS: u64 = 20_000;
        let identity = |number: u64| IndexKey::new(&[1; 32]).identity("ci", &number.to_string());
        let mut filter = Filter::empty(KEYS);
        for number in 0..KEYS {
            filter.insert(&identity(number));
        }
        for filter in [&filter, &Filter::from_bytes(&filter.bytes(), KEYS).unwrap()] {
            assert!((0..KEYS).all(|number| filter.may_have(&identity(number))));
            let wrong = (KEYS..2 * KEYS)
                .filter(|number| filter.may_have(&identity(*number)))
                .count();
            assert!((20..140).contains(&wrong), "{wrong} of {KEYS}");
        }
        assert!(Filter::from_bytes(&filter.bytes(), KEYS + 64).is_none());
        assert!(Filter::from_bytes(&filter.bytes()[1..], KEYS).is_none());
    }
}
