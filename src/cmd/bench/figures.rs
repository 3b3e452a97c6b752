//! The figures that are measured, with what the project promises of each: one table. Pure.

use super::bars::{Bar, Bound, Quantity};

/// One line of the results.
#[derive(Debug)]
pub(super) struct Figure {
    /// By which `--only` knows it.
    pub(super) name: &'static str,
    /// What it is, for people.
    pub(super) what: &'static str,
    /// The unit of its value, and of its limit.
    pub(super) unit: &'static str,
    /// What the machine, or arithmetic, would allow: what the value is compared with. `None` where there is no such thing.
    pub(super) limit: Option<&'static str>,
    /// What is promised. The run with the median of what the first one is about speaks for the figure.
    pub(super) bars: &'static [Bar],
}

/// Every figure, in the order in which they are printed.
pub(super) const FIGURES: &[Figure] = &[
    Figure {
        name: "one-writer",
        what: "one writer, one entry at a time: p50",
        unit: "ms",
        limit: Some("floor p50 + ceiling p50"),
        bars: &[
            bar(Quantity::Extra("over_limit_ms"), Bound::AtMost(0.10)),
            bar(Quantity::Extra("p99_over_p50"), Bound::AtMost(5.0)),
        ],
    },
    Figure {
        name: "writers-512",
        what: "512 writers, one entry at a time",
        unit: "entries/s",
        limit: Some("ceiling"),
        bars: &[
            bar(Quantity::Ratio, Bound::AtLeast(0.60)),
            bar(Quantity::Extra("p99_ms"), Bound::AtMost(40.0)),
        ],
    },
    Figure {
        name: "stream",
        what: "8 streams, 64 single entries outstanding on each",
        unit: "entries/s",
        limit: Some("ceiling"),
        bars: &[
            bar(Quantity::Ratio, Bound::AtLeast(0.10)),
            bar(Quantity::Extra("over_writers_512"), Bound::AtLeast(4.0)),
            bar(Quantity::Extra("p99_ms"), Bound::AtMost(10.0)),
        ],
    },
    Figure {
        name: "library",
        what: "512 tasks, append of the client library, receipts verified",
        unit: "entries/s",
        limit: Some("512 writers, of the same run"),
        bars: &[bar(Quantity::Ratio, Bound::AtLeast(2.0))],
    },
    Figure {
        name: "authorised",
        what: "512 writers as `writers-512`, each entry with a token",
        unit: "entries/s",
        limit: Some("without rules, of the same run"),
        bars: &[
            bar(Quantity::Ratio, Bound::AtLeast(0.90)),
            bar(Quantity::Extra("oidc_ratio"), Bound::AtLeast(0.85)),
        ],
    },
    Figure {
        name: "add",
        what: "POST /add over HTTP/1.1, 512 connections",
        unit: "entries/s",
        limit: Some("ceiling"),
        bars: &[bar(Quantity::Ratio, Bound::AtLeast(0.5))],
    },
    Figure {
        name: "events-canonical",
        what: "one core: canonical JSON and digests of events of 1 kB",
        unit: "events/s",
        limit: Some("the same with serde_json_canonicalizer"),
        bars: &[],
    },
    Figure {
        name: "events-batch",
        what: "SubmitBatch of 1,000 events, 16 in flight, salts returned",
        unit: "events/s",
        limit: Some("one core, serde_json_canonicalizer and hashing"),
        bars: &[bar(Quantity::Ratio, Bound::AtLeast(0.6))],
    },
    Figure {
        name: "events-single",
        what: "one submitter, one event at a time: p50",
        unit: "ms",
        limit: Some("one writer of plain entries: p50"),
        bars: &[bar(Quantity::Ratio, Bound::AtMost(2.0))],
    },
    Figure {
        name: "events-by-actor",
        what: "GET of an actor's newest 100 events, 4 connections: p99",
        unit: "ms",
        limit: None,
        bars: &[bar(Quantity::Value, Bound::AtMost(50.0))],
    },
    Figure {
        name: "hooks",
        what: "deliveries of GitHub over 64 connections: p99",
        unit: "ms",
        limit: None,
        bars: &[bar(Quantity::Value, Bound::AtMost(1_000.0))],
    },
    Figure {
        name: "batches-first",
        what: "batches of 1,000, 16 in flight: the first million entries",
        unit: "entries/s",
        limit: Some("floor"),
        bars: &[bar(Quantity::Ratio, Bound::AtLeast(0.20))],
    },
    Figure {
        name: "batches-sustained",
        what: "the same over all entries, those not yet sealed left out",
        unit: "entries/s",
        limit: Some("floor"),
        bars: &[bar(Quantity::Ratio, Bound::AtLeast(0.13))],
    },
    Figure {
        name: "writer-beside-batches",
        what: "one writer beside 16 batches of 1,000 in flight: p99",
        unit: "ms",
        limit: Some("ceiling, under the same load"),
        bars: &[bar(Quantity::Value, Bound::AtMost(20.0))],
    },
    Figure {
        name: "inclusion",
        what: "random inclusion proofs",
        unit: "proofs/s",
        limit: Some("ceiling"),
        bars: &[
            bar(Quantity::Ratio, Bound::AtLeast(0.35)),
            bar(Quantity::Extra("over_a_tenth"), Bound::AtLeast(0.6)),
        ],
    },
    Figure {
        name: "consistency",
        what: "consistency proofs between random sizes",
        unit: "proofs/s",
        limit: Some("ceiling"),
        bars: &[bar(Quantity::Ratio, Bound::AtLeast(0.35))],
    },
    Figure {
        name: "tiles",
        what: "GET of random full tiles over HTTP/1.1, 64 connections",
        unit: "tiles/s",
        limit: Some("8 KiB of zeros"),
        bars: &[bar(Quantity::Ratio, Bound::AtLeast(0.6))],
    },
    Figure {
        name: "batch-proof-random",
        what: "batch proof of 1,000 random leaves",
        unit: "hashes",
        limit: Some("1,000 single proofs"),
        bars: &[bar(Quantity::Ratio, Bound::AtMost(0.65))],
    },
    Figure {
        name: "batch-proof-neighbours",
        what: "batch proof of 1,000 neighbours",
        unit: "hashes",
        limit: Some("1,000 single proofs"),
        bars: &[bar(Quantity::Ratio, Bound::AtMost(0.02))],
    },
    Figure {
        name: "memory-appending",
        what: "memory at its peak while the batches go in",
        unit: "MB",
        limit: None,
        bars: &[bar(Quantity::Value, Bound::AtMost(500.0))],
    },
    Figure {
        name: "memory-proving",
        what: "memory after a restart and 100,000 random proofs",
        unit: "MB",
        limit: None,
        bars: &[bar(Quantity::Value, Bound::AtMost(450.0))],
    },
    Figure {
        name: "start",
        what: "start after kill -9 under load, to the first answer",
        unit: "s",
        limit: None,
        bars: &[bar(Quantity::Value, Bound::AtMost(5.0))],
    },
    Figure {
        name: "start-a-tenth",
        what: "the same with a tenth of the entries",
        unit: "s",
        limit: None,
        bars: &[],
    },
    Figure {
        name: "audit",
        what: "a stranger's audit over loopback, tiles compared",
        unit: "entries/s",
        limit: Some("all cores hash as much from memory"),
        bars: &[
            bar(Quantity::Value, Bound::AtLeast(500_000.0)),
            bar(Quantity::Extra("peak_mb"), Bound::AtMost(300.0)),
        ],
    },
    Figure {
        name: "rebuild",
        what: "rebuild of the whole object store",
        unit: "s",
        limit: None,
        bars: &[],
    },
    Figure {
        name: "disk-journal",
        what: "journal of batches of 1,000",
        unit: "MB",
        limit: Some("raw"),
        bars: &[bar(Quantity::Ratio, Bound::AtMost(1.1))],
    },
    Figure {
        name: "disk-objects",
        what: "object store of batches of 1,000",
        unit: "MB",
        limit: Some("raw"),
        bars: &[bar(Quantity::Ratio, Bound::AtMost(1.9))],
    },
    Figure {
        name: "disk-journal-singles",
        what: "journal of one writer's single entries",
        unit: "MB",
        limit: Some("raw"),
        bars: &[],
    },
    Figure {
        name: "disk-objects-singles",
        what: "object store of one writer's single entries",
        unit: "MB",
        limit: Some("raw"),
        bars: &[],
    },
    Figure {
        name: "fsck",
        what: "full check at rest",
        unit: "entries/s",
        limit: Some("all cores hash as much from memory"),
        bars: &[
            bar(Quantity::Ratio, Bound::AtLeast(0.25)),
            bar(Quantity::Extra("over_one_core"), Bound::AtLeast(0.48)),
        ],
    },
];

