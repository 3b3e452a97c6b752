//! `submit`, `submit_batch` and `event`: a receipt stands for what was sent, or is refused.

use indelible_client::{AppendError, BadAnswer, Error, HeadStore, Misbehavior, NewEvent, RawBody, SubmittedEvent};
use indelible_event::member::{Actor, ActorType, Claims, Member};
use indelible_event::{CheckedLine, EvidenceReason, NotCommitted};

use crate::server::{Lie, Server};
use crate::{connect, misbehavior};

fn event(key: Option<&str>, actor: &str) -> NewEvent {
    NewEvent {
        source: "tests".to_owned(),
        key: key.map(str::to_owned),
        claims: Claims {
            actor: Some(Actor {
                kind: ActorType::User,
                id: None,
                name: Some(actor.to_owned()),
                email: None,
                groups: None,
                on_behalf_of: None,
                token_id: None,
                claims: None,
            }),
            ..Claims::default()
        },
        raw: Some(RawBody {
            content: format!("by {actor}").into(),
            content_type: "text/plain".to_owned(),
        }),
    }
}

#[tokio::test]
async fn an_event_that_is_committed_to_has_a_receipt() {
    let server = Server::start().await;
    let (client, heads) = connect(&server).await;
    for (place, actor) in ["ada", "bob", "eve"].into_iter().enumerate() {
        let submitted = client.submit(&event(Some(actor), actor)).await.unwrap();
        let SubmittedEvent::New(committed) = &submitted.event else {
            panic!("{submitted:?}")
        };
        assert_eq!(submitted.receipt.index(), place as u64);
        submitted
            .receipt
            .verify(committed.leaf().hash(), &server.key())
            .unwrap();
        assert_eq!(
            heads.load().unwrap().as_deref(),
            Some(submitted.receipt.checkpoint().note_bytes())
        );
    }
    let batch = [event(None, "dan"), event(Some("bob"), "bob"), event(None, "dan")];
    let submitted = client.submit_batch(&batch).await.unwrap();
    let indexes: Vec<u64> = submitted.iter().map(|one| one.receipt.index()).collect();
    assert_eq!(indexes, [3, 1, 4]);
    let SubmittedEvent::Known(committed) = &submitted[1].event else {
        panic!("{submitted:?}")
    };
    let receipt = &submitted[1].receipt;
    receipt.verify(committed.leaf().hash(), &server.key()).unwrap();

    let proved = client.event(1).await.unwrap();
    let CheckedLine::Event(found) = &proved.checked else {
        panic!("{proved:?}")
    };
    assert_eq!(found.shown(), committed.members());
    assert!(proved.said_erased.is_empty());
}

/// The first event is honest, the second is answered with a lie.
async fn check(lie: Lie, sent: NewEvent, is_expected: impl Fn(&AppendError) -> bool) {
    let server = Server::start().await;
    let (client, heads) = connect(&server).await;
    client.submit(&event(Some("first"), "ada")).await.unwrap();
    let held = heads.load().unwrap();
    server.lie(lie);
    let error = match client.submit(&sent).await {
        Ok(submitted) => panic!("{lie:?}: {submitted:?}"),
        Err(error) => error,
    };
    assert!(is_expected(&error), "{lie:?}: {error}");
    assert_eq!(heads.load().unwrap(), held, "{lie:?}");
}

fn answer(error: &AppendError) -> &BadAnswer {
    match error {
        AppendError::Unconfirmed(error) => match misbehavior(error) {
            Misbehavior::Answer(answer) => answer,
            other => panic!("{other}"),
        },
        other => panic!("{other}"),
    }
}

