//! Spans: how many were sent to the collector, and how many were not.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;

use super::page::Page;
use crate::observe::SpanCounts;

/// What became of the spans since the start.
#[derive(Debug)]
pub struct SpanFigures(pub Arc<SpanCounts>);

impl Collector for SpanFigures {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page::on(encoder);
        let help = "Spans by what became of them: those dropped found no room in the queue";
        page.family("indelible_spans", help, MetricType::Counter, |family| {
            for (result, count) in self.0.by_result() {
                family.counter(&[("result", result)], count)?;
            }
            Ok(())
        })
    }
}
