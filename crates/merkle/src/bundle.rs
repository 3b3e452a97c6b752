//! Entry bundles of C2SP tlog-tiles: neighbouring entries in one value, each as `u16 length (big-endian) || entry`.
//!
//! A bundle does not say how many entries it has; whoever asked for it knows.

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
