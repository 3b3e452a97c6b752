//! Backups of a log that is being served, and logs made of them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use indelible_client::Client;
use indelible_merkle::Hash;
use indelible_note::Receipt;
use indelible_store::journal::{FileJournal, Journal, Options};

use crate::given::Given;
use crate::support::{Bed, Server, stderr, stdout};

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// Runs a command that must end with `expected` and say `words`.
fn check(bed: &Bed, args: &[&str], expected: i32, words: &str) -> Output {
    let output = bed.run(args);
    assert_eq!(code(&output), Some(expected), "{args:?}: {}", stderr(&output));
    assert!(
        stderr(&output).contains(words),
        "{args:?}: {words:?} is not in {}",
        stderr(&output)
    );
    output
}

/// The size of the head that a backup says it has.
fn backed_up(output: &Output) -> u64 {
    assert!(output.status.success(), "{}", stderr(output));
    let line = stdout(output);
    line.split(' ').next().unwrap().parse().unwrap()
}

fn backup(bed: &Bed, more: &[&str]) -> Output {
    bed.run(&[&["backup", "--data", "log", "backup"], more].concat())
}

fn copy(from: &Path, to: &Path) {
    assert!(
        Command::new("cp")
            .arg("-a")
            .args([from, to])
            .status()
            .unwrap()
            .success()
    );
}

async fn append(bed: &Bed, server: &Server, entries: std::ops::Range<u64>) {
    let client = server.client(bed.vkey()).await;
    let entries = entries.map(|number| Bytes::from(format!("entry {number}"))).collect();
    client.append_batch(entries).await.unwrap();
}

/// A bed with a log of `entries`, stopped, and a backup of it.
async fn with_backup(entries: u64) -> Bed {
    let bed = Bed::with_log();
    let server = bed.serve();
    append(&bed, &server, 0..entries).await;
    server.stop();
    assert_eq!(backed_up(&backup(&bed, &[])), entries);
    bed
}

/// Writers that append until they are told to stop, or the server is gone.
struct Load {
    stop: Arc<AtomicBool>,
    writers: Vec<tokio::task::JoinHandle<Vec<(Hash, Receipt)>>>,
}

impl Load {
    fn begin(client: &Client) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let writers = (0..8)
            .map(|writer| {
                let (client, stop) = (client.clone(), stop.clone());
                tokio::spawn(async move {
                    let mut receipts = Vec::new();
                    for number in 0u64.. {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let entry = Bytes::from(format!("{writer}/{number}"));
                        let leaf = Hash::leaf(&entry);
                        receipts.push((leaf, client.append(entry).await.unwrap()));
                    }
                    receipts
                })
            })
            .collect();
        Load { stop, writers }
    }

    async fn end(self) -> Vec<(Hash, Receipt)> {
        self.stop.store(true, Ordering::Relaxed);
        let mut receipts = Vec::new();
        for writer in self.writers {
            receipts.extend(writer.await.unwrap());
        }
        receipts
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_log_under_load_becomes_a_log_with_all_its_receipts() {
    let bed = Bed::with_log();
    let key = bed.vkey();
    let server = bed.serve();
    let client = server.client(key.clone()).await;
    let load = Load::begin(&client);
    let mut sizes = Vec::new();
    for round in 0..4 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        let url = ["--url", &server.url];
        let output = match round % 2 {
            0 => backup(&bed, &url),
            _ => backup(&bed, &[]),
        };
        sizes.push(backed_up(&output));
    }
    let receipts = load.end().await;
    server.stop();
    assert!(sizes.is_sorted() && sizes[0] > 0 && sizes[0] < sizes[3], "{sizes:?}");
    let size = sizes[3];
    assert!(!bed.path("backup/log.key").exists(), "a backup has no key");
    let (journal, opened) = FileJournal::open(&bed.path("backup/journal"), Options::default()).unwrap();
    assert_eq!(
        (journal.size(), opened.cut),
        (size, None),
        "it ends with the head, cleanly"
    );
    let note = fs::read(bed.path("backup/checkpoint")).unwrap();
    assert_eq!(journal.last_note(), note);
    drop(journal);

    fs::create_dir(bed.path("elsewhere")).unwrap();
    let restored = ["restore", "backup", "--data", "elsewhere/log"];
    check(&bed, &restored, 0, "put it at elsewhere/log/log.key");
    check(
        &bed,
        &["fsck", "--data", "elsewhere/log"],
        0,
        &format!("{size} entries"),
    );
    check(&bed, &["serve", "--open", "--data", "elsewhere/log"], 2, "log.key");
    fs::copy(bed.path("log/log.key"), bed.path("elsewhere/log/log.key")).unwrap();
    let server = Server::start(bed.command(&["serve", "--open", "--data", "elsewhere/log", "--listen", "127.0.0.1:0"]));
    let client = server.client(key.clone()).await;
    let mut held = 0;
    for (leaf, receipt) in receipts.iter().filter(|(_, receipt)| receipt.index() < size) {
        receipt.verify(*leaf, &key).unwrap();
        if held % 20 == 0 {
            let again = client.prove(receipt.index()).await.unwrap();
            again.verify(*leaf, &key).unwrap();
        }
        held += 1;
    }
    assert_eq!(held, size, "every entry of the backup is one that was acknowledged");
}

