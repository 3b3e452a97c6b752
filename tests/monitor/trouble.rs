//! What a network does is no finding, until it has done it for too long. And a log that is silent is frozen.

use std::thread::sleep;
use std::time::Duration;

use indelible_merkle::ConsistencyProof;
use indelible_note::witness::{KnownLog, Request as WitnessRequest, decide};
use indelible_note::{CosigningKey, Finding, FindingKind, PosixTime};

use crate::forge::{Forge, key};
use crate::watch::Watch;
use crate::web::{Answer, Request, Web};

fn honest(size: u64) -> impl FnMut(&Request) -> Answer + Send + 'static {
    let log = Forge::new("one", 0, size);
    move |request| Answer::file(log.file(&request.path, size))
}

/// Nobody is accused of this, the first time; with `--max-age` it becomes a silence, once; and then it is over.
#[track_caller]
fn is_trouble(word: &str, options: &[&str], fault: impl FnMut(&Request) -> Answer + Send + 'static) {
    let web = Web::new(honest(300));
    let watch = Watch::of(&web.url, &key(), options);
    watch.expect(0);
    web.now(fault);
    let words = watch.expect(2);
    assert!(words.contains(word), "{words}");
    assert!(watch.findings().is_empty());

    // Long after, for the same monitor.
    let aged = watch.also(&["--max-age", "2s"]);
    sleep(Duration::from_secs(4));
    let words = aged.expect(1);
    assert!(words.contains("is accused of: frozen"), "{words}");
    let found = aged.finding(FindingKind::Frozen);
    assert!(found.seen[0].until(found.seen[1]) > Duration::from_secs(2), "{found:?}");
    aged.expect(1);
    aged.finding(FindingKind::Frozen);

    web.now(honest(700));
    let words = watch.expect(0);
    assert!(words.contains("the log is good again: frozen"), "{words}");
    assert_eq!(watch.trusted(), 700);
    watch.finding(FindingKind::Frozen);
}

#[test]
fn a_server_that_answers_with_errors() {
    for (status, word) in [
        (500, "500"),
        (429, "429"),
        (403, "403"),
        (301, "301"),
        (404, "is not there"),
    ] {
        is_trouble(word, &[], move |_| Answer::status(status, "no\n"));
    }
}

#[test]
fn a_server_that_breaks_connections_off() {
    is_trouble("/checkpoint: ", &[], |_| Answer::status(0, ""));
}

#[test]
fn a_server_that_is_slow() {
    is_trouble("/checkpoint: ", &["--timeout", "1s"], |_| Answer {
        pause: Duration::from_secs(5),
        ..Answer::ok("late")
    });
}

#[test]
fn answers_that_are_no_head() {
    let huge = vec![b'x'; 1_000_001];
    for (body, word) in [
        (b"<html>log in</html>\n".to_vec(), "served as the checkpoint is none"),
        (b"".to_vec(), "served as the checkpoint is none"),
        (vec![0xff; 300], "served as the checkpoint is none"),
        (huge, "more than 1000000 bytes"),
    ] {
        is_trouble(word, &[], move |_| Answer::ok(body.clone()));
    }
}

#[test]
fn a_head_whose_tiles_are_withheld() {
    let log = Forge::new("one", 0, 600);
    is_trouble("tile/0/002.p/88 is not there", &[], move |request| {
        match request.path.as_str() {
            "tile/0/002.p/88" | "tile/0/002" => Answer::status(404, ""),
            path => Answer::file(log.file(path, 600)),
        }
    });
}

/// Heads go on growing, and can be trusted; but what was signed cannot be read.
#[test]
fn entries_that_are_withheld() {
    let log = Forge::new("one", 0, 600);
    is_trouble(
        "tile/entries/002.p/88 is not there",
        &["--entries"],
        move |request| match request.path.as_str() {
            "tile/entries/002.p/88" | "tile/entries/002" => Answer::status(404, ""),
            path => Answer::file(log.file(path, 600)),
        },
    );
}

