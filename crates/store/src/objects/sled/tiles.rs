//! Full tiles in memory, by what they weigh.
//!
//! sled keeps what a read has brought in until its volume is closed, each tile in an allocation of its own, which the allocator
//! rounds from 8.7 to 10 KiB: the tiles of ten million entries took 402 MB that way. Here neighbours lie behind each other in one
//! piece, a whole number of pages for sixteen of them, and the least used piece goes when there are too many. sled's own copy can
//! then go too, by closing the volume (decision 0016).

use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::objects::{Key, ObjectsError};

/// A tile as a volume gives it, or what is wrong with it.
pub(super) type ReadTile = (Key, Result<Bytes, ObjectsError>);

/// Tiles that were read lately, in groups of neighbours.
#[derive(Debug)]
pub(super) struct Tiles {
    groups: Cache<Group, Piece, Weight>,
}

/// Neighbouring tiles of one level that lie in one volume: those from `index * TILES_TOGETHER` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Group {
    volume: u64,
    level: u8,
    index: u64,
}

/// The tiles of a group that there were when it was read.
#[derive(Clone, Debug)]
struct Piece {
    bytes: Bytes,
    /// Where each tile ends, and the next one begins. One that is empty was not there, or not whole.
    ends: [u32; TILES_TOGETHER],
}

#[derive(Clone, Copy, Debug)]
struct Weight;

impl Weighter<Group, Piece> for Weight {
    fn weight(&self, _: &Group, piece: &Piece) -> u64 {
        piece.bytes.len() as u64 + PIECE_OVERHEAD
    }
}

impl Tiles {
    /// Room for so many bytes of tiles.
    pub(super) fn new(bytes_max: u64) -> Tiles {
        let groups = bytes_max / (TILES_TOGETHER as u64 * TILE_BYTES);
        Tiles {
            groups: Cache::with_weighter(usize::try_from(groups).unwrap_or(usize::MAX).max(1), bytes_max, Weight),
        }
    }

    /// The tile, if it is in memory.
    pub(super) fn at_hand(&self, volume: u64, level: u8, index: u64) -> Option<Bytes> {
        let (group, place) = group_of(volume, level, index);
        self.groups.get(&group)?.tile(place)
    }

    /// Keeps what was read of the group of a tile, and gives that tile. One that is not whole is an error if it is the one that is asked
    /// for; of its neighbours it is left out.
    pub(super) fn keep(
        &self,
        (volume, level, index): (u64, u8, u64),
        read: Vec<ReadTile>,
    ) -> Result<Option<Bytes>, ObjectsError> {
        let (group, place) = group_of(volume, level, index);
        let length = read
            .iter()
            .filter_map(|(_, tile)| tile.as_ref().ok())
            .map(Bytes::len)
            .sum();
        let mut bytes = BytesMut::with_capacity(length);
        let mut ends = [0; TILES_TOGETHER];
        let mut next = read.into_iter().peekable();
        for (index, end) in neighbours(index).zip(&mut ends) {
            if let Some((_, tile)) = next.next_if(|(key, _)| *key == Key::Tile { level, index }) {
                match tile {
                    Ok(tile) => bytes.put(tile),
                    Err(error) if index == group.index * TILES_TOGETHER as u64 + place as u64 => return Err(error),
                    Err(_) => {}
                }
            }
            *end = u32::try_from(bytes.len()).expect("sixteen values have at most 2 MiB");
        }
        let piece = Piece {
            bytes: bytes.freeze(),
            ends,
        };
        let tile = piece.tile(place);
        if tile.is_some() {
            self.groups.insert(group, piece);
        }
        Ok(tile)
    }
}

/// The indexes of the tiles that are read and kept with one.
pub(super) fn neighbours(index: u64) -> Range<u64> {
    let first = index - index % TILES_TOGETHER as u64;
    first..first.saturating_add(TILES_TOGETHER as u64)
}

