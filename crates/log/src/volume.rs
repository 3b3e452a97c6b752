//! How large the volumes of a new log's object store are.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use indelible_merkle::TILE_WIDTH;

/// Entries in one volume of the object store: a multiple of 256, so that no bundle crosses volumes, from 2^12 to 2^28.
///
/// A volume is what a start must open, what a flipped bit can cost, and what `rebuild` makes anew at least; each is a database
/// with files of its own, of which at least one 8 MiB segment is mostly empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VolumeEntries(u64);

/// A number that no new log has for its volumes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadVolume {
    /// It is no number.
    #[error(transparent)]
    Number(#[from] ParseIntError),
    /// It is out of bounds, or would cut a bundle in two.
    #[error("a volume has from {ENTRIES_MIN} to {ENTRIES_MAX} entries, a multiple of {TILE_WIDTH}, not {0}")]
    Entries(u64),
}

impl VolumeEntries {
    /// The number.
    pub fn count(self) -> u64 {
        self.0
    }
}

impl Default for VolumeEntries {
    /// 2^22: about 2 GiB of usual entries.
    fn default() -> VolumeEntries {
        VolumeEntries(1 << 22)
    }
}

impl TryFrom<u64> for VolumeEntries {
    type Error = BadVolume;

    fn try_from(entries: u64) -> Result<VolumeEntries, BadVolume> {
        match (ENTRIES_MIN..=ENTRIES_MAX).contains(&entries) && entries.is_multiple_of(TILE_WIDTH) {
            true => Ok(VolumeEntries(entries)),
            false => Err(BadVolume::Entries(entries)),
        }
    }
}

impl FromStr for VolumeEntries {
    type Err = BadVolume;

    fn from_str(text: &str) -> Result<VolumeEntries, BadVolume> {
        text.parse::<u64>()?.try_into()
    }
}

impl fmt::Display for VolumeEntries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// 4,096 entries are 16 bundles: smaller volumes would be more files than content.
const ENTRIES_MIN: u64 = 1 << 12;

/// 2^28 entries of 300 bytes are 150 GiB in one database: more is beyond anything that was tried.
const ENTRIES_MAX: u64 = 1 << 28;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_bundles_within_bounds_make_a_volume() {
        for (text, expected) in [
            ("4096", Some(4_096)),
            ("4352", Some(4_352)),
            ("268435456", Some(1 << 28)),
            ("3840", None),
            ("4097", None),
            ("268435712", None),
            ("0", None),
            ("-1", None),
            ("2^22", None),
        ] {
            let parsed = text.parse().ok().map(VolumeEntries::count);
            assert_eq!(parsed, expected, "{text}");
        }
    }
}
