//! Submitting and reading back, checked by the client library, and by hand where that would not notice.

use std::collections::HashSet;

use bytes::Bytes;
use futures_util::future::join_all;
use indelible_client::{AppendError, Error, NewEvent, RawBody, Submitted, SubmittedEvent};
use indelible_event::member::{Action, Claims, Member, Occurred, OccurredFrom, Outcome, OutcomeResult, Verb};
use indelible_event::{CheckedLine, Committed, MemberValue};
use indelible_merkle::{Hash, InclusionProof, check_inclusion};
use indelible_note::open_checkpoint;
use tonic::Code;

use crate::stubs::{Event, GetEventRequest, Submission, SubmitBatchRequest, SubmitRequest, member};
use crate::support::{bed, check_run, claims, event, stub, submission};

fn new(submitted: &Submitted) -> &Committed {
    match &submitted.event {
        SubmittedEvent::New(committed) => committed,
        other => panic!("not new: {other:?}"),
    }
}

fn known(submitted: &Submitted) -> u64 {
    match &submitted.event {
        SubmittedEvent::Known(_) => submitted.receipt.index(),
        other => panic!("not known: {other:?}"),
    }
}

fn refused(error: &AppendError) -> (Code, &str) {
    match error {
        AppendError::NotAppended(Error::Refused { code, message }) => (*code, message),
        other => panic!("not refused: {other}"),
    }
}

fn disclosures(event: &Event) -> Vec<&Bytes> {
    let disclosed = event.members.iter().filter_map(|member| match &member.state {
        Some(member::State::Disclosure(d)) => Some(d),
        _ => None,
    });
    disclosed.collect()
}

/// What is submitted comes back with all that the service added, and is proved before and after sealing, and from a log that started anew.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_submitted_and_given_back_with_proofs_that_hold() {
    let bed = bed();
    let server = bed.serve();
    let client = server.client(bed.vkey()).await;
    let mut first = event(Some("1"), "ada");
    first.raw = Some(RawBody {
        content: "{\"who\":\"ada\"}".into(),
        content_type: "application/json".to_owned(),
    });
    let submitted = client.submit(&first).await.unwrap();
    let committed = new(&submitted);
    assert_eq!(submitted.receipt.index(), 0);
    submitted.receipt.verify(committed.leaf().hash(), &bed.vkey()).unwrap();
    let member = |member: Member| committed.members()[member.place()].value();
    let Some(MemberValue::Submitter(submitter)) = member(Member::Submitter) else {
        panic!("no submitter")
    };
    assert_eq!(
        (submitter.principal.as_str(), submitter.method.as_str()),
        ("anonymous", "none")
    );
    let Some(MemberValue::Occurred(occurred)) = member(Member::Occurred) else {
        panic!("not filled in")
    };
    assert_eq!(occurred.from, OccurredFrom::Receipt);

    for restarted in [false, true] {
        let server = match restarted {
            false => None,
            true => {
                server.terminate();
                tokio::time::sleep(std::time::Duration::from_secs(2)).await;
                Some(bed.serve())
            }
        };
        let client = match &server {
            None => client.clone(),
            Some(server) => server.client(bed.vkey()).await,
        };
        let proved = client.event(0).await.unwrap();
        let CheckedLine::Event(found) = &proved.checked else {
            panic!("a tombstone")
        };
        assert_eq!(found.leaf(), committed.leaf());
        assert_eq!(found.shown(), committed.members());
        assert_eq!(found.raw(), first.raw.as_ref().map(|raw| &raw.content));
        assert!(proved.said_erased.is_empty());
        let error = client.event(1).await.unwrap_err();
        assert!(
            matches!(
                error,
                Error::Refused {
                    code: Code::OutOfRange,
                    ..
                }
            ),
            "{error}"
        );
    }
}

