//! What the service counts of itself, for Prometheus: `GET /metrics`, in the text of OpenMetrics 1.0.
//!
//! Two kinds of figures. What *happens* is counted where it happens, by relaxed atomics that are there from the start: no lock, no
//! allocation, no map on the way of an append. What *is*, sizes and lags and memory, is asked for when somebody looks.
//!
//! | file | what it tells |
//! |---|---|
//! | `requests` | requests by route, method and class of the answer; how long they took |
//! | `connections` | connections open and refused, why they ended, bytes in and out |
//! | `commits` | commits, entries, the time of the journal's writes: a [`Journal`](indelible_store::journal::Journal) around the journal |
//! | `log` | the head, the queue, what is not sealed, how far the followers are behind |
//! | `trail` | events taken, repeated and refused, erasures and holds |
//! | `sources` | what became of the deliveries of each source |
//! | `witnesses` | what each witness has cosigned, and when it would not |
//! | `spans` | spans that were sent away, and those that were not |
//! | `tls` | the certificate that is served, and what became of reading its files again |
//! | `process` | memory, descriptors, processor time, and what program this is |
//! | `histogram`, `page` | a histogram without locks; families written with few words |
//!
//! Labels come from small sets that senders cannot widen: routes as the program names them, sources and witnesses as the operator does.

mod commits;
mod connections;
mod histogram;
mod log;
mod page;
mod process;
mod requests;
mod sources;
mod spans;
mod tls;
mod trail;
mod witnesses;

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

pub use self::commits::{Commits, Timed};
pub use self::connections::{Connections, Ended, Open};
pub use self::histogram::{Histogram, Scale};
pub use self::log::LogFigures;
pub use self::process::ProcessFigures;
pub use self::requests::{Answer, InFlight, Requests, Route, Streams};
pub use self::sources::SourceFigures;
pub use self::spans::SpanFigures;
pub use self::tls::TlsFigures;
pub use self::trail::TrailFigures;
pub use self::witnesses::WitnessFigures;

/// All that is told to whoever asks for the metrics.
#[derive(Default)]
pub struct Exposition(Registry);

impl Exposition {
    /// Adds what somebody counts.
    pub fn with(mut self, figures: impl Collector) -> Exposition {
        self.0.register_collector(Box::new(figures));
        self
    }

    /// The text, some 20 KiB. Blocks: it reads tables and /proc.
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.0).expect("a String takes all that is written");
        text
    }
}

impl fmt::Debug for Exposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exposition").finish_non_exhaustive()
    }
}
