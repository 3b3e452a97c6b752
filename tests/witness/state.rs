//! A state that is missing, damaged, another's or in use is refused, and never taken for one that knows nothing.

use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use rusqlite::Connection;

use crate::bed::{Witness, conflict, exits, submit};
use crate::http_client::Http;
use crate::log::Log;
use crate::support::{ended, stderr, stdout};

/// A witness at rest that has cosigned 7, and then 12, of the log; and the state that it had at 7.
async fn cosigned(log: &Log) -> (Witness, Vec<u8>) {
    let witness = Witness::of(log);
    let step = async |old, new| {
        let server = witness.serve();
        let answer = submit(&mut Http::connect(&server).await, log.request(old, new)).await;
        witness.cosigned(&answer, &log.checkpoint(new));
        assert!(server.stop().0.success());
        std::fs::read(witness.state()).unwrap()
    };
    let older = step(0, 7).await;
    step(7, 12).await;
    (witness, older)
}

fn start(witness: &Witness) -> Output {
    ended(witness.command(&[]))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cosigned_is_known_after_a_restart() {
    let log = Log::new("one", 20);
    let (witness, _) = cosigned(&log).await;
    let server = witness.serve();
    let mut http = Http::connect(&server).await;
    assert_eq!(conflict(&submit(&mut http, log.request(0, 20)).await), 12);
    assert_eq!(witness.published(&mut http, &log).await.0.head(), log.head(12));
    // The one file holds it: there is no other, and the journal is empty.
    server.stop();
    let names = std::fs::read_dir(witness.bed.path("w")).unwrap();
    let mut names: Vec<_> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "lock",
        "witness.key",
        "witness.sqlite",
        "witness.sqlite-journal",
        "witness.vkey",
    ];
    assert_eq!(names, expected);
    assert_eq!(
        witness.bed.path("w/witness.sqlite-journal").metadata().unwrap().len(),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_is_missing_or_something_else_is_refused() {
    let log = Log::new("one", 20);
    let (witness, _) = cosigned(&log).await;
    let good = std::fs::read(witness.state()).unwrap();

    std::fs::remove_file(witness.state()).unwrap();
    exits(&start(&witness), 2, &["is missing", "with a new name"]);
    exits(&witness.status(&[]), 2, &["is missing"]);
    let vkey = log.vkey().to_string();
    let add = ["witness", "add-log", "--data", "w", "--vkey", &vkey];
    exits(&witness.bed.run(&add), 2, &["is missing"]);
    assert!(!witness.state().exists(), "none is made in its place");

    let foreign = witness.bed.path("foreign.sqlite");
    let connection = Connection::open(&foreign).unwrap();
    connection.execute_batch("CREATE TABLE log (origin TEXT)").unwrap();
    drop(connection);
    let another = Witness::of(&log);
    for (content, words) in [
        (Vec::new(), "is not the state of a witness"),
        (
            b"not a database, but text of some length. ".repeat(100),
            "is not the state of a witness",
        ),
        (std::fs::read(foreign).unwrap(), "is not the state of a witness"),
        (std::fs::read(another.state()).unwrap(), "belongs to the witness"),
    ] {
        std::fs::write(witness.state(), content).unwrap();
        exits(&start(&witness), 2, &[words]);
    }
    // Cut short, as by a copy that was not finished.
    for bytes in [good.len() / 2, 4_096, 100] {
        std::fs::write(witness.state(), &good[..bytes]).unwrap();
        assert_ne!(start(&witness).status.code(), Some(0), "{bytes}");
    }
    std::fs::write(witness.state(), &good).unwrap();
    assert_eq!(witness.size(), Some(12));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_was_changed_is_refused() {
    let log = Log::new("one", 20);
    let (witness, older) = cosigned(&log).await;
    let good = std::fs::read(witness.state()).unwrap();
    let note_of = |state: &[u8]| {
        let path = witness.bed.write("looked-at.sqlite", state);
        let connection = Connection::open(path).unwrap();
        let note: String = connection
            .query_row("SELECT note FROM log", [], |row| row.get(0))
            .unwrap();
        note
    };
    let (note, older_note) = (note_of(&good), note_of(&older));
    assert_ne!(note, older_note);
    let old_root = log.head(7).root;
    for (code, change) in [
        (1, "UPDATE log SET size = 7".to_owned()),
        (1, "UPDATE log SET size = NULL, root = NULL, note = NULL".to_owned()),
        (1, "DELETE FROM log_key; DELETE FROM log".to_owned()),
        (1, "DELETE FROM log_key".to_owned()),
        (1, format!("UPDATE log SET note = '{older_note}'")),
        (
            1,
            format!("UPDATE log SET note = '{}'", note.rsplit_once('\u{2014}').unwrap().0),
        ),
        (
            1,
            format!("UPDATE log SET note = '{}'", note.replacen("\n12\n", "\n13\n", 1)),
        ),
        (
            1,
            format!(
                "UPDATE log SET size = 7, root = x'{old_root}', note = '{}'",
                log.checkpoint(7).note()
            ),
        ),
        (1, "UPDATE witness SET latest_time = NULL".to_owned()),
        (1, "UPDATE log SET path = 'elsewhere/checkpoint'".to_owned()),
        (1, "DELETE FROM witness".to_owned()),
        (1, "DROP TABLE finding".to_owned()),
        (1, "ALTER TABLE log ADD COLUMN more TEXT".to_owned()),
        (2, "PRAGMA user_version = 2".to_owned()),
        (2, "PRAGMA application_id = 1".to_owned()),
    ] {
        std::fs::write(witness.state(), &good).unwrap();
        Connection::open(witness.state())
            .unwrap()
            .execute_batch(&change)
            .unwrap();
        let output = start(&witness);
        assert_eq!(output.status.code(), Some(code), "{change}: {}", stderr(&output));
        assert!(stderr(&output).contains("witness.sqlite"), "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_is_refused_or_changes_nothing() {
    let log = Log::new("one", 20);
    let (witness, _) = cosigned(&log).await;
    let good = std::fs::read(witness.state()).unwrap();
    let expected = stdout(&witness.status(&[]));
    let mut refused = 0;
    for (place, bit) in (0..good.len()).step_by(173).zip((0..8).cycle()) {
        let mut bytes = good.clone();
        bytes[place] ^= 1 << bit;
        std::fs::write(witness.state(), bytes).unwrap();
        let status = witness.status(&[]);
        match status.status.code() {
            Some(0) => assert_eq!(stdout(&status), expected, "byte {place}, bit {bit}"),
            _ => refused += 1,
        }
    }
    assert!(refused > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_fails_while_it_is_served_ends_the_witness() {
    let log = Log::new("one", 20);
    let (witness, _) = cosigned(&log).await;
    let server = witness.serve();
    let mut http = Http::connect(&server).await;
    let connection = Connection::open(witness.state()).unwrap();
    connection.execute("UPDATE log SET size = 3", []).unwrap();
    let answer = submit(&mut http, log.request(12, 20)).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(!String::from_utf8_lossy(&answer.body).contains("sqlite"), "{answer:?}");
    drop(http);
    let (status, words) = server.wait();
    assert_eq!(status.code(), Some(1), "{words:?}");
    assert!(
        words
            .iter()
            .any(|word| word.contains("its size and root are not those of its note")),
        "{words:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_another_program_keeps_locked_is_waited_for() {
    let log = Log::new("one", 20);
    let (witness, _) = cosigned(&log).await;
    let server = witness.serve();
    let mut http = Http::connect(&server).await;
    let connection = Connection::open(witness.state()).unwrap();
    connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let answer = submit(&mut http, log.request(12, 20)).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.header("retry-after"), "1");
    connection.execute_batch("COMMIT").unwrap();
    witness.cosigned(&submit(&mut http, log.request(12, 20)).await, &log.checkpoint(20));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_refused() {
    let log = Log::new("one", 20);
    let witness = Witness::of(&log);
    let server = witness.serve();
    let holder = format!("in use by the process {}", server.pid());
    exits(&start(&witness), 2, &[&holder]);
    let mut http = Http::connect(&server).await;
    witness.cosigned(&submit(&mut http, log.request(0, 3)).await, &log.checkpoint(3));
    // A killed one gives the directory back.
    server.kill();
    let server = witness.serve();
    assert_eq!(
        conflict(&submit(&mut Http::connect(&server).await, log.request(0, 20)).await),
        3
    );
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let witness = Witness::new();
    let key = witness.bed.path("w/witness.key");
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    exits(&start(&witness), 2, &["chmod 600"]);
    std::fs::remove_file(&key).unwrap();
    exits(
        &start(&witness),
        2,
        &["there is no witness in", "indelible witness init"],
    );
}
