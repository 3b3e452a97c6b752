//! The certificate that is served, and its files.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::page::Page;
use crate::net::Tls;

/// The figures of a listener with TLS.
#[derive(Debug)]
pub struct TlsFigures(pub Tls);

impl Collector for TlsFigures {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let reloads = self.0.reloads();
        // What ended before 1970 has ended.
        let second = |second: i64| u64::try_from(second).unwrap_or(0);
        let mut page = Page::on(encoder);
        page.gauge(
            "indelible_tls_certificate_expiry_timestamp_seconds",
            "When the certificate that is served ends to be in force",
            second(self.0.current().not_after()),
        )?;
        page.gauge(
            "indelible_tls_loaded_timestamp_seconds",
            "When the files of TLS that are in use were read",
            second(reloads.loaded_at()),
        )?;
        page.counter(
            "indelible_tls_reloads",
            "Changed files of TLS that came into use while the service ran",
            reloads.loaded(),
        )?;
        page.counter(
            "indelible_tls_reloads_failed",
            "Changed files of TLS that could not be used",
            reloads.failed(),
        )?;
        page.gauge(
            "indelible_tls_files_refused",
            "1 if the files of TLS that are there now cannot be used, so that those from before go on",
            u64::from(reloads.are_refused()),
        )
    }
}
