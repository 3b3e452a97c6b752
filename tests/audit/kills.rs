//! kill -9 of a mirror at random moments: what is in the folder is a copy that holds, of one head or another, or none yet.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use indelible_note::open_checkpoint;

use crate::slow::SlowServer;
use crate::static_log::{StaticLog, assert_same_files, files_in, key, vkey};
use crate::support::{Bed, stderr};

/// `INDELIBLE_KILL_ROUNDS` says how many, `INDELIBLE_KILL_SEED` when.
#[test]
fn a_killed_mirror_leaves_a_copy_that_holds() {
    let variable = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let rounds = variable("INDELIBLE_KILL_ROUNDS").unwrap_or(ROUNDS);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let mut random = variable("INDELIBLE_KILL_SEED").unwrap_or(u64::try_from(now & 0xffff_ffff).unwrap());
    println!("INDELIBLE_KILL_SEED={random}");
    let mut next = |below: u64| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let bed = Bed::new();
    StaticLog::of(0).write(&bed.path("log"));
    let server = SlowServer::serve(bed.path("log"));
    server.delay(Duration::from_millis(5));
    let (mut size, mut copied, mut interrupted) = (0, None, 0);
    for round in 0..rounds {
        size += [1, 200, 300, 5_000][usize::try_from(next(4)).unwrap()];
        StaticLog::of(size).write(&bed.path("log"));
        let mut command = bed.command(&["mirror", &server.url, "copy", "--vkey", &vkey()]);
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(next(80)));
        interrupted += u64::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();

        let Ok(note) = fs::read(bed.path("copy/checkpoint")) else {
            assert_eq!(copied, None, "round {round}: the checkpoint is gone");
            continue;
        };
        let head = open_checkpoint(&note, &key().verifier()).unwrap().head();
        assert!(
            Some(head.size) >= copied,
            "round {round}: the copy went back to {}",
            head.size
        );
        copied = Some(head.size);
        let audited = bed.run(&["audit", "copy", "--vkey", &vkey()]);
        assert_eq!(
            audited.status.code(),
            Some(0),
            "round {round}, {}: {}",
            head.size,
            stderr(&audited)
        );
    }
    assert!(interrupted > 0, "none was killed before its end");
    server.delay(Duration::ZERO);
    // The last ones are not killed, and end with no partial file of a head before.
    for more in [1, 300, 0] {
        size += more;
        StaticLog::of(size).write(&bed.path("log"));
        let output = bed.run(&["mirror", &server.url, "copy", "--vkey", &vkey()]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    assert_same_files(
        &files_in(&bed.path("copy")),
        &StaticLog::of(size).files(),
        "after the kills",
    );
    println!("{interrupted} of {rounds} were killed before their end, {copied:?} entries were copied");
}

const ROUNDS: u64 = 12;
