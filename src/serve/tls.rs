//! The files of TLS, while the service runs.

use tokio_util::sync::CancellationToken;

use crate::access::Gate;
use crate::net::Refresher;

/// Has them read again when they change, and puts on the record what was read.
pub(super) async fn follow(mut refresher: Refresher, gate: Gate, stopping: CancellationToken) {
    loop {
        let loaded = tokio::select! {
            loaded = refresher.next() => loaded,
            () = stopping.cancelled() => return,
        };
        let not_after = loaded.not_after();
        tracing::info!(hashes = ?loaded.hashes(), not_after, "the files of TLS were read again, and are in use");
        // Where everybody may do everything nothing is on the record.
        if gate.is_open() {
            continue;
        }
        if let Err(error) = gate.tls_loaded(loaded.hashes()).await {
            tracing::error!(%error, "that the files of TLS were read again could not be put on the record");
        }
    }
}
