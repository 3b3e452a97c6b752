//! TLS: a certificate with its key, offered for HTTP/2 and HTTP/1.1.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, VerifierBuilderError};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use x509_parser::extensions::GeneralName;

use super::client_ca;
use super::host::CertifiedName;
use super::reload::Reloads;
use super::tls_files::Contents;
use crate::config::TlsFiles;

/// What a listener needs to speak TLS 1.2 and 1.3. Clones share it: what one loads anew, all have.
#[derive(Clone)]
pub struct Tls {
    files: Arc<TlsFiles>,
    loaded: Arc<watch::Sender<Arc<Loaded>>>,
    reloads: Arc<Reloads>,
}

/// What was read of the files of TLS at one time, and found to be good.
pub struct Loaded {
    acceptor: TlsAcceptor,
    clients: Option<Arc<dyn ClientCertVerifier>>,
    names: Vec<CertifiedName>,
    not_before: i64,
    not_after: i64,
    hashes: BTreeMap<&'static str, String>,
    fingerprint: [u8; 32],
}

/// The operator's fault: a file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No PEM file with what is asked of it, or no access to it.
    #[error("cannot read {what} from {}: {source}", path.display())]
    Pem {
        /// `a certificate`, `a private key` or `a list of revoked certificates`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: rustls_pki_types::pem::Error,
    },
    /// The first certificate of the file, which is to be the service's own, is not X.509.
    #[error("{} does not begin with an X.509 certificate: {source}", path.display())]
    Certificate {
        /// The certificate's file.
        path: PathBuf,
        /// Why not.
        source: x509_parser::error::X509Error,
    },
    /// A certificate that should take the place of another one is not in force. Only what is read anew is judged by this: at a start
    /// there is nothing better.
    #[error("the certificate in {} is not in force: it is from {} to {}", path.display(), utc(*.not_before), utc(*.not_after))]
    NotInForce {
        /// The certificate's file.
        path: PathBuf,
        /// From when it is, in seconds since 1970.
        not_before: i64,
        /// Until when.
        not_after: i64,
    },
    /// A certificate of those who may vouch for clients cannot be used.
    #[error("{} has a certificate that cannot vouch for clients: {source}", path.display())]
    ClientCa {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
    /// A list of revoked certificates cannot be used.
    #[error("cannot use {} to check the certificates of clients: {source}", path.display())]
    Clients {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: VerifierBuilderError,
    },
    /// The two do not belong together, or are of a kind that TLS does not know.
    #[error("cannot use the certificate {} with the key {}: {source}", cert.display(), key.display())]
    Pair {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
}

impl Tls {
    /// Reads a chain of PEM certificates, the service's own first, and its PEM private key (PKCS#8, PKCS#1 or SEC1).
    pub fn load(cert: &Path, key: &Path) -> Result<Tls, TlsError> {
        Tls::configured(&TlsFiles {
            cert: cert.into(),
            key: key.into(),
            clients: None,
        })
    }

    /// The same by a configuration, which may ask clients for certificates. Reads all of its files; [`Tls::load_again`] reads them anew.
    ///
    /// A connection of a client with a certificate is verified when it begins. None is resumed, since that would not look at the
    /// certificate again: it may have expired meanwhile, or been revoked.
    pub fn configured(files: &TlsFiles) -> Result<Tls, TlsError> {
        let loaded = Loaded::read(files)?;
        Ok(Tls {
            files: Arc::new(files.clone()),
            loaded: Arc::new(watch::channel(Arc::new(loaded)).0),
            reloads: Arc::new(Reloads::starting_at(Timestamp::now())),
        })
    }

    /// Reads all files anew. If they are good they take the place of those from before, for all handshakes that begin from now on; if
    /// nothing has changed in them, `None`. Blocks.
    ///
    /// # Errors
    ///
    /// If one of them cannot be used, the certificate is not in force at `now`, or they do not belong together. Then those from before
    /// go on.
    pub fn load_again(&self, now: Timestamp) -> Result<Option<Arc<Loaded>>, TlsError> {
        let loaded = Loaded::read(&self.files)?;
        if loaded.fingerprint == self.current().fingerprint {
            return Ok(None);
        }
        if !(loaded.not_before..=loaded.not_after).contains(&now.as_second()) {
            return Err(TlsError::NotInForce {
                path: self.files.cert.clone(),
                not_before: loaded.not_before,
                not_after: loaded.not_after,
            });
        }
        let loaded = Arc::new(loaded);
        self.loaded.send_replace(loaded.clone());
        Ok(Some(loaded))
    }

    /// What is in use.
    pub fn current(&self) -> Arc<Loaded> {
        self.loaded.borrow().clone()
    }

    /// What became of reading the files again.
    pub fn reloads(&self) -> &Reloads {
        &self.reloads
    }

    pub(super) fn files(&self) -> &TlsFiles {
        &self.files
    }

    /// What is in use, and what comes in its place.
    pub(super) fn subscribe(&self) -> watch::Receiver<Arc<Loaded>> {
        self.loaded.subscribe()
    }
}

impl Loaded {
    fn read(files: &TlsFiles) -> Result<Loaded, TlsError> {
        let contents = Contents::read(files)?;
        let TlsFiles { cert, key, clients } = files;
        let chain: Vec<CertificateDer<'static>> = parse_pem("a certificate", cert, &contents.cert)?;
        let private_key = PrivateKeyDer::from_pem_slice(&contents.key).map_err(|source| TlsError::Pem {
            what: "a private key",
            path: key.into(),
            source,
        })?;
        let Own {
            names,
            not_before,
            not_after,
        } = Own::of(&chain[0]).map_err(|source| TlsError::Certificate {
            path: cert.into(),
            source,
        })?;

        // The provider is passed, never the process's default: rustls panics if two crates brought one each.
        let verifier = clients.as_ref().zip(contents.clients.as_ref());
        let verifier = verifier
            .map(|(clients, contents)| client_ca::verifier(clients, contents))
            .transpose()?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map(|builder| match verifier.clone() {
                None => builder.with_no_client_auth(),
                Some(verifier) => builder.with_client_cert_verifier(verifier),
            })
            .and_then(|builder| builder.with_single_cert(chain, private_key));
        let mut config = config.map_err(|source| TlsError::Pair {
            cert: cert.into(),
            key: key.into(),
            source,
        })?;
        if verifier.is_some() {
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Loaded {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            clients: verifier,
            names,
            not_before,
            not_after,
            hashes: contents.hashes(),
            fingerprint: contents.fingerprint(),
        })
    }

    /// The names for which the certificate was made.
    pub fn names(&self) -> &[CertifiedName] {
        &self.names
    }

    /// When the certificate ends to be in force, in seconds since 1970.
    pub fn not_after(&self) -> i64 {
        self.not_after
    }

    /// SHA-256 in hex of what was read, by the name of the field of the configuration. The private key has none.
    pub fn hashes(&self) -> &BTreeMap<&'static str, String> {
        &self.hashes
    }

    pub(super) fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }

    /// Whether a client that has shown this chain, its own certificate first, would be let in at `now`.
    pub(super) fn accepts(&self, chain: &[CertificateDer<'static>], now: UnixTime) -> bool {
        match (&self.clients, chain.split_first()) {
            (Some(clients), Some((own, others))) => clients.verify_client_cert(own, others, now).is_ok(),
            (None, _) | (_, None) => true,
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded")
            .field("names", &self.names)
            .field("hashes", &self.hashes)
            .finish_non_exhaustive()
    }
}

/// Shakes hands with a client. One that is refused hears why: who closes while there is something left to read, as the first request of a
/// client that has finished before its certificate is judged, takes back what it has sent.
pub(super) async fn accept<IO>(acceptor: &TlsAcceptor, stream: IO) -> io::Result<TlsStream<IO>>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let (error, mut stream) = match acceptor.accept(stream).into_fallible().await {
        Ok(accepted) => return Ok(accepted),
        Err(refused) => refused,
    };
    let heard = async {
        stream.shutdown().await?;
        io::copy(&mut stream.take(UNHEARD_BYTES_MAX), &mut io::sink()).await
    };
    let _heard_or_not = timeout(UNHEARD_TIME, heard).await;
    Err(error)
}

