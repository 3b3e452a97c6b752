//! A log changes its key: what it serves then, what old and new clients see, and that everything else goes on.

use indelible_note::{KeyChain, SignedCheckpoint, VerifierKey};

use crate::given::Given;
use crate::standing::{append, assert_done, get, rotate};
use crate::support::{Bed, stderr, stdout};

/// Entries 0 and 1 under the first key, a change, entry 2 under the second.
#[test]
fn the_log_goes_on_under_its_new_key() {
    let bed = Bed::with_log();
    let old = bed.vkey();
    let server = bed.serve();
    append(&bed, &server, "old.vkey", &old, &["zero", "one"]);
    server.stop();

    let rotated = rotate(&bed);
    let new = bed.vkey();
    assert_ne!(old, new);
    assert_eq!(old.name(), new.name());
    assert_eq!(stdout(&rotated), format!("{new}\n"), "the new public key alone");
    let policy = format!("log {old}\n# last-size {}+{} 2\nlog {new}\n", old.name(), old.id());
    assert!(stderr(&rotated).contains(&policy), "{}", stderr(&rotated));
    let retired = bed.path(&format!("log/log.key.retired-{}", old.id()));
    let kept: indelible_note::SigningKey = std::fs::read_to_string(retired).unwrap().trim().parse().unwrap();
    assert_eq!(kept.verifier(), old);
    assert!(!bed.path("log/log.key.next").exists());
    let admin = std::fs::read_to_string(bed.path("log/admin.jsonl")).unwrap();
    assert!(
        admin.contains("\"act\":\"key-change\"") && admin.contains(&new.to_string()),
        "{admin}"
    );

    // The first head that is served is of the size of the change, and by both.
    let server = bed.serve();
    let head = SignedCheckpoint::parse(&get(&server, "/checkpoint")).unwrap();
    assert_eq!((head.head().size, head.note().signatures().len()), (2, 2));
    for key in [&old, &new] {
        head.clone().open(key).unwrap();
    }
    let keys = KeyChain::parse(&get(&server, "/keys"), &old).unwrap();
    assert_eq!((keys.genesis(), keys.current()), (&old, &new));
    assert_eq!(keys.changes()[0].first_size(), 2);

    // The next ones are by the new key alone.
    append(&bed, &server, "new.vkey", &new, &["two"]);
    let head = SignedCheckpoint::parse(&get(&server, "/checkpoint")).unwrap();
    assert_eq!((head.head().size, head.note().signatures().len()), (3, 1));
    head.clone().open(&old).unwrap_err();
    head.open(&new).unwrap();
    server.stop();

    // And so it stays.
    let server = bed.serve();
    assert_eq!(get(&server, "/keys"), keys.to_string().into_bytes());
    server.stop();
    assert_done(&bed.run(&["fsck", "--data", "log"]));
    for known in [&old, &new] {
        assert_done(&bed.run(&["fsck", "--data", "log", "--vkey", &known.to_string()]));
    }
}

/// A log of no entries and one that changes its key twice at one size.
#[test]
fn a_key_may_be_changed_at_any_size_and_as_often_as_one_likes() {
    let bed = Bed::with_log();
    let mut all = vec![bed.vkey()];
    for _ in 0..2 {
        rotate(&bed);
        all.push(bed.vkey());
    }
    let server = bed.serve();
    append(&bed, &server, "before.vkey", &bed.vkey(), &["zero"]);
    server.stop();
    rotate(&bed);
    all.push(bed.vkey());
    assert_done(&bed.run(&["fsck", "--data", "log"]));
    let server = bed.serve();
    for trusted in &all {
        let keys = KeyChain::parse(&get(&server, "/keys"), trusted).unwrap();
        let found: Vec<&VerifierKey> = keys.terms().iter().map(|term| term.key()).collect();
        assert_eq!(found, all.iter().collect::<Vec<_>>());
    }
    append(&bed, &server, "behind.vkey", &bed.vkey(), &["one"]);
    let shown = bed.run(&["key", "show", "--url", &server.url, "--vkey", &all[0].to_string()]);
    let rows: Vec<String> = stdout(&shown)
        .lines()
        .map(|row| row.split_once('\t').unwrap().1.to_owned())
        .collect();
    assert_eq!(rows, ["0\t0", "0\t0", "0\t1", "1\t-"]);
}

