//! The command line: data on stdout, words on stderr, exit codes that mean something.

use std::os::unix::fs::PermissionsExt;

use indelible_merkle::Hash;

use crate::support::{Bed, Server, stderr, stdout};

fn exit(output: &std::process::Output) -> i32 {
    output.status.code().expect("ended by itself")
}

/// The five minutes of the README.
#[test]
fn init_serve_append_prove_verify() {
    let bed = Bed::new();
    let made = bed.run(&["init", "--kind", "opaque", "--origin", "ci.example.com/audit"]);
    assert_eq!(stdout(&made).lines().count(), 1, "the vkey alone");
    assert_eq!(
        stdout(&made),
        std::fs::read_to_string(bed.path("indelible-data/log.vkey")).unwrap()
    );
    let mode = std::fs::metadata(bed.path("indelible-data/log.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    let server = Server::start(bed.command(&["serve", "--open", "--listen", "127.0.0.1:0"]));
    bed.write("event.json", r#"{"action":"push"}"#);
    let appended = bed.run(&[
        "append",
        "event.json",
        "--receipt",
        "0.tlog-proof",
        "--url",
        &server.url,
    ]);
    assert_eq!(
        stdout(&appended),
        format!("0\t{}\n", Hash::leaf(br#"{"action":"push"}"#)),
        "{}",
        stderr(&appended)
    );

    let lines = bed.run_with_stdin(
        &["append", "--lines", "--receipts", "kept", "-", "--url", &server.url],
        b"one\n\nthree",
    );
    let expected: String = [(1, "one"), (2, ""), (3, "three")]
        .iter()
        .map(|(i, e)| format!("{i}\t{}\n", Hash::leaf(e.as_bytes())))
        .collect();
    assert_eq!(stdout(&lines), expected, "{}", stderr(&lines));
    assert!(bed.path("kept/3.tlog-proof").exists());

    let verify = |receipt: &str, entry: &str| bed.run(&["verify", "--receipt", receipt, "--entry", entry]);
    let held = verify("0.tlog-proof", "event.json");
    assert_eq!((exit(&held), stdout(&held).as_str()), (0, ""));
    assert!(stderr(&held).contains("entry 0 of ci.example.com/audit"));
    let stdin = ["verify", "--receipt", "kept/3.tlog-proof", "--entry", "-"];
    assert_eq!(exit(&bed.run_with_stdin(&stdin, b"three")), 0);
    assert_eq!(exit(&bed.run_with_stdin(&stdin, b"three\n")), 1);

    let proved = bed.run(&["prove", "2", "--url", &server.url]);
    bed.write("2.tlog-proof", &proved.stdout);
    bed.write("empty", "");
    assert_eq!(exit(&verify("2.tlog-proof", "empty")), 0);
    let by_entry = [
        "prove",
        "--entry",
        "event.json",
        "-o",
        "again.tlog-proof",
        "--url",
        &server.url,
    ];
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while exit(&bed.run(&by_entry)) != 0 {
        assert!(std::time::Instant::now() < deadline, "the leaf index never caught up");
    }
    assert_eq!(exit(&verify("again.tlog-proof", "event.json")), 0);
    let (status, _) = server.stop();
    assert!(status.success());
}

/// More lines than the client has under way at once stand in the log in the order of the file.
#[test]
fn lines_stand_in_the_log_in_their_order() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let lines: Vec<String> = (0..30_000).map(|number| format!("line {number}")).collect();
    bed.write("lines", lines.join("\n"));
    let appended = [
        "append",
        "--lines",
        "lines",
        "--vkey",
        "log/log.vkey",
        "--url",
        &server.url,
    ];
    let output = bed.run(&appended);
    let rows = lines
        .iter()
        .zip(0..)
        .map(|(line, index)| format!("{index}\t{}\n", Hash::leaf(line.as_bytes())));
    assert!(stdout(&output) == rows.collect::<String>(), "{}", stderr(&output));
}

#[test]
fn verify_says_1_for_what_does_not_hold_and_2_for_what_it_cannot_tell() {
    let bed = Bed::with_log();
    let server = bed.serve();
    bed.write("entry", "the entry");
    let appended = [
        "append",
        "entry",
        "--receipt",
        "good",
        "--vkey",
        "log/log.vkey",
        "--url",
        &server.url,
    ];
    assert!(bed.run(&appended).status.success());
    let good = std::fs::read(bed.path("good")).unwrap();
    bed.write("truncated", &good[..good.len() - 1]);
    bed.write("longer", [&good[..], b"\n"].concat());
    bed.write("other entry", "another entry");
    bed.write("too long", vec![0; 65_536]);
    let text = String::from_utf8(good).unwrap();
    bed.write("other index", text.replace("index 0", "index 1"));
    let other = bed.run(&["keygen", "--origin", "test.example/log", "--out", "other.key"]);
    bed.write("other.vkey", &other.stdout);
    bed.write("no key", "hello");

    let cases = [
        ("good", "entry", "log/log.vkey", 0, "holds"),
        ("good", "other entry", "log/log.vkey", 1, "does not hold"),
        ("good", "too long", "log/log.vkey", 1, "65535"),
        ("other index", "entry", "log/log.vkey", 1, "does not hold"),
        ("good", "entry", "other.vkey", 1, "does not hold"),
        ("truncated", "entry", "log/log.vkey", 2, "truncated is no receipt"),
        ("longer", "entry", "log/log.vkey", 2, "longer is no receipt"),
        ("entry", "entry", "log/log.vkey", 2, "entry is no receipt"),
        ("absent", "entry", "log/log.vkey", 2, "absent"),
        ("good", "absent", "log/log.vkey", 2, "absent"),
        ("good", "entry", "no key", 2, "no key holds no public key"),
        ("good", "entry", "neither", 2, "neither a public key"),
    ];
    for (receipt, entry, vkey, code, words) in cases {
        let output = bed.run(&["verify", "--receipt", receipt, "--entry", entry, "--vkey", vkey]);
        assert_eq!(exit(&output), code, "{receipt}, {entry}, {vkey}: {}", stderr(&output));
        assert!(
            stderr(&output).contains(words),
            "{words:?} is not in {}",
            stderr(&output)
        );
    }
}

#[test]
fn serve_refuses_what_it_must_not_serve() {
    let bed = Bed::with_log();
    let fails = |args: &[&str], words: &[&str]| {
        let output = bed.run(args);
        assert!(exit(&output) != 0, "{args:?}");
        for word in words {
            assert!(
                stderr(&output).contains(word),
                "{args:?}: {word:?} is not in {}",
                stderr(&output)
            );
        }
    };
    fails(
        &["serve", "--open", "--data", "absent"],
        &["no log in absent", "indelible init"],
    );
    let exposed = ["serve", "--open", "--data", "log", "--listen", "0.0.0.0:0"];
    fails(&exposed, &["loopback", "0.0.0.0:0"]);
    fails(
        &[
            "init",
            "--kind",
            "opaque",
            "--origin",
            "test.example/log",
            "--data",
            "log",
        ],
        &["log exists and is not empty"],
    );
    fails(
        &["init", "--kind", "opaque", "--origin", "a b", "--data", "other"],
        &["--origin"],
    );
    assert!(!bed.path("other").exists(), "a refused init leaves nothing behind");

    bed.write("log/indelible.toml", "# first line\nlisten_on = \"127.0.0.1:1\"\n");
    fails(
        &["serve", "--open", "--data", "log"],
        &["indelible.toml", "listen_on", "2", "`listen`"],
    );
    bed.write("log/indelible.toml", "");

    std::fs::set_permissions(bed.path("log/log.key"), std::fs::Permissions::from_mode(0o640)).unwrap();
    fails(&["serve", "--open", "--data", "log"], &["0640", "chmod 600"]);
    std::fs::set_permissions(bed.path("log/log.key"), std::fs::Permissions::from_mode(0o600)).unwrap();

    let own = std::fs::read(bed.path("log/log.key")).unwrap();
    bed.run(&["keygen", "--origin", "test.example/log", "--out", "other.key"]);
    std::fs::copy(bed.path("other.key"), bed.path("log/log.key")).unwrap();
    fails(&["serve", "--open", "--data", "log"], &["belongs to the key"]);
    bed.write("log/log.key", own);

    let server = bed.serve();
    fails(
        &["serve", "--open", "--data", "log", "--listen", "127.0.0.1:0"],
        &["in use by the process", &server.pid().to_string()],
    );
}

/// A journal of a version to come: its checksums hold, its first line says so, and nothing is touched.
#[test]
fn a_log_of_another_version_is_refused() {
    use indelible_store::journal::{FileJournal, Genesis, Options};
    let bed = Bed::with_log();
    std::fs::remove_dir_all(bed.path("log/journal")).unwrap();
    let genesis = Genesis {
        seed: [1; 16],
        description: "indelible log 2\n".into(),
        note: "".into(),
    };
    drop(FileJournal::create(&bed.path("log/journal"), &genesis, Options::default()).unwrap());
    let output = bed.run(&["serve", "--open", "--data", "log"]);
    assert_eq!(exit(&output), 2);
    assert!(stderr(&output).contains("another version"), "{}", stderr(&output));
}

#[test]
fn every_command_has_help_with_an_example() {
    let bed = Bed::new();
    for command in [
        "demo",
        "init",
        "serve",
        "append",
        "prove",
        "verify",
        "backup",
        "restore",
        "fsck",
        "rebuild",
        "recover",
        "witness",
        "keygen",
        "key",
        "receipt",
        "completions",
    ] {
        let help = stdout(&bed.run(&[command, "--help"]));
        assert!(help.contains("Example"), "{command}");
        assert!(help.contains(&format!("indelible {command}")), "{command}");
    }
    assert!(stdout(&bed.run(&["completions", "bash"])).contains("_indelible"));
}

#[test]
fn a_port_that_is_taken_and_a_server_that_is_not_there_are_said() {
    let bed = Bed::with_log();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = bed.run(&["serve", "--open", "--data", "log", "--listen", &address]);
    assert_eq!(exit(&output), 2);
    assert!(stderr(&output).contains(&address));
    drop(taken);
    let nobody = format!("http://{address}");
    let output = bed.run_with_stdin(&["append", "--vkey", "log/log.vkey", "--url", &nobody], b"x");
    assert_eq!(exit(&output), 2);
    assert!(stderr(&output).contains(&nobody), "{}", stderr(&output));
}
