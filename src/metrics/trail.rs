//! Events: what was taken, and what was taken out again.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;

use super::page::Page;
use crate::trail::{Counted, Trail};

/// The figures of an audit trail.
#[derive(Debug)]
pub struct TrailFigures(pub Trail);

impl Collector for TrailFigures {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let trail = &self.0;
        let counts = trail.counts();
        let mut page = Page::on(encoder);
        let help = "Events that were submitted, by any way, and what became of them";
        page.family("indelible_events", help, MetricType::Counter, |family| {
            for (result, what) in [
                ("new", Counted::New),
                ("repeated", Counted::Repeated),
                ("conflict", Counted::Conflict),
            ] {
                family.counter(&[("result", result)], counts.count(what))?;
            }
            Ok(())
        })?;
        page.counter(
            "indelible_tombstones",
            "Tombstones that were committed: each erases members of events",
            counts.count(Counted::Tombstone),
        )?;
        page.counter(
            "indelible_holds",
            "Legal holds that were placed",
            counts.count(Counted::Hold),
        )?;
        page.counter(
            "indelible_holds_released",
            "Legal holds that were released",
            counts.count(Counted::Release),
        )?;
        let standing = trail.standing();
        page.gauge(
            "indelible_idempotency_keys_pending",
            "Idempotency keys that are not in their table yet",
            standing.keys_pending as u64,
        )?;
        page.gauge(
            "indelible_blanking_lag_entries",
            "Entries among which tombstones may not be carried out yet",
            standing.size.saturating_sub(standing.carried_out),
        )?;
        match standing.indexed {
            Ok(indexed) => page.gauge(
                "indelible_event_index_lag_entries",
                "Entries that cannot be searched yet",
                standing.size.saturating_sub(indexed),
            ),
            // Who follows it has said so, and a figure that is missing is missed.
            Err(_) => Ok(()),
        }
    }
}
