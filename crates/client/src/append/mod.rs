//! Appending: one stream for all callers of the process, and batches.
//!
//! ```text
//! callers ── queue ──► stream ──► service           entries go out in the order of the queue
//!    ▲                   │ outstanding              and wait in that order for their acknowledgement
//!    │                   ▼
//!    └── runs ──────  verifier ◄── acknowledgements  checks run by run, moves the held head, wakes the callers
//! ```
//!
//! A caller hashes its entry before the queue and derives its receipt behind it, in its own task, so that the two tasks of
//! the stream do only what concerns a whole run.

mod queue;
mod run;
mod stream;
mod verifier;
mod waited;

pub use queue::Appending;
pub(crate) use queue::Queue;
pub use run::AppendedRun;
pub use waited::Waited;

/// The most entries in a batch, as the service has it.
pub const BATCH_ENTRIES_MAX: usize = 10_000;
/// The most bytes in a batch, as the service has it: counted with 4 bytes for each entry besides its own.
pub const BATCH_BYTES_MAX: usize = 4 << 20;
