//! Many cases at a time: most of what they do is to wait.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Runs a case for each of `cases`, so many at once. Fails when all have ended, if any has failed, and names those.
pub(crate) async fn run<C, F>(cases: impl IntoIterator<Item = C>, at_once: usize, case: impl Fn(C) -> F)
where
    C: std::fmt::Debug,
    F: Future<Output = ()> + Send + 'static,
{
    let room = Arc::new(Semaphore::new(at_once));
    let mut running = JoinSet::new();
    for one in cases {
        let (name, room, case) = (format!("{one:?}"), room.clone(), case(one));
        running.spawn(async move {
            let _room = room.acquire().await.unwrap();
            // As a task of its own, so that its panic is its own.
            tokio::spawn(case).await.map_err(|failed| {
                let words = failed.into_panic();
                let words = words.downcast_ref::<String>().cloned();
                format!("{name}: {}", words.unwrap_or_default())
            })
        });
    }
    let ended = running.join_all().await;
    assert!(!ended.is_empty(), "there are cases");
    let failed: Vec<String> = ended.into_iter().filter_map(Result::err).collect();
    assert!(
        failed.is_empty(),
        "{} cases failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
}
