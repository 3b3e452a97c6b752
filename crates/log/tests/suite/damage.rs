//! Starts that must fail, each for its own reason: a log is served as it was signed, or not at all.

use std::sync::Arc;

use bytes::Bytes;
use indelible_log::{BadDescription, Description, Kind, Log, Settings, StartError};
use indelible_merkle::{Hash, TreeHead, bundle};
use indelible_note::{SigningKey, sign_checkpoint};
use indelible_store::journal::{Absence, Absent, Frame, Replayed};
use indelible_store::objects::{Key, MemoryObjects, Objects};

use crate::doubles::AlteredJournal;
use crate::reference::Reference;
use crate::support::{
    Homes, check_log, entries, frames, genesis, genesis_of, home_of, journal_of, key, lazy, objects_of, small_entries,
    start,
};

/// A log of 600 entries in commits of 50, of which nothing is sealed.
fn written() -> (Homes, Vec<Bytes>) {
    let whole = small_entries(0..600);
    let commits: Vec<Vec<Bytes>> = whole.chunks(50).map(<[Bytes]>::to_vec).collect();
    (Homes::unsealed(&commits), whole)
}

/// Starts a log of these frames and this object store.
fn start_of(frames: &[Frame], objects: &MemoryObjects, settings: &Settings) -> Result<Log, StartError> {
    start(journal_of(genesis(256), frames), Arc::new(objects.clone()), settings)
}

/// Starts the log with these objects, and returns why it does not start.
fn refused_with(objects: Vec<(Key, Bytes)>) -> StartError {
    let (homes, _) = written();
    let objects = home_of(objects);
    let error = Homes { objects, ..homes }.try_start(&lazy()).unwrap_err();
    assert!(error.is_refuted(), "{error}");
    error
}

fn assert_object(error: &StartError, expected: Key, expected_problem: &str) {
    assert!(
        matches!(error, StartError::Object { key, problem } if *key == expected && problem.contains(expected_problem)),
        "{error}, not {expected}: {expected_problem}"
    );
}

fn tile(index: u64) -> Key {
    Key::Tile { level: 0, index }
}

fn run(first: u64) -> Key {
    Key::Entries { first }
}

fn run_of(entries: &[Bytes]) -> Bytes {
    bundle::encode(entries).unwrap().into()
}

#[test]
fn a_journal_that_lost_frames_is_behind_the_objects() {
    let (homes, whole) = written();
    let frames = frames(homes.journal.as_ref());
    for sealed in [1, 49, 50, 51, 256, 300, 599, 600] {
        for count in 0..=frames.len() {
            let objects = home_of(objects_of(&whole[..sealed]));
            let journal = 50 * count as u64;
            match start_of(&frames[..count], &objects, &lazy()) {
                Ok(log) => {
                    assert!(journal >= sealed as u64);
                    check_log(&log.reader(), &whole[..50 * count]);
                }
                Err(StartError::SealedAhead {
                    sealed: ahead,
                    journal: behind,
                }) => {
                    assert_eq!((ahead, behind), (sealed as u64, journal));
                    assert!(journal < sealed as u64);
                }
                Err(other) => panic!("{sealed} sealed, {journal} in the journal: {other}"),
            }
        }
    }
}

#[test]
fn a_journal_that_goes_on_too_late_is_a_gap() {
    let (homes, whole) = written();
    for (sealed, from, expected) in [(0, 1, (0, 50)), (300, 7, (300, 350)), (0, 11, (0, 550))] {
        let journal = Arc::new(AlteredJournal {
            inner: homes.journal.clone(),
            alter: move |mut replayed: Vec<Replayed>| {
                replayed.retain(|replayed| replayed.frame.first >= 50 * from);
                replayed
            },
        });
        let objects = home_of(objects_of(&whole[..sealed]));
        let error = start(journal, Arc::new(objects), &lazy()).unwrap_err();
        assert!(
            matches!(error, StartError::Gap { sealed, next } if (sealed, next) == expected),
            "{error}"
        );
        assert!(error.is_refuted());
    }
}

