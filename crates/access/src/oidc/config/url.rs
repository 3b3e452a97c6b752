//! The URL that is an issuer's name.

use std::fmt;

use url::{Host, Url};

/// The URL of an issuer, exactly as it stands in its tokens: https, or http on a loopback address; no query, no fragment (OpenID
/// Connect Core 1.0, section 2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IssuerUrl {
    text: String,
    host: String,
    loopback: bool,
}

/// What is no issuer's URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadIssuerUrl {
    /// It is no URL, or not written as one is.
    #[error("{0:?} is not a URL as https://ci.example.com")]
    NotAUrl(String),
    /// Whoever is between here and there could hand in keys of his own.
    #[error("{0:?} must begin with https:// (http:// is good for loopback addresses only)")]
    Insecure(String),
    /// It has what an issuer's URL must not have.
    #[error("{0:?} must have no user, no query and no fragment")]
    TooMuch(String),
}

impl IssuerUrl {
    pub(super) fn parse(text: &str) -> Result<IssuerUrl, BadIssuerUrl> {
        let url = Url::parse(text).map_err(|_| BadIssuerUrl::NotAUrl(text.to_owned()))?;
        let host = url.host().ok_or_else(|| BadIssuerUrl::NotAUrl(text.to_owned()))?;
        // The text is compared byte by byte with tokens, so it must not be one that a parser has put right.
        let as_written = url.as_str() == text || url.as_str().strip_suffix('/') == Some(text);
        if !as_written {
            return Err(BadIssuerUrl::NotAUrl(text.to_owned()));
        }
        let loopback = is_loopback(&host);
        if !(url.scheme() == "https" || url.scheme() == "http" && loopback) {
            return Err(BadIssuerUrl::Insecure(text.to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(BadIssuerUrl::TooMuch(text.to_owned()));
        }
        Ok(IssuerUrl {
            text: text.to_owned(),
            host: host.to_string(),
            loopback: loopback && url.scheme() == "http",
        })
    }

    /// The URL, as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where the issuer says where its keys are (OpenID Connect Discovery 1.0, section 4).
    pub fn discovery(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.base())
    }

    /// Whether keys may be fetched from there: by https; by http from a loopback address only for an issuer that is there itself, as
    /// a document from afar must not point at what listens on this machine.
    pub fn keys_may_be_at(&self, url: &Url) -> bool {
        match url.scheme() {
            "https" => url.has_host(),
            "http" => self.loopback && url.host().is_some_and(|host| is_loopback(&host)),
            _ => false,
        }
    }

    /// Without the slash at its end.
    pub(crate) fn base(&self) -> &str {
        self.text.strip_suffix('/').unwrap_or(&self.text)
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Display for IssuerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_loopback<S: AsRef<str>>(host: &Host<S>) -> bool {
    match host {
        Host::Domain(name) => name.as_ref() == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_https_or_on_this_machine() {
        for good in [
            "https://token.actions.githubusercontent.com",
            "https://token.actions.githubusercontent.com/acme",
            "https://oidc.circleci.com/org/2f0f3b2c",
            "https://westeurope.oic.prod-aks.azure.com/tenant/guid/",
            "https://ci.example.com:8443/oidc",
            "http://localhost:8080",
            "http://127.0.0.1:8080/x",
            "http://[::1]:8080",
        ] {
            assert_eq!(IssuerUrl::parse(good).map(|url| url.to_string()), Ok(good.to_owned()));
        }
        for (bad, why) in [
            ("http://ci.example.com", BadIssuerUrl::Insecure as fn(String) -> _),
            ("http://localhost.example.com", BadIssuerUrl::Insecure),
            ("http://128.0.0.1", BadIssuerUrl::Insecure),
            ("ftp://ci.example.com", BadIssuerUrl::Insecure),
            ("https://ci.example.com/?a=b", BadIssuerUrl::TooMuch),
            ("https://ci.example.com/#a", BadIssuerUrl::TooMuch),
            ("https://me@ci.example.com", BadIssuerUrl::TooMuch),
            ("https://CI.example.com", BadIssuerUrl::NotAUrl),
            ("https://ci.example.com/a/../b", BadIssuerUrl::NotAUrl),
            (" https://ci.example.com", BadIssuerUrl::NotAUrl),
            ("ci.example.com", BadIssuerUrl::NotAUrl),
            ("", BadIssuerUrl::NotAUrl),
        ] {
            assert_eq!(IssuerUrl::parse(bad), Err(why(bad.to_owned())), "{bad}");
        }
    }

    #[test]
    fn discovery_stands_behind_the_path_without_its_slash() {
        for (issuer, document) in [
            (
                "https://a.example",
                "https://a.example/.well-known/openid-configuration",
            ),
            (
                "https://a.example/x/",
                "https://a.example/x/.well-known/openid-configuration",
            ),
        ] {
            assert_eq!(IssuerUrl::parse(issuer).unwrap().discovery(), document);
        }
    }

    #[test]
    fn keys_come_by_https_or_from_an_issuer_on_this_machine() {
        let remote = IssuerUrl::parse("https://a.example").unwrap();
        let local = IssuerUrl::parse("http://127.0.0.1:1").unwrap();
        let at = |issuer: &IssuerUrl, url: &str| issuer.keys_may_be_at(&url.parse().unwrap());
        assert!(at(&remote, "https://keys.example/jwks") && at(&local, "https://keys.example/jwks"));
        assert!(at(&local, "http://localhost:2/jwks"));
        for elsewhere in ["http://a.example/jwks", "http://127.0.0.1:2/jwks", "file:///etc/jwks"] {
            assert!(!at(&remote, elsewhere), "{elsewhere}");
        }
        assert!(!at(&local, "http://a.example/jwks"));
    }
}
