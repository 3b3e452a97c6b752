use std::time::Duration;

use reqwest::Url;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

use crate::credential::{Authorized, ClientCertificate, Credential, Sending, denied_by_tls};
use crate::error::ConnectError;

/// How to reach the server. Nothing in here bears on what is believed of its answers.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long to wait for a connection, for the answer to a call, and for the next acknowledgement or run of entries of a
    /// stream. 10 s by default.
    pub timeout: Duration,
    /// For https: the certificates, in PEM, of those who may vouch for the server. By default those that the system trusts.
    pub ca_certificates: Option<Vec<u8>>,
    /// What shows the server who asks. It goes over https, or to this machine.
    pub credential: Credential,
    /// For https: shown to the server if it asks for one.
    pub client_certificate: Option<ClientCertificate>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            timeout: Duration::from_secs(10),
            ca_certificates: None,
            credential: Credential::None,
            client_certificate: None,
        }
    }
}

/// Connects to `http://host:port` or `https://host:port`.
pub(crate) async fn open(url: &str, options: &Options) -> Result<Authorized, ConnectError> {
    let endpoint = checked_endpoint(url, options)?;
    let sending = sending(&endpoint, options)?;
    let channel = endpoint.connect().await.map_err(|source| {
        // Before TLS 1.3 a certificate is refused in the handshake; since then, with the first answer.
        match denied_by_tls(&source, sending.shown()) {
            Some(denied) => ConnectError::Denied(denied),
            None => ConnectError::Unreachable {
                url: url.to_owned(),
                source,
            },
        }
    })?;
    Ok(Authorized::new(channel, sending))
}

/// The same at the first call that needs it.
pub(crate) fn open_on_demand(url: &str, options: &Options) -> Result<Authorized, ConnectError> {
    let endpoint = checked_endpoint(url, options)?;
    let sending = sending(&endpoint, options)?;
    Ok(Authorized::new(endpoint.connect_lazy(), sending))
}

/// What is sent along. Judged by the URL as tonic has understood it, so that no second reading of it says something else.
fn sending(endpoint: &Endpoint, options: &Options) -> Result<Sending, ConnectError> {
    let certificate = options.client_certificate.is_some();
    if options.credential.is_none() && !certificate {
        return Ok(Sending::nothing());
    }
    let url = endpoint.uri().to_string();
    match url.parse::<Url>() {
        Ok(parsed) if same_host(parsed.host_str(), endpoint.uri().host()) => {
            Ok(Sending::to(&parsed, &options.credential, certificate)?)
        }
        _ => Err(ConnectError::NoHost { url }),
    }
}

fn same_host(one: Option<&str>, other: Option<&str>) -> bool {
    one.zip(other)
        .is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
}

fn checked_endpoint(url: &str, options: &Options) -> Result<Endpoint, ConnectError> {
    endpoint(url, options).map_err(|source| ConnectError::Endpoint {
        url: url.to_owned(),
        source,
    })
}

fn endpoint(url: &str, options: &Options) -> Result<Endpoint, tonic::transport::Error> {
    let endpoint = Endpoint::from_shared(url.to_owned())?
        .connect_timeout(options.timeout)
        // A watched log may say nothing for days; a dead one answers no ping.
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(options.timeout);
    if endpoint.uri().scheme_str() != Some("https") {
        return Ok(endpoint);
    }
    let tls = match &options.ca_certificates {
        Some(pem) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)),
        None => ClientTlsConfig::new().with_native_roots(),
    };
    let tls = match &options.client_certificate {
        Some(certificate) => tls.identity(certificate.identity()),
        None => tls,
    };
    endpoint.tls_config(tls)
}

const KEEP_ALIVE: Duration = Duration::from_secs(30);
