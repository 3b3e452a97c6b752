//! The configuration: one TOML file, over it the environment, over that the command line.
//!
//! [`Config::parse`] is pure: text, environment and overrides in, a whole and valid configuration out. The table in `table` is
//! the one place that knows a field's name, unit, bounds and explanation; the file that `init` writes and
//! docs/configuration.md are printed from it.

mod error;
mod field;
mod layer;
mod print;
mod table;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::net::host::Authority;
pub use crate::observe::LogFormat;

pub use error::{ConfigError, Place};
pub use print::{default_file, reference};

/// Everything that can be configured. Units are in the names; [`reference()`] has the meaning of each field at length.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Hosts by which requests may call the service, besides those it knows by itself.
    pub hosts: Vec<Authority>,
    /// Certificate and key; without, the port is plain.
    pub tls: Option<TlsFiles>,
    /// The log's private key; without, `log.key` in the data directory.
    pub log_key: Option<PathBuf>,
    /// Where the newest head is remembered; without, `DIR.checkpoint` beside the data directory `DIR`.
    pub checkpoint_file: Option<PathBuf>,
    /// URLs of those who remember a head of the log and are asked for it at each start.
    pub memories: Vec<String>,
    /// Whether all of them must answer.
    pub memories_required: bool,
    /// The policy file that names the log's witnesses; without, it has none.
    pub witness_policy: Option<PathBuf>,
    /// Whether all of them must answer at the start.
    pub witness_required_at_start: bool,
    /// What is served while the witnesses of the quorum do not vouch.
    pub without_quorum: WithoutQuorum,
    /// Time for a witness to answer, and for a quorum to come about before a newer head is tried.
    pub witness_timeout_seconds: u32,
    /// Time between two heads that witnesses are asked to cosign.
    pub witness_interval_ms: u32,
    /// Time after which an idle log asks for new cosignatures.
    pub witness_refresh_seconds: u32,
    /// Time without a quorum, or without an answer of a witness, that is no reason to worry.
    pub witness_patience_seconds: u32,
    /// Time that an append waits for a quorum if its caller names none.
    pub witness_wait_seconds: u32,
    /// Whether anybody who reaches the port may use the log.
    pub open: bool,
    /// Whether leaf hashes can be looked up.
    pub leaf_index: bool,
    /// Size of a journal segment.
    pub segment_mib: u32,
    /// Entry bytes of one commit.
    pub commit_kib: u32,
    /// Entry bytes that wait for a commit or are in one.
    pub queue_mib: u32,
    /// Journal bytes that are not sealed yet.
    pub backlog_mib: u32,
    /// Memory for what sled has read.
    pub cache_mib: u32,
    /// Raw bytes of an event that are kept; of more only the hash.
    pub raw_kept_kib: u32,
    /// Time for running requests at shutdown.
    pub shutdown_seconds: u32,
    /// Connections at a time.
    pub connections_max: u32,
    /// Requests at a time on one HTTP/2 connection.
    pub streams_per_connection_max: u32,
    /// Time for an answer to begin.
    pub request_timeout_seconds: u32,
    /// Connections at a time of one client address.
    pub connections_per_client_max: u32,
    /// Time for the head of an HTTP/1.1 request, and the pause before it.
    pub header_timeout_seconds: u32,
    /// The least speed of the body of a request, while it is waited for.
    pub body_bytes_per_second_min: u32,
    /// Time of an HTTP/2 connection without a request.
    pub idle_timeout_seconds: u32,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Which log lines are written.
    pub log_filter: String,
    /// Where spans are sent to; without, there are none.
    pub otlp_endpoint: Option<String>,
}

/// What is served while the witnesses of the quorum do not vouch for newer heads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WithoutQuorum {
    /// The last head for which they did: it stays where it is.
    Witnessed,
    /// Newer heads with the log's own signature.
    Signed,
}

impl WithoutQuorum {
    /// As it stands in a configuration.
    fn as_str(self) -> &'static str {
        match self {
            WithoutQuorum::Witnessed => "witnessed",
            WithoutQuorum::Signed => "signed",
        }
    }
}

/// What TLS is made of: paths of PEM files. One without the other is an error, so they come together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsFiles {
    /// The chain, the service's own certificate first.
    pub cert: PathBuf,
    /// The private key of that certificate.
    pub key: PathBuf,
    /// Whose clients' certificates are asked for; without, clients are not asked.
    pub clients: Option<ClientCa>,
}

/// Whose word is taken for the certificates of clients: paths of PEM files.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientCa {
    /// The certificates of the authorities.
    pub ca: PathBuf,
    /// What they have revoked.
    pub crl: Option<PathBuf>,
    /// Whether a client must show one.
    pub required: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7425)),
            hosts: Vec::new(),
            tls: None,
            log_key: None,
            checkpoint_file: None,
            memories: Vec::new(),
            memories_required: false,
            witness_policy: None,
            witness_required_at_start: false,
            without_quorum: WithoutQuorum::Witnessed,
            witness_timeout_seconds: 5,
            witness_interval_ms: 1000,
            witness_refresh_seconds: 600,
            witness_patience_seconds: 30,
            witness_wait_seconds: 10,
            open: false,
            leaf_index: true,
            segment_mib: 256,
            commit_kib: 1024,
            queue_mib: 64,
            backlog_mib: 128,
            cache_mib: 352,
            raw_kept_kib: 1024,
            shutdown_seconds: 10,
            connections_max: 1024,
            streams_per_connection_max: 256,
            request_timeout_seconds: 30,
            connections_per_client_max: 768,
            header_timeout_seconds: 10,
            body_bytes_per_second_min: 256,
            idle_timeout_seconds: 600,
            log_format: LogFormat::Text,
            log_filter: "info".to_owned(),
            otlp_endpoint: None,
        }
    }
}

impl Config {
    /// Reads a configuration.
    ///
    /// `text` is the content of `file`, whose name appears in errors and whose folder relative paths in it start from.
    /// `environment` may be the whole environment: `INDELIBLE_` and a field's name in capitals counts, other variables do not,
    /// not even those that begin alike (Kubernetes sets `INDELIBLE_SERVICE_HOST` beside a service of that name).
    /// `overrides` are fields and their text as flags give them. The later of two wins, and overrides win over all.
    /// Paths in the latter two are taken as they are.
    ///
    /// The first thing that is wrong is the error, the file's before the environment's before the flags'.
    pub fn parse(
        text: &str,
        file: &Path,
        environment: &BTreeMap<String, String>,
        overrides: &[(&'static str, String)],
    ) -> Result<Config, ConfigError> {
        let mut draft = field::Draft::new();
        layer::file(text, file, &mut draft)?;
        layer::environment(environment, &mut draft)?;
        layer::overrides(overrides, &mut draft)?;
        draft.finish()
    }
}
