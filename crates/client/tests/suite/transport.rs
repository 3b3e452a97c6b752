//! Connections: TLS, and nobody there.

use indelible_client::{AppendError, Client, ConnectError, Denied, Error, MemoryHeads, Options};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::net::TcpListener;
use tonic::transport::{Identity, ServerTlsConfig};

use crate::server::{Lie, Server};
use crate::{connect, options};

#[tokio::test]
async fn tls_is_for_those_whom_the_given_certificate_vouches_for() {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let identity = Identity::from_pem(cert.pem(), signing_key.serialize_pem());
    let server = Server::start_with(Some(ServerTlsConfig::new().identity(identity))).await;
    let connect = async |ca_certificates| {
        let options = Options {
            ca_certificates,
            ..options()
        };
        Client::connect(server.url(), server.key(), MemoryHeads::new(), options).await
    };

    let client = connect(Some(cert.pem().into_bytes())).await.unwrap();
    client.append("one".into()).await.unwrap();

    let stranger = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let error = connect(Some(stranger.cert.pem().into_bytes())).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn what_is_no_url_and_who_is_not_there() {
    let server = Server::start().await;
    let connect = async |url: &str| {
        let connected = Client::connect(url, server.key(), MemoryHeads::new(), options()).await;
        connected.unwrap_err()
    };
    assert!(matches!(connect("no url").await, ConnectError::Endpoint { url, .. } if url == "no url"));
    // Port 1 of this machine is nobody's.
    assert!(matches!(
        connect("http://127.0.0.1:1").await,
        ConnectError::Unreachable { .. }
    ));
}

#[tokio::test]
async fn silence_ends_with_the_timeout_and_a_refusal_is_told() {
    let server = Server::start().await;
    let (client, _) = connect(&server).await;
    server.lie(Lie::Silence);
    let error = client.head().await.unwrap_err();
    assert!(
        matches!(error, Error::TimedOut { after } if after == options().timeout),
        "{error}"
    );
    server.lie(Lie::Refuse);
    let error = client.head().await.unwrap_err();
    assert!(
        matches!(error, Error::Denied(Denied::TooMuch { after: None, .. })),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_hangs_up_is_a_failed_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let key = Server::start().await.key();
    let client = Client::connect(&url, key, MemoryHeads::new(), options()).await.unwrap();
    let error = client.head().await.unwrap_err();
    assert!(matches!(error, Error::Network(_)), "{error}");
    let error = client.append("one".into()).await.unwrap_err();
    assert!(matches!(error, AppendError::Unconfirmed(Error::Network(_))), "{error}");
}
