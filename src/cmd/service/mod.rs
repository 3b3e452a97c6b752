//! The audit trail of a running log, by its JSON API. Nothing that it answers is believed before it is checked.

mod answer;
mod fetch;
mod gather;
mod remembered;

pub(super) use answer::{Accepted, BadAnswer, Page};
pub(super) use fetch::{Question, Service, ServiceError, Turn};
pub(super) use gather::Gatherer;
pub(super) use remembered::Remembered;

use std::path::PathBuf;

use indelible_event::EvidenceTrust;

use super::Failure;
use super::files::read_at_most;
use super::remote::{CA_BYTES_MAX, HeadsArg};

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
    heads: HeadsArg,
}

impl ServiceArgs {
    /// The service. Asks nothing yet.
    pub(super) fn service(&self) -> Result<Service, Failure> {
        Service::new(&self.url, self.ca_certificates()?)
    }

    /// What is remembered of the log. Asks nothing yet.
    pub(super) async fn remembered(&self, trust: &EvidenceTrust) -> Result<Remembered, Failure> {
        Remembered::load(&self.url, self.ca_certificates()?, &self.heads, trust).await
    }

    /// What gathers its entries.
    pub(super) async fn gatherer(&self, trust: EvidenceTrust) -> Result<Gatherer, Failure> {
        gatherer(&self.url, self.ca_certificates()?, &self.heads, trust).await
    }

    fn ca_certificates(&self) -> Result<Option<Vec<u8>>, Failure> {
        let read = self.ca.as_deref().map(|path| read_at_most(path, CA_BYTES_MAX));
        Ok(read.transpose()?)
    }
}

/// What gathers the entries of the log at this URL.
pub(super) async fn gatherer(
    url: &str,
    ca_certificates: Option<Vec<u8>>,
    heads: &HeadsArg,
    trust: EvidenceTrust,
) -> Result<Gatherer, Failure> {
    let remembered = Remembered::load(url, ca_certificates.clone(), heads, &trust).await?;
    Ok(Gatherer::new(Service::new(url, ca_certificates)?, trust, remembered))
}
