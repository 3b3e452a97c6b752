//! Reading from answers, and from their absence, that somebody is not let in.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::{Denied, Shown};

/// What a gRPC status says, if it is about that.
pub(crate) fn denied_by_status(status: &Status, shown: Shown) -> Option<Denied> {
    let words = status.message().to_owned();
    match status.code() {
        Code::ResourceExhausted => Some(Denied::TooMuch {
            words,
            after: retry_after(status),
        }),
        Code::Unauthenticated => Some(not_known(words, shown)),
        Code::PermissionDenied => Some(Denied::NotAllowed { shown, words }),
        _ => None,
    }
}

/// What an HTTP status says, if it is about that.
pub(crate) fn denied_by_http(status: StatusCode, headers: &HeaderMap, words: String, shown: Shown) -> Option<Denied> {
    match status {
        StatusCode::UNAUTHORIZED => Some(not_known(words, shown)),
        StatusCode::FORBIDDEN => Some(Denied::NotAllowed { shown, words }),
        StatusCode::TOO_MANY_REQUESTS => Some(Denied::TooMuch {
            words,
            after: headers.get(RETRY_AFTER).and_then(|after| seconds(after.to_str().ok()?)),
        }),
        _ => None,
    }
}

/// What the other side said before it closed the connection in the handshake, if it is about a certificate.
pub(crate) fn denied_by_tls(error: &(dyn Error + 'static), shown: Shown) -> Option<Denied> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(alert) = alert(error) {
            let about_certificates = ALERTS.contains(&alert.as_str());
            return about_certificates.then_some(Denied::Handshake { shown, alert });
        }
        cause = match error.downcast_ref::<io::Error>() {
            // Its own source is that of the error in it.
            Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    None
}

fn not_known(words: String, shown: Shown) -> Denied {
    match shown {
        Shown::NOTHING => Denied::NothingShown { words },
        shown => Denied::NotKnown { shown, words },
    }
}

/// By `google.rpc.RetryInfo`, or by the metadata of the same name as HTTP's.
fn retry_after(status: &Status) -> Option<Duration> {
    let info = status.get_details_retry_info().and_then(|info| info.retry_delay);
    info.or_else(|| seconds(status.metadata().get("retry-after")?.to_str().ok()?))
}

/// The other form, a date, is of use only to those whose clock is right.
fn seconds(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::from_secs)
}

/// The name of the alert that an error is about. Of errors in HTTP/2 only the words are left.
fn alert(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref() {
        return match error {
            rustls::Error::AlertReceived(alert) => Some(format!("{alert:?}")),
            _ => None,
        };
    }
    let words = error.to_string();
    words.strip_prefix("received fatal alert: ").map(str::to_owned)
}

/// Those that are about certificates, as rustls spells them.
const ALERTS: [&str; 9] = [
    "CertificateRequired",
    "BadCertificate",
    "UnsupportedCertificate",
    "CertificateRevoked",
    "CertificateExpired",
    "CertificateUnknown",
    "UnknownCA",
    "AccessDenied",
    // A signature of the certificate does not verify: its authority has the right name and another key.
    "DecryptError",
];

#[cfg(test)]
mod tests {
    use rustls::AlertDescription;

    use super::*;

    const TOKEN: Shown = Shown {
        token: true,
        certificate: false,
    };

    #[test]
    fn a_status_says_whose_turn_it_is() {
        let words = || "in its words".to_owned();
        let (shown, after) = (TOKEN, None);
        for (code, of_nothing, of_token) in [
            (
                Code::Unauthenticated,
                Denied::NothingShown { words: words() },
                Denied::NotKnown { shown, words: words() },
            ),
            (
                Code::PermissionDenied,
                Denied::NotAllowed {
                    shown: Shown::NOTHING,
                    words: words(),
                },
                Denied::NotAllowed { shown, words: words() },
            ),
            (
                Code::ResourceExhausted,
                Denied::TooMuch { words: words(), after },
                Denied::TooMuch { words: words(), after },
            ),
        ] {
            let status = Status::new(code, words());
            assert_eq!(denied_by_status(&status, Shown::NOTHING), Some(of_nothing.clone()));
            assert_eq!(denied_by_status(&status, TOKEN), Some(of_token.clone()));
            let http = StatusCode::from_u16(match code {
                Code::Unauthenticated => 401,
                Code::PermissionDenied => 403,
                _ => 429,
            })
            .unwrap();
            let by_http = |shown| denied_by_http(http, &HeaderMap::new(), words(), shown);
            assert_eq!(by_http(Shown::NOTHING), Some(of_nothing));
            assert_eq!(by_http(TOKEN), Some(of_token));
        }
        assert_eq!(denied_by_status(&Status::not_found("x"), TOKEN), None);
        let missing = StatusCode::NOT_FOUND;
        assert_eq!(denied_by_http(missing, &HeaderMap::new(), String::new(), TOKEN), None);
    }

    #[test]
    fn when_to_come_back_is_said_in_three_ways() {
        let details = tonic_types::ErrorDetails::with_retry_info(Some(Duration::from_millis(1_500)));
        let info = Status::with_error_details(Code::ResourceExhausted, "slow", details);
        let after = |status| denied_by_status(&status, TOKEN).unwrap().after();
        assert_eq!(after(info), Some(Duration::from_millis(1_500)));
        let mut metadata = Status::resource_exhausted("slow");
        metadata.metadata_mut().insert("retry-after", "7".parse().unwrap());
        assert_eq!(after(metadata), Some(Duration::from_secs(7)));
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "9".parse().unwrap());
        let http = denied_by_http(StatusCode::TOO_MANY_REQUESTS, &headers, String::new(), TOKEN);
        assert_eq!(http.unwrap().after(), Some(Duration::from_secs(9)));
        headers.insert(RETRY_AFTER, "Wed, 21 Oct 2026 07:28:00 GMT".parse().unwrap());
        let http = denied_by_http(StatusCode::TOO_MANY_REQUESTS, &headers, String::new(), TOKEN);
        assert_eq!(http.unwrap().after(), None);
    }

    #[test]
    fn an_alert_is_found_under_what_libraries_put_around_it() {
        let alert = |alert| io::Error::other(io::Error::other(rustls::Error::AlertReceived(alert)));
        let required = alert(AlertDescription::CertificateRequired);
        let denied = denied_by_tls(&required, Shown::NOTHING).unwrap();
        assert!(denied.to_string().contains("CertificateRequired"), "{denied}");
        assert!(denied.to_string().contains("--client-cert"), "{denied}");
        // As HTTP/2 keeps it.
        let words = rustls::Error::AlertReceived(AlertDescription::UnknownCA).to_string();
        assert!(denied_by_tls(&io::Error::other(words), Shown::NOTHING).is_some());
        assert_eq!(
            denied_by_tls(&alert(AlertDescription::DecodeError), Shown::NOTHING),
            None
        );
    }

    #[test]
    fn the_alerts_are_spelt_as_rustls_spells_them() {
        let alerts = [
            AlertDescription::CertificateRequired,
            AlertDescription::BadCertificate,
            AlertDescription::UnsupportedCertificate,
            AlertDescription::CertificateRevoked,
            AlertDescription::CertificateExpired,
            AlertDescription::CertificateUnknown,
            AlertDescription::UnknownCA,
            AlertDescription::AccessDenied,
            AlertDescription::DecryptError,
        ];
        assert_eq!(alerts.map(|alert| format!("{alert:?}")), ALERTS);
    }
}
