//! Certificates, keys, and what is agreed on.

use std::path::Path;

use http::StatusCode;
use indelible::net::{Listening, Tls};

use crate::client::Client;
use crate::server::{Certificate, Server, Setup, file};

#[tokio::test]
async fn the_client_chooses_the_protocol() {
    let server = Server::start(Setup {
        tls: true,
        ..Setup::default()
    })
    .await;
    for (offered, agreed) in [
        (&[&b"h2"[..], b"http/1.1"][..], Some(&b"h2"[..])),
        (&[b"http/1.1"], Some(b"http/1.1")),
        (&[b"h2"], Some(b"h2")),
        (&[], None),
    ] {
        let stream = server.tls(offered).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), agreed);
        let mut client = if agreed == Some(b"h2") {
            Client::http2(stream).await
        } else {
            Client::http1(stream).await
        };
        assert_eq!(
            client.ask("localhost", "/healthz", &[]).await.unwrap().status,
            StatusCode::OK
        );
    }
    assert!(server.url.starts_with("https://127.0.0.1:"), "{}", server.url);
}

#[test]
fn files_that_cannot_be_used_are_refused_by_name() {
    let (ours, other) = (Certificate::make(), Certificate::make());
    let nonsense = file(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let empty = file(b"");
    let missing = Path::new("/nonexistent/file.pem");
    let (cert, key) = (ours.cert.path(), ours.key.path());
    for (cert, key, expected) in [
        (
            missing,
            key,
            "cannot read a certificate from /nonexistent/file.pem: ".to_string(),
        ),
        (
            cert,
            missing,
            "cannot read a private key from /nonexistent/file.pem: ".to_string(),
        ),
        (
            empty.path(),
            key,
            format!("cannot read a certificate from {}: ", empty.path().display()),
        ),
        (key, key, format!("cannot read a certificate from {}: ", key.display())),
        (
            cert,
            cert,
            format!("cannot read a private key from {}: ", cert.display()),
        ),
        (
            nonsense.path(),
            key,
            format!(
                "{} does not begin with an X.509 certificate: ",
                nonsense.path().display()
            ),
        ),
        (
            cert,
            other.key.path(),
            format!(
                "cannot use the certificate {} with the key {}: ",
                cert.display(),
                other.key.path().display()
            ),
        ),
    ] {
        let error = Tls::load(cert, key).unwrap_err().to_string();
        assert!(error.starts_with(&expected), "{error}");
    }
    assert!(Tls::load(cert, key).is_ok());
}

#[tokio::test]
async fn an_address_that_is_taken_is_an_error() {
    let first = Listening::bind("127.0.0.1:0".parse().unwrap(), None).await.unwrap();
    let error = Listening::bind(first.local_addr(), None).await.unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("cannot listen on {}: ", first.local_addr())),
        "{error}"
    );
    assert_eq!(first.url(), format!("http://{}", first.local_addr()));
}
