//! A server with a few sample handlers, and clients that speak each protocol to it.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::routing::{any, get};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use indelible::http::{Health, Pages};
use indelible::net::host::Authority;
use indelible::net::{Limits, Listening, Stopped, Tls, application, serve};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName};
use tempfile::NamedTempFile;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tonic_health::server::HealthReporter;

/// The name in the certificate of every test server with TLS.
pub(crate) const CERTIFIED: &str = "log.example.com";

pub(crate) const CHECKPOINT: &str =
    "example.com/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u{2014} a signature\n";

/// How a test's server differs from an ordinary one.
pub(crate) struct Setup {
    pub(crate) tls: bool,
    pub(crate) limits: Limits,
    pub(crate) request_timeout: Duration,
    pub(crate) hosts: Vec<Authority>,
    pub(crate) health: Health,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            tls: false,
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
    stop: oneshot::Sender<()>,
    served: JoinHandle<Stopped>,
}

impl Server {
    pub(crate) async fn start(setup: Setup) -> Server {
        let certificate = setup.tls.then(Certificate::make);
        let tls = certificate
            .as_ref()
            .map(|made| Tls::load(made.cert.path(), made.key.path()).unwrap());
        let listening = Listening::bind("127.0.0.1:0".parse().unwrap(), tls).await.unwrap();
        let (address, url) = (listening.local_addr(), listening.url());

        let (reporter, health) = tonic_health::server::health_reporter();
        let never = Arc::new(());
        let alive = Arc::downgrade(&never);
        let health_state = setup.health.clone();
        let pages = indelible::http::routes(Pages {
            checkpoint: Arc::new(|| Bytes::from_static(CHECKPOINT.as_bytes())),
            health: Arc::new(move || health_state.clone()),
        })
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
        );
        let app = application(
            Routes::new(health),
            pages,
            listening.known_hosts(&setup.hosts),
            setup.request_timeout,
        );
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(async move {
            let stopped = async {
                let _stop_or_dropped = stopped.await;
            };
            serve(listening, app, &setup.limits, stopped).await
        });
        let tls = certificate.map(|made| made.der);
        Server {
            address,
            url,
            reporter,
            never: alive,
            tls,
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
        let mut roots = RootCertStore::empty();
        roots.add(self.tls.clone().expect("a server with TLS")).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        let name = ServerName::try_from(CERTIFIED).unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, self.tcp().await)
            .await
            .unwrap()
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

pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A self-signed certificate in files, as an operator has it.
pub(crate) struct Certificate {
    pub(crate) cert: NamedTempFile,
    pub(crate) key: NamedTempFile,
    pub(crate) der: CertificateDer<'static>,
}

impl Certificate {
    pub(crate) fn make() -> Certificate {
        let made = rcgen::generate_simple_self_signed(vec![CERTIFIED.to_string()]).unwrap();
        Certificate {
            cert: file(made.cert.pem().as_bytes()),
            key: file(made.signing_key.serialize_pem().as_bytes()),
            der: made.cert.der().clone(),
        }
    }
}

pub(crate) fn file(content: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    file
}

/// One connection of an HTTP client that adds no header of its own.
pub(crate) enum Client {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Client {
    pub(crate) async fn http1(io: impl Io + 'static) -> Client {
        let (sender, connection) = http1::handshake(TokioIo::new(io)).await.unwrap();
        tokio::spawn(connection);
        Client::Http1(sender)
    }

    pub(crate) async fn http2(io: impl Io + 'static) -> Client {
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await.unwrap();
        tokio::spawn(connection);
        Client::Http2(sender)
    }

    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, hyper::Error> {
        let response = async {
            match self {
                Client::Http1(sender) => {
                    sender.ready().await?;
                    sender.send_request(request).await
                }
                Client::Http2(sender) => {
                    sender.ready().await?;
                    sender.send_request(request).await
                }
            }
        };
        let response = timeout(Duration::from_secs(20), response)
            .await
            .expect("an answer, or an error")?;
        let (head, body): (_, hyper::body::Incoming) = Response::into_parts(response);
        let body = String::from_utf8(body.collect().await?.to_bytes().to_vec()).unwrap();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    /// `GET path` for `host`, written as each protocol does it, with more headers.
    pub(crate) async fn ask(
        &mut self,
        host: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Answer, hyper::Error> {
        self.send(self.request("GET", host, path, headers)).await
    }

    pub(crate) fn request(
        &self,
        method: &str,
        host: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Request<Full<Bytes>> {
        let request = Request::builder().method(method);
        let request = match self {
            Client::Http1(_) => request.uri(path).header(HOST, host),
            Client::Http2(_) => request.uri(format!("http://{host}{path}")),
        };
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(Full::default()).unwrap()
    }

    /// A gRPC request with an empty message, and the status that it gets.
    pub(crate) async fn call(
        &mut self,
        host: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (StatusCode, Option<String>) {
        let mut request = self.request("POST", host, path, headers);
        request
            .headers_mut()
            .insert(CONTENT_TYPE, "application/grpc".parse().unwrap());
        *request.body_mut() = Full::new(Bytes::from_static(&[0, 0, 0, 0, 0]));
        let answer = self.send(request).await.unwrap();
        (
            answer.status,
            answer
                .headers
                .get("grpc-status")
                .map(|status| status.to_str().unwrap().to_string()),
        )
    }
}
