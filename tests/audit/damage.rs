//! Every kind of damage in a copy is named: which file, which entry or hash, and what was expected.

use std::fs;
use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use indelible_merkle::{Hash, TreeHead};
use indelible_note::{SigningKey, sign_checkpoint};
use serde_json::Value;

use crate::static_log::{StaticLog, entry, path, signed, vkey};
use crate::support::{Bed, stderr};

/// 257 full bundles and one of 208: three levels of tiles, one full tile above the leaves.
const SIZE: u64 = 66_000;

/// Runs an audit: exit status, verdict if there is one, words.
fn audit(bed: &Bed, options: &[&str]) -> (Option<i32>, Value, String) {
    let key = vkey();
    let output = bed.run(&[&["audit", "copy", "--vkey", &key, "--json"][..], options].concat());
    let verdict = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code(), verdict, stderr(&output))
}

/// Replaces a file for as long as `check` runs.
fn with(bed: &Bed, file: &str, change: impl FnOnce(&mut Vec<u8>), check: impl FnOnce()) {
    let at = bed.path("copy").join(file);
    let whole = fs::read(&at).unwrap();
    let mut changed = whole.clone();
    change(&mut changed);
    fs::write(&at, changed).unwrap();
    check();
    fs::write(&at, whole).unwrap();
}

fn copy() -> Bed {
    let bed = Bed::new();
    StaticLog::of(SIZE).write(&bed.path("copy"));
    bed
}

/// Where the entry begins in its bundle, behind its length.
fn offset(index: u64) -> usize {
    let before = index / 256 * 256..index;
    before.map(|index| 2 + entry(index).len()).sum::<usize>() + 2
}

#[test]
fn a_changed_entry_is_named_with_its_leaf_hash() {
    let bed = copy();
    for (index, width) in [
        (1_u64, 256),
        (255, 256),
        (257, 256),
        (40_000, 256),
        (65_794, 208),
        (65_999, 208),
    ] {
        let file = path("entries", usize::try_from(index / 256).unwrap(), width);
        let change = |bundle: &mut Vec<u8>| bundle[offset(index)] ^= 1;
        with(&bed, &file, change, || {
            let (status, verdict, words) = audit(&bed, &[]);
            assert_eq!(status, Some(1), "{words}");
            assert_eq!(verdict["holds"], false);
            assert_eq!(
                (&verdict["file"], &verdict["index"]),
                (&file.clone().into(), &index.into()),
                "{words}"
            );
            let mut other = entry(index);
            other[0] ^= 1;
            assert_eq!(verdict["expected"], STANDARD.encode(Hash::leaf(&entry(index))));
            assert_eq!(verdict["found"], STANDARD.encode(Hash::leaf(&other)));
            assert!(
                words.contains(&file) && words.contains(&format!("entry {index} ")),
                "{words}"
            );
            // Without the tiles only the root is there to tell.
            let (status, verdict, words) = audit(&bed, &["--entries-only"]);
            assert_eq!((status, &verdict["file"]), (Some(1), &"checkpoint".into()), "{words}");
        });
    }
    assert_eq!(audit(&bed, &[]).0, Some(0));
}

#[test]
fn a_changed_hash_is_named_in_every_tile() {
    let bed = copy();
    for (file, hash, index) in [
        ("tile/0/000", 0, 0_u64),
        ("tile/0/003", 17, 785),
        ("tile/0/256", 255, 65_791),
        ("tile/0/257.p/208", 0, 65_792),
        ("tile/0/257.p/208", 207, 65_999),
        ("tile/1/000", 0, 0),
        ("tile/1/000", 255, 255),
        ("tile/1/001.p/1", 0, 256),
        ("tile/2/000.p/1", 0, 0),
    ] {
        let right = fs::read(bed.path("copy").join(file)).unwrap()[32 * hash..][..32].to_vec();
        with(
            &bed,
            file,
            |tile| tile[32 * hash + 31] ^= 0x80,
            || {
                let (status, verdict, words) = audit(&bed, &[]);
                assert_eq!(status, Some(1), "{file}: {words}");
                assert_eq!(
                    (&verdict["file"], &verdict["index"]),
                    (&file.into(), &index.into()),
                    "{words}"
                );
                assert_eq!(verdict["expected"], STANDARD.encode(right), "{words}");
                assert!(words.contains(file), "{words}");
                assert_eq!(audit(&bed, &["--entries-only"]).0, Some(0), "{file}");
            },
        );
    }
}

#[test]
fn a_log_that_agrees_with_itself_and_not_with_what_it_signed_is_found_out() {
    let bed = copy();
    // Every tile above the changed entry is made anew; what is left of the honest log is its checkpoint.
    let checkpoint = StaticLog::of(SIZE).checkpoint();
    StaticLog::of(SIZE).with(300, "another one").write(&bed.path("copy"));
    fs::write(bed.path("copy/checkpoint"), checkpoint).unwrap();
    let (status, verdict, words) = audit(&bed, &[]);
    assert_eq!((status, &verdict["file"]), (Some(1), &"checkpoint".into()), "{words}");
    assert_eq!(verdict["expected"], STANDARD.encode(StaticLog::of(SIZE).head().root));

    // Bundle and tile agree, the tile above them is that of the signed tree.
    for (path, body) in StaticLog::of(SIZE).files() {
        if path != "tile/0/001" && path != "tile/entries/001" {
            fs::write(bed.path("copy").join(path), body).unwrap();
        }
    }
    let (status, verdict, words) = audit(&bed, &[]);
    assert_eq!((status, &verdict["file"]), (Some(1), &"tile/0/001".into()), "{words}");
}

