//! A log that others watch changes its key: witnesses, monitors, audits and mirrors go on, by a policy that has both keys.

use indelible_note::VerifierKey;

use crate::standing::{assert_done, rotate};
use crate::support::{Bed, Server, ended, stderr, stdout};

#[test]
fn who_has_the_policy_of_both_keys_goes_on() {
    let bed = Bed::with_log();
    let old = bed.vkey();
    let made = bed.run(&["witness", "init", "--name", "witness.example/1", "--data", "witness"]);
    assert_done(&made);
    let cosigner = stdout(&made);
    know(&bed, &old);
    let witness = Server::start(bed.command(&["witness", "serve", "--data", "witness", "--listen", "127.0.0.1:0"]));
    let witnesses = format!(
        "witness one {} http://127.0.0.1:{}\nquorum one\n",
        cosigner.trim(),
        witness.port()
    );
    bed.write("old.policy", format!("log {old}\n{witnesses}"));

    let server = serve(&bed, "old.policy");
    append(&bed, &server, "zero", &old);
    look(&bed, &server, "old.policy");
    server.stop();
    rotate(&bed);

    let mut refused = bed.serve_command();
    refused.env("INDELIBLE_WITNESS_POLICY", bed.path("old.policy"));
    let refused = ended(refused);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        stderr(&refused).contains("indelible key show --data DIR --policy"),
        "{}",
        stderr(&refused)
    );
    let lines = bed.run(&["key", "show", "--data", "log", "--policy"]);
    assert_done(&lines);
    bed.write("new.policy", format!("{}{witnesses}", stdout(&lines)));
    know(&bed, &bed.vkey());

    let server = serve(&bed, "new.policy");
    append(&bed, &server, "one", &bed.vkey());
    look(&bed, &server, "new.policy");
    for name in ["zero", "one"] {
        let receipt = format!("{name}.tlog-proof");
        assert_done(&bed.run(&[
            "verify",
            "--receipt",
            &receipt,
            "--entry",
            name,
            "--policy",
            "new.policy",
        ]));
    }
    // Whoever has not heard of the change is not told that all is well.
    let deaf = bed.run(&["audit", &url(&server), "--policy", "old.policy"]);
    assert_eq!(deaf.status.code(), Some(1), "{}", stderr(&deaf));
    keys_instead_of_a_policy(&bed, &server, &old);
    server.stop();
    witness.stop();
}

fn know(bed: &Bed, key: &VerifierKey) {
    assert_done(&bed.run(&["witness", "add-log", "--data", "witness", "--vkey", &key.to_string()]));
}

fn serve(bed: &Bed, policy: &str) -> Server {
    let mut command = bed.serve_command();
    command.env("INDELIBLE_WITNESS_POLICY", bed.path(policy));
    Server::start(command)
}

/// Appends the name of the file as an entry, and waits for the witness.
fn append(bed: &Bed, server: &Server, name: &str, key: &VerifierKey) {
    bed.write(name, name);
    let receipt = format!("{name}.tlog-proof");
    let (url, key) = (url(server), key.to_string());
    let appended = bed.run(&[
        "append",
        name,
        "--url",
        &url,
        "--vkey",
        &key,
        "--receipt",
        &receipt,
        "--wait",
        "witnessed",
        "--within",
        "60",
    ]);
    assert_done(&appended);
    assert!(stdout(&appended).ends_with("\twitnessed\n"), "{}", stdout(&appended));
}

/// Lets a monitor go on, a copy grow, and an audit begin anew.
fn look(bed: &Bed, server: &Server, policy: &str) {
    let url = url(server);
    let known = ["--policy", policy];
    for what in [
        &["monitor", &url, "--state", "state", "--entries", "--once"][..],
        &["mirror", &url, "copy"],
        &["audit", &url],
        &["audit", "copy"],
    ] {
        assert_done(&bed.run(&[what, &known].concat()));
    }
}

/// A file of keys does what a policy does that names no witnesses; the old key alone does not.
fn keys_instead_of_a_policy(bed: &Bed, server: &Server, old: &VerifierKey) {
    let (url, old) = (url(server), old.to_string());
    assert_done(&bed.run(&["key", "show", "--url", &url, "--vkey", &old, "-o", "log.keys"]));
    for what in [
        &["monitor", &url, "--state", "state of keys", "--once"][..],
        &["mirror", &url, "copy of keys"],
        &["audit", &url],
    ] {
        assert_done(&bed.run(&[what, &["--vkey", "log.keys"]].concat()));
    }
    let deaf = bed.run(&["audit", &url, "--vkey", &old]);
    assert_eq!(deaf.status.code(), Some(1), "{}", stderr(&deaf));
}

fn url(server: &Server) -> String {
    format!("http://127.0.0.1:{}", server.port())
}