/// All that a PEM file has of a kind, which must be something.
pub(super) fn parse_pem<T: PemObject>(what: &'static str, path: &Path, content: &[u8]) -> Result<Vec<T>, TlsError> {
    T::pem_slice_iter(content)
        .collect::<Result<Vec<_>, _>>()
        .and_then(|items| match items.is_empty() {
            true => Err(rustls_pki_types::pem::Error::NoItemsFound),
            false => Ok(items),
        })
        .map_err(|source| TlsError::Pem {
            what,
            path: path.into(),
            source,
        })
}

/// What the service's own certificate says.
struct Own {
    /// The subject alternative names that can be a host. The subject's common name is not one (RFC 9525, 2).
    names: Vec<CertifiedName>,
    not_before: i64,
    not_after: i64,
}

impl Own {
    fn of(certificate: &CertificateDer<'_>) -> Result<Own, x509_parser::error::X509Error> {
        let (_rest, certificate) = x509_parser::parse_x509_certificate(certificate).map_err(|error| match error {
            x509_parser::nom::Err::Error(error) | x509_parser::nom::Err::Failure(error) => error,
            x509_parser::nom::Err::Incomplete(_) => x509_parser::error::X509Error::InvalidCertificate,
        })?;
        let alternatives = certificate.subject_alternative_name()?;
        let alternatives = alternatives.iter().flat_map(|extension| &extension.value.general_names);
        let names = alternatives.filter_map(|name| match name {
            GeneralName::DNSName(name) => CertifiedName::dns(name),
            GeneralName::IPAddress(bytes) => CertifiedName::address(bytes),
            _ => None,
        });
        Ok(Own {
            names: names.collect(),
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
        })
    }
}

fn utc(second: i64) -> String {
    Timestamp::from_second(second).map_or_else(|_| second.to_string(), |time| time.to_string())
}

/// Long enough for an alert to cross the world, short enough that nobody holds a connection by being refused.
const UNHEARD_TIME: Duration = Duration::from_secs(1);
/// The preface and the first requests of a client that does not know yet.
const UNHEARD_BYTES_MAX: u64 = 64 << 10;
