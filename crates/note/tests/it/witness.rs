//! Witnessing: the replayed requests, every row of the status table, and every answer that a witness may give.

use indelible_merkle::{ConsistencyProof, Hash, TreeHead};
use indelible_note::{
    BadCosignature, CosigningKey, SignedCheckpoint, SigningKey, Verified, VerifierKey, sign_checkpoint,
    witness::{Answer, KnownLog, MalformedRequest, Refusal, Refused, Request, SIZE_CONTENT_TYPE, decide, read_answer},
};
use proptest::prelude::*;
use serde_json::Value;

use crate::common::{UNKNOWN_LINE, at, consistency, cosigned, head, signed, signing_key, verifier_key, witness_key};

const SEQUENCE: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/vectors/add-checkpoint-sequence.json"
));

/// A witness of one log, with its state in memory: what the shell around [`decide`] does.
struct Witness {
    log: KnownLog,
    key: CosigningKey,
}

impl Witness {
    fn new(log: VerifierKey) -> Witness {
        Witness {
            log: KnownLog {
                keys: vec![log],
                latest: None,
            },
            key: witness_key("witness.example/w1"),
        }
    }

    /// Status, content type and body of the answer.
    fn answer(&mut self, body: &str) -> (u16, &'static str, String) {
        let decided = Request::parse(body.as_bytes())
            .map_err(Refusal::from)
            .and_then(|request| {
                let is_known = *request.checkpoint().origin() == *self.log.keys[0].name();
                decide(request, is_known.then_some(&self.log))
            });
        match decided {
            Ok(accepted) => {
                assert_eq!(accepted.step().old_head(), self.log.latest.unwrap_or(TreeHead::EMPTY));
                assert_eq!(accepted.step().new_head(), accepted.checkpoint().head());
                self.log.latest = Some(accepted.step().new_head());
                (
                    200,
                    "text/plain",
                    accepted.cosign(at(1_800_000_000), &self.key).to_string(),
                )
            }
            Err(refusal) => (refusal.status(), refusal.content_type(), refusal.body()),
        }
    }
}

#[test]
fn the_replayed_requests_get_their_answers() {
    let file: Value = serde_json::from_str(SEQUENCE).unwrap();
    let mut witness = Witness::new(file["vkey"].as_str().unwrap().parse().unwrap());
    let mut statuses = Vec::new();
    for (number, step) in file["sequence"].as_array().unwrap().iter().enumerate() {
        let body = step["request_body"].as_str().unwrap();
        let (status, content_type, answer) = witness.answer(body);
        let expected = step["spec_v1_1"].as_str().unwrap();
        // The signature line of the second one is base64 in a second spelling: a strict reader cannot read the request.
        let status_expected = if number == 1 { "400" } else { &expected[..3] };
        assert_eq!(status.to_string(), status_expected, "request {number}: {expected}");
        match status {
            200 => {
                let request = Request::parse(body.as_bytes()).unwrap();
                assert_eq!(request.to_string(), body);
                let keys = [witness.key.cosigner()];
                let read = read_answer(&request, status, Some(content_type), answer.as_bytes(), &keys);
                let Answer::Cosigned(made) = read else {
                    panic!("{read:?}")
                };
                assert_eq!((made.len(), made[0].time()), (1, at(1_800_000_000)));
            }
            409 => assert_eq!(content_type, "text/x.tlog.size"),
            _ => assert!(
                answer.ends_with('\n') && content_type.starts_with("text/plain"),
                "{answer}"
            ),
        }
        statuses.push(answer);
    }
    assert_eq!((&*statuses[6], &*statuses[8]), ("3\n", "5\n"));
    assert_eq!(statuses.len(), 9);
}

/// The request that proves from `old` to `new`.
fn request(old: u64, new: u64) -> Request {
    Request::new(consistency("one", old, new), signed("one", new).into_inner())
}

fn known(latest: Option<TreeHead>) -> KnownLog {
    KnownLog {
        keys: vec![verifier_key()],
        latest,
    }
}

#[track_caller]
fn refused(request: Request, latest: Option<TreeHead>) -> Refusal {
    decide(request, Some(&known(latest))).unwrap_err()
}

