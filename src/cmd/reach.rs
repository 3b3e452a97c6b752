//! Where a log is served, and what shows it who asks: the same for every command that reaches one.

use std::path::PathBuf;

use indelible_client::{Credential, HttpOptions, LogHttp, Options};

use super::Failure;
use super::credential::CredentialArgs;
use super::files::read_at_most;

/// Where the log is.
#[derive(Debug, clap::Args)]
pub(super) struct ReachArgs {
    /// Where the log is served.
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://127.0.0.1:7425",
        env = "INDELIBLE_URL"
    )]
    url: String,
    #[command(flatten)]
    way: WayArgs,
}

/// How a log is reached, wherever it is: for commands that have their own words for where that is.
#[derive(Debug, clap::Args)]
pub(super) struct WayArgs {
    /// For https: the certificates, in PEM, that may vouch for the server, instead of the system's.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    #[command(flatten)]
    credential: CredentialArgs,
}

impl ReachArgs {
    /// Where it is served.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// How it is reached by gRPC.
    pub(super) fn options(&self) -> Result<Options, Failure> {
        self.way.options(&self.url)
    }

    /// How it is reached by plain HTTP.
    pub(super) fn http_options(&self) -> Result<HttpOptions, Failure> {
        self.way.http_options()
    }

    /// It, by plain HTTP.
    pub(super) fn http(&self, options: &HttpOptions) -> Result<LogHttp, Failure> {
        Ok(LogHttp::new(&self.url, options, &self.credential()?)?)
    }

    /// What shows it who asks.
    pub(super) fn credential(&self) -> Result<Credential, Failure> {
        self.way.credential(&self.url)
    }
}

impl WayArgs {
    /// How the log at `url` is reached by gRPC.
    pub(super) fn options(&self, url: &str) -> Result<Options, Failure> {
        Ok(Options {
            ca_certificates: self.ca_certificates()?,
            credential: self.credential(url)?,
            client_certificate: self.credential.certificate()?,
            ..Options::default()
        })
    }

    /// How it is reached by plain HTTP.
    pub(super) fn http_options(&self) -> Result<HttpOptions, Failure> {
        Ok(HttpOptions {
            ca_certificates: self.ca_certificates()?,
            client_certificate: self.credential.certificate()?,
            ..HttpOptions::default()
        })
    }

    /// What shows the log at `url` who asks.
    pub(super) fn credential(&self, url: &str) -> Result<Credential, Failure> {
        self.credential.credential(url)
    }

    fn ca_certificates(&self) -> Result<Option<Vec<u8>>, Failure> {
        let read = self.ca.as_deref().map(|path| read_at_most(path, CA_BYTES_MAX));
        Ok(read.transpose()?)
    }
}

/// A bundle of all public authorities has some hundred KiB.
pub(super) const CA_BYTES_MAX: usize = 4 << 20;
