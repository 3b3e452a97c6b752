//! A server with a few sample handlers.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::routing::{any, get};
use bytes::Bytes;
use hyper_util::rt::TokioIo;
use indelible::access::{AccessFile, Gate, Record, Recorder, guard_pages};
use indelible::config::{ClientCa, TlsFiles};
use indelible::data::DataDir;
use indelible::http::{Health, Pages};
use indelible::net::host::Authority;
use indelible::net::{Limits, Listening, PeerCertificate, San, Stopped, Tls, application, serve};
use indelible::observe::Observer;
use indelible_access::Registry;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tempfile::NamedTempFile;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tonic::service::Routes;
use tonic::transport::server::TcpConnectInfo;
use tonic::transport::{Channel, Endpoint};
use tonic_health::server::HealthReporter;

use crate::client::{Client, Io};

/// The name in the certificate of every test server with TLS.
pub(crate) const CERTIFIED: &str = "log.example.com";

pub(crate) const CHECKPOINT: &str =
    "example.com/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u{2014} a signature\n";

/// How a test's server differs from an ordinary one.
pub(crate) struct Setup {
    pub(crate) tls: bool,
    /// Of a server with TLS.
    pub(crate) clients: Option<ClientCa>,
    pub(crate) limits: Limits,
    pub(crate) request_timeout: Duration,
    pub(crate) hosts: Vec<Authority>,
    pub(crate) health: Health,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            tls: false,
            clients: None,
            limits: Limits::default(),
            request_timeout: Duration::from_secs(30),
            hosts: Vec::new(),
            health: Health::Serving,
        }
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) url: String,
    /// Speaks for the sample gRPC service.
    pub(crate) reporter: HealthReporter,
    /// Alive as long as a handler of `/never` is.
    pub(crate) never: std::sync::Weak<()>,
    tls: Option<CertificateDer<'static>>,
    pem: Option<String>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Stopped>,
}

impl Server {
    pub(crate) async fn start(setup: Setup) -> Server {
        let certificate = setup.tls.then(Certificate::make);
        let tls = certificate
            .as_ref()
            .map(|made| TlsFiles {
                cert: made.cert.path().into(),
                key: made.key.path().into(),
                clients: setup.clients.clone(),
            })
            .map(|files| Tls::configured(&files).unwrap());
        let listening = Listening::bind("127.0.0.1:0".parse().unwrap(), tls).await.unwrap();
        let (address, url) = (listening.local_addr(), listening.url());

        let (reporter, health) = tonic_health::server::health_reporter();
        let never = Arc::new(());
        let alive = Arc::downgrade(&never);
        let health_state = setup.health.clone();
        // Everybody may do everything here, so that nothing is on the record.
        let recorder = Recorder::new(Record::File(DataDir::at("/nowhere"), None));
        let gate = Gate::new(true, AccessFile::default(), Registry::default(), recorder);
        let pages = indelible::http::routes(Pages {
            checkpoint: Arc::new(|| Bytes::from_static(CHECKPOINT.as_bytes())),
            health: Arc::new(move || health_state.clone()),
        });
        let pages = guard_pages(&gate, pages)
            .route("/never", {
                // The server owns the only strong count that is not a handler's; it goes with the application.
                any(move || {
                    let held = Arc::clone(&never);
                    async move {
                        let _held = held;
                        std::future::pending::<()>().await;
                    }
                })
            })
            .route(
                "/soon",
                get(async || {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    "soon\n"
                }),
            )
            .route("/who", get(who))
            .route(
                "/connection",
                get(async |Extension(info): Extension<TcpConnectInfo>| {
                    format!("{} {}", info.local_addr().unwrap(), info.remote_addr().unwrap())
                }),
            );
        let observer = Observer::default();
        let app = application(
            Routes::new(health),
            pages,
            listening.known_hosts(&setup.hosts),
            setup.request_timeout,
            &observer,
        );
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(async move {
            let stopped = async {
                let _stop_or_dropped = stopped.await;
            };
            serve(listening, app, &setup.limits, observer.connections(), stopped).await
        });
        let pem = certificate.as_ref().map(|made| made.pem.clone());
        let tls = certificate.map(|made| made.der);
        Server {
            address,
            url,
            reporter,
            never: alive,
            tls,
            pem,
            stop,
            served,
        }
    }

