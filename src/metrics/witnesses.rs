//! Witnesses: who has cosigned what, and the quorum.

use std::fmt;

use indelible_log::Reader;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;

use super::page::Page;
use crate::follow::{Served, Standing};

/// The figures of a log's witnesses.
#[derive(Debug)]
pub struct WitnessFigures {
    /// What the follower says.
    pub served: Served,
    /// The log.
    pub reader: Reader,
}

impl Collector for WitnessFigures {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let standings = self.served.standings.borrow().clone();
        let size = self.reader.head().size();
        let mut page = Page::on(encoder);
        let quorum = self.served.quorum.newest().map_or(0, |head| head.size());
        page.gauge(
            "indelible_quorum_lag_entries",
            "Entries that no head has for which the quorum vouches",
            size.saturating_sub(quorum),
        )?;
        let help = "Entries that a witness has not cosigned yet, as far as is known";
        page.family("indelible_witness_lag_entries", help, MetricType::Gauge, |family| {
            let mut write =
                |standing: &Standing| family.gauge(&[("witness", &standing.name)], size.saturating_sub(standing.size));
            standings.iter().try_for_each(&mut write)
        })?;
        let help = "What came of the requests to a witness";
        page.family("indelible_witness_answers", help, MetricType::Counter, |family| {
            for standing in &standings {
                for (result, count) in [
                    ("cosigned", standing.cosigned),
                    ("refused", standing.refused),
                    ("failed", standing.failed),
                ] {
                    family.counter(&[("witness", &standing.name), ("result", result)], count)?;
                }
            }
            Ok(())
        })
    }
}