/// The single call, of which the client library makes no use.
#[tokio::test(flavor = "multi_thread")]
async fn a_single_submission_is_answered_with_an_inclusion_proof() {
    let bed = bed();
    let server = bed.serve();
    let mut stub = stub(&server).await;
    let mut submit = async |event: NewEvent| {
        let request = SubmitRequest {
            submission: Some(submission(&event)),
            ..SubmitRequest::default()
        };
        stub.submit(request).await.map(tonic::Response::into_inner)
    };
    for index in 0..5 {
        submit(event(None, &format!("user {index}"))).await.unwrap();
    }
    for (repeated, at_least_once, key) in [(false, false, Some("k")), (true, false, Some("k")), (false, true, None)] {
        let reply = submit(event(key, "ada")).await.unwrap();
        assert_eq!((reply.repeated, reply.at_least_once), (repeated, at_least_once));
        let found = reply.event.unwrap();
        let head = open_checkpoint(&reply.head.unwrap().checkpoint, &bed.vkey())
            .unwrap()
            .head();
        assert_eq!(found.index, if key.is_some() { 5 } else { 6 });
        let hashes = Hash::split(&reply.proof.unwrap().hashes).unwrap();
        let proof = InclusionProof::new(found.index, head.size, hashes);
        check_inclusion(Hash::leaf(&found.leaf), &proof, &head).unwrap();
        assert_eq!(disclosures(&found).len(), 11);
    }
    let status = submit(event(Some("k"), "eve")).await.unwrap_err();
    assert_eq!(status.code(), Code::AlreadyExists);
    assert!(status.message().contains("event 5"), "{status}");
}

/// Repeats of what is in the log, and of what is in the same batch, between new ones.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_with_repeats_inside_is_proved_whole() {
    let bed = bed();
    let server = bed.serve();
    let client = server.client(bed.vkey()).await;
    client.submit(&event(Some("old"), "ada")).await.unwrap();
    let batch = [
        event(Some("a"), "ada"),
        event(Some("old"), "ada"),
        event(None, "bob"),
        event(Some("a"), "ada"),
        event(None, "bob"),
    ];
    let submitted = client.submit_batch(&batch).await.unwrap();
    let indexes: Vec<u64> = submitted.iter().map(|one| one.receipt.index()).collect();
    assert_eq!(indexes, [1, 0, 2, 1, 3]);
    assert_eq!((known(&submitted[1]), known(&submitted[3])), (0, 1));
    for place in [0, 2, 4] {
        let leaf = new(&submitted[place]).leaf().hash();
        submitted[place].receipt.verify(leaf, &bed.vkey()).unwrap();
    }
    // All of it known.
    let again = client.submit_batch(&batch[..2]).await.unwrap();
    assert_eq!((known(&again[0]), known(&again[1])), (1, 0));

    // As a stranger sees it: the new ones are one run.
    let request = SubmitBatchRequest {
        submissions: batch.iter().map(submission).collect(),
        ..SubmitBatchRequest::default()
    };
    let run = stub(&server)
        .await
        .submit_batch(request)
        .await
        .unwrap()
        .into_inner()
        .run;
    check_run(&run.unwrap(), &bed, &[true, true, false, true, false], 4);
}

