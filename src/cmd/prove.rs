//! `indelible prove`

use std::io::Write;
use std::path::PathBuf;

use indelible_merkle::Hash;
use indelible_note::Receipt;

use super::files::read_entry;
use super::remote::RemoteArgs;
use super::runtime::block_on;
use super::{CommandResult, Failure, Verdict};

/// Fetch the receipt of an entry from a running log, under its newest head.
///
/// The receipt is checked before it is written. `verify` checks it again, anywhere and at any time, against the entry and the
/// log's public key.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible prove 7 -o 7.tlog-proof
  indelible prove --entry event.json -o event.tlog-proof
  indelible prove --leaf 6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
pub struct Args {
    #[command(flatten)]
    subject: Subject,
    /// Write the receipt to FILE instead of stdout.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    remote: RemoteArgs,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Subject {
    /// The entry's index.
    index: Option<u64>,
    /// The entry itself; - reads it from stdin. The first one like it is proved.
    #[arg(long, value_name = "FILE")]
    entry: Option<PathBuf>,
    /// The entry's leaf hash, SHA-256(0x00 || entry), in hex.
    #[arg(long, value_name = "HEX", value_parser = parse_hash)]
    leaf: Option<Hash>,
}

/// Fetches and checks.
pub fn run(args: &Args) -> CommandResult {
    let receipt = block_on(prove(args))??;
    match &args.output {
        Some(path) => {
            std::fs::write(path, receipt.to_string()).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        None => std::io::stdout().write_all(receipt.to_string().as_bytes())?,
    }
    let (index, size) = (receipt.index(), receipt.checkpoint().head().size);
    eprintln!("proved: entry {index} is in the tree of size {size}");
    Ok(Verdict::Holds)
}

async fn prove(args: &Args) -> Result<Receipt, Failure> {
    let client = args.remote.connect().await?;
    let leaf = match (&args.subject.index, &args.subject.entry, args.subject.leaf) {
        (Some(index), _, _) => return Ok(client.prove(*index).await?),
        (None, _, Some(leaf)) => leaf,
        (None, Some(path), None) => Hash::leaf(&read_entry(path)?),
        (None, None, None) => unreachable!("clap demands one of the three"),
    };
    Ok(client.prove_leaf(leaf).await?)
}

/// Reads a hash in hex.
pub(super) fn parse_hash(text: &str) -> Result<Hash, String> {
    let digit = |c: u8| (c as char).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes: Option<Vec<u8>> = text
        .as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect();
    let bytes = bytes.ok_or_else(|| "a leaf hash is 64 hex digits".to_owned())?;
    Hash::try_from(bytes.as_slice()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_leaf_hash_is_64_hex_digits_of_either_case() {
        let text = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(parse_hash(text), Ok(Hash::leaf(b"")));
        assert_eq!(parse_hash(&text.to_uppercase()), Ok(Hash::leaf(b"")));
        let long = format!("{text}00");
        for bad in [
            "",
            "6",
            &text[..62],
            &text[..63],
            &long,
            &text.replace('6', "+"),
            &text.replace("6e", "é"),
        ] {
            parse_hash(bad).expect_err(bad);
        }
    }

    proptest! {
        #[test]
        fn what_is_no_leaf_hash_is_refused(text in prop_oneof![".{0,70}", "[0-9a-fA-Fg]{62,66}", "[0-9a-fA-F]{64}"]) {
            let digits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            let printed = parse_hash(&text).ok().map(|hash| hash.to_string());
            prop_assert_eq!(printed, digits.then(|| text.to_ascii_lowercase()));
        }
    }
}