#[test]
fn another_entry_in_the_journal_is_another_root_and_is_never_sealed() {
    let (homes, whole) = written();
    let reference = Reference::of(&whole);
    let tiny = Settings {
        backlog_bytes_max: 1,
        ..lazy()
    };
    for changed in [0, 255, 256, 511, 599] {
        let mut frames = frames(homes.journal.as_ref());
        frames[changed / 50].records[changed % 50].entry = Bytes::from("forged");
        for settings in [lazy(), tiny.clone()] {
            let objects = Homes::new().objects;
            let error = start_of(&frames, &objects, &settings).unwrap_err();
            let signed = reference.head(600).root;
            assert!(
                matches!(error, StartError::Root { size, computed, signed: said } if size <= 600 && computed != signed && (size < 600 || said == signed)),
                "{error}"
            );
            assert!(error.is_refuted());
            // With the true journal back in its place the log starts: what was sealed on the way was all true.
            let restored = Homes {
                journal: homes.journal.clone(),
                objects,
            };
            check_log(&restored.start(&lazy()).reader(), &whole);
        }
    }
}

#[test]
fn a_tile_of_the_right_edge_must_be_there_and_be_right() {
    let whole = small_entries(0..600);
    for index in [0, 1] {
        let without = || {
            let objects = objects_of(&whole).into_iter();
            objects.filter(|(key, _)| *key != tile(index)).collect::<Vec<_>>()
        };
        assert_object(&refused_with(without()), tile(index), "absent");
        let short = (tile(index), Bytes::from(vec![0; 8_192]));
        assert_object(
            &refused_with([without(), vec![short]].concat()),
            tile(index),
            "stored tile",
        );
        let other = (tile(index), Bytes::from(vec![1; 8_704]));
        let error = refused_with([without(), vec![other]].concat());
        assert!(matches!(error, StartError::Root { size: 600, .. }), "{error}");
    }
}

#[test]
fn the_last_bundle_must_be_there_and_be_right() {
    let whole = small_entries(0..600);
    let full = || objects_of(&whole[..512]);
    let with = |runs: &[(u64, Bytes)]| {
        let runs = runs.iter().map(|(first, value)| (run(*first), value.clone()));
        refused_with(full().into_iter().chain(runs).collect())
    };
    let cut = |range: std::ops::Range<usize>| (range.start as u64, run_of(&whole[range]));

    // A run is missing in front, and in the middle; runs overlap.
    assert_object(&with(&[cut(520..600)]), run(512), "absent");
    assert_object(&with(&[cut(512..530), cut(540..600)]), run(530), "absent");
    assert_object(&with(&[cut(512..560), cut(540..600)]), run(560), "absent");
    // The last run is no run, or not one of its place.
    assert_object(&with(&[(512, Bytes::from_static(&[0, 9, 1]))]), run(512), "cut off");
    assert_object(
        &with(&[cut(512..530), (530, Bytes::from_static(&[7]))]),
        run(530),
        "cut off",
    );
    assert_object(&with(&[(512, Bytes::new())]), run(512), "empty");
    assert_object(
        &with(&[(700, run_of(&whole[..100]))]),
        run(700),
        "longer than its bundle",
    );
    assert_object(
        &with(&[(u64::MAX, run_of(&whole[..2]))]),
        run(u64::MAX),
        "longer than its bundle",
    );
    let error = with(&[(u64::MAX, run_of(&whole[..1]))]);
    assert!(
        matches!(
            error,
            StartError::SealedAhead {
                sealed: u64::MAX,
                journal: 600
            }
        ),
        "{error}"
    );
    // An entry in it is another one.
    let mut forged = whole[512..600].to_vec();
    forged[7] = Bytes::from("forged");
    let error = with(&[(512, run_of(&forged))]);
    assert!(matches!(error, StartError::Root { size: 600, .. }), "{error}");
}

#[test]
fn objects_of_another_log_are_another_root() {
    let error = refused_with(objects_of(&small_entries(1..301)));
    assert!(matches!(error, StartError::Root { size: 600, .. }), "{error}");
}

