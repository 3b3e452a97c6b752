//! The results for programs: one JSON object.

use serde_json::{Map, Value, json};

use super::{Judged, Measured, Results};
use crate::cmd::bench::bars::Outcome;
use crate::cmd::bench::scenario::Point;

/// Everything. Of a figure, `value`, `limit`, `ratio` (their quotient) and `extras` come from one run, the one in the middle;
/// `values` has all runs.
pub(in crate::cmd::bench) fn json(results: &Results) -> Value {
    let conditions = &results.conditions;
    json!({
        "version": conditions.version,
        "machine": { "cpu": conditions.cpu, "cores": conditions.cores, "kernel": conditions.kernel },
        "entries": conditions.entries,
        "entry_bytes": conditions.entry_bytes,
        "seconds": conditions.seconds,
        "runs": conditions.runs,
        "figures": results.figures.iter().map(figure).collect::<Vec<Value>>(),
        "curves": results.curves.iter().map(curve).collect::<Map<String, Value>>(),
    })
}

fn figure(measured: &Measured) -> Value {
    let (figure, median) = (measured.figure, &measured.median);
    let extras = median
        .extras
        .iter()
        .map(|&(name, value)| (name.to_owned(), json!(value)));
    json!({
        "name": figure.name,
        "what": figure.what,
        "unit": figure.unit,
        "value": median.value,
        "limit": median.limit,
        "limit_is": figure.limit,
        "ratio": median.ratio(),
        "values": measured.values,
        "extras": extras.collect::<Map<String, Value>>(),
        "bars": measured.bars.iter().map(bar).collect::<Vec<Value>>(),
    })
}

fn bar(judged: &Judged) -> Value {
    let met = match judged.outcome {
        Outcome::Met => Some(true),
        Outcome::Missed => Some(false),
        Outcome::Unknown => None,
    };
    json!({ "bar": judged.bar.to_string(), "got": judged.got, "met": met })
}

fn curve((name, points): &(&'static str, Vec<Point>)) -> (String, Value) {
    let point = |point: &Point| {
        json!({
            "in_flight": point.in_flight,
            "entries_per_s": point.entries_per_s,
            "p50_ms": point.p50_ms,
            "p99_ms": point.p99_ms,
        })
    };
    ((*name).to_owned(), points.iter().map(point).collect())
}
