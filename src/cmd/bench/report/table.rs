//! The results for people: a line a figure, and under it what else was seen and what was promised.

use std::fmt::Write;

use super::{Measured, Results};
use crate::cmd::bench::bars::Outcome;

/// The table as text, with a line feed at its end.
pub(in crate::cmd::bench) fn table(results: &Results) -> String {
    let conditions = &results.conditions;
    let mut text = format!(
        "indelible {}, {} cores ({}), Linux {}; {} entries of {} bytes, median of {} runs\n",
        conditions.version,
        conditions.cores,
        conditions.cpu,
        conditions.kernel,
        conditions.entries,
        conditions.entry_bytes,
        conditions.runs,
    );
    for measured in &results.figures {
        // Writing to a String does not fail.
        let _ = write(&mut text, measured);
    }
    text
}

fn write(text: &mut String, measured: &Measured) -> std::fmt::Result {
    let (figure, median) = (measured.figure, &measured.median);
    writeln!(text, "\n{:<24}{}", figure.name, figure.what)?;
    write!(text, "{:24}{} {}", "", short(median.value), figure.unit)?;
    if let (Some(limit), Some(ratio), Some(name)) = (median.limit, median.ratio(), figure.limit) {
        write!(text, " = {} of {} ({name})", short(ratio), short(limit))?;
    }
    writeln!(text)?;
    if !median.extras.is_empty() {
        let extras = median
            .extras
            .iter()
            .map(|(name, value)| format!("{name} {}", short(*value)));
        writeln!(text, "{:24}{}", "", extras.collect::<Vec<String>>().join(", "))?;
    }
    for judged in &measured.bars {
        let mark = match judged.outcome {
            Outcome::Met => "  ",
            Outcome::Missed | Outcome::Unknown => "! ",
        };
        writeln!(text, "{:22}{mark}bar {}: {}", "", judged.bar, judged.outcome)?;
    }
    Ok(())
}

/// Three digits that say something, and no more.
fn short(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        large if large >= 10.0 => format!("{value:.1}"),
        large if large >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (value, expected) in [
            (123_456.7, "123457"),
            (12.34, "12.3"),
            (1.234, "1.23"),
            (0.1234, "0.123"),
            (-0.5, "-0.500"),
        ] {
            assert_eq!(short(value), expected);
        }
    }
}
