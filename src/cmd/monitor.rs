//! `indelible monitor`

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use indelible_client::{HttpOptions, Patience, PatientSource};
use indelible_note::PosixTime;
use tokio::signal::unix::{SignalKind, signal};

use super::credential::CredentialArgs;
use super::duration::parse_duration;
use super::files::read_at_most;
use super::reach::CA_BYTES_MAX;
use super::remote::{safe_name, state_folder};
use super::runtime::block_on;
use super::trust::TrustArgs;
use super::{CommandResult, Failure, Verdict};
use crate::findings::Findings;
use crate::monitor::{Folder, Monitor, MonitorError, Pace, Rules, Tellers};

/// Follow a log, and say when it forks, rolls back, rewrites, freezes, or serves what its key did not sign.
///
/// Works with every log that is published as C2SP tlog-tiles. Each look checks that the log's key has signed the head and that it
/// continues the newest one seen before, which is kept in the state folder. What an honest log does not do is written as a
/// finding, a file of one JSON line with the evidence, whose path is printed; `indelible verify` checks it without us. A network
/// that fails is no finding. Exit status, with --once: 0 the log holds. 1: there are findings that it has not made good. 2: could
/// not tell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible monitor https://log.example.com/audit --vkey log.vkey
  indelible monitor https://log.example.com/audit --policy audit.policy --entries --max-age 1h \\
      --state /var/lib/indelible-monitor --exec /usr/local/bin/page-somebody
  indelible monitor /srv/mirror/audit --vkey log.vkey --once")]
pub struct Args {
    /// Where the log is: the URL below which it serves `checkpoint`, or a folder with a copy of it.
    #[arg(value_name = "URL|DIR")]
    log: String,
    #[command(flatten)]
    trust: TrustArgs,
    /// What is remembered of the log. Default: a folder a log in the user's state directory (~/.local/state/indelible).
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Where findings are written. Default: `findings` in the state folder.
    #[arg(long, value_name = "DIR")]
    findings: Option<PathBuf>,
    /// Read every entry as well, and check that it is in the tree.
    #[arg(long)]
    entries: bool,
    /// How long to wait between two looks: seconds, or with a unit (s, m, h, d).
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration)]
    interval: Duration,
    /// Look once, verify all there is, and end: for cron.
    #[arg(long)]
    once: bool,
    /// How long the log may be silent before that is a finding: no witness vouches for a head or, if the policy asks for none,
    /// nothing new is served. Default: for ever.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    max_age: Option<Duration>,
    /// Run a command for each finding, by /bin/sh, with the finding's file as its last argument, for at most 60 s.
    #[arg(long, value_name = "CMD")]
    exec: Option<String>,
    /// Post the JSON of each finding to this URL.
    #[arg(long, value_name = "URL", env = "INDELIBLE_NOTIFY", hide_env_values = true)]
    notify: Option<String>,
    /// How long a request to the log may take.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    timeout: Duration,
    /// For https: the certificates, in PEM, that may vouch for the servers, instead of the system's.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Follows the log until a signal comes, or looks at it once.
pub fn run(args: &Args) -> CommandResult {
    let mut monitor = open(args)?;
    match args.once {
        true => once(&mut monitor),
        false => {
            let interval = args.interval;
            block_on(follow(&mut monitor, Pace { interval }))??;
            Ok(Verdict::Holds)
        }
    }
}

fn once(monitor: &mut Monitor) -> CommandResult {
    let look = block_on(monitor.once())??;
    let state = &monitor.state;
    let accused_of = state.accused_of();
    if !accused_of.is_empty() {
        return Ok(Verdict::DoesNotHold(format!(
            "{} is accused of: {}",
            state.origin,
            accused_of.join(", ")
        )));
    }
    if let Some(reason) = look.unclear {
        return Err(reason.into());
    }
    let entries = match monitor.rules.entries {
        true => ", and has the entries for it",
        false => "",
    };
    eprintln!(
        "holds: {} has {} entries and continues what was seen before{entries}",
        state.origin,
        state.size()
    );
    Ok(Verdict::Holds)
}

async fn follow(monitor: &mut Monitor, pace: Pace) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    Ok(monitor.follow(pace, stop).await?)
}

fn open(args: &Args) -> Result<Monitor, Failure> {
    let log = args.trust.read()?;
    let ca_certificates = args.ca.as_deref().map(|path| read_at_most(path, CA_BYTES_MAX));
    let http = HttpOptions {
        timeout: args.timeout,
        ca_certificates: ca_certificates.transpose()?,
        ..HttpOptions::default()
    };
    let patience = Patience {
        limit: Duration::ZERO,
        ..Patience::default()
    };
    // Nobody but the log is shown who asks.
    let to_log = HttpOptions {
        client_certificate: args.credential.certificate()?,
        ..http.clone()
    };
    let source = PatientSource::new(args.credential.tiles(&args.log, &to_log)?, patience);
    let tellers = Tellers::new(args.exec.clone(), args.notify.as_deref(), &http)?;
    let now = PosixTime::from_system(SystemTime::now()).ok_or(MonitorError::Clock)?;
    let path = match &args.state {
        Some(path) => path.clone(),
        None => state_folder()
            // Not by the key: what is remembered of a log outlives it.
            .map(|folder| folder.join(format!("{}.monitor", safe_name(log.origin()))))
            .ok_or("there is no HOME to remember anything in; name a folder by --state")?,
    };
    let (folder, state) = Folder::open(&path, &log, now)?;
    let findings = args.findings.clone().unwrap_or_else(|| folder.findings());
    let findings = Findings::open(&findings).map_err(|error| format!("{}: {error}", findings.display()))?;
    let rules = Rules {
        log,
        max_age: args.max_age,
        entries: args.entries,
    };
    Ok(Monitor {
        source,
        rules,
        folder,
        state,
        findings,
        tellers,
    })
}
