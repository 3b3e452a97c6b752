//! A file: what is durable of it, what processes see, and what lies between.

use std::collections::{BTreeMap, BTreeSet};

use super::{Area, Part, Pending, Unit, take};

/// A file, with or without a name.
#[derive(Clone, Debug)]
pub(super) struct File {
    area: Area,
    durable: Vec<u8>,
    /// What processes see.
    pub(super) cached: Vec<u8>,
    pending: Vec<Pending<Sector>>,
}

/// A sector as a write left it: shorter where the file ended in it, empty where the file was cut off before it.
#[derive(Clone, Debug)]
struct Sector {
    index: usize,
    content: Box<[u8]>,
}

/// How a file ends whose last sectors were lost.
#[derive(Clone, Copy, Debug)]
enum Ends {
    /// Its new length was written: zeros, up to `length` at least.
    InZeros { length: usize },
    /// Its new length was not written either.
    WithLastSurvivor,
}

impl File {
    pub(super) fn new(area: Area) -> File {
        File {
            area,
            durable: Vec::new(),
            cached: Vec::new(),
            pending: Vec::new(),
        }
    }

    /// Writes, and numbers each sector that is touched: `written` was the last number.
    pub(super) fn write(&mut self, offset: usize, bytes: &[u8], written: &mut u64) {
        let end = offset + bytes.len();
        if self.cached.len() < end {
            self.cached.resize(end, 0);
        }
        self.cached[offset..end].copy_from_slice(bytes);
        self.changed(offset, end, written);
    }

    /// Gives the file another length.
    pub(super) fn cut(&mut self, length: usize, written: &mut u64) {
        let before = self.cached.len();
        self.cached.resize(length, 0);
        self.changed(length.min(before), length.max(before), written);
    }

    /// What was written up to the number `upto` is durable.
    pub(super) fn sync(&mut self, upto: u64) {
        let synced = take(&mut self.pending, upto);
        let length = match self.pending.is_empty() {
            true => self.cached.len(),
            // That of the file as it was when the sync began.
            false => 0,
        };
        self.durable = self.with(synced.iter(), Ends::InZeros { length });
    }

    pub(super) fn pending(&self) -> impl Iterator<Item = Unit> {
        self.pending.iter().map(|pending| Unit {
            number: pending.number,
            area: self.area,
            part: Part::Sector,
        })
    }

    /// What is left if the sectors with the numbers in `lost` are.
    pub(super) fn left(&self, lost: &BTreeSet<u64>, short: bool) -> Vec<u8> {
        let surviving = self.pending.iter().filter(|pending| !lost.contains(&pending.number));
        let length = self.cached.len();
        self.with(
            surviving,
            if short {
                Ends::WithLastSurvivor
            } else {
                Ends::InZeros { length }
            },
        )
    }

    /// Notes the sectors that the bytes `begin..end` lie in as they are now.
    fn changed(&mut self, begin: usize, end: usize, written: &mut u64) {
        let size = self.area.sector_bytes();
        for index in begin / size..end.div_ceil(size) {
            let from = (index * size).min(self.cached.len());
            let to = (from + size).min(self.cached.len());
            *written += 1;
            let content = self.cached[from..to].into();
            self.pending.push(Pending {
                number: *written,
                change: Sector { index, content },
            });
        }
    }

    /// What was durable, and over it the `surviving` sectors.
    fn with<'a>(&self, surviving: impl Iterator<Item = &'a Pending<Sector>>, ends: Ends) -> Vec<u8> {
        let size = self.area.sector_bytes();
        let newest: BTreeMap<usize, &[u8]> = surviving
            .map(|pending| (pending.change.index, &*pending.change.content))
            .collect();
        let end_of = |(index, content): (&usize, &&[u8])| match content.len() {
            0 => 0,
            length => index * size + length,
        };
        let untouched = (0..self.durable.len().div_ceil(size))
            .rev()
            .find(|index| !newest.contains_key(index));
        let untouched = untouched.map_or(0, |index| ((index + 1) * size).min(self.durable.len()));
        let last = newest.iter().map(end_of).max().unwrap_or(0).max(untouched);

        let mut content = self.durable.clone();
        content.resize(last, 0);
        for (index, sector) in newest {
            let from = (index * size).min(last);
            let to = (from + size).min(last);
            content[from..to].fill(0);
            content[from..from + sector.len()].copy_from_slice(sector);
        }
        if let Ends::InZeros { length } = ends {
            content.resize(last.max(length), 0);
        }
        content
    }
}
