//! A witness that knows another history stops the log: at the start, and while it runs.

use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::fake::Manner;
use crate::scene::{Scene, eventually};
use crate::stubs::AppendRequest;
use crate::support::{ended, stderr};

fn says(status: u16, content_type: Option<&'static str>, body: &str) -> Manner {
    Manner::Says {
        status,
        content_type,
        body: body.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_is_ahead_at_run_time_halts_the_log() {
    let scene = Scene::new(1, &[Manner::Honest, Manner::Honest]).await;
    let server = scene.serve(&[]);
    scene.append(&server, 10).await;
    scene.wait_for_witnessed(&server, 10).await;
    let mut health = HealthClient::new(server.channel().await);
    let mut stub = server.stub().await;
    scene.witnesses[1].behave(Manner::Ahead(1_000));
    scene.append(&server, 1).await;
    eventually("the refusal", || {
        let (status, words) = server.get("/healthz");
        let words = String::from_utf8(words).unwrap();
        (status == 503 && words.contains("the witness w2 has cosigned a tree of 1011 entries")).then_some(())
    })
    .await;
    let request = HealthCheckRequest::default();
    let status = health.check(request).await.unwrap().into_inner().status();
    assert_eq!(status, ServingStatus::NotServing);
    let refused = stub.append(AppendRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused}");
    assert!(
        refused.message().contains("halted") && refused.message().contains("w2"),
        "{refused}"
    );
    assert_eq!(
        server.get("/checkpoint").0,
        200,
        "what was published is read a little longer"
    );
    let (status, words) = server.wait();
    assert_eq!(status.code(), Some(1), "{words:#?}");
    assert!(
        words
            .iter()
            .any(|line| line.contains("does not hold") && line.contains("w2")),
        "{words:#?}"
    );

    // It was a lie: nothing is lost, and what was not refused is there.
    scene.witnesses[1].behave(Manner::Honest);
    let server = scene.serve(&[]);
    scene.append(&server, 1).await;
    scene.wait_for_witnessed(&server, 12).await;
    assert_eq!(server.stop().0.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_start_a_contradiction_stops_it_and_silence_does_if_required() {
    let scene = Scene::new(1, &[Manner::Honest, Manner::Honest]).await;
    let server = scene.serve(&[]);
    scene.append(&server, 10).await;
    scene.wait_for_witnessed(&server, 10).await;
    server.stop();
    let size = Some("text/x.tlog.size");
    let required = ("INDELIBLE_WITNESS_REQUIRED_AT_START", "true");
    for (manner, more, status, words) in [
        (
            Manner::Ahead(1),
            None,
            1,
            "the witness w2 has cosigned a tree of 11 entries, but the log in the directory has 10",
        ),
        (says(422, None, "another root"), None, 1, "another history of this log"),
        (says(409, None, ""), None, 1, "another history of this log"),
        (
            says(404, None, "unknown"),
            Some(required),
            2,
            "the witness w2 could not be asked",
        ),
        (
            says(503, None, ""),
            Some(required),
            2,
            "the witness w2 could not be asked",
        ),
        (Manner::Mute, Some(required), 2, "the witness w2 could not be asked"),
        (
            Manner::BadSignature,
            Some(required),
            2,
            "the witness w2 could not be asked",
        ),
        (
            says(409, size, "x\n"),
            Some(required),
            2,
            "the witness w2 could not be asked",
        ),
    ] {
        scene.witnesses[1].behave(manner.clone());
        let refused = ended(scene.serve_command(more.as_slice()));
        assert_eq!(refused.status.code(), Some(status), "{manner:?}: {}", stderr(&refused));
        assert!(stderr(&refused).contains(words), "{manner:?}: {}", stderr(&refused));
        if more.is_some() {
            let server = scene.serve(&[]);
            scene
                .wait_for_health(&server, "at the start the witness w2 could not be asked")
                .await;
            assert_eq!(server.stop().0.code(), Some(0), "{manner:?}");
        }
    }
    scene.witnesses[1].behave(Manner::Honest);
    assert_eq!(scene.serve(&[required]).stop().0.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_cannot_be_used_stops_the_start() {
    let scene = Scene::new(1, &[Manner::Honest]).await;
    let line = scene.witnesses[0].line();
    let without_url = line.rsplit_once(' ').unwrap().0;
    let other = "log example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx\n";
    for (policy, words) in [
        ("quorum none\n".to_owned(), "names no witness"),
        ("witness\n".to_owned(), "line 1"),
        (line.clone(), "quorum"),
        (format!("{without_url}\nquorum w1\n"), "the witness w1 has no URL"),
        (
            format!("{without_url} ftp://example.com\nquorum w1\n"),
            "the witness w1 has no URL",
        ),
        (format!("{other}{line}quorum w1\n"), "names logs, but not this one"),
    ] {
        scene.bed.write("witnesses.policy", &policy);
        let refused = ended(scene.serve_command(&[]));
        assert_eq!(refused.status.code(), Some(2), "{policy}: {}", stderr(&refused));
        assert!(stderr(&refused).contains(words), "{policy}: {}", stderr(&refused));
        assert!(
            stderr(&refused).contains("witnesses.policy"),
            "{policy}: {}",
            stderr(&refused)
        );
    }
    std::fs::remove_file(scene.bed.path("witnesses.policy")).unwrap();
    assert_eq!(ended(scene.serve_command(&[])).status.code(), Some(2));
}
