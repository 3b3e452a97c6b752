//! A certificate by which a client shows itself in the handshake of TLS.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::ring;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use super::CredentialError;
use super::file::Version;

/// A certificate with its private key, for mutual TLS. `Debug` shows neither; the PEM of the key is overwritten in memory when the last
/// clone is dropped.
///
/// One that is read from files is read again when they have changed, as those are replaced that live for some hours only. Requests over
/// HTTP show the newest in each handshake; gRPC shows the one that was there when its connection was asked for.
#[derive(Clone)]
pub struct ClientCertificate(Arc<Shown>);

struct Shown {
    now: Mutex<Now>,
    files: Option<Files>,
}

/// What is shown, and of which files it was read.
struct Now {
    pem: Arc<Pem>,
    key: Arc<CertifiedKey>,
    of: Versions,
}

type Versions = Option<(Version, Version)>;

struct Files {
    chain: PathBuf,
    key: PathBuf,
}

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
        let now = Now::of(Pem { chain, key }, None)?;
        Ok(ClientCertificate(Arc::new(Shown {
            now: Mutex::new(now),
            files: None,
        })))
    }

    /// The same of two files. What comes in their place later is taken up if it can be used; if not, what was there before is shown.
    ///
    /// # Errors
    /// If they cannot be read, have more than 1 MiB, or are no such things.
    pub fn of_files(chain: &Path, key: &Path) -> Result<ClientCertificate, CredentialError> {
        let files = Files {
            chain: chain.to_owned(),
            key: key.to_owned(),
        };
        let now = Mutex::new(files.read()?);
        Ok(ClientCertificate(Arc::new(Shown {
            now,
            files: Some(files),
        })))
    }

    /// For rustls, which asks in each handshake.
    pub(crate) fn resolver(&self) -> Arc<dyn ResolvesClientCert> {
        Arc::new(Resolver(self.clone()))
    }

    /// For tonic, which parses it again.
    pub(crate) fn identity(&self) -> tonic::transport::Identity {
        let pem = self.0.newest(|now| now.pem.clone());
        tonic::transport::Identity::from_pem(&pem.chain, pem.key.as_slice())
    }
}

impl Shown {
    /// Of what is shown now. A look at the files costs two calls of the system.
    fn newest<T>(&self, take: impl FnOnce(&Now) -> T) -> T {
        let mut now = self.now.lock().expect("nobody panics while holding this lock");
        if let Some(files) = &self.files {
            let there = files.versions();
            // Who replaces two files has replaced only one for an instant: then they do not belong together, and the next look is soon.
            if now.of.is_some()
                && now.of != there
                && let Ok(new) = files.read()
            {
                *now = new;
            }
        }
        take(&now)
    }
}

impl Files {
    fn read(&self) -> Result<Now, CredentialError> {
        // Before the content: of a file that changes in between, the change is seen the next time.
        let of = self.versions();
        let pem = Pem {
            chain: read(&self.chain)?,
            key: Zeroizing::new(read(&self.key)?),
        };
        Now::of(pem, of).map_err(|error| CredentialError::Certificate {
            reason: format!("{} and {}: {error}", self.chain.display(), self.key.display()),
        })
    }

    fn versions(&self) -> Versions {
        let version = |path: &Path| std::fs::metadata(path).ok().as_ref().and_then(Version::of);
        version(&self.chain).zip(version(&self.key))
    }
}

impl Now {
    fn of(pem: Pem, of: Versions) -> Result<Now, CredentialError> {
        let (certificates, key) = pem.parsed()?;
        let key = CertifiedKey::from_der(certificates, key, &ring::default_provider());
        Ok(Now {
            key: Arc::new(key.map_err(|error| wrong(&error))?),
            pem: Arc::new(pem),
            of,
        })
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

#[derive(Debug)]
struct Resolver(ClientCertificate);

impl ResolvesClientCert for Resolver {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let key = self.0.0.newest(|now| now.key.clone());
        // A key that cannot sign in any of these ways is as good as none.
        key.key.choose_scheme(schemes).is_some().then_some(key)
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CredentialError> {
    let failed = |error: io::Error| CredentialError::File {
        path: path.display().to_string(),
        kind: error.kind(),
        reason: error.to_string(),
    };
    let file = File::open(path).map_err(failed)?;
    // Not grown while it is read, which would leave copies of a key behind.
    let bytes = file.metadata().map_err(failed)?.len().min(FILE_BYTES_MAX);
    let mut content = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0) + 1);
    file.take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut content)
        .map_err(failed)?;
    match content.len() as u64 > FILE_BYTES_MAX {
        true => Err(failed(io::Error::other("it is too long for a certificate or its key"))),
        false => Ok(content),
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

/// A chain of certificates has some KiB.
const FILE_BYTES_MAX: u64 = 1 << 20;

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

    #[test]
    fn files_that_are_replaced_are_read_again_and_broken_ones_are_not_taken_up() {
        let folder = std::env::temp_dir().join(format!("indelible-certificate-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (chain, key) = (folder.join("chain.pem"), folder.join("key.pem"));
        let put = |made: &rcgen::CertifiedKey<rcgen::KeyPair>| {
            std::fs::write(&chain, made.cert.pem()).unwrap();
            std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        };
        let make = |name: &str| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let (first, second) = (make("first"), make("second.example"));
        put(&first);
        let shown = ClientCertificate::of_files(&chain, &key).unwrap();
        let leaf = || shown.0.newest(|now| now.key.cert[0].clone());
        assert_eq!(leaf(), *first.cert.der());
        std::fs::write(&chain, second.cert.pem()).unwrap();
        assert_eq!(leaf(), *first.cert.der(), "its key is not there yet");
        put(&second);
        assert_eq!(leaf(), *second.cert.der());
        std::fs::write(&key, "").unwrap();
        assert_eq!(leaf(), *second.cert.der());
        assert!(ClientCertificate::of_files(&chain, &key).is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
