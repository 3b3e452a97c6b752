//! docs/credentials.md, as somebody follows it.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::support::{Bed, Server, skipped, stderr, stdout};

/// The commands that the page has under this name.
fn commands(name: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/credentials.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once(&format!("```sh {name}\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

/// The lines that the page has for the configuration.
fn configuration() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/credentials.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("```toml\n").unwrap();
    rest.split_once("```").unwrap().0.replace(" = \"", " = \"../")
}

fn shell(bed: &Bed, script: &str) {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-euc", script]).current_dir(bed.path(""));
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
}

fn append(bed: &Bed, server: &Server, shown: &[&str]) -> Output {
    let args = [
        "append",
        "--vkey",
        "log/log.vkey",
        "--ca",
        "ca.pem",
        "--url",
        &server.url,
    ];
    bed.run_with_stdin(&[&args, shown].concat(), b"an entry")
}

fn curl(bed: &Bed, server: &Server, shown: &[&str]) -> Output {
    let mut curl = Command::new("curl");
    curl.current_dir(bed.path(""))
        .args(["-sS", "--fail", "--cacert", "ca.pem"]);
    curl.args(shown)
        .arg(format!("{}/checkpoint", server.url))
        .output()
        .unwrap()
}

#[test]
fn the_page_is_followed_to_its_end() {
    for tool in ["openssl", "curl"] {
        if Command::new(tool).arg("--version").output().is_err() {
            return skipped(tool);
        }
    }
    let bed = Bed::with_log();
    shell(&bed, &commands("mutual-tls"));
    std::fs::write(bed.path("log/indelible.toml"), configuration()).unwrap();
    let ours = ["--client-cert", "ci.pem", "--client-key", "ci.key"];
    let theirs = ["--cert", "ci.pem", "--key", "ci.key"];

    let server = bed.serve();
    let appended = append(&bed, &server, &ours);
    assert!(appended.status.success(), "{}", stderr(&appended));
    let read = curl(&bed, &server, &theirs);
    assert!(stdout(&read).starts_with("test.example/log\n1\n"), "{}", stderr(&read));
    assert!(!append(&bed, &server, &[]).status.success());
    let refused = curl(&bed, &server, &[]);
    assert!(
        !refused.status.success() && stdout(&refused).is_empty(),
        "{}",
        stderr(&refused)
    );

    let tiles = |shown: &[&str]| {
        bed.run(
            &[
                &["audit", &server.url, "--vkey", "log/log.vkey", "--ca", "ca.pem"],
                shown,
            ]
            .concat(),
        )
    };
    let audited = tiles(&ours);
    assert!(audited.status.success(), "{}", stderr(&audited));
    let refused = stderr(&tiles(&["--retry-for", "0"]));
    assert!(
        refused.contains("CertificateRequired") && refused.contains("--client-cert FILE --client-key FILE"),
        "{refused}"
    );
    // A certificate over a connection without TLS is a mistake, not a detail.
    let plain = bed.run(
        &[
            &["prove", "0", "--vkey", "log/log.vkey", "--url", "http://127.0.0.1:1"],
            &ours[..],
        ]
        .concat(),
    );
    assert!(
        stderr(&plain).contains("can be shown over https only"),
        "{}",
        stderr(&plain)
    );
    let backup =
        |shown: &[&str]| bed.run(&[&["backup", "kept", "--data", "log", "--url", &server.url], shown].concat());
    let kept = backup(&[&["--ca", "ca.pem"], &ours[..]].concat());
    assert!(kept.status.success(), "{}", stderr(&kept));
    for lacking in [&ours[..], &["--ca", "ca.pem"]] {
        assert!(!backup(lacking).status.success(), "{lacking:?}");
    }
    let doctor = |shown: &[&str]| {
        let args = ["doctor", "--data", "log", "--ca", "ca.pem", "--url", &server.url];
        stdout(&bed.run(&[&args, shown].concat()))
    };
    let says_ok = |told: &str| {
        told.lines()
            .any(|line| line.starts_with("ok") && line.contains("says ok"))
    };
    let told = doctor(&ours);
    assert!(says_ok(&told), "{told}");
    assert!(!says_ok(&doctor(&[])), "it wants a certificate");

    shell(&bed, &commands("revoke"));
    let until = Instant::now() + Duration::from_secs(60);
    while append(&bed, &server, &ours).status.success() {
        assert!(Instant::now() < until, "it goes on being let in");
    }
    let refused = curl(&bed, &server, &theirs);
    assert!(stderr(&refused).contains("certificate revoked"), "{}", stderr(&refused));
}