#[test]
fn files_of_another_length_are_named() {
    let bed = copy();
    let cut = |count: usize| move |body: &mut Vec<u8>| body.truncate(body.len() - count);
    let last = 2 + entry(511).len();
    for (file, count, word) in [
        ("tile/entries/001", 1, "cut off"),
        ("tile/entries/001", last, "255 entries, 256 are due"),
        ("tile/entries/257.p/208", 1, "cut off"),
        ("tile/0/001", 1, "8191 bytes, expected 8192"),
        ("tile/0/001", 32, "8160 bytes"),
        ("tile/0/257.p/208", 32, "6624 bytes"),
        ("tile/1/000", 8_192, "0 bytes"),
        ("tile/2/000.p/1", 1, "31 bytes"),
    ] {
        with(&bed, file, cut(count), || {
            let (status, verdict, words) = audit(&bed, &[]);
            assert_eq!((status, &verdict["file"]), (Some(1), &file.into()), "{words}");
            assert!(words.contains(word), "{file}: {words}");
        });
    }
    for file in [
        "tile/entries/000",
        "tile/0/000",
        "tile/1/001.p/1",
        "tile/entries/257.p/208",
    ] {
        with(
            &bed,
            file,
            |body| body.extend([0, 0]),
            || {
                let (status, verdict, words) = audit(&bed, &[]);
                assert_eq!((status, &verdict["file"]), (Some(1), &file.into()), "{words}");
            },
        );
    }
}

#[test]
fn what_is_missing_says_nothing_about_the_log_and_is_named() {
    let bed = copy();
    for file in [
        "tile/entries/000",
        "tile/entries/257.p/208",
        "tile/0/100",
        "tile/1/000",
        "tile/2/000.p/1",
        "checkpoint",
    ] {
        let (at, aside) = (bed.path("copy").join(file), bed.path("aside"));
        fs::rename(&at, &aside).unwrap();
        let (status, verdict, words) = audit(&bed, &[]);
        assert_eq!((status, verdict), (Some(2), Value::Null), "{words}");
        assert!(words.contains(file), "{words}");
        fs::rename(&aside, &at).unwrap();
    }
    let gone = bed.run(&["audit", "nowhere", "--vkey", &vkey()]);
    assert_eq!(gone.status.code(), Some(2));
    let nobody = ["audit", "http://127.0.0.1:1", "--retry-for", "0", "--vkey", &vkey()];
    let output = bed.run(&nobody);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("refused"), "{}", stderr(&output));
}

#[test]
fn checkpoints_that_are_not_those_of_the_entries() {
    let bed = copy();
    let head = StaticLog::of(SIZE).head();
    let write = |bed: &Bed, note: &str| fs::write(bed.path("copy/checkpoint"), note).unwrap();
    let check = |status: i32, word: &str| {
        let (found, _, words) = audit(&bed, &[]);
        assert_eq!(found, Some(status), "{words}");
        assert!(words.contains(word), "{words}");
    };
    let other = SigningKey::from_seed(crate::static_log::key().name().clone(), [8; 32]);
    write(&bed, sign_checkpoint(head, &other).note().as_str());
    check(1, "checkpoint: ");
    // A size that there are no entries for, one too many and one too few.
    write(&bed, &signed(TreeHead { size: SIZE + 1, ..head }));
    check(2, "tile/entries/257.p/209");
    write(
        &bed,
        &signed(TreeHead {
            size: SIZE + 300,
            ..head
        }),
    );
    check(2, "tile/entries/257 ");
    write(&bed, &signed(TreeHead { size: SIZE - 1, ..head }));
    check(2, "tile/entries/257.p/207");
    // What was signed is not what the entries make.
    let wrong = TreeHead {
        root: Hash::EMPTY_ROOT,
        ..head
    };
    write(&bed, &signed(wrong));
    check(1, "checkpoint: the log has signed the root e3b0c442");
    write(&bed, &signed(TreeHead { size: 0, ..head }));
    check(1, "checkpoint: ");
    // Nobody's words.
    write(&bed, "<html>");
    check(2, "is none");
    write(&bed, &signed(head)[..20]);
    check(2, "is none");
    write(&bed, &signed(head));
    check(0, "holds");
}

/// A partial tile may be gone when its full one is there: it is taken from that, and from nothing else.
#[test]
fn a_partial_file_is_taken_from_the_full_one() {
    let bed = copy();
    let copy = bed.path("copy");
    let smaller = StaticLog::of(65_700);
    fs::write(copy.join("checkpoint"), smaller.checkpoint()).unwrap();
    let (status, _, words) = audit(&bed, &[]);
    assert_eq!(status, Some(0), "{words}");
    let cut = |file: &Path| {
        let body = fs::read(file).unwrap();
        fs::write(file, &body[..40]).unwrap();
    };
    cut(&copy.join("tile/entries/256"));
    let (status, verdict, words) = audit(&bed, &[]);
    assert_eq!(
        (status, &verdict["file"]),
        (Some(1), &"tile/entries/256".into()),
        "{words}"
    );
}
