//! Evidence files: what is read, what holds, and what is said of members that are not shown.

use bytes::Bytes;
use indelible_event::{
    CheckedLine, Disclosure, EvidenceHeader, EvidenceLine, EvidenceReason, EvidenceTrust, EvidenceVerifier, Holds,
    MalformedHeader, MalformedLine, MemberRange, MemberRanges, MemberSet, MemberState, Sealed, SealedTombstone,
    TombstoneSalts, Unreadable, member::Member,
};
use indelible_merkle::{CompactRange, ConsistencyProof, Hash, TreeHead};
use indelible_note::{
    CosigningKey, KeyChain, Policy, PosixTime, Receipt, SignatureLine, SignedCheckpoint, SigningKey, sign_checkpoint,
    witness::{KnownLog, Request, decide},
};
use proptest::prelude::*;

use crate::{
    sample::{RAW, event, full_event, salts, sealed, second},
    vectors::tombstone,
};

/// A log of two events and a tombstone of the first one's actor and raw bytes.
pub(crate) struct Log {
    key: SigningKey,
    pub(crate) events: Vec<Sealed>,
    pub(crate) tombstone: SealedTombstone,
    leaves: Vec<Hash>,
}

impl Log {
    pub(crate) fn sample() -> Self {
        Self::with_tombstone(tombstone())
    }

    pub(crate) fn with_tombstone(tombstone: SealedTombstone) -> Self {
        let events = vec![sealed(&event()), sealed(&full_event())];
        let mut leaves: Vec<Hash> = events.iter().map(|event| event.leaf().hash()).collect();
        leaves.push(tombstone.leaf().hash());
        Self {
            key: SigningKey::from_seed("ci.example.com/audit".parse().unwrap(), [7; 32]),
            events,
            tombstone,
            leaves,
        }
    }

    pub(crate) fn header(&self) -> EvidenceHeader {
        EvidenceHeader {
            vkey: self.key.verifier(),
            policy: None,
        }
    }

    fn head(&self) -> TreeHead {
        let mut tree = CompactRange::new();
        tree.extend(self.leaves.clone());
        tree.head()
    }

    fn checkpoint(&self) -> SignedCheckpoint {
        sign_checkpoint(self.head(), &self.key).into_inner()
    }

    pub(crate) fn receipt(&self, index: u64) -> Receipt {
        self.receipt_with(index, self.checkpoint())
    }

    fn receipt_with(&self, index: u64, checkpoint: SignedCheckpoint) -> Receipt {
        let mut tree = CompactRange::new();
        let growth = tree.extend(self.leaves.clone());
        let plan = indelible_merkle::proof::inclusion(index, tree.size()).unwrap();
        let nodes: Vec<Hash> = plan.nodes().iter().map(|&id| growth.node(id).unwrap()).collect();
        let proof = plan.finish(&nodes).unwrap();
        Receipt::new(index, proof.hashes().to_vec(), checkpoint)
    }

    pub(crate) fn event_line(&self, index: u64) -> EvidenceLine {
        let event = &self.events[usize::try_from(index).unwrap()];
        EvidenceLine::Event {
            leaf: event.leaf().clone(),
            receipt: self.receipt(index),
            disclosures: event.disclosures().to_vec(),
            raw: (index == 0).then(|| Bytes::from_static(RAW)),
        }
    }

    pub(crate) fn tombstone_line(&self) -> EvidenceLine {
        EvidenceLine::Tombstone {
            leaf: self.tombstone.leaf().clone(),
            receipt: self.receipt(2),
            disclosures: self.tombstone.disclosures().to_vec(),
        }
    }

    fn verifier(&self) -> EvidenceVerifier {
        EvidenceVerifier::new(EvidenceTrust::Keys(KeyChain::of(self.key.verifier())))
    }
}

fn some_members() -> MemberSet {
    [Member::Action, Member::Outcome, Member::Targets].into_iter().collect()
}

fn checked_event(line: CheckedLine) -> indelible_event::CheckedEvent {
    match line {
        CheckedLine::Event(event) => event,
        CheckedLine::Tombstone(other) => panic!("a tombstone at {}", other.index()),
    }
}

#[test]
fn everything_is_shown() {
    let log = Log::sample();
    let mut verifier = log.verifier();
    let event = checked_event(verifier.check(log.event_line(0)).unwrap());
    assert_eq!((event.index(), event.not_after()), (0, None));
    assert_eq!(event.received(), second("2026-11-22T10:00:00Z"));
    assert_eq!(event.raw().unwrap(), RAW);
    for (state, expected) in verifier.members(&event).iter().zip(log.events[0].disclosures()) {
        assert_eq!(state.disclosed().unwrap().disclosure(), expected);
    }
}

