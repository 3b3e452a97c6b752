//! The index of events from outside, against a naive search.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::path::PathBuf;
use std::thread;

use indelible_event::member::{Claims, Delivery, Event, Member};
use indelible_index::search::{EventIndex, EventRow, Field, Order, Page, Query, Term};
use indelible_index::{Cursors, Erased, IndexError, IndexKey, LeafIndex};
use jiff::Timestamp;
use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

#[test]
fn an_event_is_found_by_each_of_its_fields() {
    let dir = TempDir::new().unwrap();
    let index = small(&dir);
    index.extend(0, &[Some(row(&[])), Some(whole_event()), None]).unwrap();
    for (field, value) in [
        (Field::ActorType, "service_account"),
        (Field::ActorId, "Id-7"),
        (Field::ActorName, "ALICE"),
        (Field::ActorName, "alice"),
        (Field::ActorEmail, "alice@Example.com"),
        (Field::Verb, "approve"),
        (Field::Action, "deployment_review.approved"),
        (Field::TargetType, "environment"),
        (Field::TargetType, "repository"),
        (Field::TargetId, "R_1"),
        (Field::TargetName, "acme/Site"),
        (Field::TargetParent, "acme/site"),
        (Field::Source, "github-acme"),
        (Field::Result, "denied"),
    ] {
        let query = Query::newest(10).with([key().term(field, value)]);
        assert_eq!(search(&index, &query), [1], "{field:?} {value}");
    }
    for (field, value) in [
        (Field::ActorId, "id-7"),
        (Field::ActorName, "Id-7"),
        (Field::ActorType, "user"),
        (Field::TargetId, "R_"),
        (Field::TargetId, ""),
    ] {
        let query = Query::newest(10).with([key().term(field, value)]);
        assert_eq!(search(&index, &query), NONE, "{field:?} {value}");
    }
    for text in ["Id-7", "Alice", "alice@example.com"] {
        assert_eq!(search(&index, &Query::newest(10).actor(text, &key())), [1], "{text}");
        assert_eq!(search(&index, &Query::newest(10).target(text, &key())), NONE, "{text}");
    }
    for text in ["R_1", "acme/site", "Production"] {
        assert_eq!(search(&index, &Query::newest(10).target(text, &key())), [1], "{text}");
    }
    assert_eq!(
        search(&index, &Query::newest(10)),
        [1, 0],
        "what is no event is not found"
    );
}

#[test]
fn times_begin_at_one_and_end_before_the_other() {
    let dir = TempDir::new().unwrap();
    let index = small(&dir);
    let at = |millisecond| Timestamp::from_millisecond(millisecond).unwrap();
    let rows: Vec<_> = [Some(1500), Some(-1500), None, Some(2500), Some(1501), Some(900)]
        .into_iter()
        .zip([10_000, 11_000, 11_000, 10_000, 12_000, 13_000])
        .map(|(occurred, received)| {
            Some(EventRow {
                received: at(received),
                occurred: occurred.map(at),
                terms: Vec::new(),
            })
        })
        .collect();
    index.extend(0, &rows).unwrap();
    let oldest = || Query::oldest(10);
    assert_eq!(search(&index, &oldest().received(at(10_000)..at(11_000))), [0, 3]);
    assert_eq!(search(&index, &oldest().received(at(11_000)..at(13_001))), [1, 2, 4, 5]);
    assert_eq!(search(&index, &oldest().received(at(13_001)..Timestamp::MAX)), NONE);
    assert_eq!(search(&index, &oldest().occurred(at(1500)..at(1501))), [0]);
    assert_eq!(search(&index, &oldest().occurred(Timestamp::MIN..at(0))), [1]);
    assert_eq!(
        search(&index, &oldest().occurred(Timestamp::MIN..Timestamp::MAX)),
        [0, 1, 3, 4, 5]
    );
    let both = oldest().occurred(at(0)..at(2000)).received(at(12_000)..at(14_000));
    assert_eq!(search(&index, &both), [4, 5]);
}

