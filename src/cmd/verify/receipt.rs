//! Checking a receipt, by a key or by a policy.

use std::path::Path;

use indelible_merkle::{ENTRY_MAX, Hash};
use indelible_note::{
    BadReceipt, KeyChain, NotVerified, Policy, Receipt, SignedCheckpoint, UntrustedCheckpoint, WitnessedReceipt,
};

use super::Args;
use super::lacking::read_checkpoint;
use crate::cmd::files::{read_at_most, read_entry};
use crate::cmd::key::policy_lines;
use crate::cmd::out::line;
use crate::cmd::utc::Utc;
use crate::cmd::vkey::VkeyArg;
use crate::cmd::{CommandResult, Failure, Verdict};

pub(super) fn run(path: &Path, entry: &Path, args: &Args) -> CommandResult {
    // Keys first: whoever gives a bad one should not have to type an entry before he hears of it.
    let trusted = match &args.policy {
        Some(policy) => Trusted::Policy(read_policy(policy, &args.vkey)?),
        None => Trusted::Keys(args.vkey.read_keys()?),
    };
    let receipt = Receipt::parse(&read_at_most(path, RECEIPT_BYTES_MAX)?)
        .map_err(|error| format!("{} is no receipt: {error}", path.display()))?;
    let entry = read_entry(entry)?;
    if entry.len() > ENTRY_MAX {
        let length = entry.len();
        return Ok(Verdict::DoesNotHold(format!(
            "no log has an entry of {length} bytes; the limit is {ENTRY_MAX}"
        )));
    }
    let leaf = Hash::leaf(&entry);
    match trusted {
        Trusted::Keys(keys) => match receipt.verify_in(leaf, &keys) {
            Ok(verified) => {
                holds(verified.included().index(), verified.checkpoint());
                Ok(Verdict::Holds)
            }
            Err(error) => Ok(Verdict::DoesNotHold(explained(&error, &keys))),
        },
        Trusted::Policy(policy) => {
            let lacking = args.lacking.as_deref().map(read_checkpoint).transpose()?;
            match receipt.verify_under(leaf, &policy) {
                Ok(witnessed) => tell(&witnessed, lacking, &policy),
                Err(error) => Ok(Verdict::DoesNotHold(error.to_string())),
            }
        }
    }
}

/// What is believed.
enum Trusted {
    Keys(KeyChain),
    Policy(Policy),
}

/// The policy in a file; if it names no log, with the lines of the key that was given.
pub(in crate::cmd) fn read_policy(path: &Path, vkey: &VkeyArg) -> Result<Policy, Failure> {
    let mut bytes = read_at_most(path, POLICY_BYTES_MAX)?;
    let named = |error| format!("{} is no policy: {error}", path.display());
    let policy = Policy::parse(&bytes).map_err(named)?;
    if !policy.logs().is_empty() {
        return Ok(policy);
    }
    bytes.extend_from_slice(format!("\n{}", policy_lines(&vkey.read_keys()?)).as_bytes());
    Ok(Policy::parse(&bytes).map_err(named)?)
}

/// Says who vouches, and when the entry was logged by their word.
fn tell(receipt: &WitnessedReceipt, lacking: Option<SignedCheckpoint>, policy: &Policy) -> CommandResult {
    // All is checked before anything is said.
    let not_before = match lacking.map(|lacking| policy.open(lacking)) {
        None => None,
        Some(Err(error)) => {
            return Ok(Verdict::DoesNotHold(format!(
                "the entry is in the log, but the head that lacks it does not satisfy the policy: {error}"
            )));
        }
        Some(Ok(lacking)) => match receipt.not_before(&lacking) {
            Err(error) => {
                return Ok(Verdict::DoesNotHold(format!(
                    "the entry is in the log, but the head given does not lack it: {error}"
                )));
            }
            Ok(time) => Some((time, lacking.checkpoint().head().size)),
        },
    };
    let checkpoint = receipt.witnessed().checkpoint();
    holds(receipt.included().index(), checkpoint);
    let vouchers = receipt.witnessed().vouchers();
    for voucher in vouchers {
        let (key, time) = (voucher.key(), voucher.cosignature().time());
        line(format_args!(
            "witness\t{}\t{}+{}\t{time}",
            voucher.witness(),
            key.name(),
            key.id()
        ))?;
        eprintln!("{} vouches for that tree, seen at {}", voucher.witness(), Utc(time));
    }
    if vouchers.is_empty() {
        eprintln!("no witness vouches, and the policy asks for none");
    }
    if let Some(time) = receipt.not_after() {
        line(format_args!("not-after\t{time}"))?;
        eprintln!(
            "logged not after {}, by the clock of the witness that was first",
            Utc(time)
        );
    }
    match not_before {
        None => {}
        Some((Some(time), size)) => {
            line(format_args!("not-before\t{time}"))?;
            eprintln!(
                "logged not before {}: then a witness knew no larger tree than that of {size} entries, which lacks it",
                Utc(time)
            );
        }
        Some((None, size)) => eprintln!(
            "when it was not yet logged cannot be told: nobody vouches for the tree of {size} entries at a time before that"
        ),
    }
    Ok(Verdict::Holds)
}

fn holds(index: u64, checkpoint: &SignedCheckpoint) {
    eprintln!(
        "holds: this is entry {index} of {}, in the tree of size {} that its key has signed",
        checkpoint.origin(),
        checkpoint.head().size
    );
}

/// The error, and the way out if the log may have changed its key.
fn explained(error: &BadReceipt, keys: &KeyChain) -> String {
    let hint = match error {
        BadReceipt::Checkpoint(UntrustedCheckpoint::Signature(NotVerified::NoKnownKey { first_name, .. })) => {
            first_name == keys.origin()
        }
        _ => false,
    };
    match hint {
        true => format!(
            "{error}\n\nif the log changed its key, GET /keys says so: indelible key show --url URL --vkey VKEY   (follows it from \
             the key that you trust)"
        ),
        false => error.to_string(),
    }
}

/// A note of a million bytes, and 63 hashes before it.
pub(in crate::cmd) const RECEIPT_BYTES_MAX: usize = 1_100_000;
/// What a policy has at most.
const POLICY_BYTES_MAX: usize = 1_000_000;
