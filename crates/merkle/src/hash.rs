//! SHA-256 as RFC 6962 (2.1) and RFC 9162 (2.1.1) use it: leaves and inner nodes hash under different prefixes, so that
//! neither can pass for the other.

use std::fmt;

use sha2::{Digest, Sha256};

/// A SHA-256 hash of a leaf, a node or a whole tree.
///
/// It says nothing about what it is the hash of, and comparing two takes no constant time: nothing here is secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, std::hash::Hash)]
pub struct Hash([u8; Hash::BYTES]);

impl Hash {
    /// 32: what one hash takes on the wire and on disk.
    pub const BYTES: usize = 32;

    /// The root of the tree without leaves: SHA-256 of nothing, `e3b0c442…7852b855`.
    pub const EMPTY_ROOT: Hash = Hash([
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae,
        0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
    ]);

    /// The hash of a leaf: `SHA-256(0x00 || entry)`.
    pub fn leaf(entry: &[u8]) -> Hash {
        Hash(
            Sha256::new_with_prefix([LEAF_PREFIX])
                .chain_update(entry)
                .finalize()
                .into(),
        )
    }

    /// The hash of the node above two others: `SHA-256(0x01 || left || right)`.
    pub fn node(left: &Hash, right: &Hash) -> Hash {
        let mut preimage = [NODE_PREFIX; 1 + 2 * Hash::BYTES];
        preimage[1..=Hash::BYTES].copy_from_slice(&left.0);
        preimage[1 + Hash::BYTES..].copy_from_slice(&right.0);
        Hash(Sha256::digest(preimage).into())
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; Hash::BYTES] {
        &self.0
    }

    /// Joins hashes without separators, as the wire and the tiles carry them.
    pub fn join(hashes: &[Hash]) -> Vec<u8> {
        hashes.iter().flat_map(|hash| hash.0).collect()
    }

    /// Splits what [`Hash::join`] has joined. Refuses a length that is no multiple of 32.
    pub fn split(bytes: &[u8]) -> Result<Vec<Hash>, HashLength> {
        let (hashes, rest) = bytes.as_chunks();
        if rest.is_empty() {
            Ok(hashes.iter().copied().map(Hash).collect())
        } else {
            Err(HashLength(bytes.len()))
        }
    }
}

/// Bytes that are no hash, or no whole number of hashes, because of their length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} bytes are not a whole number of 32-byte hashes")]
pub struct HashLength(pub usize);

/// Another number of hashes than was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{expected} hashes are needed, {got} were given")]
pub struct WrongCount {
    /// How many are needed.
    pub expected: usize,
    /// How many there were.
    pub got: usize,
}

impl WrongCount {
    /// Refuses any number of hashes but the expected one.
    pub(crate) fn check(expected: usize, hashes: &[Hash]) -> Result<(), WrongCount> {
        WrongCount::of(expected, hashes.len())
    }

    /// The same of their number.
    pub(crate) fn of(expected: usize, got: usize) -> Result<(), WrongCount> {
        if got == expected {
            Ok(())
        } else {
            Err(WrongCount { expected, got })
        }
    }
}

impl From<[u8; Hash::BYTES]> for Hash {
    fn from(bytes: [u8; Hash::BYTES]) -> Hash {
        Hash(bytes)
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = HashLength;

    fn try_from(bytes: &[u8]) -> Result<Hash, HashLength> {
        bytes.try_into().map(Hash).map_err(|_| HashLength(bytes.len()))
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const LEAF_PREFIX: u8 = 0x00;
const NODE_PREFIX: u8 = 0x01;