#[test]
fn every_growth_is_accepted_and_nothing_else() {
    for old in 0..20 {
        for new in old..20 {
            let latest = (old > 0).then(|| head("one", old));
            let accepted = decide(request(old, new), Some(&known(latest))).unwrap();
            assert_eq!(accepted.checkpoint().head(), head("one", new));
            // The same proof for a witness that saw another history.
            if old > 0 {
                let refusal = refused(request(old, new), Some(head("other", old)));
                assert!(matches!(&refusal, Refusal::Unproven { checkpoint, .. } if checkpoint.head().size == new));
                assert_eq!(refusal.status(), 422);
            }
            // For one that saw another size.
            let refusal = refused(request(old, new), Some(head("one", old + 1)));
            assert_eq!(refusal, Refusal::Conflict { size: old + 1 });
            assert_eq!(refusal.body(), format!("{}\n", old + 1));
        }
    }
}

#[test]
fn the_note_that_is_kept_has_the_lines_of_log_and_witness_alone() {
    let witness = witness_key("witness.example/w1");
    let line = signed("one", 7).note().signatures()[0].to_string();
    // A line by nobody known, the log's line once more, and one that claims to be a cosignature.
    let others = format!("{UNKNOWN_LINE}{line}\u{2014} witness.example/w1 AAAAAAAA\n");
    let body = format!("{}{others}", request(0, 7));
    let accepted = decide(Request::parse(body.as_bytes()).unwrap(), Some(&known(None))).unwrap();
    let cosignature = accepted.cosign(at(1_800_000_000), &witness);
    let kept = accepted.cosigned_note(&cosignature).unwrap();
    assert_eq!(
        kept.as_str(),
        format!("{}\n{line}{cosignature}", signed("one", 7).note().text())
    );
    let kept = SignedCheckpoint::parse(kept.as_str().as_bytes())
        .unwrap()
        .open(&verifier_key())
        .unwrap();
    assert_eq!(kept.cosignatures(&[witness.cosigner()]).unwrap().len(), 1);
}

#[test]
fn every_row_of_the_status_table() {
    let seven = Some(head("one", 7));
    assert_eq!(decide(request(0, 7), None).unwrap_err().status(), 404);

    let stranger = SigningKey::from_seed(verifier_key().name().clone(), [3; 32]);
    let by_stranger = sign_checkpoint(head("one", 7), &stranger);
    let unsigned = Request::new(consistency("one", 0, 7), by_stranger.into_inner());
    assert_eq!(refused(unsigned, None).status(), 403);
    let with_line = |line: &str| format!("{}{line}", request(0, 7));
    let forged = request(0, 7).to_string().replacen("\n7\n", "\n8\n", 1);
    assert_eq!(refused(Request::parse(forged.as_bytes()).unwrap(), None).status(), 403);
    // A log that is known under several keys needs one of them; lines of others are ignored.
    let several = KnownLog {
        keys: vec![stranger.verifier(), verifier_key()],
        latest: None,
    };
    let request_with_line = Request::parse(with_line("— witness.example AAAAAAAA\n").as_bytes()).unwrap();
    decide(request_with_line, Some(&several)).unwrap();
    let other_origin = SigningKey::from_seed("other.example".parse().unwrap(), [4; 32]);
    let other_log = Request::new(
        consistency("one", 0, 7),
        sign_checkpoint(head("one", 7), &other_origin).into_inner(),
    );
    assert_eq!(refused(other_log, None).status(), 403);

    let backwards = ConsistencyProof::new(8, 7, Vec::new());
    let backwards = Request::new(backwards, signed("one", 7).into_inner());
    assert_eq!(refused(backwards, seven).status(), 400);
    assert_eq!(refused(request(3, 7), None), Refusal::Conflict { size: 0 });

    let with_hash = |old, new| {
        let proof = ConsistencyProof::new(old, new, vec![Hash::EMPTY_ROOT]);
        Request::new(proof, signed("one", new).into_inner())
    };
    for (what, request, latest) in [
        ("a proof from the tree without leaves", with_hash(0, 7), None),
        ("a proof between equal sizes", with_hash(7, 7), seven),
        ("another root of the same size", request(7, 7), Some(head("other", 7))),
        (
            "no proof",
            Request::new(ConsistencyProof::new(6, 7, Vec::new()), signed("one", 7).into_inner()),
            Some(head("one", 6)),
        ),
    ] {
        assert_eq!(refused(request, latest).status(), 422, "{what}");
    }
    let wrong_empty = TreeHead {
        size: 0,
        root: Hash::leaf(b"one"),
    };
    let wrong_empty = sign_checkpoint(wrong_empty, &signing_key()).into_inner();
    let wrong_empty = Request::new(ConsistencyProof::new(0, 0, Vec::new()), wrong_empty);
    assert_eq!(refused(wrong_empty, None).status(), 422);
    assert_eq!(Refusal::from(MalformedRequest::NoCheckpoint).status(), 400);
}

