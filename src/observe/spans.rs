//! Spans on their way out: a bounded queue that never makes a request wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use tokio::sync::mpsc;
use tonic::Code;

use super::id::RequestId;
use super::trace_context::{TraceContext, TraceId};
use crate::metrics::Answer;

/// The way out for spans. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Spans {
    queue: mpsc::Sender<Ended>,
    counts: Arc<SpanCounts>,
}

/// What became of spans.
#[derive(Debug, Default)]
pub struct SpanCounts {
    sent: AtomicU64,
    dropped: AtomicU64,
    failed: AtomicU64,
}

/// A request that is under way. Dropped without an end, it becomes no span.
#[derive(Debug)]
pub(super) struct Span {
    spans: Spans,
    id: RequestId,
    trace: TraceId,
    parent: Option<[u8; 8]>,
    began: SystemTime,
}

/// A span, complete.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) id: RequestId,
    pub(super) trace: TraceId,
    pub(super) parent: Option<[u8; 8]>,
    pub(super) began: SystemTime,
    pub(super) ended: SystemTime,
    pub(super) route: Arc<str>,
    pub(super) method: &'static str,
    pub(super) status: u16,
    pub(super) code: Option<Code>,
    pub(super) answer: Answer,
}

impl Spans {
    /// A queue, and its other end.
    pub(super) fn queue() -> (Spans, mpsc::Receiver<Ended>) {
        let (queue, ended) = mpsc::channel(QUEUED_MAX);
        let counts = Arc::default();
        (Spans { queue, counts }, ended)
    }

    /// What became of those that there were.
    pub fn counts(&self) -> &Arc<SpanCounts> {
        &self.counts
    }

    /// A request begins. Without a context a trace begins with it, named by what this process is called and the id of the request;
    /// what the caller does not record is not recorded here either.
    pub(super) fn begin(&self, id: RequestId, context: Option<TraceContext>, process: u64) -> Option<Span> {
        let (trace, parent) = match context {
            Some(context) if !context.sampled => return None,
            Some(context) => (context.trace, Some(context.parent)),
            None => {
                let mut trace = [0; 16];
                trace[..8].copy_from_slice(&process.to_be_bytes());
                trace[8..].copy_from_slice(&id.to_bytes());
                (TraceId(trace), None)
            }
        };
        Some(Span {
            spans: self.clone(),
            id,
            trace,
            parent,
            began: SystemTime::now(),
        })
    }
}

impl Span {
    /// The request has ended. If the queue is full the span is lost, and counted.
    pub(super) fn end(self, route: &Arc<str>, method: &'static str, status: u16, code: Option<Code>, answer: Answer) {
        let ended = Ended {
            id: self.id,
            trace: self.trace,
            parent: self.parent,
            began: self.began,
            ended: SystemTime::now(),
            route: route.clone(),
            method,
            status,
            code,
            answer,
        };
        if self.spans.queue.try_send(ended).is_err() {
            self.spans.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl SpanCounts {
    pub(super) fn sent(&self, count: usize) {
        self.sent.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(super) fn failed(&self, count: usize) {
        self.failed.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// How many were sent, found no room in the queue, and were not taken by the collector.
    pub fn by_result(&self) -> [(&'static str, u64); 3] {
        [
            ("sent", &self.sent),
            ("dropped", &self.dropped),
            ("failed", &self.failed),
        ]
        .map(|(result, count)| (result, count.load(Ordering::Relaxed)))
    }
}

/// Some 150 bytes each: 1 MiB, and a second of a busy service.
const QUEUED_MAX: usize = 8_192;

#[cfg(test)]
mod tests {
    use super::super::id::Ids;
    use super::*;

    #[test]
    fn what_its_caller_does_not_record_becomes_no_span() {
        let (spans, _ended) = Spans::queue();
        let context = |sampled| TraceContext {
            trace: TraceId([7; 16]),
            parent: [8; 8],
            sampled,
        };
        let ids = Ids::new();
        let begin = |context| spans.begin(ids.next(), context, ids.seed());
        assert!(begin(Some(context(false))).is_none());
        let recorded = begin(Some(context(true))).unwrap();
        assert_eq!((recorded.trace, recorded.parent), (TraceId([7; 16]), Some([8; 8])));
        assert_eq!(begin(None).unwrap().parent, None);
    }
}
