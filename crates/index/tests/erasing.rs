//! What is erased is in no byte of the files, write-ahead log included, while the index is open.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;

use indelible_event::member::Member;
use indelible_index::idempotency::{Content, ContentMac, Identity, KeyRow, KeyTable, Tabled};
use indelible_index::search::{EventIndex, EventRow, Field, Query};
use indelible_index::{Erased, IndexError, IndexKey};
use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;

#[test]
fn no_byte_of_an_erased_actor_or_time_stays() {
    let dir = TempDir::new().unwrap();
    let index = EventIndex::open_partitioned(&dir.path().join("search.sqlite"), LOG, &key(), PARTITION).unwrap();
    // Small steps in an order that no page likes: they split, and rows move.
    let mut first = 0;
    while first < EVENTS {
        let end = EVENTS.min(first + 1 + scattered(first) % 300);
        let rows: Vec<_> = (first..end).map(|number| Some(event(number))).collect();
        index.extend(first, &rows).unwrap();
        first = end;
    }
    let theirs: Vec<u64> = (0..EVENTS).filter(|number| is_theirs(*number)).collect();
    let mut needles = needles(
        dir.path(),
        "search.sqlite",
        "SELECT DISTINCT term FROM (SELECT term, entry FROM terms_0 UNION ALL SELECT * FROM terms_1) WHERE entry = ?1
         AND term >> 59 IN (0, 1, 2)",
        theirs[0],
    );
    assert_eq!(needles.len(), 3, "id, name and email");
    needles.extend(
        theirs
            .iter()
            .map(|number| occurred(*number).as_millisecond().to_be_bytes()[2..].to_vec()),
    );
    // Of many others, what they did it to: terms that are all over the tables, so that some have been moved.
    let others: Vec<u64> = (0..EVENTS).filter(|number| scattered(*number) % 4 == 2).collect();
    needles.extend(all_needles(
        dir.path(),
        "search.sqlite",
        "SELECT term, entry FROM (SELECT term, entry FROM terms_0 UNION ALL SELECT * FROM terms_1) WHERE term >> 59 = 3",
        &others,
    ));
    assert!(needles.len() > others.len());
    let files = Files::of(dir.path());
    assert_eq!(files.have(&needles), needles, "there to be erased");
    let values = ["erika.mustermann@example.com", "repository-17"].map(|value| forms(value.as_bytes()));
    assert_eq!(
        files.have(&values.concat()),
        NONE,
        "values stand in no file to begin with"
    );

    let mut erased: Vec<_> = theirs
        .iter()
        .map(|number| Erased {
            first: *number,
            last: *number,
            members: vec![Member::Actor, Member::Occurred],
        })
        .collect();
    erased.extend(others.iter().map(|number| Erased {
        first: *number,
        last: *number,
        members: vec![Member::Targets],
    }));
    index.erase(&erased).unwrap();

    let files = Files::of(dir.path());
    assert_eq!(files.have(&needles), NONE);
    let search = |query: &Query| index.search(query).unwrap().indexes;
    assert!(search(&Query::newest(10).actor("erika", &key())).is_empty());
    let old = Timestamp::MIN..Timestamp::from_second(1_700_000_000).unwrap();
    assert!(search(&Query::newest(10).occurred(old)).is_empty());
    // Everything else still stands: the events themselves, and what others did.
    assert_eq!(
        search(&Query::newest(usize::MAX)).len(),
        usize::try_from(EVENTS).unwrap()
    );
    let repository = |number: u64| key().term(Field::TargetName, &repository(number));
    for number in (0..EVENTS).step_by(61) {
        if !is_theirs(number) && !others.contains(&number) {
            let both = Query::oldest(10_000)
                .with([repository(number)])
                .actor(&actor(number), &key());
            assert!(search(&both).contains(&number), "{number}");
        }
    }

    // What was read before the erasure and comes in after it stays out.
    index
        .erase(&[Erased {
            first: EVENTS,
            last: EVENTS + 1,
            members: vec![Member::Actor],
        }])
        .unwrap();
    let late = EventRow {
        terms: vec![key().term(Field::ActorName, "erika")],
        ..event(0)
    };
    index
        .extend(EVENTS, &[Some(late.clone()), Some(late.clone()), Some(late)])
        .unwrap();
    assert_eq!(search(&Query::newest(10).actor("erika", &key())), [EVENTS + 2]);
}

