//! Volumes: when they are made, opened, closed and refused.

use std::fs::{self, File};
use std::path::Path;
use std::thread;

use indelible_store::objects::{Objects, ObjectsError, Options, SledObjects};
use tempfile::TempDir;

use crate::support::{copy_dir, create, noise, open, run, small, tile};

#[test]
fn the_first_put_makes_a_volume_and_nothing_else_does() {
    let dir = TempDir::new().unwrap();
    let objects = create(dir.path(), &small(256, 4));
    assert_eq!(names(dir.path()), [""; 0]);
    objects
        .put(vec![(run(255), noise(1, 10)), (tile(0, 0), noise(2, 10))])
        .unwrap();
    objects.put(vec![(run(512), noise(3, 10))]).unwrap();
    assert_eq!(objects.get(run(256)).unwrap(), None);
    assert_eq!(names(dir.path()), ["0000", "0002"]);
}

#[test]
fn a_volume_in_the_making_is_thrown_away() {
    let dir = TempDir::new().unwrap();
    let options = small(256, 4);
    create(dir.path(), &options).put(vec![(run(0), noise(1, 10))]).unwrap();
    let tree = dir.path().join("tree.sled");
    let whole = tree.join("0000");
    for left in [&[][..], &["conf"][..], &["conf", "db"][..]] {
        let making = tree.join("0001.new");
        fs::create_dir_all(making.join("blobs")).unwrap();
        for name in left {
            fs::copy(whole.join(name), making.join(name)).unwrap();
        }
        let objects = open(dir.path(), &options);
        assert_eq!(names(dir.path()), ["0000"], "a crash left {left:?}");
        assert_eq!(objects.get(run(0)).unwrap(), Some(noise(1, 10)));
    }
    open(dir.path(), &options).put(vec![(run(256), noise(2, 10))]).unwrap();
    assert_eq!(open(dir.path(), &options).get(run(256)).unwrap(), Some(noise(2, 10)));
}

#[test]
fn what_has_another_name_is_left_alone() {
    let dir = TempDir::new().unwrap();
    let options = small(256, 4);
    create(dir.path(), &options).put(vec![(run(0), noise(1, 10))]).unwrap();
    for name in ["0000.aside", "1.new", "notes"] {
        fs::create_dir(dir.path().join("tree.sled").join(name)).unwrap();
    }
    drop(open(dir.path(), &options));
    assert_eq!(names(dir.path()), ["0000", "0000.aside", "1.new", "notes"]);
}

#[test]
fn a_volume_without_its_file_is_broken_and_not_new() {
    let dir = TempDir::new().unwrap();
    let options = small(256, 4);
    create(dir.path(), &options).put(vec![(run(0), noise(1, 10))]).unwrap();
    let db = dir.path().join("tree.sled/0000/db");
    File::options().write(true).open(&db).unwrap().set_len(0).unwrap();
    for _ in 0..2 {
        match SledObjects::open(&dir.path().join("tree.sled"), options) {
            Err(error @ ObjectsError::VolumeBroken { .. }) => {
                assert!(error.to_string().contains("indelible rebuild"), "{error}");
            }
            other => panic!("{other:?}"),
        }
        fs::remove_file(&db).unwrap_or_default();
    }
}

#[test]
fn a_broken_older_volume_costs_only_itself() {
    let dir = TempDir::new().unwrap();
    let options = small(256, 4);
    let objects = create(dir.path(), &options);
    for volume in 0..3 {
        objects.put(vec![(run(volume * 256), noise(volume, 10))]).unwrap();
    }
    drop(objects);
    fs::remove_file(dir.path().join("tree.sled/0001/db")).unwrap();
    let objects = open(dir.path(), &options);
    for _ in 0..2 {
        assert!(matches!(objects.get(run(256)), Err(ObjectsError::VolumeBroken { .. })));
    }
    assert_eq!(objects.get(run(0)).unwrap(), Some(noise(0, 10)));
    assert_eq!(objects.last_run().unwrap(), Some((512, noise(2, 10))));
    objects.put(vec![(run(513), noise(9, 10))]).unwrap();
}

#[test]
fn only_so_many_older_volumes_stay_open() {
    let dir = TempDir::new().unwrap();
    let options = small(256, 2);
    let objects = create(dir.path(), &options);
    for volume in 0..6 {
        objects.put(vec![(run(volume * 256), noise(volume, 10))]).unwrap();
    }
    assert_eq!(open_volumes(dir.path()), [5], "nobody writes the others any more");
    for (read, left_open) in [
        (0, &[0, 5][..]),
        (4, &[0, 4, 5]),
        (2, &[2, 4, 5]),
        (5, &[2, 4, 5]),
        (3, &[2, 3, 5]),
    ] {
        assert_eq!(objects.get(run(read * 256)).unwrap(), Some(noise(read, 10)));
        assert_eq!(open_volumes(dir.path()), left_open, "after reading volume {read}");
    }
    drop(objects);
    let objects = open(dir.path(), &options);
    assert_eq!(open_volumes(dir.path()), [5], "a start opens the newest only");
    drop(objects);
}

