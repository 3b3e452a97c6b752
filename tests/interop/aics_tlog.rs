//! `aics-tlog`: reads tiles, checks signatures, inclusion and consistency, and shares no code with us.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indelible_merkle::{Hash, TILE_WIDTH};
use serde_json::Value;

use crate::liar::Liar;
use crate::log::{Log, entry, scattered, with_another_signature};
use crate::stubs::GetConsistencyProofRequest;
use crate::support::skipped;
use crate::tools::{NEEDS, Tools};

/// Around the first full tile of each level, and where the tree has three of them.
const SIZES: [u64; 9] = [1, 255, 256, 257, 700, 65_535, 65_536, 65_537, 70_000];

const TOOL: &str = "aics-tlog";

#[tokio::test(flavor = "multi_thread")]
async fn every_head_is_verified_and_continues_those_before_it() {
    let Some(tools) = Tools::installed() else {
        return skipped(NEEDS);
    };
    let mut log = Log::new();
    let (url, vkey) = (log.server.url.clone(), log.vkey_file().display().to_string());
    let source = ["--tiles", &url, "--vkey-file", &vkey];
    let mut heads: Vec<String> = Vec::new();
    for size in SIZES {
        log.grow(size).await;
        let head = log.bed.path(&format!("{size}.note")).display().to_string();
        let said = tools.accepts(
            TOOL,
            &[&["verify-checkpoint", "--save-checkpoint", &head], &source[..]].concat(),
        );
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!((&said["size"], &said["log_ok"]), (&size.into(), &true.into()), "{said}");
        if let Some(last) = heads.last() {
            tools.accepts(
                TOOL,
                &[&["verify-consistency", "--old-checkpoint", last], &source[..]].concat(),
            );
        }
        heads.push(head);
    }
    // From each to the newest, and of two older ones, by the tiles of the newest.
    for (older, newer) in [(0, 8), (1, 8), (2, 8), (4, 8), (5, 8), (0, 3), (2, 6), (4, 7), (6, 7)] {
        let pair = [
            "verify-consistency",
            "--old-checkpoint",
            &heads[older],
            "--checkpoint",
            &heads[newer],
        ];
        tools.accepts(TOOL, &[&pair, &source[..]].concat());
    }
    let backwards = [
        "verify-consistency",
        "--old-checkpoint",
        &heads[8],
        "--checkpoint",
        &heads[4],
    ];
    tools.refuses(TOOL, &[&backwards, &source[..]].concat(), "a rollback");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_random_entries_are_included() {
    let Some(tools) = Tools::installed() else {
        return skipped(NEEDS);
    };
    let mut log = Log::new();
    log.grow(70_000).await;
    let vkey = log.vkey_file().display().to_string();
    for number in 0..50 {
        let index = scattered(number) % 70_000;
        let args = [
            "verify-inclusion",
            "--tiles",
            &log.server.url,
            "--vkey-file",
            &vkey,
            "--index",
            &index.to_string(),
        ];
        let said: Value = serde_json::from_str(&tools.accepts(TOOL, &args)).unwrap();
        let leaf = Hash::leaf(entry(index).as_bytes()).to_string();
        assert_eq!(
            (&said["index"], &said["leaf_hash"]),
            (&index.into(), &leaf.into()),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_true_is_refused() {
    let Some(tools) = Tools::installed() else {
        return skipped(NEEDS);
    };
    let mut log = Log::new();
    log.grow(700).await;
    let old = log.save_checkpoint("old.note").display().to_string();
    log.grow(1_000).await;
    let vkey = log.vkey_file().display().to_string();
    let checkpoint = |url: &str| ["verify-checkpoint", "--tiles", url, "--vkey-file", &vkey].map(str::to_owned);
    let inclusion = |url: &str| {
        [
            "verify-inclusion",
            "--tiles",
            url,
            "--vkey-file",
            &vkey,
            "--index",
            "300",
        ]
        .map(str::to_owned)
    };
    let consistency = |url: &str| {
        [
            "verify-consistency",
            "--tiles",
            url,
            "--vkey-file",
            &vkey,
            "--old-checkpoint",
            &old,
        ]
        .map(str::to_owned)
    };
    let refuses = |args: &[String], reason: &str| {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        tools.refuses(TOOL, &args, reason);
    };
    for honest in [
        &checkpoint(&log.server.url)[..],
        &inclusion(&log.server.url),
        &consistency(&log.server.url),
    ] {
        let args: Vec<&str> = honest.iter().map(String::as_str).collect();
        tools.accepts(TOOL, &args);
    }

    // A checkpoint whose signature is another, one whose size is another, and one of somebody else's log.
    let unsigned = Liar::before(&log.server, |path, body| match path {
        "/checkpoint" => with_another_signature(&body),
        _ => body,
    });
    refuses(&checkpoint(&unsigned.url), "failed verification");
    refuses(&inclusion(&unsigned.url), "failed verification");
    let grown = Liar::before(&log.server, |path, body| match path {
        "/checkpoint" => String::from_utf8(body)
            .unwrap()
            .replacen("\n1000\n", "\n1001\n", 1)
            .into(),
        _ => body,
    });
    refuses(&checkpoint(&grown.url), "failed verification");
    let another = Log::new();
    refuses(&checkpoint(&another.server.url), "no signature from log key");

    // An entry, a hash of the tile that has its leaf, and one of the old tree.
    let at = (256..300).map(|index| entry(index).len() + 2).sum::<usize>() + 2;
    refuses(
        &inclusion(&Liar::flipping(&log.server, "/tile/entries/001", at).url),
        "tile/entries/001 does not match its level 0 tile",
    );
    let place = usize::try_from(300 % TILE_WIDTH).unwrap() * Hash::BYTES;
    refuses(
        &inclusion(&Liar::flipping(&log.server, "/tile/0/001", place).url),
        "tile/0/001 does not match its parent",
    );
    refuses(
        &consistency(&Liar::flipping(&log.server, "/tile/0/002", 0).url),
        "tile/0/002 does not match its parent",
    );

    // Another past under the same key: all of it is signed and hashes well.
    let mut fork = log.another();
    fork.grow_with(1_000, |index| match index {
        5 => "not what it was".to_owned(),
        index => entry(index),
    })
    .await;
    let args = checkpoint(&fork.server.url);
    tools.accepts(TOOL, &args.each_ref().map(String::as_str));
    refuses(&consistency(&fork.server.url), "history was rewritten");
}

/// The proofs that the service hands out, without any tiles.
#[tokio::test(flavor = "multi_thread")]
async fn our_proofs_are_accepted() {
    let Some(tools) = Tools::installed() else {
        return skipped(NEEDS);
    };
    let mut log = Log::new();
    log.grow(700).await;
    let old = root_of(&log);
    log.grow(1_000).await;
    let new = root_of(&log);
    let receipt = log.receipt(300);
    let path = |path: std::path::PathBuf| path.display().to_string();
    let hashes = receipt
        .split_once("index 300\n")
        .unwrap()
        .1
        .split_once("\n\n")
        .unwrap()
        .0;
    let proof = path(log.bed.write("300.proof", hashes));
    let leaf = path(log.bed.write("300.entry", entry(300)));
    let included = [
        "verify-inclusion",
        "--leaf",
        &leaf,
        "--size",
        "1000",
        "--root",
        &new,
        "--proof",
        &proof,
        "--index",
    ];
    tools.accepts(TOOL, &[&included[..], &["300"]].concat());
    tools.refuses(
        TOOL,
        &[&included[..], &["301"]].concat(),
        "inclusion proof does not verify",
    );

    let request = GetConsistencyProofRequest {
        old_size: 700,
        new_size: None,
    };
    let consistency = log
        .server
        .stub()
        .await
        .get_consistency_proof(request)
        .await
        .unwrap()
        .into_inner();
    let hashes = Hash::split(&consistency.proof.unwrap().hashes).unwrap();
    let lines: String = hashes
        .iter()
        .map(|hash| STANDARD.encode(hash.as_bytes()) + "\n")
        .collect();
    let proof = path(log.bed.write("consistency.proof", lines));
    let continued = [
        "verify-consistency",
        "--new-size",
        "1000",
        "--new-root",
        &new,
        "--proof",
        &proof,
        "--old-root",
        &old,
    ];
    tools.accepts(TOOL, &[&continued[..], &["--old-size", "700"]].concat());
    tools.refuses(
        TOOL,
        &[&continued[..], &["--old-size", "701"]].concat(),
        "consistency proof does not verify",
    );
}

/// The root of the newest tree, in base64.
fn root_of(log: &Log) -> String {
    let note = String::from_utf8(log.server.get("/checkpoint").1).unwrap();
    note.lines().nth(2).unwrap().to_owned()
}
