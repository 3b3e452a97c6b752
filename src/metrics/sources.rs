//! Deliveries, by source.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;

use super::page::Page;
use crate::sources::{Counted, Sources};

/// What became of the deliveries of the sources that are configured now.
#[derive(Debug)]
pub struct SourceFigures(pub Arc<Sources>);

impl Collector for SourceFigures {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page::on(encoder);
        let help = "Deliveries of a source, and what became of them";
        page.family("indelible_deliveries", help, MetricType::Counter, |family| {
            for (source, counts) in self.0.counts() {
                for (result, what) in RESULTS {
                    family.counter(&[("source", &source), ("result", result)], counts.count(what))?;
                }
            }
            Ok(())
        })
    }
}

const RESULTS: [(&str, Counted); 8] = [
    ("stored", Counted::Stored),
    ("repeated", Counted::Repeated),
    ("conflict", Counted::Conflict),
    ("ignored", Counted::Ignored),
    ("not_authentic", Counted::NotAuthentic),
    ("not_permitted", Counted::NotPermitted),
    ("refused", Counted::Refused),
    ("not_stored", Counted::NotStored),
];
