//! Writes that the system takes in part: up to any byte of a frame, and of what sled writes.

use std::fs::File;
use std::os::unix::fs::FileExt;

use bytes::Bytes;

use crate::at_once;
use crate::injected::{journal_failed, until};
use crate::kept::Kept;
use crate::shim;
use crate::support::{Bed, Server, skipped, stderr};

/// Where a frame of three sectors is cut: in and behind its header, at and around the borders of its sectors, in its padding.
const CUTS: [usize; 10] = [0, 1, 63, 64, 511, 512, 513, 1_000, 1_024, 1_535];

#[tokio::test(flavor = "multi_thread", worker_threads = 16)]
async fn a_frame_that_was_taken_in_part_is_not_in_the_log() {
    let cases: Vec<(&str, usize)> = CUTS.iter().flat_map(|cut| [("TEAR", *cut), ("TEAR!", *cut)]).collect();
    at_once::run(cases, 12, |(mark, cut)| async move {
        let bed = Bed::with_log();
        let mut kept = Kept::of(&bed);
        let Some(serve) = shim::serve(&bed) else {
            return skipped(shim::NEEDS);
        };
        let server = Server::start(serve);
        kept.append(&server).await.unwrap();
        let torn = torn(&mut kept, mark, ".seg", cut);
        let refused = kept.append_batch(&server, vec![torn]).await.unwrap_err().to_string();
        assert!(
            refused.contains("cannot write its journal") && refused.contains("No space left"),
            "{refused}"
        );
        journal_failed(server, &mut kept).await;
        let size = kept.acknowledged();
        if mark == "TEAR!" && (1..HEADER_ENDS).contains(&cut) {
            make_recognisable(&bed);
        }
        kept.check_restart(&bed).await;
        // Where the disk took nothing more, of a frame that lacks only zeros all is there.
        assert!(
            kept.size() == size + 2 || mark == "TEAR!" && cut > 1_300,
            "what was taken in part has gone"
        );
    })
    .await;
}

/// Part of a header, which the disk did not let the writer take back, could be anything: the log is refused, and not changed. Does
/// what the writer could not do.
fn make_recognisable(bed: &Bed) {
    let refused = bed.run(&["serve", "--open", "--data", "log", "--listen", "127.0.0.1:0"]);
    let words = stderr(&refused);
    assert_eq!(refused.status.code(), Some(2), "{words}");
    let (_, offset) = words.split_once("00000000.seg is damaged at byte ").unwrap();
    let offset = offset.split(':').next().unwrap().parse().unwrap();
    let segment = File::options()
        .write(true)
        .open(bed.path("log/journal/00000000.seg"))
        .unwrap();
    segment.write_all_at(&[0; 512], offset).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 16)]
async fn a_seal_that_was_taken_in_part_is_done_again() {
    at_once::run([0, 1, 20, 100, 500], 5, |cut| async move {
        let bed = Bed::with_log();
        let mut kept = Kept::of(&bed);
        let Some(serve) = shim::serve(&bed) else {
            return skipped(shim::NEEDS);
        };
        let server = Server::start(serve);
        let torn = torn(&mut kept, "TEAR", "/db", cut);
        kept.append_batch(&server, vec![torn]).await.unwrap();
        until("health says that sealing has stopped", || {
            server.get("/healthz") == (200, b"degraded: sealing has stopped\n".to_vec())
        })
        .await;
        kept.append(&server).await.unwrap();
        kept.check(&server).await;
        let (ended, said) = server.stop();
        assert!(ended.success(), "{ended}: {said:#?}");
        assert!(
            said.iter().any(|line| line.contains("sealing has stopped")),
            "{said:#?}"
        );
        kept.check_restart(&bed).await;
    })
    .await;
}

/// The byte of a header from which on it has only zeros.
const HEADER_ENDS: usize = 48;

/// An entry at which the shim strikes, of more than two sectors.
fn torn(kept: &mut Kept, mark: &str, suffix: &str, cut: usize) -> Bytes {
    kept.next(format!("{mark} {suffix} {cut}; {}", "x".repeat(1_100)).as_bytes())
}
