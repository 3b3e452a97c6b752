//! Paths of tiles and bundles: the one spelling, against the crate tlog_tiles, and what a tree has, against the specification.

use std::collections::HashSet;

use indelible_merkle::{BadTilePath, TILE_HEIGHT, TILE_WIDTH, TileContent, TileId, TilePath};
use proptest::prelude::*;
use tlog_tiles::Tile;

fn path(text: &str) -> TilePath {
    text.parse().expect(text)
}

/// The path of this tile as tlog_tiles writes it, which names the height too and calls entries `data`.
fn theirs(level: u8, index: u64, width: u64) -> String {
    let tile = Tile::new(TILE_HEIGHT, level, index, width as u32, false).path();
    tile.replacen("tile/8/", "tile/", 1)
}

#[test]
fn paths_are_read() {
    for (text, content, index, width) in [
        ("tile/0/000", TileContent::Hashes { level: 0 }, 0, 256),
        ("tile/0/000.p/1", TileContent::Hashes { level: 0 }, 0, 1),
        ("tile/5/999.p/255", TileContent::Hashes { level: 5 }, 999, 255),
        ("tile/63/x001/000", TileContent::Hashes { level: 63 }, 1000, 256),
        ("tile/1/x001/x234/067", TileContent::Hashes { level: 1 }, 1_234_067, 256),
        ("tile/entries/x001/x234/067.p/8", TileContent::Entries, 1_234_067, 8),
        (
            "tile/entries/x018/x446/x744/x073/x709/x551/615",
            TileContent::Entries,
            u64::MAX,
            256,
        ),
    ] {
        let path = path(text);
        assert_eq!((path.content(), path.index(), path.width()), (content, index, width));
        assert_eq!(path.to_string(), text);
        assert_eq!(
            path.to_full().to_string(),
            text.split(".p/").next().expect("the beginning")
        );
    }
}

#[test]
fn no_other_spelling_is_read() {
    use BadTilePath::{Index, Level, NotATile, Width};
    for (text, reason) in [
        ("", NotATile),
        ("tile", NotATile),
        ("tile/0", NotATile),
        ("/tile/0/000", NotATile),
        ("tiles/0/000", NotATile),
        ("Tile/0/000", NotATile),
        ("checkpoint", NotATile),
        ("tile//000", Level),
        ("tile/64/000", Level),
        ("tile/256/000", Level),
        ("tile/00/000", Level),
        ("tile/+1/000", Level),
        ("tile/-1/000", Level),
        ("tile/ 1/000", Level),
        ("tile/data/000", Level),
        ("tile/Entries/000", Level),
        ("tile/8/0/000", Index),
        ("tile/0/", Index),
        ("tile/0/0", Index),
        ("tile/0/00", Index),
        ("tile/0/0000", Index),
        ("tile/0/x000", Index),
        ("tile/0/1000", Index),
        ("tile/0/001/000", Index),
        ("tile/0/x001/x000", Index),
        ("tile/0/x000/001", Index),
        ("tile/0/x1/000", Index),
        ("tile/0/X001/000", Index),
        ("tile/0/x001//000", Index),
        ("tile/0/x001/000/", Index),
        ("tile/0/x001/000x", Index),
        ("tile/0/+00", Index),
        ("tile/0/00٣", Index),
        ("tile/0/000?", Index),
        ("tile/0/../000", Index),
        ("tile/0/%30%30%30", Index),
        ("tile/0/x018/x446/x744/x073/x709/x551/616", Index),
        ("tile/0/000.p", Index),
        ("tile/0/000.p1", Index),
        ("tile/0/.p/1", Index),
        ("tile/0/000.p/", Width),
        ("tile/0/000.p/0", Width),
        ("tile/0/000.p/01", Width),
        ("tile/0/000.p/+1", Width),
        ("tile/0/000.p/256", Width),
        ("tile/0/000.p/257", Width),
        ("tile/0/000.p/1/", Width),
        ("tile/0/000.p/1.p/1", Width),
    ] {
        assert_eq!(text.parse::<TilePath>(), Err(reason), "{text:?}");
    }
}