    /// Asks the server to end, and waits until it has.
    pub(crate) async fn stop(self) -> Stopped {
        self.stop.send(()).unwrap();
        self.served.await.unwrap()
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    pub(crate) async fn tcp(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A TLS connection by a client that offers these protocols.
    pub(crate) async fn tls(&self, alpn: &[&[u8]]) -> TlsStream<TcpStream> {
        self.try_tls(Arc::new(self.tls_config(alpn, None))).await.unwrap()
    }

    /// A TLS connection, if it comes about.
    pub(crate) async fn try_tls(&self, config: Arc<ClientConfig>) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(CERTIFIED).unwrap();
        TlsConnector::from(config).connect(name, self.tcp().await).await
    }

    /// The server's certificate.
    pub(crate) fn certificate_pem(&self) -> &str {
        self.pem.as_deref().expect("a server with TLS")
    }

    /// A client that believes the server, offers these protocols, and shows this certificate if it is asked.
    pub(crate) fn tls_config(
        &self,
        alpn: &[&[u8]],
        shown: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.tls.clone().expect("a server with TLS")).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match shown {
            None => config.with_no_client_auth(),
            Some((chain, key)) => config.with_client_auth_cert(chain, key).unwrap(),
        };
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        config
    }

    pub(crate) async fn http1(&self) -> Client {
        match self.tls {
            None => Client::http1(self.tcp().await).await,
            Some(_) => Client::http1(self.tls(&[b"http/1.1"]).await).await,
        }
    }

    pub(crate) async fn http2(&self) -> Client {
        match self.tls {
            None => Client::http2(self.tcp().await).await,
            Some(_) => Client::http2(self.tls(&[b"h2"]).await).await,
        }
    }

    /// A gRPC client's channel: one HTTP/2 connection.
    pub(crate) async fn channel(&self) -> Channel {
        self.channel_as(&self.host()).await
    }

    /// The same, by a client that believes the service is called `authority`.
    pub(crate) async fn channel_as(&self, authority: &str) -> Channel {
        let io: Box<dyn Io> = match self.tls {
            None => Box::new(self.tcp().await),
            Some(_) => Box::new(self.tls(&[b"h2"]).await),
        };
        let mut io = Some(TokioIo::new(io));
        let connector = tower::service_fn(move |_uri| {
            let io = io.take().ok_or("the test's only connection is used up");
            async { io }
        });
        Endpoint::from_shared(format!("http://{authority}"))
            .unwrap()
            .connect_with_connector(connector)
            .await
            .unwrap()
    }
}

/// What a handler sees of the certificate that the client has shown.
async fn who(peer: Option<Extension<Arc<PeerCertificate>>>) -> String {
    let Some(Extension(peer)) = peer else {
        return "nobody".to_owned();
    };
    let sans: Vec<String> = peer.sans().iter().map(San::to_string).collect();
    format!("{} serial {} until {}", sans.join(" "), peer.serial(), peer.not_after())
}

/// A self-signed certificate in files, as an operator has it.
pub(crate) struct Certificate {
    pub(crate) cert: NamedTempFile,
    pub(crate) key: NamedTempFile,
    pub(crate) der: CertificateDer<'static>,
    pub(crate) pem: String,
}

impl Certificate {
    pub(crate) fn make() -> Certificate {
        let made = rcgen::generate_simple_self_signed(vec![CERTIFIED.to_string()]).unwrap();
        Certificate {
            cert: file(made.cert.pem().as_bytes()),
            key: file(made.signing_key.serialize_pem().as_bytes()),
            der: made.cert.der().clone(),
            pem: made.cert.pem(),
        }
    }
}

pub(crate) fn file(content: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    file
}
