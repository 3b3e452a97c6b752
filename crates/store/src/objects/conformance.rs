//! What every home of objects must do, as checks that panic with the reason.
//!
//! A home passes when [`check_all`] returns. Each check gets a home of its own.

use std::thread;

use bytes::Bytes;

use super::{BATCH_RECORDS_MAX, BUNDLE_ENTRIES, Key, Objects, ObjectsError, VALUE_BYTES_MAX};

/// A place that keeps objects, opened as often as a check needs it.
pub trait Home {
    /// What the home opens.
    type Objects: Objects;

    /// Opens the home again. Whatever an earlier call returned has been dropped by then.
    fn open(&self) -> Self::Objects;
}

/// Entries in a volume of the homes that the checks want.
pub const VOLUME_ENTRIES: u64 = 1024;

/// Runs every check, each on an empty home that `make` makes with volumes of [`VOLUME_ENTRIES`].
pub fn check_all<H: Home>(make: impl Fn() -> H) {
    an_empty_home_has_nothing(&make());
    values_come_back(&make());
    runs_of_a_bundle_are_in_order(&make());
    places_of_a_bundle_are_in_order(&make());
    the_last_run_is_the_last_of_all(&make());
    the_same_bytes_succeed_again(&make());
    other_bytes_are_refused_with_the_whole_batch(&make());
    limits_hold_to_the_byte(&make());
    a_batch_stays_in_one_volume(&make());
    keys_of_no_tree_are_refused(&make());
    readers_see_whole_values_while_another_thread_puts(&make());
}

/// Nothing is there before the first put, nor after an empty one.
pub fn an_empty_home_has_nothing(home: &impl Home) {
    let objects = home.open();
    objects.put(Vec::new()).expect("an empty batch is no error");
    drop(objects);
    let objects = home.open();
    assert_eq!(value(&objects, run(0)), None);
    assert_eq!(value(&objects, tile(0, 0)), None);
    assert_eq!(runs(&objects, 0), []);
    assert_eq!(runs(&objects, u64::MAX), []);
    assert_eq!(last_run(&objects), None);
}

/// Values of all lengths come back as they were, at once and after reopening, and under no other key.
pub fn values_come_back(home: &impl Home) {
    let batch = vec![
        (run(0), filled(0, 0)),
        (run(100), filled(1, 1)),
        (run(256), filled(2, VALUE_BYTES_MAX)),
        (tile(0, 0), filled(3, 8192 + 16 * 32)),
        (tile(0, 1), filled(4, 8192)),
        (places(0), filled(5, 30)),
        (places(256), filled(6, VALUE_BYTES_MAX)),
    ];
    let objects = home.open();
    objects.put(batch.clone()).expect("a small batch");
    expect_all(&objects, &batch);
    drop(objects);
    let objects = home.open();
    expect_all(&objects, &batch);
    for absent in [
        run(1),
        run(255),
        tile(0, 2),
        tile(1, 0),
        run(VOLUME_ENTRIES),
        tile(3, 0),
        places(100),
        places(257),
    ] {
        assert_eq!(value(&objects, absent), None, "{absent}");
    }
}

/// The runs of one bundle come in order, and none of its neighbours' among them.
pub fn runs_of_a_bundle_are_in_order(home: &impl Home) {
    let objects = home.open();
    let firsts = [511, 256, 300, 255, 0, 512, 257];
    for (fill, &first) in (0..).zip(&firsts) {
        objects
            .put(vec![(run(first), filled(fill, 10)), (tile(0, 0), filled(9, 10))])
            .expect("one run");
    }
    let found = |bundle| {
        runs(&objects, bundle)
            .into_iter()
            .map(|(first, bytes)| (first, bytes[0]))
            .collect::<Vec<_>>()
    };
    assert_eq!(found(0), [(0, 4), (255, 3)]);
    assert_eq!(found(1), [(256, 1), (257, 6), (300, 2), (511, 0)]);
    assert_eq!(found(2), [(512, 5)]);
    assert_eq!(found(3), []);
}

/// The places of one bundle come in order, and neither runs nor tiles nor its neighbours' among them.
pub fn places_of_a_bundle_are_in_order(home: &impl Home) {
    let objects = home.open();
    for (fill, &first) in (0..).zip(&[511, 256, 255, 0, 512, 257]) {
        objects
            .put(vec![
                (run(first), filled(fill, 10)),
                (places(first), filled(100 + fill, 10)),
                (tile(0, 0), filled(9, 10)),
            ])
            .expect("one run and its places");
    }
    let found = |bundle| {
        let found = objects
            .places(bundle)
            .unwrap_or_else(|error| panic!("reading the places of bundle {bundle}: {error}"));
        found
            .into_iter()
            .map(|(first, bytes)| (first, bytes[0]))
            .collect::<Vec<_>>()
    };
    assert_eq!(found(0), [(0, 103), (255, 102)]);
    assert_eq!(found(1), [(256, 101), (257, 105), (511, 100)]);
    assert_eq!(found(2), [(512, 104)]);
    assert_eq!(found(3), []);
    assert_eq!(found(u64::MAX), []);
    assert_eq!(last_run(&objects), Some((512, filled(4, 10))), "places are no run");
}

