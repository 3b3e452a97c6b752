//! Requests, watched: each gets an id, is counted, is told in one line to whoever asks for it, and becomes a span of a trace if there is
//! somebody to send it to.
//!
//! | file | what it is |
//! |---|---|
//! | `layer` | what happens around each request |
//! | `id` | its id: in the answer's `x-request-id`, in problem details, in log lines, and that of its span |
//! | `trace_context` | the trace that it belongs to, by W3C `traceparent` |
//! | `streams` | answers that go on after their head |
//! | `spans` | spans on their way out: a bounded queue that never makes a request wait |
//! | `otlp` | their form, OTLP over HTTP |
//! | `lines` | log lines, as text or JSON |
//!
//! Nothing that a client sent gets into any of this but a trace's id: no path (the route stands for it), no query, no header, no body.

mod id;
mod layer;
mod lines;
mod otlp;
mod spans;
mod streams;
mod trace_context;

use std::sync::Arc;

use self::id::Ids;
pub use self::id::{RequestId, current};
pub(crate) use self::layer::observe;
pub use self::lines::{BadFilter, LogFormat, write_lines};
pub use self::otlp::{BadEndpoint, Exporter};
pub use self::spans::{SpanCounts, Spans};
use crate::metrics::{Connections, Requests};

/// Watches the requests and connections of one listener. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Observer(Arc<Watching>);

#[derive(Debug)]
struct Watching {
    ids: Ids,
    requests: Arc<Requests>,
    connections: Arc<Connections>,
    spans: Option<Spans>,
}

impl Observer {
    /// Counts by the routes and services of this program, and sends spans away if there is a way.
    pub fn new(spans: Option<Spans>) -> Observer {
        let descriptors = [
            crate::wire::DESCRIPTORS,
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
        ];
        Observer(Arc::new(Watching {
            ids: Ids::new(),
            requests: Arc::new(Requests::of_services(&descriptors)),
            connections: Arc::default(),
            spans,
        }))
    }

    /// The way out for spans, if there is one.
    pub fn spans(&self) -> Option<&Spans> {
        self.0.spans.as_ref()
    }

    /// The requests, counted.
    pub fn requests(&self) -> &Arc<Requests> {
        &self.0.requests
    }

    /// The connections, counted.
    pub fn connections(&self) -> &Arc<Connections> {
        &self.0.connections
    }
}

impl Default for Observer {
    fn default() -> Observer {
        Observer::new(None)
    }
}
