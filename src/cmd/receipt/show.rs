//! `indelible receipt show`

use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::STANDARD};
use indelible_note::Receipt;

use crate::cmd::files::read_at_most;
use crate::cmd::out::line;
use crate::cmd::verify::RECEIPT_BYTES_MAX;
use crate::cmd::{CommandResult, Verdict};

/// Print what a receipt says. Nothing of it is checked: that is for `verify`.
///
/// One line a field on stdout, name and value separated by a tab: `log`, `index`, `size`, `root` (base64), `hashes` (how many lead from
/// the entry to the root), `extra` (how many bytes came along that nobody has signed), and `signed` for each signature line, NAME+ID
/// of the log's key or of a witness.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  indelible receipt show 7.tlog-proof")]
pub(super) struct Args {
    /// The receipt: a tlog-proof file.
    #[arg(value_name = "FILE")]
    receipt: PathBuf,
}

/// Prints.
pub(super) fn run(args: &Args) -> CommandResult {
    let receipt = Receipt::parse(&read_at_most(&args.receipt, RECEIPT_BYTES_MAX)?)
        .map_err(|error| format!("{} is no receipt: {error}", args.receipt.display()))?;
    let checkpoint = receipt.checkpoint();
    let head = checkpoint.head();
    line(format_args!("log\t{}", checkpoint.origin()))?;
    line(format_args!("index\t{}", receipt.index()))?;
    line(format_args!("size\t{}", head.size))?;
    line(format_args!("root\t{}", STANDARD.encode(head.root.as_bytes())))?;
    line(format_args!("hashes\t{}", receipt.hashes().len()))?;
    if let Some(extra) = receipt.extra() {
        line(format_args!("extra\t{}", extra.len()))?;
    }
    for signature in checkpoint.note().signatures() {
        line(format_args!("signed\t{}+{}", signature.name(), signature.id()))?;
    }
    eprintln!("nothing of this was checked; `indelible verify` does that");
    Ok(Verdict::Holds)
}
