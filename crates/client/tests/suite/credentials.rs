//! What shows the log who asks: to whom it goes, that it is shown nowhere, and what is understood of the answers.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indelible_client::{
    AppendError, Client, ClientCertificate, ConnectError, Credential, CredentialError, Denied, Error, FetchError,
    HttpOptions, KeysError, LogHttp, MemoryHeads, NewEvent, Options, Shown, TileSource, Token, TokenFile, follow_keys,
};
use indelible_event::member::Claims;
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use tonic::transport::{Certificate, Identity, ServerTlsConfig};
use tracing_subscriber::fmt::MakeWriter;

use crate::options;
use crate::server::{Lie, Server};
use crate::web::Web;

const SECRET: &str = "eyJhbGciOiJub25lIn0.c2VjcmV0.c2ln";
const TOKEN: Shown = Shown {
    token: true,
    certificate: false,
};

fn bearer() -> Credential {
    Credential::Bearer(Token::parse(SECRET).unwrap())
}

async fn connect(server: &Server, credential: Credential) -> Client {
    let options = Options {
        credential,
        ..options()
    };
    Client::connect(server.url(), server.key(), MemoryHeads::new(), options)
        .await
        .unwrap()
}

/// One call of each kind.
async fn call_everything(client: &Client) {
    client.append("one".into()).await.unwrap();
    client.append_batch(vec!["two".into()]).await.unwrap();
    client.head().await.unwrap();
    client.signed_head().await.unwrap();
    client.watch().await.unwrap().next().await.unwrap();
    client.prove(0).await.unwrap();
    client.prove_many(&[]).await.unwrap_err();
    client.entries(0, 2).await.unwrap().next().await.unwrap();
    let event = NewEvent {
        source: "test".to_owned(),
        key: None,
        claims: Claims::default(),
        raw: None,
    };
    let submitted = client.submit(&event).await.unwrap();
    client.event(submitted.receipt.index()).await.unwrap();
}

#[tokio::test]
async fn every_call_says_who_asks_and_none_does_without() {
    let server = Server::start().await;
    call_everything(&connect(&server, bearer()).await).await;
    let shown = server.shown();
    assert!(shown.len() >= 10, "{}", shown.len());
    let expected = format!("Bearer {SECRET}");
    assert!(
        shown.iter().all(|shown| shown.as_deref() == Some(&expected)),
        "{shown:?}"
    );

    call_everything(&connect(&server, Credential::None).await).await;
    let shown = server.shown();
    assert!(shown.len() >= 10 && shown.iter().all(Option::is_none), "{shown:?}");
}

#[tokio::test]
async fn a_token_that_was_replaced_in_its_file_is_the_one_that_is_sent() {
    let server = Server::start().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "the-first\n").unwrap();
    let client = connect(&server, Credential::BearerFile(TokenFile::open(file.path()).unwrap())).await;
    client.head().await.unwrap();
    std::fs::write(file.path(), "the-second-one\n").unwrap();
    client.head().await.unwrap();
    let shown: Vec<String> = server.shown().into_iter().flatten().collect();
    assert_eq!(shown.first().unwrap(), "Bearer the-first");
    assert_eq!(shown.last().unwrap(), "Bearer the-second-one");
}

