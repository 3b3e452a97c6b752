//! What comes and goes in streams: submissions, events as they are published, and evidence files.

use std::time::Duration;

use indelible_client::{NewEvent, RawBody};
use indelible_event::member::Member;
use indelible_event::{
    CheckedEvent, CheckedLine, EvidenceHeader, EvidenceLine, EvidenceLines, EvidenceTrust, EvidenceVerifier,
    LineTooLong, MemberSet, MemberState,
};
use indelible_note::KeyChain;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming};

use crate::bed::{Bed, Server};
use crate::stubs::{EventFilter, ExportRequest, SubmitStreamRequest, WatchRequest, WatchResponse};
use crate::support::{bed, check_run, event, stub, submission};

fn message(event: &NewEvent) -> SubmitStreamRequest {
    SubmitStreamRequest {
        submission: Some(submission(event)),
    }
}

/// Acknowledged by run, in order, each with its proof; what was sent before is said to be known.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_acknowledged_by_run() {
    let bed = bed();
    let server = bed.serve();
    let mut stub = stub(&server).await;
    for repeated in [false, true] {
        let events = (0..3_000).map(|number| message(&event(Some(&number.to_string()), "ada")));
        let mut replies = stub
            .submit_stream(tokio_stream::iter(events))
            .await
            .unwrap()
            .into_inner();
        let (mut next, mut runs) = (0_u64, 0);
        while let Some(reply) = replies.message().await.unwrap() {
            let run = reply.run.unwrap();
            let first = if repeated { 0 } else { next };
            check_run(&run, &bed, &vec![repeated; run.events.len()], first);
            for event in &run.events {
                assert_eq!(event.event.as_ref().unwrap().index, next);
                next += 1;
            }
            runs += 1;
        }
        assert_eq!(next, 3_000);
        assert!(runs > 1 && runs < 1_000, "{runs} runs");
    }
}

