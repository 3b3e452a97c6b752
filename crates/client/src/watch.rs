use std::fmt;
use std::sync::Arc;

use indelible_note::{SignedCheckpoint, Verified};

use crate::error::Error;
use crate::trust::Trust;
use crate::wire::{HeadNote, Incoming};

/// The log's heads as they come, each of them checked.
pub struct HeadWatch {
    trust: Arc<Trust>,
    incoming: Incoming<HeadNote>,
}

impl HeadWatch {
    pub(crate) async fn open(trust: Arc<Trust>) -> Result<HeadWatch, Error> {
        let incoming = trust.service().watch_heads().await?;
        Ok(HeadWatch { trust, incoming })
    }

    /// The next head: the newest one at first, then whenever there is another, however long that takes. Heads that came while
    /// nobody asked are skipped by the service.
    ///
    /// # Errors
    /// [`Error::Ended`] if the service ends the stream, as it does when it stops; else as [`Client::head`](crate::Client::head).
    pub async fn next(&mut self) -> Result<Verified<SignedCheckpoint>, Error> {
        let note = self.incoming.next().await?.ok_or(Error::Ended)?;
        let head = self.trust.open(&note)?;
        self.trust.accept(&head, &[]).await?;
        Ok(head)
    }
}

impl fmt::Debug for HeadWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeadWatch").finish_non_exhaustive()
    }
}
