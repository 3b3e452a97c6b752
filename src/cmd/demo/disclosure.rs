//! Showing no more than is needed.

use std::fs;

use super::question::ANSWER;
use super::screen::{heading, show};
use super::stage::Stage;
use super::story::APPROVAL;
use crate::cmd::Failure;

/// What is shown.
const LESS: &str = "auditor.indelible";

/// Proves what was done to what, and does not say by whom.
pub(super) async fn show_less(stage: &Stage) -> Result<(), Failure> {
    heading("For the auditor only what was done to what: the rest is withheld, and cannot be guessed")?;
    let (from, index) = (["disclose", "--from", ANSWER], APPROVAL.to_string());
    let what = [index.as_str(), "--members", "action,targets,outcome", "-o", LESS];
    let disclosed = stage.run(&[from.as_slice(), &what].concat()).await?;
    disclosed.told(0, &["1 events"])?;
    let shown = stage.run(&["verify", LESS]).await?;
    let shown = shown.told(0, &["holds: 1 event", "actor        withheld", "raw          withheld"])?;
    if shown.stdout.contains("casey") || fs::read_to_string(stage.path(LESS))?.contains("casey") {
        return Err("what was to be withheld was disclosed".into());
    }
    show(&shown.stdout)
}
