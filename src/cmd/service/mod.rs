//! The audit trail of a running log, by its JSON API. Nothing that it answers is believed before it is checked.

mod answer;
mod fetch;
mod gather;
mod remembered;

pub(super) use answer::{Accepted, BadAnswer, Page};
pub(super) use fetch::{Question, Service, ServiceError, Turn};
pub(super) use gather::Gatherer;
pub(super) use remembered::Remembered;

use indelible_event::EvidenceTrust;

use super::Failure;
use super::reach::ReachArgs;
use super::remote::HeadsArg;

/// Where the audit trail is.
#[derive(Debug, clap::Args)]
pub(super) struct ServiceArgs {
    #[command(flatten)]
    reach: ReachArgs,
    #[command(flatten)]
    heads: HeadsArg,
}

impl ServiceArgs {
    /// The service. Asks nothing yet.
    pub(super) fn service(&self) -> Result<Service, Failure> {
        service(&self.reach)
    }

    /// What is remembered of the log. Asks nothing yet.
    pub(super) async fn remembered(&self, trust: &EvidenceTrust) -> Result<Remembered, Failure> {
        Remembered::load(&self.reach, &self.heads, trust).await
    }

    /// What gathers its entries.
    pub(super) async fn gatherer(&self, trust: EvidenceTrust) -> Result<Gatherer, Failure> {
        gatherer(&self.reach, &self.heads, trust).await
    }
}

/// What gathers the entries of a log.
pub(super) async fn gatherer(reach: &ReachArgs, heads: &HeadsArg, trust: EvidenceTrust) -> Result<Gatherer, Failure> {
    let remembered = Remembered::load(reach, heads, &trust).await?;
    Ok(Gatherer::new(service(reach)?, trust, remembered))
}

fn service(reach: &ReachArgs) -> Result<Service, Failure> {
    Service::new(reach.url(), &reach.http_options()?, &reach.credential()?)
}
