//! `indelible keygen`

use std::path::PathBuf;

use indelible_note::{KeyName, SigningKey};
use zeroize::Zeroizing;

use super::out::line;
use super::{CommandResult, Verdict};
use crate::data::write_key;

/// Make an Ed25519 key pair, and print its public half.
///
/// The private half goes to a new file that only its owner may read; `init --key` takes it. A key belongs to one log for ever.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  indelible keygen --origin ci.example.com/audit --out /etc/indelible/log.key > log.vkey")]
pub struct Args {
    /// The name of the key: the origin of the log that it will sign.
    #[arg(long, value_name = "NAME")]
    origin: KeyName,
    /// The file for the private half, which must not exist.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Makes the keys.
pub fn run(args: &Args) -> CommandResult {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut())?;
    let key = SigningKey::from_seed(args.origin.clone(), *seed);
    write_key(&args.out, &key)?;
    line(key.verifier())?;
    eprintln!(
        "wrote the private key to {}; the line above is the public key",
        args.out.display()
    );
    Ok(Verdict::Holds)
}
