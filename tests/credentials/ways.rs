//! How a token is given, and what is said of mistakes.

use std::os::unix::fs::PermissionsExt;

use crate::commands::{SECRET, bed, tells_nothing};
use crate::fake::{Answer, Fake};
use crate::support::{Bed, ended, stderr, stdout};

/// `prove` with these arguments and variables: what the log was shown, and what was said.
#[track_caller]
fn prove(bed: &Bed, fake: &Fake, args: &[&str], variables: &[(&str, &str)]) -> (Vec<Option<String>>, String) {
    let all = [&["prove", "0", "--vkey", "log/log.vkey", "--url", &fake.url], args].concat();
    let mut command = bed.command(&all);
    command.envs(variables.iter().copied());
    let output = ended(command);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    tells_nothing(&output, &format!("{args:?} {variables:?}"));
    let mut shown = fake.shown();
    shown.dedup();
    (shown, stderr(&output))
}

#[test]
fn flags_win_and_what_is_not_clear_is_an_error() {
    let (bed, fake) = (bed(), Fake::start(Answer::Stranger));
    bed.write("other", "the-other");
    let secret = Some(format!("Bearer {SECRET}"));
    let other = Some("Bearer the-other".to_owned());
    let elsewhere = "https://log.example.com";
    for (args, variables, expected) in [
        (
            &["--token-file", "token"][..],
            vec![("INDELIBLE_TOKEN", "the-other")],
            vec![secret.clone()],
        ),
        (
            &["--token-file", "token"],
            vec![("INDELIBLE_TOKEN_FILE", "other")],
            vec![secret.clone()],
        ),
        (
            &["--identity-token-file", "token"],
            vec![("INDELIBLE_TOKEN", "the-other")],
            vec![secret.clone()],
        ),
        (&[], vec![("INDELIBLE_TOKEN_FILE", "other")], vec![other]),
        (
            &[],
            vec![("INDELIBLE_TOKEN", ""), ("INDELIBLE_TOKEN_FILE", "token")],
            vec![secret.clone()],
        ),
        (&[], vec![("INDELIBLE_TOKEN", "")], vec![None]),
        // A token of the environment is for the log of the environment.
        (
            &[],
            vec![("INDELIBLE_TOKEN", SECRET), ("INDELIBLE_URL", elsewhere)],
            vec![None],
        ),
        (
            &[],
            vec![("INDELIBLE_TOKEN", SECRET), ("INDELIBLE_URL", &fake.url)],
            vec![secret.clone()],
        ),
        (
            &["--token-file", "token"],
            vec![("INDELIBLE_URL", elsewhere)],
            vec![secret.clone()],
        ),
        // Nothing is asked of anybody.
        (
            &[],
            vec![("INDELIBLE_TOKEN", SECRET), ("INDELIBLE_TOKEN_FILE", "token")],
            vec![],
        ),
        (&[], vec![("INDELIBLE_TOKEN", "sec ret")], vec![]),
        (&["--token-file", "missing"], vec![], vec![]),
        (&["--token-file", "event.json"], vec![], vec![]),
        (
            &["--token-file", "token", "--identity-token-file", "token"],
            vec![],
            vec![],
        ),
        (&["--client-cert", "token"], vec![], vec![]),
    ] {
        let (shown, words) = prove(&bed, &fake, args, &variables);
        assert_eq!(shown, expected, "{args:?} {variables:?}: {words}");
    }
    let (_, words) = prove(
        &bed,
        &fake,
        &[],
        &[("INDELIBLE_TOKEN", "a"), ("INDELIBLE_TOKEN_FILE", "b")],
    );
    assert!(words.contains("both set"), "{words}");
    let (_, words) = prove(&bed, &fake, &["--token-file", "missing"], &[]);
    assert!(words.contains("--token-file: missing: "), "{words}");
}

