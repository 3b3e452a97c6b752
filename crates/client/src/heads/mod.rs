//! Where the newest verified head is kept, so that a later answer, also to a later process, can be held against it.

mod file;
mod memory;

pub use file::FileHeads;
pub use memory::MemoryHeads;

use std::io;
use std::sync::Arc;

/// The note of the newest head that was verified: one value, which is replaced only by whoever knows what it was.
///
/// It is what a rollback or a fork is recognised by, so keep one for each log, for as long as the log is used. It need not be
/// secret; whoever can write it can make the client forget. A client calls it on threads that may block, and from several at
/// a time.
pub trait HeadStore: Send + Sync + 'static {
    /// The value; `None` until one was stored.
    fn load(&self) -> io::Result<Option<Vec<u8>>>;

    /// Replaces the value by `new` if it is `old`, as one act to everybody who shares the store. When this returns
    /// [`Swap::Stored`], the value is as durable as it will ever be. After an error it is either of the two.
    fn compare_and_swap(&self, old: Option<&[u8]>, new: &[u8]) -> io::Result<Swap>;
}

/// What became of a [`HeadStore::compare_and_swap`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Swap {
    /// The new value is in place.
    Stored,
    /// Somebody was faster: the value is another, and stays.
    Lost {
        /// The value that is there.
        current: Option<Vec<u8>>,
    },
}

impl<S: HeadStore + ?Sized> HeadStore for Arc<S> {
    fn load(&self) -> io::Result<Option<Vec<u8>>> {
        (**self).load()
    }

    fn compare_and_swap(&self, old: Option<&[u8]>, new: &[u8]) -> io::Result<Swap> {
        (**self).compare_and_swap(old, new)
    }
}
