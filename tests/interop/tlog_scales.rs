//! `tlog-scales`: a second reader of tiles. It checks hashes and no signatures.

use std::process::Command;

use indelible_merkle::{Hash, TILE_WIDTH};

use crate::liar::Liar;
use crate::log::{Log, entry, scattered, with_another_signature};
use crate::support::{ended, skipped, stderr, stdout};
use crate::tools::{NEEDS, Tools};

const TOOL: &str = "tlog-tiles";

#[tokio::test(flavor = "multi_thread")]
async fn entries_and_proofs_are_read_out_of_tiles() {
    let Some(tools) = Tools::installed() else {
        return skipped(NEEDS);
    };
    let mut log = Log::new();
    for size in [1, 257, 70_000] {
        log.grow(size).await;
        let edges = [0, 255, 256, 65_535, 65_536, size - 1];
        let random = (0..3).map(|number| scattered(number) % size);
        let mut indices: Vec<u64> = edges.into_iter().filter(|&index| index < size).chain(random).collect();
        indices.sort_unstable();
        indices.dedup();
        for index in indices {
            let read = tools.accepts(TOOL, &["get-leaf", "-c", &log.server.url, &index.to_string()]);
            assert_eq!(read, entry(index));
            let proof = tools.accepts(TOOL, &["gen-proof", &log.server.url, &index.to_string()]);
            log.bed.write("foreign.tlog-proof", &proof);
            assert_eq!(verify(&log, "foreign.tlog-proof", &entry(index)), Some(0), "{proof}");
            assert_eq!(
                verify(&log, "foreign.tlog-proof", &entry(index + 1)),
                Some(1),
                "{proof}"
            );
            // There is one spelling, and both of us know it.
            assert_eq!(proof, log.receipt(index));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_true_is_refused() {
    let Some(tools) = Tools::installed() else {
        return skipped(NEEDS);
    };
    let mut log = Log::new();
    log.grow(1_000).await;
    // Of an entry, and of the leaf hash of another one that its proof needs.
    let entry_at = (256..300).map(|index| entry(index).len() + 2).sum::<usize>() + 2;
    let hash_at = usize::try_from(301 % TILE_WIDTH).unwrap() * Hash::BYTES;
    for (path, at) in [("/tile/entries/001", entry_at), ("/tile/0/001", hash_at)] {
        let liar = Liar::flipping(&log.server, path, at);
        tools.refuses(TOOL, &["get-leaf", "-c", &liar.url, "300"], "InclusionProofInvalid");
    }

    // It makes proofs of whatever it is given, and signatures it hands on: that is for our command to refuse.
    let flipped = Liar::flipping(&log.server, "/tile/0/001", hash_at);
    let unsigned = Liar::before(&log.server, |path, body| match path {
        "/checkpoint" => with_another_signature(&body),
        _ => body,
    });
    for url in [&flipped.url, &unsigned.url] {
        let proof = tools.accepts(TOOL, &["gen-proof", url, "300"]);
        log.bed.write("foreign.tlog-proof", &proof);
        assert_eq!(verify(&log, "foreign.tlog-proof", &entry(300)), Some(1), "{proof}");
    }
}

/// It has no command that reads a receipt, but a function that checks what stands in one.
#[tokio::test(flavor = "multi_thread")]
async fn our_receipts_are_accepted() {
    let Some(tools) = Tools::installed() else {
        return skipped(NEEDS);
    };
    let mut log = Log::new();
    log.grow(700).await;
    let receipt = log.receipt(300);
    let key = log.bed.vkey().to_string();
    let check = |receipt: &str, entry: &str| {
        let mut command = Command::new(tools.python());
        command.args(["-c", CHECK, receipt, entry, &key]);
        ended(command)
    };
    let accepted = check(&receipt, &entry(300));
    assert!(accepted.status.success(), "{}{}", stdout(&accepted), stderr(&accepted));
    let refused = check(&receipt, &entry(301));
    assert!(
        stderr(&refused).contains("InclusionProofInvalid"),
        "{}",
        stderr(&refused)
    );
    let refused = check(&receipt.replacen("\nindex 300\n", "\nindex 302\n", 1), &entry(300));
    assert!(
        stderr(&refused).contains("InclusionProofInvalid"),
        "{}",
        stderr(&refused)
    );
    let signature = String::from_utf8(with_another_signature(receipt.as_bytes())).unwrap();
    let refused = check(&signature, &entry(300));
    assert!(stderr(&refused).contains("InvalidSignature"), "{}", stderr(&refused));
}

/// How `indelible verify` ends.
fn verify(log: &Log, receipt: &str, entry: &str) -> Option<i32> {
    let key = log.vkey_file().display().to_string();
    let args = ["verify", "--receipt", receipt, "--entry", "-", "--vkey", &key];
    log.bed.run_with_stdin(&args, entry.as_bytes()).status.code()
}

/// Parts of a receipt, given to the functions of the package.
const CHECK: &str = "
import base64, sys
from tlog_scales import signing, tiles, tlog
proof, note = sys.argv[1].split('\\n\\n', 1)
_, index, *hashes = proof.split('\\n')
head = tlog.Checkpoint.from_text(note)
hashes = [base64.b64decode(line) for line in hashes]
inclusion = tlog.InclusionProof(int(index.removeprefix('index ')), head.size, hashes)
inclusion.check(tiles.leaf_hash(sys.argv[2].encode()), head.root_hash)
head.verify(signing.Vkey.from_string(sys.argv[3]))
";
