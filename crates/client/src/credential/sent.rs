//! Where a credential may go.

use std::net::IpAddr;

use reqwest::Url;
use reqwest::header::HeaderValue;

use super::{Credential, CredentialError, Shown};

/// A credential for one host, which was found to be safe there.
#[derive(Clone, Debug)]
pub(crate) struct Sending {
    credential: Credential,
    shown: Shown,
}

impl Sending {
    /// That nothing is sent.
    pub(crate) fn nothing() -> Sending {
        Sending {
            credential: Credential::None,
            shown: Shown::NOTHING,
        }
    }

    /// For requests to `url`, besides a certificate if there is one.
    pub(crate) fn to(url: &Url, credential: &Credential, certificate: bool) -> Result<Sending, CredentialError> {
        let token = !credential.is_none();
        if url.scheme() != "https" {
            if certificate {
                return Err(CredentialError::CertificateWithoutTls { url: shown(url) });
            }
            if token && !is_this_machine(url) {
                return Err(CredentialError::Cleartext { url: shown(url) });
            }
        }
        if token && (!url.username().is_empty() || url.password().is_some()) {
            return Err(CredentialError::Two { url: shown(url) });
        }
        Ok(Sending {
            credential: credential.clone(),
            shown: Shown { token, certificate },
        })
    }

    /// What is shown, but not it itself.
    pub(crate) fn shown(&self) -> Shown {
        self.shown
    }

    /// The `authorization` of the next request.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        self.credential.token().map(|token| token.header())
    }
}

/// Whether what is sent there never leaves this machine. A name counts only if it is `localhost`: others are what a resolver says.
fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    host == "localhost" || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The URL as it may be shown to anybody.
pub(crate) fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    // Only a URL without a host has no room for these, and http has none such.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.as_str().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::Token;
    use super::*;

    #[test]
    fn a_token_goes_over_tls_or_to_this_machine() {
        let token = Credential::Bearer(Token::parse("secret").unwrap());
        for (url, safe) in [
            ("https://log.example.com", true),
            ("https://10.0.0.1:8443/log", true),
            ("http://localhost:7425", true),
            ("http://LOCALHOST", true),
            ("http://127.0.0.1:7425", true),
            ("http://127.8.9.10", true),
            ("http://[::1]:7425/log", true),
            ("http://log.example.com", false),
            ("http://10.0.0.1:7425", false),
            ("http://0.0.0.0:7425", false),
            ("http://[::]:7425", false),
            ("http://[::ffff:127.0.0.1]", false),
            ("http://localhost.example.com", false),
            ("http://127.0.0.1.example.com", false),
            ("http://a.localhost", false),
            ("http://127.0.0.1:7425@example.com", false),
            ("http://example.com#@localhost", false),
            ("ftp://log.example.com", false),
        ] {
            let parsed: Url = url.parse().unwrap();
            let sending = Sending::to(&parsed, &token, false);
            assert_eq!(sending.is_ok(), safe, "{url}: {sending:?}");
            if let Err(error) = sending {
                assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
                assert!(error.to_string().contains(parsed.host_str().unwrap()), "{error}");
            }
            assert!(Sending::to(&parsed, &Credential::None, false).is_ok(), "{url}");
            let certified = Sending::to(&parsed, &Credential::None, true).is_ok();
            assert_eq!(certified, url.starts_with("https"), "{url}");
        }
    }

    #[test]
    fn a_request_has_one_credential() {
        let url: Url = "https://reader:password@log.example.com".parse().unwrap();
        let token = Credential::Bearer(Token::parse("secret").unwrap());
        let error = Sending::to(&url, &token, false).unwrap_err();
        assert_eq!(
            error,
            CredentialError::Two {
                url: "https://log.example.com".to_owned()
            }
        );
        assert!(Sending::to(&url, &Credential::None, false).is_ok());
    }
}
