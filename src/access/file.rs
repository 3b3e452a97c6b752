//! `access.toml`: who may do what beside those who have tokens, and how much.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use indelible_access::oidc::Issuers;
use indelible_access::{Grant, Rate};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::record::AuditLog;

/// What is configured about access. The defaults hold without a file.
#[derive(Clone, Debug, Default)]
pub struct AccessFile {
    /// Whether everybody may read tiles and bundles.
    pub tiles_public: bool,
    /// What needs the approval of a second principal.
    pub four_eyes: FourEyes,
    /// What one principal may ask for, unless `limit` says otherwise.
    pub limits: Limits,
    /// The same, for some.
    pub own_limits: Vec<(String, Limits)>,
    /// Whose certificates have which roles.
    pub certificates: Vec<CertificateRule>,
    /// The log that gets copies of the record of this one.
    pub audit_log: Option<AuditLog>,
    /// Whose identity tokens are believed, and what they grant.
    pub issuers: Issuers<Grant>,
    /// SHA-256 of the file in hex; of nothing if there is none.
    pub sha256: String,
}

/// What needs the approval of a second principal.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FourEyes {
    /// Erasing.
    pub erasure: bool,
    /// Making a token of the role admin.
    pub admin_tokens: bool,
    /// Changing the log's key.
    pub key_rotation: bool,
    /// How long a request waits.
    pub expires_minutes: u32,
}

/// A name in a certificate, and what whoever has it may do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateRule {
    /// A subject alternative name, whole: `spiffe://…`, a DNS name or an address of e-mail.
    pub san: String,
    /// What it may do.
    pub grants: Vec<Grant>,
}

/// What one principal may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests; `None` is without limit.
    pub requests: Option<Rate>,
    /// Bytes of requests; `None` is without limit.
    pub bytes: Option<Rate>,
    /// Requests at a time.
    pub in_flight: usize,
}

/// Why the file cannot be used. The operator's fault.
#[derive(Debug, thiserror::Error)]
pub enum AccessFileError {
    /// It cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// It is not what it should be.
    #[error("{}: {error}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        error: toml::de::Error,
    },
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Text {
    tiles: Tiles,
    four_eyes: FourEyes,
    limits: LimitsText,
    limit: Vec<OwnLimits>,
    certificate: Vec<CertificateRule>,
    issuer: Issuers<Grant>,
    audit_log: Option<AuditLog>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Tiles {
    #[default]
    Monitor,
    Public,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LimitsText {
    requests_per_second: Option<u64>,
    requests_at_once: Option<u64>,
    kib_per_second: Option<u64>,
    kib_at_once: Option<u64>,
    in_flight: Option<usize>,
}

/// The same for one. Written out, as serde knows no unknown keys where one structure is flattened into another.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnLimits {
    subject: String,
    requests_per_second: Option<u64>,
    requests_at_once: Option<u64>,
    kib_per_second: Option<u64>,
    kib_at_once: Option<u64>,
    in_flight: Option<usize>,
}

impl Default for FourEyes {
    fn default() -> FourEyes {
        FourEyes {
            erasure: false,
            admin_tokens: false,
            key_rotation: false,
            expires_minutes: 60,
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            requests: None,
            bytes: None,
            in_flight: IN_FLIGHT_MAX,
        }
    }
}

impl OwnLimits {
    fn limits(&self) -> LimitsText {
        LimitsText {
            requests_per_second: self.requests_per_second,
            requests_at_once: self.requests_at_once,
            kib_per_second: self.kib_per_second,
            kib_at_once: self.kib_at_once,
            in_flight: self.in_flight,
        }
    }
}

impl LimitsText {
    /// What is not said stays as it is in `otherwise`.
    fn over(self, otherwise: Limits) -> Limits {
        let rate = |per_second: Option<u64>, burst: Option<u64>, unit: u64, otherwise: Option<Rate>| {
            let said = per_second.map(|per_second| Rate {
                per_second: per_second.saturating_mul(unit),
                burst: per_second.saturating_mul(unit).max(1),
            });
            said.or(otherwise).map(|rate| Rate {
                burst: burst.map_or(rate.burst, |burst| burst.saturating_mul(unit).max(1)),
                ..rate
            })
        };
        Limits {
            requests: rate(self.requests_per_second, self.requests_at_once, 1, otherwise.requests),
            bytes: rate(self.kib_per_second, self.kib_at_once, 1 << 10, otherwise.bytes),
            in_flight: self.in_flight.unwrap_or(otherwise.in_flight),
        }
    }
}

impl AccessFile {
    /// Reads the file; the defaults if there is none.
    ///
    /// # Errors
    ///
    /// See [`AccessFileError`].
    pub fn load(path: &Path) -> Result<AccessFile, AccessFileError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                let path = path.to_owned();
                return Err(AccessFileError::Io { path, error });
            }
        };
        AccessFile::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<AccessFile, AccessFileError> {
        let read: Text = toml::from_str(text).map_err(|error| AccessFileError::Malformed {
            path: path.to_owned(),
            error,
        })?;
        let limits = read.limits.over(Limits::default());
        let own = read.limit.into_iter();
        Ok(AccessFile {
            tiles_public: matches!(read.tiles, Tiles::Public),
            four_eyes: read.four_eyes,
            limits,
            own_limits: own
                .map(|one| (one.subject.clone(), one.limits().over(limits)))
                .collect(),
            certificates: read.certificate,
            issuers: read.issuer,
            audit_log: read.audit_log,
            sha256: data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes())),
        })
    }

    /// The limits of one principal.
    pub(super) fn limits_of(&self, subject: &str) -> Limits {
        let own = self.own_limits.iter().find(|(name, _)| name == subject);
        own.map_or(self.limits, |(_, limits)| *limits)
    }
}

