//! What is known of each type of event: one value a type. Recognition, mapping and documentation read it.
//!
//! A path such as `alert.rule.id` leads from the payload to a value; `[]` at its end means each element of a list.

mod findings;
mod other;
mod people;
mod pipeline;
mod settings;
pub(super) mod words;

use std::sync::LazyLock;

use indelible_event::member::{OutcomeResult, Verb};

use crate::json::Node;

pub(super) use words::{result_of_state, verb_of_action};

/// Every type of event that is known, in the order of the documentation.
pub(super) static EVENT_TYPES: LazyLock<Vec<&'static EventType>> =
    LazyLock::new(|| GROUPS.iter().flat_map(|(_, events)| *events).collect());

/// The types by what they are about.
pub(super) const GROUPS: [(&str, &[EventType]); 5] = [
    ("pipeline", pipeline::EVENTS),
    ("people and access", people::EVENTS),
    ("protection and settings", settings::EVENTS),
    ("findings", findings::EVENTS),
    ("everything else", other::EVENTS),
];

/// A type of event.
#[derive(Debug)]
pub(super) struct EventType {
    /// GitHub's name for it.
    pub name: &'static str,
    /// How its payload is told from all others.
    pub shape: Shape,
    /// What it comes to.
    pub verb: VerbAt,
    /// Paths to the account that did it, the best first; behind them comes `sender`.
    pub actor: &'static [&'static str],
    /// More about the actor: the name of the claim, and the path.
    pub actor_claims: &'static [(&'static str, &'static str)],
    /// What it was done to, beside the repository or organisation that every event has.
    pub targets: &'static [TargetAt],
    /// When: for an action, or any (`*`), the path; the first that is a time counts.
    pub times: &'static [(&'static str, &'static str)],
    /// What came of it.
    pub outcome: OutcomeAt,
    /// A path to words about the outcome.
    pub detail: Option<&'static str>,
    /// The object that `changes` speaks of: it has what they are now.
    pub changed: Option<&'static str>,
    /// Changes that are not in `changes`.
    pub changes: &'static [ChangeAt],
    /// The path to the number of the workflow's run.
    pub run: Option<&'static str>,
}

/// An event that tells what was done to settings or things, and has happened: what a type is if it says nothing else.
pub(super) const PLAIN: EventType = EventType {
    name: "",
    shape: Shape {
        needs: &[],
        may: &[],
        lacks: &[],
        actions: Actions::Any,
    },
    verb: VerbAt::Action,
    actor: &[],
    actor_claims: &[],
    targets: &[],
    times: &[],
    outcome: OutcomeAt::Done,
    detail: None,
    changed: None,
    changes: &[],
    run: None,
};

/// How a payload is told from those of all other types.
#[derive(Debug)]
pub(super) struct Shape {
    /// Paths that are always there.
    pub needs: &'static [&'static str],
    /// Other members at the top that may be there, beside what any event may have.
    pub may: &'static [&'static str],
    /// Paths that are never there.
    pub lacks: &'static [&'static str],
    /// What `action` may say.
    pub actions: Actions,
}

/// A shape by the paths that are always there, and members that may be.
pub(super) const fn shape(needs: &'static [&'static str], may: &'static [&'static str]) -> Shape {
    Shape {
        needs,
        may,
        lacks: &[],
        actions: Actions::Any,
    }
}

/// What `action` may say.
#[derive(Clone, Copy, Debug)]
pub(super) enum Actions {
    /// Something.
    Any,
    /// There is none.
    None,
    /// Something, or nothing in what older servers send.
    Maybe,
    /// One of these, where other types have the same members.
    Only(&'static [&'static str]),
}

impl Actions {
    pub(super) fn admit(self, payload: &Node<'_>) -> bool {
        match (self, payload.text("action")) {
            (Self::Any, action) => action.is_some(),
            (Self::Maybe, action) => action.is_some() || payload.get("action").is_none(),
            (Self::None, _) => payload.get("action").is_none(),
            (Self::Only(known), action) => action.is_some_and(|action| known.contains(&action)),
        }
    }
}

/// What an event comes to.
#[derive(Clone, Copy, Debug)]
pub(super) enum VerbAt {
    /// What its `action` says.
    Action,
    /// Always this.
    Always(Verb),
    /// The first of these paths with this value (`*` is any) counts; without one, what its `action` says.
    Value(&'static [(&'static str, &'static str, Verb)]),
}

/// Something that it was done to.
#[derive(Debug)]
pub(super) struct TargetAt {
    /// What kind of thing it is.
    pub kind: &'static str,
    /// Where it stands.
    pub at: &'static str,
    /// Paths from there to its identity, the best first; the empty path is the thing itself.
    pub id: &'static [&'static str],
    /// Paths from there to its name, the best first.
    pub name: &'static [&'static str],
}

const fn target(
    kind: &'static str,
    at: &'static str,
    id: &'static [&'static str],
    name: &'static [&'static str],
) -> TargetAt {
    TargetAt { kind, at, id, name }
}

/// A person or another account.
const fn user(at: &'static str) -> TargetAt {
    target("user", at, &["id", "login"], &["login"])
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum OutcomeAt {
    /// It reports what has happened.
    Done,
    /// It reports what was asked for.
    Asked,
    /// What the first of these paths says that says something.
    State(&'static [&'static str]),
    /// What its `action` says; nothing if it is none of these.
    Action(&'static [(&'static str, OutcomeResult)]),
}

/// A change that is not in `changes`.
#[derive(Debug)]
pub(super) struct ChangeAt {
    pub field: &'static str,
    pub before: &'static str,
    pub after: &'static str,
}

const fn change(field: &'static str, before: &'static str, after: &'static str) -> ChangeAt {
    ChangeAt { field, before, after }
}