#[test]
fn a_token_in_place_of_its_file_is_not_repeated() {
    let (bed, fake) = (bed(), Fake::start(Answer::Stranger));
    let (_, words) = prove(&bed, &fake, &["--token-file", SECRET], &[]);
    assert!(
        words.contains("--token-file: the file that is named: No such file"),
        "{words}"
    );
    prove(&bed, &fake, &["--identity-token-file", SECRET], &[]);
    prove(&bed, &fake, &[], &[("INDELIBLE_TOKEN_FILE", SECRET)]);
}

#[test]
fn a_file_that_others_may_read_is_warned_of() {
    let (bed, fake) = (bed(), Fake::start(Answer::Stranger));
    for (mode, args, warned) in [
        (0o600, ["--token-file", "token"], false),
        (0o400, ["--token-file", "token"], false),
        (0o640, ["--token-file", "token"], true),
        (0o604, ["--token-file", "token"], true),
        // Kubernetes projects them so.
        (0o644, ["--identity-token-file", "token"], false),
    ] {
        std::fs::set_permissions(bed.path("token"), PermissionsExt::from_mode(mode)).unwrap();
        let (shown, words) = prove(&bed, &fake, &args, &[]);
        assert_eq!(shown.len(), 1);
        assert_eq!(words.contains("chmod 600 token"), warned, "{mode:o}: {words}");
    }
    std::fs::set_permissions(bed.path("token"), PermissionsExt::from_mode(0o644)).unwrap();
    let (_, words) = prove(&bed, &fake, &[], &[("INDELIBLE_TOKEN_FILE", "token")]);
    assert!(words.contains("chmod 600 token"), "{words}");
}

/// A shell gives the output of a command as a pipe, which can be read once.
#[test]
fn a_pipe_is_read_once() {
    let (bed, fake) = (bed(), Fake::start(Answer::Stranger));
    let script = format!(
        "{} prove 0 --vkey log/log.vkey --url {} --token-file <(cat token)",
        env!("CARGO_BIN_EXE_indelible"),
        fake.url
    );
    let mut bash = std::process::Command::new("bash");
    bash.args(["-c", &script]).current_dir(bed.path(""));
    let output = ended(bash);
    assert_eq!(
        fake.shown().first(),
        Some(&Some(format!("Bearer {SECRET}"))),
        "{}",
        stderr(&output)
    );
    assert!(!stderr(&output).contains("chmod"), "{}", stderr(&output));
}

#[test]
fn the_help_says_how() {
    let bed = Bed::new();
    for args in crate::commands::all("") {
        let names = args
            .iter()
            .take_while(|name| name.bytes().all(|byte| byte.is_ascii_lowercase()));
        let command: Vec<&str> = match args[0] {
            "key" | "receipt" => names.take(2).copied().collect(),
            _ => vec![args[0]],
        };
        let help = stdout(&bed.run(&[&command[..], &["--help"]].concat()));
        for word in [
            "--token-file",
            "--identity-token-file",
            "--client-cert",
            "--client-key",
            "INDELIBLE_TOKEN",
            "Examples: --token-file",
            "docs/credentials.md",
        ] {
            assert!(help.contains(word), "{command:?} {word}: {help}");
        }
        let flags = help.split_whitespace().filter(|word| word.starts_with("--"));
        assert!(!flags.clone().any(|flag| flag == "--token"), "{command:?}");
    }
}

/// What it is shown, at the level that logs most.
#[tokio::test(flavor = "multi_thread")]
async fn the_service_does_not_log_it() {
    let bed = bed();
    let mut command = bed.serve_command();
    command.env("INDELIBLE_LOG_FILTER", "trace");
    let server = crate::support::Server::start(command);
    for args in crate::commands::all(&server.url) {
        let mut command = bed.command(&args);
        command.env("INDELIBLE_TOKEN", SECRET);
        // An opaque log has no events; what matters is that it was asked.
        if !args.contains(&"--follow") {
            tells_nothing(&ended(command), &format!("{args:?}"));
        }
    }
    let (_, said) = server.stop();
    assert!(said.len() >= 10, "a line a request, at least: {said:?}");
    for line in said {
        for part in SECRET.split('.') {
            assert!(!line.contains(part), "{line}");
        }
    }
}
