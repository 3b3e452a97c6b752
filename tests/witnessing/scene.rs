//! A log with witnesses, and ways to look at it.

use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;
use indelible_note::{Policy, SignedCheckpoint, Verified, Witnessed, open_checkpoint};

use crate::fake::{Manner, Witness};
use crate::support::{Bed, Server};

/// A bed with a log, its witnesses and their policy.
pub(crate) struct Scene {
    pub(crate) bed: Bed,
    pub(crate) witnesses: Vec<Witness>,
    policy: String,
}

impl Scene {
    /// A log whose quorum is `threshold` of these.
    pub(crate) async fn new(threshold: usize, manners: &[Manner]) -> Scene {
        Scene::of(Bed::with_log(), threshold, manners).await
    }

    /// The same, with a log of events.
    pub(crate) async fn with_events(threshold: usize, manners: &[Manner]) -> Scene {
        Scene::of(events_bed(), threshold, manners).await
    }

    async fn of(bed: Bed, threshold: usize, manners: &[Manner]) -> Scene {
        let mut witnesses = Vec::new();
        for (name, manner) in ["w1", "w2", "w3"].into_iter().zip(manners) {
            witnesses.push(Witness::start(name, bed.vkey(), manner.clone()).await);
        }
        let lines: String = witnesses.iter().map(Witness::line).collect();
        let names: Vec<_> = witnesses.iter().map(|witness| witness.name).collect();
        let names = names.join(" ");
        let key = bed.vkey();
        let policy = format!("log {key}\n{lines}group enough {threshold} {names}\nquorum enough\n");
        bed.write("witnesses.policy", &policy);
        Scene { bed, witnesses, policy }
    }

    /// The policy that the log was given, as a verifier reads it.
    pub(crate) fn policy(&self) -> Policy {
        Policy::parse(self.policy.as_bytes()).unwrap()
    }

    /// The command that serves the log with its witnesses, quick enough for a test.
    pub(crate) fn serve_command(&self, more: &[(&str, &str)]) -> Command {
        let mut command = self.bed.serve_command();
        self.configure(&mut command, more);
        command
    }

    pub(crate) fn configure(&self, command: &mut Command, more: &[(&str, &str)]) {
        command
            .env("INDELIBLE_WITNESS_POLICY", self.bed.path("witnesses.policy"))
            .env("INDELIBLE_WITNESS_TIMEOUT_SECONDS", "2")
            .env("INDELIBLE_WITNESS_INTERVAL_MS", "50")
            .env("INDELIBLE_WITNESS_PATIENCE_SECONDS", "2")
            .envs(more.iter().copied());
    }

    pub(crate) fn serve(&self, more: &[(&str, &str)]) -> Server {
        Server::start(self.serve_command(more))
    }

    /// Appends entries, and gives the head of their acknowledgement.
    pub(crate) async fn append(&self, server: &Server, count: usize) -> Verified<SignedCheckpoint> {
        let client = server.client(self.bed.vkey()).await;
        let entries = (0..count)
            .map(|number| Bytes::from(format!("entry {number}")))
            .collect();
        client.append_batch(entries).await.unwrap().head().clone()
    }

    /// What `GET /checkpoint` answers.
    pub(crate) fn served(&self, server: &Server) -> Verified<SignedCheckpoint> {
        let (status, note) = server.get("/checkpoint");
        assert_eq!(status, 200);
        open_checkpoint(&note, &self.bed.vkey()).unwrap()
    }

    /// What it answers, if the quorum vouches for that.
    pub(crate) fn witnessed(&self, server: &Server) -> Option<Witnessed> {
        self.policy().witnessed(self.served(server)).ok()
    }

    /// Waits until a witnessed head of this size is served.
    pub(crate) async fn wait_for_witnessed(&self, server: &Server, size: u64) -> Witnessed {
        eventually(&format!("a witnessed head of size {size}"), || {
            let witnessed = self.witnessed(server)?;
            (witnessed.checkpoint().head().size == size).then_some(witnessed)
        })
        .await
    }

    /// Waits until health says this.
    pub(crate) async fn wait_for_health(&self, server: &Server, words: &str) {
        eventually(&format!("health with {words:?}"), || {
            let (_, health) = server.get("/healthz");
            String::from_utf8(health).unwrap().contains(words).then_some(())
        })
        .await;
    }
}

/// A bed with a log of events in it.
pub(crate) fn events_bed() -> Bed {
    let bed = Bed::new();
    let made = bed.run(&["init", "--origin", "test.example/events", "--data", "log"]);
    assert!(made.status.success(), "{made:?}");
    bed
}

/// Asks again until there is something, for a minute.
pub(crate) async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{what} does not come");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
