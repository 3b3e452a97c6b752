//! Every command that talks to a log: what it shows, to whom, and what it says of it.

use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use crate::fake::{Answer, Fake};
use crate::support::{Bed, ended, stderr, stdout};

/// Three parts, so that none of them can be printed alone either.
pub(crate) const SECRET: &str = "idl_7Yb2kq9w.c2VjcmV0LXBhcnQ.S1gn4ture-_x";

/// A log with an entry and its receipt, and files for the commands.
pub(crate) fn bed() -> Bed {
    let bed = Bed::with_log();
    bed.write("entry", "an entry");
    bed.write("event.json", r#"{"action":{"name":"deploy","verb":"execute"}}"#);
    let server = bed.serve();
    let appended = bed.run(&[
        "append",
        "entry",
        "--receipt",
        "old.tlog-proof",
        "--vkey",
        "log/log.vkey",
        "--url",
        &server.url,
    ]);
    assert!(appended.status.success(), "{}", stderr(&appended));
    server.stop();
    bed.write("token", format!("{SECRET}\n"));
    std::fs::set_permissions(bed.path("token"), PermissionsExt::from_mode(0o600)).unwrap();
    bed
}

/// All of them, for a log at a URL: over gRPC, and over HTTP.
pub(crate) fn all(url: &str) -> Vec<Vec<&str>> {
    let mut all = over_http(url);
    all.extend([
        vec!["append", "entry", "--vkey", "log/log.vkey", "--url", url],
        vec![
            "append",
            "entry",
            "--wait",
            "witnessed",
            "--vkey",
            "log/log.vkey",
            "--url",
            url,
        ],
        vec!["prove", "0", "--vkey", "log/log.vkey", "--url", url],
        vec![
            "receipt",
            "refresh",
            "--receipt",
            "old.tlog-proof",
            "--entry",
            "entry",
            "-o",
            "new.tlog-proof",
            "--vkey",
            "log/log.vkey",
            "--url",
            url,
        ],
        vec!["backup", "kept", "--data", "log", "--url", url],
    ]);
    all
}

fn over_http(url: &str) -> Vec<Vec<&str>> {
    vec![
        vec![
            "submit",
            "event.json",
            "--source",
            "test",
            "--vkey",
            "log/log.vkey",
            "--url",
            url,
        ],
        vec!["events", "--vkey", "log/log.vkey", "--url", url],
        vec!["events", "--follow", "--vkey", "log/log.vkey", "--url", url],
        vec!["show", "0", "--vkey", "log/log.vkey", "--url", url],
        vec![
            "disclose",
            "0",
            "--members",
            "action",
            "-o",
            "some.indelible",
            "--vkey",
            "log/log.vkey",
            "--url",
            url,
        ],
        vec![
            "erase",
            "--index",
            "0",
            "--basis",
            "b",
            "--requester",
            "r",
            "--yes",
            "--vkey",
            "log/log.vkey",
            "--url",
            url,
        ],
        vec!["hold", "0", "--reason", "r", "--url", url],
        vec!["key", "show", "--vkey", "log/log.vkey", "--url", url],
        vec![
            "monitor",
            url,
            "--once",
            "--vkey",
            "log/log.vkey",
            "--state",
            "monitored",
        ],
        vec!["audit", url, "--vkey", "log/log.vkey"],
        vec!["mirror", url, "mirrored", "--vkey", "log/log.vkey"],
    ]
}

/// Runs a command at the level that logs most, with a token given in one of the ways.
fn run(bed: &Bed, args: &[&str], way: Way) -> Output {
    let flags: &[&str] = match way {
        Way::None | Way::Variable | Way::FileVariable => &[],
        Way::File => &["--token-file", "token"],
        Way::IdentityFile => &["--identity-token-file", "token"],
    };
    let mut command = bed.command(&[args, flags].concat());
    command.env("INDELIBLE_LOG_FILTER", "trace").env("RUST_LOG", "trace");
    match way {
        Way::Variable => command.env("INDELIBLE_TOKEN", SECRET),
        Way::FileVariable => command.env("INDELIBLE_TOKEN_FILE", "token"),
        _ => &mut command,
    };
    ended(command)
}

#[derive(Clone, Copy, Debug)]
enum Way {
    None,
    Variable,
    FileVariable,
    File,
    IdentityFile,
}

#[track_caller]
pub(crate) fn tells_nothing(output: &Output, what: &str) {
    let said = format!("{}{}", stdout(output), stderr(output));
    for part in SECRET.split('.') {
        assert!(!said.contains(part), "{what}: {said}");
    }
}

#[test]
fn every_command_shows_the_token_and_tells_it_to_nobody() {
    let bed = bed();
    let fake = Fake::start(Answer::Stranger);
    let expected = Some(format!("Bearer {SECRET}"));
    let ways = [Way::Variable, Way::FileVariable, Way::File, Way::IdentityFile];
    for (args, way) in all(&fake.url).iter().zip(ways.iter().cycle()) {
        let what = format!("{args:?} {way:?}");
        let output = run(&bed, args, *way);
        let (words, shown) = (stderr(&output), fake.shown());
        assert_eq!(output.status.code(), Some(2), "{what}: {words}");
        assert!(
            !shown.is_empty() && shown.iter().all(|shown| *shown == expected),
            "{what}: {shown:?} {words}"
        );
        let says = "the log does not know this token: it may have been revoked, have expired";
        assert!(
            words.contains(says) && words.contains("in the words of the log"),
            "{what}: {words}"
        );
        tells_nothing(&output, &what);

        let output = run(&bed, args, Way::None);
        let (words, shown) = (stderr(&output), fake.shown());
        assert_eq!(output.status.code(), Some(2), "{what}: {words}");
        assert!(
            !shown.is_empty() && shown.iter().all(Option::is_none),
            "{what}: {shown:?} {words}"
        );
        assert!(
            words.contains("was shown nothing") && words.contains("--token-file"),
            "{what}: {words}"
        );
    }
}

#[test]
fn no_command_sends_it_in_clear_over_the_network() {
    let bed = bed();
    // An address of documentation: a command that tried to connect would wait.
    let url = "http://192.0.2.1:7425";
    for args in all(url) {
        let output = run(&bed, &args, Way::File);
        let words = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {words}");
        assert!(
            words.contains(url) && words.contains("is not https"),
            "{args:?}: {words}"
        );
        tells_nothing(&output, &format!("{args:?}"));
    }
}

#[test]
fn no_command_follows_a_redirect_with_it() {
    let bed = bed();
    let elsewhere = Fake::start(Answer::Stranger);
    let fake = Fake::start(Answer::Elsewhere(elsewhere.url.clone()));
    for args in over_http(&fake.url) {
        // One that waits for a service that is not there for the moment waits for ever.
        if args.contains(&"--follow") {
            continue;
        }
        let output = run(&bed, &args, Way::Variable);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        assert!(!fake.shown().is_empty(), "{args:?}");
        tells_nothing(&output, &format!("{args:?}"));
    }
    assert_eq!(elsewhere.shown(), []);
}

/// The proxy of the environment would read along.
#[test]
fn no_proxy_is_shown_what_is_for_this_machine() {
    let bed = bed();
    let (proxy, fake) = (Fake::start(Answer::Stranger), Fake::start(Answer::Stranger));
    for args in over_http(&fake.url) {
        let mut command = bed.command(&args);
        command.env("INDELIBLE_TOKEN", SECRET);
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
            command.env(name, &proxy.url);
        }
        let output = ended(command);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        assert!(!fake.shown().is_empty(), "{args:?}");
    }
    assert_eq!(proxy.shown(), []);
}
