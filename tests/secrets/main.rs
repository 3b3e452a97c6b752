//! Secrets never enter: planted in events by every door of the running service, they are in none of its files, none of its log lines,
//! and none of its answers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answers;
mod doors;
mod events;
mod planted;
mod service;
mod traces;

/// The service as a stranger's generated code sees it.
#[expect(
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    reason = "generated code does not know how far it reaches"
)]
mod stubs {
    include!(concat!(env!("OUT_DIR"), "/client/indelible.v1.rs"));
}

use crate::doors::Doors;
use crate::planted::planted;
use crate::service::Service;
use crate::traces::Traces;

/// What every event says beside a secret: found everywhere, or the search is no search.
const MARKER: &str = "left here by mistake";

#[tokio::test(flavor = "multi_thread")]
async fn no_planted_secret_is_in_any_file_log_line_or_answer() {
    let secrets = planted();
    assert!(secrets.len() >= 50, "{} kinds", secrets.len());
    let traces = Traces::of(&secrets);
    let service = Service::start();
    let mut doors = Doors::of(&service).await;
    for secret in &secrets {
        doors.plant(secret).await;
    }
    doors.refused(&secrets).await;
    doors.erase_and_hold(&secrets).await;
    let stored = doors.stored();
    assert!(stored >= 10 * secrets.len() as u64, "{stored} events were stored");
    doors.read_all().await;
    let answers = doors.into_answers();
    let marker = Traces::of_text(MARKER);
    assert!(
        !marker.in_bytes(&answers.all()).is_empty(),
        "the answers have what was sent"
    );

    let (folder, said) = service.end();
    let in_files = traces.in_folder(folder.path());
    assert!(
        !marker.in_folder(folder.path()).is_empty(),
        "the files have what was sent"
    );
    assert!(
        said.len() > 100_000,
        "{} bytes of log lines are not those of trace",
        said.len()
    );
    let mut found = in_files;
    found.extend(
        traces
            .in_bytes(&said)
            .into_iter()
            .map(|kind| format!("log lines: {kind}")),
    );
    for (what, answer) in answers.iter() {
        found.extend(
            traces
                .in_bytes(answer)
                .into_iter()
                .map(|kind| format!("{what}: {kind}")),
        );
    }
    found.sort();
    found.dedup();
    assert!(
        found.is_empty(),
        "{} places have secrets:\n{}",
        found.len(),
        found.join("\n")
    );
}