#[test]
fn the_last_head_must_be_the_logs_own_and_of_the_journals_size() {
    let (homes, whole) = written();
    let truth = Reference::of(&whole).head(600);
    let note = |head: TreeHead, key: &SigningKey| Bytes::from(sign_checkpoint(head, key).note().to_string());
    let refused = |note: Bytes| {
        let mut frames = frames(homes.journal.as_ref());
        frames.last_mut().unwrap().note = note;
        let error = start_of(&frames, &Homes::new().objects, &lazy()).unwrap_err();
        assert!(error.is_refuted());
        error
    };
    let same_name = SigningKey::from_seed(key().name().clone(), [8; 32]);
    let other_name = SigningKey::from_seed("other.example".parse().unwrap(), [7; 32]);
    for bad in [
        note(truth, &same_name),
        note(truth, &other_name),
        Bytes::from("no note"),
        Bytes::new(),
    ] {
        let error = refused(bad);
        assert!(matches!(error, StartError::Head(_)), "{error}");
    }
    for size in [0, 599, 601] {
        let error = refused(note(TreeHead { size, ..truth }, &key()));
        assert!(
            matches!(error, StartError::HeadSize { head, journal: 600 } if head == size),
            "{error}"
        );
    }
    let root = Hash::EMPTY_ROOT;
    let error = refused(note(TreeHead { root, ..truth }, &key()));
    assert!(
        matches!(error, StartError::Root { signed, .. } if signed == root),
        "{error}"
    );
}

#[test]
fn a_log_is_not_started_with_another_key() {
    let (homes, _) = written();
    let objects: Arc<dyn Objects> = Arc::new(homes.objects);
    for other in [
        SigningKey::from_seed(key().name().clone(), [8; 32]),
        SigningKey::from_seed("other.example".parse().unwrap(), [7; 32]),
    ] {
        let verifier = other.verifier();
        let error = Log::start(homes.journal.clone(), objects.clone(), other, &lazy()).unwrap_err();
        assert!(!error.is_refuted());
        assert!(
            matches!(&error, StartError::OtherKey { expected, given } if **expected == key().verifier() && **given == verifier),
            "{error}"
        );
    }
}

#[test]
fn a_log_of_another_version_is_not_served() {
    let known = Description::new(Kind::Opaque, key().verifier()).to_string();
    let refused = |description: String| {
        let journal = journal_of(genesis_of(description), &[]);
        match start(journal, Arc::new(Homes::new().objects), &lazy()).unwrap_err() {
            StartError::Description(problem) => problem,
            other => panic!("{other}"),
        }
    };
    let later = refused(known.replace("log 1", "log 2"));
    assert_eq!(later, BadDescription::Version("indelible log 2".to_owned()));
    assert_eq!(
        refused(known.replace("opaque", "mixed")),
        BadDescription::Kind("mixed".to_owned())
    );
    assert_eq!(refused(String::new()), BadDescription::Truncated);
    for (from, to, field) in [
        ("\nsegment", "\nmode append\nsegment", "segment-bytes"),
        ("entries 4194304", "entries +4194304", "volume-entries"),
        ("entries 4194304", "entries 04194304", "volume-entries"),
        ("bytes 8388608", "bytes 08388608", "segment-bytes"),
    ] {
        let error = refused(known.replace(from, to));
        assert!(
            matches!(error, BadDescription::Field { name, .. } if name == field),
            "{error}"
        );
    }
}

#[test]
fn an_attachment_that_is_damaged_stops_the_start_and_one_that_is_blanked_does_not() {
    let homes = Homes::unsealed(&[entries(0..3), entries(3..9)]);
    for (absence, starts) in [(Absence::Blanked, true), (Absence::Damaged, false)] {
        let journal = Arc::new(AlteredJournal {
            inner: homes.journal.clone(),
            alter: move |mut replayed: Vec<Replayed>| {
                replayed[1].absent.push(Absent {
                    record: 4,
                    attachment: 2,
                    absence,
                });
                replayed
            },
        });
        match start(journal, Arc::new(Homes::new().objects), &lazy()) {
            Ok(log) => {
                assert!(starts);
                check_log(&log.reader(), &entries(0..9));
            }
            Err(error) => {
                assert!(!starts && error.is_refuted());
                assert!(
                    matches!(
                        error,
                        StartError::Attachment {
                            index: 7,
                            attachment: 2
                        }
                    ),
                    "{error}"
                );
            }
        }
    }
}
