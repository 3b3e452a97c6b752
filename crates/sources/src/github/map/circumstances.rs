//! When, with what result, and in which run.

use indelible_event::member::{Correlation, Occurred, OccurredFrom, Outcome, OutcomeResult};
use jiff::{SignedDuration, Timestamp};

use super::short;
use crate::{
    github::table::{EventType, OutcomeAt, result_of_state},
    json::Node,
};

/// The first time that the payload gives for this action. A time far in the future is none: nothing that comes in has happened then.
pub(super) fn occurred(times: &[(&str, &str)], payload: &Node<'_>, now: Timestamp) -> Option<Occurred> {
    let action = payload.text("action");
    let mut paths = times
        .iter()
        .filter(|(of, _)| *of == "*" || action == Some(of))
        .map(|(_, path)| path);
    let is_past = |at: &Timestamp| at.duration_since(now) <= AHEAD_MAX;
    let at = paths.find_map(|path| payload.at(path).and_then(time).filter(is_past))?;
    Some(Occurred {
        at,
        from: OccurredFrom::Payload,
    })
}

/// GitHub writes RFC 3339, with or without a fraction or an offset, and in a push seconds since 1970.
fn time(node: &Node<'_>) -> Option<Timestamp> {
    match node {
        Node::Text(text) if text.len() <= TIME_BYTES_MAX => text.parse().ok(),
        Node::Number(number) => Timestamp::from_second(number.as_i64()?).ok(),
        _ => None,
    }
}

pub(super) fn outcome(event: &EventType, payload: &Node<'_>) -> Outcome {
    let detail = event.detail.and_then(|path| payload.text(path)).and_then(short);
    match event.outcome {
        OutcomeAt::Done => Outcome {
            result: OutcomeResult::Success,
            detail,
        },
        OutcomeAt::Asked => Outcome {
            result: OutcomeResult::Attempt,
            detail,
        },
        OutcomeAt::State(paths) => {
            let state = paths.iter().find_map(|path| payload.name(path));
            let result = state.map_or(OutcomeResult::Unknown, result_of_state);
            let detail = match (state, detail) {
                (Some(state), Some(detail)) => Some(format!("{state}: {detail}")),
                (state, detail) => state.map(str::to_owned).or(detail),
            };
            Outcome { result, detail }
        }
        OutcomeAt::Action(known) => {
            let action = payload.text("action");
            let mut results = known
                .iter()
                .filter(|(name, _)| action == Some(name))
                .map(|(_, result)| *result);
            Outcome {
                result: results.next().unwrap_or(OutcomeResult::Unknown),
                detail,
            }
        }
    }
}

/// The URL of the workflow's run, the same in every event of a run: put together from the repository, which was checked, and the
/// number of the run, so that no event can pass itself off as part of a run elsewhere.
pub(super) fn correlation(event: &EventType, payload: &Node<'_>) -> Option<Correlation> {
    let run = payload.id(event.run?)?;
    let repository = payload.name("repository.html_url")?;
    let full_name = payload.name("repository.full_name")?;
    let server = repository.strip_suffix(full_name)?.strip_suffix('/')?;
    if !server.starts_with("https://") {
        return None;
    }
    Some(Correlation {
        run: Some(format!("{repository}/actions/runs/{run}")),
        ..Correlation::default()
    })
}

/// Clocks differ, and times are rounded; none is a day ahead.
const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24);
/// `2021-03-30T19:17:18.000000000-04:00` has 35.
const TIME_BYTES_MAX: usize = 40;
