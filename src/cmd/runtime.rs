//! The asynchronous runtime of a command.

use std::future::Future;

/// Runs a command's future on a runtime of its own.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(runtime.block_on(future))
}
