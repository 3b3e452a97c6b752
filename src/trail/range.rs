//! Events side by side, for whoever goes through many.

use super::Trail;
use super::find::{FindError, Found};
use crate::task::blocking;

impl Trail {
    /// Entries from `start` on, in order: at least one, at most up to `end`, which is published, and not more than `bytes_max` bytes of what
    /// is kept of them unless the first alone has more. Ends before one that cannot be given, which is an error only if it is the
    /// first.
    ///
    /// # Errors
    ///
    /// See [`FindError`].
    pub async fn read(&self, start: u64, end: u64, bytes_max: usize) -> Result<Vec<Found>, FindError> {
        let trail = self.clone();
        blocking(move || {
            let attached = trail.reader.attached(start, end, bytes_max)?;
            let known = trail.tombstones.known();
            let mut read = Vec::with_capacity(attached.len());
            for (index, attached) in (start..).zip(attached) {
                match Found::of(index, attached, &known) {
                    Ok(found) => read.push(found),
                    Err(error) if read.is_empty() => return Err(error),
                    Err(_) => break,
                }
            }
            Ok(read)
        })
        .await
    }
}
