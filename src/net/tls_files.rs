//! The files of TLS as they lie on the disk: what is in them, and whether they are others than before.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use data_encoding::HEXLOWER;
use rustls_pki_types::pem;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::tls::TlsError;
use crate::config::TlsFiles;

/// All of them, each read once: what is parsed is what was hashed.
pub(super) struct Contents {
    pub(super) cert: Vec<u8>,
    pub(super) key: Zeroizing<Vec<u8>>,
    pub(super) clients: Option<ClientContents>,
}

/// Those that clients are judged by.
pub(super) struct ClientContents {
    pub(super) ca: Vec<u8>,
    pub(super) crl: Option<Vec<u8>>,
}

/// What tells files from those that were there before: time of the last change, length and number of each; nothing of one that is not
/// there. Links are followed, so that a link which is turned elsewhere is seen, as Kubernetes does with what it mounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp(Vec<Option<OfFile>>);

/// Times are in seconds and nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OfFile {
    modified: (i64, i64),
    changed: (i64, i64),
    bytes: u64,
    number: u64,
}

impl Contents {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// If one cannot be read, or is longer than any should be.
    pub(super) fn read(files: &TlsFiles) -> Result<Contents, TlsError> {
        let clients = |clients: &crate::config::ClientCa| {
            let crl = clients.crl.as_deref();
            Ok::<_, TlsError>(ClientContents {
                ca: read("a certificate", &clients.ca)?,
                crl: crl.map(|crl| read("a list of revoked certificates", crl)).transpose()?,
            })
        };
        Ok(Contents {
            cert: read("a certificate", &files.cert)?,
            key: Zeroizing::new(read("a private key", &files.key)?),
            clients: files.clients.as_ref().map(clients).transpose()?,
        })
    }

    /// SHA-256 of each file in hex, by the name of its field in the configuration. Not of the key: nobody who reads the record has a use
    /// for it.
    pub(super) fn hashes(&self) -> BTreeMap<&'static str, String> {
        let clients = self.clients.as_ref();
        let all = [
            ("tls_cert", Some(&self.cert)),
            ("client_ca", clients.map(|clients| &clients.ca)),
            ("client_crl", clients.and_then(|clients| clients.crl.as_ref())),
        ];
        let hash = |bytes: &Vec<u8>| HEXLOWER.encode(&Sha256::digest(bytes));
        let there = all.into_iter().filter_map(|(name, bytes)| Some((name, hash(bytes?))));
        there.collect()
    }

    /// One hash of all, the key included.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        let mut all = Sha256::new();
        let clients = self.clients.as_ref();
        let (ca, crl) = (
            clients.map(|clients| clients.ca.as_slice()),
            clients.and_then(|clients| clients.crl.as_deref()),
        );
        for bytes in [Some(self.cert.as_slice()), Some(self.key.as_slice()), ca, crl] {
            all.update(Sha256::digest(bytes.unwrap_or_default()));
        }
        all.finalize().into()
    }
}

impl Stamp {
    /// Of the files as they are now.
    pub(super) fn of(files: &TlsFiles) -> Stamp {
        let clients = files.clients.as_ref();
        let all = [
            Some(files.cert.as_path()),
            Some(files.key.as_path()),
            clients.map(|clients| clients.ca.as_path()),
            clients.and_then(|clients| clients.crl.as_deref()),
        ];
        let one = |path: Option<&Path>| {
            let meta = fs::metadata(path?).ok()?;
            Some(OfFile {
                modified: (meta.mtime(), meta.mtime_nsec()),
                changed: (meta.ctime(), meta.ctime_nsec()),
                bytes: meta.len(),
                number: meta.ino(),
            })
        };
        Stamp(all.into_iter().map(one).collect())
    }
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    let read = || -> io::Result<Vec<u8>> {
        // Of the size that it has, so that a key is not copied while its buffer grows.
        let file = File::open(path)?;
        let bytes = usize::try_from(file.metadata()?.len()).unwrap_or(FILE_BYTES_MAX);
        let mut content = Vec::with_capacity(bytes.min(FILE_BYTES_MAX) + 1);
        file.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut content)?;
        match content.len() > FILE_BYTES_MAX {
            true => Err(io::Error::other(format!("it has more than {FILE_BYTES_MAX} bytes"))),
            false => Ok(content),
        }
    };
    read().map_err(|error| TlsError::Pem {
        what,
        path: path.into(),
        source: pem::Error::Io(error),
    })
}

/// The lists of a public authority have some 10 MB; 64 MiB are more than six of them.
const FILE_BYTES_MAX: usize = 64 << 20;
