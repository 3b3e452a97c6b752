//! TLS: a certificate with its key, offered for HTTP/2 and HTTP/1.1.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{NoServerSessionStorage, VerifierBuilderError};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use x509_parser::extensions::GeneralName;

use super::client_ca;
use super::host::CertifiedName;
use crate::config::{ClientCa, TlsFiles};

/// What a listener needs to speak TLS 1.2 and 1.3.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    names: Vec<CertifiedName>,
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
    ///
    /// Both are read once: a renewed certificate is taken up by a restart.
    pub fn load(cert: &Path, key: &Path) -> Result<Tls, TlsError> {
        Tls::read(cert, key, None)
    }

    /// The same by a configuration, which may ask clients for certificates. All of its files are read once.
    ///
    /// A connection of a client with a certificate is verified when it begins. None is resumed, since that would not look at the
    /// certificate again: it may have expired meanwhile, or been revoked.
    pub fn configured(files: &TlsFiles) -> Result<Tls, TlsError> {
        Tls::read(&files.cert, &files.key, files.clients.as_ref())
    }

    fn read(cert: &Path, key: &Path, clients: Option<&ClientCa>) -> Result<Tls, TlsError> {
        let chain: Vec<CertificateDer<'static>> = read_pem("a certificate", cert)?;
        let private_key = PrivateKeyDer::from_pem_file(key).map_err(|source| TlsError::Pem {
            what: "a private key",
            path: key.into(),
            source,
        })?;
        let names = names(&chain[0]).map_err(|source| TlsError::Certificate {
            path: cert.into(),
            source,
        })?;

        // The provider is passed, never the process's default: rustls panics if two crates brought one each.
        let verifier = clients.map(client_ca::verifier).transpose()?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map(|builder| match verifier {
                None => builder.with_no_client_auth(),
                Some(verifier) => builder.with_client_cert_verifier(verifier),
            })
            .and_then(|builder| builder.with_single_cert(chain, private_key));
        let mut config = config.map_err(|source| TlsError::Pair {
            cert: cert.into(),
            key: key.into(),
            source,
        })?;
        if clients.is_some() {
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Tls {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            names,
        })
    }

    /// The names for which the certificate was made.
    pub fn names(&self) -> &[CertifiedName] {
        &self.names
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("names", &self.names)
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
pub(super) fn read_pem<T: PemObject>(what: &'static str, path: &Path) -> Result<Vec<T>, TlsError> {
    T::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
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

/// The subject alternative names that can be a host. The subject's common name is not one (RFC 9525, 2).
fn names(certificate: &CertificateDer<'_>) -> Result<Vec<CertifiedName>, x509_parser::error::X509Error> {
    let (_rest, certificate) = x509_parser::parse_x509_certificate(certificate).map_err(|error| match error {
        x509_parser::nom::Err::Error(error) | x509_parser::nom::Err::Failure(error) => error,
        x509_parser::nom::Err::Incomplete(_) => x509_parser::error::X509Error::InvalidCertificate,
    })?;
    let alternatives = certificate.subject_alternative_name()?;
    let alternatives = alternatives.iter().flat_map(|extension| &extension.value.general_names);
    Ok(alternatives
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => CertifiedName::dns(name),
            GeneralName::IPAddress(bytes) => CertifiedName::address(bytes),
            _ => None,
        })
        .collect())
}

/// Long enough for an alert to cross the world, short enough that nobody holds a connection by being refused.
const UNHEARD_TIME: Duration = Duration::from_secs(1);
/// The preface and the first requests of a client that does not know yet.
const UNHEARD_BYTES_MAX: u64 = 64 << 10;
