//! Looking again whether what a tombstone names is gone: files of the journal may have been put back from an older copy.

use indelible_store::journal::{Attachment, JournalError, Place, RecordPlace};

use super::{AttachmentSet, BlankError, Blanker, Erasure};

impl Blanker {
    /// Makes pending again what the tombstone at this index names and the journal still has, or has again; of how many entries it was.
    /// [`blank`](Blanker::blank) then overwrites it.
    ///
    /// Blocks: reads what the tombstone names, a bundle of entries at a time. Of an entry that is no tombstone there is nothing.
    ///
    /// # Errors
    ///
    /// [`BlankError::Read`] if the entry is not published, and the failures of the stores. What was found until then is pending.
    pub fn recheck(&self, tombstone: u64) -> Result<u64, BlankError> {
        let entry = self.reader.entries(tombstone, tombstone + 1, usize::MAX)?;
        let named = entry.first().and_then(|entry| self.pending.named_by(tombstone, entry));
        let mut found = 0;
        for Erasure { entries, attachments } in named.iter().flat_map(|named| named.erasures()) {
            let mut next = entries.start;
            while next < entries.end {
                let records = self.reader.record_places(next, entries.end)?;
                found += self.recheck_records(next, attachments, &records)?;
                next += records.len() as u64;
            }
        }
        Ok(found)
    }

    /// The same for neighbouring entries of which the same is named.
    fn recheck_records(&self, first: u64, named: AttachmentSet, records: &[RecordPlace]) -> Result<u64, JournalError> {
        let places: Vec<Vec<Place>> = records.iter().map(|record| places(record, named)).collect();
        match self.journal.read_all(&places.concat()) {
            Ok(read) if read.iter().all(|attachment| *attachment == Attachment::Blanked) => return Ok(0),
            // One that is half overwritten cannot be read.
            Ok(_) | Err(JournalError::Damaged { .. }) => {}
            Err(error) => return Err(error),
        }
        let mut found = 0;
        for (index, places) in (first..).zip(&places) {
            if !self.are_gone(places)? {
                self.pending.add(&Erasure {
                    entries: index..index + 1,
                    attachments: named,
                });
                found += 1;
            }
        }
        Ok(found)
    }

    fn are_gone(&self, places: &[Place]) -> Result<bool, JournalError> {
        for place in places {
            match self.journal.read(place) {
                Ok(Attachment::Blanked) => {}
                Ok(Attachment::Present(_)) | Err(JournalError::Damaged { .. }) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// Where that lies which is named of a record. What has no bytes has nothing to lose.
fn places(record: &RecordPlace, named: AttachmentSet) -> Vec<Place> {
    let numbered = record.places().enumerate();
    let named = numbered.filter(|(number, place)| named.contains(*number) && place.length > 0);
    named.map(|(_, place)| place).collect()
}
