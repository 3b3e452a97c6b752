//! `indelible key rotate`

use std::path::PathBuf;

use indelible_note::KeyTerm;
use jiff::Timestamp;

use super::policy_lines;
use crate::access::use_key_rotation;
use crate::cmd::consent::{ConsentArg, now};
use crate::cmd::environment::environment;
use crate::cmd::out::line;
use crate::cmd::{CommandResult, Verdict};
use crate::data::{DataDir, NewKey, configure, key_path, rotate};

/// Change the key of a log that is not being served, and print the new public key.
///
/// Makes a key, or takes the one in --new-key, and appends a statement to the journal that the old key and the new one sign. From
/// then on the log belongs to the new key; the first head that it serves is signed by both. The old key is kept beside the new one,
/// as KEY.retired-ID: take it off the machine, and keep it for as long as you may have to restore a backup from before. A change that
/// a crash interrupted is finished by the next start, or by running this again.
///
/// Tell everybody who checks the log, by the way on which you gave them the old key. Until then they see heads of a key that they
/// do not know. This cannot be undone, and no key comes back into force.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible key rotate > log.vkey
  indelible key rotate --data /var/lib/indelible --new-key /mnt/ceremony/new.key --yes")]
pub(super) struct Args {
    /// The log's directory.
    #[arg(long, value_name = "DIR", default_value = "./indelible-data", env = "INDELIBLE_DATA")]
    data: PathBuf,
    /// Take the private key in FILE (see `keygen`) instead of making one; its name must be the log's origin. It is copied to where
    /// the log's key lies.
    #[arg(long, value_name = "FILE")]
    new_key: Option<PathBuf>,
    #[command(flatten)]
    consent: ConsentArg,
}

/// Changes it.
pub(super) fn run(args: &Args) -> CommandResult {
    let data = DataDir::at(&args.data);
    let config = configure(&data, &environment(), &[])?;
    let new = match &args.new_key {
        Some(path) => NewKey::File(path.clone()),
        None => {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed)?;
            NewKey::Seed(seed)
        }
    };
    args.consent
        .obtain("Whoever checks the log must learn its new key; the old one never comes back.")?;
    use_key_rotation(&data, Timestamp::now())?;
    let rotated = rotate(&data, &config, &new, now()?)?;
    line(rotated.keys.current())?;
    let size = rotated.keys.terms().last().map_or(0, KeyTerm::first_size);
    match rotated.finished {
        true => eprintln!(
            "finished a change of the key that had been interrupted, at {size} entries; nothing else was done"
        ),
        false => eprintln!("changed the key of {} at {size} entries", rotated.keys.origin()),
    }
    eprintln!(
        "the new private key is in {}, the old one in {}: take that off this machine",
        key_path(&data, &config).display(),
        rotated.retired.display()
    );
    eprintln!(
        "\nwhoever checks the log by a policy replaces its line `log` by these:\n\n{}",
        policy_lines(&rotated.keys)
    );
    eprintln!("indelible serve --data {}", args.data.display());
    Ok(Verdict::Holds)
}
