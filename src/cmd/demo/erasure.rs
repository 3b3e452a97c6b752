//! A person is erased, and no proof breaks.

use std::fs;
use std::io;
use std::path::Path;

use super::question::verify_receipt;
use super::screen::{OMITTED, heading, show};
use super::stage::Stage;
use super::story::CULPRIT;
use crate::cmd::Failure;
use crate::cmd::out::line;

/// Evidence of an event of which the person was erased.
const AFTER: &str = "after.indelible";

/// Erases casey.
pub(super) async fn erase(stage: &Stage) -> Result<(), Failure> {
    heading("Erased: casey, as the law may ask. What was is gone, and every proof still holds")?;
    let before = mentions(stage)?;
    let who = ["erase", "--subject", CULPRIT.0, "--basis", "GDPR Art. 17"];
    let erased = stage
        .run(&[who.as_slice(), &["--requester", "ticket 4711", "--yes"]].concat())
        .await?;
    let erased = erased.told(0, &["of 4 events"])?;
    let tombstone = erased.stdout.trim();
    if tombstone != "8" {
        return Err(format!("the tombstone should have come to stand at 8, not at {tombstone:?}").into());
    }
    let after = mentions(stage)?;
    if before == 0 || after != 0 {
        return Err(format!("the files of the log named casey {before} times, and name it {after} times now").into());
    }
    line(format_args!(
        "  tombstone #{tombstone} is in the log; its files named casey {before} times, and now {after} times"
    ))?;
    let asked = stage.run(&["events", "--verb", "approve", "--prove", AFTER]).await?;
    let asked = asked.told(0, &["2 events and 1 tombstones, each checked", "erased (#8)"])?;
    show(&asked.stdout)?;
    let verified = stage.run(&["verify", AFTER]).await?;
    let verified = verified.told(
        0,
        &["holds: 2 events and 1 tombstone", "actor        erased (tombstone #8)"],
    )?;
    show(OMITTED)?;
    show(&verified.stderr)?;
    show(&verify_receipt(stage).await?)
}

/// How often the files in the log's directory have the name.
fn mentions(stage: &Stage) -> io::Result<usize> {
    mentions_in(stage.data().path())
}

fn mentions_in(folder: &Path) -> io::Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        count += match entry.file_type()?.is_dir() {
            true => mentions_in(&entry.path())?,
            false => {
                let bytes = fs::read(entry.path())?;
                bytes
                    .windows(CULPRIT.0.len())
                    .filter(|window| *window == CULPRIT.0.as_bytes())
                    .count()
            }
        };
    }
    Ok(count)
}