/// A key stands for one event, across a stop, and across kill -9.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_taken_once_whatever_happens_between() {
    let bed = bed();
    let mut server = bed.serve();
    let said = new(&server
        .client(bed.vkey())
        .await
        .submit(&event(Some("k"), "ada"))
        .await
        .unwrap())
    .leaf()
    .clone();
    for step in 0..4 {
        match step {
            0 => {}
            1 => {
                let (status, words) = server.stop();
                assert!(status.success(), "{words:?}");
                server = bed.serve();
            }
            _ => {
                server.kill();
                server = bed.serve();
            }
        }
        let client = server.client(bed.vkey()).await;
        let again = client.submit(&event(Some("k"), "ada")).await.unwrap();
        assert_eq!(known(&again), 0);
        let SubmittedEvent::Known(committed) = &again.event else {
            unreachable!()
        };
        assert_eq!(committed.leaf(), &said, "the first receipt is given again");
        let conflict = client.submit(&event(Some("k"), "eve")).await.unwrap_err();
        let (code, words) = refused(&conflict);
        assert_eq!(code, Code::AlreadyExists);
        assert!(words.contains("event 0"), "{words}");
        // The same key of another source is another key.
        let other = NewEvent {
            source: format!("other {step}"),
            ..event(Some("k"), "eve")
        };
        new(&client.submit(&other).await.unwrap());
        assert_eq!(client.head().await.unwrap().head().size, 2 + step);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_within_a_batch_takes_nothing_of_it() {
    let bed = bed();
    let server = bed.serve();
    let client = server.client(bed.vkey()).await;
    let batch = [event(None, "bob"), event(Some("k"), "ada"), event(Some("k"), "eve")];
    let error = client.submit_batch(&batch).await.unwrap_err();
    let (code, words) = refused(&error);
    assert_eq!(code, Code::InvalidArgument);
    assert!(words.starts_with("event 2: ") && words.contains("event 1"), "{words}");
    // The key was given back.
    let taken = client.submit(&event(Some("k"), "eve")).await.unwrap();
    assert_eq!((new(&taken).members().len(), taken.receipt.index()), (11, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_who_send_one_key_at_once_get_one_leaf() {
    let bed = bed();
    let server = bed.serve();
    let client = server.client(bed.vkey()).await;
    for round in 0..8 {
        let key = format!("key {round}");
        let senders = (0..16).map(|_| {
            let (client, event) = (client.clone(), event(Some(&key), "ada"));
            tokio::spawn(async move { client.submit(&event).await.unwrap() })
        });
        let submitted: Vec<Submitted> = join_all(senders).await.into_iter().map(Result::unwrap).collect();
        let indexes: HashSet<u64> = submitted.iter().map(|one| one.receipt.index()).collect();
        assert_eq!(indexes, HashSet::from([round]));
        let new = submitted
            .iter()
            .filter(|one| matches!(one.event, SubmittedEvent::New(_)));
        assert_eq!(new.count(), 1);
    }
    assert_eq!(client.head().await.unwrap().head().size, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_exceeds_a_limit_is_refused_and_named() {
    let bed = bed();
    let server = bed.serve();
    let client = server.client(bed.vkey()).await;
    let check = async |event: NewEvent, code: Code, words: &str| {
        let error = client.submit(&event).await.unwrap_err();
        let (found, message) = refused(&error);
        assert!(found == code && message.contains(words), "{message}");
    };
    let detail = |length: usize| NewEvent {
        claims: Claims {
            outcome: Some(Outcome {
                result: OutcomeResult::Success,
                detail: Some("x".repeat(length)),
            }),
            ..Claims::default()
        },
        ..event(None, "ada")
    };
    // 32 bytes are `{"detail":"","result":"success"}`.
    let most = (256 << 10) - 32;
    new(&client.submit(&detail(most)).await.unwrap());
    check(detail(most + 1), Code::InvalidArgument, "outcome").await;
    let five = |length: usize| {
        let mut event = detail(length);
        let text = "x".repeat(length);
        event.claims.action = Some(Action {
            name: text.clone(),
            verb: Verb::Other,
            class: None,
        });
        let mut of = claims(&text, "acme/shop");
        of.actor.as_mut().unwrap().id = None;
        event.claims.actor = of.actor;
        event.claims.correlation = Some(indelible_event::member::Correlation {
            run: Some(text.clone()),
            ..Default::default()
        });
        event.claims.origin = Some(indelible_event::member::Origin {
            ip: None,
            ip_trust: indelible_event::member::IpTrust::None,
            user_agent: Some(text),
        });
        event
    };
    new(&client.submit(&five(200 << 10)).await.unwrap());
    check(five(255 << 10), Code::InvalidArgument, "outcome").await;
    for (source, key) in [("", None), ("s", Some(String::new())), ("s", Some("k".repeat(513)))] {
        let wrong = NewEvent {
            source: source.to_owned(),
            key,
            ..event(None, "ada")
        };
        check(wrong, Code::InvalidArgument, "1 to 512").await;
    }
    let none: &[NewEvent] = &[];
    assert_eq!(
        refused(&client.submit_batch(none).await.unwrap_err()).0,
        Code::InvalidArgument
    );

    // What is no such JSON is refused by where it is wrong.
    let mut stub = stub(&server).await;
    for (json, words) in [
        ("", "claims: EOF"),
        ("[]", "claims: "),
        (
            "{\"actor\":{\"type\":\"user\"},\"actor\":{\"type\":\"bot\"}}",
            "\"actor\" stands twice",
        ),
        (
            "{\"submitter\":{\"principal\":\"root\",\"method\":\"none\"}}",
            "unknown field `submitter`",
        ),
        ("{\"outcome\":{\"result\":\"fine\"}}", "unknown variant"),
        (
            "{\"outcome\":{\"result\":\"success\",\"detail\":\"\\ud800\"}}",
            "claims: ",
        ),
        ("{\"actor\":{\"type\":\"user\",\"claims\":{\"n\":1e400}}}", "claims: "),
        (
            "{\"actor\":{\"type\":\"user\",\"claims\":{\"n\":9007199254740993}}}",
            "actor",
        ),
    ] {
        let request = SubmitRequest {
            submission: Some(Submission {
                source: "s".to_owned(),
                claims: json.as_bytes().to_vec().into(),
                ..Submission::default()
            }),
            ..SubmitRequest::default()
        };
        let status = stub.submit(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{json}: {status}");
        assert!(status.message().contains(words), "{json}: {status}");
    }
    let deep = format!(
        "{{\"actor\":{{\"type\":\"user\",\"claims\":{{\"n\":{}1{}}}}}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let request = SubmitRequest {
        submission: Some(Submission {
            source: "s".to_owned(),
            claims: deep.into(),
            ..Submission::default()
        }),
        ..SubmitRequest::default()
    };
    assert_eq!(stub.submit(request).await.unwrap_err().code(), Code::InvalidArgument);
    let status = stub.submit(SubmitRequest::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(client.head().await.unwrap().head().size, 2);
}

/// A second submission of one delivery whose mapping has changed is the same event, and not what was sent now.
#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_for_other_claims_of_the_same_bytes_is_refused() {
    let bed = bed();
    let server = bed.serve();
    let client = server.client(bed.vkey()).await;
    let raw = Some(RawBody {
        content: "{}".into(),
        content_type: "application/json".to_owned(),
    });
    let mut sent = event(Some("k"), "ada");
    sent.raw = raw;
    new(&client.submit(&sent).await.unwrap());
    sent.claims.occurred = Some(Occurred {
        at: "2026-11-22T10:00:00Z".parse().unwrap(),
        from: OccurredFrom::Payload,
    });
    let error = client.submit(&sent).await.unwrap_err();
    let AppendError::Unconfirmed(Error::KeyOfAnother { index: 0, reason, .. }) = &error else {
        panic!("{error}")
    };
    assert!(reason.to_string().contains("occurred"), "{reason}");
}

/// Secrets are marked before anything is hashed, and the client says where.
#[tokio::test(flavor = "multi_thread")]
async fn a_marked_secret_is_no_lie() {
    let bed = bed();
    let server = bed.serve();
    let client = server.client(bed.vkey()).await;
    let mut sent = event(Some("k"), "ada");
    let token = format!("ghp_{}", "a1B2c3D4e5F6".repeat(3));
    sent.claims.outcome = Some(Outcome {
        result: OutcomeResult::Failure,
        detail: Some(format!("not with {token}")),
    });
    let submitted = client.submit(&sent).await.unwrap();
    let committed = new(&submitted);
    assert_eq!(committed.redacted().iter().collect::<Vec<_>>(), [Member::Outcome]);
    let value = committed.members()[Member::Outcome.place()]
        .disclosure()
        .value_json()
        .to_owned();
    assert!(!value.contains(&token) && value.contains("[redacted: "), "{value}");
    assert_eq!(known(&client.submit(&sent).await.unwrap()), 0);
    let event = stub(&server)
        .await
        .get(GetEventRequest { index: 0 })
        .await
        .unwrap()
        .into_inner();
    assert!(!format!("{event:?}").contains(&token));
}
