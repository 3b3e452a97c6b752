//! Where a log publishes its tiles and entry bundles (C2SP tlog-tiles, "Merkle Tree" and "Log Entries").

use std::{fmt, str::FromStr};

use super::{TILE_HEIGHT, TILE_WIDTH, TileId};

/// The path of a tile or an entry bundle below a log's URL prefix: `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`.
///
/// `L` is the level, 0 to 63; `N` the index in groups of three digits, `x` before all but the last (`x001/x234/067`); `W` the
/// width of a partial one, 1 to 255. Only this one spelling is read, and [`Display`](fmt::Display) writes it. No slash precedes
/// it. That a path can be read does not mean that a tree has what it names: see [`TilePath::is_within`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    content: TileContent,
    index: u64,
    /// 1 to [`TILE_WIDTH`].
    width: u64,
}

/// What stands in the body that a [`TilePath`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileContent {
    /// Hashes of perfect subtrees, [joined](crate::Hash::join).
    Hashes {
        /// The level of the tile, at most 63. The subtrees have `256^level` leaves.
        level: u8,
    },
    /// Entries, as [`crate::bundle`] joins them.
    Entries,
}

impl TilePath {
    /// As much of a tile as a tree of `size` leaves has: the full tile, or the partial at the right edge. `None` if it has
    /// nothing of it.
    pub fn of_tile(id: TileId, size: u64) -> Option<TilePath> {
        TilePath::widest(TileContent::Hashes { level: id.level }, id.index, size)
    }

    /// As much of the bundle with the entries from `256 * index` on as a tree of `size` leaves has. `None` if it has nothing of
    /// it.
    pub fn of_bundle(index: u64, size: u64) -> Option<TilePath> {
        TilePath::widest(TileContent::Entries, index, size)
    }

    /// All that a static copy of a log of `size` entries consists of, besides its checkpoint: the bundles, then the tiles of each
    /// level, full ones first. The tree without leaves has none.
    pub fn all(size: u64) -> impl Iterator<Item = TilePath> {
        let levels = (0..=LEVEL_MAX).map(|level| TileContent::Hashes { level });
        std::iter::once(TileContent::Entries)
            .chain(levels)
            .flat_map(move |content| (0..).map_while(move |index| TilePath::widest(content, index, size)))
    }

    /// Whether a tree of `size` leaves has this tile or bundle, at this width. All that it has may be served, also the narrower
    /// beginnings of what is full by now; of what it does not have, a server knows nothing (404).
    pub fn is_within(&self, size: u64) -> bool {
        // An index may have all 64 bits.
        u128::from(self.index) * u128::from(TILE_WIDTH) + u128::from(self.width) <= u128::from(self.content.count(size))
    }

    /// Hashes or entries.
    pub fn content(&self) -> TileContent {
        self.content
    }

    /// Counted from the left in its level.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries it has, 1 to 256.
    pub fn width(&self) -> u64 {
        self.width
    }

    /// The full tile or bundle that this is, or will become: what a client asks for when a partial one is gone.
    #[must_use]
    pub fn to_full(self) -> TilePath {
        TilePath {
            width: TILE_WIDTH,
            ..self
        }
    }

    fn widest(content: TileContent, index: u64, size: u64) -> Option<TilePath> {
        let before = index.checked_mul(TILE_WIDTH)?;
        let width = content.count(size).checked_sub(before).filter(|&left| left > 0)?;
        Some(TilePath {
            content,
            index,
            width: width.min(TILE_WIDTH),
        })
    }
}

impl TileContent {
    /// How many of them, hashes or entries, a tree of `size` leaves has.
    fn count(self, size: u64) -> u64 {
        match self {
            TileContent::Hashes { level } => size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT)).unwrap_or(0),
            TileContent::Entries => size,
        }
    }
}

impl FromStr for TilePath {
    type Err = BadTilePath;

    fn from_str(path: &str) -> Result<TilePath, BadTilePath> {
        let (content, rest) = path
            .strip_prefix("tile/")
            .and_then(|rest| rest.split_once('/'))
            .ok_or(BadTilePath::NotATile)?;
        let content = match content {
            "entries" => TileContent::Entries,
            level => TileContent::Hashes {
                level: decimal(level)
                    .filter(|&level| level <= LEVEL_MAX)
                    .ok_or(BadTilePath::Level)?,
            },
        };
        let (index, width) = match rest.split_once(".p/") {
            None => (rest, TILE_WIDTH),
            Some((index, width)) => (
                index,
                u64::from(decimal(width).filter(|&width| width > 0).ok_or(BadTilePath::Width)?),
            ),
        };
        Ok(TilePath {
            content,
            index: parse_index(index).ok_or(BadTilePath::Index)?,
            width,
        })
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.content {
            TileContent::Hashes { level } => write!(f, "tile/{level}/")?,
            TileContent::Entries => f.write_str("tile/entries/")?,
        }
        write!(f, "{}", Groups(self.index))?;
        if self.width < TILE_WIDTH {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

/// Why a text is not a [`TilePath`]. It may come from anybody, so none of it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTilePath {
    /// It begins otherwise.
    #[error("the path is not tile/<level>/<index> or tile/entries/<index>")]
    NotATile,
    /// The level is not a number, too large, or not in its one spelling.
    #[error("the level of a tile is a decimal of at most {LEVEL_MAX} without leading zeros, or `entries`")]
    Level,
    /// The index is not in its one spelling, or does not fit into 64 bits.
    #[error(
        "the index of a tile is written in groups of three digits, with x before all but the last, as x001/x234/067"
    )]
    Index,
    /// What follows `.p/` is not the width of a partial tile. A full tile has no such ending.
    #[error("the width of a partial tile is a decimal from 1 to 255 without leading zeros")]
    Width,
}

/// Reads a small number in its one spelling: digits, of which the first is 0 only if it is the only one.
fn decimal(text: &str) -> Option<u8> {
    let number: u8 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn parse_index(text: &str) -> Option<u64> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let index = digits.parse().ok()?;
    (Groups(index).to_string() == text).then_some(index)
}

/// Writes an index in its one spelling.
struct Groups(u64);

impl fmt::Display for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut outer, last) = (self.0 / GROUP, self.0 % GROUP);
        let mut groups = Vec::new();
        while outer > 0 {
            groups.push(outer % GROUP);
            outer /= GROUP;
        }
        groups.iter().rev().try_for_each(|group| write!(f, "x{group:03}/"))?;
        write!(f, "{last:03}")
    }
}

/// The largest level that a path can name. No tree has tiles of a level above 7.
const LEVEL_MAX: u8 = 63;
/// Three digits.
const GROUP: u64 = 1000;