#[test]
fn chosen_members_reveal_no_others() {
    let log = Log::sample();
    let mut verifier = log.verifier();
    let line = log.event_line(1).with_only(some_members());
    let text = line.to_string();
    let read = EvidenceLine::parse(text.as_bytes()).unwrap();
    assert_eq!(read, line);
    for disclosure in log.events[1].disclosures() {
        let shown = some_members().contains(disclosure.member());
        assert_eq!(text.contains(&disclosure.to_text()), shown, "{}", disclosure.member());
    }
    assert!(
        !log.event_line(0)
            .with_only(some_members())
            .to_string()
            .contains("\"raw\"")
    );
    let event = checked_event(verifier.check(read).unwrap());
    for (member, state) in Member::ALL.into_iter().zip(verifier.members(&event)) {
        match state {
            MemberState::Disclosed(disclosed) => assert_eq!(disclosed.member(), member),
            MemberState::Withheld => assert!(!some_members().contains(member), "{member}"),
            other => panic!("{member} is {other:?}"),
        }
    }
}

#[test]
fn erased_only_with_the_line_of_the_tombstone() {
    let log = Log::sample();
    let line = log.event_line(0).with_only(some_members());
    let mut verifier = log.verifier();
    let event = checked_event(verifier.check(line.clone()).unwrap());
    assert_eq!(verifier.members(&event)[Member::Actor.place()], MemberState::Withheld);

    let CheckedLine::Tombstone(tombstone) = verifier.check(log.tombstone_line()).unwrap() else {
        panic!("no tombstone");
    };
    assert_eq!(tombstone.index(), 2);
    assert_eq!(tombstone.erasure().unwrap().ranges(), log.tombstone.leaf().ranges());
    let shown: Vec<Option<String>> = tombstone.shown().iter().map(|it| it.disclosure().value()).collect();
    assert_eq!(
        shown,
        [Some("GDPR Art. 17".into()), Some("privacy@acme.example".into())]
    );
    let states = verifier.members(&event);
    for (member, state) in Member::ALL.into_iter().zip(states) {
        match member {
            Member::Actor | Member::Raw => assert_eq!(state, MemberState::Erased { tombstone: 2 }),
            _ if some_members().contains(member) => assert!(state.disclosed().is_some()),
            _ => assert_eq!(state, MemberState::Withheld, "{member}"),
        }
    }
    let other = checked_event(verifier.check(log.event_line(1).with_only(some_members())).unwrap());
    assert_eq!(verifier.members(&other)[Member::Actor.place()], MemberState::Withheld);
}

#[test]
fn a_tombstone_that_is_not_in_the_log_erases_nothing() {
    let log = Log::sample();
    let mut verifier = log.verifier();
    let event = checked_event(verifier.check(log.event_line(0).with_only(some_members())).unwrap());
    let EvidenceLine::Tombstone { leaf, disclosures, .. } = log.tombstone_line() else {
        panic!("no tombstone")
    };
    let forged = EvidenceLine::Tombstone {
        leaf,
        receipt: log.receipt(1),
        disclosures,
    };
    let error = verifier.check(forged).unwrap_err();
    assert!(matches!(error.reason, EvidenceReason::Inclusion(_)), "{error}");
    assert_eq!(verifier.members(&event)[Member::Actor.place()], MemberState::Withheld);
}

#[test]
fn a_void_tombstone_erases_nothing() {
    // It speaks of entry 0, and of itself.
    let members = MemberSet::from(Member::Actor);
    let ranges = [(0, 0), (2, 2)].map(|(first, last)| MemberRange { first, last, members });
    let erasable = Holds::default().clear(MemberRanges::of(ranges).unwrap()).unwrap();
    let salts = TombstoneSalts::from_random(&[1; 32]);
    let sealed = SealedTombstone::seal(&erasable, None, None, &salts, second("2026-11-23T08:00:00Z")).unwrap();
    let log = Log::with_tombstone(sealed);
    let mut verifier = log.verifier();
    let CheckedLine::Tombstone(tombstone) = verifier.check(log.tombstone_line()).unwrap() else {
        panic!("no tombstone");
    };
    assert_eq!(tombstone.erasure(), None);
    let event = checked_event(verifier.check(log.event_line(0).with_only(some_members())).unwrap());
    assert_eq!(verifier.members(&event)[Member::Actor.place()], MemberState::Withheld);
}

