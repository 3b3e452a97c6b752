//! What a submitter checks of the answer: that the leaf commits to exactly what it sent.

mod marked;

use serde_json::Value;

use self::marked::same_but_marked;
use crate::{
    canonical::write_claim,
    disclosure::{Disclosed, Disclosure, MemberValue, NotInLeaf},
    leaf::{BadEvent, Leaf},
    member::{Claims, IpTrust, Member, OccurredFrom, sha256_hex},
    ranges::MemberSet,
    redact,
};

/// What was submitted.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'s> {
    /// What was said of the event.
    pub claims: &'s Claims,
    /// The idempotency key, if one was given.
    pub key: Option<&'s str>,
    /// The raw bytes, if any were given.
    pub raw: Option<&'s [u8]>,
}

impl Leaf {
    /// Checks that the leaf commits to exactly what was sent: that these are its eleven members, one of each, that what the sender
    /// said stands in them, and that the service has added nothing but what is its own to say: `submitter`, source and time of the
    /// `delivery`, and, where the sender said nothing, `occurred` from the receipt and the last hop as `origin`.
    ///
    /// The service may have put marks in place of secrets ([`redact`]). Nothing else of a member may differ then, and
    /// [`Committed::redacted`] names those members.
    ///
    /// # Errors
    ///
    /// If it does not: the answer is then not one to what was sent, and its receipt proves nothing about it.
    pub fn check_sent(&self, disclosures: Vec<Disclosure>, sent: &Sent<'_>) -> Result<Committed, NotCommitted> {
        let got = disclosures.len();
        if got != Member::ALL.len() {
            return Err(NotCommitted::Count { got });
        }
        let mut opened = Vec::with_capacity(got);
        for disclosure in disclosures {
            opened.push(self.open(disclosure)?);
        }
        opened.sort_by_key(Disclosed::member);
        let mut redacted = MemberSet::NONE;
        for (member, disclosed) in Member::ALL.into_iter().zip(&opened) {
            if disclosed.member() != member {
                return Err(NotCommitted::Lacks { member });
            }
            match is_sent(disclosed, sent)? {
                Agreement::Exact => {}
                Agreement::Redacted => redacted = redacted.with(member),
                Agreement::None => return Err(NotCommitted::Differs { member }),
            }
        }
        let members = opened.try_into().map_err(|_| NotCommitted::Count { got })?;
        Ok(Committed {
            leaf: self.clone(),
            members,
            redacted,
        })
    }
}

impl Sent<'_> {
    /// Checks that members of an event say exactly what was sent, as far as they are shown: without marks in place of anything, and with what
    /// is the service's to say left to it.
    ///
    /// # Errors
    ///
    /// If one of them says something else.
    pub fn check_shown(&self, shown: &[Disclosed]) -> Result<(), NotCommitted> {
        for disclosed in shown {
            match is_sent(disclosed, self)? {
                Agreement::Exact => {}
                Agreement::Redacted | Agreement::None => {
                    let member = disclosed.member();
                    return Err(NotCommitted::Differs { member });
                }
            }
        }
        Ok(())
    }
}

/// A leaf that commits to what was sent, with its members. Only [`Leaf::check_sent`] makes one.
#[derive(Clone, Debug)]
pub struct Committed {
    leaf: Leaf,
    members: [Disclosed; Member::ALL.len()],
    redacted: MemberSet,
}

impl Committed {
    /// The leaf.
    pub fn leaf(&self) -> &Leaf {
        &self.leaf
    }

    /// All its members, in their order.
    pub fn members(&self) -> &[Disclosed; Member::ALL.len()] {
        &self.members
    }

    /// The members in which the service has put marks in place of what it took for secrets.
    pub fn redacted(&self) -> MemberSet {
        self.redacted
    }
}

/// Why an answer is not one to what was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCommitted {
    /// There is another number of disclosures.
    #[error("the answer discloses {got} members, an event has {}", Member::ALL.len())]
    Count {
        /// How many there are.
        got: usize,
    },
    /// A member is not among them, another one twice.
    #[error("the answer does not disclose {member}")]
    Lacks {
        /// The one that is not there.
        member: Member,
    },
    /// The leaf commits to another value, or another salt.
    #[error(transparent)]
    NotInLeaf(#[from] NotInLeaf),
    /// The leaf commits to something else than was sent.
    #[error("{member}: the leaf commits to something else than was sent")]
    Differs {
        /// What differs.
        member: Member,
    },
    /// What was sent can be in no leaf.
    #[error(transparent)]
    Sent(#[from] BadEvent),
}

enum Agreement {
    Exact,
    Redacted,
    None,
}

fn is_sent(disclosed: &Disclosed, sent: &Sent<'_>) -> Result<Agreement, BadEvent> {
    let exact = |same| if same { Agreement::Exact } else { Agreement::None };
    Ok(match (disclosed.member(), disclosed.value()) {
        (Member::Submitter, _) => Agreement::Exact,
        (Member::Delivery, Some(MemberValue::Delivery(delivery))) => exact(delivery.key.as_deref() == sent.key),
        (Member::Delivery, _) => exact(sent.key.is_none()),
        (Member::Raw, Some(MemberValue::Raw(raw))) => {
            let Some(bytes) = sent.raw else {
                return Ok(Agreement::None);
            };
            let as_sent = raw.sha256 == sha256_hex(bytes) && Ok(raw.size) == bytes.len().try_into();
            let redacted = || raw.sha256 == sha256_hex(&redact::raw(bytes, &raw.content_type).value);
            match as_sent {
                true => Agreement::Exact,
                false if redacted() => Agreement::Redacted,
                false => Agreement::None,
            }
        }
        (Member::Raw, _) => exact(sent.raw.is_none()),
        (Member::Occurred, Some(MemberValue::Occurred(kept))) if sent.claims.occurred.is_none() => {
            exact(kept.from == OccurredFrom::Receipt)
        }
        (Member::Origin, Some(MemberValue::Origin(kept))) if sent.claims.origin.is_none() => {
            exact(kept.ip_trust == IpTrust::LastHop)
        }
        (member, _) => {
            let mut json = Vec::new();
            write_claim(&mut json, sent.claims, member).map_err(|reason| BadEvent::Member { member, reason })?;
            let kept = disclosed.disclosure().value_json();
            if json == kept.as_bytes() {
                return Ok(Agreement::Exact);
            }
            let read = |json: &[u8]| serde_json::from_slice::<Value>(json).ok();
            match (read(&json), read(kept.as_bytes())) {
                (Some(sent), Some(kept)) if same_but_marked(&sent, &kept) => Agreement::Redacted,
                _ => Agreement::None,
            }
        }
    })
}