fn group_of(volume: u64, level: u8, index: u64) -> (Group, usize) {
    let together = TILES_TOGETHER as u64;
    let place = usize::try_from(index % together).expect("a group has sixteen tiles");
    let group = Group {
        volume,
        level,
        index: index / together,
    };
    (group, place)
}

impl Piece {
    fn tile(&self, place: usize) -> Option<Bytes> {
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        let place = begin as usize..self.ends[place] as usize;
        (!place.is_empty()).then(|| self.bytes.slice(place))
    }
}

/// A page of sled has up to 17 neighbouring tiles: who reads one has nearly all of these in memory.
pub(super) const TILES_TOGETHER: usize = 16;

/// What a tile has, with the hashes of height 4.
const TILE_BYTES: u64 = 8_704;

/// What a piece takes beside its bytes, about.
const PIECE_OVERHEAD: u64 = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(index: u64) -> Bytes {
        Bytes::from(vec![u8::try_from(index % 251).unwrap() + 1; 8_704])
    }

    fn read(indexes: impl IntoIterator<Item = u64>) -> Vec<ReadTile> {
        let key = |index| Key::Tile { level: 0, index };
        indexes.into_iter().map(|index| (key(index), Ok(tile(index)))).collect()
    }

    fn damaged(index: u64) -> ReadTile {
        let key = Key::Tile { level: 0, index };
        (key, Err(ObjectsError::Corrupt { volume: 0, key }))
    }

    #[test]
    fn neighbours_come_together_and_each_is_itself() {
        let tiles = Tiles::new(1 << 20);
        assert_eq!(tiles.keep((0, 0, 20), read(16..30)).unwrap(), Some(tile(20)));
        for index in 16..30 {
            assert_eq!(tiles.at_hand(0, 0, index), Some(tile(index)), "{index}");
        }
        for (volume, level, index) in [(0, 0, 30), (0, 0, 15), (0, 1, 20), (1, 0, 20)] {
            assert_eq!(tiles.at_hand(volume, level, index), None);
        }
        assert_eq!(
            tiles.keep((0, 0, 30), read(16..31)).unwrap(),
            Some(tile(30)),
            "one that is new"
        );
        assert_eq!(tiles.at_hand(0, 0, 30), Some(tile(30)));
        assert_eq!(tiles.at_hand(0, 0, 16), Some(tile(16)));
    }

    #[test]
    fn what_is_absent_or_damaged_is_not_kept_and_takes_no_neighbour_with_it() {
        let tiles = Tiles::new(1 << 20);
        assert_eq!(tiles.keep((0, 0, 3), read([1, 2])).unwrap(), None);
        assert_eq!(tiles.at_hand(0, 0, 1), None, "nothing was found, and nothing is kept");
        let mut some = read([0, 5]);
        some.insert(1, damaged(4));
        assert_eq!(tiles.keep((0, 0, 5), some).unwrap(), Some(tile(5)));
        assert_eq!((tiles.at_hand(0, 0, 0), tiles.at_hand(0, 0, 4)), (Some(tile(0)), None));
        let error = tiles.keep((0, 0, 4), vec![damaged(4)]).unwrap_err();
        assert!(matches!(error, ObjectsError::Corrupt { .. }), "{error}");
    }

    #[test]
    fn there_are_never_more_bytes_than_may_be() {
        let bytes_max = 8 << 20;
        let tiles = Tiles::new(bytes_max);
        for group in 0..400 {
            let first = 16 * group;
            tiles.keep((0, 0, first), read(first..first + 16)).unwrap();
            assert!(tiles.groups.weight() <= bytes_max, "{}", tiles.groups.weight());
        }
        let kept = (0..400)
            .filter(|group| tiles.at_hand(0, 0, 16 * group).is_some())
            .count();
        assert!((20..=60).contains(&kept), "{kept} groups of 136 KiB");
    }
}
