//! The key of the tables: HMAC-SHA-256 of what they look up (EVENTS.md 2).

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The key under which values stand in the tables, so that their files tell nothing about them.
///
/// Where the 32 bytes come from and where they are kept is the caller's. Tables that were built under another key are emptied.
#[derive(Clone)]
pub struct IndexKey {
    /// Has the key taken in; a value is taken in by a copy.
    keyed: Hmac<Sha256>,
}

impl IndexKey {
    /// The key of these bytes.
    pub fn new(bytes: &[u8; 32]) -> IndexKey {
        IndexKey {
            keyed: Hmac::new_from_slice(bytes).expect("HMAC takes a key of any length"),
        }
    }

    /// Names the key without telling it.
    pub(crate) fn name(&self) -> [u8; 16] {
        self.mac(Purpose::Name, &[])
    }

    /// The first bytes of the HMAC of `parts`, each behind its length, so that no two lists of parts are one text.
    pub(crate) fn mac<const N: usize>(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; N] {
        const { assert!(N <= 32, "an HMAC-SHA-256 has 32 bytes") };
        let mut mac = self.keyed.clone();
        mac.update(&[purpose as u8]);
        for part in parts {
            let length = u64::try_from(part.len()).expect("a length in memory fits 64 bits");
            mac.update(&length.to_be_bytes());
            mac.update(part);
        }
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        let mut first = [0; N];
        first.copy_from_slice(&whole[..N]);
        first
    }
}

impl fmt::Debug for IndexKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IndexKey(secret)")
    }
}

/// What an HMAC is for: those for one purpose never equal those for another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Name = 0,
    Identity = 1,
    ContentOfRaw = 2,
    ContentOfMembers = 3,
    Term = 4,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_purposes_and_keys_make_different_macs() {
        let mac = |key: u8, purpose, parts: &[&[u8]]| IndexKey::new(&[key; 32]).mac::<16>(purpose, parts);
        let all = [
            mac(1, Purpose::Identity, &[b"ab", b"c"]),
            mac(1, Purpose::Identity, &[b"a", b"bc"]),
            mac(1, Purpose::Identity, &[b"abc"]),
            mac(1, Purpose::Identity, &[b"abc", b""]),
            mac(1, Purpose::Identity, &[b"", b"abc"]),
            mac(1, Purpose::Term, &[b"ab", b"c"]),
            mac(2, Purpose::Identity, &[b"ab", b"c"]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one), "{at}");
        }
    }

    #[test]
    fn a_key_does_not_show_itself() {
        let shown = format!("{:?}", IndexKey::new(b"an example of thirty-two bytes!!"));
        assert_eq!(shown, "IndexKey(secret)");
    }
}
