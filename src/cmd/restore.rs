//! `indelible restore`

use std::path::PathBuf;
use std::time::Instant;

use super::consent::{ConsentArg, LATER_HEAD, now};
use super::environment::environment;
use super::progress::counter;
use super::runtime::block_on;
use super::{CommandResult, Failure, Verdict};
use crate::config::Config;
use crate::data::{
    Backup, Copied, DataDir, RestoreError, checkpoint_file, key_path, keys_and_head, restore_configuration,
};
use crate::memory::{CheckpointFile, consents, contradictions, gather, record_consent};

/// Make a data directory out of a backup.
///
/// Verifies every frame, rebuilds the object store, checks the result as `fsck` does, and asks the memories outside whether they
/// know a later head: the checkpoint file beside DIR, and those of the configuration. The directory appears whole or not at all.
/// The private key is not in a backup: put it where it was, or name it with --key. Exit status 0: done. 1: the backup does not
/// hold, or a memory knows a later head or another root. 2: could not do it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible restore /mnt/backup/audit
  indelible restore /mnt/backup/audit --data /var/lib/indelible --key /etc/indelible/log.key
  indelible restore /mnt/backup/audit --accept-older")]
pub struct Args {
    /// The directory of the backup.
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,
    /// Restore it although a later head of the log, or another one, is remembered. DIR/admin.jsonl keeps that you said so.
    #[arg(long)]
    accept_older: bool,
    #[command(flatten)]
    consent: ConsentArg,
    /// Use the private key in FILE, which stays where it is.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The directory to make.
    #[arg(long, value_name = "DIR", default_value = "./indelible-data", env = "INDELIBLE_DATA")]
    data: PathBuf,
}

/// Restores.
pub fn run(args: &Args) -> CommandResult {
    match restore(args) {
        Ok(verdict) => Ok(verdict),
        Err(failure) => match failure.downcast_ref::<RestoreError>() {
            Some(error) if error.is_refuted() => Ok(Verdict::DoesNotHold(failure.to_string())),
            _ => Err(failure),
        },
    }
}

fn restore(args: &Args) -> CommandResult {
    let begin = Instant::now();
    let (backup, data) = (Backup::at(&args.backup), DataDir::at(&args.data));
    let (keys, head) = keys_and_head(&backup).map_err(RestoreError::from)?;
    let text = restore_configuration(&backup, args.key.as_deref())?;
    let config = Config::parse(&text, &data.config(), &environment(), &[])?;
    let file = CheckpointFile::at(checkpoint_file(&data, &config))?;
    let gathered = block_on(gather(&file, &config, &keys))??;
    for silent in &gathered.silent {
        eprintln!("indelible: {silent}");
    }

    let sizes = gathered
        .heads
        .iter()
        .map(|remembered| remembered.head.head().size)
        .collect();
    let bar = counter("copying", Some(head.head().size));
    let copied = Copied::of(&backup, &data, &text, sizes, &mut |entries| bar.set_position(entries));
    bar.finish_and_clear();
    let copied = copied?;
    let size = copied.head().head().size;
    let given_up = consents(&copied.inside(), &keys)?;
    let contradictions = contradictions(gathered.heads, &given_up, |remembered| {
        remembered.check_roots(size, copied.roots())
    })?;
    if let (Some(first), false) = (contradictions.first(), args.accept_older) {
        return Ok(Verdict::DoesNotHold(format!(
            "{}\n\nindelible restore --accept-older   (to go on all the same; whoever holds that head will see it)",
            first.error.first_line()
        )));
    }
    let mut overruled = false;
    if !contradictions.is_empty() {
        for contradiction in &contradictions {
            eprintln!("indelible: {}", contradiction.error.first_line());
        }
        args.consent.obtain(LATER_HEAD)?;
    }
    for contradiction in &contradictions {
        record_consent(&copied.inside(), now()?, &contradiction.remembered, copied.head())?;
        overruled |= contradiction.remembered.place == file.place();
    }

    let bar = counter("rebuilding and checking", Some(size));
    let restored = copied.finish({
        let bar = bar.clone();
        move |entries| bar.set_position(entries)
    });
    bar.finish_and_clear();
    let restored = restored?;
    if overruled {
        // The consent is in the directory already: a crash here leaves a start that is refused, and `recover`.
        let aside = file.overrule(now()?)?;
        eprintln!("moved the memory to {}", aside.display());
    }
    say(args, &data, &config, &restored, begin)?;
    Ok(Verdict::Holds)
}

fn say(
    args: &Args,
    data: &DataDir,
    config: &Config,
    restored: &crate::data::Restored,
    begin: Instant,
) -> Result<(), Failure> {
    let shown = args.data.display();
    eprintln!(
        "restored {shown} in {:.1} s: {} entries, {} tiles, all checked",
        begin.elapsed().as_secs_f64(),
        restored.head.head().size,
        restored.tiles
    );
    let key = key_path(data, config);
    if !key.exists() {
        eprintln!(
            "\nthe private key is not in a backup: put it at {}, for its owner alone, before you start the log",
            key.display()
        );
    }
    eprintln!("\nindelible serve --data {shown}");
    Ok(())
}
