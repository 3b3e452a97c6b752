//! The log as it is: asked when somebody looks.

use std::fmt;
use std::sync::Arc;

use indelible_index::LeafIndex;
use indelible_log::{Appender, Condition, Head, Reader};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use tokio::sync::watch;

use super::page::Page;

/// Sizes and lags of a log that runs.
#[derive(Debug)]
pub struct LogFigures {
    /// The log.
    pub reader: Reader,
    /// Its queue.
    pub appender: Appender,
    /// How it is.
    pub condition: watch::Receiver<Condition>,
    /// The heads that are served.
    pub served: watch::Receiver<Head>,
    /// The leaf index, if there is one.
    pub leaves: Option<Arc<LeafIndex>>,
}

impl Collector for LogFigures {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page::on(encoder);
        // Read first: what follows can only be further.
        let sealed = self.reader.sealed_size();
        let indexed = self.leaves.as_ref().map(|leaves| leaves.indexed_size());
        let size = self.reader.head().size();
        page.gauge("indelible_head_size", "Entries of the newest head", size)?;
        page.gauge(
            "indelible_served_size",
            "Entries of the head that is served, which waits for witnesses if there are any",
            self.served.borrow().size(),
        )?;
        page.gauge(
            "indelible_seal_lag_entries",
            "Entries that are in the journal and not yet in the tree's store",
            size.saturating_sub(sealed),
        )?;
        if let Some(Ok(indexed)) = indexed {
            page.gauge(
                "indelible_leaf_index_lag_entries",
                "Entries that cannot be found by their leaf hash yet",
                size.saturating_sub(indexed),
            )?;
        }
        let waiting = self.appender.waiting();
        page.gauge(
            "indelible_queue_bytes",
            "Bytes of entries that wait for a commit or are in one",
            waiting.queued_bytes as u64,
        )?;
        page.gauge(
            "indelible_queue_room_waited_for_bytes",
            "Bytes of entries that wait for room in the queue",
            waiting.outside_bytes as u64,
        )?;
        let serving = match &*self.condition.borrow() {
            Condition::Serving | Condition::SealingStopped(_) => 1,
            Condition::Stopping | Condition::Failed(_) | Condition::Halted(_) => 0,
        };
        page.gauge("indelible_log_serving", "1 if entries are taken, else 0", serving)?;
        let sealing = u64::from(!matches!(&*self.condition.borrow(), Condition::SealingStopped(_)));
        page.gauge(
            "indelible_log_sealing",
            "0 if the tree's store has failed: appends go on until the backlog is full",
            sealing,
        )
    }
}
