//! Room in memory for what strangers send and for what is made of it, counted before it is taken.

pub mod messages;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// So many bytes, for all requests of one kind together. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Room {
    free: Arc<Semaphore>,
    units: u32,
}

/// A part of it, given back when this is dropped.
#[derive(Debug)]
pub struct Place(#[expect(dead_code, reason = "it is held, and dropped")] OwnedSemaphorePermit);

/// There was none for a while. Nobody's fault; the same may be tried again soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many large bodies are under way; nothing was stored")]
pub struct NoRoom;

impl Room {
    /// Room for so many bytes.
    pub fn of(bytes: usize) -> Room {
        let units = units(bytes);
        Room {
            free: Arc::new(Semaphore::new(units as usize)),
            units,
        }
    }

    /// Takes so many bytes of it; whoever asks for more than there is gets the whole. Waits for those who came before.
    ///
    /// # Errors
    ///
    /// If there is none within 4 s.
    pub async fn take(&self, bytes: usize) -> Result<Place, NoRoom> {
        let wanted = units(bytes).min(self.units);
        let place = timeout(PATIENCE, self.free.clone().acquire_many_owned(wanted));
        let place = place.await.map_err(|_| NoRoom)?;
        Ok(Place(place.expect("nobody closes the room")))
    }

    /// Takes so many bytes of it if they are free now. More than there is are never.
    ///
    /// # Errors
    ///
    /// If they are not.
    pub fn try_take(&self, bytes: usize) -> Result<Place, NoRoom> {
        let place = self.free.clone().try_acquire_many_owned(units(bytes));
        place.map(Place).map_err(|_| NoRoom)
    }

    /// How many bytes are free.
    pub fn free(&self) -> usize {
        self.free.available_permits() * UNIT
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT).max(1)).unwrap_or(u32::MAX)
}

/// Room is counted in these.
const UNIT: usize = 1 << 10;

/// How long to wait for room, well within the 10 s after which GitHub gives up.
const PATIENCE: Duration = Duration::from_secs(4);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_taken_is_given_back() {
        let room = Room::of(4 << 10);
        let held = room.take(3 << 10).await.unwrap();
        assert_eq!(room.free(), 1 << 10);
        assert_eq!(room.take(2 << 10).await.unwrap_err(), NoRoom);
        drop(held);
        let _all = room.take(usize::MAX).await.unwrap();
        assert_eq!(room.free(), 0);
    }
}
