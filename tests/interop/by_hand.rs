//! docs/auditing.md, done as it stands there: what is honest passes, and each lie is found where the document says.

use std::path::Path;
use std::process::{Command, Output};

use indelible_merkle::{Hash, TILE_WIDTH};

use crate::liar::Liar;
use crate::log::{Log, entry, with_another_signature};
use crate::support::{Bed, ended, skipped, stderr, stdout};

/// What an auditor has.
#[derive(Clone)]
struct Auditor {
    log: String,
    vkey: String,
    entry: String,
    index: u64,
    old: String,
    receipt: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_needs_curl_and_a_page_of_python() {
    if !has_tools() {
        return skipped("bash, curl, sha256sum, openssl 3 and python3");
    }
    let mut log = Log::new();
    // Behind a tile that is not full, before and behind the first full ones, and where levels end.
    let mut old = log.save_checkpoint("checkpoint.0");
    for size in [1, 255, 256, 257, 700, 65_536, 70_000] {
        log.grow(size).await;
        for index in [0, 300, size - 1].into_iter().filter(|&index| index < size) {
            let auditor = Auditor::of(&log, index, &old);
            let said = auditor.accepts();
            let expected = [
                "holds: the key id".to_owned(),
                "holds: test.example/log has signed checkpoint".to_owned(),
                format!("holds: the tiles hash to the root that was signed for {size} entries"),
                format!("holds: entry is entry {index} of this tree"),
                "are those that were signed for then".to_owned(),
                format!("holds: entry is entry {index} of the tree of {size} entries in checkpoint.of-receipt"),
                "holds: test.example/log has signed checkpoint.of-receipt".to_owned(),
                Hash::leaf(entry(index).as_bytes()).to_string(),
            ];
            for words in expected {
                assert!(said.contains(&words), "{words:?} is not in {said}");
            }
        }
        old = log.save_checkpoint(&format!("checkpoint.{size}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_finds_every_lie() {
    if !has_tools() {
        return skipped("bash, curl, sha256sum, openssl 3 and python3");
    }
    let mut log = Log::new();
    log.grow(700).await;
    let old = log.save_checkpoint("old");
    log.grow(1_000).await;
    let honest = Auditor::of(&log, 300, &old);
    honest.accepts();
    let shown = |url: &str| Auditor {
        log: url.to_owned(),
        ..honest.clone()
    };
    let checkpoint = |lie: fn(&[u8]) -> Vec<u8>| {
        let liar = Liar::before(&log.server, move |path, body| match path {
            "/checkpoint" => lie(&body),
            _ => body,
        });
        shown(&liar.url)
    };

    // The checkpoint: its signature, its size, and a whole one of somebody else.
    checkpoint(with_another_signature).refuses("test.example/log has not signed checkpoint");
    let longer = |note: &[u8]| String::from_utf8_lossy(note).replacen("\n1000\n", "\n1001\n", 1).into();
    checkpoint(longer).refuses("test.example/log has not signed checkpoint");
    let mut stranger = Log::new();
    stranger.grow(1_000).await;
    shown(&stranger.server.url).refuses("test.example/log has not signed checkpoint");
    let vkey = honest.vkey.replacen("test.example", "text.example", 1);
    Auditor { vkey, ..honest.clone() }.refuses("the key id");
    Auditor {
        old: path(&stranger.save_checkpoint("old")),
        ..honest.clone()
    }
    .refuses("has not signed /");

    // The tiles: of the entry, above it, at the right edge, and of the old edge.
    let place = usize::try_from(300 % TILE_WIDTH).unwrap() * Hash::BYTES;
    for (tile, at, words) in [
        ("/tile/0/001", place, "/tile/0/001 is in the tile above"),
        ("/tile/0/001", 0, "/tile/0/001 is in the tile above"),
        (
            "/tile/1/000.p/3",
            40,
            "the tiles hash to the root that was signed for 1000 entries",
        ),
        (
            "/tile/0/003.p/232",
            7_000,
            "the tiles hash to the root that was signed for 1000 entries",
        ),
        ("/tile/0/002", 0, "/tile/0/002 is in the tile above"),
    ] {
        shown(&Liar::flipping(&log.server, tile, at).url).refuses(words);
    }

    // The entry is another one, or stands elsewhere.
    Auditor {
        entry: entry(301),
        ..honest.clone()
    }
    .refuses("entry is entry 300 of this tree");
    Auditor {
        index: 301,
        ..honest.clone()
    }
    .refuses("entry is entry 301 of this tree");
    Auditor {
        index: 1_000,
        ..honest.clone()
    }
    .refuses("entry is entry 1000 of this tree");

    // Another past under the same key, and a log that has lost what it had.
    let mut fork = log.another();
    fork.grow_with(1_000, |index| match index {
        5 => "not what it was".to_owned(),
        index => entry(index),
    })
    .await;
    shown(&fork.server.url).refuses("the first 700 entries are those that were signed for then");
    let mut shorter = log.another();
    shorter.grow(600).await;
    shown(&shorter.server.url).refuses("the log has not become shorter than 700 entries");

    // A receipt for something else, and one that nobody signed.
    let elsewhere = honest.receipt.replacen("\nindex 300\n", "\nindex 301\n", 1);
    Auditor {
        receipt: elsewhere,
        ..honest.clone()
    }
    .refuses("the entry does not lead to the root");
    let unsigned = String::from_utf8(with_another_signature(honest.receipt.as_bytes())).unwrap();
    Auditor {
        receipt: unsigned,
        ..honest.clone()
    }
    .refuses("has not signed checkpoint.of-receipt");
}

impl Auditor {
    fn of(log: &Log, index: u64, old: &Path) -> Auditor {
        Auditor {
            log: log.server.url.clone(),
            vkey: log.bed.vkey().to_string(),
            entry: entry(index),
            index,
            old: path(old),
            receipt: log.receipt(index),
        }
    }

    /// Does what the document says, in an empty folder, and stops where something fails.
    fn work(&self) -> Output {
        let bed = Bed::new();
        bed.write("entry", &self.entry);
        bed.write("receipt", &self.receipt);
        let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/auditing.md");
        let blocks = blocks(&std::fs::read_to_string(document).unwrap());
        let mut script = "set -euo pipefail\n".to_owned();
        let mut own = 0;
        for (language, block) in &blocks {
            match language.split_once(' ') {
                Some(("python", file)) => drop(bed.write(file, block)),
                _ if block.starts_with("LOG=") => {
                    own += 1;
                    let Auditor {
                        log, vkey, index, old, ..
                    } = self;
                    script += &format!("LOG={log}\nVKEY='{vkey}'\nENTRY=entry\nINDEX={index}\nOLD={old}\n");
                }
                _ if block.starts_with("RECEIPT=") => {
                    own += 1;
                    script += "RECEIPT=receipt\n";
                }
                _ => {
                    assert_eq!(language, "sh", "a block that nobody runs: {block}");
                    script += block;
                }
            }
        }
        assert_eq!((blocks.len(), own), (10, 2), "what is left is not all of the document");
        let mut bash = Command::new("bash");
        bash.arg(bed.write("steps", script)).current_dir(bed.path("."));
        ended(bash)
    }

    fn accepts(&self) -> String {
        let output = self.work();
        assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
        stdout(&output)
    }

    /// It ends with these words about what does not hold.
    fn refuses(&self, words: &str) {
        let output = self.work();
        assert!(!output.status.success(), "{}", stdout(&output));
        let last = stderr(&output);
        let found = last
            .lines()
            .any(|line| line.starts_with("DOES NOT HOLD: ") && line.contains(words));
        assert!(found, "{words:?} is not in {last}, after {}", stdout(&output));
    }
}

/// The fenced blocks of a document, each with what stands behind its fence.
fn blocks(document: &str) -> Vec<(String, String)> {
    let mut blocks: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in document.lines() {
        match line.strip_prefix("```") {
            Some(_) if inside => inside = false,
            Some(language) => {
                inside = true;
                blocks.push((language.to_owned(), String::new()));
            }
            None if inside => {
                let (_, block) = blocks.last_mut().unwrap();
                *block += line;
                *block += "\n";
            }
            None => {}
        }
    }
    blocks
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

fn has_tools() -> bool {
    let tools = "command -v curl sha256sum python3 && openssl version | grep -q 'OpenSSL [3-9]'";
    let found = Command::new("bash").args(["-c", tools]).output();
    found.is_ok_and(|found| found.status.success())
}