#[test]
fn a_search_that_reads_too_much_says_where_to_go_on() {
    const EVENTS: u64 = 1 << 19;
    const TENTH: usize = 10_000;
    let dir = TempDir::new().unwrap();
    let index = EventIndex::open_partitioned(&file(&dir), LOG, &key(), 1 << 16).unwrap();
    // Everything is received at the ends of time in each partition, so that times exclude none, and one event in the middle.
    let at = |second| Timestamp::from_second(second).unwrap();
    let rows: Vec<_> = (0..EVENTS)
        .map(|number| match number {
            10 | 500_000 => Some(EventRow {
                received: at(50),
                occurred: None,
                terms: Vec::new(),
            }),
            _ => Some(EventRow {
                received: at(100 * i64::from(number % 2 == 0)),
                occurred: None,
                terms: Vec::new(),
            }),
        })
        .collect();
    for (step, rows) in (0..).zip(rows.chunks(TENTH)) {
        index.extend(step * 10_000, rows).unwrap();
    }
    for (query, expected) in [(Query::newest(5), [500_000, 10]), (Query::oldest(5), [10, 500_000])] {
        let query = query.received(at(40)..at(60));
        let page = index.search(&query).unwrap();
        assert_eq!(page.indexes, expected[..1], "half of them were read");
        let after = page.next.unwrap();
        let page = index.search(&query.clone().after(after)).unwrap();
        assert_eq!((page.indexes, page.next), (expected[1..].to_vec(), None), "{query:?}");
    }
}

#[test]
fn the_index_of_another_log_key_or_cut_is_emptied() {
    let dir = TempDir::new().unwrap();
    let others: [fn(PathBuf) -> _; 4] = [
        |path| EventIndex::open_partitioned(&path, "another log", &key(), PARTITION),
        |path| EventIndex::open_partitioned(&path, LOG, &IndexKey::new(&[9; 32]), PARTITION),
        |path| EventIndex::open_partitioned(&path, LOG, &key(), PARTITION + 1),
        |path| EventIndex::open(&path, LOG, &key()),
    ];
    let alice = |row: &[(Field, &str)]| vec![Some(self::row(row)); 10];
    for other in others {
        small(&dir).extend(0, &alice(&[(Field::ActorId, "alice")])).unwrap();
        let index = other(file(&dir)).unwrap();
        assert_eq!(index.indexed_size().unwrap(), 0);
        assert_eq!(search(&index, &Query::newest(100)), NONE);
        index.extend(0, &alice(&[(Field::ActorId, "bob")])).unwrap();
        assert_eq!(search(&index, &Query::newest(100).actor("alice", &key())), NONE);
        assert_eq!(search(&index, &Query::newest(100)).len(), 10);
        index.reset().unwrap();
        assert_eq!(search(&index, &Query::newest(100)), NONE);
    }
    assert!(matches!(
        EventIndex::open_partitioned(&file(&dir), LOG, &key(), 0),
        Err(IndexError::EmptyPartitions)
    ));
}

#[test]
fn rows_and_size_go_together() {
    let dir = TempDir::new().unwrap();
    let index = small(&dir);
    let alice = row(&[(Field::ActorId, "alice")]);
    index.extend(0, &[Some(alice.clone()), Some(alice.clone())]).unwrap();
    let other = Connection::open(file(&dir)).unwrap();
    other.execute_batch("CREATE VIEW terms_1 AS SELECT 1").unwrap();
    let failed = index.extend(2, &vec![Some(alice.clone()); 4]);
    assert!(
        matches!(failed, Err(IndexError::Sqlite { act: "extend", .. })),
        "{failed:?}"
    );
    assert_eq!(index.indexed_size().unwrap(), 2);
    assert_eq!(search(&index, &Query::newest(9).actor("alice", &key())), [1, 0]);
    other.execute_batch("DROP VIEW terms_1").unwrap();
    assert!(matches!(
        index.extend(3, &[Some(alice.clone())]),
        Err(IndexError::Gap {
            indexed_size: 2,
            first: 3
        })
    ));
    index.extend(2, &vec![Some(alice); 4]).unwrap();
    assert_eq!(
        search(&index, &Query::newest(9).actor("alice", &key())),
        [5, 4, 3, 2, 1, 0]
    );
}

#[test]
fn readers_go_on_while_the_index_grows() {
    let dir = TempDir::new().unwrap();
    let index = EventIndex::open_partitioned(&file(&dir), LOG, &key(), 64).unwrap();
    let alice = row(&[(Field::ActorId, "alice")]);
    thread::scope(|scope| {
        scope.spawn(|| {
            loop {
                let page = index.search(&Query::newest(1).actor("alice", &key())).unwrap();
                assert_eq!(page.indexed_size % 50, 0, "half of an extension was seen");
                assert_eq!(page.indexes.first().map_or(0, |last| last + 1), page.indexed_size);
                if page.indexed_size == 2000 {
                    break;
                }
            }
        });
        for first in (0..2000).step_by(50) {
            index.extend(first, &vec![Some(alice.clone()); 50]).unwrap();
        }
    });
}

