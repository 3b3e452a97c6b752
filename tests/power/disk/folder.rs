//! A folder: its names, as they are durable and as processes see them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Area, Part, Pending, Unit, take};

/// A folder, with or without a name.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    area: Area,
    durable: BTreeMap<String, usize>,
    /// What processes see: names, and the numbers of what they name.
    pub(super) cached: BTreeMap<String, usize>,
    pending: Vec<Pending<Naming>>,
}

/// One change of names, which happens whole or not at all.
#[derive(Clone, Debug)]
pub(super) struct Naming {
    pub(super) removed: Option<String>,
    pub(super) made: Option<(String, usize)>,
}

impl Folder {
    pub(super) fn new(area: Area) -> Folder {
        Folder {
            area,
            durable: BTreeMap::new(),
            cached: BTreeMap::new(),
            pending: Vec::new(),
        }
    }

    /// Changes names, which can be lost under this number.
    pub(super) fn change(&mut self, number: u64, change: Naming) {
        change.apply(&mut self.cached);
        self.pending.push(Pending { number, change });
    }

    /// What was changed up to the number `upto` is durable.
    pub(super) fn sync(&mut self, upto: u64) {
        let synced = take(&mut self.pending, upto);
        self.durable = self.with(synced.iter());
    }

    pub(super) fn pending(&self) -> impl Iterator<Item = Unit> {
        self.pending.iter().map(|pending| Unit {
            number: pending.number,
            area: self.area,
            part: Part::Name,
        })
    }

    /// What is left if the changes with the numbers in `lost` are.
    pub(super) fn left(&self, lost: &BTreeSet<u64>) -> BTreeMap<String, usize> {
        self.with(self.pending.iter().filter(|pending| !lost.contains(&pending.number)))
    }

    /// What was durable, changed by what is `surviving`.
    fn with<'a>(&self, surviving: impl Iterator<Item = &'a Pending<Naming>>) -> BTreeMap<String, usize> {
        let mut names = self.durable.clone();
        surviving.for_each(|pending| pending.change.apply(&mut names));
        names
    }
}

impl Naming {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        if let Some(removed) = &self.removed {
            names.remove(removed);
        }
        if let Some((name, node)) = &self.made {
            names.insert(name.clone(), *node);
        }
    }
}
