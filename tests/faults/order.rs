//! What leaves the process, and when: no signed head before the sync of the frame that it lies in.
//!
//! Every acknowledgement carries a head, as a single entry, a batch or a run of a stream, and so does every other answer that could
//! give an entry away before it is durable. So it is enough to follow the heads. Nor does anybody hear that something is overwritten
//! before the sync of the zeros.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use tonic::Code;

use crate::given::event;
use crate::kept::Kept;
use crate::strace::{self, Line};
use crate::stubs::{AppendRequest, GetTreeHeadRequest};
use crate::support::{Bed, Server, skipped, stdout};

#[tokio::test(flavor = "multi_thread")]
async fn no_head_leaves_before_the_sync_of_its_frame() {
    if !strace::is_there() {
        return skipped(strace::NEEDS);
    }
    let bed = Bed::with_log();
    let server = Server::start(strace::serve(&bed, &OPTIONS));
    let client = server.client(bed.vkey()).await;
    let mut watch = client.watch().await.unwrap();
    let watching = tokio::spawn(async move { while watch.next().await.is_ok() {} });
    let mut stub = server.stub().await;
    let asking = tokio::spawn(async move { while stub.get_tree_head(GetTreeHeadRequest {}).await.is_ok() {} });

    let mut acknowledged = BTreeSet::new();
    let mut stub = server.stub().await;
    for number in 0..20 {
        let request = AppendRequest {
            entry: Bytes::from(format!("single {number}")),
            omit_proof: number % 2 == 0,
            ..AppendRequest::default()
        };
        let head = stub.append(request).await.unwrap().into_inner().head.unwrap();
        acknowledged.extend(sizes_of_note(&head.checkpoint));
    }
    for number in 0..10 {
        let entries = (0..100)
            .map(|place| Bytes::from(format!("batch {number}/{place}")))
            .collect();
        let run = client.append_batch(entries).await.unwrap();
        acknowledged.insert(run.head().head().size);
    }
    for round in 0..5 {
        let stream = (0..50).map(|number| client.append(Bytes::from(format!("stream {round}/{number}"))));
        let receipts = join_all(stream).await;
        acknowledged.extend(
            receipts
                .into_iter()
                .map(|receipt| receipt.unwrap().checkpoint().head().size),
        );
    }
    // The checkpoint file gets a head a second.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(sizes_of_note(&server.get("/checkpoint").1).last(), acknowledged.last());
    watching.abort();
    asking.abort();
    let pid = server.pid();
    server.stop();

    let left = heads_that_left(&strace::ended(&bed, pid));
    assert!(
        acknowledged.len() >= 35 && acknowledged.is_subset(&left.sent),
        "{acknowledged:?} {left:?}"
    );
    assert_eq!(left.filed.last(), acknowledged.last());
    assert_eq!(left.too_early, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_sync_nothing_leaves() {
    if !strace::is_there() {
        return skipped(strace::NEEDS);
    }
    let bed = Bed::with_log();
    let server = bed.serve();
    let mut kept = Kept::of(&bed);
    kept.append(&server).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let options = [&OPTIONS[..], &["-e", "inject=fdatasync:error=EIO:delay_enter=300000"]].concat();
    let tracing = strace::attach(&bed, &server, &options);
    // One is being committed, the others queue behind it.
    let stub = server.stub().await;
    let appends = (0..4).map(|number| {
        let mut stub = stub.clone();
        let request = AppendRequest {
            entry: Bytes::from(format!("lost or not {number}")),
            omit_proof: false,
            ..AppendRequest::default()
        };
        async move { stub.append(request).await }
    });
    for refused in join_all(appends).await {
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable, "{refused}");
        assert!(refused.message().contains("cannot write its journal"), "{refused}");
    }
    for _ in 0..20 {
        assert_eq!(sizes_of_note(&server.get("/checkpoint").1), BTreeSet::from([2]));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let pid = server.pid();
    server.wait();
    let trace = strace::ended(&bed, pid);
    drop(tracing);
    let left = heads_that_left(&trace);
    assert!(left.written.last() > Some(&2), "the frame was written: {left:?}");
    assert!(
        left.sent.is_subset(&BTreeSet::from([0, 2])) && left.sent.contains(&2),
        "{left:?}"
    );
    assert!(left.filed.is_subset(&BTreeSet::from([2])), "{left:?}");
}

/// With the power zeros go that are not synced: until then what was erased may come back.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_that_something_is_overwritten_before_the_sync_of_the_zeros() {
    if !strace::is_there() {
        return skipped(strace::NEEDS);
    }
    let bed = Bed::with_log_of("events");
    let server = Server::start(strace::serve(&bed, &OPTIONS));
    let client = server.client(bed.vkey()).await;
    let events: Vec<_> = (0..40).map(|number| event(&format!("ada/{number}"))).collect();
    client.submit_batch(&events).await.unwrap();
    let vkey = bed.vkey().to_string();
    for (index, tombstone) in [("7", "40\n"), ("9", "41\n")] {
        let erase = ["erase", "--index", index, "--members", "actor,raw", "--yes"];
        let why = [
            "--basis",
            "b",
            "--requester",
            "r",
            "--url",
            &server.url,
            "--vkey",
            &vkey,
        ];
        let erased = bed.run(&[&erase[..], &why].concat());
        assert_eq!(stdout(&erased), tombstone, "{erased:?}");
    }
    let pid = server.pid();
    server.stop();

    let told = told_of_zeros(&strace::ended(&bed, pid));
    assert!(told.written >= 6 && told.answers == 2 && told.files >= 2, "{told:?}");
    assert_eq!(told.too_early, Vec::<String>::new());
}

/// The sizes of the signed heads in a trace.
#[derive(Debug, Default)]
struct Left {
    /// Written to the journal.
    written: BTreeSet<u64>,
    /// Given to a socket.
    sent: BTreeSet<u64>,
    /// Written to the checkpoint file.
    filed: BTreeSet<u64>,
    /// Lines of the trace in which a head leaves whose frame is not synced yet.
    too_early: Vec<String>,
}

/// Follows the heads through a trace. Its lines are in the order of what they show: a thread waits for strace whenever it enters
/// or leaves a call, so what it caused by leaving one stands behind it.
fn heads_that_left(trace: &str) -> Left {
    let mut left = Left::default();
    let mut synced = BTreeSet::new();
    // By thread: what a sync that has begun will have made durable.
    let mut syncing: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for line in trace.lines().filter_map(Line::parse) {
        let journal = line.file.contains("/journal/") || line.file.ends_with(".seg");
        let checkpoint = line.file.contains("log.checkpoint");
        match line.call {
            "fdatasync" => {
                if line.begins && journal {
                    syncing.insert(line.thread, left.written.clone());
                }
                if line.result == Some("0") {
                    synced.extend(syncing.remove(line.thread).unwrap_or_default());
                }
            }
            _ if !line.begins => {}
            "pwrite64" if journal => left.written.extend(sizes(line.text)),
            _ => {
                let heads = sizes(line.text);
                if heads.iter().any(|size| !synced.contains(size)) {
                    left.too_early.push(line.text.to_owned());
                }
                match checkpoint {
                    true => left.filed.extend(heads),
                    false => left.sent.extend(heads),
                }
            }
        }
    }
    left
}

/// Who hears of what is overwritten in a trace.
#[derive(Debug, Default)]
struct Told {
    /// How often zeros were written to the journal behind a tombstone.
    written: u64,
    /// Answers that say that it is carried out.
    answers: u64,
    /// Files that say so.
    files: u64,
    /// Lines of the trace that say so while zeros are not synced.
    too_early: Vec<String>,
}

fn told_of_zeros(trace: &str) -> Told {
    let mut told = Told::default();
    let (mut begun, mut synced) = (false, 0);
    // By thread: how many of the writes a sync that has begun will have made durable.
    let mut syncing: BTreeMap<&str, u64> = BTreeMap::new();
    for line in trace.lines().filter_map(Line::parse) {
        let journal = line.file.ends_with(".seg");
        match line.call {
            "fdatasync" => {
                if line.begins && journal {
                    syncing.insert(line.thread, told.written);
                }
                if line.result == Some("0") {
                    synced = synced.max(syncing.remove(line.thread).unwrap_or_default());
                }
            }
            _ if !line.begins => {}
            "pwrite64" if journal => {
                begun |= line.text.contains("indelible.tombstone.v1");
                let bytes = line.text.split('"').nth(1).unwrap_or_default();
                told.written += u64::from(begun && bytes.replace("\\0", "").is_empty());
            }
            _ => {
                let answers = line.text.contains("carried_out");
                // Of what the process writes only `erasures.json` has a root by that name.
                let files = line.text.contains("\\\"root\\\":");
                told.answers += u64::from(answers);
                told.files += u64::from(files);
                if (answers || files) && synced < told.written {
                    told.too_early.push(line.text.to_owned());
                }
            }
        }
    }
    told
}

/// The sizes in the heads that a text shows, with its line feeds as strace writes them.
fn sizes(text: &str) -> BTreeSet<u64> {
    let heads = text.split("test.example/log\\n").skip(1);
    heads
        .filter_map(|head| head.split_once("\\n")?.0.parse().ok())
        .collect()
}

fn sizes_of_note(note: &[u8]) -> BTreeSet<u64> {
    sizes(&std::str::from_utf8(note).unwrap().replace('\n', "\\n"))
}

/// All calls by which bytes leave the process or become durable, with all of their bytes.
const OPTIONS: [&str; 4] = [
    "-s",
    "1000000",
    "-e",
    "trace=pwrite64,pwritev,write,writev,sendto,sendmsg,fdatasync",
];