#[test]
fn a_log_that_serves_the_same_head_for_too_long() {
    let web = Web::new(honest(300));
    let watch = Watch::of(&web.url, &key(), &["--interval", "1s", "--max-age", "3s"]);
    let mut following = watch.follow(&[]);
    following.hear("is followed");
    following.hear("finding: frozen: nothing newer was served that could be verified since ");
    let found = watch.finding(FindingKind::Frozen);
    assert_eq!(
        found.heads,
        [Forge::new("one", 0, 300).checkpoint(300).note().to_string()]
    );
    assert!(found.seen[0].until(found.seen[1]) > Duration::from_secs(3));
    web.now(honest(301));
    following.hear("the log is good again: frozen");
    // The next silence is a finding of its own.
    following.hear("finding: frozen: ");
    assert_eq!(watch.findings().len(), 2);
}

#[test]
fn a_server_that_is_gone_for_too_long_is_looked_for_ever_less_often() {
    let web = Web::new(honest(300));
    let watch = Watch::of(&web.url, &key(), &["--interval", "1s", "--max-age", "20s"]);
    let mut following = watch.follow(&[]);
    following.hear("is followed");
    web.now(|_| Answer::status(0, ""));
    for pause in [1, 2, 4, 8] {
        following.hear(&format!("the next look is in {pause} s"));
    }
    following.hear("finding: frozen: ");
    web.now(honest(300));
    let (_, said) = following.stop();
    assert_eq!(watch.findings().len(), 1, "{said:#?}");
}

/// What the log's own server says of its age counts for nothing where witnesses are asked for: neither growth nor another line.
#[test]
fn a_witnessed_log_is_as_old_as_its_cosignatures() {
    let witness = CosigningKey::from_seed("witness.example".parse().unwrap(), [3; 32]);
    let policy = format!("log {}\nwitness W {}\nquorum W\n", key().verifier(), witness.cosigner());
    let cosigned = move |size: u64, ago: u64| {
        let log = Forge::new("one", 0, size);
        let checkpoint = log.checkpoint(size);
        let proof = ConsistencyProof::new(0, size, Vec::new());
        let known = KnownLog {
            keys: vec![key().verifier()],
            latest: None,
        };
        let request = WitnessRequest::new(proof, checkpoint.clone().into_inner());
        let now = PosixTime::from_system(std::time::SystemTime::now()).unwrap();
        let time = PosixTime::from_secs(now.secs() - ago).unwrap();
        let line = decide(request, Some(&known)).unwrap().cosign(time, &witness);
        let note = format!("{}{line}", checkpoint.note());
        move |request: &Request| match request.path.as_str() {
            "checkpoint" => Answer::ok(note.clone()),
            path => Answer::file(log.file(path, size)),
        }
    };
    let web = Web::new(cosigned(300, 10));
    let bed = Watch::with(&web.url, &["--policy", "log.policy"], &["--max-age", "1h"]);
    bed.bed.write("log.policy", policy);
    bed.expect(0);
    // It grows, and its newest cosignature is of two hours ago: a witness is shown another log, or none. The time it had is better.
    web.now(cosigned(400, 7_200));
    bed.expect(0);
    let fresh = Watch::with(&web.url, &["--policy", "log.policy"], &["--max-age", "1h"]);
    fresh
        .bed
        .write("log.policy", std::fs::read(bed.bed.path("log.policy")).unwrap());
    fresh.expect(1);
    let found: Finding = fresh.finding(FindingKind::Frozen);
    assert!(found.seen[0].until(found.seen[1]) >= Duration::from_secs(7_200));
    // A fresh cosignature of the same head, and all is well. Without one, growth alone is not believed to be life.
    web.now(cosigned(400, 5));
    let words = fresh.expect(0);
    assert!(words.contains("the log is good again: frozen"), "{words}");
    web.now(honest(500));
    let words = fresh.expect(0);
    assert!(
        words.contains("too few witnesses vouch for the head of 500 entries"),
        "{words}"
    );
    // A cosignature that does not hold: the head is not believed, and nobody is accused.
    let script = cosigned(600, 5);
    let log = Forge::new("one", 0, 700);
    web.now(move |request| match request.path.as_str() {
        "checkpoint" => {
            let other = String::from_utf8(script(request).body).unwrap();
            let line = other.lines().last().unwrap().to_owned();
            Answer::ok(format!("{}{line}\n", log.checkpoint(700).note()))
        }
        path => Answer::file(log.file(path, 700)),
    });
    let words = fresh.expect(2);
    assert!(
        words.contains("witness.example") && words.contains("is not believed"),
        "{words}"
    );
    assert_eq!(fresh.trusted(), 500);
    assert_eq!(fresh.findings().len(), 1);
}