#[tokio::test]
async fn a_token_is_not_sent_in_clear_over_the_network() {
    let key = Server::start().await.key();
    for url in [
        "http://192.0.2.1:7425",
        "http://log.example.com",
        "http://localhost.example.com",
    ] {
        let options = Options {
            credential: bearer(),
            ..options()
        };
        let connected = Client::connect(url, key.clone(), MemoryHeads::new(), options).await;
        let error = connected.unwrap_err();
        assert!(
            matches!(&error, ConnectError::Credential(CredentialError::Cleartext { url: named }) if named == url),
            "{error:?}"
        );
        let by_http = LogHttp::new(url, &HttpOptions::default(), &bearer()).unwrap_err();
        let tiles = TileSource::with_credential(url, &HttpOptions::default(), &bearer()).unwrap_err();
        for error in [error.to_string(), by_http.to_string(), tiles.to_string()] {
            assert!(
                error.contains(url) && error.contains("https") && !error.contains(SECRET),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn what_the_log_answers_to_it_says_whose_turn_it_is() {
    let server = Server::start().await;
    let (stranger, known) = (
        connect(&server, Credential::None).await,
        connect(&server, bearer()).await,
    );
    for (lie, to_stranger, to_known) in [
        (
            Lie::Stranger,
            Denied::NothingShown {
                words: "no such token".to_owned(),
            },
            Denied::NotKnown {
                shown: TOKEN,
                words: "no such token".to_owned(),
            },
        ),
        (
            Lie::NoRole,
            Denied::NotAllowed {
                shown: Shown::NOTHING,
                words: "submitter may not".to_owned(),
            },
            Denied::NotAllowed {
                shown: TOKEN,
                words: "submitter may not".to_owned(),
            },
        ),
    ] {
        server.lie(lie);
        for (client, expected) in [(&stranger, to_stranger), (&known, to_known)] {
            let denied = |error: Error| match error {
                Error::Denied(denied) => denied,
                other => panic!("{other:?}"),
            };
            assert_eq!(denied(client.head().await.unwrap_err()), expected);
            // Nothing was taken, so that to send it again cannot make it twice.
            let streamed = client.append("one".into()).await.map(drop).unwrap_err();
            let batch = client.append_batch(vec!["one".into()]).await.map(drop).unwrap_err();
            for error in [streamed, batch] {
                let AppendError::NotAppended(error) = error else {
                    panic!("{error:?}");
                };
                assert_eq!(denied(error), expected);
            }
        }
    }
    assert_eq!(server.log().size(), 0);
    let words = known.head().await.unwrap_err().to_string();
    assert!(
        words.contains("submitter may not") && words.contains("this token"),
        "{words}"
    );
    server.lie(Lie::Stranger);
    let words = known.head().await.unwrap_err().to_string();
    assert!(
        words.starts_with("the log does not know this token: it may have been revoked"),
        "{words}"
    );
    let words = stranger.head().await.unwrap_err().to_string();
    assert!(words.contains("--token-file"), "{words}");
}

#[tokio::test]
async fn no_redirect_takes_the_token_elsewhere() {
    let elsewhere = Web::answering("200 OK", "a checkpoint");
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let head = format!("{status}\r\nLocation: {}/checkpoint", elsewhere.url);
        let log = Web::answering(&head, "");
        let source = TileSource::with_credential(&log.url, &HttpOptions::default(), &bearer()).unwrap();
        let error = source.checkpoint().await.unwrap_err();
        assert!(matches!(error, FetchError::Status { .. }), "{error}");
        assert!(
            log.asked()[0].contains(&format!("authorization: Bearer {SECRET}\r\n")),
            "{:?}",
            log.asked()
        );
    }
    assert_eq!(elsewhere.asked(), Vec::<String>::new());
    let log = LogHttp::new(&Web::answering("200 OK", "").url, &HttpOptions::default(), &bearer()).unwrap();
    let error = log.get(&elsewhere.url).unwrap_err();
    assert!(matches!(error, CredentialError::OtherHost { .. }), "{error}");
}

#[tokio::test]
async fn http_answers_say_the_same_as_those_of_grpc() {
    let json = "Content-Type: application/problem+json";
    for (head, body, expected) in [
        (
            format!("401 Unauthorized\r\n{json}"),
            r#"{"detail":"no such token"}"#,
            Denied::NotKnown {
                shown: TOKEN,
                words: "no such token".to_owned(),
            },
        ),
        (
            "403 Forbidden\r\nContent-Type: text/plain".to_owned(),
            "monitor may not\n",
            Denied::NotAllowed {
                shown: TOKEN,
                words: "monitor may not".to_owned(),
            },
        ),
        (
            "429 Too Many Requests\r\nRetry-After: 3".to_owned(),
            "",
            Denied::TooMuch {
                words: "429 Too Many Requests".to_owned(),
                after: Some(Duration::from_secs(3)),
            },
        ),
    ] {
        let web = Web::answering(&head, body);
        let log = LogHttp::new(&web.url, &HttpOptions::default(), &bearer()).unwrap();
        let answer = log.get(&web.url).unwrap().send().await.unwrap();
        assert_eq!(log.admitted(answer).await.unwrap_err(), expected);
        let key = indelible_note::SigningKey::from_seed("example.com/log".parse().unwrap(), [7; 32]).verifier();
        let keys = follow_keys(&log, &web.url, &key).await.unwrap_err();
        assert!(
            matches!(&keys, KeysError::Denied { denied, .. } if *denied == expected),
            "{keys}"
        );
        let source = TileSource::with_credential(&web.url, &HttpOptions::default(), &bearer()).unwrap();
        match source.checkpoint().await.unwrap_err() {
            FetchError::Denied { denied, .. } => assert_eq!(denied, expected),
            FetchError::Busy { after, .. } => assert_eq!(after, expected.after()),
            other => panic!("{other}"),
        }
    }
}

/// An authority, and what it vouches for.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new(name: &str) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Authority {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// Certificate and key in PEM.
    fn make(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> (String, String) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        (cert.pem(), key.serialize_pem())
    }
}

#[tokio::test]
async fn a_certificate_is_shown_to_a_log_that_asks_for_it() {
    let [ours, other, namesake] = ["ours", "other", "ours"].map(Authority::new);
    let (cert, key) = ours.make("localhost", ExtendedKeyUsagePurpose::ServerAuth);
    let tls = ServerTlsConfig::new()
        .identity(Identity::from_pem(cert, key))
        .client_ca_root(Certificate::from_pem(&ours.pem));
    let server = Server::start_with(Some(tls)).await;
    let ask = async |shown: Option<&Authority>| {
        let client_certificate = shown.map(|authority| {
            let (cert, key) = authority.make("ci", ExtendedKeyUsagePurpose::ClientAuth);
            ClientCertificate::from_pem(cert.into(), zeroize::Zeroizing::new(key.into())).unwrap()
        });
        let http = HttpOptions {
            ca_certificates: Some(ours.pem.clone().into()),
            client_certificate: client_certificate.clone(),
            ..HttpOptions::default()
        };
        let options = Options {
            ca_certificates: Some(ours.pem.clone().into()),
            client_certificate,
            ..options()
        };
        let by_grpc = async || {
            let client = Client::connect(server.url(), server.key(), MemoryHeads::new(), options.clone()).await;
            let client = client.map_err(|error| error.to_string())?;
            client.head().await.map(drop).map_err(|error| error.to_string())
        };
        let mut said = by_grpc().await;
        // In TLS 1.3 the client has finished before the server judges its certificate; the first call may then find the connection
        // gone, and not hear why.
        for _ in 0..20 {
            if !said
                .as_ref()
                .is_err_and(|words| words.contains("connection to the server failed"))
            {
                break;
            }
            said = by_grpc().await;
        }
        let by_http = TileSource::with_credential(server.url(), &http, &Credential::None).unwrap();
        (said, by_http.checkpoint().await.unwrap_err())
    };
    let (by_grpc, by_http) = ask(Some(&ours)).await;
    assert_eq!(by_grpc, Ok(()));
    // It speaks gRPC only, and says so behind the handshake.
    assert!(!matches!(by_http, FetchError::Denied { .. }), "{by_http}");
    for (shown, expected) in [
        (None, "--client-cert"),
        (Some(&other), "this client certificate"),
        (Some(&namesake), "this client certificate"),
    ] {
        let (by_grpc, by_http) = ask(shown).await;
        let by_grpc = by_grpc.unwrap_err();
        let heard = by_grpc.starts_with("the log refuses the connection") && by_grpc.contains(expected);
        // The server of this test does not wait until its client has heard it, so that on a bad day it never does.
        let unheard = by_grpc.contains("connection to the server failed");
        assert!(heard || unheard, "{by_grpc}");
        assert!(matches!(by_http, FetchError::Denied { .. }), "{by_http}");
        assert!(by_http.to_string().contains(expected), "{by_http}");
    }
}

/// What is logged on this thread, at the level that logs most.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Logged {
    type Writer = Logged;

    fn make_writer(&'a self) -> Logged {
        self.clone()
    }
}

/// All of it runs on this one thread, the server included.
#[tokio::test]
async fn no_library_logs_the_token() {
    let logged = Logged::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(logged.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = Server::start().await;
    let client = connect(&server, bearer()).await;
    client.head().await.unwrap();
    client.append("one".into()).await.unwrap();
    server.lie(Lie::Stranger);
    let refused = client.head().await.unwrap_err();
    let web = Web::answering("401 Unauthorized", "");
    let source = TileSource::with_credential(&web.url, &HttpOptions::default(), &bearer()).unwrap();
    let denied = source.checkpoint().await.unwrap_err();
    assert!(web.asked()[0].contains(SECRET));
    let shown = format!(
        "{client:?} {refused:?} {refused} {source:?} {denied:?} {denied} {:?}",
        bearer()
    );
    let logged = String::from_utf8_lossy(&logged.0.lock().unwrap()).into_owned();
    assert!(logged.contains("h2::") && logged.contains("hyper"), "{}", logged.len());
    for text in [shown, logged] {
        for part in SECRET.split('.') {
            assert!(!text.contains(part), "{text}");
        }
    }
}
