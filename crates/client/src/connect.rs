use std::time::Duration;

use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

use crate::error::ConnectError;

/// How to reach the server. Nothing in here bears on what is believed of its answers.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long to wait for a connection, for the answer to a call, and for the next acknowledgement or run of entries of a
    /// stream. 10 s by default.
    pub timeout: Duration,
    /// For https: the certificates, in PEM, of those who may vouch for the server. By default those that the system trusts.
    pub ca_certificates: Option<Vec<u8>>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            timeout: Duration::from_secs(10),
            ca_certificates: None,
        }
    }
}

/// Connects to `http://host:port` or `https://host:port`.
pub(crate) async fn open(url: &str, options: &Options) -> Result<Channel, ConnectError> {
    checked_endpoint(url, options)?
        .connect()
        .await
        .map_err(|source| ConnectError::Unreachable {
            url: url.to_owned(),
            source,
        })
}

/// The same at the first call that needs it.
pub(crate) fn open_on_demand(url: &str, options: &Options) -> Result<Channel, ConnectError> {
    Ok(checked_endpoint(url, options)?.connect_lazy())
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
    endpoint.tls_config(tls)
}

const KEEP_ALIVE: Duration = Duration::from_secs(30);
