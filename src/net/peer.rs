//! The certificate that a client has shown, once the handshake has verified it.

use std::fmt;

use jiff::Timestamp;
use rustls::ServerConnection;
use rustls_pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use x509_parser::extensions::GeneralName;

/// A client's own certificate. That there is one means that a handshake verified it: that an authority in `client_ca` vouches for it, that
/// it was in force, that it is for clients and not revoked, and that the client has its key. Handlers find it as
/// `Arc<PeerCertificate>` among the extensions of each request on the connection.
///
/// It was in force when the connection began, which is an hour ago at most, or as long as a stream on it runs: [`Self::not_after`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    sans: Vec<San>,
    sha256: [u8; 32],
    not_after: Timestamp,
    serial: Vec<u8>,
}

/// A subject alternative name (RFC 5280, section 4.2.1.6): printable ASCII without spaces, and otherwise as it stands in the certificate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum San {
    /// A URI, such as `spiffe://example.com/ci/deploy`.
    Uri(String),
    /// A host name, in lower case. A `*` in it is one character like others.
    Dns(String),
    /// A mail address.
    Email(String),
}

/// The client's fault, or that of its authority: a certificate that is vouched for and that we cannot go by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPeer {
    /// It cannot be read, which the check of its chain did not mind.
    #[error("the client's certificate cannot be read: {0}")]
    Unreadable(String),
    /// A name that could be taken for another one where it is shown.
    #[error("a name in the client's certificate has other characters than printable ASCII: {name:?}")]
    Name {
        /// The name.
        name: String,
    },
    /// More names than anybody has.
    #[error("the client's certificate has {count} names, and may have {SANS_MAX}")]
    TooMany {
        /// How many there are.
        count: usize,
    },
}

impl PeerCertificate {
    /// What the client of a finished handshake has shown, if anything. Parses it: once a connection.
    pub(super) fn of(connection: &ServerConnection) -> Result<Option<PeerCertificate>, BadPeer> {
        let leaf = connection.peer_certificates().and_then(|chain| chain.first());
        leaf.map(PeerCertificate::parse).transpose()
    }

    fn parse(der: &CertificateDer<'_>) -> Result<PeerCertificate, BadPeer> {
        let unreadable = |error: &dyn fmt::Display| BadPeer::Unreadable(error.to_string());
        let (_rest, certificate) = x509_parser::parse_x509_certificate(der).map_err(|error| unreadable(&error))?;
        let names = certificate.subject_alternative_name();
        let names = names.map_err(|error| unreadable(&error))?;
        let names = names.map_or(&[][..], |names| names.value.general_names.as_slice());
        if names.len() > SANS_MAX {
            return Err(BadPeer::TooMany { count: names.len() });
        }
        let sans: Result<Vec<Option<San>>, BadPeer> = names.iter().map(San::of).collect();
        let not_after = certificate.validity().not_after.timestamp();
        Ok(PeerCertificate {
            sans: sans?.into_iter().flatten().collect(),
            sha256: Sha256::digest(der).into(),
            not_after: Timestamp::from_second(not_after).map_err(|error| unreadable(&error))?,
            serial: certificate.raw_serial().to_vec(),
        })
    }

    /// One that no handshake has verified, for tests of what follows from names.
    #[cfg(test)]
    pub(crate) fn unverified(sans: Vec<San>, not_after: Timestamp) -> PeerCertificate {
        PeerCertificate {
            sans,
            sha256: [7; 32],
            not_after,
            serial: vec![7],
        }
    }

    /// Its names, in the order of the certificate. The subject's common name is not one, and of other kinds than [`San`] knows none is
    /// told.
    pub fn sans(&self) -> &[San] {
        &self.sans
    }

