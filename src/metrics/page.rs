//! Families of metrics, written with few words.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;

use super::histogram::Histogram;

/// Label and value of one metric of a family.
pub(super) type Labels<'l> = &'l [(&'static str, &'l str)];

/// What a collector writes on.
pub(super) struct Page<'a>(DescriptorEncoder<'a>);

/// One family of metrics that differ in their labels.
pub(super) struct Family<'a>(MetricEncoder<'a>);

impl<'a> Page<'a> {
    pub(super) fn on(encoder: DescriptorEncoder<'a>) -> Page<'a> {
        Page(encoder)
    }

    /// What only grows. The name gets `_total` behind it.
    pub(super) fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        encoder.encode_counter::<NoLabelSet, _, u64>(&value, None)
    }

    /// What only grows, in parts of one.
    pub(super) fn counter_of_parts(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        encoder.encode_counter::<NoLabelSet, _, u64>(&value, None)
    }

    /// What comes and goes.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        encoder.encode_gauge(&value)
    }

    /// What comes and goes, in parts of one.
    pub(super) fn gauge_of_parts(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        encoder.encode_gauge(&value)
    }

    pub(super) fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) -> fmt::Result {
        let encoder = self.0.encode_descriptor(name, help, None, MetricType::Histogram)?;
        write_histogram(encoder, histogram)
    }

    /// What does not change, as labels.
    pub(super) fn info(&mut self, name: &str, help: &str, labels: Labels<'_>) -> fmt::Result {
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Info)?;
        encoder.encode_info(&labels)
    }

    pub(super) fn family(
        &mut self,
        name: &str,
        help: &str,
        kind: MetricType,
        write: impl FnOnce(&mut Family<'_>) -> fmt::Result,
    ) -> fmt::Result {
        write(&mut Family(self.0.encode_descriptor(name, help, None, kind)?))
    }
}

impl Family<'_> {
    pub(super) fn counter(&mut self, labels: Labels<'_>, value: u64) -> fmt::Result {
        let mut encoder = self.0.encode_family(&labels)?;
        encoder.encode_counter::<NoLabelSet, _, u64>(&value, None)
    }

    pub(super) fn gauge(&mut self, labels: Labels<'_>, value: u64) -> fmt::Result {
        self.0.encode_family(&labels)?.encode_gauge(&value)
    }

    pub(super) fn histogram(&mut self, labels: Labels<'_>, histogram: &Histogram) -> fmt::Result {
        write_histogram(self.0.encode_family(&labels)?, histogram)
    }
}

fn write_histogram(mut encoder: MetricEncoder<'_>, histogram: &Histogram) -> fmt::Result {
    let (sum, buckets) = histogram.shown();
    // Of what was read, so that the count is that of the last bucket whatever happens meanwhile.
    let count = buckets.iter().map(|(_, count)| count).sum();
    let no_exemplars: Option<&std::collections::HashMap<usize, Exemplar<NoLabelSet, f64>>> = None;
    encoder.encode_histogram(sum, count, &buckets, no_exemplars)
}
