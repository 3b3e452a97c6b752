//! The audit trail of a running log, by its JSON API. Nothing that it answers is believed before it is checked.

mod answer;
mod fetch;
mod gather;

pub(super) use answer::{Accepted, BadAnswer, Page};
pub(super) use fetch::{Question, Service, ServiceError, Turn};
pub(super) use gather::Gatherer;

use std::path::PathBuf;

use indelible_client::HttpOptions;

use super::Failure;
use super::credential::CredentialArgs;
use super::files::read_at_most;
use super::remote::CA_BYTES_MAX;

/// Where the audit trail is.
#[derive(Debug, clap::Args)]
pub(super) struct ServiceArgs {
    /// Where the log is served.
    #[arg(
        long,
        value_name = "URL",
        default_value = "http://127.0.0.1:7425",
        env = "INDELIBLE_URL"
    )]
    url: String,
    /// For https: the certificates, in PEM, that may vouch for the server, instead of the system's.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    #[command(flatten)]
    credential: CredentialArgs,
}

impl ServiceArgs {
    /// The service. Asks nothing yet.
    pub(super) fn service(&self) -> Result<Service, Failure> {
        let ca_certificates = self.ca.as_deref().map(|path| read_at_most(path, CA_BYTES_MAX));
        let options = HttpOptions {
            ca_certificates: ca_certificates.transpose()?,
            client_certificate: self.credential.certificate()?,
            ..HttpOptions::default()
        };
        Service::new(&self.url, &options, &self.credential.credential(&self.url)?)
    }
}