#[test]
fn a_request_has_one_spelling() {
    let hash = "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    let note = signed("one", 7).note().to_string();
    let parse = |body: String| Request::parse(body.as_bytes());
    let largest = format!("old 9223372036854775807\n{}\n{note}", hash.repeat(63));
    assert_eq!(parse(largest.clone()).unwrap().to_string(), largest);

    for bad in [
        "",
        "old",
        "old ",
        "old 01",
        "old +1",
        "old -1",
        "old  1",
        "Old 1",
        " old 1",
        "old 1 ",
        "old 9223372036854775808",
    ] {
        let found = bad.to_owned();
        assert_eq!(
            parse(format!("{bad}\n\n{note}")),
            Err(MalformedRequest::OldSize { found }),
            "{bad:?}"
        );
    }
    assert_eq!(
        parse(format!("old 1\n{}\n{note}", hash.repeat(64))),
        Err(MalformedRequest::TooManyHashes { line: 65 })
    );
    for bad in [
        &hash[..43],
        "four",
        &hash.replace("A=", "B=")[..44],
        &hash.replace('\n', " "),
    ] {
        let found = bad.to_owned();
        let body = format!("old 1\n{hash}{bad}\n\n{note}");
        assert_eq!(parse(body), Err(MalformedRequest::Hash { line: 3, found }), "{bad:?}");
    }
    assert_eq!(
        parse(format!("old 1\n{note}").replace("\n\n", "\n")),
        Err(MalformedRequest::NoCheckpoint)
    );
    assert!(matches!(
        parse("old 1\n\nnothing\n".to_owned()),
        Err(MalformedRequest::Checkpoint(_))
    ));
    assert_eq!(Request::parse(b"old \xff"), Err(MalformedRequest::NotUtf8 { at: 4 }));
    let length = Request::BYTES_MAX + 1;
    assert_eq!(parse("x".repeat(length)), Err(MalformedRequest::TooLong { length }));
    assert_eq!(parse("x".repeat(length - 1)), Err(MalformedRequest::NoCheckpoint));
}

/// The head of 7 entries, which was sent with a proof from 3.
fn sent() -> (Verified<SignedCheckpoint>, Request) {
    (signed("one", 7), request(3, 7))
}

