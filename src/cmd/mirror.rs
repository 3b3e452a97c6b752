//! `indelible mirror`

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::{Engine, engine::general_purpose::STANDARD};
use indelible_client::{BadHead, TileError, TrustedLog};
use indelible_note::{Finding, FindingKind, PosixTime};
use tokio::signal::unix::{SignalKind, signal};

use super::progress::counter;
use super::runtime::block_on;
use super::tile_log::TileLogArgs;
use super::{CommandResult, Failure, Verdict};
use crate::findings::Findings;
use crate::mirror::{Copy, Mirror, MirrorError, Outcome, Thoroughness};

/// Keep a copy of a log that any web server can serve.
///
/// The copy has the files of the log at their paths (C2SP tlog-tiles), byte for byte: `checkpoint`, `tile/…`, `tile/entries/…`. Each is
/// checked against the head that the log has signed before it is written, and the checkpoint is replaced last, so that the copy holds
/// at every moment. Running it again adds what is new. A log that contradicts the copy, by a fork or a rollback, is refused: the copy
/// stays as it is, and the evidence is kept in DIR.findings. Exit status 0: the copy is up to date. 1: the log does not hold. 2: could
/// not do it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible mirror https://log.example.com /srv/www/log --vkey log.vkey
  indelible mirror https://log.example.com /srv/www/log --vkey log.vkey --follow --interval 30
  indelible audit /srv/www/log --vkey log.vkey                    # what the copy is worth

docs/mirroring.md has a configuration for nginx.")]
pub struct Args {
    #[command(flatten)]
    log: TileLogArgs,
    /// The folder with the copy; made if it is not there.
    #[arg(value_name = "DIR", index = 2)]
    folder: PathBuf,
    /// Go on until SIGTERM or SIGINT.
    #[arg(long)]
    follow: bool,
    /// How long to wait before the log is asked again, in seconds.
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400), requires = "follow")]
    interval: u64,
    /// Look at every file of the copy first, and fetch those again that are missing or damaged.
    #[arg(long)]
    repair: bool,
    /// How many bundles of 256 entries are asked for at a time. Each takes the memory of its entries, at most 16.8 MB.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    in_flight: u16,
}

/// Copies.
pub fn run(args: &Args) -> CommandResult {
    let (source, log) = (args.log.source()?, args.log.log()?);
    let copy = Copy::open(&args.folder)?;
    let thoroughness = match args.repair {
        true => Thoroughness::All,
        false => Thoroughness::New,
    };
    let mut mirror = Mirror::new(source, log.clone(), copy, usize::from(args.in_flight), thoroughness);
    let result = block_on(async {
        let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::select! {
            result = go(args, &mut mirror) => result,
            // What is under way is given up, and begun again the next time: the copy holds.
            _ = term.recv() => Err(Stopped.into()),
            _ = int.recv() => Err(Stopped.into()),
        }
    })?;
    match result {
        Ok(()) => Ok(Verdict::Holds),
        Err(failure) if failure.is::<Stopped>() && args.follow => Ok(Verdict::Holds),
        Err(failure) => match failure.downcast::<MirrorError>() {
            Ok(error) if error.is_refuted() => {
                keep(args, mirror.copy(), &log, &error);
                Ok(Verdict::DoesNotHold(format!(
                    "{}: {error}; the copy stays as it is",
                    args.log.place()
                )))
            }
            Ok(error) => Err(error),
            Err(other) => Err(other),
        },
    }
}

/// One round, or rounds until something does not hold.
async fn go(args: &Args, mirror: &mut Mirror) -> Result<(), Failure> {
    loop {
        match round(mirror).await {
            Ok(()) => {}
            Err(error) if args.follow && is_passing(&error) => eprintln!("indelible: {error}; trying again"),
            Err(error) => return Err(error.into()),
        }
        if !args.follow {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(args.interval)).await;
    }
}

async fn round(mirror: &mut Mirror) -> Result<(), MirrorError> {
    let bar = counter("copying", Some(0));
    let outcome = mirror
        .round(&mut |copied, size| {
            bar.set_length(size);
            bar.set_position(copied);
        })
        .await;
    bar.finish_and_clear();
    match outcome? {
        Outcome::UpToDate(head) => tracing::debug!(size = head.head().size, "nothing new"),
        Outcome::Copied { head, from, filled } => {
            let (head, origin) = (head.head(), head.origin());
            eprintln!(
                "{origin}: copied {} entries to {}, root {} ({} files, {} bytes)",
                head.size.saturating_sub(from),
                head.size,
                STANDARD.encode(head.root),
                filled.files,
                filled.bytes
            );
        }
    }
    Ok(())
}

/// Whether the next round may go well.
fn is_passing(error: &MirrorError) -> bool {
    let is_about_reading = matches!(
        error,
        MirrorError::Fetch(_) | MirrorError::Tile(TileError::Fetch(_)) | MirrorError::Head(BadHead::Malformed(_))
    );
    is_about_reading && !error.is_refuted()
}

/// Keeps the evidence, if it is such that others can confirm it.
fn keep(args: &Args, copy: &Copy, log: &TrustedLog, error: &MirrorError) {
    let (kind, first, then, hashes) = match error {
        MirrorError::Rollback { first, then } => (FindingKind::Rollback, first, then, Vec::new()),
        MirrorError::Fork { first, then, hashes } => (FindingKind::Fork, first, then, hashes.clone()),
        _ => return,
    };
    // The copy has had its head since its checkpoint was written.
    let written = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified());
    let first_seen = written(&copy.checkpoint_path()).unwrap_or_else(|_| SystemTime::now());
    let seen = [first_seen, SystemTime::now()];
    let heads = [first, then].map(|head| head.note().as_str().to_owned());
    let finding = Finding {
        kind,
        key: log.accused(&heads).clone(),
        heads: heads.into(),
        hashes,
        seen: seen.into_iter().filter_map(PosixTime::from_system).collect(),
    };
    match Findings::beside(&args.folder).and_then(|findings| findings.keep(&finding)) {
        Ok(path) => eprintln!("indelible: the evidence is in {}", path.display()),
        Err(error) => eprintln!("indelible: the evidence could not be kept: {error}; it is\n{finding}"),
    }
}

/// Somebody wants it to end.
#[derive(Debug, thiserror::Error)]
#[error("stopped before the copy was up to date; it holds as before")]
struct Stopped;
