//! `indelible events`

mod follow;
mod list;
mod print;
mod row;
mod since;

use std::path::PathBuf;

use jiff::Timestamp;

use self::since::When;
use super::evidence::EvidenceTrustArgs;
use super::runtime::block_on;
use super::service::{Question, ServiceArgs};
use super::{CommandResult, Verdict};

/// Ask a running log who did what: to what, when, and what came of it.
///
/// Prints a row for each event that meets all of the conditions, the newest first: its index, when it was received, who did what to
/// what, the outcome, and the source. Of each the proof is fetched and checked, as `show` does; what does not hold is not printed. That
/// they meet the conditions can be seen; that no event is left out is the service's word.
///
/// Members that were erased say so, and by which tombstone. If the service's index is behind the log, stderr says how far.
///
/// Exit status 0: answered, be it that nothing was found. 1: something does not hold. 2: could not tell, or nothing was found of which
/// --prove could write evidence.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible events --actor octocat --since 2h
  indelible events --verb approve --target production --since 2026-11-01 --prove approvals.indelible
  indelible events --follow --json | jq .members.action.value.name")]
pub struct Args {
    /// Whoever did it: an id, or a name or email without regard to case.
    #[arg(long, value_name = "TEXT")]
    actor: Option<String>,
    /// What it comes to: create, update, delete, access, execute, approve, deny, login or other.
    #[arg(long, value_name = "VERB")]
    verb: Option<String>,
    /// The source's own name for what was done, such as deployment_review.approved.
    #[arg(long, value_name = "NAME")]
    action: Option<String>,
    /// What it was done to: an id, or a name or parent without regard to case.
    #[arg(long, value_name = "TEXT")]
    target: Option<String>,
    /// The source that it came by, such as github/acme.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Received from this time on: how long ago (90s, 15m, 2h, 7d), a day (2026-11-01), or a time of RFC 3339.
    #[arg(long, value_name = "WHEN", value_parser = When::parse)]
    since: Option<When>,
    /// Received before this time.
    #[arg(long, value_name = "WHEN", value_parser = When::parse)]
    until: Option<When>,
    /// How many events at most; with --follow, how many of those that are there.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    limit: u64,
    /// Go on with events as they come, the oldest first.
    #[arg(long, conflicts_with_all = ["prove", "until"])]
    follow: bool,
    /// Print JSON, one object a line, with all members.
    #[arg(long)]
    json: bool,
    /// Write the evidence of the answer to FILE: every event of it with its proof, checked, and the tombstones of what was erased. If
    /// nothing is found there is nothing to prove, and no file.
    #[arg(long, value_name = "FILE")]
    prove: Option<PathBuf>,
    #[command(flatten)]
    service: ServiceArgs,
    #[command(flatten)]
    trust: EvidenceTrustArgs,
}

/// Asks.
pub fn run(args: &Args) -> CommandResult {
    let now = Timestamp::now();
    let question = Question {
        actor: args.actor.clone(),
        verb: args.verb.clone(),
        action: args.action.clone(),
        target: args.target.clone(),
        source: args.source.clone(),
        since: args.since.map(|when| when.resolve(now)),
        until: args.until.map(|when| when.resolve(now)),
    };
    block_on(async {
        match args.follow {
            true => follow::run(args, &question).await.map(|()| Verdict::Holds),
            false => list::run(args, &question).await,
        }
    })?
}
