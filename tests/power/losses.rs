//! Which moments the power fails at, and what it takes with it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::disk::{Area, Part, Unit};
use crate::steps::Step;

/// What a power loss takes of what it may take.
#[derive(Clone, Debug)]
pub(crate) struct Loss {
    /// How it was chosen.
    pub(crate) chosen: String,
    /// The numbers of the units that are lost.
    pub(crate) lost: BTreeSet<u64>,
    /// Whether files end with their last surviving sector.
    pub(crate) short: bool,
}

/// xorshift64*: the same choices from the same seed.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed.max(1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn coin(&mut self) -> bool {
        self.next() >> 63 == 1
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).expect("31 bits") % end
    }
}

/// `count` moments among `range`, each by the number of steps before it, and with the area that it is about: equally many of each
/// sort there is, so that the rare ones (a segment is born, a name is replaced) come up as often as the thousand writes.
pub(crate) fn moments(steps: &[Step], range: Range<usize>, count: usize, random: &mut Random) -> BTreeMap<usize, Area> {
    let mut sorts: BTreeMap<(&str, Area), Vec<usize>> = BTreeMap::new();
    for at in range {
        let (sort, path, at) = match &steps[at] {
            // All that was written, and nothing of it promised.
            Step::EndSync { path, .. } => ("in a sync", path.as_str(), at),
            Step::Write { path, bytes, .. } if bytes.len() > LARGE_BYTES => {
                ("behind a large write", path.as_str(), at + 1)
            }
            Step::Write { path, .. } | Step::Cut { path, .. } => ("behind a write", path.as_str(), at + 1),
            Step::MakeFolder(path) | Step::Open { path, .. } | Step::Rename { to: path, .. } | Step::Remove(path) => {
                ("behind a naming", path.as_str(), at + 1)
            }
            // Not one step more than what was told is built on.
            Step::Told(_) => ("behind a reply", "", at + 1),
            Step::BeginSync { .. } | Step::ForgetSync { .. } | Step::Ended => continue,
        };
        sorts.entry((sort, Area::of(path))).or_default().push(at);
    }
    let mut moments = BTreeMap::new();
    while moments.len() < count && !sorts.is_empty() {
        sorts.retain(|(_, area), places| {
            let chosen = places.swap_remove(random.below(places.len()));
            if moments.len() < count {
                moments.insert(chosen, *area);
            }
            !places.is_empty()
        });
    }
    moments
}

/// Up to `count` different losses: first everything and nothing, then in random order all names, whole areas, and of the area
/// that it is `about` single sectors or names, all but one, and random halves.
pub(crate) fn losses(pending: &[Unit], about: Area, count: usize, random: &mut Random) -> Vec<Loss> {
    let own: Vec<u64> = pending
        .iter()
        .filter(|unit| unit.area == about)
        .map(|unit| unit.number)
        .collect();
    let mut wanted: Vec<(String, BTreeSet<u64>)> = Vec::new();
    let mut want = |chosen: &str, lost: &dyn Fn(&Unit) -> bool| {
        let lost = pending.iter().filter(|unit| lost(unit)).map(|unit| unit.number);
        wanted.push((chosen.to_owned(), lost.collect()));
    };
    // Always the two extremes, whatever else there is time for.
    want("everything", &|_| true);
    want("nothing", &|_| false);
    want("all names", &|unit| unit.part == Part::Name);
    want("all but names", &|unit| unit.part == Part::Sector);
    want("all that it is about", &|unit| unit.area == about);
    want("all but what it is about", &|unit| unit.area != about);
    if let (Some(first), Some(last)) = (own.first(), own.last()) {
        let mut singles = vec![*first, *last];
        singles.extend((0..SINGLES).map(|_| own[random.below(own.len())]));
        for single in singles {
            // What becomes of the other areas makes no difference to this one, or should not.
            let others = random.coin();
            want("one", &|unit| unit.number == single || unit.area != about && others);
            want("all but one", &|unit| {
                unit.number != single && (unit.area == about || others)
            });
        }
        for _ in 0..HALVES {
            let lost: BTreeSet<u64> = pending
                .iter()
                .map(|unit| unit.number)
                .filter(|_| random.coin())
                .collect();
            want("a random half", &|unit| lost.contains(&unit.number));
        }
    }
    let (sure, rest) = wanted.split_at_mut(EXTREMES);
    for place in (1..rest.len()).rev() {
        rest.swap(place, random.below(place + 1));
    }
    let mut losses: Vec<Loss> = Vec::new();
    for (chosen, lost) in sure.iter().chain(rest.iter()) {
        // Files can end short only where something is lost.
        for short in [false, true].into_iter().take(1 + usize::from(!lost.is_empty())) {
            let known = losses.iter().any(|loss| loss.lost == *lost && loss.short == short);
            if losses.len() < count && !known {
                losses.push(Loss {
                    chosen: chosen.clone(),
                    lost: lost.clone(),
                    short,
                });
            }
        }
    }
    losses
}

/// Of a write of more than this there are many parts.
const LARGE_BYTES: usize = 4096;

const EXTREMES: usize = 2;

/// Candidates, besides the first and the last.
const SINGLES: usize = 4;

const HALVES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_chooses_the_same_and_no_loss_comes_twice() {
        let unit = |number| Unit {
            number,
            area: Area::Journal,
            part: Part::Sector,
        };
        let pending: Vec<Unit> = (1..=3).map(unit).collect();
        let chosen = |seed, count| losses(&pending, Area::Journal, count, &mut Random::new(seed));
        let seen: BTreeSet<(BTreeSet<u64>, bool)> =
            chosen(5, 100).into_iter().map(|loss| (loss.lost, loss.short)).collect();
        assert_eq!(seen.len(), chosen(5, 100).len());
        assert!(
            seen.len() > 8,
            "of three sectors there are eight subsets: {}",
            seen.len()
        );
        let names = |seed| chosen(seed, 6).into_iter().map(|loss| loss.chosen).collect::<Vec<_>>();
        assert_eq!(names(5), names(5));
        assert_eq!(names(5)[..3], ["everything", "everything", "nothing"]);
        assert_eq!(losses(&[], Area::Tree, 10, &mut Random::new(1)).len(), 1);
    }
}
