//! Every answer that a witness can give: the log goes on, says what is wrong, and takes no lie for a cosignature.

use crate::fake::Manner;
use crate::scene::Scene;

fn says(status: u16, body: &str) -> Manner {
    typed(status, None, body)
}

fn typed(status: u16, content_type: Option<&'static str>, body: &str) -> Manner {
    Manner::Says {
        status,
        content_type,
        body: body.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_taken_for_what_it_is_not() {
    let scene = Scene::new(2, &[Manner::Honest, Manner::Honest]).await;
    let server = scene.serve(&[
        ("INDELIBLE_WITNESS_TIMEOUT_SECONDS", "1"),
        ("INDELIBLE_WITNESS_PATIENCE_SECONDS", "1"),
    ]);
    let size_type = Some("text/x.tlog.size");
    let mut size = 3;
    scene.append(&server, 3).await;
    scene.wait_for_witnessed(&server, size).await;
    for (manner, words) in [
        (says(400, "no"), "it answered 400"),
        (says(403, "no"), "it answered 403"),
        (says(404, "no"), "it answered 404"),
        (says(422, "no"), "it answered 422"),
        (says(409, "3\n"), "it answered 409"),
        (says(302, ""), "it answered 302"),
        (typed(409, size_type, "many\n"), "something else than a size"),
        (typed(409, size_type, "03\n"), "something else than a size"),
        (says(429, "slower"), "the witness w2 does not answer"),
        (says(500, "oh"), "the witness w2 does not answer"),
        (typed(409, size_type, "1\n"), "the witness w2 does not"),
        (says(200, ""), "something else than signature lines"),
        (says(200, "<html>"), "something else than signature lines"),
        (Manner::BadSignature, "its cosignature does not hold"),
        (Manner::OtherKey, "no line by its key"),
        (Manner::NoTime, "its cosignature has no time"),
        (Manner::Mute, "the witness w2 does not answer"),
        (Manner::Endless, "the witness w2 does not answer"),
    ] {
        let shown = format!("{manner:?}");
        let honest = scene.witnesses[1].size();
        scene.witnesses[1].behave(manner);
        let acknowledged = scene.append(&server, 3).await;
        assert_eq!(acknowledged.head().size, size + 3, "{shown}");
        scene.wait_for_health(&server, words).await;
        scene.wait_for_health(&server, "lack the quorum").await;
        let served = scene.served(&server);
        assert_eq!(served.head().size, size, "{shown}: {}", served.note());
        assert_eq!(scene.witnesses[1].size(), honest, "{shown}");

        scene.witnesses[1].behave(Manner::Honest);
        // One that refused is left alone until there is something new.
        scene.append(&server, 3).await;
        size += 6;
        scene.wait_for_witnessed(&server, size).await;
        scene.wait_for_health(&server, "ok").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_refuses_is_left_alone() {
    let scene = Scene::new(1, &[Manner::Honest, says(404, "who?")]).await;
    let server = scene.serve(&[("INDELIBLE_WITNESS_PATIENCE_SECONDS", "3600")]);
    for count in 1..=5 {
        scene.append(&server, 1).await;
        scene.wait_for_witnessed(&server, count).await;
    }
    scene
        .wait_for_health(&server, "the witness w2 does not cosign: it answered 404")
        .await;
    // Once at the start, once when the log runs.
    assert_eq!(scene.witnesses[1].requests(), 2);
    assert!(scene.witnesses[0].requests() > 5);
}
