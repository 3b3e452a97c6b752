//! Entry bundles of C2SP tlog-tiles: neighbouring entries in one value, each as `u16 length (big-endian) || entry`.
//!
//! A bundle does not say how many entries it has; whoever asked for it knows.

use crate::Hash;

/// The longest entry in bytes: what the two bytes of its length can say.
pub const ENTRY_MAX: usize = u16::MAX as usize;

/// Joins entries to a bundle.
pub fn encode<E: AsRef<[u8]>>(entries: impl IntoIterator<Item = E>) -> Result<Vec<u8>, EntryTooLong> {
    let mut bundle = Vec::new();
    for (place, entry) in entries.into_iter().enumerate() {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| EntryTooLong {
            place,
            length: entry.len(),
        })?;
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(entry);
    }
    Ok(bundle)
}

/// Splits a bundle into its entries, without copying them. Strict: each byte belongs to an entry, and the last is whole.
pub fn decode(bundle: &[u8]) -> Result<Vec<&[u8]>, BadBundle> {
    let mut entries = Vec::new();
    let mut rest = bundle;
    while !rest.is_empty() {
        let (entry, behind) = split_entry(rest).ok_or(BadBundle {
            place: entries.len(),
            left: rest.len(),
        })?;
        entries.push(entry);
        rest = behind;
    }
    Ok(entries)
}

/// The leaf hashes of a bundle of exactly `count` entries. No entry is copied.
pub fn leaf_hashes(bundle: &[u8], count: usize) -> Result<Vec<Hash>, WrongEntries> {
    // No more than there can be: the count is the caller's, the bytes are a stranger's.
    let mut hashes = Vec::with_capacity(count.min(bundle.len() / LENGTH_BYTES));
    let rest = for_each(bundle, count, |entry| hashes.push(Hash::leaf(entry)))?;
    match rest.len() {
        0 => Ok(hashes),
        left => Err(WrongEntries::TooMany { expected: count, left }),
    }
}

/// The bundle of the first `count` entries of a longer one.
pub fn beginning(bundle: &[u8], count: usize) -> Result<&[u8], WrongEntries> {
    let rest = for_each(bundle, count, |_| ())?;
    Ok(&bundle[..bundle.len() - rest.len()])
}

/// Calls `act` for the first `count` entries, and gives what is behind them.
fn for_each(bundle: &[u8], count: usize, mut act: impl FnMut(&[u8])) -> Result<&[u8], WrongEntries> {
    let mut rest = bundle;
    for place in 0..count {
        if rest.is_empty() {
            return Err(WrongEntries::TooFew {
                expected: count,
                got: place,
            });
        }
        let left = rest.len();
        let (entry, behind) = split_entry(rest).ok_or(BadBundle { place, left })?;
        act(entry);
        rest = behind;
    }
    Ok(rest)
}

/// The first entry and what follows it, if it is whole.
fn split_entry(bundle: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bundle.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// An entry that no bundle can hold. It should have been refused when it was submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {place} has {length} bytes, more than {ENTRY_MAX}")]
pub struct EntryTooLong {
    /// Which of the entries, counted from 0.
    pub place: usize,
    /// Its length in bytes.
    pub length: usize,
}

/// Bytes that are no bundle: its maker's fault, or it was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {place} of the bundle is cut off: it ends {left} bytes after the entry begins")]
pub struct BadBundle {
    /// Which of the entries, counted from 0.
    pub place: usize,
    /// How many bytes there were from its beginning on.
    pub left: usize,
}

/// A bundle that has not the entries that it should have: its maker's fault, or it was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongEntries {
    /// It ends within an entry.
    #[error(transparent)]
    Cut(#[from] BadBundle),
    /// It ends before the last one.
    #[error("the bundle has {got} entries, {expected} are due")]
    TooFew {
        /// How many it should have.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// It goes on behind the last one.
    #[error("the bundle has {left} bytes behind the {expected} entries that are due")]
    TooMany {
        /// How many entries it should have.
        expected: usize,
        /// How many bytes are behind them.
        left: usize,
    },
}

/// What stands before each entry.
const LENGTH_BYTES: usize = 2;