#[test]
fn cursors_are_each_follower_s_and_each_log_s() {
    let dir = TempDir::new().unwrap();
    let state = dir.path().join("state.sqlite");
    let leaves = LeafIndex::open(&state, LOG).unwrap();
    let cursors = Cursors::open(&state, LOG).unwrap();
    assert_eq!(cursors.size("blanking").unwrap(), 0);
    cursors.save("blanking", 7).unwrap();
    cursors.save("sink", 9).unwrap();
    cursors.save("blanking", 8).unwrap();
    leaves.reset().unwrap();
    drop((leaves, cursors));
    drop(LeafIndex::open(&state, LOG).unwrap());
    let cursors = Cursors::open(&state, LOG).unwrap();
    assert_eq!(cursors.size("blanking").unwrap(), 8);
    assert_eq!(cursors.size("sink").unwrap(), 9);
    let other = Cursors::open(&state, "another log").unwrap();
    assert_eq!(other.size("blanking").unwrap(), 0);
    cursors.save("blanking", 3).unwrap();
    assert_eq!(
        cursors.size("blanking").unwrap(),
        3,
        "a log that was restored is shorter"
    );
}

/// An event as the naive search has it: its terms, and when it was.
#[derive(Clone, Debug)]
struct Naive {
    terms: Vec<(Field, u8)>,
    received: i64,
    occurred: Option<i64>,
}

fn naive() -> impl Strategy<Value = Option<Naive>> {
    let terms = prop::collection::vec((prop::sample::select(&Field::ALL[..]), 0..3_u8), 0..8);
    let event = (terms, 0..20_i64, prop::option::of(0..20_i64));
    prop::option::weighted(
        0.9,
        event.prop_map(|(terms, received, occurred)| Naive {
            terms,
            received,
            occurred,
        }),
    )
}

/// Clauses, times, order, limit.
#[derive(Clone, Debug)]
struct Question {
    clauses: Vec<Vec<(Field, u8)>>,
    received: Option<(i64, i64)>,
    occurred: Option<(i64, i64)>,
    order: Order,
    limit: usize,
}

