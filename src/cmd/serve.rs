//! `indelible serve`

use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::signal::unix::{SignalKind, signal};

use super::environment::environment;
use super::runtime::block_on;
use super::{CommandResult, Verdict};
use crate::config::Config;
use crate::data::{DataDir, configure};
use crate::observe::write_lines;
use crate::serve::Service;

/// Serve a log over gRPC and HTTP, on one port.
///
/// Reads DIR/indelible.toml, over it the environment (INDELIBLE_LISTEN, …), over that the flags. Ends in order on SIGTERM and
/// SIGINT: what was acknowledged is there afterwards, what was not is refused. Log lines go to stderr; `log_filter`
/// and `log_format` say which, and how they look.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible serve
  indelible serve --open
  indelible serve --data /var/lib/indelible --listen 127.0.0.1:8080
  curl http://127.0.0.1:7425/checkpoint")]
pub struct Args {
    /// The log's directory, made by `init`.
    #[arg(long, value_name = "DIR", default_value = "./indelible-data", env = "INDELIBLE_DATA")]
    data: PathBuf,
    /// The address to listen on; port 0 takes a free one. Default 127.0.0.1:7425.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Let everybody who reaches the port do everything, which is accepted on a loopback address only. Without it whoever asks needs a
    /// role: by a token (indelible token), a certificate, or the identity token of a CI job.
    #[arg(long)]
    open: bool,
}

/// Serves until a signal comes.
pub fn run(args: Args) -> CommandResult {
    let data = DataDir::at(args.data);
    let mut overrides = Vec::new();
    overrides.extend(args.listen.map(|address| ("listen", address.to_string())));
    overrides.extend(args.open.then(|| ("open", "true".to_owned())));
    let config = configure(&data, &environment(), &overrides)?;
    write_lines(config.log_format, &config.log_filter)?;
    block_on(serve(data, config))?
}

async fn serve(data: DataDir, config: Config) -> CommandResult {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let service = Service::start(data, config).await?;
    let open = service.open();
    if let Some(cut) = &open.opened.cut {
        tracing::warn!(
            ?cut,
            "the last write was torn by a crash and never acknowledged; it was cut off"
        );
    }
    for path in &open.opened.removed {
        tracing::warn!(path = %path.display(), "removed what an interrupted write left");
    }
    let origin = &open.log.description().origin;
    eprintln!(
        "indelible: serving {origin} (size {}) on {}",
        open.log.reader().head().size(),
        service.url()
    );
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