#[test]
fn readers_of_more_volumes_than_may_be_open_get_right_values() {
    const VOLUMES: u64 = 6;
    let dir = TempDir::new().unwrap();
    let options = small(256, 1);
    let objects = create(dir.path(), &options);
    for volume in 0..VOLUMES {
        objects
            .put(vec![
                (run(volume * 256), noise(volume, 1000)),
                (tile(0, volume), noise(volume, 8704)),
            ])
            .unwrap();
    }
    thread::scope(|scope| {
        for reader in 0..4u64 {
            let objects = &objects;
            scope.spawn(move || {
                for step in 0..60 {
                    // Each reader walks in its own stride, so that they want different volumes at one time.
                    let volume = (reader + step * (reader + 1)) % VOLUMES;
                    assert_eq!(objects.get(tile(0, volume)).unwrap(), Some(noise(volume, 8704)));
                    assert_eq!(objects.runs(volume).unwrap()[0], (volume * 256, noise(volume, 1000)));
                }
            });
        }
        for step in 1..50 {
            objects
                .put(vec![(run((VOLUMES - 1) * 256 + step), noise(step, 1000))])
                .unwrap();
        }
    });
    assert_eq!(objects.get(run(0)).unwrap(), Some(noise(0, 1000)));
    assert!(open_volumes(dir.path()).len() <= 2);
}

#[test]
fn a_second_opener_is_refused() {
    let dir = TempDir::new().unwrap();
    let options = small(256, 1);
    let objects = create(dir.path(), &options);
    objects.put(vec![(run(0), noise(1, 10))]).unwrap();
    let second = SledObjects::open(&dir.path().join("tree.sled"), options);
    assert!(matches!(second, Err(ObjectsError::InUse { .. })), "{second:?}");
    assert_eq!(objects.get(run(0)).unwrap(), Some(noise(1, 10)));
}

#[test]
fn after_a_failed_put_nothing_is_put_and_reads_go_on() {
    let dir = TempDir::new().unwrap();
    let options = small(256, 1);
    let objects = create(dir.path(), &options);
    objects.put(vec![(run(0), noise(1, 10))]).unwrap();
    // What is in the way of the new volume's name makes its creation fail at the very last step.
    let in_the_way = dir.path().join("tree.sled/0001/something");
    fs::create_dir_all(&in_the_way).unwrap();
    let failed = objects.put(vec![(run(256), noise(2, 10))]);
    assert!(
        matches!(failed, Err(ObjectsError::Io { act: "rename", .. })),
        "{failed:?}"
    );
    let refused = objects.put(vec![(run(1), noise(3, 10))]);
    assert!(
        matches!(&refused, Err(ObjectsError::Poisoned { reason }) if reason.contains("rename")),
        "{refused:?}"
    );
    assert_eq!(objects.get(run(0)).unwrap(), Some(noise(1, 10)));
    assert_eq!(objects.get(run(1)).unwrap(), None);
    drop(objects);
    fs::remove_dir_all(in_the_way.parent().unwrap()).unwrap();
    let objects = open(dir.path(), &options);
    objects.put(vec![(run(256), noise(2, 10))]).unwrap();
    assert_eq!(objects.last_run().unwrap(), Some((256, noise(2, 10))));
}

#[test]
fn homes_are_not_guessed() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("tree.sled");
    let options = small(256, 1);
    assert!(matches!(
        SledObjects::open(&path, options),
        Err(ObjectsError::Missing { .. })
    ));
    assert!(!path.exists());
    for entries in [0, 1, 255, 257] {
        let refused = SledObjects::create(
            &path,
            Options {
                volume_entries: entries,
                ..Options::default()
            },
        );
        assert!(matches!(refused, Err(ObjectsError::VolumeEntries { entries: named }) if named == entries));
    }
    create(dir.path(), &options).put(vec![(run(0), noise(1, 10))]).unwrap();
    assert!(matches!(
        SledObjects::create(&path, options),
        Err(ObjectsError::Exists { .. })
    ));
}

#[test]
fn a_home_dropped_without_closing_opens_as_it_was() {
    let dir = TempDir::new().unwrap();
    let options = small(256, 4);
    let objects = create(dir.path(), &options);
    for first in (0..600).step_by(50) {
        objects.put(vec![(run(first), noise(first, 3000))]).unwrap();
    }
    let copy = TempDir::new().unwrap();
    copy_dir(dir.path(), copy.path());
    let copied = open(copy.path(), &options);
    for first in (0..600).step_by(50) {
        assert_eq!(copied.get(run(first)).unwrap(), Some(noise(first, 3000)), "{first}");
    }
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir.join("tree.sled")).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The volumes that are open, as anybody can see by their locks. A volume may be let go a moment after it was closed.
fn open_volumes(dir: &Path) -> Vec<u64> {
    thread::sleep(std::time::Duration::from_millis(20));
    let is_open = |name: &String| {
        let db = File::open(dir.join("tree.sled").join(name).join("db")).unwrap();
        db.try_lock().is_err()
    };
    names(dir)
        .into_iter()
        .filter(is_open)
        .map(|name| name.parse().unwrap())
        .collect()
}
