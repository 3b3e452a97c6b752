//! A disk that fails: the journal takes no more writes, and what it holds is decided when it is opened anew.

use std::fs;
use std::path::Path;
use std::process::Command;

use indelible_store::journal::{FileJournal, Frame, Journal, JournalError, Options, attachment_places};
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::support::{commit, directory, frames, genesis, record};

fn frame(first: u64) -> Frame {
    commit(first, vec![record(&[b'f'; 700])])
}

fn assert_poisoned(journal: &FileJournal) {
    assert!(matches!(
        journal.append(&frame(journal.size())),
        Err(JournalError::Poisoned)
    ));
    assert!(matches!(journal.blank(&[]), Err(JournalError::Poisoned)));
}

/// The directory is gone at the moment when a segment is to be made in it, and there again afterwards.
#[test]
fn after_a_failed_append_no_write_is_taken_and_reads_go_on() {
    let home = directory();
    let (path, aside) = (home.path().join("journal"), home.path().join("aside"));
    let small = Options { segment_bytes: 512 };
    let journal = FileJournal::create(&path, &genesis(), small).expect("a new journal");
    journal.append(&frame(0)).expect("sound");
    fs::rename(&path, &aside).expect("moved");
    match journal.append(&frame(1)) {
        Err(JournalError::Io {
            action: "create", file, ..
        }) => assert!(file.ends_with("00000002.seg.new")),
        other => panic!("without its directory no segment can be made: {other:?}"),
    }
    fs::rename(&aside, &path).expect("moved back");
    assert_poisoned(&journal);
    assert_eq!((journal.size(), frames(&journal)), (1, vec![frame(0)]), "reads go on");
    drop(journal);
    let (journal, _) = FileJournal::open(&path, small).expect("sound");
    journal.append(&frame(1)).expect("opened anew, the journal goes on");
}

#[test]
fn after_a_failed_blanking_no_write_is_taken() {
    let home = directory();
    let (path, aside) = (home.path().join("journal"), home.path().join("aside"));
    let journal = FileJournal::create(&path, &genesis(), Options::default()).expect("a new journal");
    let mut first = frame(0);
    first.records[0].attachments.push("alice".into());
    let place = attachment_places(&first, journal.append(&first).expect("sound"))[0][0];
    journal.append(&frame(1)).expect("sound");
    // A call that is refused before anything is written leaves the journal as it was.
    fs::rename(&path, &aside).expect("moved");
    assert!(matches!(
        journal.blank(&[place]),
        Err(JournalError::Io { action: "open", .. })
    ));
    fs::rename(&aside, &path).expect("moved back");
    journal.append(&frame(2)).expect("nothing was in doubt");

    fs::set_permissions(path.join("00000000.seg"), read_only()).expect("set");
    match journal.blank(&[place]) {
        Err(JournalError::Io { action: "open", .. }) => assert_poisoned(&journal),
        // The superuser writes to what is read-only.
        Ok(()) => journal.append(&frame(3)).map(drop).expect("nothing is in doubt"),
        other => panic!("a read-only file cannot be blanked: {other:?}"),
    }
}

fn read_only() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o400)
}

/// The system takes only a part of a frame, at any byte, and then refuses: a true short write.
///
/// The limit on the length of files does that, and kills the process unless the signal is ignored, which only a parent can
/// arrange without unsafe code: so this test runs itself again as a child of a shell.
#[test]
fn a_short_write_is_a_tear_whatever_byte_it_ends_at() {
    let name = "faults::a_short_write_is_a_tear_whatever_byte_it_ends_at";
    if let (Ok(path), Ok(limit)) = (std::env::var("SHORT_WRITE_JOURNAL"), std::env::var("SHORT_WRITE_BYTES")) {
        return append_up_to(Path::new(&path), limit.parse().expect("a number"));
    }
    // Genesis and 255 frames of two sectors fill the first zeros; the 256th write makes the file longer.
    let full = 256_u64 << 10;
    for limit in [
        full,
        full + 1,
        full + 63,
        full + 64,
        full + 200,
        full + 511,
        full + 512,
        full + 513,
        full + 1023,
    ] {
        let home = directory();
        let path = home.path().join("journal");
        let status = Command::new("sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
            .arg(std::env::current_exe().expect("this test"))
            .args(["--exact", name, "--nocapture"])
            .env("SHORT_WRITE_JOURNAL", &path)
            .env("SHORT_WRITE_BYTES", limit.to_string())
            .output()
            .expect("there is a shell");
        assert!(
            status.status.success(),
            "{limit}: {}",
            String::from_utf8_lossy(&status.stderr)
        );
        let acknowledged: u64 = fs::read_to_string(path.join("acknowledged"))
            .expect("told")
            .parse()
            .expect("a number");

        let (journal, opened) = FileJournal::open(&path, Options::default()).expect("a short write is no damage");
        assert_eq!(journal.size(), acknowledged, "{limit}");
        assert_eq!(frames(&journal).len() as u64, acknowledged, "{limit}");
        assert!(opened.cut.is_none() || limit > full, "{limit}: {opened:?}");
        journal.append(&frame(acknowledged)).expect("the journal goes on");
    }
}

fn append_up_to(path: &Path, bytes: u64) {
    let journal = FileJournal::create(path, &genesis(), Options::default()).expect("a new journal");
    setrlimit(
        Resource::Fsize,
        Rlimit {
            current: Some(bytes),
            maximum: Some(bytes),
        },
    )
    .expect("it may be lowered");
    loop {
        match journal.append(&frame(journal.size())) {
            Ok(_) => assert!(journal.size() < 1000, "the limit must be met"),
            Err(JournalError::Io { action: "write to", .. }) => break,
            Err(other) => panic!("the system must refuse: {other}"),
        }
    }
    assert_poisoned(&journal);
    assert_eq!(frames(&journal).len() as u64, journal.size(), "reads go on");
    fs::write(path.join("acknowledged"), journal.size().to_string()).expect("below the limit");
}
