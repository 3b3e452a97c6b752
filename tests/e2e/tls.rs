//! The same port over TLS, from configuration to receipt.

use indelible_client::{Client, MemoryHeads, Options};

use crate::support::{Bed, stderr};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_appends_over_tls_and_checks_the_certificate() {
    let bed = Bed::with_log();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "audit.example.com".to_owned()]).unwrap();
    let certificate = made.cert.pem();
    bed.write("cert.pem", &certificate);
    bed.write("key.pem", made.signing_key.serialize_pem());
    bed.write(
        "log/indelible.toml",
        "tls_cert = \"../cert.pem\"\ntls_key = \"../key.pem\"\n",
    );
    let server = bed.serve();
    assert!(server.url.starts_with("https://"), "{}", server.url);

    let options = Options {
        ca_certificates: Some(certificate.into_bytes()),
        ..Options::default()
    };
    let client = Client::connect(&server.url, bed.vkey(), MemoryHeads::new(), options)
        .await
        .unwrap();
    assert_eq!(client.append("over TLS".into()).await.unwrap().index(), 0);

    let append = |ca: &[&str]| {
        let args = [&["append", "--vkey", "log/log.vkey", "--url", &server.url][..], ca].concat();
        bed.run_with_stdin(&args, b"from the command line")
    };
    let trusted = append(&["--ca", "cert.pem"]);
    assert!(trusted.status.success(), "{}", stderr(&trusted));
    assert!(!append(&[]).status.success(), "a certificate that nobody vouches for");
}