/// What is made from the journal, or kept beside it, has heads of both keys in it.
#[test]
fn backup_restore_rebuild_and_recover_cope_with_both_keys() {
    let bed = Bed::with_log();
    let old = bed.vkey();
    let server = bed.serve();
    append(&bed, &server, "old.vkey", &old, &["zero", "one"]);
    server.stop();
    assert_done(&bed.run(&["backup", "before", "--data", "log"]));
    assert_done(&bed.run(&["backup", "backup", "--data", "log"]));
    rotate(&bed);
    let new = bed.vkey();

    // A backup that ends with the last head of the old key has the change behind it, also when it is run again.
    for times in 1..=3 {
        assert_done(&bed.run(&["backup", "backup", "--data", "log"]));
        let restored = format!("restored-{times}");
        assert_done(&bed.run(&["restore", "backup", "--data", &restored, "--key", "log/log.key"]));
        let vkey = std::fs::read_to_string(bed.path(&format!("{restored}/log.vkey"))).unwrap();
        assert_eq!(vkey, format!("{new}\n"), "run {times}");
    }
    assert_done(&bed.run(&["backup", "whole", "--data", "log"]));

    let server = bed.serve();
    append(&bed, &server, "new.vkey", &new, &["two"]);
    // While it is served, by its own account and by the checkpoint file.
    assert_done(&bed.run(&["backup", "backup", "--data", "log", "--url", &server.url]));
    server.stop();
    assert_done(&bed.run(&["backup", "whole", "--data", "log", "--full"]));
    for backup in ["backup", "whole"] {
        let restored = format!("restored-{backup}");
        assert_done(&bed.run(&["restore", backup, "--data", &restored, "--key", "log/log.key"]));
        assert_done(&bed.run(&["fsck", "--data", &restored]));
        let same = std::fs::read(bed.path(&format!("{backup}/journal/00000001.seg"))).unwrap();
        let original = std::fs::read(bed.path("log/journal/00000001.seg")).unwrap();
        assert_eq!(
            same,
            original[..same.len()],
            "{backup} has the same frames at the same bytes"
        );
    }

    assert_done(&bed.run(&["rebuild", "--data", "log"]));
    assert_done(&bed.run(&["fsck", "--data", "log"]));

    // A backup from before the change is a log under the old key, and older than what is remembered.
    let checkpoint = std::fs::read(bed.path("log.checkpoint")).unwrap();
    bed.write("older.checkpoint", checkpoint);
    let retired = format!("log/log.key.retired-{}", old.id());
    let refused = bed.run(&["restore", "before", "--data", "older", "--key", &retired]);
    // The memory is a head of a key that this older log has not heard of.
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(
        stderr(&refused).contains("holds no head of this log"),
        "{}",
        stderr(&refused)
    );
    std::fs::remove_file(bed.path("older.checkpoint")).unwrap();
    let wrong = bed.run(&["restore", "before", "--data", "older", "--key", "log/log.key"]);
    assert_eq!(wrong.status.code(), Some(2), "{}", stderr(&wrong));
    assert_done(&bed.run(&["restore", "before", "--data", "older", "--key", &retired]));
}

/// A log of events keeps its events, its keys of idempotency and its search under a new key, and in what is made of it then.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_events_goes_on_under_its_new_key() {
    let bed = Bed::with_log_of("events");
    let mut keys = KeyChain::of(bed.vkey());
    let mut given = Given::of(&bed);
    for round in 0..3 {
        let server = bed.serve();
        keys = KeyChain::parse(&get(&server, "/keys"), keys.genesis()).unwrap();
        assert_eq!((keys.terms().len(), keys.current()), (round + 1, &bed.vkey()));
        let client = server.client(bed.vkey()).await;
        given
            .submit(&client, (0..30).map(|number| format!("ada/{round}-{number}")))
            .await;
        given.deliver(&server, &format!("octocat-{round}"), 5).await;
        given.check(&server, &keys).await;
        server.stop();
        rotate(&bed);
    }
    assert_done(&bed.run(&["rebuild", "--data", "log"]));
    assert_done(&bed.run(&["fsck", "--data", "log"]));
    let server = bed.serve();
    keys = KeyChain::parse(&get(&server, "/keys"), keys.genesis()).unwrap();
    given.check(&server, &keys).await;
    server.stop();

    assert_done(&bed.run(&["backup", "backup", "--data", "log"]));
    std::fs::rename(bed.log(), bed.path("lost")).unwrap();
    assert_done(&bed.run(&["restore", "backup", "--data", "log", "--key", "lost/log.key"]));
    std::fs::rename(bed.path("lost/sources"), bed.path("log/sources")).unwrap();
    let server = bed.serve();
    given.check(&server, &keys).await;
}

/// The pins: the leaf index and the memory beside the directory know the log by its first key, and go on with it.
#[test]
fn index_and_memory_go_on() {
    let bed = Bed::with_log();
    let server = bed.serve();
    append(&bed, &server, "old.vkey", &bed.vkey(), &["zero", "one"]);
    server.stop();
    let index = std::fs::metadata(bed.path("log/state.sqlite")).unwrap();
    assert!(index.len() > 0);
    rotate(&bed);
    // The memory holds a head of the old key, and stops nothing.
    let server = bed.serve();
    assert_eq!(get(&server, "/healthz"), b"ok\n");
    bed.write("entry", "one");
    let vkey = bed.vkey().to_string();
    let proved = [
        "prove",
        "--entry",
        "entry",
        "-o",
        "receipt",
        "--url",
        &server.url,
        "--vkey",
        &vkey,
    ];
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !bed.run(&proved).status.success() {
        assert!(std::time::Instant::now() < deadline, "the leaf index never caught up");
    }
    append(&bed, &server, "new.vkey", &bed.vkey(), &["two"]);
    server.stop();
    let remembered = std::fs::read(bed.path("log.checkpoint")).unwrap();
    SignedCheckpoint::parse(&remembered).unwrap().open(&bed.vkey()).unwrap();
    let server = bed.serve();
    assert_eq!(get(&server, "/healthz"), b"ok\n");
    server.stop();
    // An older copy of the directory is still noticed, and can still be consented to.
    assert_done(&bed.run(&["backup", "backup", "--data", "log"]));
    let mut more = remembered.clone();
    let server = bed.serve();
    append(&bed, &server, "new.vkey", &bed.vkey(), &["three"]);
    server.stop();
    more.clone_from(&std::fs::read(bed.path("log.checkpoint")).unwrap());
    bed.write("copy.checkpoint", more);
    let older = bed.run(&["restore", "backup", "--data", "copy", "--key", "log/log.key"]);
    assert_eq!(older.status.code(), Some(1), "{}", stderr(&older));
    let accepted = [
        "restore",
        "backup",
        "--data",
        "copy",
        "--key",
        "log/log.key",
        "--accept-older",
        "--yes",
    ];
    assert_done(&bed.run(&accepted));
}
