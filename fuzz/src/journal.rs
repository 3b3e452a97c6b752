//! A journal's directory after something has changed its bytes: it is refused, or what it replays is what was written.
//!
//! The bytes are read as a script of changes to a genuine segment; sectors that are lost, as in a crash, among them.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use bytes::Bytes;
use indelible_store::journal::codec::{Chain, SECTOR_BYTES, Seal, encode, encode_genesis};
use indelible_store::journal::{FileJournal, Frame, Genesis, Journal, Kind, Options, Record};
use tempfile::TempDir;

use super::Verdict;

/// Scripts that change nothing, cut off what is empty, and tear the last frame.
pub fn seeds() -> Vec<Vec<u8>> {
    let at = |from_end: usize| {
        u16::try_from(GENUINE.segment.len() - from_end)
            .expect("a small segment")
            .to_be_bytes()
    };
    let script = |from_end: usize, change: u8| [&at(from_end)[..], &[change]].concat();
    vec![
        Vec::new(),
        script(1, ZERO),
        script(600, CUT),
        [script(1100, ZERO), script(10, CUT)].concat(),
    ]
}

/// What opens replays the frames that were written, in their order and up to the closing record if that is still there; and once
/// it has been opened, and so repaired, it opens again as it is.
///
/// Without the closing record, frames may have gone unnoticed: a file cut between frames is an older copy, which only a memory
/// outside can tell.
pub fn check(bytes: &[u8]) -> Verdict {
    let genuine = &*GENUINE;
    let mut segment = genuine.segment.clone();
    // A script that ends early has made its changes all the same.
    let _ended_early = change(&mut Unstructured::new(bytes), &mut segment);
    DIRECTORY.with_borrow(|directory| {
        fs::write(directory.path().join("00000000.seg"), &segment).expect("a segment can be written");
        let Ok((journal, _opened)) = FileJournal::open(directory.path(), Options::default()) else {
            assert_ne!(segment, genuine.segment, "what nobody touched was refused");
            return Verdict::Refused;
        };
        let replayed = journal
            .replay(0)
            .expect("the first frame is there")
            .collect::<std::result::Result<Vec<_>, _>>();
        let Ok(replayed) = replayed else {
            return Verdict::Refused;
        };
        let closing = segment.get(genuine.closing..genuine.closing + SECTOR_BYTES);
        if closing == Some(&genuine.segment[genuine.closing..][..SECTOR_BYTES]) {
            assert!(replayed.len() >= genuine.closed, "a closed frame is gone");
        }
        for (replayed, written) in replayed.iter().zip(&genuine.frames) {
            let same = replayed.frame == *written;
            assert!(
                same || !replayed.absent.is_empty(),
                "a changed frame was replayed: {replayed:?}"
            );
        }
        assert!(replayed.len() <= genuine.frames.len());
        drop(journal);
        let (again, opened) = FileJournal::open(directory.path(), Options::default()).expect("it was open just now");
        assert_eq!(
            (opened.cut, again.replay(0).expect("as before").count()),
            (None, replayed.len())
        );
        Verdict::Accepted
    })
}

fn change(script: &mut Unstructured<'_>, segment: &mut Vec<u8>) -> Result<()> {
    while !script.is_empty() && segment.len() > 1 {
        let at = script.choose_index(segment.len())?;
        let sector = at - at % SECTOR_BYTES;
        let sector_end = segment.len().min(sector + SECTOR_BYTES);
        match script.int_in_range(0..=4_u8)? {
            0 => segment[at] ^= 1 << script.int_in_range(0..=7)?,
            1 => segment[at] = script.arbitrary()?,
            ZERO => segment[sector..sector_end].fill(0),
            CUT => segment.truncate(at),
            _ => {
                let copied = segment[sector..sector_end].to_vec();
                let to = script.choose_index(segment.len())? / SECTOR_BYTES * SECTOR_BYTES;
                let end = segment.len().min(to + copied.len());
                segment[to..end].copy_from_slice(&copied[..end - to]);
            }
        }
    }
    Ok(())
}

const ZERO: u8 = 2;
const CUT: u8 = 3;

struct Genuine {
    segment: Vec<u8>,
    /// Without closing records, as they are replayed.
    frames: Vec<Frame>,
    /// How many of the frames stand in front of the closing record.
    closed: usize,
    /// The byte at which that record begins.
    closing: usize,
}

/// Two commits, a closing record, a key change and a commit of several sectors.
static GENUINE: LazyLock<Genuine> = LazyLock::new(|| {
    let genesis = Genesis {
        seed: [3; 16],
        description: Bytes::from_static(b"test"),
        note: Bytes::from_static(b"empty tree"),
    };
    let written = [
        frame(Kind::Commit, 0, &[b"one", b"two"], b"head of 2"),
        frame(Kind::Commit, 2, &[&[7; 600]], b"head of 3"),
        frame(Kind::Closing, 3, &[], b""),
        frame(Kind::KeyChange, 3, &[], b"statement"),
        frame(Kind::Commit, 3, &[&[8; 700], &[0; 1200]], b"head of 5"),
    ];
    // By the codec alone: the writer begins a segment with a key change, and readers take it wherever it stands.
    let (mut segment, mut buffer) = (Vec::new(), Vec::new());
    let header = encode_genesis(&genesis, &mut segment).expect("a sound genesis");
    let mut chain = Chain::behind(&header, Seal::of(&genesis.seed));
    let places = written.each_ref().map(|frame| {
        let place = segment.len();
        let header = encode(frame, &chain, &mut buffer).expect("a sound frame");
        segment.extend_from_slice(&buffer);
        chain = Chain::behind(&header, chain.seal);
        place
    });
    segment.resize(segment.len() + 2 * SECTOR_BYTES, 0);
    Genuine {
        segment,
        closed: 2,
        closing: places[2],
        frames: written
            .into_iter()
            .filter(|frame| frame.kind != Kind::Closing)
            .collect(),
    }
});

thread_local! {
    static DIRECTORY: RefCell<TempDir> = RefCell::new(directory());
}

/// A place for many short syncs: in memory where the system has one.
fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = match memory.is_dir() {
        true => TempDir::new_in(memory),
        false => TempDir::new(),
    };
    made.expect("a temporary directory can be made")
}

fn frame(kind: Kind, first: u64, entries: &[&'static [u8]], note: &'static [u8]) -> Frame {
    let record = |entry: &&'static [u8]| Record {
        entry: Bytes::from_static(entry),
        attachments: Vec::new(),
    };
    Frame {
        kind,
        first,
        records: entries.iter().map(record).collect(),
        note: Bytes::from_static(note),
    }
}
