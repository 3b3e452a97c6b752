//! Appends that wait for the quorum.

use std::time::{Duration, Instant};

use bytes::Bytes;
use indelible_client::Waited;
use indelible_merkle::{Hash, InclusionProof};
use indelible_note::{Receipt, open_checkpoint};
use tonic::{Code, Request};

use crate::fake::Manner;
use crate::scene::Scene;
use crate::stubs::{AppendBatchRequest, AppendRequest, Wait};
use crate::support::{Bed, stderr, stdout};

#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_waits_gets_a_receipt_that_holds_under_the_policy() {
    let scene = Scene::new(2, &[Manner::Honest, Manner::Slow(Duration::from_millis(200))]).await;
    let server = scene.serve(&[]);
    let mut stub = server.stub().await;
    let request = AppendRequest {
        entry: "waited for".into(),
        wait: Wait::Witnessed.into(),
        ..AppendRequest::default()
    };
    let reply = stub.append(request).await.unwrap().into_inner();
    assert!(reply.witnessed);
    let head = open_checkpoint(&reply.head.unwrap().checkpoint, &scene.bed.vkey()).unwrap();
    let hashes = Hash::split(&reply.proof.unwrap().hashes).unwrap();
    let receipt = Receipt::new(reply.index, hashes, head.into_inner());
    receipt
        .verify_under(Hash::leaf(b"waited for"), &scene.policy())
        .unwrap();

    let client = server.client(scene.bed.vkey()).await;
    let entries: Vec<Bytes> = (0..50).map(|number| Bytes::from(format!("one of {number}"))).collect();
    let waited = client
        .append_batch_witnessed(entries.clone(), Duration::from_secs(20))
        .await
        .unwrap();
    let Waited::Witnessed(run) = waited else {
        panic!("{waited:?}")
    };
    for (index, entry) in (run.first_index()..).zip(&entries) {
        let receipt = run.receipt(index).unwrap();
        receipt.verify_under(Hash::leaf(entry), &scene.policy()).unwrap();
    }

    scene.bed.write("one", "from the command line");
    let vkey = scene.bed.vkey().to_string();
    let args = [
        "append",
        "one",
        "--wait",
        "witnessed",
        "--receipt",
        "one.tlog-proof",
        "--url",
        &server.url,
        "--vkey",
        &vkey,
    ];
    let appended = scene.bed.run(&args);
    assert!(appended.status.success(), "{}", stderr(&appended));
    assert!(stdout(&appended).ends_with("\twitnessed\n"), "{}", stdout(&appended));
    let receipt = Receipt::parse(&std::fs::read(scene.bed.path("one.tlog-proof")).unwrap()).unwrap();
    receipt
        .verify_under(Hash::leaf(b"from the command line"), &scene.policy())
        .unwrap();
    let lines = scene.bed.run_with_stdin(
        &[
            "append",
            "-",
            "--lines",
            "--wait",
            "witnessed",
            "--url",
            &server.url,
            "--vkey",
            &vkey,
        ],
        b"a\nb\nc\n",
    );
    let expected: String = (52..)
        .zip(["a", "b", "c"])
        .map(|(index, entry)| format!("{index}\t{}\twitnessed\n", Hash::leaf(entry.as_bytes())))
        .collect();
    assert_eq!(stdout(&lines), expected, "{}", stderr(&lines));
}

#[tokio::test(flavor = "multi_thread")]
async fn at_its_deadline_it_gets_the_receipt_without() {
    let scene = Scene::new(1, &[Manner::Mute]).await;
    let server = scene.serve(&[("INDELIBLE_WITNESS_WAIT_SECONDS", "3")]);
    let mut stub = server.stub().await;
    for (asked, at_least) in [(Some(2), 1), (None, 3)] {
        let mut request = Request::new(AppendRequest {
            entry: "in vain".into(),
            wait: Wait::Witnessed.into(),
            ..AppendRequest::default()
        });
        if let Some(seconds) = asked {
            request.set_timeout(Duration::from_secs(seconds));
        }
        let begin = Instant::now();
        let reply = stub.append(request).await.unwrap().into_inner();
        assert!(!reply.witnessed);
        let took = begin.elapsed();
        assert!(took >= Duration::from_secs(at_least), "{asked:?}: {took:?}");
        let head = open_checkpoint(&reply.head.unwrap().checkpoint, &scene.bed.vkey()).unwrap();
        let proof = InclusionProof::new(
            reply.index,
            head.head().size,
            Hash::split(&reply.proof.unwrap().hashes).unwrap(),
        );
        indelible_merkle::check_inclusion(Hash::leaf(b"in vain"), &proof, &head.head()).unwrap();
    }
    let vkey = scene.bed.vkey().to_string();
    let args = [
        "append",
        "-",
        "--wait",
        "witnessed",
        "--within",
        "1",
        "--url",
        &server.url,
        "--vkey",
        &vkey,
    ];
    let appended = scene.bed.run_with_stdin(&args, b"x");
    assert!(appended.status.success(), "{}", stderr(&appended));
    assert!(stdout(&appended).ends_with("\tdurable\n"), "{}", stdout(&appended));

    // Those who wait do not hold the queue, which has 8 MiB and a waiting room of as many.
    let server = {
        server.stop();
        scene.serve(&[("INDELIBLE_QUEUE_MIB", "8")])
    };
    let begin = Instant::now();
    let waiting: Vec<_> = (0..30_u8)
        .map(|number| {
            let batch = AppendBatchRequest {
                entries: vec![vec![number; 60_000].into(); 17],
                wait: Wait::Witnessed.into(),
            };
            let mut request = Request::new(batch);
            request.set_timeout(Duration::from_secs(25));
            (request, server.stub())
        })
        .collect();
    let mut tasks = Vec::new();
    for (request, stub) in waiting {
        let mut stub = stub.await;
        let before = scene_size(&server).await;
        tasks.push(tokio::spawn(async move { stub.append_batch(request).await }));
        // The next one comes when this one is durable.
        while scene_size(&server).await == before {
            assert!(begin.elapsed() < Duration::from_secs(60));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    scene.append(&server, 1).await;
    scene.witnesses[0].behave(Manner::Honest);
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

/// The size of the newest published tree.
async fn scene_size(server: &crate::support::Server) -> u64 {
    let mut stub = server.stub().await;
    let request = crate::stubs::GetConsistencyProofRequest::default();
    stub.get_consistency_proof(request).await.unwrap().into_inner().new_size
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_without_witnesses_refuses_to_wait_for_them() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let mut stub = server.stub().await;
    for wait in [Wait::Witnessed.into(), 7] {
        let request = AppendRequest {
            wait,
            ..AppendRequest::default()
        };
        let refused = stub.append(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
        assert!(refused.message().starts_with("wait: "), "{refused}");
    }
    assert_eq!(scene_size(&server).await, 0, "nothing was written");
}
