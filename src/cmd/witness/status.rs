//! `indelible witness status`

use super::folder::FolderArg;
use crate::cmd::out::line;
use crate::cmd::{CommandResult, Verdict};
use crate::witness::{KeptFinding, LogState};

/// Show the logs that the witness knows, what it cosigned last for each, and evidence of forks.
///
/// A line a log on stdout, its fields separated by tabs: origin, size, root in hex, time of the cosignature in seconds since 1970;
/// `-` for what does not exist before the first cosignature. With --findings the evidence instead, each finding a line of JSON as
/// `verify` reads it. Works while the witness is served. Exit status 1 if a log is proven to have forked.
#[derive(Debug, clap::Args)]
#[command(visible_alias = "list")]
#[command(after_help = "Examples:
  indelible witness status
  indelible witness status --findings > findings.jsonl")]
pub(super) struct Args {
    /// Print the evidence against logs.
    #[arg(long)]
    findings: bool,
    #[command(flatten)]
    folder: FolderArg,
}

/// Shows it.
pub(super) fn run(args: &Args) -> CommandResult {
    let state = args.folder.state()?;
    let findings = state.findings()?;
    match args.findings {
        true => findings.iter().try_for_each(|kept| line(&kept.finding))?,
        false => state.logs()?.iter().try_for_each(|log| line(fields(log)))?,
    }
    findings.iter().filter(|kept| !kept.proven).for_each(say_unproven);
    let mut forked: Vec<&str> = findings
        .iter()
        .filter(|kept| kept.proven)
        .map(|kept| kept.origin.as_str())
        .collect();
    forked.dedup();
    match forked.as_slice() {
        [] => Ok(Verdict::Holds),
        forked => Ok(Verdict::DoesNotHold(format!(
            "these logs have signed two histories, see --findings: {}",
            forked.join(", ")
        ))),
    }
}

fn fields(log: &LogState) -> String {
    let origin = &log.origin;
    match &log.cosigned {
        Some((checkpoint, time)) => {
            let head = checkpoint.head();
            format!("{origin}\t{}\t{}\t{time}", head.size, head.root)
        }
        None => format!("{origin}\t-\t-\t-"),
    }
}

fn say_unproven(kept: &KeptFinding) {
    eprintln!(
        "indelible: {} signed a checkpoint that came with a proof that does not hold: it has forked, or somebody sent a wrong proof; \
         see --findings",
        kept.origin
    );
}
