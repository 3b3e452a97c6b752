//! The log engine: appends become leaves of a Merkle tree, each commit is one signed head, and nothing is told to anybody
//! before it is durable.
//!
//! ```text
//!  Appender ──► queue ──► sequencer ──► journal.append ──► tail + published head ──► acknowledgement
//!                         (one thread,   (the moment           │
//!                          group commit)  of truth)            └──► sealer ──► objects (entries and full tiles)
//! ```
//!
//! * [`Log::start`] recovers from a journal and an object store, and runs the two threads.
//! * [`Appender`] queues a [`Batch`] and waits for its [`Ack`].
//! * [`Reader`] answers from what was published: heads, nodes, proofs, entries. It never meets the sequencer.
//! * A log of [`Kind::Events`] has attachments beside its entries, in the journal alone: [`Reader::attached`] reads them, and what
//!   [`Tombstones`] name is overwritten by the [`Blanker`].
//! * [`fsck()`] checks a log at rest, [`rebuild()`] makes its object store anew from the journal, a [`Tally`] tells a copy of the
//!   journal from damage.
//!
//! The crate knows neither files nor sockets: where things lie is behind `indelible_store`'s traits, and requests come from
//! the shell. It reads no clock but to wait, and takes randomness from nobody.

pub mod places;

mod append;
mod attached;
mod backlog;
mod batch;
mod commit;
mod condition;
mod description;
mod erase;
mod fsck;
mod halt;
mod kept_places;
mod keys;
mod log;
mod queue;
mod reader;
mod rebuild;
mod recover;
mod runs;
mod seal;
mod sequencer;
mod settings;
mod tail;
mod tally;
mod volume;

pub use append::{Ack, Acks, AppendError, Appender, StreamAck, StreamAppender, Waiting};
pub use attached::{Attached, AttachedError};
pub use batch::{ATTACHED_BYTES_MAX, BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, BadAttached, BadBatch, Batch};
pub use commit::Head;
pub use condition::Condition;
pub use description::{BadDescription, Description, Kind};
pub use erase::{AttachmentSet, BlankError, Blanker, Erased, Erasing, Erasure, NoTombstones, Tombstones, erase};
pub use fsck::{Checked, Finding, FsckError, HeadProblem, ObjectProblem, Step, fsck, fsck_with};
pub use halt::Halt;
pub use keys::{BadChange, ChangeProblem, KeysError, keys, keys_from};
pub use log::Log;
pub use reader::{ReadError, Reader};
pub use rebuild::{Rebuilt, rebuild, rebuild_with};
pub use recover::{StartError, sealed_size};
pub use settings::{Committer, Settings};
pub use tally::{Tally, TallyError};
pub use volume::{BadVolume, VolumeEntries};
