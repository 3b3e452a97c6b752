//! A certificate by which a client shows itself in the handshake of TLS.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use super::CredentialError;

/// A certificate with its private key, for mutual TLS. `Debug` shows neither; the PEM of the key is overwritten in memory when the last
/// clone is dropped.
#[derive(Clone)]
pub struct ClientCertificate(Arc<Pem>);

struct Pem {
    chain: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl ClientCertificate {
    /// Takes a chain in PEM, the client's own certificate first, and its private key in PEM (PKCS#8, PKCS#1 or SEC1).
    ///
    /// # Errors
    /// If one of them is no such thing, or they do not belong together.
    pub fn from_pem(chain: Vec<u8>, key: Zeroizing<Vec<u8>>) -> Result<ClientCertificate, CredentialError> {
        let pem = Pem { chain, key };
        let (certificates, key) = pem.parsed()?;
        CertifiedKey::from_der(certificates, key, &ring::default_provider()).map_err(|error| wrong(&error))?;
        Ok(ClientCertificate(Arc::new(pem)))
    }

    /// For rustls.
    pub(crate) fn parsed(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), CredentialError> {
        self.0.parsed()
    }

    /// For tonic, which parses it again.
    pub(crate) fn identity(&self) -> tonic::transport::Identity {
        tonic::transport::Identity::from_pem(&self.0.chain, self.0.key.as_slice())
    }
}

impl Pem {
    fn parsed(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), CredentialError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.chain).collect();
        let chain = chain.map_err(|error| CredentialError::Certificate {
            reason: format!("the certificate: {error}"),
        })?;
        if chain.is_empty() {
            return Err(wrong(&"there is no certificate in it"));
        }
        // What the parser says of a key could cite it.
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| wrong(&"there is no private key in PEM"))?;
        Ok((chain, key))
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate(..)")
    }
}

fn wrong(reason: &dyn fmt::Display) -> CredentialError {
    CredentialError::Certificate {
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificate_and_key_must_be_such_and_belong_together() {
        let make = || rcgen::generate_simple_self_signed(["ci".to_owned()]).unwrap();
        let (ours, other) = (make(), make());
        let key = |made: &rcgen::CertifiedKey<rcgen::KeyPair>| made.signing_key.serialize_pem();
        let take = |chain: &str, key: &str| ClientCertificate::from_pem(chain.into(), Zeroizing::new(key.into()));
        let made = take(&ours.cert.pem(), &key(&ours)).unwrap();
        assert_eq!(format!("{made:?}"), "ClientCertificate(..)");
        for (chain, key) in [
            (ours.cert.pem(), key(&other)),
            (ours.cert.pem(), String::new()),
            (ours.cert.pem(), ours.cert.pem()),
            (String::new(), key(&ours)),
            (key(&ours), key(&ours)),
        ] {
            let error = take(&chain, &key).unwrap_err();
            assert!(matches!(error, CredentialError::Certificate { .. }), "{error}");
            assert!(!format!("{error} {error:?}").contains("PRIVATE KEY"), "{error}");
        }
    }
}
