//! `indelible verify`

mod evidence;
mod finding;
mod lacking;
mod receipt;

use std::path::PathBuf;

use super::CommandResult;
use super::vkey::VkeyArg;

pub(super) use receipt::{RECEIPT_BYTES_MAX, read_policy};

/// Check a receipt, evidence of events, or a monitor's finding, offline.
///
/// A receipt shows that an entry is in a tree which the log has signed. With --policy it is also held against the witnesses that
/// the policy asks for; stdout then has a line for each that vouches, `witness NAME KEY TIME`, and the bracket of time in which the
/// entry was logged: `not-after TIME`, when the first of them had seen it, and with --lacking `not-before TIME`, when one still knew no
/// tree that has it (fields are separated by tabs, times are POSIX seconds).
///
/// An evidence file holds events of an audit trail with their proofs. All of it is checked: that each event is in a tree which the log
/// has signed, that its leaf commits to every member that is shown, and that raw bytes are those whose hash is a member. Only then is
/// anything told: for each event what is proved, what the service says, what the sender says, and which members were withheld, or
/// erased by which tombstone. With --policy it tells not after when an event was logged, and with --lacking, of events that the earlier
/// tree lacks, not before when.
///
/// A finding is what a monitor says that a log did. A fork is proved by what is in the finding, whoever brings it; of all else only
/// the signatures can be confirmed.
///
/// Trusts the public key or the policy given, and nothing else: no network, no server, no clock. Exit status 0: the entry, or all
/// that is in the evidence, is in the log. 1: it is not, by this receipt or evidence, or the policy is not met; of a finding: the log did
/// sign two histories. 2: could not tell (no such file, not a receipt, not a key); of a finding: what it says is not proved by what is
/// in it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible verify --receipt 7.tlog-proof --entry event.json --vkey log.vkey
  indelible verify --receipt 7.tlog-proof --entry - --vkey 'ci.example.com/audit+0a1b2c3d+AQ…' < event.json
  indelible verify --receipt 7.tlog-proof --entry event.json --policy policy --lacking earlier.checkpoint
  indelible verify answer.indelible --vkey log.vkey
  indelible verify answer.indelible --vkey log.vkey --json | jq .members.actor
  indelible verify answer.indelible --policy policy --lacking earlier.checkpoint
  indelible verify --finding fork.json")]
pub struct Args {
    /// Evidence: a file of the type `indelible.evidence.v1`, as `events --prove` and `disclose` write it; - reads it from stdin.
    #[arg(value_name = "EVIDENCE", conflicts_with_all = ["receipt", "entry", "finding"])]
    evidence: Option<PathBuf>,
    /// Print the events as JSON, one object a line.
    #[arg(long, requires = "evidence")]
    json: bool,
    /// The receipt: a tlog-proof file, as `append` and `prove` write it.
    #[arg(long, value_name = "FILE", requires = "entry", required_unless_present_any = ["finding", "evidence"])]
    receipt: Option<PathBuf>,
    /// The entry, exactly as it was submitted; - reads it from stdin.
    #[arg(long, value_name = "FILE", requires = "receipt")]
    entry: Option<PathBuf>,
    #[command(flatten)]
    vkey: VkeyArg,
    /// Which logs are trusted and which witnesses must vouch: a tlog-policy file. If it names no log, the one with the key of --vkey
    /// is. A key that the log has given up counts up to the size in `# last-size NAME+ID SIZE`.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// A checkpoint of the log from before, with its cosignatures, whose tree lacks the entry: the newest there is. Of evidence, some of
    /// the entries.
    #[arg(long, value_name = "FILE", requires = "policy")]
    lacking: Option<PathBuf>,
    /// The finding: one line of JSON of the type `indelible.finding.v1`. It names the log's key itself.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["receipt", "entry", "policy", "lacking"])]
    finding: Option<PathBuf>,
}

/// Checks.
pub fn run(args: &Args) -> CommandResult {
    match (&args.evidence, &args.finding, &args.receipt, &args.entry) {
        (Some(evidence), ..) => evidence::run(evidence, args),
        (None, Some(finding), ..) => finding::run(finding),
        (None, None, Some(receipt), Some(entry)) => receipt::run(receipt, entry, args),
        _ => unreachable!("clap demands evidence, a receipt with its entry, or a finding"),
    }
}
