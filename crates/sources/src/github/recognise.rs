//! Which event a payload is, by its shape.

use super::table::{EVENT_TYPES, EventType, Shape};
use crate::json::Node;

/// What a payload is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// This, and the payload itself says so.
    Known(&'static EventType),
    /// The payload does not say.
    Unknown,
}

/// Tells which event a payload is. The header decides nothing, with one exception: a payload that has what a type needs and besides
/// members that this type is not known to have is either of that type, or of one that is not known yet. It is of the type if the
/// header names any that is known, and unknown otherwise.
pub(super) fn recognise(payload: &Node<'_>, header: Option<&str>) -> Kind {
    let mut exact = EVENT_TYPES.iter().filter(|event| event.shape.fits(payload));
    match (exact.next(), exact.next()) {
        (Some(only), None) => return Kind::Known(only),
        (Some(_), Some(_)) => return Kind::Unknown,
        (None, _) => {}
    }
    let is_known = header.is_some_and(|name| EVENT_TYPES.iter().any(|event| event.name == name));
    if !is_known {
        return Kind::Unknown;
    }
    let near: Vec<_> = EVENT_TYPES
        .iter()
        .filter(|event| event.shape.fits_but_for_more(payload))
        .collect();
    match near[..] {
        [only] => Kind::Known(only),
        _ => Kind::Unknown,
    }
}

impl Shape {
    fn fits(&self, payload: &Node<'_>) -> bool {
        self.fits_so_far(payload) && own_members(payload).all(|name| self.knows(name))
    }

    /// Only types that need a member of their own: what any event may have tells nothing.
    fn fits_but_for_more(&self, payload: &Node<'_>) -> bool {
        let is_own = |path: &&str| !COMMON.contains(path);
        self.needs.iter().any(is_own) && self.fits_so_far(payload)
    }

    fn fits_so_far(&self, payload: &Node<'_>) -> bool {
        self.needs.iter().all(|path| payload.at(path).is_some())
            && !self.lacks.iter().any(|path| payload.at(path).is_some())
            && self.actions.admit(payload)
    }

    fn knows(&self, name: &str) -> bool {
        let mut needs = self.needs.iter().filter_map(|path| path.split('.').next());
        needs.any(|needed| needed == name) || self.may.contains(&name)
    }
}

/// The members that not any event may have.
fn own_members<'p>(payload: &'p Node<'_>) -> impl Iterator<Item = &'p str> {
    let members: &[_] = match payload {
        Node::Object(members) => members,
        _ => &[],
    };
    members
        .iter()
        .map(|(name, _)| name.as_ref())
        .filter(|name| !COMMON.contains(name))
}

/// What any event may have.
pub(super) const COMMON: [&str; 6] = [
    "action",
    "repository",
    "organization",
    "enterprise",
    "installation",
    "sender",
];