    /// The SHA-256 of the certificate as it was sent (DER): what `openssl x509 -fingerprint -sha256` prints.
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// When it ends to be in force.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// The number that its authority gave it, in hex digits.
    pub fn serial(&self) -> String {
        self.serial.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl San {
    /// The name, if it is of a kind that can stand for somebody.
    fn of(name: &GeneralName<'_>) -> Result<Option<San>, BadPeer> {
        Ok(match name {
            GeneralName::URI(name) => Some(San::Uri(printable(name)?)),
            GeneralName::DNSName(name) => Some(San::Dns(printable(name)?.to_ascii_lowercase())),
            GeneralName::RFC822Name(name) => Some(San::Email(printable(name)?)),
            GeneralName::Invalid(..) => return Err(BadPeer::Unreadable("a name is not as names are".to_owned())),
            _ => None,
        })
    }

    /// The name without its kind.
    pub fn as_str(&self) -> &str {
        match self {
            San::Uri(name) | San::Dns(name) | San::Email(name) => name,
        }
    }
}

impl fmt::Display for San {
    /// With its kind in front, as OpenSSL writes it: `URI:…`, `DNS:…`, `email:…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            San::Uri(_) => "URI",
            San::Dns(_) => "DNS",
            San::Email(_) => "email",
        };
        write!(f, "{kind}:{}", self.as_str())
    }
}

fn printable(name: &str) -> Result<String, BadPeer> {
    match !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(name.to_owned()),
        false => Err(BadPeer::Name { name: name.to_owned() }),
    }
}

/// A certificate for a person or a job has one to three.
const SANS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SanType, SerialNumber, string::Ia5String};

    use super::*;

    fn parse(names: Vec<SanType>) -> Result<PeerCertificate, BadPeer> {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names = names;
        params.serial_number = Some(SerialNumber::from(vec![0x0a, 0xff]));
        params.not_after = rcgen::date_time_ymd(2031, 2, 3);
        PeerCertificate::parse(params.self_signed(&KeyPair::generate().unwrap()).unwrap().der())
    }

    fn text(name: &str) -> Ia5String {
        name.try_into().unwrap()
    }

    #[test]
    fn names_are_told_by_kind_and_as_they_are() {
        let peer = parse(vec![
            SanType::URI(text("spiffe://example.com/ci/Deploy")),
            SanType::DnsName(text("*.CI.example.com")),
            SanType::IpAddress([10, 0, 0, 1].into()),
            SanType::Rfc822Name(text("Ada@example.com")),
        ])
        .unwrap();
        let sans: Vec<String> = peer.sans().iter().map(San::to_string).collect();
        assert_eq!(
            sans,
            [
                "URI:spiffe://example.com/ci/Deploy",
                "DNS:*.ci.example.com",
                "email:Ada@example.com"
            ]
        );
        assert_eq!(peer.serial(), "0aff");
        assert_eq!(peer.not_after().to_string(), "2031-02-03T00:00:00Z");
        assert_eq!(parse(Vec::new()).unwrap().sans(), []);
    }

    #[test]
    fn names_that_could_pass_for_others_are_refused() {
        for name in [
            "spiffe://example.com/a\0b",
            "spiffe://example.com/a b",
            "a\n",
            "\u{1b}[2J",
            "",
        ] {
            let refused = parse(vec![SanType::URI(text(name))]).unwrap_err();
            assert_eq!(refused, BadPeer::Name { name: name.to_owned() });
        }
        let many = vec![SanType::DnsName(text("a.example.com")); SANS_MAX + 1];
        assert_eq!(parse(many), Err(BadPeer::TooMany { count: SANS_MAX + 1 }));
    }

    #[test]
    fn a_certificate_for_tests_is_what_it_is_made_of() {
        let sans = vec![San::Uri("spiffe://example.com/ci".to_owned())];
        let peer = PeerCertificate::unverified(sans.clone(), Timestamp::UNIX_EPOCH);
        assert_eq!((peer.sans(), peer.not_after()), (&sans[..], Timestamp::UNIX_EPOCH));
    }
}
