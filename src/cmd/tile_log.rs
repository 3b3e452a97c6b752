//! A log that is published as tiles, as commands name it: where it is, and what is believed of it.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use indelible_client::{HttpOptions, Patience, PatientSource, TrustedLog};

use super::Failure;
use super::credential::CredentialArgs;
use super::files::read_at_most;
use super::reach::CA_BYTES_MAX;
use super::trust::TrustArgs;

/// Which log, and how to reach it.
#[derive(Debug, clap::Args)]
pub(super) struct TileLogArgs {
    /// The URL prefix of the log, below which `checkpoint` and `tile/` are, or a folder with a copy of them.
    #[arg(value_name = "URL|DIR", index = 1)]
    place: String,
    #[command(flatten)]
    trust: TrustArgs,
    /// For https: the certificates, in PEM, that may vouch for the server, instead of the system's.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Whether the server is asked to compress entries. `auto` asks all but servers on this machine, which compress for longer than
    /// they send.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    gzip: When,
    /// For how long a file is asked for, in seconds, that the server fails to send for the moment (429, 5xx, broken connections).
    #[arg(long, value_name = "S", default_value_t = 60)]
    retry_for: u64,
    #[command(flatten)]
    credential: CredentialArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

impl TileLogArgs {
    /// Where the files come from. Asks nothing yet.
    pub(super) fn source(&self) -> Result<PatientSource, Failure> {
        let ca_certificates = self.ca.as_deref().map(|path| read_at_most(path, CA_BYTES_MAX));
        let options = HttpOptions {
            ca_certificates: ca_certificates.transpose()?,
            client_certificate: self.credential.certificate()?,
            timeout: TIMEOUT,
            ..HttpOptions::default()
        };
        let source = self.credential.tiles(&self.place, &options)?;
        let source = match self.gzip {
            When::Always => source,
            When::Auto if !is_on_this_machine(&self.place) => source,
            When::Auto | When::Never => source.uncompressed(),
        };
        let patience = Patience {
            limit: Duration::from_secs(self.retry_for),
            ..Patience::default()
        };
        Ok(PatientSource::new(source, patience))
    }

    /// What is believed.
    pub(super) fn log(&self) -> Result<TrustedLog, Failure> {
        self.trust.read()
    }

    /// The URL or folder, as it was given.
    pub(super) fn place(&self) -> &str {
        &self.place
    }
}

/// Whether the host of a URL is an address of this machine, as far as its text says so.
fn is_on_this_machine(url: &str) -> bool {
    let host = url.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// A bundle of the longest entries over 1.2 Mbit/s.
const TIMEOUT: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_this_machine_is_known_by_its_url() {
        for (url, here) in [
            ("http://localhost:7425", true),
            ("http://127.0.0.1:7425/log/", true),
            ("https://[::1]/log", true),
            ("http://127.1.2.3", true),
            ("http://10.0.0.1:7425", false),
            ("https://localhost.example/log", false),
            ("https://example.com/localhost", false),
        ] {
            assert_eq!(is_on_this_machine(url), here, "{url}");
        }
    }
}
