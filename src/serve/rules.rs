//! The rules that a service begins with, and the record that it writes.

use std::path::PathBuf;
use std::sync::Arc;

use indelible_access::{Grant, Principal};
use jiff::Timestamp;

use super::ServeError;
use crate::access::{AccessFile, Copies, Gate, Happened, Record, RecordError, Recorder, replay};
use crate::data::{DataDir, OpenLog};
use crate::identity::oidc::{Oidc, OidcOptions, Snapshots};
use crate::net::Tls;
use crate::task::blocking;

/// The gate, from what is configured and what the record says; and on the record what is configured now.
pub(super) async fn gate(
    is_open: bool,
    file: AccessFile,
    open: &OpenLog,
    data: DataDir,
    snapshots: Arc<Snapshots>,
    tls: Option<&Tls>,
) -> Result<Gate, ServeError> {
    let trail = open.trail.clone();
    let record = match &trail {
        Some(trail) => Record::Trail(Box::new(trail.clone()), data.clone()),
        None => {
            let origin = open.log.description().origin.to_string();
            let copies = file.audit_log.clone();
            let copies = copies.map(|log| Arc::new(Copies::new(log, data.path(), &origin)));
            Record::File(data.clone(), copies)
        }
    };
    let recorder = Recorder::new(record);
    let folder = data.path().to_owned();
    let (registry, only_in_file) = {
        let trail = trail.clone();
        blocking(move || replay(&data, trail.as_ref())).await?
    };
    if trail.is_some() && !is_open {
        // What was done while the log rested is in its file only: now it is in the log, too.
        for act in &only_in_file {
            recorder
                .act(Happened::act(act, &Principal::of(act.by()), None), act)
                .await?;
        }
    }
    let oidc = oidc(&file, folder, snapshots)?;
    let gate = Gate::new(is_open, file, registry, recorder.clone()).believing(oidc);
    if !is_open {
        let left = recorder.reads_left_open().await?;
        if left > 0 {
            tracing::warn!(
                left,
                "streams that were being read when the service ended are on the record now"
            );
        }
        let hashes = tls.map(|tls| tls.current().hashes().clone()).unwrap_or_default();
        match gate.configured(&open.config, &hashes).await {
            // The log that gets copies may be started later than this one; what is done until then is refused.
            Err(RecordError::Copies(error)) => {
                tracing::warn!(%error, "the log of `audit_log` has no copy of this start");
            }
            recorded => recorded?,
        }
    }
    Ok(gate)
}

/// What checks the identity tokens of the issuers that are configured. One that cannot be reached now is asked when a token comes.
fn oidc(file: &AccessFile, folder: PathBuf, snapshots: Arc<Snapshots>) -> Result<Option<Arc<Oidc<Grant>>>, ServeError> {
    if file.issuers.is_empty() {
        return Ok(None);
    }
    let options = OidcOptions {
        folder,
        snapshots: Some(snapshots),
        ..OidcOptions::default()
    };
    let oidc = Arc::new(Oidc::new(file.issuers.clone(), &options, Timestamp::now())?);
    // The start waits for nobody; a token that comes before its issuer's keys does.
    let loading = oidc.clone();
    tokio::spawn(async move { loading.load().await });
    Ok(Some(oidc))
}
