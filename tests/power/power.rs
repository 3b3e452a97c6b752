//! Cuts the power of a recorded run at many moments, and opens what is left.

use std::fmt::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, mpsc};
use std::thread;

use tempfile::TempDir;

use crate::binary;
use crate::check::{Met, Truth};
use crate::disk::{Area, Part};
use crate::image::Image;
use crate::losses::{Random, losses, moments};
use crate::steps::{Replay, Step};

/// How often and where the power is to fail.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The steps among which.
    pub(crate) range: Range<usize>,
    pub(crate) images: usize,
    pub(crate) seed: u64,
    /// Where to keep an image that does not hold.
    pub(crate) keep_in: Option<PathBuf>,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) images: usize,
    /// Images in which sectors or names of the journal, of the tree, and of other files were in doubt.
    pub(crate) journal: usize,
    pub(crate) tree: usize,
    pub(crate) other: usize,
    /// Images with names in doubt.
    pub(crate) names: usize,
    /// Images in which recovery cut off a torn write, or removed a segment that was not finished.
    pub(crate) cut: usize,
    pub(crate) removed: usize,
    /// Images that the real binary opened too.
    pub(crate) served: usize,
    /// What does not hold, and where the image is kept.
    pub(crate) failures: Vec<String>,
}

struct Job {
    image: Image,
    told: u64,
    description: String,
    by_the_binary: bool,
}

/// Builds the images of a plan and opens each; the steps follow what was `begun`.
pub(crate) fn cut(begun: &Replay, steps: &[Step], truth: &Truth, plan: &Plan) -> Report {
    let mut random = Random::new(plan.seed);
    let count = plan.images.div_ceil(IMAGES_A_MOMENT);
    let mut report = Report::default();
    let (sender, jobs) = mpsc::sync_channel::<Job>(1);
    let jobs = Mutex::new(jobs);
    let results = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let job = jobs.lock().unwrap().recv();
                    let Ok(job) = job else { return };
                    let result = job.run(truth, plan.keep_in.as_deref());
                    results.lock().unwrap().push(result);
                }
            });
        }
        // At the last moments little may be in doubt, and nothing follows to make up for it: then other moments are visited.
        for _ in 0..VISITS_MAX {
            if report.images >= plan.images {
                break;
            }
            let mut replay = begun.clone();
            let visited = moments(steps, plan.range.clone(), count, &mut random);
            let (mut applied, mut left) = (0, visited.len());
            for (at, about) in visited {
                steps[applied..at].iter().for_each(|step| replay.apply(step));
                applied = at;
                // Where little is in doubt there are few images; the moments that follow make up for it.
                let share = plan.images.saturating_sub(report.images).div_ceil(left);
                left -= 1;
                let pending = replay.disk.pending();
                let has = |area| pending.iter().any(|unit| unit.area == area);
                for loss in losses(&pending, about, share, &mut random) {
                    report.images += 1;
                    report.journal += usize::from(has(Area::Journal));
                    report.tree += usize::from(has(Area::Tree));
                    report.other += usize::from(has(Area::Other));
                    report.names += usize::from(pending.iter().any(|unit| unit.part == Part::Name));
                    let by_the_binary = report.images % BINARY_EVERY == 0;
                    report.served += usize::from(by_the_binary);
                    let description = format!(
                        "seed {}, step {at} ({}), lost: {} ({} of {}{})",
                        plan.seed,
                        steps[at - 1].in_short(),
                        loss.chosen,
                        loss.lost.len(),
                        pending.len(),
                        if loss.short { ", files end short" } else { "" }
                    );
                    let image = replay.disk.image(&loss.lost, loss.short);
                    let job = Job {
                        image,
                        told: replay.told,
                        description,
                        by_the_binary,
                    };
                    sender.send(job).expect("the workers live as long as there is work");
                }
            }
        }
        drop(sender);
    });
    for result in results.into_inner().unwrap() {
        match result {
            Ok(met) => {
                report.cut += usize::from(met.cut);
                report.removed += usize::from(met.removed);
            }
            Err(failure) => report.failures.push(failure),
        }
    }
    report
}

impl Report {
    /// Fails if anything does not hold.
    pub(crate) fn demand(&self, what: &str) {
        println!("{what}: {self:?}");
        let mut words = String::new();
        for failure in self.failures.iter().take(5) {
            let _ = write!(words, "\n{failure}");
        }
        assert!(
            self.failures.is_empty(),
            "{what}: {} of {} images{words}\nINDELIBLE_POWER_SEED=… chooses as it did here",
            self.failures.len(),
            self.images
        );
    }
}

impl Job {
    fn run(self, truth: &Truth, keep_in: Option<&Path>) -> Result<Met, String> {
        let root = room();
        self.image.write_to(root.path());
        let mut met = truth.check(root.path(), self.told);
        if self.by_the_binary && met.is_ok() {
            let root = room();
            self.image.write_to(root.path());
            met = binary::check(root.path(), self.told).and(met);
        }
        met.map_err(|reason| {
            let mut words = format!("{reason}\n  {}\n  {} entries were told of", self.description, self.told);
            if let Some(folder) = keep_in {
                // As it was before recovery worked on it.
                let kept = TempDir::new_in(folder).unwrap().keep();
                self.image.write_to(&kept);
                let _ = write!(words, "\n  the image is in {}", kept.display());
            }
            words
        })
    }
}

/// A folder for an image, in memory where there is room for that: hundreds of images are written and synced.
fn room() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

/// How often moments are chosen anew while images are wanting.
const VISITS_MAX: usize = 4;

const IMAGES_A_MOMENT: usize = 6;

/// The real binary takes its time to start.
const BINARY_EVERY: usize = 40;
