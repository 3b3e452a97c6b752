//! The sources of a log: who may send deliveries to `/hooks/…`, each in a file of its own.
//!
//! * `file` reads and writes one: text in, a configured source out.
//! * `folder` is where they lie: `DIR/sources`, for its owner alone.
//! * `live` is what a running service knows of them, and counts.

mod file;
mod folder;
mod live;

pub(crate) use file::secret_of_file;
pub use file::{BadSourceFile, SourceFile};
pub use folder::{SourcesError, SourcesFolder};
pub use live::{Configured, Counted, Counts, Sources};