/// The last run is found whatever was put after it, in the newest volume that has one.
pub fn the_last_run_is_the_last_of_all(home: &impl Home) {
    let objects = home.open();
    objects.put(vec![(tile(0, 0), filled(0, 5))]).expect("a tile");
    assert_eq!(last_run(&objects), None, "a tile is no run");
    objects
        .put(vec![(run(700), filled(1, 5)), (run(3), filled(2, 5))])
        .expect("two runs");
    assert_eq!(last_run(&objects), Some((700, filled(1, 5))));
    objects
        .put(vec![(run(VOLUME_ENTRIES), filled(3, 5))])
        .expect("a run in the second volume");
    objects
        .put(vec![(run(900), filled(4, 5))])
        .expect("a later put into the first volume");
    assert_eq!(last_run(&objects), Some((VOLUME_ENTRIES, filled(3, 5))));
    objects
        .put(vec![(tile(0, 8), filled(5, 5))])
        .expect("a tile alone in the third volume");
    drop(objects);
    assert_eq!(last_run(&home.open()), Some((VOLUME_ENTRIES, filled(3, 5))));
}

/// Putting what is there succeeds, alone or beside new records, before and after reopening.
pub fn the_same_bytes_succeed_again(home: &impl Home) {
    let mut batch = vec![(run(0), filled(1, 100)), (tile(0, 0), filled(2, 100))];
    let objects = home.open();
    objects.put(batch.clone()).expect("new records");
    objects.put(batch.clone()).expect("the same again");
    drop(objects);
    batch.push((run(256), filled(3, 100)));
    batch.push((run(256), filled(3, 100)));
    let objects = home.open();
    objects
        .put(batch.clone())
        .expect("the same beside new ones, one of them twice");
    expect_all(&objects, &batch);
}

/// Other bytes under a key that is taken are a conflict that names the key, and nothing of their batch is written.
pub fn other_bytes_are_refused_with_the_whole_batch(home: &impl Home) {
    let objects = home.open();
    let kept = vec![(run(256), filled(1, 100)), (tile(0, 1), filled(2, 100))];
    objects.put(kept.clone()).expect("new records");
    for (key, other) in [
        (run(256), filled(7, 100)),
        (run(256), filled(1, 99)),
        (tile(0, 1), filled(2, 101)),
    ] {
        let error = objects.put(vec![(run(0), filled(3, 9)), (key, other), (tile(0, 3), filled(4, 9))]);
        expect_conflict(error, key);
    }
    let error = objects.put(vec![
        (run(0), filled(3, 9)),
        (run(1), filled(4, 9)),
        (run(0), filled(5, 9)),
    ]);
    expect_conflict(error, run(0));
    drop(objects);
    let objects = home.open();
    expect_all(&objects, &kept);
    for absent in [run(0), run(1), tile(0, 3)] {
        assert_eq!(value(&objects, absent), None, "{absent} was in a refused batch");
    }
    objects
        .put(vec![(run(0), filled(3, 9))])
        .expect("a conflict does not stop later puts");
}

/// The greatest batch and the greatest value are taken, one more record or byte is not.
pub fn limits_hold_to_the_byte(home: &impl Home) {
    let objects = home.open();
    let small = |records: usize| {
        (0..)
            .map(|first| (run(first), filled(1, 1)))
            .take(records)
            .collect::<Vec<_>>()
    };
    match objects.put(small(BATCH_RECORDS_MAX + 1)) {
        Err(ObjectsError::TooManyRecords { records }) => assert_eq!(records, BATCH_RECORDS_MAX + 1),
        other => panic!("a record too many gave {other:?}"),
    }
    match objects.put(vec![
        (run(0), filled(1, 1)),
        (tile(0, 0), filled(1, VALUE_BYTES_MAX + 1)),
    ]) {
        Err(ObjectsError::ValueTooLong { key, bytes }) => {
            assert_eq!((key, bytes), (tile(0, 0), VALUE_BYTES_MAX + 1));
        }
        other => panic!("a byte too many gave {other:?}"),
    }
    assert_eq!(value(&objects, run(0)), None, "a refused batch must leave nothing");
    objects.put(small(BATCH_RECORDS_MAX)).expect("the greatest batch");
    objects
        .put(vec![(tile(0, 0), filled(1, VALUE_BYTES_MAX))])
        .expect("the greatest value");
}

