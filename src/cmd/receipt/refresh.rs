//! `indelible receipt refresh`

use std::path::PathBuf;

use indelible_merkle::Hash;
use indelible_note::{KeyChain, Policy, Receipt};

use crate::cmd::files::{read_at_most, read_entry, replace};
use crate::cmd::prove::parse_hash;
use crate::cmd::remote::RemoteArgs;
use crate::cmd::runtime::block_on;
use crate::cmd::verify::{RECEIPT_BYTES_MAX, read_policy};
use crate::cmd::{CommandResult, Failure, Verdict};

/// Prove an entry anew, under the newest head of a running log, which more witnesses may have seen.
///
/// Checks the old receipt, fetches a new one, checks that too, and that the log's newest head continues the one in the old receipt: what
/// the old receipt proves, the new one proves as well. Of two heads of one size the one with more signatures stays. Data beside
/// the proof (`extra`) is not taken over. Exit status 0: done. 1: a receipt does not hold, or the log took back what the old one
/// shows. 2: could not do it, or the newest head does not satisfy the policy yet. FILE is written only for 0.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible receipt refresh --receipt 7.tlog-proof --entry event.json -o 7-witnessed.tlog-proof
  indelible receipt refresh --receipt 7.tlog-proof --entry event.json --policy policy -o 7.tlog-proof")]
pub(super) struct Args {
    /// The old receipt.
    #[arg(long, value_name = "FILE")]
    receipt: PathBuf,
    #[command(flatten)]
    subject: Subject,
    /// Where the new receipt goes; it may be the file of the old one.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Write it only if its head satisfies this tlog-policy.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    remote: RemoteArgs,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Subject {
    /// The entry, exactly as it was submitted; - reads it from stdin.
    #[arg(long, value_name = "FILE")]
    entry: Option<PathBuf>,
    /// The entry's leaf hash, SHA-256(0x00 || entry), in hex.
    #[arg(long, value_name = "HEX", value_parser = parse_hash)]
    leaf: Option<Hash>,
}

/// Fetches, checks, writes.
pub(super) fn run(args: &Args) -> CommandResult {
    let keys = args.remote.vkey().read_keys()?;
    let policy = args
        .policy
        .as_deref()
        .map(|path| read_policy(path, args.remote.vkey()))
        .transpose()?;
    let old = Receipt::parse(&read_at_most(&args.receipt, RECEIPT_BYTES_MAX)?)
        .map_err(|error| format!("{} is no receipt: {error}", args.receipt.display()))?;
    let leaf = match (&args.subject.entry, args.subject.leaf) {
        (_, Some(leaf)) => leaf,
        (Some(path), None) => Hash::leaf(&read_entry(path)?),
        (None, None) => unreachable!("clap demands one of the two"),
    };
    if let Err(error) = old.verify_in(leaf, &keys) {
        return Ok(Verdict::DoesNotHold(format!("the old receipt: {error}")));
    }
    let new = match block_on(fetch(args, &old, leaf, &keys))?? {
        Ok(new) => better(&old, new),
        Err(verdict) => return Ok(verdict),
    };
    if let Some(verdict) = policy.and_then(|policy| refused(&new, leaf, &policy)) {
        return Ok(verdict);
    }
    replace(&args.output, new.to_string().as_bytes())?;
    let (before, after) = (old.checkpoint(), new.checkpoint());
    eprintln!(
        "refreshed: entry {} is in the tree of size {}, which continues that of size {}; {} signatures before, {} now",
        new.index(),
        after.head().size,
        before.head().size,
        before.note().signatures().len(),
        after.note().signatures().len()
    );
    Ok(Verdict::Holds)
}

/// The receipt under the newest head, which continues the old one; or the verdict if it is not to be had.
async fn fetch(args: &Args, old: &Receipt, leaf: Hash, keys: &KeyChain) -> Result<Result<Receipt, Verdict>, Failure> {
    let client = args.remote.connect().await?;
    let (before, now) = (old.checkpoint().head(), client.head().await?.head());
    if now.size < before.size {
        return Ok(Err(Verdict::DoesNotHold(format!(
            "the newest head of the log has {} entries, but it has signed one of {}, which is in the old receipt: it was rolled back",
            now.size, before.size
        ))));
    }
    let new = client.prove(old.index()).await?;
    if let Err(error) = new.verify_in(leaf, keys) {
        return Ok(Err(Verdict::DoesNotHold(format!(
            "the log proves another entry at index {} than the old receipt does: {error}",
            old.index()
        ))));
    }
    client.consistency(old.checkpoint(), new.checkpoint()).await?;
    Ok(Ok(new))
}

/// Of two receipts under heads of one size the one with more signatures; else the new one.
fn better(old: &Receipt, new: Receipt) -> Receipt {
    let signatures = |receipt: &Receipt| receipt.checkpoint().note().signatures().len();
    let same_size = old.checkpoint().head().size == new.checkpoint().head().size;
    match same_size && signatures(old) > signatures(&new) {
        true => old.clone(),
        false => new,
    }
}

fn refused(new: &Receipt, leaf: Hash, policy: &Policy) -> Option<Verdict> {
    let error = new.verify_under(leaf, policy).err()?;
    Some(Verdict::CouldNotTell(format!(
        "the newest head does not satisfy the policy, and nothing was written: {error}"
    )))
}
