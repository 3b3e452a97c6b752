//! What is served, and that it is never taken back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use indelible_merkle::Hash;
use indelible_note::{Receipt, open_checkpoint};

use crate::fake::Manner;
use crate::scene::{Scene, eventually};
use crate::stubs::{GetTreeHeadRequest, WatchTreeHeadsRequest};
use crate::support::{Server, get, stderr};

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_the_quorum_cosigned_is_served_everywhere() {
    let scene = Scene::new(2, &[Manner::Honest, Manner::WithOtherLines, Manner::Honest]).await;
    let server = scene.serve(&[]);
    let acknowledged = scene.append(&server, 300).await;
    assert_eq!(
        acknowledged.note().signatures().len(),
        1,
        "an acknowledgement does not wait for anybody"
    );
    let witnessed = scene.wait_for_witnessed(&server, 300).await;
    assert_eq!(witnessed.checkpoint().head(), acknowledged.head());
    // Those who come later are added; nobody's lines but those of the policy.
    let all = eventually("all cosignatures", || {
        let witnessed = scene.witnessed(&server)?;
        (witnessed.vouchers().len() == 3).then_some(witnessed)
    })
    .await;
    assert_eq!(all.checkpoint().note().signatures().len(), 4);
    let served = all.checkpoint().note().as_str().as_bytes();

    let mut stub = server.stub().await;
    let head = stub.get_tree_head(GetTreeHeadRequest {}).await.unwrap().into_inner();
    assert_eq!(head.head.unwrap().checkpoint, served);
    let watched = stub.watch_tree_heads(WatchTreeHeadsRequest {}).await.unwrap();
    let first = watched.into_inner().message().await.unwrap().unwrap();
    assert_eq!(first.head.unwrap().checkpoint, served);

    // Receipts come with the cosignatures, from the library and from the command line.
    let client = server.client(scene.bed.vkey()).await;
    let receipt = client.prove(7).await.unwrap();
    let leaf = Hash::leaf(b"entry 7");
    let verified = receipt.verify_under(leaf, &scene.policy()).unwrap();
    assert_eq!(verified.witnessed().vouchers().len(), 3);
    let vkey = scene.bed.vkey().to_string();
    let proved = scene.bed.run(&[
        "prove",
        "7",
        "--url",
        &server.url,
        "--vkey",
        &vkey,
        "-o",
        "7.tlog-proof",
    ]);
    assert!(proved.status.success(), "{}", stderr(&proved));
    let receipt = Receipt::parse(&std::fs::read(scene.bed.path("7.tlog-proof")).unwrap()).unwrap();
    receipt.verify_under(leaf, &scene.policy()).unwrap();
    assert_eq!(server.get("/healthz").1, b"ok\n");

    let metrics = String::from_utf8(server.get("/metrics").1).unwrap();
    let figures = |name: &str| {
        let lines = metrics.lines().filter(|line| line.starts_with(name));
        let figures = lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap());
        figures.collect::<Vec<_>>()
    };
    assert_eq!(figures("indelible_quorum_lag_entries "), [0], "{metrics}");
    assert_eq!(figures("indelible_witness_lag_entries{"), [0; 3], "{metrics}");
    let answers = figures("indelible_witness_answers_total{");
    let cosigned = metrics.lines().filter(|line| line.contains("result=\"cosigned\"}"));
    assert_eq!((answers.len(), cosigned.count()), (9, 3), "{metrics}");
    assert!(answers.iter().sum::<u64>() >= 3, "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witnessed_head_that_lags_is_no_rollback_and_outlives_the_process() {
    let scene = Scene::new(2, &[Manner::Honest, Manner::Honest]).await;
    let server = scene.serve(&[]);
    scene.append(&server, 10).await;
    let witnessed = scene.wait_for_witnessed(&server, 10).await;
    for witness in &scene.witnesses {
        witness.behave(Manner::Mute);
    }

    // One client through all of it: what it was acknowledged is newer than what is served.
    let client = server.client(scene.bed.vkey()).await;
    let later: Vec<Bytes> = (10..20).map(|number| Bytes::from(format!("entry {number}"))).collect();
    let run = client.append_batch(later).await.unwrap();
    assert_eq!(run.head().head().size, 20);
    assert_eq!(client.head().await.unwrap().head().size, 10);
    assert_eq!(client.watch().await.unwrap().next().await.unwrap().head().size, 10);
    assert_eq!(client.signed_head().await.unwrap().head().size, 20);
    assert_eq!(client.prove(3).await.unwrap().checkpoint().head().size, 10);
    assert_eq!(client.prove(15).await.unwrap().checkpoint().head().size, 20);
    let mut entries = client.entries(0, 100).await.unwrap();
    assert_eq!(entries.next().await.unwrap().unwrap().1.len(), 20);
    assert_eq!(
        server.get("/tile/0/000.p/20").0,
        200,
        "tiles are those of the newest tree"
    );
    assert_eq!(server.get("/tile/0/000.p/21").0, 404);

    scene
        .wait_for_health(&server, "the newest heads lack the quorum of the witnesses")
        .await;
    scene.wait_for_health(&server, "the witness w1 does not answer").await;
    let note = server.get("/checkpoint").1;
    assert_eq!(scene.served(&server).head(), witnessed.checkpoint().head());
    server.kill();
    let server = scene.serve(&[]);
    assert_eq!(server.get("/checkpoint").1, note, "the very note, cosignatures and all");
    let (_, health) = server.get("/healthz");
    let health = String::from_utf8(health).unwrap();
    assert!(
        health.contains("at the start the witness w2 could not be asked"),
        "{health}"
    );
    for witness in &scene.witnesses {
        witness.behave(Manner::Honest);
    }
    scene.wait_for_witnessed(&server, 20).await;
    scene.wait_for_health(&server, "ok").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_quorum_the_signed_head_is_served_if_that_is_configured() {
    let scene = Scene::new(2, &[Manner::Honest, Manner::Honest]).await;
    let server = scene.serve(&[("INDELIBLE_WITHOUT_QUORUM", "signed")]);
    let (stop, watch) = watch_sizes(&scene, &server);
    scene.append(&server, 5).await;
    scene.wait_for_witnessed(&server, 5).await;
    scene.witnesses[1].behave(Manner::Mute);
    scene.append(&server, 5).await;
    scene.wait_for_health(&server, "lack the quorum").await;
    eventually("the signed head", || {
        (scene.served(&server).head().size == 10).then_some(())
    })
    .await;
    assert!(scene.witnessed(&server).is_none());
    // While there are always newer heads, the way back must not go backwards either.
    for _ in 0..20 {
        scene.append(&server, 1).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    scene.witnesses[1].behave(Manner::Honest);
    for _ in 0..20 {
        scene.append(&server, 1).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    scene.wait_for_witnessed(&server, 50).await;
    assert_eq!(server.get("/healthz").1, b"ok\n");
    stop.store(true, Ordering::Relaxed);
    let sizes = watch.join().unwrap();
    assert!(sizes.len() > 2 && sizes.last() == Some(&50), "{sizes:?}");
}

/// Polls what is served until it is stopped; fails if that ever becomes smaller.
fn watch_sizes(scene: &Scene, server: &Server) -> (Arc<AtomicBool>, std::thread::JoinHandle<BTreeSet<u64>>) {
    let stop = Arc::new(AtomicBool::new(false));
    let (stopped, port, key) = (Arc::clone(&stop), server.port(), scene.bed.vkey());
    let watch = std::thread::spawn(move || {
        let mut sizes = BTreeSet::new();
        loop {
            // What is served when it is stopped is looked at too.
            let last = stopped.load(Ordering::Relaxed);
            let (_, note) = get(port, "/checkpoint");
            let size = open_checkpoint(&note, &key).unwrap().head().size;
            assert!(sizes.last().is_none_or(|last| *last <= size), "{size} after {sizes:?}");
            sizes.insert(size);
            if last {
                return sizes;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    (stop, watch)
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_cosignature_the_signed_head_is_served() {
    let scene = Scene::new(1, &[Manner::Mute]).await;
    let server = scene.serve(&[]);
    let acknowledged = scene.append(&server, 3).await;
    eventually("the signed head", || {
        (scene.served(&server).note() == acknowledged.note()).then_some(())
    })
    .await;
    scene.wait_for_health(&server, "lack the quorum").await;
    scene.witnesses[0].behave(Manner::Slow(Duration::from_millis(300)));
    scene.wait_for_witnessed(&server, 3).await;
    assert_eq!(server.get("/healthz").0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_log_gets_fresh_cosignatures() {
    let scene = Scene::new(2, &[Manner::Honest, Manner::Honest]).await;
    let server = scene.serve(&[("INDELIBLE_WITNESS_REFRESH_SECONDS", "1")]);
    scene.append(&server, 3).await;
    let first = scene.wait_for_witnessed(&server, 3).await;
    let later = eventually("fresh cosignatures", || {
        let later = scene.witnessed(&server)?;
        (later.first_seen() > first.last_seen()).then_some(later)
    })
    .await;
    assert_eq!(later.checkpoint().head(), first.checkpoint().head());
    assert_eq!(later.vouchers().len(), 2, "one line a witness");

    // A witness that went back to an older state is not lost: it says what it knows.
    scene.witnesses[0].forget();
    scene.append(&server, 3).await;
    scene.wait_for_witnessed(&server, 6).await;
    for witness in &scene.witnesses {
        assert_eq!(witness.at_once_max(), 1, "never two requests to one witness");
    }
}