fn not_committed(error: &AppendError) -> &NotCommitted {
    match answer(error) {
        BadAnswer::NotCommitted { place: 0, reason } => reason,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_leaf_that_commits_to_something_else_is_refused() {
    let keyed = || event(Some("second"), "bob");
    let differs = |member: Member| move |error: &AppendError| *not_committed(error) == NotCommitted::Differs { member };
    check(Lie::OtherEntry, keyed(), differs(Member::Actor)).await;
    check(Lie::NoKey, keyed(), differs(Member::Delivery)).await;
    check(Lie::OtherRaw, keyed(), differs(Member::Raw)).await;
    check(Lie::TwoActors, keyed(), |error| {
        matches!(
            not_committed(error),
            NotCommitted::Lacks { .. } | NotCommitted::Differs { .. }
        )
    })
    .await;
    check(
        Lie::OtherSalt,
        keyed(),
        |error| matches!(not_committed(error), NotCommitted::NotInLeaf(reason) if reason.member == Member::Outcome),
    )
    .await;
    // Erased before it is new: only what was there before can have been.
    for lie in [Lie::MemberLess, Lie::Erased] {
        check(lie, keyed(), |error| {
            matches!(not_committed(error), NotCommitted::Count { got: 10 })
        })
        .await;
    }
    check(Lie::OtherSource, keyed(), |error| {
        matches!(answer(error), BadAnswer::Source { place: 0 })
    })
    .await;
    check(Lie::NoEvent, keyed(), |error| {
        matches!(answer(error), BadAnswer::NoEvent { index: 1, .. })
    })
    .await;
}

#[tokio::test]
async fn an_older_event_is_not_taken_for_a_new_one() {
    check(Lie::Repeated, event(None, "bob"), |error| {
        matches!(answer(error), BadAnswer::RepeatedWithoutKey { place: 0, index: 0 })
    })
    .await;
    // With a key it may be true that another event has it. It is not what was sent, in any case.
    check(Lie::Repeated, event(Some("second"), "bob"), |error| {
        let AppendError::Unconfirmed(Error::KeyOfAnother { index, reason, .. }) = error else {
            panic!("{error}")
        };
        *index == 0 && matches!(reason, NotCommitted::Differs { member: Member::Actor })
    })
    .await;
}

#[tokio::test]
async fn an_event_that_is_not_proved_is_refused() {
    let sent = || event(None, "bob");
    for lie in [Lie::OtherProof, Lie::BadSignature, Lie::OldHead] {
        check(lie, sent(), |error| {
            matches!(error, AppendError::Unconfirmed(Error::Misbehaved(_)))
        })
        .await;
    }
    check(Lie::WrongIndex, sent(), |error| {
        matches!(error, AppendError::Unconfirmed(Error::Misbehaved(_)))
    })
    .await;
    check(Lie::NoProof, sent(), |error| {
        matches!(answer(error), BadAnswer::Missing { field: "proof" })
    })
    .await;
    check(Lie::NoHead, sent(), |error| {
        matches!(answer(error), BadAnswer::Missing { field: "head" })
    })
    .await;
    check(Lie::TooManyAcknowledged, sent(), |error| {
        matches!(answer(error), BadAnswer::Count { .. })
    })
    .await;
    check(Lie::Refuse, sent(), |error| {
        matches!(error, AppendError::NotAppended(_))
    })
    .await;
    // A repeat is proved by itself.
    let repeated = event(Some("first"), "ada");
    check(Lie::BadSignature, repeated, |error| {
        matches!(error, AppendError::Unconfirmed(Error::Misbehaved(_)))
    })
    .await;
}

/// That members were erased is the word of the service, which the caller hears as such.
#[tokio::test]
async fn what_is_left_of_an_erased_repeat_is_checked() {
    let server = Server::start().await;
    let (client, _) = connect(&server).await;
    let sent = event(Some("k"), "ada");
    client.submit(&sent).await.unwrap();
    server.lie(Lie::Erased);
    let again = client.submit(&sent).await.unwrap();
    let SubmittedEvent::KnownErased { members, .. } = &again.event else {
        panic!("{again:?}")
    };
    assert_eq!(members.len(), 10);
    let proved = client.event(0).await.unwrap();
    assert_eq!(proved.said_erased, [(Member::Actor, 5)]);
}

#[tokio::test]
async fn an_event_that_is_given_back_is_proved() {
    let check = async |lie: Lie, is_expected: fn(&Error) -> bool| {
        let server = Server::start().await;
        let (client, heads) = connect(&server).await;
        let events = [event(None, "ada"), event(None, "bob"), event(None, "eve")];
        client.submit_batch(&events).await.unwrap();
        let held = heads.load().unwrap();
        server.lie(lie);
        let error = match client.event(1).await {
            Ok(found) => panic!("{lie:?}: {found:?}"),
            Err(error) => error,
        };
        assert!(is_expected(&error), "{lie:?}: {error}");
        assert_eq!(heads.load().unwrap(), held, "{lie:?}");
    };
    fn answer(error: &Error) -> &BadAnswer {
        match misbehavior(error) {
            Misbehavior::Answer(answer) => answer,
            other => panic!("{other}"),
        }
    }
    fn evidence(error: &Error) -> &EvidenceReason {
        match answer(error) {
            BadAnswer::Evidence(bad) => &bad.reason,
            other => panic!("{other}"),
        }
    }
    for lie in [Lie::OtherEntry, Lie::OtherProof, Lie::OldHead] {
        check(lie, |error| matches!(evidence(error), EvidenceReason::Inclusion(_))).await;
    }
    check(Lie::OtherSalt, |error| {
        matches!(evidence(error), EvidenceReason::NotInLeaf(_))
    })
    .await;
    check(Lie::OtherRaw, |error| {
        matches!(evidence(error), EvidenceReason::Raw { .. })
    })
    .await;
    check(Lie::MemberLess, |error| {
        matches!(answer(error), BadAnswer::Missing { field: "members" })
    })
    .await;
    check(Lie::TwoActors, |error| {
        matches!(answer(error), BadAnswer::Missing { field: "action" })
    })
    .await;
    check(Lie::WrongIndex, |error| {
        matches!(answer(error), BadAnswer::Index { asked: 1, answered: 2 })
    })
    .await;
    check(Lie::BadSignature, |error| matches!(error, Error::Misbehaved(_))).await;
}
