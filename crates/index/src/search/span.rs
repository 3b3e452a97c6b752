//! From when to when the events of a partition are, so that those of other times are not looked through.

use rusqlite::{Connection, OptionalExtension, Transaction};

/// The earliest and the latest times in a partition, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) received: Option<(i64, i64)>,
    pub(super) occurred: Option<(i64, i64)>,
}

/// Part of the schema. A time of an event stands here, too, and must go with it: rows of constant size, in a table that grows
/// at its end only, never move and are overwritten where they stand.
pub(super) const SCHEMA: &str = "CREATE TABLE spans (partition INTEGER PRIMARY KEY, span BLOB NOT NULL) STRICT;";

impl Span {
    /// Of no times, if there are none in the partition.
    pub(super) fn of(connection: &Connection, partition: u64) -> rusqlite::Result<Span> {
        connection
            .prepare_cached("SELECT span FROM spans WHERE partition = ?1")?
            .query_row([partition], |row| row.get(0).map(Span::from_bytes))
            .optional()
            .map(Option::unwrap_or_default)
    }

    /// Makes room for the times of one more event.
    pub(super) fn take(&mut self, received: i64, occurred: Option<i64>) {
        let wider = |span: Option<(i64, i64)>, at: i64| span.map_or((at, at), |(min, max)| (min.min(at), max.max(at)));
        self.received = Some(wider(self.received, received));
        if let Some(occurred) = occurred {
            self.occurred = Some(wider(self.occurred, occurred));
        }
    }

    pub(super) fn save(self, transaction: &Transaction<'_>, partition: u64) -> rusqlite::Result<()> {
        transaction
            .prepare_cached("INSERT INTO spans VALUES (?1, ?2) ON CONFLICT DO UPDATE SET span = excluded.span")?
            .execute((partition, self.bytes()))
            .map(drop)
    }

    fn bytes(self) -> [u8; BYTES] {
        let (received_min, received_max) = self.received.unwrap_or(NEVER);
        let (occurred_min, occurred_max) = self.occurred.unwrap_or(NEVER);
        let mut bytes = [0; BYTES];
        for (place, time) in bytes
            .chunks_exact_mut(8)
            .zip([received_min, received_max, occurred_min, occurred_max])
        {
            place.copy_from_slice(&time.to_be_bytes());
        }
        bytes
    }

    fn from_bytes(bytes: [u8; BYTES]) -> Span {
        let (times, _) = bytes.as_chunks::<8>();
        let pair = |at| {
            let pair = (i64::from_be_bytes(times[at]), i64::from_be_bytes(times[at + 1]));
            (pair != NEVER).then_some(pair)
        };
        Span {
            received: pair(0),
            occurred: pair(2),
        }
    }
}

/// Four times.
const BYTES: usize = 32;

/// The span of no time at all: it begins after its end.
const NEVER: (i64, i64) = (i64::MAX, i64::MIN);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_comes_back_from_its_bytes() {
        let mut span = Span::default();
        assert_eq!(Span::from_bytes(span.bytes()), span);
        span.take(-5, None);
        assert_eq!(Span::from_bytes(span.bytes()), span);
        span.take(7, Some(3));
        span.take(1, Some(-9));
        let expected = Span {
            received: Some((-5, 7)),
            occurred: Some((-9, 3)),
        };
        assert_eq!(span, expected);
        assert_eq!(Span::from_bytes(span.bytes()), expected);
    }
}
