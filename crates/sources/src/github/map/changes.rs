//! What is different now.

use indelible_event::member::Change;
use serde_json::Value;

use crate::{github::table::ChangeAt, json::Node};

/// What `changes` says: `{"name": {"from": …, "to": …}}` in most events; what there is no `to` for is looked up in the object that
/// the event is about. Rulesets list what was added and deleted; some nest one level more. Then what the type of event adds.
pub(super) fn changes(object: Option<&str>, more: &[ChangeAt], payload: &Node<'_>) -> Option<Vec<Change>> {
    let mut found = Vec::new();
    let object = object.and_then(|path| payload.at(path));
    if let Some(Node::Object(members)) = payload.get("changes") {
        for (field, change) in members {
            collect(field, change, object, LEVELS_MAX, &mut found);
        }
    }
    for change in more {
        let (before, after) = (value_at(payload, change.before), value_at(payload, change.after));
        if before.is_some() || after.is_some() {
            found.push(Change {
                field: change.field.to_owned(),
                before,
                after,
            });
        }
    }
    found.truncate(CHANGES_MAX);
    (!found.is_empty()).then_some(found)
}

/// Adds the changes of one field; what is of no known form changed, without before and after.
fn collect(field: &str, change: &Node<'_>, object: Option<&Node<'_>>, levels: usize, found: &mut Vec<Change>) {
    if field.is_empty() || field.len() > FIELD_BYTES_MAX || found.len() >= CHANGES_MAX {
        return;
    }
    let value = |name| change.get(name).map(value);
    let before = value("from").or_else(|| value("deleted")).or_else(|| value("removed"));
    let after = value("to").or_else(|| value("added"));
    let Node::Object(members) = change else { return };
    if before.is_some() || after.is_some() {
        let now = || {
            object
                .filter(|_| change.get("from").is_some())
                .and_then(|object| Some(self::value(object.at(last(field))?)))
        };
        found.push(Change {
            field: field.to_owned(),
            before,
            after: after.or_else(now),
        });
        return;
    }
    let nested = members.iter().filter(|(_, node)| matches!(node, Node::Object(_)));
    let before = found.len();
    if levels > 0 {
        for (name, node) in nested {
            collect(&format!("{field}.{name}"), node, object, levels - 1, found);
        }
    }
    if found.len() == before && levels == LEVELS_MAX {
        found.push(Change {
            field: field.to_owned(),
            before: None,
            after: None,
        });
    }
}

/// `repository.name` is the `name` of the repository.
fn last(field: &str) -> &str {
    field.rsplit('.').next().unwrap_or(field)
}

fn value_at(payload: &Node<'_>, path: &str) -> Option<Value> {
    (!path.is_empty()).then(|| payload.at(path)).flatten().map(value)
}

fn value(node: &Node<'_>) -> Value {
    node.to_value(VALUE_BYTES_MAX)
}

/// A rule of branch protection has 20 fields. 50 changes with two values each that double when they are written, and their names, are
/// 50 x (2 x 2 x 1,024 + 256 + 40) B = 220 KB, under the 256 KiB that a member of an event may have.
const CHANGES_MAX: usize = 50;
const VALUE_BYTES_MAX: usize = 1024;
const FIELD_BYTES_MAX: usize = 256;
/// `changes.repository.name.from` has one more than most.
const LEVELS_MAX: usize = 2;
