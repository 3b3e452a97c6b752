//! A log that is filled by batches and served.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::stubs::AppendBatchRequest;
use crate::support::{Bed, Server, stderr, stdout};

/// A served log, in which entry 7 is `entry 7`.
pub(crate) struct Log {
    pub(crate) bed: Bed,
    pub(crate) server: Server,
    size: u64,
}

impl Log {
    pub(crate) fn new() -> Log {
        Log::of(Bed::with_log())
    }

    /// The log of the bed, which has no entries yet.
    fn of(bed: Bed) -> Log {
        let server = bed.serve();
        Log { bed, server, size: 0 }
    }

    pub(crate) async fn grow(&mut self, size: u64) {
        self.grow_with(size, entry).await;
    }

    /// Appends until there are `size` entries, in batches.
    pub(crate) async fn grow_with(&mut self, size: u64, entry: impl Fn(u64) -> String) {
        let mut stub = self.server.stub().await;
        let entries: Vec<Bytes> = (self.size..size).map(|index| entry(index).into()).collect();
        for part in entries.chunks(10_000) {
            let entries = part.to_vec();
            stub.append_batch(AppendBatchRequest {
                entries,
                ..AppendBatchRequest::default()
            })
            .await
            .unwrap();
        }
        self.size = size;
    }

    /// Writes the checkpoint of now into a file of this name.
    pub(crate) fn save_checkpoint(&self, name: &str) -> PathBuf {
        let (status, note) = self.server.get("/checkpoint");
        assert_eq!(status, 200);
        self.bed.write(name, note)
    }

    /// A new log with the key of this one, which nobody ought to make.
    pub(crate) fn another(&self) -> Log {
        let bed = Bed::new();
        let key = self.bed.log().join("log.key").display().to_string();
        let made = bed.run(&[
            "init",
            "--kind",
            "opaque",
            "--origin",
            "test.example/log",
            "--data",
            "log",
            "--key",
            &key,
        ]);
        assert!(made.status.success(), "{}", stderr(&made));
        Log::of(bed)
    }

    /// The receipt that the command `prove` writes.
    pub(crate) fn receipt(&self, index: u64) -> String {
        let (key, index) = (self.vkey_file().display().to_string(), index.to_string());
        let proved = self
            .bed
            .run(&["prove", &index, "--url", &self.server.url, "--vkey", &key]);
        assert!(proved.status.success(), "{}", stderr(&proved));
        stdout(&proved)
    }

    /// The file with the log's public key.
    pub(crate) fn vkey_file(&self) -> PathBuf {
        self.bed.log().join("log.vkey")
    }
}

pub(crate) fn entry(index: u64) -> String {
    format!("entry {index}")
}

/// A note, or a receipt, with one bit of the last signature flipped.
pub(crate) fn with_another_signature(note: &[u8]) -> Vec<u8> {
    let note = str::from_utf8(note).unwrap();
    let (rest, line) = note.trim_end().rsplit_once(' ').unwrap();
    let mut signature = STANDARD.decode(line).unwrap();
    signature[20] ^= 1;
    format!("{rest} {}\n", STANDARD.encode(signature)).into()
}

/// A number that looks random, the same in every run.
pub(crate) fn scattered(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20
}
