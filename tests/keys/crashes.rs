//! A change of the key that is interrupted anywhere leaves a log that starts.
//!
//! Each step of the change is one rename or one frame, so that all states that a crash can leave are made here from those before
//! and behind it.

use std::fs;

use crate::standing::{append, assert_done, get, rotate};
use crate::support::{Bed, stderr, stdout};

/// A log of one entry, and a copy of its directory beside it.
struct Before {
    bed: Bed,
    old_key: Vec<u8>,
    old_vkey: Vec<u8>,
}

impl Before {
    fn new() -> Before {
        let bed = Bed::with_log();
        let server = bed.serve();
        append(&bed, &server, "old.vkey", &bed.vkey(), &["zero"]);
        server.stop();
        Before {
            old_key: fs::read(bed.path("log/log.key")).unwrap(),
            old_vkey: fs::read(bed.path("log/log.vkey")).unwrap(),
            bed,
        }
    }

    /// Puts files for their owner alone.
    fn put(&self, name: &str, content: &[u8]) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.bed.write(name, content);
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// The log starts under this key, takes an entry, and holds.
    fn goes_on(&self, vkey: &[u8]) {
        let bed = &self.bed;
        let server = bed.serve();
        assert_eq!(
            fs::read(bed.path("log/log.vkey")).unwrap(),
            vkey,
            "the public half is that of the key in force"
        );
        append(
            bed,
            &server,
            &format!("{}.vkey", bed.vkey().id()),
            &bed.vkey(),
            &["more"],
        );
        server.stop();
        assert_done(&bed.run(&["fsck", "--data", "log"]));
    }
}

/// In front of the frame the old key is in force, and the next change takes the key that lies ready.
#[test]
fn before_the_frame_nothing_has_happened() {
    let before = Before::new();
    let bed = &before.bed;
    let ready = bed.run(&["keygen", "--origin", "test.example/log", "--out", "log/log.key.next"]);
    assert_done(&ready);
    // Half of a file that was never put in its place.
    before.put("log/log.key.next.new", b"PRIVATE+KEY+te");
    before.goes_on(&before.old_vkey.clone());
    let rotated = rotate(bed);
    assert_eq!(rotated.stdout, ready.stdout, "the key that lay ready");
    before.goes_on(&ready.stdout);
}

/// Behind the frame the new key is in force: the start puts it in its place, whatever of that was done.
#[test]
fn behind_the_frame_the_start_finishes() {
    for steps_done in 0..4 {
        let before = Before::new();
        let bed = &before.bed;
        let old_id = bed.vkey().id();
        rotate(bed);
        let (new_key, new_vkey) = (
            fs::read(bed.path("log/log.key")).unwrap(),
            fs::read(bed.path("log/log.vkey")).unwrap(),
        );
        let retired = format!("log/log.key.retired-{old_id}");
        // As they were before the last steps.
        if steps_done < 3 {
            before.bed.write("log/log.vkey", &before.old_vkey);
        }
        if steps_done < 2 {
            before.put("log/log.key.next", &new_key);
            before.put("log/log.key", &before.old_key);
        }
        if steps_done < 1 {
            fs::remove_file(bed.path(&retired)).unwrap();
            before.put(&format!("{retired}.new"), b"PRIVATE");
        }
        before.goes_on(&new_vkey);
        assert_eq!(
            fs::read(bed.path("log/log.key")).unwrap(),
            new_key,
            "{steps_done} steps done"
        );
        assert_eq!(
            fs::read(bed.path(&retired)).unwrap(),
            before.old_key,
            "{steps_done} steps done"
        );
        assert!(!bed.path("log/log.key.next").exists(), "{steps_done} steps done");
    }
}

/// Who runs the command again, because it did not come back, gets one change and not two.
#[test]
fn running_it_again_finishes_and_does_no_more() {
    let before = Before::new();
    let bed = &before.bed;
    rotate(bed);
    let (new_key, new_vkey) = (
        fs::read(bed.path("log/log.key")).unwrap(),
        fs::read(bed.path("log/log.vkey")).unwrap(),
    );
    before.put("log/log.key.next", &new_key);
    before.put("log/log.key", &before.old_key);
    bed.write("log/log.vkey", &before.old_vkey);
    let again = rotate(bed);
    assert_eq!(again.stdout, new_vkey);
    assert!(stderr(&again).contains("had been interrupted"), "{}", stderr(&again));
    let shown = bed.run(&["key", "show", "--data", "log"]);
    assert_eq!(stdout(&shown).lines().count(), 2, "{}", stdout(&shown));
    before.goes_on(&new_vkey);
}

/// The frame begins a segment, so that it is there whole or not at all.
#[test]
fn half_a_segment_is_no_change() {
    let before = Before::new();
    let bed = &before.bed;
    let twin = bed.path("twin");
    copy_folder(&bed.log(), &twin);
    rotate(bed);
    let segment = fs::read(bed.path("log/journal/00000001.seg")).unwrap();
    fs::remove_dir_all(bed.log()).unwrap();
    fs::rename(twin, bed.log()).unwrap();
    bed.write("log/journal/00000001.seg.new", &segment[..300]);
    before.goes_on(&before.old_vkey.clone());
    let server = bed.serve();
    let keys = String::from_utf8(get(&server, "/keys")).unwrap();
    assert_eq!(keys.into_bytes(), before.old_vkey);
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_folder(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}
