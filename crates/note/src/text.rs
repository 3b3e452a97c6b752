//! The strict spellings that all texts of this crate share, so that one value has one text.

use base64::{Engine, engine::general_purpose::STANDARD};
use indelible_merkle::Hash;

/// Reads an ASCII decimal below 2^63 that has no sign and no leading zero (`0` itself is fine).
///
/// The bound is that of verifiers which keep sizes and indexes in a signed 64-bit integer.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    // `parse` alone would take a plus sign; it refuses the empty text.
    let number: u64 = text.parse().ok().filter(|_| canonical && digits)?;
    (number < DECIMAL_LIMIT).then_some(number)
}

/// Reads base64 (RFC 4648 section 4) with its padding, with zero spare bits and without whitespace.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Reads the base64 of a hash: 44 characters, 32 bytes.
pub(crate) fn hash(text: &str) -> Option<Hash> {
    let mut bytes = [0; Hash::BYTES];
    let length = STANDARD.decode_slice(text, &mut bytes).ok()?;
    (length == Hash::BYTES).then(|| bytes.into())
}

/// The beginning of a line, for an error message: what is wrong with a longer one shows in its first characters.
pub(crate) fn excerpt(line: &str) -> String {
    line.chars().take(EXCERPT_CHARACTERS).collect()
}

pub(crate) const DECIMAL_LIMIT: u64 = 1 << 63;
const EXCERPT_CHARACTERS: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals() {
        for (text, number) in [
            ("0", 0),
            ("7", 7),
            ("10", 10),
            ("9223372036854775807", DECIMAL_LIMIT - 1),
        ] {
            assert_eq!(decimal(text), Some(number));
        }
        for bad in ["", "00", "01", "+1", "-1", "-0", " 1", "1 ", "1_0", "0x1", "1e3", "１"] {
            assert_eq!(decimal(bad), None, "{bad:?}");
        }
        for too_large in [
            "9223372036854775808",
            "18446744073709551616",
            "99999999999999999999999999",
        ] {
            assert_eq!(decimal(too_large), None, "{too_large}");
        }
    }

    #[test]
    fn base64_has_one_spelling() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("AA==", &[0]),
            ("AAA=", &[0, 0]),
            ("+/+/", &[0xfb, 0xff, 0xbf]),
        ] {
            assert_eq!(base64(text).as_deref(), Some(bytes));
        }
        // No padding, too much, spare bits that are not zero, the URL alphabet, whitespace, padding inside.
        for bad in [
            "AA", "AA=", "AAA", "AAAA=", "AB==", "AAB=", "-_-_", "AA ==", "AAAA\n", " AAAA", "AA==AAAA", "A",
        ] {
            assert_eq!(base64(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn hashes_have_32_bytes() {
        for length in 0..100 {
            let bytes = vec![0x5a; length];
            let expected = (length == 32).then_some([0x5a; 32]);
            assert_eq!(
                hash(&STANDARD.encode(&bytes)).map(|h| *h.as_bytes()),
                expected,
                "{length} bytes"
            );
        }
    }
}