fn question() -> impl Strategy<Value = Question> {
    let clause = prop::collection::vec((prop::sample::select(&Field::ALL[..]), 0..3_u8), 1..4);
    let time = || prop::option::weighted(0.3, (0..20_i64, 0..20_i64));
    let order = prop_oneof![Just(Order::NewestFirst), Just(Order::OldestFirst)];
    (prop::collection::vec(clause, 0..3), time(), time(), order, 1..6_usize).prop_map(
        |(clauses, received, occurred, order, limit)| Question {
            clauses,
            received,
            occurred,
            order,
            limit,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_that_of_a_naive_search(
        events in prop::collection::vec(naive(), 0..60),
        cuts in prop::collection::vec(0..60_usize, 0..4),
        erasures in prop::collection::vec((0..60_u64, 0..8_u64, 0..11_usize, 0..4_usize), 0..4),
        questions in prop::collection::vec(question(), 1..12),
    ) {
        let dir = TempDir::new().unwrap();
        let mut index = small(&dir);
        let mut events = events;
        let rows: Vec<_> = events.iter().map(|event| event.as_ref().map(to_row)).collect();
        let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < rows.len()).collect();
        cuts.push(rows.len());
        cuts.sort_unstable();
        let mut first = 0;
        for (step, cut) in cuts.iter().enumerate() {
            // Before, between or after what they erase comes in.
            for (from, length, member, when) in &erasures {
                if *when == step {
                    let erased = Erased { first: *from, last: from + length, members: vec![Member::ALL[*member]] };
                    index.erase(&[erased]).unwrap();
                }
            }
            index.extend(u64::try_from(first).unwrap(), &rows[first..*cut]).unwrap();
            first = *cut;
            drop(index);
            index = small(&dir);
        }
        for (from, length, member, when) in erasures {
            let member = Member::ALL[member];
            if when >= cuts.len() {
                index.erase(&[Erased { first: from, last: from + length, members: vec![member] }]).unwrap();
            }
            for (event, at) in events.iter_mut().zip(0..) {
                if let Some(event) = event && (from..=from + length).contains(&at) {
                    event.terms.retain(|(field, _)| field.member() != member);
                    event.occurred = event.occurred.filter(|_| member != Member::Occurred);
                }
            }
        }
        for question in questions {
            let expected = answer(&events, &question);
            let mut query = to_query(&question);
            let mut found: Vec<u64> = Vec::new();
            loop {
                let Page { indexes, next, indexed_size } = index.search(&query).unwrap();
                prop_assert_eq!(indexed_size, u64::try_from(events.len()).unwrap());
                prop_assert!(next.is_none() || indexes.len() == question.limit);
                found.extend(indexes);
                let Some(next) = next else { break };
                query = query.after(next);
            }
            prop_assert_eq!(found, expected, "{:?}", question);
        }
    }
}

fn answer(events: &[Option<Naive>], question: &Question) -> Vec<u64> {
    let within = |time: Option<(i64, i64)>, at: Option<i64>| {
        time.is_none_or(|(from, until)| at.is_some_and(|at| (from..until).contains(&at)))
    };
    let matches = |event: &Naive| {
        question
            .clauses
            .iter()
            .all(|clause| clause.iter().any(|term| event.terms.contains(term)))
            && within(question.received, Some(event.received))
            && within(question.occurred, event.occurred)
    };
    let mut found: Vec<u64> = events
        .iter()
        .zip(0..)
        .filter(|(event, _)| event.as_ref().is_some_and(matches))
        .map(|(_, index)| index)
        .collect();
    if question.order == Order::NewestFirst {
        found.reverse();
    }
    found
}

fn to_query(question: &Question) -> Query {
    let time =
        |(from, until): (i64, i64)| Timestamp::from_second(from).unwrap()..Timestamp::from_second(until).unwrap();
    let mut query = match question.order {
        Order::NewestFirst => Query::newest(question.limit),
        Order::OldestFirst => Query::oldest(question.limit),
    };
    for clause in &question.clauses {
        query = query.with(clause.iter().map(to_term));
    }
    if let Some(received) = question.received {
        query = query.received(time(received));
    }
    if let Some(occurred) = question.occurred {
        query = query.occurred(time(occurred));
    }
    query
}

fn to_row(event: &Naive) -> EventRow {
    EventRow {
        received: Timestamp::from_second(event.received).unwrap(),
        occurred: event.occurred.map(|at| Timestamp::from_second(at).unwrap()),
        terms: event.terms.iter().map(to_term).collect(),
    }
}

fn to_term((field, value): &(Field, u8)) -> Term {
    key().term(*field, &value.to_string())
}

fn whole_event() -> EventRow {
    let claims: Claims = serde_json::from_value(json!({
        "action": {"name": "deployment_review.approved", "verb": "approve"},
        "actor": {"type": "service_account", "id": "Id-7", "name": "Alice", "email": "Alice@example.com"},
        "occurred": {"at": "2026-11-22T10:00:00Z", "from": "payload"},
        "outcome": {"result": "denied"},
        "targets": [
            {"type": "repository", "id": "R_1", "name": "acme/site"},
            {"type": "environment", "id": "77", "name": "production", "parent": "acme/site"},
        ],
    }))
    .unwrap();
    let delivery: Delivery = serde_json::from_value(json!({
        "source": "github-acme", "key": Value::Null, "received": "2026-11-22T10:00:01.5Z",
    }))
    .unwrap();
    let event = Event {
        claims,
        delivery: Some(delivery),
        raw: None,
        submitter: None,
    };
    let row = EventRow::of(&event, "2026-11-22T10:00:01Z".parse().unwrap(), &key());
    assert_eq!(row.occurred, Some("2026-11-22T10:00:00Z".parse().unwrap()));
    row
}

fn row(terms: &[(Field, &str)]) -> EventRow {
    EventRow {
        received: Timestamp::UNIX_EPOCH,
        occurred: None,
        terms: terms.iter().map(|(field, value)| key().term(*field, value)).collect(),
    }
}

fn search(index: &EventIndex, query: &Query) -> Vec<u64> {
    index.search(query).unwrap().indexes
}

fn small(dir: &TempDir) -> EventIndex {
    EventIndex::open_partitioned(&file(dir), LOG, &key(), PARTITION).unwrap()
}

fn file(dir: &TempDir) -> PathBuf {
    dir.path().join("search.sqlite")
}

fn key() -> IndexKey {
    IndexKey::new(&[1; 32])
}

const NONE: [u64; 0] = [];

const PARTITION: u64 = 4;

const LOG: &str = "ci.example.com/audit+00000000+key";
