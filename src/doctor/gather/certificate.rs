//! The certificate, as its file has it.

use std::error::Error;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::parse_x509_certificate;
use x509_parser::prelude::X509Certificate;

use super::super::facts::Certificate;
use super::files::mode;
use crate::config::TlsFiles;
use crate::net::Tls;
use crate::net::host::{Authority, KnownHosts};

pub(super) fn of(files: &TlsFiles, hosts: &[Authority]) -> Result<Certificate, String> {
    read(files, hosts).map_err(|error| error.to_string())
}

fn read(files: &TlsFiles, hosts: &[Authority]) -> Result<Certificate, Box<dyn Error>> {
    // As the service reads it: certificate and key belong together, and clients can be judged.
    let tls = Tls::configured(files)?.current();
    let chain = CertificateDer::pem_file_iter(&files.cert)?.collect::<Result<Vec<_>, _>>()?;
    let chain: Vec<X509Certificate<'_>> = chain
        .iter()
        .map(|der| parse_x509_certificate(der).map(|(_, certificate)| certificate))
        .collect::<Result<_, _>>()?;
    let made_by = |one: &X509Certificate<'_>, maker: &X509Certificate<'_>| {
        one.issuer() == maker.subject() && one.verify_signature(Some(maker.public_key())).is_ok()
    };
    let known = KnownHosts::new(&[], tls.names());
    let uncovered = hosts.iter().filter(|host| !known.knows(host, None));
    Ok(Certificate {
        terms: chain
            .iter()
            .map(|one| {
                (
                    one.validity().not_before.timestamp(),
                    one.validity().not_after.timestamp(),
                )
            })
            .collect(),
        in_order: chain.windows(2).all(|pair| made_by(&pair[0], &pair[1])),
        self_signed: chain.last().is_some_and(|last| made_by(last, last)),
        names: tls.names().len(),
        uncovered: uncovered.map(Authority::to_string).collect(),
        key_mode: mode(&files.key).unwrap_or(0),
    })
}
