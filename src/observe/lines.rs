//! Log lines on stderr.

use std::io::IsTerminal;

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// How a line looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The filter cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("`log_filter` is {filter:?}, which cannot be read: {reason}")]
pub struct BadFilter {
    filter: String,
    reason: String,
}

impl LogFormat {
    /// As it stands in a configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        }
    }
}

/// Sends log lines to stderr from now on, those that `filter` lets through: a level, or `TARGET=LEVEL` with commas between.
///
/// # Errors
///
/// If the filter cannot be read.
pub fn write_lines(format: LogFormat, filter: &str) -> Result<(), BadFilter> {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .parse(filter)
        .map_err(|error| BadFilter {
            filter: filter.to_owned(),
            reason: error.to_string(),
        })?;
    let discreet = filter_fn(is_discreet);
    let lines = match format {
        LogFormat::Text => fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal())
            .with_filter(discreet)
            .boxed(),
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_writer(std::io::stderr)
            .with_filter(discreet)
            .boxed(),
    };
    tracing_subscriber::registry().with(filter).with(lines).init();
    Ok(())
}

/// Whether a line can have nothing in it that a client has sent. The libraries that carry requests tell at their finest levels what
/// they carry: tokens, queries, bodies.
fn is_discreet(line: &Metadata<'_>) -> bool {
    *line.level() <= tracing::Level::INFO || line.target().starts_with("indelible")
}
