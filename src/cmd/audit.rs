//! `indelible audit`

use std::path::PathBuf;
use std::time::{Instant, SystemTime};

use base64::{Engine, engine::general_purpose::STANDARD};
use indelible_client::{PatientSource, TileError, TrustedLog};
use indelible_merkle::Hash;
use indelible_note::{Finding, FindingKind, PosixTime};
use serde_json::{Value, json};

use super::out::line;
use super::progress::counter;
use super::runtime::block_on;
use super::tile_log::TileLogArgs;
use super::{CommandResult, Verdict};
use crate::audit::{AuditError, Audited, Plan, Scope, audit};
use crate::findings::Findings;

/// Recompute the whole log; for "who did what" see `events`.
///
/// Downloads every entry, rebuilds every tile and the root from them, and holds what the log has signed and what it serves against
/// that. Trusts the public key given, and nothing else. Works on any C2SP tlog-tiles log, and on a copy of one in a folder. Exit
/// status 0: it holds. 1: it does not; the message names the first wrong file. 2: could not tell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible audit https://log.example.com --vkey log.vkey
  indelible audit https://log.example.com --policy policy.txt --state audit.state    # from cron: only what is new
  indelible audit ./copy --vkey log.vkey --json")]
pub struct Args {
    #[command(flatten)]
    log: TileLogArgs,
    /// Keep in FILE how far the audit is, so that the next one goes on from there, also after a crash. What it has checked before is
    /// not downloaded again: that the log still has it is shown by the root.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Compare the entries with the signed root only, not with the tiles that the log serves.
    #[arg(long)]
    entries_only: bool,
    /// How many bundles of 256 entries are asked for at a time. Each takes the memory of its entries, at most 16.8 MB.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    in_flight: u16,
    /// Print the verdict as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Audits.
pub fn run(args: &Args) -> CommandResult {
    let begin = Instant::now();
    let (source, log) = (args.log.source()?, args.log.log()?);
    let plan = Plan {
        scope: match args.entries_only {
            true => Scope::Entries,
            false => Scope::Everything,
        },
        in_flight: usize::from(args.in_flight),
        state: args.state.as_deref(),
        now: PosixTime::from_system(SystemTime::now()).ok_or("the clock is set to a time before 1970")?,
    };
    let bar = counter("auditing", Some(0));
    let result = block_on(audit(&source, &log, plan, &mut |checked, size| {
        bar.set_length(size);
        bar.set_position(checked);
    }))?;
    bar.finish_and_clear();
    let work = Work {
        source: &source,
        seconds: begin.elapsed().as_secs_f64(),
    };
    match result {
        Ok(audited) => {
            say(args, &audited, &work);
            if args.json {
                line(holds(&audited, &work))?;
            }
            Ok(Verdict::Holds)
        }
        Err(error) if error.is_refuted() => {
            let finding = finding(&error, &log);
            if let (Some(finding), Some(state)) = (&finding, &args.state) {
                match Findings::beside(state).and_then(|findings| findings.keep(finding)) {
                    Ok(path) => eprintln!("indelible: the evidence is in {}", path.display()),
                    Err(error) => eprintln!("indelible: the evidence could not be kept: {error}"),
                }
            }
            if args.json {
                line(does_not_hold(&error, finding.as_ref(), &work))?;
            }
            Ok(Verdict::DoesNotHold(reason(args, &error)))
        }
        Err(error) => Err(error.into()),
    }
}

/// What it took.
struct Work<'a> {
    source: &'a PatientSource,
    seconds: f64,
}

fn say(args: &Args, audited: &Audited, work: &Work<'_>) {
    let head = audited.head.head();
    let checked = head.size - audited.start;
    eprintln!(
        "holds: the {} entries of {} have the root {} that its key has signed",
        head.size,
        audited.head.origin(),
        STANDARD.encode(head.root)
    );
    let before = match audited.start {
        0 => String::new(),
        start => format!("; the {start} before were checked by an earlier audit"),
    };
    let what = match args.entries_only {
        true => "entries",
        false => "entries, and every tile above them,",
    };
    let (megabytes, seconds) = (work.source.bytes() / 1_000_000, work.seconds);
    eprintln!("checked {checked} {what} in {seconds:.1} s ({megabytes} MB){before}");
}

fn holds(audited: &Audited, work: &Work<'_>) -> Value {
    let head = audited.head.head();
    json!({
        "type": TYPE,
        "holds": true,
        "origin": audited.head.origin().as_str(),
        "size": head.size,
        "root": STANDARD.encode(head.root),
        "entries": head.size - audited.start,
        "bytes": work.source.bytes(),
        "seconds": work.seconds,
    })
}

fn does_not_hold(error: &AuditError, finding: Option<&Finding>, work: &Work<'_>) -> Value {
    let base64 = |hash: Hash| STANDARD.encode(hash);
    let mut verdict = json!({
        "type": TYPE,
        "holds": false,
        "reason": error.to_string(),
        "bytes": work.source.bytes(),
        "seconds": work.seconds,
    });
    let mut add = |name: &str, value: Value| verdict[name] = value;
    match error {
        AuditError::Tile(TileError::Wrong(file)) => {
            add("file", file.path.to_string().into());
            if let Some(index) = file.wrong.index() {
                add("index", index.into());
            }
            if let Some((expected, found)) = file.wrong.hashes() {
                add("expected", base64(expected).into());
                add("found", base64(found).into());
            }
        }
        AuditError::Tile(TileError::Root { size, expected, found }) => {
            add("file", "checkpoint".into());
            add("size", (*size).into());
            add("expected", base64(*expected).into());
            add("found", base64(*found).into());
        }
        _ => add("file", "checkpoint".into()),
    }
    if let Some(finding) = finding {
        let finding = serde_json::from_str(&finding.to_string());
        add("finding", finding.expect("a finding is written as JSON"));
    }
    verdict
}

/// The evidence against the log, if it is such that others can confirm it.
fn finding(error: &AuditError, log: &TrustedLog) -> Option<Finding> {
    let (kind, first, then, hashes) = match error {
        AuditError::Rollback { first, then } => (FindingKind::Rollback, first, then, Vec::new()),
        AuditError::Fork { older, newer, hashes } => (FindingKind::Fork, older, newer, hashes.clone()),
        AuditError::Fetch(_) | AuditError::Head(_) | AuditError::Tile(_) | AuditError::State(_) => return None,
    };
    let heads = [first, then].map(|shown| shown.head.note().as_str().to_owned());
    Some(Finding {
        kind,
        key: log.accused(&heads).clone(),
        heads: heads.into(),
        hashes,
        seen: vec![first.seen, then.seen],
    })
}

fn reason(args: &Args, error: &AuditError) -> String {
    match (error, &args.state) {
        (AuditError::Tile(TileError::Root { .. }), Some(state)) => format!(
            "{error}\n\nif {} existed before, what it says was taken for checked; without it all is recomputed",
            state.display()
        ),
        _ => format!("{}: {error}", args.log.place()),
    }
}

const TYPE: &str = "indelible.audit.v1";
