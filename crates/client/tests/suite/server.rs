//! A server on a free port of this machine, which tells the truth about its log, or one lie.

mod trail;

use std::ops::Deref;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use indelible_merkle::Hash;
use indelible_note::VerifierKey;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_stream::{Stream, StreamExt};
use tonic::service::InterceptorLayer;
use tonic::transport::ServerTlsConfig;
use tonic::{Request, Response, Status, Streaming};

use crate::log::Log;
use pb::transparency_log_server::{TransparencyLog, TransparencyLogServer};

#[expect(
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    reason = "generated code; only this file can see it"
)]
mod pb {
    include!(concat!(env!("OUT_DIR"), "/server/indelible.v1.rs"));
}

/// What the server does instead of telling the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Lie {
    /// Nothing: it is honest.
    #[default]
    None,
    /// A bit of the signature is flipped.
    BadSignature,
    /// What should be a head is cut off.
    TornHead,
    /// The head is left out.
    NoHead,
    /// The head is that of the tree without its last entry. Not a lie where the newest head is asked for, only late.
    OldHead,
    /// The index is one too large.
    WrongIndex,
    /// The proof is for the entry before.
    OtherProof,
    /// The proof is left out.
    NoProof,
    /// Another entry is put into the log, or answered about.
    OtherEntry,
    /// One more entry is acknowledged than was sent.
    TooManyAcknowledged,
    /// Acknowledgements of nothing.
    NothingAcknowledged,
    /// The consistency proof is left out.
    NoConsistency,
    /// A bit of the consistency proof is flipped, or it has a hash too many.
    WrongConsistency,
    /// A hash is one byte short.
    TornHash,
    /// An entry that is in the log already is acknowledged again instead of being appended.
    Replay,
    /// What is appended is kept, and the stream is cut before that is acknowledged.
    CutAfterAppend,
    /// The stream is ended in good order while entries are outstanding.
    EndWithout,
    /// One of the members of an event is not of its leaf.
    OtherSalt,
    /// One of the members of an event is left out.
    MemberLess,
    /// The leaf commits to a second actor in place of another member.
    TwoActors,
    /// An event is filed under another source.
    OtherSource,
    /// An event is filed without its key.
    NoKey,
    /// An event is said to have other raw bytes.
    OtherRaw,
    /// An event is said to be the first one of the log, sent again.
    Repeated,
    /// A member is said to be erased.
    Erased,
    /// What is appended is a leaf of no event.
    NoEvent,
    /// Calls are refused.
    Refuse,
    /// Whoever calls is not known.
    Stranger,
    /// Whoever calls may not.
    NoRole,
    /// No lie either: acknowledging takes a tenth of a second.
    Slow,
    /// Nobody answers.
    Silence,
}

pub(crate) struct Server {
    url: String,
    shared: Arc<Shared>,
}

/// What the service's methods and the test have in common.
struct Shared {
    log: Mutex<Log>,
    lie: Mutex<Lie>,
    /// How many append streams there were, and how many of them have ended.
    streams: Mutex<(usize, usize)>,
    published: tokio::sync::watch::Sender<()>,
    /// What to answer as the newest head, if not the log's.
    head: Mutex<Option<Vec<u8>>>,
    events: Mutex<Vec<trail::Kept>>,
    /// The `authorization` of each call.
    shown: Mutex<Vec<Option<String>>>,
}

impl Server {
    pub(crate) async fn start() -> Server {
        Server::start_with(None).await
    }

