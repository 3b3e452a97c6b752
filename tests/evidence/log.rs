//! A log of three events and a tombstone, made by hand: no service has to run to make evidence of it.

use indelible_event::member::{
    Action, Actor, ActorType, Claims, Delivery, Event, Member, Occurred, OccurredFrom, Outcome, OutcomeResult, Raw,
    Submitter, Target, Verb,
};
use indelible_event::{
    Disclosure, EvidenceHeader, EvidenceLine, Holds, MemberRange, MemberRanges, Salts, Sealed, SealedTombstone, Second,
    TombstoneSalts,
};
use indelible_merkle::{Hash, TreeHead};
use indelible_note::{Receipt, SignedCheckpoint, SigningKey, Verified, sign_checkpoint};

/// The bytes that every event came as.
pub(crate) const RAW: &[u8] = br#"{"ref":"refs/heads/main"}"#;
/// Whose name the second event has: it clears the screen, and turns the text around.
pub(crate) const HOSTILE: &str = "\u{1b}[2J\u{9b}1m\u{202e}kcatta";
/// Where the tombstone stands, and which event it speaks of.
pub(crate) const TOMBSTONE: u64 = 3;
pub(crate) const ERASED: u64 = 2;

/// The log.
pub(crate) struct HandMade {
    pub(crate) key: SigningKey,
    events: Vec<Sealed>,
    tombstone: SealedTombstone,
    checkpoint: SignedCheckpoint,
}

impl HandMade {
    pub(crate) fn new() -> HandMade {
        HandMade::signed_by([7; 32])
    }

    pub(crate) fn signed_by(seed: [u8; 32]) -> HandMade {
        let key = SigningKey::from_seed("test.example/log".parse().unwrap(), seed);
        let events: Vec<Sealed> = ["octocat", HOSTILE, "erased-person"]
            .into_iter()
            .zip(1..)
            .map(|(name, salt)| seal(&event(name), salt))
            .collect();
        let tombstone = tombstone();
        let hashes = hashes(&events, &tombstone);
        let head = TreeHead {
            size: 4,
            root: Hash::node(&Hash::node(&hashes[0], &hashes[1]), &Hash::node(&hashes[2], &hashes[3])),
        };
        let checkpoint = sign_checkpoint(head, &key).into_inner();
        HandMade {
            key,
            events,
            tombstone,
            checkpoint,
        }
    }

    pub(crate) fn vkey(&self) -> String {
        self.key.verifier().to_string()
    }

    pub(crate) fn header(&self) -> String {
        let vkey = self.key.verifier();
        EvidenceHeader { vkey, policy: None }.to_string()
    }

    /// The line of an event with all that is kept of it.
    pub(crate) fn event(&self, index: u64) -> EvidenceLine {
        let (leaf, disclosures) = self.events[usize::try_from(index).unwrap()].clone().into_parts();
        let disclosures: Vec<Disclosure> = match index {
            ERASED => disclosures.into_iter().filter(|d| !is_erased(d.member())).collect(),
            _ => disclosures.into(),
        };
        EvidenceLine::Event {
            leaf,
            receipt: self.receipt(index),
            disclosures,
            raw: (index != ERASED).then(|| RAW.into()),
        }
    }

    pub(crate) fn tombstone(&self) -> EvidenceLine {
        EvidenceLine::Tombstone {
            leaf: self.tombstone.leaf().clone(),
            receipt: self.receipt(TOMBSTONE),
            disclosures: self.tombstone.disclosures().to_vec(),
        }
    }

    /// Evidence of all that there is.
    pub(crate) fn evidence(&self) -> String {
        let events: Vec<EvidenceLine> = (0..3).map(|index| self.event(index)).collect();
        self.file(events.into_iter().chain([self.tombstone()]))
    }

    /// The same log, whose proofs stand under the checkpoint with these cosignatures besides.
    pub(crate) fn under(self, checkpoint: SignedCheckpoint) -> HandMade {
        HandMade { checkpoint, ..self }
    }

    /// The head of all there is, and that of the first two events.
    pub(crate) fn heads(&self) -> [Verified<SignedCheckpoint>; 2] {
        let hashes = hashes(&self.events, &self.tombstone);
        let root = Hash::node(&hashes[0], &hashes[1]);
        let sign = |size, root| sign_checkpoint(TreeHead { size, root }, &self.key);
        [sign(4, self.checkpoint.head().root), sign(2, root)]
    }

    /// An evidence file with these lines.
    pub(crate) fn file(&self, lines: impl IntoIterator<Item = EvidenceLine>) -> String {
        let lines: String = lines.into_iter().map(|line| format!("{line}\n")).collect();
        format!("{}\n{lines}", self.header())
    }

    fn receipt(&self, index: u64) -> Receipt {
        let hashes = hashes(&self.events, &self.tombstone);
        let index_here = usize::try_from(index).unwrap();
        let pair = match index_here < 2 {
            true => Hash::node(&hashes[2], &hashes[3]),
            false => Hash::node(&hashes[0], &hashes[1]),
        };
        Receipt::new(index, vec![hashes[index_here ^ 1], pair], self.checkpoint.clone())
    }
}

/// Whether the tombstone erases a member.
pub(crate) fn is_erased(member: Member) -> bool {
    matches!(member, Member::Actor | Member::Raw)
}

fn hashes(events: &[Sealed], tombstone: &SealedTombstone) -> Vec<Hash> {
    let events = events.iter().map(|event| event.leaf().hash());
    events.chain([tombstone.leaf().hash()]).collect()
}

fn seal(event: &Event, salt: u8) -> Sealed {
    let salts: [u8; Salts::BYTES] = std::array::from_fn(|at| u8::try_from(at).unwrap() ^ (salt << 4));
    Sealed::seal(event, &Salts::from_random(&salts), second()).unwrap()
}

fn second() -> Second {
    Second::of("2026-11-22T10:00:00Z".parse().unwrap())
}

fn event(actor: &str) -> Event {
    let at = "2026-11-22T09:59:58Z".parse().unwrap();
    Event {
        claims: Claims {
            action: Some(Action {
                name: "push".to_owned(),
                verb: Verb::Update,
                class: None,
            }),
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
            occurred: Some(Occurred {
                at,
                from: OccurredFrom::Payload,
            }),
            outcome: Some(Outcome {
                result: OutcomeResult::Success,
                detail: None,
            }),
            targets: Some(vec![Target {
                kind: "repository".to_owned(),
                id: "42".to_owned(),
                name: Some("acme/shop".to_owned()),
                parent: None,
            }]),
            ..Claims::default()
        },
        delivery: Some(Delivery {
            source: "github/acme".to_owned(),
            key: None,
            received: second().start(),
        }),
        raw: Some(Raw::of(RAW, "application/json", true)),
        submitter: Some(Submitter {
            principal: "source:github/acme".to_owned(),
            method: "hmac".to_owned(),
            verified: None,
        }),
    }
}

fn tombstone() -> SealedTombstone {
    let members = Member::ALL.into_iter().filter(|&member| is_erased(member)).collect();
    let range = MemberRange {
        first: ERASED,
        last: ERASED,
        members,
    };
    let erasable = Holds::default().clear(MemberRanges::of([range]).unwrap()).unwrap();
    let salts = TombstoneSalts::from_random(&[9; TombstoneSalts::BYTES]);
    SealedTombstone::seal(
        &erasable,
        Some("GDPR 17"),
        Some("the-person-who-asked"),
        &salts,
        second(),
    )
    .unwrap()
}