/// A name that no figure has.
#[derive(Debug, thiserror::Error)]
#[error("there is no figure `{0}`; `indelible bench --list` prints them")]
pub(super) struct NoSuchFigure(String);

/// The figures with these names, in the order of the table; all of them if none is named.
pub(super) fn chosen(names: &[String]) -> Result<Vec<&'static Figure>, NoSuchFigure> {
    if let Some(unknown) = names
        .iter()
        .find(|name| FIGURES.iter().all(|figure| figure.name != **name))
    {
        return Err(NoSuchFigure(unknown.clone()));
    }
    let wanted = |figure: &&Figure| names.is_empty() || names.iter().any(|name| name == figure.name);
    Ok(FIGURES.iter().filter(wanted).collect())
}

const fn bar(of: Quantity, bound: Bound) -> Bar {
    Bar { of, bound }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_differ() {
        let names: BTreeSet<&str> = FIGURES.iter().map(|figure| figure.name).collect();
        assert_eq!(names.len(), FIGURES.len());
    }

    #[test]
    fn figures_are_chosen_by_name_and_unknown_names_refused() {
        let names = |names: &[&str]| -> Vec<String> { names.iter().map(|&name| name.to_owned()).collect() };
        let picked = chosen(&names(&["fsck", "stream"])).unwrap();
        let picked: Vec<&str> = picked.iter().map(|figure| figure.name).collect();
        assert_eq!(picked, ["stream", "fsck"]);
        assert_eq!(chosen(&[]).unwrap().len(), FIGURES.len());
        assert!(
            chosen(&names(&["stream", "streams"]))
                .unwrap_err()
                .to_string()
                .contains("`streams`")
        );
    }
}
