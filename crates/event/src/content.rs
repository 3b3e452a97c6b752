//! What makes two submissions of one key the same.

use crate::{
    canonical::{Object, write_member, write_text},
    leaf::BadEvent,
    member::{Event, IpTrust, Member, OccurredFrom, Submitter},
};

/// The bytes by which a repeat is told from a conflict, to be put through an HMAC under the log's own key: a bare hash of them would
/// confirm a guess after the event was erased.
///
/// They are the hash of the raw bytes, if the event has any; else the members, in canonical JSON, without what a second submission of
/// the same would have otherwise: salts, `submitter`, the time of the delivery, the time of the event if it is only that of its
/// receipt, and the origin if it is only the last hop.
///
/// Of an event that a job has signed the raw bytes are the signature, too, and ES256 makes another one each time. So they are left out, and
/// the key that signed is put in: the same said by another key, or by none, is something else.
///
/// # Errors
///
/// If a member cannot be written.
pub fn comparable_content(event: &Event) -> Result<Vec<u8>, BadEvent> {
    let mut out = Vec::with_capacity(1024);
    let mut object = Object::open(&mut out);
    let signed_by = event.submitter.as_ref().and_then(Submitter::signed_by);
    if let Some(raw) = event.raw.as_ref().filter(|_| signed_by.is_none()) {
        object.text("raw", &raw.sha256);
        object.close();
        return Ok(out);
    }
    for member in Member::ALL {
        let claims = &event.claims;
        match member {
            Member::Submitter => {
                if let Some(key) = signed_by {
                    object.text("submitter", key);
                }
            }
            Member::Raw => continue,
            Member::Occurred if claims.occurred.is_some_and(|it| it.from == OccurredFrom::Receipt) => continue,
            Member::Origin if claims.origin.as_ref().is_some_and(|it| it.ip_trust == IpTrust::LastHop) => continue,
            Member::Delivery => {
                let out = object.key("delivery");
                let Some(delivery) = &event.delivery else {
                    out.extend_from_slice(b"null");
                    continue;
                };
                let mut delivered = Object::open(out);
                match &delivery.key {
                    Some(key) => delivered.text("key", key),
                    None => delivered.key("key").extend_from_slice(b"null"),
                }
                write_text(delivered.key("source"), &delivery.source);
                delivered.close();
            }
            _ => {
                let written = write_member(object.key(member.as_str()), event, member);
                written.map_err(|reason| BadEvent::Member { member, reason })?;
            }
        }
    }
    object.close();
    Ok(out)
}
