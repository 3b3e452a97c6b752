//! What it was done to.

use indelible_event::member::Target;

use crate::{
    github::table::TargetAt,
    json::{ELEMENTS_MAX, Node},
};

/// The repository, or else the organisation, the account of the installation or the enterprise; then what the type of event adds.
/// What was checked to be permitted is the parent of everything else.
pub(super) fn targets(paths: &[TargetAt], payload: &Node<'_>) -> Option<Vec<Target>> {
    let whole = whole(payload);
    let parent = whole.as_ref().and_then(|whole| whole.name.clone());
    let mut targets: Vec<_> = whole.into_iter().collect();
    for path in paths {
        for node in payload.each(path.at) {
            let Some(id) = path.id.iter().find_map(|at| node.id(at)) else {
                continue;
            };
            let name = path.name.iter().find_map(|at| node.name(at)).map(str::to_owned);
            let target = Target {
                kind: path.kind.to_owned(),
                id,
                name,
                parent: parent.clone(),
            };
            if targets.len() < TARGETS_MAX && !targets.contains(&target) {
                targets.push(target);
            }
        }
    }
    (!targets.is_empty()).then_some(targets)
}

/// What a whole delivery is about: only what has a name that was checked.
fn whole(payload: &Node<'_>) -> Option<Target> {
    let named = |kind: &str, at: &str, name: &str| {
        let node = payload.at(at)?;
        let name = node.name(name)?.to_owned();
        let id = node.id("id").unwrap_or_else(|| name.clone());
        Some(Target {
            kind: kind.to_owned(),
            id,
            name: Some(name),
            parent: None,
        })
    };
    let repository = named("repository", "repository", "full_name").map(|mut repository| {
        let owner = repository.name.as_deref().and_then(|name| name.split_once('/'));
        repository.parent = owner.map(|(owner, _)| owner.to_owned());
        repository
    });
    repository
        .or_else(|| named("organization", "organization", "login"))
        .or_else(|| named("account", "installation.account", "login"))
        .or_else(|| named("enterprise", "enterprise", "slug"))
}

/// The whole, and one list of what it was done to.
const TARGETS_MAX: usize = ELEMENTS_MAX + 1;
