//! `indelible bench` from end to end, small: that every figure is measured and its numbers fit together. How fast anything is, is
//! for `indelible bench` itself to say.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn bench(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_indelible"));
    command.arg("bench").args(args).args(["--data"]).arg(folder);
    command.stdin(Stdio::null()).output().unwrap()
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Figures for which there is nothing that the machine could be asked instead.
const WITHOUT_LIMIT: [&str; 7] = [
    "events-by-actor",
    "hooks",
    "memory-appending",
    "memory-proving",
    "start",
    "start-a-tenth",
    "rebuild",
];

#[test]
fn every_figure_is_measured_beside_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    let plot = folder.path().join("latency.svg");
    // Long enough for 512 callers to have their turn on a machine that does other things.
    let small = [
        "--entries",
        "2000",
        "--seconds",
        "0.4",
        "--repeat",
        "1",
        "--verify",
        "--json",
    ];
    let output = bench(
        folder.path(),
        &[&small[..], &["--plot", plot.to_str().unwrap()]].concat(),
    );
    assert!(output.status.success(), "{}", words(&output));
    let results: Value = serde_json::from_slice(&output.stdout).unwrap();

    let figures = results["figures"].as_array().unwrap();
    let measured: BTreeSet<&str> = figures.iter().map(|figure| figure["name"].as_str().unwrap()).collect();
    let listed = bench(folder.path(), &["--list"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    let listed: BTreeSet<&str> = listed.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(measured, listed);

    for figure in figures {
        let name = figure["name"].as_str().unwrap();
        let value = figure["value"].as_f64().unwrap();
        // So small a log has not sealed anything when its last batch is acknowledged; and sixteen batches of a thousand events, of which a
        // build without optimisation makes a thousand a second, may all be under way when the window ends.
        let may_be_none = ["batches-sustained", "events-batch"].contains(&name);
        assert!(value > 0.0 || may_be_none, "{figure:#}");
        let limit = figure["limit"].as_f64();
        assert_eq!(limit.is_none(), WITHOUT_LIMIT.contains(&name), "{figure:#}");
        let ratio = figure["ratio"].as_f64();
        assert_eq!(ratio.is_some(), limit.is_some(), "{figure:#}");
        if let (Some(ratio), Some(limit)) = (ratio, limit) {
            // Numbers that went through text: the last digit may differ.
            let error = (ratio - value / limit).abs();
            assert!(error <= 1e-9 * ratio, "not the quotient of value and limit: {figure:#}");
        }
        assert_eq!(figure["values"].as_array().unwrap().len(), 1, "{figure:#}");
        for bar in figure["bars"].as_array().unwrap() {
            assert!(
                bar["met"].is_boolean(),
                "what the bar is about was observed: {figure:#}"
            );
        }
    }
    assert!(std::fs::read_to_string(plot).unwrap().contains("latency in ms"));
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["latency.svg"], "what it made it has removed");
}

#[test]
fn a_missed_bar_is_an_exit_status_only_if_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let small = ["--entries", "2000", "--seconds", "0.1", "--repeat", "1", "--only"];
    // In so small a log sled's segments weigh more than what is in them.
    for (figures, status) in [("disk-journal", Some(0)), ("disk-journal,disk-objects", Some(1))] {
        let output = bench(folder.path(), &[&small[..], &[figures, "--bars"]].concat());
        assert_eq!(output.status.code(), status, "{}", words(&output));
        let output = bench(folder.path(), &[&small[..], &[figures]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    }
}

#[test]
fn a_figure_that_does_not_exist_is_refused() {
    let output = bench(Path::new("."), &["--only", "stream,steam"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(words(&output).contains("`steam`"), "{}", words(&output));
}
