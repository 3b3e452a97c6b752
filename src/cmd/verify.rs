//! `indelible verify`

use std::path::PathBuf;

use indelible_merkle::{ENTRY_MAX, Hash};
use indelible_note::Receipt;

use super::files::{read_at_most, read_entry};
use super::vkey::VkeyArg;
use super::{CommandResult, Verdict};

/// Check a receipt offline: that an entry is in a tree which the log has signed.
///
/// Trusts the public key given, and nothing else: no network, no server, no clock. Exit status 0: the entry is in the log. 1: it
/// is not, by this receipt. 2: could not tell (no such file, not a receipt, not a key).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible verify --receipt 7.tlog-proof --entry event.json --vkey log.vkey
  indelible verify --receipt 7.tlog-proof --entry - --vkey 'ci.example.com/audit+0a1b2c3d+AQ…' < event.json")]
pub struct Args {
    /// The receipt: a tlog-proof file, as `append` and `prove` write it.
    #[arg(long, value_name = "FILE")]
    receipt: PathBuf,
    /// The entry, exactly as it was submitted; - reads it from stdin.
    #[arg(long, value_name = "FILE")]
    entry: PathBuf,
    #[command(flatten)]
    vkey: VkeyArg,
}

/// Checks.
pub fn run(args: &Args) -> CommandResult {
    let key = args.vkey.read()?;
    let receipt = Receipt::parse(&read_at_most(&args.receipt, RECEIPT_BYTES_MAX)?)
        .map_err(|error| format!("{} is no receipt: {error}", args.receipt.display()))?;
    let entry = read_entry(&args.entry)?;
    if entry.len() > ENTRY_MAX {
        let length = entry.len();
        return Ok(Verdict::DoesNotHold(format!(
            "no log has an entry of {length} bytes; the limit is {ENTRY_MAX}"
        )));
    }
    let verified = match receipt.verify(Hash::leaf(&entry), &key) {
        Ok(verified) => verified,
        Err(error) => return Ok(Verdict::DoesNotHold(error.to_string())),
    };
    let (index, head) = (verified.included().index(), verified.checkpoint().head());
    let origin = verified.checkpoint().origin();
    eprintln!(
        "holds: this is entry {index} of {origin}, in the tree of size {} that its key has signed",
        head.size
    );
    Ok(Verdict::Holds)
}

/// A note of a million bytes, and 63 hashes before it.
const RECEIPT_BYTES_MAX: usize = 1_100_000;