#[test]
fn what_does_not_hold_is_named() {
    #[track_caller]
    fn check(log: &Log, change: impl FnOnce(&mut Vec<Disclosure>, &mut Option<Bytes>)) -> EvidenceReason {
        let mut line = log.event_line(0);
        let EvidenceLine::Event { disclosures, raw, .. } = &mut line else {
            panic!("no event")
        };
        change(disclosures, raw);
        let error = log.verifier().check(line).unwrap_err();
        assert_eq!(error.index, 0);
        error.reason
    }
    let log = Log::sample();
    let other = log.events[1].disclosures()[Member::Actor.place()].clone();
    let reason = check(&log, |disclosures, _| disclosures[1] = other.clone());
    assert!(
        matches!(reason, EvidenceReason::NotInLeaf(ref it) if it.member == Member::Actor),
        "{reason}"
    );
    let reason = check(&log, |_, raw| *raw = Some(Bytes::from_static(b"{}")));
    assert!(matches!(reason, EvidenceReason::Raw { .. }), "{reason}");
    let reason = check(&log, |disclosures, _| {
        disclosures.retain(|it| it.member() != Member::Raw);
    });
    assert_eq!(reason, EvidenceReason::RawAlone);

    let stranger = SigningKey::from_seed("ci.example.com/audit".parse().unwrap(), [8; 32]);
    let mut verifier = EvidenceVerifier::new(EvidenceTrust::Keys(KeyChain::of(stranger.verifier())));
    let error = verifier.check(log.event_line(0)).unwrap_err();
    assert!(matches!(error.reason, EvidenceReason::Checkpoint(_)), "{error}");
}

#[test]
fn two_histories_convict_the_log() {
    let log = Log::sample();
    let mut other = Log::sample();
    other.leaves[2] = Hash::leaf(b"something else");
    let mut verifier = log.verifier();
    verifier.check(log.event_line(0)).unwrap();
    let error = verifier.check(other.event_line(1)).unwrap_err();
    assert_eq!(error.reason, EvidenceReason::TwoHistories { size: 3 });
}

#[test]
fn a_tombstone_of_another_log_erases_nothing() {
    let log = Log::sample();
    let mut other = Log::sample();
    other.key = SigningKey::from_seed("ci.example.com/other".parse().unwrap(), [9; 32]);
    let policy = format!(
        "log {}\nlog {}\nquorum none\n",
        log.key.verifier(),
        other.key.verifier()
    );
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let mut verifier = EvidenceVerifier::new(EvidenceTrust::Policy(policy));
    let event = checked_event(verifier.check(log.event_line(0).with_only(some_members())).unwrap());
    let error = verifier.check(other.tombstone_line()).unwrap_err();
    assert!(matches!(error.reason, EvidenceReason::OtherLog { .. }), "{error}");
    assert_eq!(verifier.members(&event)[Member::Actor.place()], MemberState::Withheld);
}

#[test]
fn a_witness_says_when_the_entry_was_there_at_the_latest() {
    let log = Log::sample();
    let witness = CosigningKey::from_seed("witness.example/w".parse().unwrap(), [5; 32]);
    let checkpoint = sign_checkpoint(log.head(), &log.key);
    let known = KnownLog {
        keys: vec![log.key.verifier()],
        latest: None,
    };
    let proof = ConsistencyProof::new(0, 3, Vec::new());
    let accepted = decide(Request::new(proof, checkpoint.clone().into_inner()), Some(&known)).unwrap();
    let line: SignatureLine = accepted.cosign(PosixTime::from_secs(1_795_000_000).unwrap(), &witness);
    let cosigned = checkpoint.into_inner().note().to_string() + &line.to_string();
    let cosigned = if cosigned.ends_with('\n') {
        cosigned
    } else {
        cosigned + "\n"
    };
    let cosigned = SignedCheckpoint::parse(cosigned.as_bytes()).unwrap();
    let policy = format!(
        "log {}\nwitness w {}\nquorum w\n",
        log.key.verifier(),
        witness.cosigner()
    );
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let mut verifier = EvidenceVerifier::new(EvidenceTrust::Policy(policy));
    let line = |receipt| EvidenceLine::Event {
        leaf: log.events[0].leaf().clone(),
        receipt,
        disclosures: vec![],
        raw: None,
    };
    let event = checked_event(verifier.check(line(log.receipt_with(0, cosigned))).unwrap());
    assert_eq!(event.not_after(), PosixTime::from_secs(1_795_000_000));
    let error = verifier.check(line(log.receipt(0))).unwrap_err();
    assert!(matches!(error.reason, EvidenceReason::Policy(_)), "{error}");
}

