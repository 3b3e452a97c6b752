//! Clients that show certificates, and those that do not, ought to, or should not.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use indelible::config::{ClientCa, TlsFiles};
use indelible::net::Tls;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedKey, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, SerialNumber, date_time_ymd,
};
use rustls::HandshakeKind;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::NamedTempFile;
use tokio::io::AsyncReadExt;

use crate::client::Client;
use crate::crl::crl;
use crate::server::{CERTIFIED, Certificate, Server, Setup, file};

const SPIFFE: &str = "spiffe://example.com/ci/deploy";

/// An authority that vouches for clients.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A client's certificate and key.
struct Identity {
    cert: String,
    key: String,
}

impl Authority {
    fn new(name: &str) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Authority {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    fn make(&self, serial: u8, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(vec!["ci.example.com".to_owned()]).unwrap();
        let uri = SanType::URI(SPIFFE.try_into().unwrap());
        let mail = SanType::Rfc822Name("ada@example.com".try_into().unwrap());
        params.subject_alt_names.extend([uri, mail]);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.serial_number = Some(SerialNumber::from(vec![serial]));
        change(&mut params);
        let signing_key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&signing_key, &self.issuer).unwrap();
        let made = CertifiedKey { cert, signing_key };
        Identity {
            cert: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
        }
    }

    fn client(&self) -> Identity {
        self.make(1, |_| {})
    }
}

/// A server that asks clients for certificates, and the files that it was set up with.
struct Asking {
    server: Server,
    _files: Vec<NamedTempFile>,
}

async fn asking(ca: &str, crl: Option<&str>, required: bool) -> Asking {
    let (ca, crl) = (file(ca.as_bytes()), crl.map(|crl| file(crl.as_bytes())));
    let server = Server::start(Setup {
        tls: true,
        clients: Some(ClientCa {
            ca: ca.path().into(),
            crl: crl.as_ref().map(|crl| crl.path().into()),
            required,
        }),
        ..Setup::default()
    });
    Asking {
        server: server.await,
        _files: [ca].into_iter().chain(crl).collect(),
    }
}

impl Asking {
    /// Who a handler sees, by either protocol; or how it ends.
    async fn who(&self, shown: Option<&Identity>) -> Result<String, String> {
        let mut said = Vec::new();
        for alpn in [&b"h2"[..], b"http/1.1"] {
            said.push(self.who_by(alpn, shown).await);
        }
        let (http1, http2) = (said.pop().unwrap(), said.pop().unwrap());
        assert_eq!(http1.is_ok(), http2.is_ok(), "{http1:?} {http2:?}");
        http1
    }

    async fn who_by(&self, alpn: &[u8], shown: Option<&Identity>) -> Result<String, String> {
        let config = self.server.tls_config(&[alpn], shown.map(Identity::parse));
        let mut stream = self
            .server
            .try_tls(Arc::new(config))
            .await
            .map_err(|error| error.to_string())?;
        if alpn == b"http/1.1" {
            // The alert of a refused certificate comes behind the handshake. A server that is content says nothing yet.
            let mut first = [0];
            let read = tokio::time::timeout(std::time::Duration::from_millis(200), stream.read(&mut first)).await;
            if let Ok(read) = read {
                return Err(read.map_or_else(|error| error.to_string(), |count| format!("{count} bytes")));
            }
        }
        let mut client = match alpn {
            b"h2" => Client::http2(stream).await,
            _ => Client::http1(stream).await,
        };
        let answer = client.ask(CERTIFIED, "/who", &[]).await;
        answer.map(|answer| answer.body).map_err(|error| error.to_string())
    }
}

