//! A witness in a place of its own.

use std::path::PathBuf;
use std::process::{Command, Output};

use http::StatusCode;
use indelible_note::witness::SIZE_CONTENT_TYPE;
use indelible_note::{CosignerKey, PosixTime, SignatureLine, SignedCheckpoint, Verified, VerifierKey};

use crate::http_client::{Answer, Http};
use crate::log::Log;
use crate::support::{Bed, Server, stderr, stdout};

/// A bed with a witness in `w`.
pub(crate) struct Witness {
    pub(crate) bed: Bed,
    pub(crate) key: CosignerKey,
}

impl Witness {
    /// A new witness, which knows no log.
    pub(crate) fn new() -> Witness {
        let bed = Bed::new();
        let made = bed.run(&["witness", "init", "--name", "witness.example/w1", "--data", "w"]);
        assert!(made.status.success(), "{made:?}");
        let key = stdout(&made).trim_end().parse().unwrap();
        Witness { bed, key }
    }

    /// A new witness of this log.
    pub(crate) fn of(log: &Log) -> Witness {
        let witness = Witness::new();
        witness.add(&log.vkey());
        witness
    }

    pub(crate) fn add(&self, vkey: &VerifierKey) {
        let added = self
            .bed
            .run(&["witness", "add-log", "--data", "w", "--vkey", &vkey.to_string()]);
        assert!(added.status.success(), "{}", stderr(&added));
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.bed.path("w/witness.sqlite")
    }

    /// Serves it on a free port, as often as anybody asks.
    pub(crate) fn serve(&self) -> Server {
        Server::start(self.command(&["--rate", "60000"]))
    }

    pub(crate) fn command(&self, more: &[&str]) -> Command {
        let serve = ["witness", "serve", "--data", "w", "--listen", "127.0.0.1:0"];
        self.bed.command(&[&serve[..], more].concat())
    }

    pub(crate) fn status(&self, more: &[&str]) -> Output {
        self.bed
            .run(&[&["witness", "status", "--data", "w"][..], more].concat())
    }

    /// The size that `status` shows of the only log.
    pub(crate) fn size(&self) -> Option<u64> {
        let status = stdout(&self.status(&[]));
        let fields: Vec<&str> = status.trim_end().split('\t').collect();
        assert_eq!(fields.len(), 4, "{status:?}");
        fields[1].parse().ok()
    }

    /// The time of a cosignature, the only line of an answer, on this checkpoint.
    #[track_caller]
    pub(crate) fn cosigned(&self, answer: &Answer, checkpoint: &SignedCheckpoint) -> PosixTime {
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let lines = SignatureLine::parse_lines(&answer.body).unwrap();
        assert_eq!(lines.len(), 1);
        let note = format!("{}\n{}", checkpoint.note().text(), lines[0]);
        let note = SignedCheckpoint::parse(note.as_bytes()).unwrap();
        let made = note.cosignatures(std::slice::from_ref(&self.key)).unwrap();
        made[0].time()
    }

    /// The note that is published for a log, under the log's key and the witness's.
    pub(crate) async fn published(&self, http: &mut Http, log: &Log) -> (Verified<SignedCheckpoint>, PosixTime) {
        let answer = http.get(&log.path()).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let note = SignedCheckpoint::parse(&answer.body)
            .unwrap()
            .open(&log.vkey())
            .unwrap();
        assert_eq!(note.note().signatures().len(), 2, "{}", note.note());
        let made = note.cosignatures(std::slice::from_ref(&self.key)).unwrap();
        (note, made[0].time())
    }
}

/// Sends a request.
pub(crate) async fn submit(http: &mut Http, body: impl Into<bytes::Bytes>) -> Answer {
    http.post("/add-checkpoint", &[], body).await
}

/// That an answer is a size to prove from; which.
#[track_caller]
pub(crate) fn conflict(answer: &Answer) -> u64 {
    assert_eq!(answer.status, StatusCode::CONFLICT, "{answer:?}");
    assert_eq!(answer.header("content-type"), SIZE_CONTENT_TYPE);
    let size = std::str::from_utf8(&answer.body).unwrap().strip_suffix('\n').unwrap();
    size.parse().unwrap()
}

#[track_caller]
pub(crate) fn exits(output: &Output, code: i32, words: &[&str]) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} in {said}");
    }
}
