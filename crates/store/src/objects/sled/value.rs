//! A value as sled holds it: our own checksum over key and bytes, then the bytes.
//!
//! sled checks its pages when it reads them from disk, but not that a page is the right one, so a value that strayed under
//! another key would pass. Ours does not.

use bytes::Bytes;

pub(super) fn encode(key: &[u8], value: &[u8]) -> Vec<u8> {
    [&checksum(key, value).to_be_bytes()[..], value].concat()
}

/// The bytes that were put under `key`, without copying them; `None` if `stored` is not what [`encode`] made for it.
pub(super) fn decode(key: &[u8], stored: ::sled::IVec) -> Option<Bytes> {
    let (sum, value) = stored.split_first_chunk()?;
    if u32::from_be_bytes(*sum) != checksum(key, value) {
        return None;
    }
    Some(Bytes::from_owner(stored).slice(CHECKSUM_BYTES..))
}

fn checksum(key: &[u8], value: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(key), value)
}

const CHECKSUM_BYTES: usize = size_of::<u32>();

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Genuine values, cut and lengthened, under their own key and others; and bytes that never were one.
        #[test]
        fn what_is_read_is_what_was_written(
            key in vec(any::<u8>(), 0..12), other in vec(any::<u8>(), 0..12), value in vec(any::<u8>(), 0..80),
            length in 0..90_usize, made_up in vec(any::<u8>(), 0..90),
        ) {
            let mut stored = encode(&key, &value);
            stored.resize(length, 0);
            for (key, stored) in [(&key, &stored), (&other, &stored), (&key, &made_up)] {
                if let Some(read) = decode(key, stored.as_slice().into()) {
                    prop_assert_eq!(&encode(key, &read), stored);
                }
            }
            prop_assert_eq!(decode(&key, encode(&key, &value).into()), Some(Bytes::from(value)));
        }
    }

    #[test]
    fn a_value_comes_back_under_its_own_key_only() {
        let stored = encode(b"E1", b"value");
        assert_eq!(
            decode(b"E1", stored.as_slice().into()),
            Some(Bytes::from_static(b"value"))
        );
        assert_eq!(decode(b"E2", stored.as_slice().into()), None);
    }

    #[test]
    fn every_flipped_bit_is_seen() {
        let stored = encode(b"T0", b"some value");
        for bit in 0..stored.len() * 8 {
            let mut damaged = stored.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode(b"T0", damaged.into()), None, "bit {bit}");
        }
    }

    #[test]
    fn what_is_too_short_for_a_checksum_is_damaged() {
        for bytes in 0..CHECKSUM_BYTES {
            assert_eq!(decode(b"T0", vec![0; bytes].into()), None);
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_format() {
        // CRC-32C of "E" and eight zero bytes and "abc", by an independent bitwise implementation of RFC 3720 B.4.
        assert_eq!(encode(b"E\0\0\0\0\0\0\0\0", b"abc"), *b"\xed\x5e\xcd\x2cabc");
    }
}
