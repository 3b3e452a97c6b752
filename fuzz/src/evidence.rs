//! Evidence files: a byte that says whether it is the first line or another, then the line.

use indelible_event::{CheckedLine, EvidenceHeader, EvidenceLine, EvidenceTrust, EvidenceVerifier};
use indelible_note::KeyChain;

use super::Verdict;
use super::trail::{LINES, VKEY, is_genuine, leaf_hashes};

/// A header with a policy and one without; lines of an event with everything, with little, and of a tombstone.
pub fn seeds() -> Vec<Vec<u8>> {
    let header = |policy: Option<&str>| EvidenceHeader {
        vkey: VKEY.clone(),
        policy: policy.map(str::to_owned),
    };
    let line = |line: &EvidenceLine| format!("1{line}").into_bytes();
    let few = LINES[0]
        .clone()
        .with_only(indelible_event::MemberSet::NONE.with(indelible_event::member::Member::Action));
    let mut seeds: Vec<_> = LINES.iter().map(line).collect();
    seeds.push(line(&few));
    seeds.extend([None, Some("log x\nquorum none\n")].map(|policy| format!("0{}", header(policy)).into_bytes()));
    seeds
}

/// What is read is written so that it is read again as it was; of a line that verifies, everything is the log's own.
pub fn check(bytes: &[u8]) -> Verdict {
    let Some((kind, line)) = bytes.split_first() else {
        return Verdict::Refused;
    };
    if kind % 2 == 0 {
        let Ok(header) = EvidenceHeader::parse(line) else {
            return Verdict::Refused;
        };
        let again = EvidenceHeader::parse(header.to_string().as_bytes()).expect("a header as it is written");
        assert_eq!(again, header);
        return Verdict::Accepted;
    }
    let Ok(read) = EvidenceLine::parse(line) else {
        return Verdict::Refused;
    };
    let written = read.to_string();
    let again = EvidenceLine::parse(written.as_bytes()).expect("a line as it is written");
    assert_eq!((again.to_string(), &again), (written, &read));
    let mut verifier = EvidenceVerifier::new(EvidenceTrust::Keys(KeyChain::of(VKEY.clone())));
    let index = read.index();
    match verifier.check(read) {
        Err(bad) => assert!(!bad.to_string().is_empty()),
        Ok(CheckedLine::Event(event)) => {
            assert_eq!((event.index(), event.leaf().hash()), (index, genuine(index)));
            for shown in event.shown() {
                assert!(is_genuine(shown.disclosure()), "a member that the log never had");
            }
            assert!(event.raw().is_none_or(|raw| raw == "{\"deploy\":\"prod\"}"));
        }
        Ok(CheckedLine::Tombstone(tombstone)) => {
            assert_eq!((tombstone.index(), tombstone.leaf().hash()), (index, genuine(index)));
        }
    }
    Verdict::Accepted
}

fn genuine(index: u64) -> indelible_merkle::Hash {
    let index = usize::try_from(index).expect("a small log");
    leaf_hashes()[index]
}
