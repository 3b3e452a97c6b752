//! What is looked up: a field and its value, as one number.

use indelible_event::member::Member;

use crate::IndexKey;
use crate::key::Purpose;

/// A part of an event that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// `actor.id`.
    ActorId = 0,
    /// `actor.name`, without regard to case.
    ActorName = 1,
    /// `actor.email`, without regard to case.
    ActorEmail = 2,
    /// `targets[].id`.
    TargetId = 3,
    /// `targets[].name`, without regard to case.
    TargetName = 4,
    /// `targets[].parent`, without regard to case.
    TargetParent = 5,
    /// `action.name`.
    Action = 6,
    /// `delivery.source`.
    Source = 7,
    /// `targets[].type`.
    TargetType = 8,
    /// `action.verb`.
    Verb = 9,
    /// `actor.type`.
    ActorType = 10,
    /// `outcome.result`.
    Result = 11,
}

/// A field and its value: 59 bits of an HMAC behind the number of the field.
///
/// Two values that share a term by accident, one pair in a log with a billion of them, are found together; whoever shows an event
/// has its members to see that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term(pub(super) i64);

impl IndexKey {
    /// The term of a field and its value.
    pub fn term(&self, field: Field, value: &str) -> Term {
        let folded = field.ignores_case().then(|| value.to_lowercase());
        let value = folded.as_deref().unwrap_or(value);
        let mac = i64::from_be_bytes(self.mac(Purpose::Term, &[&[field as u8], value.as_bytes()]));
        Term(field.first() | (mac & HASH_MASK))
    }
}

impl Field {
    /// All of them. Those that tell events apart best stand first.
    pub const ALL: [Field; 12] = [
        Field::ActorId,
        Field::ActorName,
        Field::ActorEmail,
        Field::TargetId,
        Field::TargetName,
        Field::TargetParent,
        Field::Action,
        Field::Source,
        Field::TargetType,
        Field::Verb,
        Field::ActorType,
        Field::Result,
    ];

    /// The member that it is a part of, and is erased with.
    pub fn member(self) -> Member {
        match self {
            Field::ActorId | Field::ActorName | Field::ActorEmail | Field::ActorType => Member::Actor,
            Field::TargetId | Field::TargetName | Field::TargetParent | Field::TargetType => Member::Targets,
            Field::Action | Field::Verb => Member::Action,
            Field::Source => Member::Delivery,
            Field::Result => Member::Outcome,
        }
    }

    fn ignores_case(self) -> bool {
        matches!(
            self,
            Field::ActorName | Field::ActorEmail | Field::TargetName | Field::TargetParent
        )
    }

    /// The least term of the field.
    fn first(self) -> i64 {
        (self as i64) << HASH_BITS
    }
}

impl Term {
    /// The field that it is of.
    pub fn field(self) -> Field {
        usize::try_from(self.0 >> HASH_BITS)
            .ok()
            .and_then(|at| Field::ALL.get(at).copied())
            .expect("a term is made from a field")
    }
}

/// With 4 bits of field above, a term is a positive 64-bit integer of SQLite.
const HASH_BITS: u32 = 59;

const HASH_MASK: i64 = (1 << HASH_BITS) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_tells_field_and_value_apart() {
        let key = IndexKey::new(&[1; 32]);
        let mut terms: Vec<Term> = Field::ALL
            .into_iter()
            .flat_map(|field| ["", "alice", "bob"].map(|value| key.term(field, value)))
            .collect();
        assert!(terms.iter().all(|term| term.0 >= 0));
        terms.sort();
        terms.dedup();
        assert_eq!(terms.len(), 36);
        for (at, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(field as usize, at);
            assert_eq!(key.term(field, "alice").field(), field);
            let same = key.term(field, "Alice Ä") == key.term(field, "ALICE ä");
            assert_eq!(same, field.ignores_case(), "{field:?}");
        }
        assert_ne!(
            key.term(Field::ActorId, "1"),
            IndexKey::new(&[2; 32]).term(Field::ActorId, "1")
        );
    }
}