impl Identity {
    fn parse(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (
            vec![CertificateDer::from_pem_slice(self.cert.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap(),
        )
    }
}

const NAMES: &str = "DNS:ci.example.com URI:spiffe://example.com/ci/deploy email:ada@example.com";

#[tokio::test]
async fn a_handler_sees_the_names_of_a_certificate_that_holds_and_of_none_if_there_is_none() {
    let ours = Authority::new("ours");
    let client = ours.client();
    for required in [false, true] {
        let asking = asking(&ours.pem, None, required).await;
        let said = asking.who(Some(&client)).await.unwrap();
        assert!(said.starts_with(NAMES) && said.contains(" serial 01 "), "{said}");
        match required {
            false => assert_eq!(asking.who(None).await.unwrap(), "nobody"),
            true => {
                let refused = asking.who(None).await.unwrap_err();
                assert!(refused.contains("CertificateRequired"), "{refused}");
            }
        }
    }
}

#[tokio::test]
async fn a_certificate_that_does_not_hold_is_refused_required_or_not() {
    let [ours, other, namesake] = ["ours", "other", "ours"].map(Authority::new);
    let expired = ours.make(2, |params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    let early = ours.make(3, |params| params.not_before = date_time_ymd(2090, 1, 1));
    let of_server = ours.make(4, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    let crowd = ours.make(5, |params| {
        params.subject_alt_names = vec![SanType::DnsName("a.example.com".try_into().unwrap()); 65];
    });
    for required in [false, true] {
        let asking = asking(&ours.pem, None, required).await;
        for (shown, expected) in [
            (&other.client(), "UnknownCA"),
            (&namesake.client(), "DecryptError"),
            (&expired, "CertificateExpired"),
            (&early, ""),
            (&of_server, ""),
            (&crowd, ""),
        ] {
            let refused = asking.who(Some(shown)).await.unwrap_err();
            assert!(refused.contains(expected), "{expected}: {refused}");
        }
        asking.who(Some(&ours.client())).await.unwrap();
    }
}

#[tokio::test]
async fn a_revoked_certificate_is_refused_and_so_is_one_of_which_nobody_says_that_it_is_not() {
    let [ours, unlisted] = ["ours", "unlisted"].map(Authority::new);
    let both = format!("{}{}", ours.pem, unlisted.pem);
    let asking = asking(&both, Some(&crl(&ours.issuer, &[2])), false).await;
    asking.who(Some(&ours.client())).await.unwrap();
    let revoked = asking.who(Some(&ours.make(2, |_| {}))).await.unwrap_err();
    assert!(revoked.contains("CertificateRevoked"), "{revoked}");
    asking.who(Some(&unlisted.client())).await.unwrap_err();
    assert_eq!(asking.who(None).await.unwrap(), "nobody");
}

#[tokio::test]
async fn what_was_verified_once_is_verified_again() {
    let ours = Authority::new("ours");
    for (asks, expected) in [(false, HandshakeKind::Resumed), (true, HandshakeKind::Full)] {
        let asking = match asks {
            true => asking(&ours.pem, None, false).await,
            false => Asking {
                server: Server::start(Setup {
                    tls: true,
                    ..Setup::default()
                })
                .await,
                _files: Vec::new(),
            },
        };
        let config = asking.server.tls_config(&[b"http/1.1"], Some(ours.client().parse()));
        let config = Arc::new(config);
        let mut kind = None;
        for _ in 0..2 {
            let stream = asking.server.try_tls(Arc::clone(&config)).await.unwrap();
            kind = stream.get_ref().1.handshake_kind();
            // A ticket comes with the answer.
            let mut client = Client::http1(stream).await;
            client.ask(CERTIFIED, "/who", &[]).await.unwrap();
        }
        assert_eq!(kind, Some(expected), "asks for certificates: {asks}");
    }
}

#[test]
fn files_that_cannot_be_used_are_refused_by_name() {
    let (own, ours) = (Certificate::make(), Authority::new("ours"));
    let ca = file(ours.pem.as_bytes());
    let crl = file(crl(&ours.issuer, &[]).as_bytes());
    let nonsense = file(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let no_list = file(b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n");
    let missing = Path::new("/nonexistent/file.pem");
    let load = |ca: &Path, crl: Option<&Path>| {
        Tls::configured(&TlsFiles {
            cert: own.cert.path().into(),
            key: own.key.path().into(),
            clients: Some(ClientCa {
                ca: ca.into(),
                crl: crl.map(Into::into),
                required: false,
            }),
        })
    };
    load(ca.path(), Some(crl.path())).unwrap();
    for (ca, crl) in [
        (missing, None),
        (nonsense.path(), None),
        (crl.path(), None),
        (ca.path(), Some(missing)),
        (ca.path(), Some(no_list.path())),
        (ca.path(), Some(ca.path())),
    ] {
        let error = load(ca, crl).unwrap_err().to_string();
        assert!(error.contains(&crl.unwrap_or(ca).display().to_string()), "{error}");
    }
}

/// A client that others wrote, on a TLS library that is not ours.
#[tokio::test(flavor = "multi_thread")]
async fn curl_shows_its_certificate() {
    let ours = Authority::new("ours");
    let asking = asking(&ours.pem, Some(&crl(&ours.issuer, &[2])), true).await;
    let curl = async |shown: Option<Identity>| {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("server.pem"), asking.server.certificate_pem()).unwrap();
        let mut curl = Command::new("curl");
        let port = asking.server.address.port();
        curl.args(["-sS", "--cacert"]).arg(path("server.pem"));
        curl.args(["--resolve", &format!("{CERTIFIED}:{port}:127.0.0.1")]);
        curl.arg(format!("https://{CERTIFIED}:{port}/who"));
        if let Some(shown) = shown {
            std::fs::write(path("cert.pem"), shown.cert).unwrap();
            std::fs::write(path("key.pem"), shown.key).unwrap();
            curl.arg("--cert")
                .arg(path("cert.pem"))
                .arg("--key")
                .arg(path("key.pem"));
        }
        let output = tokio::task::spawn_blocking(move || curl.output().unwrap())
            .await
            .unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (done, who, words) = curl(Some(ours.client())).await;
    assert!(done && who.starts_with(NAMES), "{who} {words}");
    for shown in [None, Some(ours.make(2, |_| {})), Some(Authority::new("other").client())] {
        let (done, who, words) = curl(shown).await;
        assert!(!done && who.is_empty() && words.contains("alert"), "{who} {words}");
    }
}
