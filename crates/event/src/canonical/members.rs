//! The members, field by field in the order of their names.

use std::io::Write;

use jiff::Timestamp;

use super::{
    INTEGER_MAX, MEMBER_BYTES_MAX,
    text::{Object, write_text},
    value::{Unfit, write_map, write_value},
};
use crate::member::{
    Action, Actor, Change, Claims, Correlation, Delivery, Event, Member, Occurred, Origin, Outcome, Raw, Submitter,
    Target,
};

/// Appends the value of a member, `null` if the event lacks it.
pub(crate) fn write_member(out: &mut Vec<u8>, event: &Event, member: Member) -> Result<(), Unfit> {
    let start = out.len();
    match member {
        Member::Delivery => or_null(out, event.delivery.as_ref(), delivery),
        Member::Raw => match &event.raw {
            Some(it) => raw(out, it)?,
            None => null(out),
        },
        Member::Submitter => match &event.submitter {
            Some(it) => submitter(out, it)?,
            None => null(out),
        },
        _ => write_claim(out, &event.claims, member)?,
    }
    if out.len() - start > MEMBER_BYTES_MAX {
        return Err(Unfit::TooLong);
    }
    Ok(())
}

/// Appends the value of a member that a sender may claim; `null` for the others, and for those that it does not.
pub(crate) fn write_claim(out: &mut Vec<u8>, claims: &Claims, member: Member) -> Result<(), Unfit> {
    match member {
        Member::Action => or_null(out, claims.action.as_ref(), action),
        Member::Actor => match &claims.actor {
            Some(it) => actor(out, it)?,
            None => null(out),
        },
        Member::Changes => match &claims.changes {
            Some(it) => changes(out, it)?,
            None => null(out),
        },
        Member::Correlation => or_null(out, claims.correlation.as_ref(), correlation),
        Member::Occurred => or_null(out, claims.occurred.as_ref(), occurred),
        Member::Origin => or_null(out, claims.origin.as_ref(), origin),
        Member::Outcome => or_null(out, claims.outcome.as_ref(), outcome),
        Member::Targets => or_null(out, claims.targets.as_ref(), |out, it| targets(out, it)),
        Member::Delivery | Member::Raw | Member::Submitter => null(out),
    }
    Ok(())
}

fn action(out: &mut Vec<u8>, action: &Action) {
    let mut object = Object::open(out);
    object.text_if("class", action.class.as_ref());
    object.text("name", &action.name);
    object.text("verb", action.verb.as_str());
    object.close();
}

fn actor(out: &mut Vec<u8>, actor: &Actor) -> Result<(), Unfit> {
    let limit = out.len() + MEMBER_BYTES_MAX;
    let mut object = Object::open(out);
    if let Some(claims) = &actor.claims {
        write_map(object.key("claims"), claims, 1, limit)?;
    }
    object.text_if("email", actor.email.as_ref());
    if let Some(groups) = &actor.groups {
        list(object.key("groups"), groups, |out, group| write_text(out, group));
    }
    object.text_if("id", actor.id.as_ref());
    object.text_if("name", actor.name.as_ref());
    object.text_if("on_behalf_of", actor.on_behalf_of.as_ref());
    object.text_if("token_id", actor.token_id.as_ref());
    object.text("type", actor.kind.as_str());
    object.close();
    Ok(())
}

fn changes(out: &mut Vec<u8>, changes: &[Change]) -> Result<(), Unfit> {
    let limit = out.len() + MEMBER_BYTES_MAX;
    out.push(b'[');
    for (place, change) in changes.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        let mut object = Object::open(out);
        if let Some(after) = &change.after {
            write_value(object.key("after"), after, 2, limit)?;
        }
        if let Some(before) = &change.before {
            write_value(object.key("before"), before, 2, limit)?;
        }
        object.text("field", &change.field);
        object.close();
    }
    out.push(b']');
    Ok(())
}

fn correlation(out: &mut Vec<u8>, correlation: &Correlation) {
    let mut object = Object::open(out);
    object.text_if("chain", correlation.chain.as_ref());
    object.text_if("request", correlation.request.as_ref());
    object.text_if("run", correlation.run.as_ref());
    object.text_if("trace", correlation.trace.as_ref());
    object.close();
}

fn delivery(out: &mut Vec<u8>, delivery: &Delivery) {
    let mut object = Object::open(out);
    or_null(object.key("key"), delivery.key.as_ref(), |out, key| {
        write_text(out, key);
    });
    time(object.key("received"), delivery.received);
    object.text("source", &delivery.source);
    object.close();
}

fn occurred(out: &mut Vec<u8>, occurred: &Occurred) {
    let mut object = Object::open(out);
    time(object.key("at"), occurred.at);
    object.text("from", occurred.from.as_str());
    object.close();
}

fn origin(out: &mut Vec<u8>, origin: &Origin) {
    let mut object = Object::open(out);
    object.text_if("ip", origin.ip.as_ref());
    object.text("ip_trust", origin.ip_trust.as_str());
    object.text_if("user_agent", origin.user_agent.as_ref());
    object.close();
}

fn outcome(out: &mut Vec<u8>, outcome: &Outcome) {
    let mut object = Object::open(out);
    object.text_if("detail", outcome.detail.as_ref());
    object.text("result", outcome.result.as_str());
    object.close();
}

fn raw(out: &mut Vec<u8>, raw: &Raw) -> Result<(), Unfit> {
    if raw.size > INTEGER_MAX {
        let number = raw.size.to_string();
        return Err(Unfit::Number { number });
    }
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if raw.sha256.len() != 64 || !raw.sha256.bytes().all(hex) {
        let found = raw.sha256.chars().take(64).collect();
        return Err(Unfit::Sha256 { found });
    }
    let mut object = Object::open(out);
    object.text("content_type", &raw.content_type);
    object
        .key("kept")
        .extend_from_slice(if raw.kept { b"true" } else { b"false" });
    object.text("sha256", &raw.sha256);
    object.key("size").extend_from_slice(raw.size.to_string().as_bytes());
    object.close();
    Ok(())
}

fn submitter(out: &mut Vec<u8>, submitter: &Submitter) -> Result<(), Unfit> {
    let limit = out.len() + MEMBER_BYTES_MAX;
    let mut object = Object::open(out);
    object.text("method", &submitter.method);
    object.text("principal", &submitter.principal);
    if let Some(verified) = &submitter.verified {
        write_map(object.key("verified"), verified, 1, limit)?;
    }
    object.close();
    Ok(())
}

fn targets(out: &mut Vec<u8>, targets: &[Target]) {
    list(out, targets, |out, target| {
        let mut object = Object::open(out);
        object.text("id", &target.id);
        object.text_if("name", target.name.as_ref());
        object.text_if("parent", target.parent.as_ref());
        object.text("type", &target.kind);
        object.close();
    });
}

/// As `jiff` writes a time: UTC, with as many digits of a second as are needed.
fn time(out: &mut Vec<u8>, at: Timestamp) {
    out.push(b'"');
    write!(out, "{at}").expect("a vector takes all that is written");
    out.push(b'"');
}

fn list<T>(out: &mut Vec<u8>, items: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

fn or_null<T>(out: &mut Vec<u8>, value: Option<&T>, write: impl FnOnce(&mut Vec<u8>, &T)) {
    match value {
        Some(value) => write(out, value),
        None => null(out),
    }
}

fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(b"null");
}
