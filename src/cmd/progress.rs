//! Progress of long work, for people: on stderr, and only if that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A counter of what is done; `total` if it is known.
pub(super) fn counter(what: &'static str, total: Option<u64>) -> ProgressBar {
    // indicatif draws nothing when stderr is no terminal.
    let (bar, template) = match total {
        Some(total) => (
            ProgressBar::new(total),
            "{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}",
        ),
        None => (ProgressBar::new_spinner(), "{spinner} {msg} {human_pos} {per_sec}"),
    };
    bar.set_style(ProgressStyle::with_template(template).expect("the templates above are well-formed"));
    bar.set_message(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
