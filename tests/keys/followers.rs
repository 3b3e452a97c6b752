//! What those see who knew the log by its old key.

use indelible_client::{HttpOptions, KeysError, LogHttp, follow_keys, http_client};
use indelible_note::{BadKeys, SignedCheckpoint};

use crate::standing::{append, append_by, assert_done, get, rotate};
use crate::support::{Bed, Server, stderr, stdout};
use crate::trees::key;

/// A log with two entries under the old key, in `old.vkey`, and one under the new, in `new.vkey`. It is served.
fn changed() -> (Bed, Server) {
    let bed = Bed::with_log();
    let server = bed.serve();
    append(&bed, &server, "old.vkey", &bed.vkey(), &["zero", "one"]);
    server.stop();
    rotate(&bed);
    let server = bed.serve();
    append(&bed, &server, "new.vkey", &bed.vkey(), &["two"]);
    (bed, server)
}

#[test]
fn the_old_key_alone_is_told_where_to_look() {
    let (bed, server) = changed();
    bed.write("entry", "three");
    let refused = bed.run(&["append", "entry", "--vkey", "old.vkey", "--url", &server.url]);
    assert!(!refused.status.success());
    for words in ["GET /keys", "indelible key show"] {
        assert!(
            stderr(&refused).contains(words),
            "{words:?} is not in {}",
            stderr(&refused)
        );
    }
    let refused = bed.run(&["prove", "0", "--vkey", "old.vkey", "--url", &server.url]);
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("GET /keys"), "{}", stderr(&refused));
    bed.write("entry", "two");
    let receipt = [
        "verify",
        "--receipt",
        "receipts/2.tlog-proof",
        "--entry",
        "entry",
        "--vkey",
        "old.vkey",
    ];
    let refused = bed.run(&receipt);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("GET /keys"), "{}", stderr(&refused));
    // Whoever trusts another log altogether is not sent there.
    let other = bed.run(&["keygen", "--origin", "other.example/log", "--out", "other.key"]);
    bed.write("other.vkey", &other.stdout);
    let refused = bed.run(&["prove", "0", "--vkey", "other.vkey", "--url", &server.url]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(!stderr(&refused).contains("GET /keys"), "{}", stderr(&refused));
}

/// From the old key to the new one, and on with the head that was remembered under the old one.
#[test]
fn the_chain_leads_from_the_old_key_to_the_new() {
    let (bed, server) = changed();
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
    let shown = bed.run(&show);
    assert_done(&shown);
    let old = std::fs::read_to_string(bed.path("old.vkey")).unwrap();
    assert_eq!(stdout(&shown), format!("{}\t0\t2\n{}\t2\t-\n", old.trim(), bed.vkey()));
    assert_eq!(std::fs::read(bed.path("log.keys")).unwrap(), get(&server, "/keys"));
    // By the journal, without the service.
    let offline = bed.run(&["key", "show", "--data", "log"]);
    assert_eq!(stdout(&offline), stdout(&shown), "{}", stderr(&offline));

    // Old receipts and new ones are good by these keys, each by the key of its size.
    for (index, entry) in ["zero", "one", "two"].iter().enumerate() {
        bed.write("entry", entry);
        let receipt = format!("receipts/{index}.tlog-proof");
        assert_done(&bed.run(&[
            "verify",
            "--receipt",
            &receipt,
            "--entry",
            "entry",
            "--vkey",
            "log.keys",
        ]));
    }
    let policy = bed.run(&["key", "show", "--url", &server.url, "--vkey", "new.vkey", "--policy"]);
    bed.write("policy", stdout(&policy) + "quorum none\n");
    for (index, entry) in ["zero", "one", "two"].iter().enumerate() {
        bed.write("entry", entry);
        let receipt = format!("receipts/{index}.tlog-proof");
        assert_done(&bed.run(&[
            "verify",
            "--receipt",
            &receipt,
            "--entry",
            "entry",
            "--policy",
            "policy",
        ]));
    }

    // The head that was verified under the old key is not forgotten.
    std::fs::copy(bed.path("old.vkey.heads"), bed.path("log.keys.heads")).unwrap();
    append_by(&bed, &server, "log.keys", &["three"]);
    let heads = std::fs::read(bed.path("log.keys.heads")).unwrap();
    assert_eq!(SignedCheckpoint::parse(&heads).unwrap().head().size, 4);
}

#[test]
fn keys_that_do_not_follow_are_refused() {
    let (bed, server) = changed();
    let stranger = key(7).verifier().to_string();
    let refused = bed.run(&["key", "show", "--url", &server.url, "--vkey", &stranger]);
    assert_eq!((refused.status.code(), stdout(&refused).as_str()), (Some(1), ""));
    assert!(stderr(&refused).contains("none of these keys"), "{}", stderr(&refused));

    let keys = String::from_utf8(get(&server, "/keys")).unwrap();
    for spoilt in [
        keys.replace("\n2\n", "\n1\n"),
        keys.replacen('\n', "\n\n\n", 1),
        format!("{keys}\n"),
        keys.replace("key change v1", "key change v2"),
    ] {
        bed.write("spoilt.keys", &spoilt);
        bed.write("entry", "two");
        let receipt = [
            "verify",
            "--receipt",
            "receipts/2.tlog-proof",
            "--entry",
            "entry",
            "--vkey",
            "spoilt.keys",
        ];
        let refused = bed.run(&receipt);
        assert_eq!(refused.status.code(), Some(2), "{spoilt}");
        assert!(
            stderr(&refused).contains("spoilt.keys holds no keys"),
            "{}",
            stderr(&refused)
        );
    }
    server.stop();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{nobody}");
    let refused = bed.run(&["key", "show", "--url", &url, "--vkey", "old.vkey"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains(&url), "{}", stderr(&refused));
}

/// The library's own way, for those who write clients.
#[tokio::test]
async fn a_client_follows_the_chain() {
    let (bed, server) = changed();
    let http = LogHttp::anonymous(http_client(&HttpOptions::default()).unwrap());
    let old = std::fs::read_to_string(bed.path("old.vkey"))
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let keys = follow_keys(&http, &server.url, &old).await.unwrap();
    assert_eq!(keys.current(), &bed.vkey());
    let client = indelible_client::Client::connect_with_keys(
        &server.url,
        keys,
        indelible_client::MemoryHeads::new(),
        indelible_client::Options::default(),
    );
    let head = client.await.unwrap().head().await.unwrap();
    assert_eq!(head.head().size, 3);
    let refused = follow_keys(&http, &server.url, &key(7).verifier()).await.unwrap_err();
    let KeysError::Bad {
        reason: BadKeys::Unrelated { .. },
        ..
    } = refused
    else {
        panic!("{refused}")
    };
    let refused = follow_keys(&http, &format!("{}/tile", server.url), &old)
        .await
        .unwrap_err();
    assert!(matches!(refused, KeysError::Status { status: 404, .. }), "{refused}");
}
