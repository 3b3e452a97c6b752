//! A disk that is full: a clear refusal, nothing lost, reads go on; and with room again, all goes on.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use bytes::Bytes;

use crate::injected::{journal_failed, until};
use crate::kept::Kept;
use crate::support::{Bed, skipped, stderr};

/// A small disk of its own, in memory.
struct Disk(PathBuf);

impl Disk {
    /// Mounts one there; `None` where that is not allowed.
    fn mount(place: PathBuf, mib: u64) -> Option<Disk> {
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &format!("size={mib}m"), "tmpfs"])
            .arg(&place);
        mount
            .output()
            .is_ok_and(|mounted| mounted.status.success())
            .then_some(Disk(place))
    }

    fn grow(&self, mib: u64) {
        let mut mount = Command::new("mount");
        mount.args(["-o", &format!("remount,size={mib}m")]).arg(&self.0);
        assert!(mount.status().unwrap().success());
    }

    /// Fills it up to the last `left` bytes.
    fn fill(&self, left: u64) {
        let disk = rustix::fs::statvfs(&self.0).unwrap();
        let free = disk.f_bavail * disk.f_frsize;
        let zeros = vec![0; usize::try_from(free.saturating_sub(left)).unwrap()];
        File::create(self.ballast()).unwrap().write_all(&zeros).unwrap();
    }

    fn empty(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

const NEEDS: &str = "root, to mount a small disk";

/// The segment must grow and cannot.
#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_cannot_grow_stops_the_log_and_loses_nothing() {
    let (bed, elsewhere) = (Bed::new(), Bed::new());
    let Some(disk) = Disk::mount(bed.path(""), 40) else {
        return skipped(NEEDS);
    };
    let mut kept = on(&bed, &elsewhere, "");
    let server = bed.serve();
    kept.append(&server).await.unwrap();
    // Sled makes its file of 8 MiB while there is room.
    tokio::time::sleep(Duration::from_millis(1_800)).await;
    disk.fill(64 << 10);
    let refused = loop {
        if let Err(refused) = kept.append(&server).await {
            break refused.to_string();
        }
        assert!(kept.acknowledged() < 2_000, "the disk must become full");
    };
    assert!(
        refused.contains("Unavailable") && refused.contains("No space left on device"),
        "{refused}"
    );
    assert!(
        kept.acknowledged() > 100,
        "the journal has room of its own: {}",
        kept.acknowledged()
    );
    journal_failed(server, &mut kept).await;
    still_full(&bed);
    disk.empty();
    kept.check_restart(&bed).await;
}

/// The journal must begin a segment and cannot.
#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_cannot_be_begun_stops_the_log_and_loses_nothing() {
    let (bed, elsewhere) = (Bed::new(), Bed::new());
    let Some(disk) = Disk::mount(bed.path(""), 60) else {
        return skipped(NEEDS);
    };
    let mut kept = on(&bed, &elsewhere, "segment_mib = 8\n");
    let server = bed.serve();
    for _ in 0..2 {
        let entries = large(&mut kept, 65);
        kept.append_batch(&server, entries).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(1_800)).await;
    disk.fill(300 << 10);
    let entries = large(&mut kept, 10);
    let refused = kept.append_batch(&server, entries).await.unwrap_err().to_string();
    assert!(
        refused.contains("Unavailable") && refused.contains("00000001.seg.new"),
        "{refused}"
    );
    journal_failed(server, &mut kept).await;
    assert!(!bed.path("log/journal/00000001.seg").exists());
    still_full(&bed);
    disk.empty();
    kept.check_restart(&bed).await;
}

/// Sled has a small disk to itself.
#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_can_be_sealed_appends_go_on_until_the_backlog_is_full() {
    let (bed, elsewhere) = (Bed::new(), Bed::new());
    let mut kept = on(&bed, &elsewhere, "backlog_mib = 16\n");
    let Some(disk) = Disk::mount(bed.path("log/tree.sled"), 4) else {
        return skipped(NEEDS);
    };
    let server = bed.serve();
    let refused = loop {
        let entries = large(&mut kept, 65);
        if let Err(refused) = kept.append_batch(&server, entries).await {
            break refused.to_string();
        }
        assert!(kept.acknowledged() < 2_000, "the backlog must become full");
    };
    assert!(kept.acknowledged() >= 4 * 65, "{}", kept.acknowledged());
    let words = [
        "the log takes no more for now",
        "cannot seal",
        "No space left on device",
        "backlog is full; nothing was written",
    ];
    assert!(words.iter().all(|words| refused.contains(words)), "{refused}");
    assert_eq!(
        server.get("/healthz"),
        (200, b"degraded: sealing has stopped\n".to_vec())
    );
    assert_eq!(kept.check(&server).await, kept.acknowledged());
    let (ended, said) = server.stop();
    assert!(ended.success(), "{ended}: {said:#?}");

    // As full as it was: what is wrong is said again, be it at the start or once something is to be sealed.
    let mut again = bed.serve_command();
    again.env("INDELIBLE_LISTEN", "127.0.0.1:0");
    match crate::support::Server::try_start(again) {
        Err((ended, said)) => assert!(
            ended.code() == Some(2) && said.iter().any(|line| line.contains("No space")),
            "{said:#?}"
        ),
        Ok(server) => {
            until("health says so", || {
                server.get("/healthz").1.starts_with(b"degraded: sealing")
            })
            .await;
            server.kill();
        }
    }
    disk.grow(64);
    kept.check_restart(&bed).await;
}

#[test]
fn init_on_a_full_disk_leaves_nothing_behind() {
    let bed = Bed::new();
    let Some(disk) = Disk::mount(bed.path(""), 4) else {
        return skipped(NEEDS);
    };
    let init = || {
        bed.run(&[
            "init",
            "--kind",
            "opaque",
            "--origin",
            "test.example/log",
            "--data",
            "log",
        ])
    };
    let mut refusals = 0;
    for pages in 0.. {
        disk.fill(pages * 4096);
        let made = init();
        disk.empty();
        if made.status.success() {
            break;
        }
        refusals += 1;
        assert!(stderr(&made).contains("No space left on device"), "{}", stderr(&made));
        let left: Vec<_> = std::fs::read_dir(bed.path(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert!(left.is_empty(), "with {pages} pages: {left:?}");
    }
    assert!(refusals > 5, "{refusals}");
    let server = bed.serve();
    assert_eq!(server.get("/healthz"), (200, b"ok\n".to_vec()));
}

/// A log on a small disk, and what is known of it, which lies elsewhere.
fn on(bed: &Bed, elsewhere: &Bed, configuration: &str) -> Kept {
    let made = bed.run(&[
        "init",
        "--kind",
        "opaque",
        "--origin",
        "test.example/log",
        "--data",
        "log",
    ]);
    assert!(made.status.success(), "{}", stderr(&made));
    bed.write("log/indelible.toml", configuration);
    Kept::of(bed).remembering_in(elsewhere)
}

fn large(kept: &mut Kept, count: usize) -> Vec<Bytes> {
    (0..count).map(|_| kept.next(&[b'x'; 60_000])).collect()
}

/// A start on a disk that is still full says so, in an error or by its health, and nothing is worse afterwards.
fn still_full(bed: &Bed) {
    match crate::support::Server::try_start(bed.serve_command()) {
        Err((ended, said)) => {
            assert_eq!(ended.code(), Some(2), "{said:#?}");
            assert!(
                said.iter()
                    .any(|line| line.contains("No space left on device") || line.contains("full")),
                "{said:#?}"
            );
        }
        Ok(server) => server.kill(),
    }
}
