//! What is absent side by side is one finding.

use std::ops::Range;

/// Neighbours that are absent, not told yet.
#[derive(Debug, Default)]
pub(super) struct Extent {
    /// The volume that they belong to, and their indexes.
    pending: Option<(u64, Range<u64>)>,
}

impl Extent {
    /// Adds what is absent, and returns what came before if that ends elsewhere or lies in another volume.
    pub(super) fn add(&mut self, volume: u64, absent: Range<u64>) -> Option<(u64, Range<u64>)> {
        match &mut self.pending {
            Some((of, range)) if *of == volume && range.end == absent.start => {
                range.end = absent.end;
                None
            }
            pending => pending.replace((volume, absent)),
        }
    }

    /// What is left to tell.
    pub(super) fn take(&mut self) -> Option<(u64, Range<u64>)> {
        self.pending.take()
    }
}