    /// Serves TLS, on a certificate for `localhost`.
    pub(crate) async fn start_with(tls: Option<ServerTlsConfig>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = match tls {
            None => format!("http://127.0.0.1:{port}"),
            Some(_) => format!("https://localhost:{port}"),
        };
        let shared = Arc::new(Shared {
            log: Mutex::new(Log::new()),
            lie: Mutex::default(),
            streams: Mutex::default(),
            published: tokio::sync::watch::channel(()).0,
            head: Mutex::default(),
            events: Mutex::default(),
            shown: Mutex::default(),
        });
        let service = TransparencyLogServer::new(Service(Arc::clone(&shared)));
        let trail = pb::audit_trail_server::AuditTrailServer::new(Service(Arc::clone(&shared)));
        let mut server = tonic::transport::Server::builder();
        if let Some(tls) = tls {
            server = server.tls_config(tls).unwrap();
        }
        let seen = Arc::clone(&shared);
        let mut server = server.layer(InterceptorLayer::new(move |request: Request<()>| {
            let shown = request.metadata().get("authorization");
            let shown = shown.map(|value| value.to_str().unwrap().to_owned());
            seen.shown.lock().unwrap().push(shown);
            Ok(request)
        }));
        let serving = server.add_service(service).add_service(trail);
        tokio::spawn(serving.serve_with_incoming(TcpListenerStream::new(listener)));
        Server { url, shared }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn key(&self) -> VerifierKey {
        self.log().key.verifier()
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        self.shared.log.lock().unwrap()
    }

    pub(crate) fn lie(&self, lie: Lie) {
        *self.shared.lie.lock().unwrap() = lie;
    }

    /// Waits for the log to have this size.
    pub(crate) async fn grown_to(&self, size: u64) {
        self.wait_until(|server| server.log().size() == size).await;
    }

    /// Waits for something that should come true soon.
    pub(crate) async fn wait_until(&self, is_true: impl Fn(&Server) -> bool) {
        for _ in 0..1000 {
            if is_true(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("it has not come true");
    }

    /// Wakes those who watch the head.
    pub(crate) fn publish(&self) {
        self.shared.published.send_replace(());
    }

    /// Answers this as the newest head, whatever the log is.
    pub(crate) fn answer_head(&self, note: Vec<u8>) {
        *self.shared.head.lock().unwrap() = Some(note);
    }

    /// The `authorization` of each call since this was asked last.
    pub(crate) fn shown(&self) -> Vec<Option<String>> {
        std::mem::take(&mut self.shared.shown.lock().unwrap())
    }

    /// How many append streams there were, and how many of them have ended.
    pub(crate) fn streams(&self) -> (usize, usize) {
        *self.shared.streams.lock().unwrap()
    }
}

struct Service(Arc<Shared>);

impl Deref for Service {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl TransparencyLog for Service {
    type AppendStreamStream = Answers<pb::AppendStreamResponse>;
    type WatchTreeHeadsStream = Answers<pb::WatchTreeHeadsResponse>;
    type GetEntriesStream = Answers<pb::GetEntriesResponse>;

    async fn append(&self, _: Request<pb::AppendRequest>) -> Result<Response<pb::AppendResponse>, Status> {
        Err(Status::unimplemented("the client has no use for it"))
    }

    async fn append_batch(
        &self,
        request: Request<pb::AppendBatchRequest>,
    ) -> Result<Response<pb::AppendBatchResponse>, Status> {
        let lie = self.admit().await?;
        let entries = request.into_inner().entries;
        let run = self.commit(entries, lie);
        Ok(Response::new(pb::AppendBatchResponse {
            first_index: run.first_index,
            count: run.count,
            head: run.head,
            proof: run.proof,
            witnessed: false,
        }))
    }

    async fn append_stream(
        &self,
        request: Request<Streaming<pb::AppendStreamRequest>>,
    ) -> Result<Response<Self::AppendStreamStream>, Status> {
        self.admit().await?;
        let mut requests = request.into_inner();
        let (queue, mut queued) = mpsc::channel(64);
        self.streams.lock().unwrap().0 += 1;
        let shared = Arc::clone(&self.0);
        tokio::spawn(async move {
            while let Ok(Some(request)) = requests.message().await {
                if queue.send(request).await.is_err() {
                    break;
                }
            }
            shared.streams.lock().unwrap().1 += 1;
        });

        let (answers, stream) = mpsc::channel(64);
        let shared = Arc::clone(&self.0);
        tokio::spawn(async move {
            let mut last = None;
            let mut taken = Vec::new();
            while queued.recv_many(&mut taken, 64).await > 0 {
                let lie = shared.current_lie();
                let held = last.unwrap_or_else(|| taken[0].held_size.unwrap());
                if held > shared.log.lock().unwrap().size() {
                    let _ = answers
                        .send(Err(Status::out_of_range("held_size is beyond the tree")))
                        .await;
                    return;
                }
                if lie == Lie::Silence {
                    std::future::pending::<()>().await;
                }
                if lie == Lie::Slow {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                if lie == Lie::EndWithout {
                    return;
                }
                let entries = taken.drain(..).map(|request| request.entry).collect();
                let mut run = shared.commit(entries, lie);
                if lie == Lie::CutAfterAppend {
                    let _ = answers.send(Err(Status::internal("cut"))).await;
                    return;
                }
                let size = shared.log.lock().unwrap().size();
                run.consistency = shared.consistency(held, size, lie);
                last = Some(size);
                let _ = answers.send(Ok(run)).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    async fn get_tree_head(
        &self,
        _: Request<pb::GetTreeHeadRequest>,
    ) -> Result<Response<pb::GetTreeHeadResponse>, Status> {
        let lie = self.admit().await?;
        let head = self.head(lie);
        Ok(Response::new(pb::GetTreeHeadResponse { head }))
    }

    async fn watch_tree_heads(
        &self,
        _: Request<pb::WatchTreeHeadsRequest>,
    ) -> Result<Response<Self::WatchTreeHeadsStream>, Status> {
        self.admit().await?;
        let shared = Arc::clone(&self.0);
        let changes = tokio_stream::wrappers::WatchStream::new(self.published.subscribe());
        let heads = changes.map(move |_| {
            let head = shared.head(shared.current_lie());
            Ok(pb::WatchTreeHeadsResponse { head })
        });
        Ok(Response::new(Box::pin(heads)))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<pb::GetInclusionProofRequest>,
    ) -> Result<Response<pb::GetInclusionProofResponse>, Status> {
        let lie = self.admit().await?;
        let log = self.log.lock().unwrap();
        let mut index = match request.into_inner().entry.unwrap() {
            pb::get_inclusion_proof_request::Entry::Index(index) => index,
            pb::get_inclusion_proof_request::Entry::LeafHash(leaf) => log
                .find(Hash::try_from(&leaf[..]).unwrap())
                .ok_or_else(|| Status::not_found("no such entry"))?,
        };
        if index >= log.size() {
            return Err(Status::out_of_range("beyond the tree"));
        }
        if lie == Lie::OtherEntry {
            index -= 1;
        }
        let proved = if lie == Lie::OtherProof { index - 1 } else { index };
        let tree_size = log.size() - u64::from(lie == Lie::OldHead);
        let answer = pb::GetInclusionProofResponse {
            index: index + u64::from(lie == Lie::WrongIndex),
            tree_size: log.size(),
            leaf_hash: log.leaf(index).as_bytes()[..if lie == Lie::TornHash { 31 } else { 32 }]
                .to_vec()
                .into(),
            proof: (lie != Lie::NoProof).then(|| pb::InclusionProof {
                hashes: Hash::join(&log.inclusion(proved, log.size())).into(),
            }),
            head: signed(&log, tree_size, lie),
        };
        Ok(Response::new(answer))
    }

    async fn get_inclusion_proofs(
        &self,
        request: Request<pb::GetInclusionProofsRequest>,
    ) -> Result<Response<pb::GetInclusionProofsResponse>, Status> {
        let lie = self.admit().await?;
        let log = self.log.lock().unwrap();
        let pb::GetInclusionProofsRequest { indices, tree_size } = request.into_inner();
        let size = tree_size.unwrap_or(log.size());
        let mut leaves: Vec<Hash> = indices.iter().map(|&index| log.leaf(index)).collect();
        if lie == Lie::OtherEntry {
            leaves[0] = Hash::leaf(b"another");
        }
        if lie == Lie::TooManyAcknowledged {
            leaves.push(Hash::leaf(b"another"));
        }
        let mut hashes = Hash::join(&log.batch(&indices, size));
        if lie == Lie::OtherProof {
            hashes[0] ^= 1;
        }
        Ok(Response::new(pb::GetInclusionProofsResponse {
            tree_size: size,
            leaf_hashes: Hash::join(&leaves).into(),
            hashes: hashes.into(),
            head: signed(&log, log.size() - u64::from(lie == Lie::OldHead), lie).filter(|_| size == log.size()),
        }))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<pb::GetConsistencyProofRequest>,
    ) -> Result<Response<pb::GetConsistencyProofResponse>, Status> {
        let lie = self.admit().await?;
        let pb::GetConsistencyProofRequest { old_size, new_size } = request.into_inner();
        let head = new_size.is_none().then(|| self.head(lie)).flatten();
        let new_size = new_size.unwrap_or_else(|| self.log.lock().unwrap().size());
        if new_size > self.log.lock().unwrap().size() {
            return Err(Status::out_of_range("new_size is beyond the tree"));
        }
        Ok(Response::new(pb::GetConsistencyProofResponse {
            old_size: old_size + u64::from(lie == Lie::WrongIndex),
            new_size,
            proof: self.consistency(old_size, new_size, lie),
            head,
        }))
    }

    async fn get_entries(
        &self,
        request: Request<pb::GetEntriesRequest>,
    ) -> Result<Response<Self::GetEntriesStream>, Status> {
        let lie = self.admit().await?;
        let log = self.log.lock().unwrap();
        let pb::GetEntriesRequest { start, count } = request.into_inner();
        let mut entries: Vec<Bytes> = (start..start + count).map(|index| log.entry(index)).collect();
        match lie {
            Lie::OtherEntry => entries[0] = "another".into(),
            Lie::TooManyAcknowledged => entries.push("one more".into()),
            Lie::EndWithout => entries.truncate(entries.len() - 1),
            _ => {}
        }
        let first = start + u64::from(lie == Lie::WrongIndex);
        let mut messages: Vec<_> = (first..)
            .step_by(MESSAGE_ENTRIES)
            .zip(entries.chunks(MESSAGE_ENTRIES))
            .map(|(first_index, entries)| pb::GetEntriesResponse {
                first_index,
                entries: entries.to_vec(),
            })
            .collect();
        if lie == Lie::NothingAcknowledged {
            messages[0].entries.clear();
        }
        Ok(Response::new(Box::pin(tokio_stream::iter(
            messages.into_iter().map(Ok),
        ))))
    }
}

impl Shared {
    fn current_lie(&self) -> Lie {
        *self.lie.lock().unwrap()
    }

    /// Lets a call in, unless the lie is about that.
    async fn admit(&self) -> Result<Lie, Status> {
        match self.current_lie() {
            Lie::Refuse => Err(Status::resource_exhausted("the queue is full")),
            Lie::Stranger => Err(Status::unauthenticated("no such token")),
            Lie::NoRole => Err(Status::permission_denied("submitter may not")),
            // In a stream, silence falls later.
            Lie::Silence => std::future::pending().await,
            lie => Ok(lie),
        }
    }

    fn head(&self, lie: Lie) -> Option<pb::SignedTreeHead> {
        if let Some(note) = self.head.lock().unwrap().clone() {
            return Some(pb::SignedTreeHead {
                checkpoint: note.into(),
            });
        }
        let log = self.log.lock().unwrap();
        signed(&log, log.size() - u64::from(lie == Lie::OldHead), lie)
    }

    /// Appends entries, or does not, and says where they are.
    fn commit(&self, entries: Vec<Bytes>, lie: Lie) -> pb::AppendStreamResponse {
        let mut log = self.log.lock().unwrap();
        let sent = entries.len() as u64;
        let first = match lie {
            Lie::Replay => log.find(Hash::leaf(&entries[0])).unwrap(),
            _ => log.size(),
        };
        for entry in entries.into_iter().filter(|_| lie != Lie::Replay) {
            match lie {
                Lie::OtherEntry => log.append("another".into()),
                _ => log.append(entry),
            }
        }
        let size = log.size();
        self.published.send_replace(());
        let (start, end) = match lie {
            Lie::OtherProof => (first - 1, first - 1 + sent),
            _ => (first, first + sent),
        };
        let mut hashes = Hash::join(&log.range(start, end, size));
        if lie == Lie::TornHash {
            hashes.pop();
        }
        let count = match lie {
            Lie::TooManyAcknowledged => sent + 1,
            Lie::NothingAcknowledged => 0,
            _ => sent,
        };
        pb::AppendStreamResponse {
            first_index: first + u64::from(lie == Lie::WrongIndex),
            count: count as u32,
            head: signed(&log, size - u64::from(lie == Lie::OldHead), lie),
            proof: (lie != Lie::NoProof).then(|| pb::RangeProof { hashes: hashes.into() }),
            consistency: None,
        }
    }

    fn consistency(&self, old: u64, new: u64, lie: Lie) -> Option<pb::ConsistencyProof> {
        let mut hashes = Hash::join(&self.log.lock().unwrap().consistency(old, new));
        match lie {
            Lie::NoConsistency => return None,
            Lie::WrongConsistency if hashes.is_empty() => hashes = vec![0; Hash::BYTES],
            Lie::WrongConsistency => hashes[0] ^= 1,
            _ => {}
        }
        Some(pb::ConsistencyProof { hashes: hashes.into() })
    }
}

fn signed(log: &Log, size: u64, lie: Lie) -> Option<pb::SignedTreeHead> {
    let mut note = log.signed(size).to_vec();
    match lie {
        Lie::NoHead => return None,
        Lie::TornHead => note.truncate(note.len() / 2),
        Lie::BadSignature => {
            // The last bytes are base64 of the signature, `=` and a line feed; this one is in the middle of it.
            let at = note.len() - 20;
            note[at] = if note[at] == b'A' { b'B' } else { b'A' };
        }
        _ => {}
    }
    Some(pb::SignedTreeHead {
        checkpoint: note.into(),
    })
}

/// More than can be proved at once.
const MESSAGE_ENTRIES: usize = 1500;
