//! Who did what: answered from the tables, and checked against what is kept.

use indelible_index::IndexError;
use indelible_index::IndexKey;
use indelible_index::search::{Page, Query};

use super::Trail;
use super::find::{FindError, Found};
use crate::task::blocking;

/// A page of an answer.
#[derive(Debug)]
pub struct Hits {
    /// The events, each with its index, in the order that was asked for.
    pub events: Vec<(u64, Found)>,
    /// What to ask for the next page.
    pub next: Option<u64>,
    /// The answer speaks of the events below this index.
    pub indexed_size: u64,
    /// So many entries the log has.
    pub size: u64,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The tables failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// An event that they name could not be read.
    #[error(transparent)]
    Find(#[from] FindError),
}

impl Trail {
    /// The key that terms of a query are made with.
    pub fn index_key(&self) -> &IndexKey {
        &self.key
    }

    /// The events that a query asks for, read back from what is kept.
    ///
    /// # Errors
    ///
    /// See [`SearchError`].
    pub async fn search(&self, query: Query) -> Result<Hits, SearchError> {
        let trail = self.clone();
        blocking(move || {
            let size = trail.reader.head().size();
            let Page {
                indexes,
                next,
                indexed_size,
            } = trail.events.search(&query)?;
            let events = indexes
                .into_iter()
                .map(|index| Ok((index, trail.find_blocking(index)?)))
                .collect::<Result<_, FindError>>()?;
            Ok(Hits {
                events,
                next,
                indexed_size,
                size,
            })
        })
        .await
    }
}
