//! What its operator types.

use indelible_client::{HttpOptions, http_client};
use indelible_note::{CosignerKey, SigningKey, sign_checkpoint};

use crate::bed::{Witness, exits, submit};
use crate::http_client::Http;
use crate::log::Log;
use crate::support::{Bed, Server, stderr, stdout};

#[test]
fn init_prints_the_key_alone_and_refuses_what_exists() {
    let witness = Witness::new();
    let again = ["witness", "init", "--name", "witness.example/w1", "--data", "w"];
    exits(&witness.bed.run(&again), 2, &["exists and is not empty"]);
    let kept = std::fs::read_to_string(witness.bed.path("w/witness.vkey")).unwrap();
    assert_eq!(kept.trim_end().parse::<CosignerKey>().unwrap(), witness.key);
    let bad = ["witness", "init", "--name", "a b", "--data", "v"];
    assert_eq!(witness.bed.run(&bad).status.code(), Some(2));
    assert!(!witness.bed.path("v").exists());
    let left: Vec<_> = std::fs::read_dir(witness.bed.path("")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn every_subcommand_has_help_with_an_example() {
    let bed = Bed::new();
    for command in ["init", "add-log", "serve", "status"] {
        let help = stdout(&bed.run(&["witness", command, "--help"]));
        assert!(help.contains("Example"), "{command}");
        assert!(help.contains(&format!("indelible witness {command}")), "{command}");
    }
    let nothing = bed.run(&["witness", "serve", "--data", "nowhere"]);
    exits(&nothing, 2, &["there is no witness in nowhere"]);
    assert!(!bed.path("nowhere").exists());
    for wrong in [
        &["--rate", "0"][..],
        &["--listen", "here"],
        &["--tls-cert", "cert.pem"],
        &["--host", "a b"],
    ] {
        let args = [&["witness", "serve", "--data", "nowhere"][..], wrong].concat();
        exits(&bed.run(&args), 2, &[wrong[0]]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_and_keys_are_added_while_it_is_served() {
    let (log, late) = (Log::new("one", 20), Log::named("test.example/late", "one", 20));
    let witness = Witness::of(&log);
    let server = witness.serve();
    let mut http = Http::connect(&server).await;
    submit(&mut http, log.request(0, 3)).await;
    assert_eq!(submit(&mut http, late.request(0, 3)).await.status, 404);
    witness.add(&late.vkey());
    witness.cosigned(&submit(&mut http, late.request(0, 7)).await, &late.checkpoint(7));

    let status = stdout(&witness.status(&[]));
    assert_eq!(status, stdout(&witness.bed.run(&["witness", "list", "--data", "w"])));
    let rows: Vec<Vec<&str>> = status.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.len(), 2);
    let root = late.head(7).root.to_string();
    assert_eq!(rows[0][..3], ["test.example/late", "7", &*root]);
    assert_eq!(rows[1][..2], ["test.example/log", "3"]);

    // A second key of the same log, from a file: the old one stays, and so does the size.
    let second = SigningKey::from_seed(log.vkey().name().clone(), [8; 32]);
    let resigned = sign_checkpoint(log.head(7), &second);
    let request = log
        .request(3, 7)
        .replacen(log.checkpoint(7).note().as_str(), resigned.note().as_str(), 1);
    assert_eq!(submit(&mut http, request.clone()).await.status, 403);
    witness.bed.write("second.vkey", format!("{}\n", second.verifier()));
    let add = ["witness", "add-log", "--data", "w", "--vkey", "second.vkey", "--origin"];
    exits(
        &witness.bed.run(&[&add[..], &["test.example/other"]].concat()),
        2,
        &["--origin"],
    );
    let added = witness.bed.run(&[&add[..], &["test.example/log"]].concat());
    exits(&added, 0, &["as well"]);
    assert_eq!(submit(&mut http, request).await.status, 200);
    witness.cosigned(&submit(&mut http, log.request(7, 8)).await, &log.checkpoint(8));
    let again = witness
        .bed
        .run(&["witness", "add-log", "--data", "w", "--vkey", &log.vkey().to_string()]);
    exits(&again, 0, &["already"]);
    assert_eq!(stdout(&witness.status(&[])).lines().count(), 2);
    for wrong in ["no key", "w/witness.vkey"] {
        exits(
            &witness.bed.run(&["witness", "add-log", "--data", "w", "--vkey", wrong]),
            2,
            &["--vkey"],
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_served_over_tls_and_ends_in_order() {
    let log = Log::new("one", 20);
    let witness = Witness::of(&log);
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let certificate = made.cert.pem();
    witness.bed.write("cert.pem", &certificate);
    witness.bed.write("key.pem", made.signing_key.serialize_pem());
    let server = Server::start(witness.command(&["--tls-cert", "cert.pem", "--tls-key", "key.pem"]));
    assert!(server.url.starts_with("https://"), "{}", server.url);
    let options = HttpOptions {
        ca_certificates: Some(certificate.into_bytes()),
        ..HttpOptions::default()
    };
    let client = http_client(&options).unwrap();
    let url = format!("{}/add-checkpoint", server.url);
    let answer = client.post(url).body(log.request(0, 3)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(witness.size(), Some(3));
    drop(client);
    let (status, words) = server.stop();
    assert!(status.success(), "{words:?}");
    assert!(words.iter().any(|word| word.contains("stopping")), "{words:?}");
    assert!(stderr(&witness.status(&[])).is_empty());
}