/// So many keys that some have been moved between pages: deleting them with `secure_delete` alone leaves one in some thousands.
#[test]
fn no_byte_of_an_erased_key_or_content_stays() {
    const KEYS: u64 = 30_000;
    const KEY: &str = "SELECT * FROM keys_0 UNION ALL SELECT * FROM keys_1";
    const CONTENT: &str = "SELECT mac, entry FROM contents";
    let dir = TempDir::new().unwrap();
    let table = KeyTable::open_partitioned(&dir.path().join("dedupe.sqlite"), LOG, &key(), KEYS / 2).unwrap();
    let mut first = 0;
    while first < KEYS {
        let end = KEYS.min(first + 50 + scattered(first) % 800);
        let rows: Vec<_> = (first..end)
            .map(|number| {
                Some(KeyRow {
                    identity: identity(number),
                    content: Some(content(number)),
                })
            })
            .collect();
        table.extend(first, &rows).unwrap();
        first = end;
    }
    let numbers = |of: fn(u64) -> bool| (0..KEYS).filter(|number| of(*number)).collect::<Vec<_>>();
    let (deliveries, actors) = (numbers(|number| number % 3 == 1), numbers(|number| number % 30 == 2));
    let of = |sql, numbers: &[u64]| all_needles(dir.path(), "dedupe.sqlite", sql, numbers);
    let gone = [of(CONTENT, &actors), of(CONTENT, &deliveries), of(KEY, &deliveries)].concat();
    let stay = [of(KEY, &actors), of(CONTENT, &[0, 3])].concat();
    assert_eq!(gone.len(), actors.len() + 2 * deliveries.len());
    let files = Files::of(dir.path());
    assert_eq!(files.have(&gone).len(), gone.len(), "there to be erased");
    let filters = || {
        let bits = "SELECT bits FROM filters WHERE partition = ?1";
        needles(dir.path(), "dedupe.sqlite", bits, 0)
    };
    let filters_before = filters();

    let erased = |numbers: &[u64], member| {
        let one = |number: &u64| Erased {
            first: *number,
            last: *number,
            members: vec![member],
        };
        numbers.iter().map(one).collect::<Vec<_>>()
    };
    table.erase(&erased(&actors, Member::Actor)).unwrap();
    table.erase(&erased(&deliveries, Member::Delivery)).unwrap();

    let files = Files::of(dir.path());
    assert_eq!(files.have(&gone), NONE);
    assert_eq!(files.have(&stay), stay);
    assert_ne!(filters(), filters_before, "the filter would confirm a guess, too");
    for number in (0..KEYS).step_by(7) {
        let expected = match (number % 3, number % 30) {
            (1, _) => None,
            (_, of_30) => Some(Tabled {
                index: number,
                content: (of_30 != 2).then(|| content(number)),
            }),
        };
        assert_eq!(table.find(&identity(number)).unwrap().found, expected, "{number}");
    }
}

#[test]
fn erasing_while_somebody_else_reads_says_so_and_can_be_repeated() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("search.sqlite");
    let index = EventIndex::open_partitioned(&path, LOG, &key(), PARTITION).unwrap();
    let rows: Vec<_> = (0..100).map(|number| Some(event(number))).collect();
    index.extend(0, &rows).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN; SELECT * FROM standing").unwrap();
    let erased = [Erased {
        first: 0,
        last: 99,
        members: vec![Member::Actor],
    }];
    let busy = index.erase(&erased);
    assert!(matches!(busy, Err(IndexError::Busy { .. })), "{busy:?}");
    other.execute_batch("ROLLBACK").unwrap();
    index.erase(&erased).unwrap();
    // Nothing to erase is no error, whether or not anything was written before.
    drop((index, other));
    let index = EventIndex::open_partitioned(&path, LOG, &key(), PARTITION).unwrap();
    index.erase(&[]).unwrap();
}

/// A copy of all files of a directory, made by another process: to close a file of SQLite that is open here would take its locks
/// away.
struct Files(Vec<Vec<u8>>);

impl Files {
    fn of(dir: &Path) -> Files {
        let copy = copied(dir);
        let files = std::fs::read_dir(copy.path().join("copy")).unwrap();
        Files(files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect())
    }

