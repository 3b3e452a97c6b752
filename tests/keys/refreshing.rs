//! `receipt show` and `receipt refresh`.

use std::fs;

use indelible_note::Receipt;

use crate::standing::{append, assert_done, rotate};
use crate::support::{Bed, stderr, stdout};
use crate::trees::{cosignature, entry, key, receipt, signed, witness};

#[test]
fn it_shows_what_a_receipt_says() {
    let bed = Bed::new();
    let (log, one) = (key(1), witness("w.example/one", 11));
    let head = signed("honest", 7, &log);
    let line = cosignature(&head, 1_767_139_200, &log, &one);
    let head = head.with_cosignatures(&[line], &[one.cosigner()]).unwrap();
    bed.write("receipt", receipt("honest", 3, &head).to_string());
    let shown = bed.run(&["receipt", "show", "receipt"]);
    assert_done(&shown);
    let root = head.note().text().lines().nth(2).unwrap().to_owned();
    let expected = format!(
        "log\ttest.example/log\nindex\t3\nsize\t7\nroot\t{root}\nhashes\t3\nsigned\ttest.example/log+{}\nsigned\tw.example/one+{}\n",
        log.verifier().id(),
        one.cosigner().id()
    );
    assert_eq!(stdout(&shown), expected);
    bed.write("entry", entry("honest", 3));
    assert_eq!(bed.run(&["receipt", "show", "entry"]).status.code(), Some(2));
}

/// Across a change of the key: the old receipt is by the old key, the new one by the new.
#[test]
fn it_proves_anew_under_the_newest_head() {
    let bed = Bed::with_log();
    let server = bed.serve();
    append(&bed, &server, "old.vkey", &bed.vkey(), &["zero", "one"]);
    server.stop();
    rotate(&bed);
    let server = bed.serve();
    append(&bed, &server, "new.vkey", &bed.vkey(), &["two"]);
    let show = [
        "key",
        "show",
        "--url",
        &server.url,
        "--vkey",
        "old.vkey",
        "--output",
        "log.keys",
    ];
    assert_done(&bed.run(&show));

    bed.write("entry", "zero");
    let refresh = |more: &[&str]| {
        let common = [
            "receipt",
            "refresh",
            "--receipt",
            "receipts/0.tlog-proof",
            "--url",
            &server.url,
        ];
        bed.run(&[&common, more].concat())
    };
    let done = refresh(&["--entry", "entry", "-o", "fresh", "--vkey", "log.keys"]);
    assert_done(&done);
    let size = |name: &str| {
        Receipt::parse(&fs::read(bed.path(name)).unwrap())
            .unwrap()
            .checkpoint()
            .head()
            .size
    };
    assert!(size("receipts/0.tlog-proof") <= 2);
    assert_eq!(size("fresh"), 3);
    assert_done(&bed.run(&["verify", "--receipt", "fresh", "--entry", "entry", "--vkey", "new.vkey"]));

    // In its own place, and by the leaf alone.
    fs::copy(bed.path("receipts/0.tlog-proof"), bed.path("own")).unwrap();
    let leaf = indelible_merkle::Hash::leaf(b"zero").to_string();
    let own = [
        "receipt",
        "refresh",
        "--receipt",
        "own",
        "--leaf",
        &leaf,
        "-o",
        "own",
        "--vkey",
        "log.keys",
    ];
    assert_done(&bed.run(&[&own[..], &["--url", &server.url]].concat()));
    let fresh = fs::read_to_string(bed.path("fresh")).unwrap();
    assert_eq!(fs::read_to_string(bed.path("own")).unwrap(), fresh);
    // Of two heads of one size that stays which more have signed, whoever they are.
    let line = cosignature(
        &signed("honest", 7, &key(1)),
        1_767_139_200,
        &key(1),
        &witness("w.example/one", 11),
    );
    let more = format!("{fresh}{line}");
    bed.write("own", &more);
    assert_done(&bed.run(&[&own[..], &["--url", &server.url]].concat()));
    assert_eq!(fs::read_to_string(bed.path("own")).unwrap(), more);

    // What does not hold is said, and nothing is written.
    let fails = |more: &[&str], code, words: &str| {
        let output = refresh(&[more, &["-o", "not-there"]].concat());
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert!(
            stderr(&output).contains(words),
            "{words:?} is not in {}",
            stderr(&output)
        );
        assert!(!bed.path("not-there").exists());
    };
    bed.write("other", "another entry");
    fails(&["--entry", "other", "--vkey", "log.keys"], 1, "the old receipt");
    fails(&["--entry", "entry", "--vkey", "new.vkey"], 1, "the old receipt");
    fails(
        &["--entry", "entry", "--vkey", "old.vkey", "--heads", "none.heads"],
        1,
        "GET /keys",
    );
    // The head that was remembered under the keys is one of the new key.
    fails(&["--entry", "entry", "--vkey", "old.vkey"], 2, "GET /keys");
    fails(&["--vkey", "log.keys"], 2, "--entry");
    let policy = format!("witness w1 {}\nquorum w1\n", witness("w.example/one", 11).cosigner());
    bed.write("policy", policy);
    fails(
        &["--entry", "entry", "--vkey", "log.keys", "--policy", "policy"],
        2,
        "the quorum is not met",
    );
    bed.write("policy", "quorum none\n");
    assert_done(&refresh(&[
        "--entry", "entry", "--vkey", "log.keys", "--policy", "policy", "-o", "there",
    ]));
}

