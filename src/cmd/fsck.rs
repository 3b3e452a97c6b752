//! `indelible fsck`

use std::io;
use std::path::PathBuf;
use std::time::Instant;

use indelible_log::{Checked, Finding, Step, Tombstones, fsck_with};
use indelible_note::VerifierKey;
use indelible_store::journal::{Journal, JournalError};
use indelible_store::objects::{Objects, ObjectsError, SledObjects};

use super::out::line;
use super::progress::counter;
use super::rebuild::say_what_was_cut;
use super::vkey::read_vkey;
use super::{CommandResult, Failure, Verdict};
use crate::data::{AtRest, DataDir, OpenError, at_rest};

/// Check a log at rest: every entry, head and tile.
///
/// Hashes all entries of the journal, compares every signed head with the tree that they make, and the object store with both,
/// byte for byte. Signatures are verified for the first 4,096 heads, then once in 1,024 entries, and for the last head. A last
/// write that a crash tore is cut off first, as at every start; nothing else is changed. One finding a line on stdout: what,
/// where, and what to do. Exit status 0: nothing was found. 1: something was. 2: could not check (in use, or no log).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible fsck
  indelible fsck --data /var/lib/indelible --vkey ci.vkey > findings.txt")]
pub struct Args {
    /// The log's directory.
    #[arg(long, value_name = "DIR", default_value = "./indelible-data", env = "INDELIBLE_DATA")]
    data: PathBuf,
    /// The public key that you know the log by, the one in force or one before it: its text, or a file that holds it. Default:
    /// the one in DIR/log.vkey.
    #[arg(long, value_name = "VKEY|FILE")]
    vkey: Option<String>,
}

/// Checks.
pub fn run(args: &Args) -> CommandResult {
    let begin = Instant::now();
    let data = DataDir::at(&args.data);
    let log = match at_rest(&data) {
        Ok(log) => log,
        Err(OpenError::Journal(error @ JournalError::Damaged { .. })) => {
            line(Finding::Journal { error, checked: 0 })?;
            return Ok(found(1));
        }
        Err(error) => return Err(error.into()),
    };
    say_what_was_cut(&log.opened);
    let key = key(args, &data, &log)?;
    let mut findings = 0;
    let objects = match open(&data, &log)? {
        Ok(objects) => Some(objects),
        Err(finding) => {
            line(finding)?;
            findings += 1;
            None
        }
    };

    let bar = counter("checking", Some(log.journal.size()));
    let mut written: io::Result<()> = Ok(());
    let tombstones = log.tombstones();
    let checked = fsck_with(
        tombstones.as_deref().map(|known| known as &dyn Tombstones),
        &log.journal,
        objects.as_ref().map(|objects| objects as &dyn Objects),
        &key,
        &mut |step| match step {
            Step::Checked(entries) => bar.set_position(entries),
            Step::Found(finding) if written.is_ok() => written = bar.suspend(|| line(finding)),
            Step::Found(_) => {}
        },
    )?;
    bar.finish_and_clear();
    written?;
    findings += checked.findings;
    say(&checked, begin);
    match findings {
        0 => Ok(Verdict::Holds),
        findings => Ok(found(findings)),
    }
}

/// The key that was given, else the one beside the journal, else the one in it.
fn key(args: &Args, data: &DataDir, log: &AtRest) -> Result<VerifierKey, Failure> {
    match &args.vkey {
        Some(vkey) => Ok(read_vkey(vkey)?),
        None if data.log_vkey().exists() => Ok(read_vkey(&data.log_vkey().to_string_lossy())?),
        None => Ok(log.vkey().clone()),
    }
}

/// The object store, or what is wrong with it if that is known.
fn open(data: &DataDir, log: &AtRest) -> Result<Result<SledObjects, Finding>, Failure> {
    match log.objects(data) {
        Ok(objects) => Ok(Ok(objects)),
        Err(
            error @ (ObjectsError::VolumeBroken { .. } | ObjectsError::Corrupt { .. } | ObjectsError::Missing { .. }),
        ) => {
            let text = error.to_string();
            let reason = text.lines().next().unwrap_or_default().to_owned();
            Ok(Err(Finding::Store { reason }))
        }
        Err(error) => Err(error.into()),
    }
}

fn say(checked: &Checked, begin: Instant) {
    let Checked {
        entries,
        heads,
        signatures,
        sealed,
        tiles,
        blanked,
        under_way,
        ..
    } = checked;
    let seconds = begin.elapsed().as_secs_f64();
    eprintln!(
        "checked in {seconds:.1} s: {entries} entries, {heads} heads ({signatures} signatures), {sealed} entries and {tiles} tiles \
         in the object store"
    );
    if blanked + under_way > 0 {
        eprintln!(
            "erased: {blanked} attachments; {under_way} more are being erased, which goes on when the log is served"
        );
    }
}

fn found(findings: u64) -> Verdict {
    Verdict::DoesNotHold(match findings {
        1 => "1 finding".to_owned(),
        findings => format!("{findings} findings"),
    })
}
