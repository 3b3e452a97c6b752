//! Waiting for work that runs beside.

use tokio::task::JoinHandle;

/// Runs what may block on a thread that may.
pub async fn blocking<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    join(tokio::task::spawn_blocking(run)).await
}

/// Waits for a task that nobody aborts. Its panic goes on in the waiter.
pub async fn join<T>(task: JoinHandle<T>) -> T {
    match task.await {
        Ok(value) => value,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime is shutting down and has dropped the task; the waiter is next.
        Err(_) => std::future::pending().await,
    }
}
