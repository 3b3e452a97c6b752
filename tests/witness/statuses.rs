//! Every row of the status table, and the note that is published.

use http::{Method, StatusCode};
use indelible_merkle::{Hash, TreeHead};
use indelible_note::{SigningKey, sign_checkpoint};

use crate::bed::{Witness, conflict, submit};
use crate::http_client::Http;
use crate::log::Log;

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_the_status_table() {
    let log = Log::new("one", 20);
    let other = Log::new("another", 20);
    let witness = Witness::of(&log);
    let server = witness.serve();
    let mut http = Http::connect(&server).await;

    // 404: the origin is not known, for the request and for the reader; or nothing was cosigned yet.
    let unknown = Log::named("test.example/unknown", "one", 3);
    assert_eq!(
        submit(&mut http, unknown.request(0, 3)).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(http.get(&unknown.path()).await.status, StatusCode::NOT_FOUND);
    assert_eq!(http.get(&log.path()).await.status, StatusCode::NOT_FOUND);

    // 422: the tree of size 0 with another root; a proof from size 0.
    let zero = TreeHead {
        size: 0,
        root: Hash::leaf(b""),
    };
    assert_eq!(submit(&mut http, log.request_with(0, vec![], zero)).await.status, 422);
    assert_eq!(
        submit(&mut http, log.request_with(0, vec![zero.root], log.head(3)))
            .await
            .status,
        422
    );
    assert_eq!(witness.size(), None);

    // 200: the first head, growth, the same head again, over either protocol.
    let first = submit(&mut http, log.request(0, 0)).await;
    let mut time = witness.cosigned(&first, &log.checkpoint(0));
    assert_eq!(first.header("content-type"), "text/plain; charset=utf-8");
    let mut http2 = Http::connect_http2(&server).await;
    for (old, new) in [(0, 0), (0, 3), (3, 3), (3, 7), (7, 8), (8, 19)] {
        for http in [&mut http, &mut http2] {
            let old = if witness.size() == Some(new) { new } else { old };
            let answer = submit(http, log.request(old, new)).await;
            let next = witness.cosigned(&answer, &log.checkpoint(new));
            assert!(next >= time && next.secs() > 1_700_000_000);
            time = next;
            let (published, cosigned) = witness.published(http, &log).await;
            assert_eq!((published.head(), cosigned), (log.head(new), time));
            assert_eq!(published.note().text(), log.checkpoint(new).note().text());
        }
    }
    assert_eq!(witness.size(), Some(19));

    // 409: from another size, smaller or larger, whatever the proof.
    for old in [0, 7, 18] {
        assert_eq!(conflict(&submit(&mut http, log.request(old, 20)).await), 19);
    }
    assert_eq!(
        conflict(&submit(&mut http, log.request_with(20, vec![], log.head(20))).await),
        19
    );
    assert_eq!(
        conflict(&submit(&mut http, log.request_with(18, vec![zero.root; 9], log.head(18))).await),
        19
    );
    // 400: from a larger size than that of the checkpoint.
    assert_eq!(
        submit(&mut http, log.request_with(19, vec![], log.head(18)))
            .await
            .status,
        400
    );

    // 422: the same size and another root; another history; a hash too many, too few, or wrong.
    assert_eq!(submit(&mut http, other.request(19, 19)).await.status, 422);
    assert_eq!(submit(&mut http, other.request(19, 20)).await.status, 422);
    let proof = log.proof(19, 20).hashes().to_vec();
    let mut wrong = proof.clone();
    wrong[0] = Hash::leaf(b"wrong");
    let (longer, shorter) = ([&proof[..], &[zero.root]].concat(), proof[1..].to_vec());
    for hashes in [wrong, longer, shorter] {
        assert_eq!(
            submit(&mut http, log.request_with(19, hashes, log.head(20)))
                .await
                .status,
            422
        );
    }

    // 403: by another key of that name; under the right key's name and id, but not by it.
    let stranger = SigningKey::from_seed(log.vkey().name().clone(), [3; 32]);
    let request = |note: &str| format!("old 19\n\n{note}");
    let strange = sign_checkpoint(log.head(19), &stranger);
    let answer = submit(&mut http, request(strange.note().as_str())).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let lines = log.checkpoint(20).note().signatures()[0].to_string();
    let forged = format!("{}\n{lines}", log.checkpoint(19).note().text());
    assert_eq!(submit(&mut http, request(&forged)).await.status, StatusCode::FORBIDDEN);

    // None of it changed anything.
    assert_eq!(witness.size(), Some(19));
    let (published, cosigned) = witness.published(&mut http, &log).await;
    assert_eq!((published.head(), cosigned), (log.head(19), time));
    witness.cosigned(&submit(&mut http, log.request(19, 20)).await, &log.checkpoint(20));
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_methods_and_health() {
    let log = Log::new("one", 3);
    let witness = Witness::of(&log);
    let server = witness.serve();
    let mut http = Http::connect(&server).await;
    submit(&mut http, log.request(0, 3)).await;
    let health = http.get("/healthz").await;
    assert_eq!((health.status, &health.body[..]), (StatusCode::OK, &b"ok\n"[..]));
    assert_eq!(http.ask(Method::HEAD, &log.path(), &[]).await.status, StatusCode::OK);
    for (method, path, status) in [
        (Method::GET, "/add-checkpoint", 405),
        (Method::PUT, "/add-checkpoint", 405),
        (Method::POST, &*log.path(), 405),
        (Method::GET, "/", 404),
        (Method::GET, "/checkpoint", 404),
        (
            Method::GET,
            &log.path().to_uppercase().replace("CHECKPOINT", "checkpoint"),
            404,
        ),
        (Method::GET, &log.path().replace("/checkpoint", ""), 404),
        (Method::GET, "/%00/checkpoint", 404),
        (Method::GET, "/%FF/checkpoint", 400),
    ] {
        assert_eq!(
            http.ask(method.clone(), path, &[]).await.status,
            status,
            "{method} {path}"
        );
    }
    // A web page of somebody else's cannot make a browser submit for it.
    let foreign = [("origin", "https://evil.example")];
    let answer = http.post("/add-checkpoint", &foreign, log.request(3, 3)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}
