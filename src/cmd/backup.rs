//! `indelible backup`

use std::path::PathBuf;
use std::time::Instant;

use indelible_client::{Client, MemoryHeads};
use indelible_note::{KeyChain, SignedCheckpoint, Verified};
use indelible_store::journal::{Journal, JournalError};

use super::environment::environment;
use super::out::line;
use super::progress::counter;
use super::reach::WayArgs;
use super::rebuild::say_what_was_cut;
use super::runtime::block_on;
use super::{CommandResult, Failure, Verdict};
use crate::config::Config;
use crate::data::{
    Backup, DataDir, Extent, LockError, OpenError, at_rest, backup, checkpoint_file, configure, journal_keys,
};
use crate::memory::CheckpointFile;

/// Back a log up, while it is served.
///
/// Copies the journal up to a head that the log has published: the one in the checkpoint file, at most a second old; with --url
/// the newest; if the log is not being served, its last one. Every frame is verified and every entry hashed before it is written,
/// so that damage does not get into a backup. Run it again to add what is new. The private key is not copied: keep it elsewhere.
/// Exit status 0: done. 1: log or backup do not hold, or are of two histories. 2: could not do it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible backup /mnt/backup/audit
  indelible backup --data /var/lib/indelible --url http://127.0.0.1:7425 /mnt/backup/audit
  indelible restore /mnt/backup/audit --data /var/lib/indelible --key /etc/indelible/log.key")]
pub struct Args {
    /// The directory of the backup; it is made if it does not exist.
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,
    /// Look at the whole log again: erase in the backup what was erased in the log, and mend what was damaged in the backup.
    #[arg(long)]
    full: bool,
    /// Back up to the newest head, which the log that is served there is asked for.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The log's directory.
    #[arg(long, value_name = "DIR", default_value = "./indelible-data", env = "INDELIBLE_DATA")]
    data: PathBuf,
    #[command(flatten)]
    way: WayArgs,
}

/// Backs it up.
pub fn run(args: &Args) -> CommandResult {
    let begin = Instant::now();
    let data = DataDir::at(&args.data);
    let config = configure(&data, &environment(), &[])?;
    let head = match newest(args, &data, &config) {
        Ok(head) => head,
        Err(HeadError::Damaged(error)) => return Ok(Verdict::DoesNotHold(error.to_string())),
        Err(HeadError::Failed(failure)) => return Err(failure),
    };
    let bar = counter("backing up", Some(head.head().size));
    let extent = if args.full { Extent::All } else { Extent::New };
    let done = backup(&data, &Backup::at(&args.backup), &head, extent, &mut |entries| {
        bar.set_position(entries);
    });
    bar.finish_and_clear();
    let done = match done {
        Ok(done) => done,
        Err(error) if error.is_refuted() => return Ok(Verdict::DoesNotHold(error.to_string())),
        Err(error) => return Err(error.into()),
    };
    let head = done.head.head();
    line(format_args!(
        "{} {}\t{} entries and {} bytes added",
        head.size, head.root, done.entries, done.bytes
    ))?;
    eprintln!(
        "{} ends with the head of {} entries, after {:.1} s; the private key is not in it",
        args.backup.display(),
        head.size,
        begin.elapsed().as_secs_f64()
    );
    Ok(Verdict::Holds)
}

enum HeadError {
    Damaged(Failure),
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for HeadError {
    fn from(error: E) -> HeadError {
        HeadError::Failed(error.into())
    }
}

/// A head that was published: all in front of it is in the journal, and nobody writes there any more.
fn newest(args: &Args, data: &DataDir, config: &Config) -> Result<Verified<SignedCheckpoint>, HeadError> {
    let keys = match journal_keys(&data.journal()) {
        Err(error) if error.is_refuted() => return Err(HeadError::Damaged(error.into())),
        Err(error) => return Err(error.into()),
        Ok(keys) => keys,
    };
    if let Some(url) = &args.url {
        return Ok(block_on(ask(args, url, keys))??);
    }
    let remembered = CheckpointFile::at(checkpoint_file(data, config))?.load(&keys)?;
    match at_rest(data) {
        // The lock is given back at once: whoever starts the service meanwhile appends behind this head.
        Ok(log) => {
            say_what_was_cut(&log.opened);
            let last = keys
                .open_checkpoint(&log.journal.last_note())
                .map_err(|error| HeadError::Damaged(error.into()))?;
            // Of a log that was published further than its journal goes no backup is made, and the reason is said.
            let later = remembered.filter(|remembered| remembered.head.head().size > last.head().size);
            Ok(later.map_or(last, |remembered| remembered.head))
        }
        Err(OpenError::Lock(LockError::Held { .. })) => match remembered {
            Some(remembered) => Ok(remembered.head),
            None => Err(HeadError::Failed(
                "the log is being served, and its checkpoint file is missing; --url asks it for its newest head".into(),
            )),
        },
        Err(error @ OpenError::Journal(JournalError::Damaged { .. })) => Err(HeadError::Damaged(error.into())),
        Err(error) => Err(error.into()),
    }
}

async fn ask(args: &Args, url: &str, keys: KeyChain) -> Result<Verified<SignedCheckpoint>, Failure> {
    let client = Client::connect_with_keys(url, keys, MemoryHeads::new(), args.way.options(url)?).await?;
    Ok(client.signed_head().await?)
}
