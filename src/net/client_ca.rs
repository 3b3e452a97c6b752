//! Who may vouch for clients, and whom it has revoked.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};

use super::tls::{TlsError, parse_pem};
use super::tls_files::ClientContents;
use crate::config::ClientCa;

/// What checks the certificates of clients. A certificate that is shown must hold, required or not: chain, time, that it is for clients,
/// and, if there are lists of revoked certificates, that one of them speaks for each authority of the chain and does not name it.
///
/// A list that is older than it wants to be is used all the same: the alternative is that nobody is let in when a file is not renewed.
pub(super) fn verifier(clients: &ClientCa, contents: &ClientContents) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let authorities: Vec<CertificateDer<'static>> = parse_pem("a certificate", &clients.ca, &contents.ca)?;
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority).map_err(|source| TlsError::ClientCa {
            path: clients.ca.clone(),
            source,
        })?;
    }
    let provider = Arc::new(ring::default_provider());
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = match clients.crl.as_ref().zip(contents.crl.as_ref()) {
        None => builder,
        Some((path, pem)) => builder.with_crls(parse_pem::<CertificateRevocationListDer<'static>>(
            "a list of revoked certificates",
            path,
            pem,
        )?),
    };
    let builder = match clients.required {
        true => builder,
        false => builder.allow_unauthenticated(),
    };
    builder.build().map_err(|source| TlsError::Clients {
        path: clients.crl.as_ref().unwrap_or(&clients.ca).clone(),
        source,
    })
}