#[test]
fn cosignatures_are_taken_only_if_they_hold() {
    let (checkpoint, request) = sent();
    let (w1, w2) = (witness_key("witness.example/w1"), witness_key("witness.example/w2"));
    let keys = [w1.cosigner(), w2.cosigner()];
    let read = |body: &str| read_answer(&request, 200, None, body.as_bytes(), &keys);
    let line = |time, key| cosigned(&checkpoint, time, key).to_string();

    let both = read(&(line(5, &w2) + &line(6, &w1) + "— unknown.example AAAAAAAA\n"));
    let Answer::Cosigned(made) = both else {
        panic!("{both:?}")
    };
    let made: Vec<_> = made
        .iter()
        .map(|made| (made.line().name().as_str(), made.time().secs()))
        .collect();
    assert_eq!(made, [("witness.example/w2", 5), ("witness.example/w1", 6)]);

    let refused = |body: &str| match read(body) {
        Answer::Refused(reason) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        refused("— unknown.example AAAAAAAA\n"),
        Refused::NoCosignature { lines: 1 }
    );
    assert_eq!(refused(&line(0, &w1)), Refused::NoTime);
    let of_other = cosigned(&signed("one", 6), 5, &w1).to_string();
    let (name, id) = (keys[0].name().clone(), keys[0].id());
    let bad = Refused::Cosignature(BadCosignature { name, id });
    assert_eq!(refused(&of_other), bad);
    assert_eq!(refused(&(line(5, &w2) + &of_other)), bad);
    for not_lines in [
        "",
        "\n",
        "<html>\n",
        &line(5, &w1)[3..],
        line(5, &w1).trim_end(),
        &(line(5, &w1) + "\n"),
    ] {
        let body = not_lines.as_bytes();
        let read = read_answer(&request, 200, None, body, &keys);
        assert!(
            matches!(read, Answer::Refused(Refused::Lines(_))),
            "{not_lines:?}: {read:?}"
        );
    }
    let hundred = line(5, &w1) + &"— unknown.example AAAAAAAA\n".repeat(100);
    assert!(matches!(refused(&hundred), Refused::Lines(_)));
    assert!(matches!(
        read_answer(&request, 200, None, b"\xff\n", &keys),
        Answer::Refused(Refused::Lines(_))
    ));
}

#[test]
fn what_a_log_does_after_other_answers() {
    let (_, request) = sent();
    let read = |status, content_type, body: &str| read_answer(&request, status, content_type, body.as_bytes(), &[]);
    let size = Some(SIZE_CONTENT_TYPE);
    for (body, expected) in [
        ("0\n", Answer::ProveFrom { size: 0 }),
        ("7\n", Answer::ProveFrom { size: 7 }),
        ("8\n", Answer::Ahead { size: 8 }),
        ("3\n", Answer::Refused(Refused::SameSize { size: 3 })),
    ] {
        assert_eq!(read(409, size, body), expected);
        assert_eq!(read(409, Some("Text/X.tlog.size; charset=utf-8"), body), expected);
    }
    for bad in ["", "8", "\n", "08\n", "8\n\n", "8\r\n", "-1\n", "9223372036854775808\n"] {
        let found = bad.to_owned();
        assert_eq!(
            read(409, size, bad),
            Answer::Refused(Refused::Size { found }),
            "{bad:?}"
        );
    }
    for status in [429, 500, 502, 503, 504] {
        assert_eq!(read(status, None, "busy"), Answer::Later { status });
    }
    for (status, content_type) in [(409, None), (409, Some("text/plain")), (409, Some("text/x.tlog.sizes"))] {
        let message = "8\n".to_owned();
        let expected = Answer::Refused(Refused::Status { status, message });
        assert_eq!(read(status, content_type, "8\n"), expected);
    }
    for status in [201, 204, 301, 400, 403, 404, 413, 422] {
        let message = "no".to_owned();
        assert_eq!(
            read(status, size, "no"),
            Answer::Refused(Refused::Status { status, message })
        );
    }
}

proptest! {
    /// A log that grows and proves from whatever it believes the witness has seen is always cosigned in the end.
    #[test]
    fn a_log_and_its_witness_agree(sizes in prop::collection::vec(0_u64..60, 1..6), believed in 0_u64..60) {
        let mut sizes = sizes;
        sizes.sort_unstable();
        let mut witness = Witness::new(verifier_key());
        let mut believed = believed.min(sizes[0]);
        for size in sizes {
            for attempt in 0.. {
                prop_assert!(attempt < 2, "a proof from the answered size must be accepted");
                let request = request(believed, size);
                let (status, content_type, body) = witness.answer(&request.to_string());
                match read_answer(&request, status, Some(content_type), body.as_bytes(), &[witness.key.cosigner()]) {
                    Answer::Cosigned(_) => break,
                    Answer::ProveFrom { size } => believed = size,
                    other => prop_assert!(false, "{other:?}"),
                }
            }
            believed = size;
        }
    }

    #[test]
    fn a_request_is_written_as_it_is_read(old in 0_u64..40, grown in 0_u64..40) {
        let request = request(old, old + grown);
        prop_assert_eq!(Request::parse(request.to_string().as_bytes()), Ok(request));
    }
}
