//! Every parser of foreign bytes, by what must hold for it whatever the bytes: random ones, and genuine ones that were spoilt.
//!
//! The checks are those of the fuzz targets, in fuzz/src, which libFuzzer runs for longer and with more cunning.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

#[path = "../fuzz/src/lib.rs"]
pub mod checks;

use checks::Verdict;

/// Makes two tests for each parser, and remembers their names.
macro_rules! parsers {
    ($($name:ident)*) => {
        $(mod $name {
            use super::*;

            #[test]
            fn seeds_are_accepted() {
                for (number, seed) in checks::$name::seeds().iter().enumerate() {
                    assert_eq!(checks::$name::check(seed), Verdict::Accepted, "{}", seed.escape_ascii());
                    offer(stringify!($name), number, seed);
                }
            }

            proptest! {
                #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]

                #[test]
                fn holds_for_any_bytes(bytes in foreign(checks::$name::seeds())) {
                    checks::$name::check(&bytes);
                }
            }
        })*

        const PARSERS: &[&str] = &[$(stringify!($name)),*];
    };
}

parsers! {
    bundle checkpoint claims config delivery description disclosure evidence frame genesis guard host identity
    journal jwks key keys leaf note places policy proofs receipt request signed source_file tile tile_path witness
}

#[test]
fn every_parser_has_its_fuzz_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let files = fs::read_dir(&folder).expect("the targets are there");
    let targets = files.map(|file| file.expect("readable").path());
    let found: BTreeSet<String> = targets
        .map(|path| path.file_stem().expect("a name").display().to_string())
        .collect();
    assert_eq!(found, PARSERS.iter().map(|name| name.to_string()).collect());
    for name in PARSERS {
        let target = fs::read_to_string(folder.join(format!("{name}.rs"))).expect("readable");
        assert!(
            target.contains(&format!("indelible_fuzz::{name}::check")),
            "{name} checks something else"
        );
    }
}

/// Lays a seed where libFuzzer looks for it, if that is wanted.
fn offer(parser: &str, number: usize, seed: &[u8]) {
    if std::env::var_os("INDELIBLE_WRITE_SEEDS").is_some() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(parser);
        fs::create_dir_all(&folder).expect("the folder can be made");
        fs::write(folder.join(format!("seed-{number}")), seed).expect("the seed can be written");
    }
}

/// What is done to genuine bytes.
#[derive(Clone, Debug)]
enum Edit {
    Flip(Index, u8),
    Cut(Index, Index),
    Insert(Index, Vec<u8>),
    /// In front of a word: there a second spelling of a value would begin.
    Respell(Index, u8),
    /// A stretch once more, elsewhere.
    Duplicate(Index, Index, Index),
    /// What follows in another seed from some place on.
    Splice(Index, Index, Index),
}

/// Random bytes, and seeds after one to three edits.
fn foreign(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let of_seeds = (any::<Index>(), vec(edit(), 1..=3)).prop_map(move |(seed, edits)| {
        let mut bytes = seed.get(&seeds).clone();
        edits.into_iter().for_each(|edit| apply(edit, &mut bytes, &seeds));
        bytes
    });
    prop_oneof![1 => vec(any::<u8>(), 0..600), 4 => of_seeds]
}

fn edit() -> impl Strategy<Value = Edit> {
    let place = any::<Index>;
    prop_oneof![
        (place(), 0..8_u8).prop_map(|(at, bit)| Edit::Flip(at, bit)),
        (place(), place()).prop_map(|(from, to)| Edit::Cut(from, to)),
        (place(), vec(any::<u8>(), 1..5)).prop_map(|(at, new)| Edit::Insert(at, new)),
        (place(), "[0-9A-Za-z+=/.:\\[\\]\\n ]{1,4}").prop_map(|(at, new)| Edit::Insert(at, new.into_bytes())),
        (place(), prop::sample::select(b"0+- \n=A".to_vec())).prop_map(|(word, new)| Edit::Respell(word, new)),
        (place(), place(), place()).prop_map(|(from, to, at)| Edit::Duplicate(from, to, at)),
        (place(), place(), place()).prop_map(|(seed, from, at)| Edit::Splice(seed, from, at)),
    ]
}

fn apply(edit: Edit, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let at = |place: Index, bytes: &[u8]| place.index(bytes.len() + 1);
    let stretch = |from: Index, to: Index, bytes: &[u8]| {
        let (from, to) = (at(from, bytes), at(to, bytes));
        from.min(to)..from.max(to)
    };
    match edit {
        Edit::Flip(place, bit) => {
            let place = at(place, bytes);
            if let Some(byte) = bytes.get_mut(place) {
                *byte ^= 1 << bit;
            }
        }
        Edit::Cut(from, to) => drop(bytes.drain(stretch(from, to, bytes))),
        Edit::Insert(place, new) => {
            let place = at(place, bytes);
            drop(bytes.splice(place..place, new));
        }
        Edit::Respell(word, new) => {
            let begins = |at: &usize| {
                bytes[*at].is_ascii_alphanumeric() && (*at == 0 || !bytes[*at - 1].is_ascii_alphanumeric())
            };
            let words: Vec<usize> = (0..bytes.len()).filter(begins).collect();
            if !words.is_empty() {
                bytes.insert(*word.get(&words), new);
            }
        }
        Edit::Duplicate(from, to, place) => {
            let (again, place) = (bytes[stretch(from, to, bytes)].to_vec(), at(place, bytes));
            drop(bytes.splice(place..place, again));
        }
        Edit::Splice(seed, from, place) => {
            let other = seed.get(seeds);
            bytes.truncate(at(place, bytes));
            bytes.extend_from_slice(&other[at(from, other)..]);
        }
    }
}
