//! What a witness is sent and what it answers (C2SP tlog-witness): a byte that says which, then the body.

use indelible_merkle::{ConsistencyProof, proof};
use indelible_note::witness::{Answer, KnownLog, Request, decide, read_answer};

use super::Verdict;
use super::sample::{CHECKPOINT, COSIGNED, SIZE, VKEY, WITNESS, fetch, head};

/// A request, and the answers that a log reads on from.
pub fn seeds() -> Vec<Vec<u8>> {
    let seed = |kind: u8, body: &str| [&[kind], body.as_bytes()].concat();
    let line = COSIGNED.note().as_str().lines().last().expect("signature lines");
    vec![
        seed(REQUEST, &request().to_string()),
        seed(200, &format!("{line}\n")),
        seed(CONFLICT, "299\n"),
        seed(CONFLICT, "301\n"),
    ]
}

/// A request has one spelling, and is accepted for the head that the log signed only; an answer convinces only if it is the
/// witness's.
pub fn check(bytes: &[u8]) -> Verdict {
    let Some((kind, body)) = bytes.split_first() else {
        return Verdict::Refused;
    };
    match *kind {
        REQUEST => check_request(body),
        CONFLICT => check_answer(409, body),
        status => check_answer(u16::from(status), body),
    }
}

fn check_request(body: &[u8]) -> Verdict {
    let Ok(request) = Request::parse(body) else {
        return Verdict::Refused;
    };
    assert_eq!(request.to_string().as_bytes(), body);
    let known = KnownLog {
        keys: vec![VKEY.clone()],
        latest: Some(head(OLD_SIZE)),
    };
    if let Ok(accepted) = decide(request, Some(&known)) {
        assert_eq!(accepted.step().old_head(), head(OLD_SIZE));
        assert_eq!(accepted.step().new_head(), head(SIZE));
    }
    Verdict::Accepted
}

fn check_answer(status: u16, body: &[u8]) -> Verdict {
    let request = request();
    match read_answer(&request, status, Some("text/x.tlog.size"), body, &[WITNESS.cosigner()]) {
        Answer::Cosigned(cosignatures) => {
            let genuine = COSIGNED.cosignatures(&[WITNESS.cosigner()]).expect("it holds");
            let times = genuine.iter().map(|cosignature| cosignature.time()).collect::<Vec<_>>();
            assert!(!cosignatures.is_empty());
            assert!(
                cosignatures
                    .iter()
                    .all(|cosignature| times.contains(&cosignature.time()))
            );
            Verdict::Accepted
        }
        Answer::ProveFrom { size } => {
            assert!(size <= SIZE && size != OLD_SIZE);
            assert_eq!(format!("{size}\n").as_bytes(), body);
            Verdict::Accepted
        }
        Answer::Ahead { size } => {
            assert!(size > SIZE);
            assert_eq!(format!("{size}\n").as_bytes(), body);
            Verdict::Accepted
        }
        Answer::Later { .. } | Answer::Refused(_) => Verdict::Refused,
    }
}

/// From a tree that the witness has cosigned to the sample's.
fn request() -> Request {
    let plan = proof::consistency(OLD_SIZE, SIZE).expect("it is not larger");
    let proof: ConsistencyProof = plan.finish(&fetch(plan.nodes())).expect("as many as asked for");
    Request::new(proof, CHECKPOINT.clone().into_inner())
}

const REQUEST: u8 = 0;
/// Stands for 409, which no byte can say.
const CONFLICT: u8 = 9;
const OLD_SIZE: u64 = 100;
