//! Latency against load, as a picture.

use std::ops::Range;
use std::path::Path;

use plotters::prelude::{
    BLUE, ChartBuilder, Circle, EmptyElement, IntoDrawingArea, IntoLogRange, LineSeries, PathElement, RED, RGBColor,
    SVGBackend, Text, WHITE,
};
use plotters::style::{Color, IntoFont};

use super::Results;
use crate::cmd::Failure;
use crate::cmd::bench::scenario::Point;

/// Draws the curves into an SVG file: both axes logarithmic, each point labelled with the number of entries under way.
pub(in crate::cmd::bench) fn plot(results: &Results, path: &Path) -> Result<(), Failure> {
    let points = || results.curves.iter().flat_map(|(_, points)| points);
    let rates = decades(points().map(|point| point.entries_per_s)).ok_or("there is nothing to draw")?;
    let latencies =
        decades(points().flat_map(|point| [point.p50_ms, point.p99_ms])).ok_or("there is nothing to draw")?;

    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let title = format!(
        "Latency of durable single entries against load, {} cores",
        results.conditions.cores
    );
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(rates.log_scale(), latencies.log_scale())?;
    chart
        .configure_mesh()
        .x_desc("entries acknowledged per second")
        .y_desc("latency in ms")
        .x_label_formatter(&|rate| format!("{rate:.0}"))
        .y_label_formatter(&|ms| format!("{ms}"))
        .axis_desc_style(("sans-serif", 15))
        .draw()?;
    for ((name, points), color) in results.curves.iter().zip([BLUE, RED]) {
        let kinds: [(&str, LatencyOf, f64); 2] =
            [("p50", |point| point.p50_ms, 1.0), ("p99", |point| point.p99_ms, 0.45)];
        for (kind, latency, opacity) in kinds {
            let style = color.mix(opacity).stroke_width(2);
            let line = points.iter().map(|point| (point.entries_per_s, latency(point)));
            chart
                .draw_series(LineSeries::new(line, style))?
                .label(format!("{name}, {kind}"))
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], style));
            draw_points(&mut chart, points, latency, color)?;
        }
    }
    chart
        .configure_series_labels()
        .position(plotters::chart::SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(plotters::style::BLACK.mix(0.4))
        .label_font(("sans-serif", 14))
        .draw()?;
    root.present()?;
    Ok(())
}

type Chart<'a, 'b> = plotters::chart::ChartContext<
    'a,
    SVGBackend<'b>,
    plotters::coord::cartesian::Cartesian2d<
        plotters::coord::combinators::LogCoord<f64>,
        plotters::coord::combinators::LogCoord<f64>,
    >,
>;

fn draw_points(
    chart: &mut Chart<'_, '_>,
    points: &[Point],
    latency: LatencyOf,
    color: RGBColor,
) -> Result<(), Failure> {
    let labelled = points
        .iter()
        .map(|point| (point.entries_per_s, latency(point), point.in_flight));
    for (rate, ms, in_flight) in labelled {
        let element = EmptyElement::at((rate, ms))
            + Circle::new((0, 0), 3, color.filled())
            + Text::new(in_flight.to_string(), (5, -14), ("sans-serif", 11).into_font());
        chart.draw_series(std::iter::once(element))?;
    }
    Ok(())
}

/// Which latency of a point is drawn.
type LatencyOf = fn(&Point) -> f64;

/// The powers of ten around what is to be drawn; `None` if there is nothing above 0.
fn decades(values: impl Iterator<Item = f64>) -> Option<Range<f64>> {
    let positive: Vec<f64> = values.filter(|value| *value > 0.0).collect();
    let least = positive.iter().copied().reduce(f64::min)?;
    let most = positive.iter().copied().reduce(f64::max)?;
    let begin = 10_f64.powf(least.log10().floor());
    let end = 10_f64.powf(most.log10().ceil());
    Some(begin..end.max(begin * 10.0))
}

const SIZE: (u32, u32) = (860, 560);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_reach_to_the_next_powers_of_ten() {
        assert_eq!(decades([0.0, 0.2, 30.0].into_iter()), Some(0.1..100.0));
        assert_eq!(decades([100.0].into_iter()), Some(100.0..1_000.0));
        assert_eq!(decades([0.0].into_iter()), None);
    }
}