    /// Those of the needles that are in a file.
    fn have<'a>(&self, needles: &'a [Vec<u8>]) -> Vec<&'a [u8]> {
        let mut by_start: Vec<Vec<&[u8]>> = vec![Vec::new(); 1 << 16];
        let start = |bytes: &[u8]| usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
        for needle in needles {
            by_start[start(needle)].push(needle);
        }
        let mut found: HashSet<&[u8]> = HashSet::new();
        for file in &self.0 {
            for at in 0..file.len().saturating_sub(1) {
                let these = &by_start[start(&file[at..])];
                found.extend(these.iter().filter(|needle| file[at..].starts_with(needle)));
            }
        }
        needles
            .iter()
            .map(Vec::as_slice)
            .filter(|needle| found.contains(needle))
            .collect()
    }
}

fn copied(dir: &Path) -> TempDir {
    let copy = TempDir::new().unwrap();
    let copied = Command::new("cp")
        .arg("-r")
        .arg(dir)
        .arg(copy.path().join("copy"))
        .status();
    assert!(copied.unwrap().success());
    copy
}

/// The bytes of values in the file, as SQLite has them.
fn needles(dir: &Path, file: &str, sql: &str, at: u64) -> Vec<Vec<u8>> {
    let copy = copied(dir);
    let connection = Connection::open(copy.path().join("copy").join(file)).unwrap();
    let mut select = connection.prepare(sql).unwrap();
    let rows = select.query_map([at], |row| row.get(0).map(bytes)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn bytes(value: Value) -> Vec<u8> {
    match value {
        Value::Integer(number) => number.to_be_bytes().to_vec(),
        Value::Blob(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

/// The bytes of those values whose second column is one of these numbers.
fn all_needles(dir: &Path, file: &str, sql: &str, numbers: &[u64]) -> Vec<Vec<u8>> {
    let copy = copied(dir);
    let connection = Connection::open(copy.path().join("copy").join(file)).unwrap();
    let mut select = connection.prepare(sql).unwrap();
    let numbers: HashSet<&u64> = numbers.iter().collect();
    let rows = select
        .query_map([], |row| Ok((row.get(0)?, row.get::<_, u64>(1)?)))
        .unwrap();
    rows.map(Result::unwrap)
        .filter(|(_, number)| numbers.contains(number))
        .map(|(value, _)| bytes(value))
        .collect()
}

/// As UTF-8, and in base64 at each of the three alignments, without the characters that depend on neighbours.
fn forms(value: &[u8]) -> [Vec<u8>; 4] {
    let base64 = |bytes: &[u8]| {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let whole = bytes.chunks_exact(3).flat_map(|three| {
            let bits = three.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
            [18, 12, 6, 0].map(|shift| ALPHABET[bits >> shift & 63])
        });
        whole.collect::<Vec<u8>>()
    };
    [value.to_vec(), base64(value), base64(&value[1..]), base64(&value[2..])]
}

fn event(number: u64) -> EventRow {
    let actor = actor(number);
    let terms = [
        (Field::ActorType, "user"),
        (Field::ActorId, &format!("id-{actor}")),
        (Field::ActorName, &actor),
        (Field::ActorEmail, &format!("{actor}.mustermann@example.com")),
        (Field::Verb, "update"),
        (Field::TargetName, &repository(number)),
        (Field::TargetId, &number.to_string()),
    ];
    EventRow {
        received: Timestamp::from_second(1_800_000_000).unwrap(),
        occurred: Some(occurred(number)),
        terms: terms.iter().map(|(field, value)| key().term(*field, value)).collect(),
    }
}

fn actor(number: u64) -> String {
    match is_theirs(number) {
        true => "erika".to_owned(),
        false => format!("user-{}", scattered(number) % 200),
    }
}

fn repository(number: u64) -> String {
    format!("repository-{}", scattered(number) % 50)
}

/// Theirs are the earliest of all, so that they bound their partitions, too.
fn occurred(number: u64) -> Timestamp {
    let second: i64 = if is_theirs(number) {
        1_000_000_000
    } else {
        1_790_000_000
    };
    Timestamp::from_millisecond(second * 1000 + i64::try_from(number * 977).unwrap()).unwrap()
}

fn is_theirs(number: u64) -> bool {
    scattered(number) % 40 == 3
}

fn identity(number: u64) -> Identity {
    key().identity("ci", &number.to_string())
}

fn content(number: u64) -> ContentMac {
    key().content(Content::Members(&number.to_be_bytes()))
}

fn scattered(number: u64) -> u64 {
    let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20
}

fn key() -> IndexKey {
    IndexKey::new(&[1; 32])
}

const NONE: [&[u8]; 0] = [];

const EVENTS: u64 = 3_000;

const PARTITION: u64 = 2_048;

const LOG: &str = "ci.example.com/audit+00000000+key";