/// A log that has lost what the receipt shows, and one that has something else in its place.
#[test]
fn a_log_that_took_it_back_is_found_out() {
    let bed = Bed::with_log();
    let server = bed.serve();
    append(&bed, &server, "log.vkey", &bed.vkey(), &["zero", "one"]);
    server.stop();
    assert_done(&bed.run(&["backup", "backup", "--data", "log"]));
    let server = bed.serve();
    append(&bed, &server, "log.vkey", &bed.vkey(), &["two", "three"]);
    // Of the first entries, under the head of all four.
    bed.write("entry", "zero");
    assert_done(&bed.run(&[
        "prove",
        "0",
        "-o",
        "of-four",
        "--vkey",
        "log.vkey",
        "--url",
        &server.url,
    ]));
    bed.write("last", "three");
    assert_done(&bed.run(&[
        "prove",
        "3",
        "-o",
        "last.tlog-proof",
        "--vkey",
        "log.vkey",
        "--url",
        &server.url,
    ]));
    server.stop();
    let restore = ["restore", "backup", "--data", "log2", "--key", "log/log.key"];
    assert_done(&bed.run(&restore));
    let server =
        crate::support::Server::start(bed.command(&["serve", "--open", "--data", "log2", "--listen", "127.0.0.1:0"]));
    let refresh = |receipt: &str, entry: &str, url: &str| {
        bed.run(&[
            "receipt",
            "refresh",
            "--receipt",
            receipt,
            "--entry",
            entry,
            "-o",
            "new",
            "--vkey",
            "log.vkey",
            "--heads",
            "none.heads",
            "--url",
            url,
        ])
    };
    for (receipt, entry) in [("of-four", "entry"), ("last.tlog-proof", "last")] {
        let refused = refresh(receipt, entry, &server.url);
        assert_eq!(refused.status.code(), Some(1), "{receipt}: {}", stderr(&refused));
        assert!(
            stderr(&refused).contains("rolled back"),
            "{receipt}: {}",
            stderr(&refused)
        );
    }
    append(
        &bed,
        &server,
        "again.vkey",
        &bed.vkey(),
        &["other", "history", "altogether"],
    );
    for (receipt, entry) in [("of-four", "entry"), ("last.tlog-proof", "last")] {
        let refused = refresh(receipt, entry, &server.url);
        assert_eq!(refused.status.code(), Some(1), "{receipt}: {}", stderr(&refused));
    }
    assert!(!bed.path("new").exists());
}