#[test]
fn a_tree_has_the_tiles_that_the_specification_says() {
    let all = |size| TilePath::all(size).map(|path| path.to_string()).collect::<Vec<_>>();
    assert!(all(0).is_empty());
    assert_eq!(all(1), ["tile/entries/000.p/1", "tile/0/000.p/1"]);
    assert_eq!(all(256), ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);

    let of_level = |level: &str| {
        let prefix = format!("tile/{level}/");
        let (partial, full): (Vec<_>, Vec<_>) = all(70_000)
            .into_iter()
            .filter(|path| path.starts_with(&prefix))
            .partition(|path| path.contains(".p/"));
        (full.len(), partial.join(" "))
    };
    assert_eq!(of_level("entries"), (273, "tile/entries/273.p/112".to_owned()));
    assert_eq!(of_level("0"), (273, "tile/0/273.p/112".to_owned()));
    assert_eq!(of_level("1"), (1, "tile/1/001.p/17".to_owned()));
    assert_eq!(of_level("2"), (0, "tile/2/000.p/1".to_owned()));
    assert_eq!(all(70_000).len(), 274 + 274 + 2 + 1);
}

#[test]
fn tlog_tiles_lists_the_same_tiles() {
    for size in (0..2000).chain([65_535, 65_536, 65_537, 1 << 20, 16_777_216, 16_777_217]) {
        let theirs: HashSet<String> = Tile::new_tiles(TILE_HEIGHT, 0, size)
            .iter()
            .map(|tile| theirs(tile.level(), tile.level_index(), u64::from(tile.width())))
            .collect();
        let ours: HashSet<String> = TilePath::all(size)
            .filter(|path| path.content() != TileContent::Entries)
            .map(|path| path.to_string())
            .collect();
        assert_eq!(ours, theirs, "{size} leaves");
    }
}

#[test]
fn nothing_beyond_the_tree_is_within_it() {
    for size in [0, 1, 255, 256, 257, 511, 512, 65_535, 65_536, 70_000] {
        for (level, nodes) in [
            ("entries", size),
            ("0", size),
            ("1", size / 256),
            ("2", size / 65_536),
            ("3", 0),
            ("63", 0),
        ] {
            for index in [0, 1, 2, 255, 256, 273, 274] {
                for width in 1..=TILE_WIDTH {
                    let full = format!("tile/{level}/{index:03}");
                    let text = if width < TILE_WIDTH {
                        format!("{full}.p/{width}")
                    } else {
                        full
                    };
                    let expected = index * 256 + width <= nodes;
                    assert_eq!(path(&text).is_within(size), expected, "{text} of {size} leaves");
                }
            }
        }
    }
    // The last bundle that there could be ends at 2^64, which is the size of no tree.
    let last = path("tile/entries/x072/x057/x594/x037/x927/935");
    assert_eq!(last.index(), (1 << 56) - 1);
    assert!(!last.is_within(u64::MAX));
    let partial = path("tile/entries/x072/x057/x594/x037/x927/935.p/255");
    assert!(partial.is_within(u64::MAX) && !partial.is_within(u64::MAX - 1));
    assert!(path("tile/7/000.p/255").is_within(u64::MAX) && !path("tile/7/000").is_within(u64::MAX));
    assert!(!path("tile/entries/x018/x446/x744/x073/x709/x551/615.p/1").is_within(u64::MAX));
}

proptest! {
    #[test]
    fn tlog_tiles_writes_the_same_paths(level in 0_u8..64, index: u64, digits in 0_u32..64, width in 1..=TILE_WIDTH) {
        let index = index >> digits;
        let text = theirs(level, index, width);
        let ours: TilePath = text.parse().unwrap();
        prop_assert_eq!((ours.content(), ours.index(), ours.width()), (TileContent::Hashes { level }, index, width));
        prop_assert_eq!(ours.to_string(), text);
    }

    /// Whatever can be read is written back as it was: there is no second spelling.
    #[test]
    fn only_one_spelling(text in "tile/([0-9]{1,2}|entries)/(x?[0-9]{2,4}/){0,3}x?[0-9]{2,4}(\\.p/[0-9]{0,4})?") {
        if let Ok(path) = text.parse::<TilePath>() {
            prop_assert_eq!(path.to_string(), text);
        }
    }

    /// The widest path of a tile is within its tree, and no wider one is.
    #[test]
    fn the_widest_is_the_widest(size: u64, shift in 0_u32..64, level in 0_u8..8, share in 0.0..1.2) {
        let size = size >> shift;
        let index = ((size >> (8 * level)) as f64 * share / 256.0) as u64;
        for widest in [TilePath::of_tile(TileId { level, index }, size), TilePath::of_bundle(index, size)] {
            let Some(widest) = widest else { continue };
            prop_assert!(widest.is_within(size));
            if widest.width() < TILE_WIDTH {
                prop_assert!(!widest.to_full().is_within(size));
                prop_assert_eq!(widest.to_full().to_string() + &format!(".p/{}", widest.width()), widest.to_string());
            }
        }
        let held = (size >> (8 * level)) > index.saturating_mul(256);
        prop_assert_eq!(TilePath::of_tile(TileId { level, index }, size).is_some(), held);
    }
}
