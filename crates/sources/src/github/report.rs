//! The table of types, printed: what docs/sources/github.md has is this.

use std::fmt::Write as _;

use indelible_event::member::{OutcomeResult, Verb};

use super::table::{Actions, ChangeAt, EventType, GROUPS, OutcomeAt, TargetAt, VerbAt, words};

/// Who, when, what, target and outcome of every type of event, as paths into the payload: Markdown, one table a group.
pub fn mapping_table() -> String {
    let mut text = String::new();
    for (group, events) in GROUPS {
        let _ = writeln!(text, "### {group}\n");
        text.push_str(
            "| event | told by | verb | who, before `sender` | when | target, beside the whole | outcome | changes |\n",
        );
        text.push_str("|---|---|---|---|---|---|---|---|\n");
        for event in events {
            text.push_str(&row(event));
        }
        text.push('\n');
    }
    text.push_str("### words\n\n| verb | actions |\n|---|---|\n");
    for (verb, actions) in words::ACTIONS {
        let _ = writeln!(text, "| {} | {} |", word(verb), codes(actions));
    }
    text.push_str("\n| outcome | states and conclusions |\n|---|---|\n");
    for (result, states) in words::STATES {
        let _ = writeln!(text, "| {} | {} |", result_word(result), codes(states));
    }
    text
}

fn row(event: &EventType) -> String {
    let cells = [
        format!("`{}`", event.name),
        told_by(event),
        verb(event.verb),
        who(event),
        when(event.times),
        joined(event.targets.iter().map(target)),
        outcome(event),
        changes(event),
    ];
    format!("| {} |\n", cells.join(" | "))
}

fn told_by(event: &EventType) -> String {
    let shape = &event.shape;
    let lacks = shape.lacks.iter().map(|path| format!("no `{path}`"));
    let action = match shape.actions {
        Actions::Any | Actions::Maybe => None,
        Actions::None => Some("no `action`".to_owned()),
        Actions::Only(known) => Some(format!(
            "`action` is {}",
            known
                .iter()
                .map(|one| format!("`{one}`"))
                .collect::<Vec<_>>()
                .join(" or ")
        )),
    };
    joined(
        shape
            .needs
            .iter()
            .map(|path| format!("`{path}`"))
            .chain(lacks)
            .chain(action),
    )
}

fn verb(rule: VerbAt) -> String {
    match rule {
        VerbAt::Action => "by `action`".to_owned(),
        VerbAt::Always(verb) => word(verb),
        VerbAt::Value(rules) => {
            let rules = rules.iter().map(|(path, value, verb)| match *value {
                "*" => word(*verb),
                value => format!("{} if `{path}` is `{value}`", word(*verb)),
            });
            rules.collect::<Vec<_>>().join(", else ")
        }
    }
}

fn who(event: &EventType) -> String {
    let claims = event
        .actor_claims
        .iter()
        .map(|(name, path)| format!("claim {name}: `{path}`"));
    joined(event.actor.iter().map(|path| format!("`{path}`")).chain(claims))
}

fn when(times: &[(&str, &str)]) -> String {
    joined(times.iter().map(|(action, path)| match *action {
        "*" if times.len() == 1 => format!("`{path}`"),
        "*" => format!("else `{path}`"),
        action => format!("{action}: `{path}`"),
    }))
}

fn target(target: &TargetAt) -> String {
    let path = |at: &&str| match (target.at, *at) {
        (whole, "") => format!("`{whole}`"),
        (whole, at) => format!("`{whole}.{at}`"),
    };
    let list = |paths: &[&str]| paths.iter().map(path).collect::<Vec<_>>().join(" or ");
    match (list(target.id), list(target.name)) {
        (id, name) if name.is_empty() || name == id => format!("{}: {id}", target.kind),
        (id, name) => format!("{}: {id} ({name})", target.kind),
    }
}

fn outcome(event: &EventType) -> String {
    let result = match event.outcome {
        OutcomeAt::Done => "success".to_owned(),
        OutcomeAt::Asked => "attempt".to_owned(),
        OutcomeAt::State(paths) => paths
            .iter()
            .map(|path| format!("`{path}`"))
            .collect::<Vec<_>>()
            .join(", else "),
        OutcomeAt::Action(known) => {
            let known = known
                .iter()
                .map(|(action, result)| format!("{action}: {}", result_word(*result)));
            known.collect::<Vec<_>>().join(", ")
        }
    };
    match event.detail {
        Some(path) => format!("{result}; detail `{path}`"),
        None => result,
    }
}

fn changes(event: &EventType) -> String {
    let now = event.changed.map(|path| format!("`changes`, now in `{path}`"));
    let path = |path: &str| {
        if path.is_empty() {
            "?".to_owned()
        } else {
            format!("`{path}`")
        }
    };
    let one = |change: &ChangeAt| format!("{}: {} → {}", change.field, path(change.before), path(change.after));
    joined(now.into_iter().chain(event.changes.iter().map(one)))
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() {
        "-".to_owned()
    } else {
        parts.join("; ")
    }
}

fn codes(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn word(verb: Verb) -> String {
    format!("{verb:?}").to_lowercase()
}

fn result_word(result: OutcomeResult) -> String {
    format!("{result:?}").to_lowercase()
}