/// Tiles of all levels count to the volume of their last entry, and no batch crosses from one volume into the next.
pub fn a_batch_stays_in_one_volume(home: &impl Home) {
    let objects = home.open();
    let last_tile = VOLUME_ENTRIES / BUNDLE_ENTRIES - 1;
    let whole = vec![
        (run(0), filled(1, 1)),
        (run(VOLUME_ENTRIES - 1), filled(2, 1)),
        (tile(0, 0), filled(3, 1)),
        (tile(0, last_tile), filled(4, 1)),
    ];
    objects.put(whole.clone()).expect("the first volume from end to end");
    expect_all(&objects, &whole);
    let later = [
        run(VOLUME_ENTRIES),
        places(VOLUME_ENTRIES),
        tile(0, last_tile + 1),
        tile(1, 0),
    ];
    for key in later {
        match objects.put(vec![(run(1), filled(5, 1)), (key, filled(6, 1))]) {
            Err(ObjectsError::CrossesVolume {
                first: 0,
                second,
                key: named,
            }) => {
                assert!(second > 0);
                assert_eq!(named, key);
            }
            other => panic!("{key} beside an entry of the first volume gave {other:?}"),
        }
    }
    let tile_over_many = vec![(tile(1, 0), filled(7, 1)), (run(65_535), filled(8, 1))];
    objects
        .put(tile_over_many.clone())
        .expect("a tile with the last of its 65,536 entries");
    expect_all(&objects, &tile_over_many);
    for absent in [run(1), run(VOLUME_ENTRIES), tile(0, last_tile + 1)] {
        assert_eq!(value(&objects, absent), None, "{absent} was in a refused batch");
    }
}

/// A tile above 2^64 entries cannot be put, and reading it finds nothing.
pub fn keys_of_no_tree_are_refused(home: &impl Home) {
    let objects = home.open();
    for key in [tile(7, 0), tile(0, u64::MAX), tile(6, 256), tile(255, u64::MAX)] {
        assert_eq!(value(&objects, key), None, "{key}");
        match objects.put(vec![(key, filled(1, 1))]) {
            Err(ObjectsError::KeyOutOfRange { key: named }) => assert_eq!(named, key),
            other => panic!("{key} gave {other:?}"),
        }
    }
}

/// Threads that read while one puts see nothing or the whole value, and once its put has returned the value.
pub fn readers_see_whole_values_while_another_thread_puts(home: &impl Home) {
    let objects = home.open();
    let first_of = |number: u64| number * BUNDLE_ENTRIES / 2;
    let whole = |number: u64| filled(fill_of(number), 5000);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for number in (0..CONCURRENT_PUTS).cycle().take(2000) {
                    let seen = value(&objects, run(first_of(number)));
                    assert!(
                        seen.is_none_or(|seen| seen == whole(number)),
                        "run {number} was read in part"
                    );
                }
            });
        }
        for number in 0..CONCURRENT_PUTS {
            let first = first_of(number);
            objects.put(vec![(run(first), whole(number))]).expect("one writer");
            assert_eq!(value(&objects, run(first)), Some(whole(number)));
            assert_eq!(last_run(&objects), Some((first, whole(number))));
        }
    });
}

fn run(first: u64) -> Key {
    Key::Entries { first }
}

fn tile(level: u8, index: u64) -> Key {
    Key::Tile { level, index }
}

fn places(first: u64) -> Key {
    Key::Where { first }
}

fn filled(fill: u8, bytes: usize) -> Bytes {
    Bytes::from(vec![fill; bytes])
}

fn fill_of(number: u64) -> u8 {
    u8::try_from(number % 251).expect("251 fits a byte")
}

fn value(objects: &impl Objects, key: Key) -> Option<Bytes> {
    objects
        .get(key)
        .unwrap_or_else(|error| panic!("reading the {key}: {error}"))
}

fn runs(objects: &impl Objects, bundle: u64) -> Vec<(u64, Bytes)> {
    objects
        .runs(bundle)
        .unwrap_or_else(|error| panic!("reading bundle {bundle}: {error}"))
}

fn last_run(objects: &impl Objects) -> Option<(u64, Bytes)> {
    objects
        .last_run()
        .unwrap_or_else(|error| panic!("reading the last run: {error}"))
}

fn expect_all(objects: &impl Objects, batch: &[(Key, Bytes)]) {
    for (key, bytes) in batch {
        assert_eq!(value(objects, *key).as_ref(), Some(bytes), "{key}");
    }
}

fn expect_conflict(put: Result<(), ObjectsError>, taken: Key) {
    match put {
        Err(ObjectsError::Conflict { key }) => assert_eq!(key, taken),
        other => panic!("other bytes under the {taken} gave {other:?}"),
    }
}

/// Puts of the check with readers: one run every half bundle, through ten volumes.
const CONCURRENT_PUTS: u64 = 10 * VOLUME_ENTRIES / (BUNDLE_ENTRIES / 2);