#[test]
fn lines_that_cannot_be_read() {
    #[track_caller]
    fn entry(line: &str) -> Unreadable {
        match EvidenceLine::parse(line.as_bytes()).unwrap_err() {
            MalformedLine::Entry { reason, .. } => reason,
            other => panic!("{other}"),
        }
    }
    let log = Log::sample();
    let line = log.event_line(0).to_string();
    for bad in [
        "",
        "{}",
        "[]",
        &line[1..],
        &format!("{line}{line}"),
        &line.replacen("\"index\":0", "\"index\":0,\"index\":0", 1),
        &line.replacen("\"index\":0", "\"index\":0,\"more\":0", 1),
        &line.replacen("\"index\":0", "\"index\":-1", 1),
        &line.replacen("\"index\":0", "\"index\":\"0\"", 1),
    ] {
        let error = EvidenceLine::parse(bad.as_bytes()).unwrap_err();
        assert!(matches!(error, MalformedLine::Json { .. }), "{error}");
    }
    assert_eq!(
        entry(&line.replacen("\"index\":0", "\"index\":1", 1)),
        Unreadable::OtherIndex { index: 1, proof: 0 }
    );
    assert!(matches!(
        entry(&line.replace("tlog-proof@v1", "tlog-proof@v2")),
        Unreadable::Receipt(_)
    ));
    assert!(matches!(
        entry(&line.replace("indelible.event.v1", "indelible.event.v2")),
        Unreadable::Leaf(_)
    ));
    assert!(matches!(
        entry(&line.replacen("\"raw\":\"", "\"raw\":\"!", 1)),
        Unreadable::Raw
    ));
    let actor = log.events[0].disclosures()[1].to_text();
    let action = log.events[0].disclosures()[0].to_text();
    assert_eq!(
        entry(&line.replace(&action, &actor)),
        Unreadable::Twice { member: "actor" }
    );
    assert!(matches!(
        entry(&line.replacen(&actor[..8], "!!!!!!!!", 1)),
        Unreadable::Disclosure(_)
    ));
    let twelfth = line.replacen("\"disclosures\":[", &format!("\"disclosures\":[\"{actor}\","), 1);
    assert_eq!(entry(&twelfth), Unreadable::Disclosures { count: 12 });
    let tombstone = log.tombstone_line().to_string();
    assert_eq!(
        entry(&tombstone.replace("\"proof\"", "\"raw\":\"\",\"proof\"")),
        Unreadable::RawOfTombstone
    );
    assert!(matches!(
        entry(&tombstone.replacen("[\"", &format!("[\"{actor}\",\""), 1)),
        Unreadable::TombstoneDisclosure(_)
    ));
}

#[test]
fn headers() {
    let log = Log::sample();
    let header = EvidenceHeader {
        policy: Some("quorum none\n".into()),
        ..log.header()
    };
    let text = header.to_string();
    assert!(text.contains(r#""policy":"quorum none\n"}"#));
    for header in [header, log.header()] {
        assert_eq!(EvidenceHeader::parse(header.to_string().as_bytes()).unwrap(), header);
    }
    let parse = |text: String| EvidenceHeader::parse(text.as_bytes()).unwrap_err();
    assert!(matches!(
        parse(text.replace(".v1", ".v2")),
        MalformedHeader::Type { .. }
    ));
    assert!(matches!(parse(text.replace("+", "-")), MalformedHeader::Key { .. }));
    assert!(matches!(
        parse(text.replace("policy", "police")),
        MalformedHeader::Json { .. }
    ));
    assert!(matches!(parse(" ".repeat(1 << 21)), MalformedHeader::TooLong { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// A line with one byte changed is refused, or says exactly the same.
    #[test]
    fn no_changed_byte_passes(index in 0_usize..3, at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let log = Log::sample();
        let line = if index == 2 { log.tombstone_line() } else { log.event_line(u64::try_from(index).unwrap()) };
        let mut text = line.to_string().into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        let Ok(read) = EvidenceLine::parse(&text) else { return Ok(()) };
        let Ok(checked) = log.verifier().check(read.clone()) else { return Ok(()) };
        prop_assert_eq!(read, line);
        drop(checked);
    }
}

#[test]
fn the_salts_of_the_samples_differ_only_in_the_samples() {
    // The two events have the same salts here; a leaf still commits only to its own members.
    let _ = salts();
    let log = Log::sample();
    let foreign = log.events[1].disclosures()[Member::Action.place()].clone();
    log.events[0].leaf().open(foreign).unwrap_err();
}