/// A backup of a log of events has each event with its members and raw bytes; the tables are made anew, and the sources come from
/// elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_log_of_events_becomes_a_log_with_all_its_events() {
    let bed = Bed::with_log_of("events");
    let key = bed.vkey();
    let mut given = Given::of(&bed);
    let server = bed.serve();
    let client = server.client(key.clone()).await;
    let mut sizes = Vec::new();
    for round in 0..4 {
        given
            .submit(&client, (0..100).map(|number| format!("ada/{round}-{number}")))
            .await;
        given.deliver(&server, &format!("octocat-{round}"), 10).await;
        let url = ["--url", &server.url];
        // Without asking the log, a backup goes as far as the checkpoint file knows.
        sizes.push(backed_up(&backup(&bed, if round % 2 == 1 { &url } else { &[] })));
    }
    assert!(sizes.is_sorted() && sizes[3] == 440, "{sizes:?}");
    // What comes behind the last backup is lost with the log.
    given.submit(&client, ["bo/0".to_owned()]).await;
    server.stop();
    given.forget_from(440);
    let sources = bed.path("sources");
    fs::rename(bed.path("log/sources"), &sources).unwrap();
    fs::rename(bed.log(), bed.path("lost")).unwrap();
    let restore = ["restore", "backup", "--data", "log", "--key", "lost/log.key"];
    check(&bed, &restore, 1, "a head of 441 entries");
    check(
        &bed,
        &[&restore[..], &["--accept-older", "--yes"]].concat(),
        0,
        "440 entries",
    );
    check(&bed, &["fsck", "--data", "log"], 0, "440 entries");
    assert!(!bed.path("log/sources").exists(), "their secrets are in no backup");
    fs::rename(sources, bed.path("log/sources")).unwrap();
    let server = bed.serve();
    given.check(&server, &key.clone().into()).await;
    // What was lost comes again as new.
    given
        .submit(&server.client(key.clone()).await, ["bo/0".to_owned()])
        .await;
    given.check(&server, &key.into()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_copies_what_is_new_and_one_without_news_copies_nothing() {
    let bed = with_backup(1_000).await;
    let again = backup(&bed, &[]);
    assert!(
        stdout(&again).contains("\t0 entries and 0 bytes added"),
        "{}",
        stdout(&again)
    );
    let server = bed.serve();
    append(&bed, &server, 1_000..1_010).await;
    server.stop();
    let more = backup(&bed, &[]);
    assert_eq!(backed_up(&more), 1_010);
    assert!(stdout(&more).contains("\t10 entries and "), "{}", stdout(&more));
    let bytes: u64 = stdout(&more).split(' ').rev().nth(2).unwrap().parse().unwrap();
    assert!(bytes < 4_096, "{bytes} bytes for ten entries");

    // Without its notes about where it stood, a backup is compared from the start, and goes on as well.
    fs::remove_file(bed.path("backup/position")).unwrap();
    let server = bed.serve();
    append(&bed, &server, 1_010..1_020).await;
    server.stop();
    let more = backup(&bed, &[]);
    assert_eq!(backed_up(&more), 1_020);
    assert!(stdout(&more).contains("\t10 entries and "), "{}", stdout(&more));
    check(
        &bed,
        &["restore", "backup", "--data", "again", "--key", "log/log.key"],
        0,
        "1020 entries",
    );
}

/// Whatever a killed run leaves, the next one finishes; and what is there in between can be restored.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_can_be_killed_at_any_moment() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let client = server.client(bed.vkey()).await;
    for round in 0..60u8 {
        let entries = (0..40).map(|_| Bytes::from(vec![round; 60_000])).collect();
        client.append_batch(entries).await.unwrap();
    }
    server.stop();
    let mut killed = 0;
    for round in 0..20u64 {
        let mut command = bed.command(&["backup", "--data", "log", "backup"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(5 + round * 37 % 400)).await;
        killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        if round % 5 == 4 && bed.path("backup/checkpoint").exists() {
            let restored = bed.run(&["restore", "backup", "--data", "half"]);
            assert!(restored.status.success(), "round {round}: {}", stderr(&restored));
            fs::remove_dir_all(bed.path("half")).unwrap();
        }
        if round % 3 == 2 {
            // As if nothing had been synced before the last note of how far it is good.
            let _ = fs::remove_file(bed.path("backup/position"));
        }
    }
    assert!(killed > 3, "only {killed} of 20 were killed before they ended");
    assert_eq!(backed_up(&backup(&bed, &[])), 2_400);
    let (journal, opened) = FileJournal::open(&bed.path("backup/journal"), Options::default()).unwrap();
    assert_eq!((journal.size(), opened.cut, opened.removed), (2_400, None, vec![]));
    drop(journal);
    check(&bed, &["restore", "backup", "--data", "again"], 0, "2400 entries");
    check(&bed, &["fsck", "--data", "again"], 0, "2400 entries");
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_does_not_get_into_a_backup() {
    let bed = Bed::with_log();
    let server = bed.serve();
    append(&bed, &server, 0..500).await;
    append(&bed, &server, 500..1_000).await;
    server.stop();
    let segment = bed.path("log/journal/00000000.seg");
    let good = fs::read(&segment).unwrap();
    let mut bad = good.clone();
    let place = bad.windows(9).position(|window| window == b"entry 700").unwrap();
    bad[place] ^= 1;
    fs::write(&segment, &bad).unwrap();
    check(&bed, &["backup", "--data", "log", "backup"], 1, "damaged at byte");
    assert!(!bed.path("backup/checkpoint").exists());

    // Nor if the log is served, which does not notice what it does not read.
    fs::write(&segment, &good).unwrap();
    let server = bed.serve();
    fs::write(&segment, &bad).unwrap();
    check(&bed, &["backup", "--data", "log", "backup"], 1, "damaged at byte");
    fs::write(&segment, &good).unwrap();
    assert_eq!(backed_up(&backup(&bed, &[])), 1_000);
    drop(server);

    // A backup that rots is found when it is restored, and mended by a full run.
    let copied = bed.path("backup/journal/00000000.seg");
    let mut rotten = fs::read(&copied).unwrap();
    rotten[place] ^= 1;
    fs::write(&copied, rotten).unwrap();
    check(&bed, &["restore", "backup", "--data", "again"], 1, "damaged at byte");
    assert!(!bed.path("again").exists());
    assert!(backup(&bed, &["--full"]).status.success());
    check(&bed, &["restore", "backup", "--data", "again"], 0, "1000 entries");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_history_an_older_copy_and_another_log_are_refused() {
    let bed = Bed::with_log();
    copy(&bed.log(), &bed.path("fresh"));
    let server = bed.serve();
    append(&bed, &server, 0..100).await;
    server.stop();
    copy(&bed.log(), &bed.path("older"));
    let server = bed.serve();
    append(&bed, &server, 100..200).await;
    server.stop();
    assert_eq!(backed_up(&backup(&bed, &[])), 200);
    let before = fs::read(bed.path("backup/journal/00000000.seg")).unwrap();
    check(&bed, &["backup", "--data", "older", "backup"], 1, "ends behind 100");

    // The same key, another past: of the same size, and longer.
    let server = Server::start(bed.command(&["serve", "--open", "--data", "fresh", "--listen", "127.0.0.1:0"]));
    append(&bed, &server, 1_000..1_200).await;
    server.stop();
    check(
        &bed,
        &["backup", "--data", "fresh", "backup"],
        1,
        "two histories of one log",
    );
    let server = Server::start(bed.command(&["serve", "--open", "--data", "fresh", "--listen", "127.0.0.1:0"]));
    append(&bed, &server, 1_200..1_300).await;
    server.stop();
    check(&bed, &["backup", "--data", "fresh", "backup"], 1, "another frame");
    check(
        &bed,
        &["backup", "--data", "fresh", "backup", "--full"],
        1,
        "another frame",
    );

    assert!(
        bed.run(&[
            "init",
            "--kind",
            "opaque",
            "--origin",
            "test.example/log",
            "--data",
            "other"
        ])
        .status
        .success()
    );
    check(
        &bed,
        &["backup", "--data", "other", "backup"],
        1,
        "a backup of another log",
    );
    assert_eq!(fs::read(bed.path("backup/journal/00000000.seg")).unwrap(), before);
    assert_eq!(backed_up(&backup(&bed, &[])), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn restore_asks_the_checkpoint_file() {
    let bed = with_backup(100).await;
    let server = bed.serve();
    append(&bed, &server, 100..150).await;
    server.stop();
    fs::rename(bed.log(), bed.path("lost")).unwrap();
    let restore = ["restore", "backup", "--data", "log", "--key", "lost/log.key"];
    let refused = check(&bed, &restore, 1, "a head of 150 entries");
    assert!(
        stderr(&refused).contains("restore --accept-older"),
        "{}",
        stderr(&refused)
    );
    assert!(!bed.log().exists());
    let unasked = [&restore[..], &["--accept-older"]].concat();
    check(&bed, &unasked, 2, "consent");
    assert!(!bed.log().exists());
    let remembered = fs::read_to_string(bed.path("log.checkpoint")).unwrap();
    check(&bed, &[&unasked[..], &["--yes"]].concat(), 0, "100 entries");
    let record = bed.acts().remove(0);
    assert_eq!(record["given_up"].as_str(), Some(remembered.as_str()));
    assert!(!bed.path("log.checkpoint").exists(), "it was moved aside");
    assert!(
        fs::read_to_string(bed.path("log/indelible.toml"))
            .unwrap()
            .contains("lost/log.key")
    );
    let server = bed.serve();
    append(&bed, &server, 200..201).await;
    server.stop();
    check(&bed, &restore, 2, "log exists");
}

#[test]
fn what_is_no_backup_is_said() {
    let bed = Bed::with_log();
    check(&bed, &["restore", "absent"], 2, "absent");
    check(&bed, &["backup", "--data", "absent", "backup"], 2, "no log in absent");
    assert!(!bed.path("backup").exists());
    assert_eq!(backed_up(&backup(&bed, &[])), 0, "an empty log can be backed up");
    check(&bed, &["restore", "backup", "--data", "again"], 0, "0 entries");
    let other = bed.run(&["keygen", "--origin", "test.example/log", "--out", "other.key"]);
    assert!(other.status.success());
    check(
        &bed,
        &["restore", "backup", "--data", "third", "--key", "other.key"],
        2,
        "the key in other.key",
    );
    bed.write("backup/checkpoint", "nonsense");
    check(
        &bed,
        &["restore", "backup", "--data", "third"],
        1,
        "not a head of the log",
    );
    check(&bed, &["backup", "--data", "log", "backup"], 1, "not a head of the log");
}
