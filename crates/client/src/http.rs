//! HTTP requests: to one log, with what shows it who asks, and to any number of others without.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url, redirect};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::Value;

use crate::credential::{
    ClientCertificate, Credential, CredentialError, Denied, Sending, denied_by_http, denied_by_tls,
};

/// How to reach servers by plain HTTP. Nothing in here bears on what is believed of their answers.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// How long to wait for a connection. 5 s by default.
    pub connect_timeout: Duration,
    /// How long a whole request may take, its answer read to the end. 30 s by default.
    pub timeout: Duration,
    /// For https: the certificates, in PEM, of those who may vouch for a server. By default those that the system trusts.
    pub ca_certificates: Option<Vec<u8>>,
    /// For https: shown to every server that asks for one. Not for clients that ask several.
    pub client_certificate: Option<ClientCertificate>,
}

impl Default for HttpOptions {
    fn default() -> HttpOptions {
        HttpOptions {
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            ca_certificates: None,
            client_certificate: None,
        }
    }
}

/// Why no requests can be made.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// What should be the URL of a log is none.
    #[error("{url:?} is no URL that begins with http:// or https://")]
    Url {
        /// What was given.
        url: String,
    },
    /// The certificates that were given are none.
    #[error("the CA certificates cannot be read: {0}")]
    Certificates(String),
    /// What should show the log who asks would not be safe.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// TLS or the client cannot be set up.
    #[error("cannot set up HTTP: {0}")]
    Setup(String),
}

/// A client for requests to any number of servers. It follows no redirect: who answers is part of what was configured.
///
/// # Errors
///
/// If the certificates given are none.
pub fn http_client(options: &HttpOptions) -> Result<reqwest::Client, HttpError> {
    builder(options)?.build().map_err(|error| setup(&error))
}

/// HTTP requests to one log, each with what shows it who asks. Cheap to clone.
///
/// What shows it goes to the scheme, host and port of the log's URL and nowhere else: no redirect is followed, and a request to another
/// host is refused before it is made.
#[derive(Clone, Debug)]
pub struct LogHttp {
    client: reqwest::Client,
    sending: Sending,
    /// Scheme, host and port for which that is; empty if it is nothing.
    meant: String,
}

impl LogHttp {
    /// For requests to the log at `url`, which may have a path.
    ///
    /// # Errors
    /// [`HttpError::Credential`] if a token would go over the network in clear text, or a certificate could not be shown. The others if the
    /// URL or the options cannot be used.
    pub fn new(url: &str, options: &HttpOptions, credential: &Credential) -> Result<LogHttp, HttpError> {
        let bad = || HttpError::Url { url: url.to_owned() };
        let url: Url = url.parse().map_err(|_| bad())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad());
        }
        let sending = Sending::to(&url, credential, options.client_certificate.is_some())?;
        let mut client = builder(options)?;
        if sending.shown().token && url.scheme() == "http" {
            // A proxy is not this machine, and it would read along.
            client = client.no_proxy();
        }
        Ok(LogHttp {
            client: client.build().map_err(|error| setup(&error))?,
            sending,
            meant: origin(&url),
        })
    }

    /// A client that shows nothing, to whichever log.
    pub fn anonymous(client: reqwest::Client) -> LogHttp {
        LogHttp {
            client,
            sending: Sending::nothing(),
            meant: String::new(),
        }
    }

    /// A request for `url`.
    ///
    /// # Errors
    /// If there is a token, and the URL is not of the log that it is for.
    pub fn get(&self, url: &str) -> Result<RequestBuilder, CredentialError> {
        self.request(Method::GET, url)
    }

    /// A request that posts to `url`.
    ///
    /// # Errors
    /// As [`LogHttp::get`].
    pub fn post(&self, url: &str) -> Result<RequestBuilder, CredentialError> {
        self.request(Method::POST, url)
    }

    /// The answer, unless it says that the log does not let this one in (status 401 or 403), or not now (429).
    ///
    /// # Errors
    /// What it says of that. At most 4 KiB of the answer are read for its words.
    pub async fn admitted(&self, response: Response) -> Result<Response, Denied> {
        let status = response.status();
        if !matches!(
            status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
        ) {
            return Ok(response);
        }
        let headers = response.headers().clone();
        let words = words(response).await;
        let denied = denied_by_http(status, &headers, words, self.sending.shown());
        Err(denied.expect("these three are about that"))
    }

    /// Whether a request failed because the log refused the certificate, or the lack of one.
    pub fn refused(&self, error: &reqwest::Error) -> Option<Denied> {
        denied_by_tls(error, self.sending.shown())
    }

    /// A request of any method to `url`.
    ///
    /// # Errors
    /// As [`LogHttp::get`].
    pub fn request(&self, method: Method, url: &str) -> Result<RequestBuilder, CredentialError> {
        let request = self.client.request(method, url);
        let Some(header) = self.sending.header() else {
            return Ok(request);
        };
        // What is no URL is said by the request itself.
        match url.parse::<Url>() {
            Ok(parsed) if origin(&parsed) != self.meant => Err(CredentialError::OtherHost {
                meant: self.meant.clone(),
                url: url.to_owned(),
            }),
            _ => Ok(request.header(AUTHORIZATION, header)),
        }
    }
}

