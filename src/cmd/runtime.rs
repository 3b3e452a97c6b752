//! The asynchronous runtime of a command.

use std::future::Future;

use tokio::runtime::Builder;

/// Runs a command's future on a runtime of its own.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> std::io::Result<T> {
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .build()?;
    Ok(runtime.block_on(future))
}

/// Threads that may wait for a disk: enough to keep any disk busy. What else there is to read waits its turn, which is quicker than
/// hundreds of threads, each with what sled leaves behind in it: 500 of them held 260 MB more.
const BLOCKING_THREADS_MAX: usize = 8;
