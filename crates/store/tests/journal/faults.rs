//! A disk that fails: the journal takes no more writes, and what it holds is decided when it is opened anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Bytes;
use indelible_store::journal::codec::{Chain, Seal, complete, decode, encode};
use indelible_store::journal::{
    Attachment, FileJournal, Frame, Journal, JournalError, Options, Reason, attachment_places,
};
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
    let name = "faults::after_a_failed_blanking_no_write_is_taken";
    if let Some((path, limit)) = told_by_parent() {
        return blank_with_limit(&path, limit);
    }
    let home = directory();
    let path = home.path().join("journal");
    run_limited(name, &path, 512);
    let (journal, _) = FileJournal::open(&path, Options::default()).expect("sound");
    assert_eq!(journal.size(), 3);
}

fn blank_with_limit(path: &Path, limit: u64) {
    let journal = FileJournal::create(path, &genesis(), Options::default()).expect("a new journal");
    let mut first = frame(0);
    first.records[0].attachments.push("alice".into());
    let place = attachment_places(&first, journal.append(&first).expect("sound"))[0][0];
    journal.append(&frame(1)).expect("sound");

    // A call that fails before anything is written leaves the journal as it was.
    let aside = path.with_file_name("aside");
    fs::rename(path, &aside).expect("moved");
    assert!(matches!(
        journal.blank(&[place]),
        Err(JournalError::Io { action: "open", .. })
    ));
    fs::rename(&aside, path).expect("moved back");
    journal.append(&frame(2)).expect("nothing was in doubt");

    limit_files_to(limit);
    assert!(matches!(
        journal.blank(&[place]),
        Err(JournalError::Io { action: "write to", .. })
    ));
    assert_poisoned(&journal);
    assert_eq!(
        journal.read(&place).expect("reads go on"),
        Attachment::Present("alice".into())
    );
}

/// The system takes only a part of a frame, up to any byte, and then refuses: a true short write.
#[test]
fn a_short_write_is_a_tear_whatever_byte_it_ends_at() {
    let name = "faults::a_short_write_is_a_tear_whatever_byte_it_ends_at";
    if let Some((path, limit)) = told_by_parent() {
        return append_up_to(&path, limit);
    }
    // Genesis and frames of two sectors. The first limits lie inside zeros that are there, the others where the file grows.
    for begin in [512 + 9 * 1024, 512 + 255 * 1024_u64] {
        for taken in [0, 1, 63, 64, 100, 511, 512, 513, 700, 1023] {
            let home = directory();
            let path = home.path().join("journal");
            let limit = begin + taken;
            run_limited(name, &path, limit);
            let acknowledged = fs::read_to_string(path.join("acknowledged")).expect("the child told");
            assert_eq!(acknowledged, ((begin - 512) / 1024).to_string(), "{limit}");

            let (journal, _) = FileJournal::open(&path, Options::default())
                .unwrap_or_else(|error| panic!("{limit}: a short write is no damage: {error}"));
            assert_eq!(journal.size().to_string(), acknowledged, "{limit}");
            assert_eq!(frames(&journal).len() as u64, journal.size(), "{limit}");
            journal.append(&frame(journal.size())).expect("the journal goes on");
        }
    }
}

fn append_up_to(path: &Path, limit: u64) {
    let journal = FileJournal::create(path, &genesis(), Options::default()).expect("a new journal");
    limit_files_to(limit);
    loop {
        match journal.append(&frame(journal.size())) {
            Ok(_) => assert!(journal.size() < 1000, "the limit must be met"),
            Err(JournalError::Io { action: "write to", .. }) => break,
            Err(other) => panic!("the system must refuse: {other}"),
        }
    }
    assert_poisoned(&journal);
    assert_eq!(frames(&journal).len() as u64, journal.size(), "reads go on");
    fs::write(path.join("acknowledged"), journal.size().to_string()).expect("a short file is within the limit");
}

/// A header that promises more than there is: a process without that much memory answers all the same.
#[test]
fn a_hostile_length_allocates_nothing() {
    if let Some((_, limit)) = told_by_parent() {
        return decode_with_little_memory(limit);
    }
    run_limited("faults::a_hostile_length_allocates_nothing", Path::new("none"), 1 << 30);
}

fn decode_with_little_memory(limit: u64) {
    let chain = Chain {
        seal: Seal::of(&genesis().seed),
        previous: 0,
        size: 0,
    };
    let mut buffer = Vec::new();
    let mut header = encode(&frame(0), &chain, &mut buffer).expect("sound");
    setrlimit(
        Resource::As,
        Rlimit {
            current: Some(limit),
            maximum: Some(limit),
        },
    )
    .expect("a limit may be lowered");
    header.count = u32::MAX;
    assert_eq!(decode(&header, &Bytes::from(buffer.clone())), Err(Reason::Lengths));
    header.length = u64::MAX - 1024;
    assert!(matches!(
        complete(&header, Bytes::from(buffer)),
        Err(Reason::Short { .. })
    ));
}

/// Runs a test of this file again, in a process of its own that will put itself under a limit of so many bytes.
///
/// One that writes beyond a limit is killed unless it ignores a signal, and only a parent can arrange that without unsafe code.
fn run_limited(test: &str, path: &Path, limit: u64) {
    let child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().expect("this test"))
        .args(["--exact", test, "--nocapture"])
        .env(PATH, path)
        .env(LIMIT, limit.to_string())
        .output()
        .expect("there is a shell");
    assert!(
        child.status.success(),
        "{limit}: {}",
        String::from_utf8_lossy(&child.stderr)
    );
}

fn told_by_parent() -> Option<(PathBuf, u64)> {
    let path = std::env::var_os(PATH)?;
    Some((PathBuf::from(path), std::env::var(LIMIT).ok()?.parse().ok()?))
}

fn limit_files_to(bytes: u64) {
    let limit = Rlimit {
        current: Some(bytes),
        maximum: Some(bytes),
    };
    setrlimit(Resource::Fsize, limit).expect("a limit may be lowered");
}

const PATH: &str = "INDELIBLE_TEST_JOURNAL";
const LIMIT: &str = "INDELIBLE_TEST_LIMIT_BYTES";
