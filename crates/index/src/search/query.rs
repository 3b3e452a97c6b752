//! What is asked, and how it is answered.

use std::ops::Range;

use jiff::Timestamp;

use super::{Field, Term};
use crate::IndexKey;

/// A question: all of its conditions must hold.
#[derive(Clone, Debug)]
pub struct Query {
    /// Sets of terms: an event must have one of each. The terms of one set need not be of one field.
    pub(super) clauses: Vec<Vec<Term>>,
    pub(super) received: Option<Range<Timestamp>>,
    pub(super) occurred: Option<Range<Timestamp>>,
    pub(super) order: Order,
    pub(super) after: Option<u64>,
    pub(super) limit: usize,
}

/// In which order events are given: as the log has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// From the highest index down.
    #[default]
    NewestFirst,
    /// From the lowest index up.
    OldestFirst,
}

/// A part of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The events found, in order.
    pub indexes: Vec<u64>,
    /// Ask [`after`](Query::after) this for more; `None` if there are none in the index. A page that is not full and has a
    /// next one took as much work as one call may.
    pub next: Option<u64>,
    /// The events that the answer speaks of are those below this index.
    pub indexed_size: u64,
}

impl Query {
    /// The newest events first, `limit` of them (at least 1), whatever they are.
    pub fn newest(limit: usize) -> Query {
        Query::new(Order::NewestFirst, limit)
    }

    /// The oldest events first, `limit` of them (at least 1), whatever they are.
    pub fn oldest(limit: usize) -> Query {
        Query::new(Order::OldestFirst, limit)
    }

    fn new(order: Order, limit: usize) -> Query {
        Query {
            clauses: Vec::new(),
            received: None,
            occurred: None,
            order,
            after: None,
            limit: limit.max(1),
        }
    }

    /// Only events with one of these terms.
    pub fn with(mut self, any: impl IntoIterator<Item = Term>) -> Query {
        self.clauses.push(any.into_iter().collect());
        self
    }

    /// Only events whose actor has this id, name or email.
    pub fn actor(self, text: &str, key: &IndexKey) -> Query {
        self.with([Field::ActorId, Field::ActorName, Field::ActorEmail].map(|field| key.term(field, text)))
    }

    /// Only events with a target that has this id, name or parent.
    pub fn target(self, text: &str, key: &IndexKey) -> Query {
        self.with([Field::TargetId, Field::TargetName, Field::TargetParent].map(|field| key.term(field, text)))
    }

    /// Only events that were received in this time.
    pub fn received(mut self, time: Range<Timestamp>) -> Query {
        self.received = Some(time);
        self
    }

    /// Only events that happened in this time, and of which somebody says so.
    pub fn occurred(mut self, time: Range<Timestamp>) -> Query {
        self.occurred = Some(time);
        self
    }

    /// Only events behind this index in the order that is asked for: the [`next`](Page::next) of the page before.
    pub fn after(mut self, index: u64) -> Query {
        self.after = Some(index);
        self
    }

    /// The indexes below `size` that can be in the answer.
    pub(super) fn range(&self, size: u64) -> Range<u64> {
        match (self.order, self.after) {
            (_, None) => 0..size,
            (Order::NewestFirst, Some(after)) => 0..size.min(after),
            (Order::OldestFirst, Some(after)) => after.saturating_add(1).min(size)..size,
        }
    }

    pub(super) fn takes_any_time(&self) -> bool {
        self.received.is_none() && self.occurred.is_none()
    }

    /// Whether an event with these times is asked for, in milliseconds.
    pub(super) fn takes(&self, received: i64, occurred: Option<i64>) -> bool {
        let within = |time: &Range<Timestamp>, at| (millisecond(time.start)..millisecond(time.end)).contains(&at);
        self.received.as_ref().is_none_or(|time| within(time, received))
            && self
                .occurred
                .as_ref()
                .is_none_or(|time| occurred.is_some_and(|at| within(time, at)))
    }

    /// Whether events between these times can be asked for, each inclusive and in milliseconds.
    pub(super) fn meets(&self, received: (i64, i64), occurred: Option<(i64, i64)>) -> bool {
        let meets = |time: &Range<Timestamp>, (min, max): (i64, i64)| {
            millisecond(time.start) <= max && min < millisecond(time.end)
        };
        self.received.as_ref().is_none_or(|time| meets(time, received))
            && self
                .occurred
                .as_ref()
                .is_none_or(|time| occurred.is_some_and(|seen| meets(time, seen)))
    }
}

/// The millisecond that a time falls into: what the tables know of it. Rounded down, so that "from" and "until" a time that is
/// between two milliseconds mean the same one.
pub(super) fn millisecond(time: Timestamp) -> i64 {
    let whole = time.as_millisecond();
    whole - i64::from(time.subsec_nanosecond() % 1_000_000 < 0)
}
