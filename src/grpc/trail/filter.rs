//! Which events are meant. A condition means what it means in a search, since it is asked of the same terms.

use indelible_index::IndexKey;
use indelible_index::search::{EventRow, Field, Term};
use jiff::Timestamp;

use crate::trail::Found;
use crate::wire::EventFilter;

/// A filter in terms.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    /// An event must have one term of each.
    clauses: Vec<Vec<Term>>,
}

impl Filter {
    pub(super) fn new(filter: &EventFilter, key: &IndexKey) -> Filter {
        let EventFilter {
            actor,
            verb,
            target,
            source,
            action,
        } = filter;
        let verb = verb.map(|verb| verb.as_str().to_owned());
        let conditions: [(&[Field], &Option<String>); 5] = [
            (&[Field::ActorId, Field::ActorName, Field::ActorEmail], actor),
            (&[Field::Verb], &verb),
            (&[Field::TargetId, Field::TargetName, Field::TargetParent], target),
            (&[Field::Source], source),
            (&[Field::Action], action),
        ];
        let clauses = conditions.iter().filter_map(|(fields, text)| {
            let text = text.as_deref()?;
            Some(fields.iter().map(|field| key.term(*field, text)).collect())
        });
        Filter {
            clauses: clauses.collect(),
        }
    }

    /// Whether this is one of those meant. Costs an HMAC for each term of the event, unless all are meant.
    pub(super) fn takes(&self, found: &Found, key: &IndexKey) -> bool {
        if self.clauses.is_empty() {
            return true;
        }
        let Some(event) = found.event() else {
            return false;
        };
        // No condition is on a time.
        let terms = EventRow::of(&event, Timestamp::UNIX_EPOCH, key).terms;
        self.clauses
            .iter()
            .all(|clause| clause.iter().any(|term| terms.contains(term)))
    }
}
