//! `indelible witness serve`

use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::signal::unix::{SignalKind, signal};

use super::folder::FolderArg;
use crate::cmd::runtime::block_on;
use crate::cmd::{CommandResult, Verdict};
use crate::net::host::Authority;
use crate::observe::{LogFormat, write_lines};
use crate::witness::{Options, Rate, Service};

/// Serve the witness over HTTP.
///
/// Logs send their checkpoints to URL/add-checkpoint; what was cosigned last for a log is at
/// URL/<SHA-256 of its origin in hex>/checkpoint. Anybody may connect, and only logs that were added are cosigned for. Ends in order on
/// SIGTERM and SIGINT. Log lines go to stderr; INDELIBLE_LOG_FILTER=debug shows more of them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible witness serve
  indelible witness serve --data /var/lib/indelible-witness --listen 0.0.0.0:443 \\
      --host witness.example.org --tls-cert cert.pem --tls-key key.pem")]
pub(super) struct Args {
    #[command(flatten)]
    folder: FolderArg,
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7426")]
    listen: SocketAddr,
    /// A host name by which the witness is called, with or without port; may be repeated. Loopback, the address that a connection
    /// arrived on and the names in the certificate are always known.
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<Authority>,
    /// A PEM file with the certificate chain, the witness's own first. Without it the port is plain.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// A PEM file with the private key of the certificate.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// New heads that each log may send a minute, and as many other requests that make the witness write: 1 to 60,000. Those of a
    /// whole minute may come at once; beyond them the answer is 429.
    #[arg(long, value_name = "N", default_value_t)]
    rate: Rate,
}

/// Serves until a signal comes.
pub(super) fn run(args: Args) -> CommandResult {
    let filter = std::env::var("INDELIBLE_LOG_FILTER").unwrap_or_else(|_| "info".to_owned());
    write_lines(LogFormat::Text, &filter)?;
    block_on(serve(args))?
}

async fn serve(args: Args) -> CommandResult {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let options = Options {
        listen: args.listen,
        hosts: args.hosts,
        tls: args.tls_cert.zip(args.tls_key),
        rate: args.rate,
    };
    let service = Service::start(args.folder.folder(), options).await?;
    let (name, logs) = (service.cosigner().name(), service.logs());
    eprintln!("indelible: witnessing as {name} (logs {logs}) on {}", service.url());
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        eprintln!("indelible: stopping");
    };
    service.run(shutdown).await?;
    Ok(Verdict::Holds)
}