/// As many streams as four connections have.
const IN_FLIGHT_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<AccessFile, AccessFileError> {
        AccessFile::parse(text, Path::new("access.toml"))
    }

    #[test]
    fn what_is_said_is_taken_and_the_rest_is_the_default() {
        let file = parse(
            r#"
            tiles = "public"
            [four_eyes]
            erasure = true
            [limits]
            requests_per_second = 100
            [[limit]]
            subject = "token/bulk/00"
            kib_per_second = 10
            [[limit]]
            subject = "token/patient/00"
            requests_at_once = 7
            [[certificate]]
            san = "spiffe://ci.example/deploy"
            grants = [{ role = "submitter", scope = { sources = ["deploy"] } }]
            "#,
        )
        .unwrap();
        assert!(file.tiles_public && file.four_eyes.erasure && !file.four_eyes.admin_tokens);
        let bulk = file.limits_of("token/bulk/00");
        assert_eq!(bulk.requests.unwrap().per_second, 100);
        assert_eq!(bulk.bytes.unwrap().burst, 10 << 10);
        assert!(file.limits_of("token/other/00").bytes.is_none());
        let patient = Rate {
            per_second: 100,
            burst: 7,
        };
        assert_eq!(file.limits_of("token/patient/00").requests, Some(patient));
        assert_eq!(file.certificates[0].grants[0].role.as_str(), "submitter");
    }

    #[test]
    fn what_is_not_known_is_an_error_that_names_it() {
        for (text, word) in [
            ("tile = 1", "tile"),
            ("[four_eyes]\nerasures = true", "erasures"),
            ("[limits]\nrequests_per_minute = 1", "requests_per_minute"),
            (
                "[[limit]]\nsubject = \"x\"\nrequests_per_minute = 1",
                "requests_per_minute",
            ),
            ("[[certificate]]\nsan = \"x\"\ngrants = [{ role = \"root\" }]", "root"),
            (
                "[[certificate]]\nsan = \"x\"\ngrants = [{ role = \"reader\", scope = { sources = [] } }]",
                "empty",
            ),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(word) && error.contains("access.toml"), "{error}");
        }
    }
}