/// Those before the first that is refused are taken, it and those behind it are not.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_event_ends_a_stream_behind_those_before_it() {
    let bed = bed();
    let server = bed.serve();
    let mut stub = stub(&server).await;
    let conflicting = event(Some("1"), "eve");
    let malformed = NewEvent {
        source: String::new(),
        ..event(None, "eve")
    };
    for (round, (wrong, code)) in [(conflicting, Code::AlreadyExists), (malformed, Code::InvalidArgument)]
        .into_iter()
        .enumerate()
    {
        let key = |number: usize| format!("{number}");
        let good = (0..3).map(|number| event(Some(&key(number)), "ada"));
        let sent: Vec<_> = good.chain([wrong, event(Some("behind"), "ada")]).collect();
        let messages: Vec<_> = sent.iter().map(message).collect();
        let mut replies = stub
            .submit_stream(tokio_stream::iter(messages))
            .await
            .unwrap()
            .into_inner();
        let mut acknowledged = 0;
        let status = loop {
            match replies.message().await {
                Ok(Some(reply)) => acknowledged += reply.run.unwrap().events.len(),
                Ok(None) => panic!("not refused"),
                Err(status) => break status,
            }
        };
        // In the first round the three were new.
        assert_eq!((acknowledged, status.code()), (3, code), "round {round}: {status}");
        let client = server.client(bed.vkey()).await;
        assert_eq!(client.head().await.unwrap().head().size, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_the_service_stops() {
    let bed = bed();
    let server = bed.serve();
    let mut stub = stub(&server).await;
    let (events, receiver) = mpsc::channel(1);
    events.send(message(&event(None, "ada"))).await.unwrap();
    let mut replies = stub
        .submit_stream(ReceiverStream::new(receiver))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(replies.message().await.unwrap().unwrap().run.unwrap().events.len(), 1);
    server.terminate();
    assert_eq!(replies.message().await.unwrap_err().code(), Code::Unavailable);
}

async fn watch(server: &Server, start: Option<u64>, filter: EventFilter) -> Streaming<WatchResponse> {
    let request = WatchRequest {
        start,
        filter: Some(filter),
    };
    stub(server).await.watch(request).await.unwrap().into_inner()
}

async fn indexes(watched: &mut Streaming<WatchResponse>, count: usize) -> Vec<u64> {
    let mut seen = Vec::new();
    while seen.len() < count {
        let reply = tokio::time::timeout(Duration::from_secs(30), watched.message()).await;
        let reply = reply.expect("events come").unwrap().expect("more are due");
        seen.extend(reply.events.iter().map(|event| event.index));
        assert!(seen.iter().all(|index| *index < reply.next_index));
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_see_what_is_there_and_what_comes() {
    let bed = bed();
    let server = bed.serve();
    let client = server.client(bed.vkey()).await;
    for actor in ["ada", "bob", "ada"] {
        client.submit(&event(None, actor)).await.unwrap();
    }
    let of = |actor: &str| EventFilter {
        actor: Some(actor.to_owned()),
        ..EventFilter::default()
    };
    let mut all = watch(&server, Some(0), EventFilter::default()).await;
    let mut coming = watch(&server, None, EventFilter::default()).await;
    // A name is found without regard to case, an id is not.
    let mut by_name = watch(&server, Some(0), of("ADA")).await;
    let mut by_id = watch(&server, Some(0), of("id-bob")).await;
    let mut beyond = watch(&server, Some(4), EventFilter::default()).await;
    let both = EventFilter {
        verb: Some("create".to_owned()),
        target: Some("Acme/Shop".to_owned()),
        source: Some("api/tests".to_owned()),
        action: Some("deployment.created".to_owned()),
        ..of("ada")
    };
    let mut by_everything = watch(&server, Some(1), both).await;
    let by_other_verb = watch(
        &server,
        Some(0),
        EventFilter {
            verb: Some("delete".to_owned()),
            ..of("ada")
        },
    )
    .await;
    assert_eq!(indexes(&mut all, 3).await, [0, 1, 2]);
    for actor in ["bob", "ada"] {
        client.submit(&event(None, actor)).await.unwrap();
    }
    assert_eq!(indexes(&mut all, 2).await, [3, 4]);
    assert_eq!(indexes(&mut coming, 2).await, [3, 4]);
    assert_eq!(indexes(&mut by_name, 3).await, [0, 2, 4]);
    assert_eq!(indexes(&mut by_id, 2).await, [1, 3]);
    assert_eq!(indexes(&mut beyond, 1).await, [4]);
    assert_eq!(indexes(&mut by_everything, 2).await, [2, 4]);

    let mut asker = stub(&server).await;
    let status = asker.watch(WatchRequest {
        start: None,
        filter: Some(EventFilter {
            verb: Some("created".to_owned()),
            ..EventFilter::default()
        }),
    });
    assert_eq!(status.await.unwrap_err().code(), Code::InvalidArgument);

    server.terminate();
    for mut watched in [all, coming, by_name, by_other_verb] {
        let status = watched.message().await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{status}");
    }
}

async fn export(server: &Server, request: ExportRequest) -> Vec<Vec<u8>> {
    let mut pieces = stub(server).await.export(request).await.unwrap().into_inner();
    let (mut lines, mut found) = (EvidenceLines::default(), Vec::new());
    while let Some(reply) = pieces.message().await.unwrap() {
        assert!(reply.piece.len() <= 256 << 10);
        let pushed: Result<(), LineTooLong> = lines.push(&reply.piece, |_, line| {
            found.push(line.to_vec());
            Ok(())
        });
        pushed.unwrap();
    }
    assert_eq!(lines.finish(), None, "the file ends with a line feed");
    found
}

/// The events of a file, and what its reader may say of their members.
fn checked(bed: &Bed, lines: &[Vec<u8>]) -> Vec<(CheckedEvent, [MemberState; 11])> {
    let (header, lines) = lines.split_first().unwrap();
    assert_eq!(EvidenceHeader::parse(header).unwrap().vkey, bed.vkey());
    let mut verifier = EvidenceVerifier::new(EvidenceTrust::Keys(KeyChain::of(bed.vkey())));
    let lines = lines
        .iter()
        .map(|line| verifier.check(EvidenceLine::parse(line).unwrap()).unwrap());
    let lines: Vec<CheckedLine> = lines.collect();
    let events = lines.into_iter().filter_map(|line| match line {
        CheckedLine::Event(event) => Some(event),
        CheckedLine::Tombstone(_) => None,
    });
    events
        .map(|event| {
            let members = verifier.members(&event);
            (event, members)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn exported_evidence_holds_and_shows_what_was_chosen() {
    let bed = bed();
    let server = bed.serve();
    let client = server.client(bed.vkey()).await;
    let mut events: Vec<NewEvent> = (0..600).map(|_| event(None, "ada")).collect();
    events[1].raw = Some(RawBody {
        content: vec![b'x'; 700 << 10].into(),
        content_type: "text/plain".to_owned(),
    });
    events[2] = event(None, "bob");
    for events in events.chunks(300) {
        client.submit_batch(events).await.unwrap();
    }
    let all = ExportRequest {
        start: 0,
        count: u64::MAX,
        raw: true,
        ..ExportRequest::default()
    };
    let found = checked(&bed, &export(&server, all.clone()).await);
    assert_eq!(found.len(), 600);
    for (index, (event, members)) in (0..).zip(&found) {
        assert_eq!(event.index(), index);
        assert!(members.iter().all(|member| member.disclosed().is_some()));
        assert_eq!(event.raw().is_some(), index == 1);
    }
    assert_eq!(found[1].0.raw().unwrap().len(), 700 << 10);

    let chosen = ExportRequest {
        start: 1,
        count: 2,
        members: vec!["action".to_owned(), "outcome".to_owned()],
        ..all.clone()
    };
    let lines = export(&server, chosen).await;
    assert!(
        !lines.concat().windows(16).any(|some| some == b"eHh4eHh4eHh4eHh4"),
        "raw bytes in spite of `members`"
    );
    let found = checked(&bed, &lines);
    assert_eq!(found.len(), 2);
    for (event, members) in &found {
        let shown: MemberSet = event.shown().iter().map(|disclosed| disclosed.member()).collect();
        assert_eq!(shown, MemberSet::from(Member::Action).with(Member::Outcome));
        assert_eq!(members[Member::Actor.place()], MemberState::Withheld);
        assert_eq!(event.raw(), None);
    }

    let of_bob = ExportRequest {
        filter: Some(EventFilter {
            actor: Some("bob".to_owned()),
            ..EventFilter::default()
        }),
        ..all.clone()
    };
    let found = checked(&bed, &export(&server, of_bob).await);
    assert_eq!(found.iter().map(|(event, _)| event.index()).collect::<Vec<_>>(), [2]);

    for (request, code) in [
        (
            ExportRequest {
                start: 600,
                ..all.clone()
            },
            Code::OutOfRange,
        ),
        (
            ExportRequest {
                count: 0,
                ..all.clone()
            },
            Code::InvalidArgument,
        ),
        (
            ExportRequest {
                members: vec!["actors".to_owned()],
                ..all
            },
            Code::InvalidArgument,
        ),
    ] {
        let status = stub(&server).await.export(request).await.unwrap_err();
        assert_eq!(status.code(), code, "{status}");
    }
}