fn builder(options: &HttpOptions) -> Result<reqwest::ClientBuilder, HttpError> {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| setup(&error))?
        .with_root_certificates(roots(options.ca_certificates.as_deref())?);
    let tls = match &options.client_certificate {
        None => tls.with_no_client_auth(),
        Some(certificate) => tls.with_client_cert_resolver(certificate.resolver()),
    };
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("indelible/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .connect_timeout(options.connect_timeout)
        .timeout(options.timeout))
}

fn setup(error: &dyn std::error::Error) -> HttpError {
    HttpError::Setup(error.to_string())
}

/// Scheme, host and port.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// What a refusal says: the `detail` of problem details (RFC 9457), the first line of a text, or else the status.
async fn words(mut response: Response) -> String {
    let status = response.status();
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    let mut body = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        body.extend_from_slice(&piece);
        if body.len() > WORDS_BYTES_MAX {
            break;
        }
    }
    let text = match kind.as_str() {
        kind if kind.contains("json") => {
            let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
            let words = problem.get("detail").or_else(|| problem.get("title"));
            words.and_then(Value::as_str).unwrap_or_default().to_owned()
        }
        kind if kind.starts_with("text/plain") => {
            let text = String::from_utf8_lossy(&body);
            text.lines().next().unwrap_or_default().to_owned()
        }
        _ => String::new(),
    };
    match text.is_empty() {
        true => status.to_string(),
        false => text.chars().take(WORDS_CHARS_MAX).collect(),
    }
}

fn roots(pem: Option<&[u8]>) -> Result<RootCertStore, HttpError> {
    let mut roots = RootCertStore::empty();
    match pem {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| HttpError::Certificates(error.to_string()))?;
                roots
                    .add(certificate)
                    .map_err(|error| HttpError::Certificates(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(HttpError::Certificates("no certificate in it".to_owned()));
            }
        }
        // A system without any is one on which https fails later, with a word about the issuer; http needs none.
        None => {
            let _ = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(roots)
}

/// As much as a refusal has to say.
const WORDS_BYTES_MAX: usize = 4 << 10;
/// What somebody reads of it.
const WORDS_CHARS_MAX: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::Token;

    #[test]
    fn certificates_that_are_none_are_refused() {
        for pem in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let options = HttpOptions {
                ca_certificates: Some(pem.into()),
                ..HttpOptions::default()
            };
            assert!(matches!(http_client(&options), Err(HttpError::Certificates(_))));
        }
        http_client(&HttpOptions::default()).unwrap();
    }

    #[test]
    fn a_token_goes_to_the_host_that_was_meant() {
        let credential = Credential::Bearer(Token::parse("secret").unwrap());
        let log = LogHttp::new("https://log.example.com/audit", &HttpOptions::default(), &credential).unwrap();
        for (url, meant) in [
            ("https://log.example.com/audit/v1/events", true),
            ("https://LOG.example.com:443/elsewhere", true),
            ("http://log.example.com/audit", false),
            ("https://log.example.com:444/audit", false),
            ("https://example.com/audit", false),
            ("https://log.example.com@example.com/", false),
        ] {
            let request = log.post(url).map(|request| request.build().unwrap());
            assert_eq!(request.is_ok(), meant, "{url}");
            if let Ok(request) = request {
                assert_eq!(request.headers()[AUTHORIZATION], "Bearer secret");
                assert!(!format!("{request:?} {log:?}").contains("secret"), "{request:?}");
            }
        }
        let anonymous = LogHttp::new("http://log.example.com", &HttpOptions::default(), &Credential::None).unwrap();
        let request = anonymous.get("http://elsewhere.example.com").unwrap().build().unwrap();
        assert!(!request.headers().contains_key(AUTHORIZATION));
        assert!(matches!(
            LogHttp::new("ftp://log.example.com", &HttpOptions::default(), &Credential::None),
            Err(HttpError::Url { .. })
        ));
    }
}
