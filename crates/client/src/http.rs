//! Plain HTTP requests to others: the witnesses of a log, and logs that are published as tiles.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// How to reach servers by plain HTTP. Nothing in here bears on what is believed of their answers.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// How long to wait for a connection. 5 s by default.
    pub connect_timeout: Duration,
    /// How long a whole request may take, its answer read to the end. 30 s by default.
    pub timeout: Duration,
    /// For https: the certificates, in PEM, of those who may vouch for a server. By default those that the system trusts.
    pub ca_certificates: Option<Vec<u8>>,
}

impl Default for HttpOptions {
    fn default() -> HttpOptions {
        HttpOptions {
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            ca_certificates: None,
        }
    }
}

/// Why no requests can be made.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The certificates that were given are none.
    #[error("the CA certificates cannot be read: {0}")]
    Certificates(String),
    /// TLS or the client cannot be set up.
    #[error("cannot set up HTTP: {0}")]
    Setup(String),
}

/// A client for requests to any number of servers. It follows no redirect: who answers is part of what was configured.
///
/// # Errors
///
/// If the certificates given are none.
pub fn http_client(options: &HttpOptions) -> Result<reqwest::Client, HttpError> {
    let setup = |error: &dyn std::error::Error| HttpError::Setup(error.to_string());
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| setup(&error))?
        .with_root_certificates(roots(options.ca_certificates.as_deref())?)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("indelible/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .connect_timeout(options.connect_timeout)
        .timeout(options.timeout)
        .build()
        .map_err(|error| setup(&error))
}

fn roots(pem: Option<&[u8]>) -> Result<RootCertStore, HttpError> {
    let mut roots = RootCertStore::empty();
    match pem {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| HttpError::Certificates(error.to_string()))?;
                roots
                    .add(certificate)
                    .map_err(|error| HttpError::Certificates(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(HttpError::Certificates("no certificate in it".to_owned()));
            }
        }
        // A system without any is one on which https fails later, with a word about the issuer; http needs none.
        None => {
            let _ = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_that_are_none_are_refused() {
        for pem in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let options = HttpOptions {
                ca_certificates: Some(pem.into()),
                ..HttpOptions::default()
            };
            assert!(matches!(http_client(&options), Err(HttpError::Certificates(_))));
        }
        http_client(&HttpOptions::default()).unwrap();
    }
}
