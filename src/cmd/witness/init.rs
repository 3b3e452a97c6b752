//! `indelible witness init`

use indelible_note::{CosigningKey, KeyName};
use zeroize::Zeroizing;

use super::folder::FolderArg;
use crate::cmd::out::line;
use crate::cmd::{CommandResult, Verdict};
use crate::witness::init;

/// Make a new witness, and print its public key.
///
/// Makes the directory with a key of its own (DIR/witness.key, for its owner alone) and an empty state. The public key is the one
/// line on stdout: give it to everybody who is to believe the witness. A witness never changes its key, and a lost state is the
/// end of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible witness init --name witness.example.org
  indelible witness init --name witness.example.org --data /var/lib/indelible-witness > witness.vkey")]
pub(super) struct Args {
    /// The witness's name for ever, in every cosignature: an URL without scheme, by custom where it is served.
    #[arg(long, value_name = "NAME")]
    name: KeyName,
    #[command(flatten)]
    folder: FolderArg,
}

/// Makes the witness.
pub(super) fn run(args: &Args) -> CommandResult {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut())?;
    let folder = args.folder.folder();
    let cosigner = init(&folder, &CosigningKey::from_seed(args.name.clone(), *seed))?;
    line(cosigner)?;
    let shown = folder.path().display();
    eprintln!(
        "made the witness {} in {shown}; its public key is the line above, and in {}",
        args.name,
        folder.vkey().display()
    );
    eprintln!("\nindelible witness add-log --data {shown} --vkey VKEY\nindelible witness serve --data {shown}");
    Ok(Verdict::Holds)
}
