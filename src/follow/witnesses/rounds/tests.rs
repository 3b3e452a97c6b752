//! The rounds against witnesses that do what the test says, and a clock that the test moves.

use indelible_merkle::{Hash, TreeHead};
use indelible_note::witness::{KnownLog, Request, decide, read_answer};
use indelible_note::{CosigningKey, PosixTime, SigningKey, sign_checkpoint};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A log whose roots are made up: its witnesses are asked for no proofs here.
struct Scene {
    rounds: Rounds,
    keys: Vec<CosigningKey>,
    newest: Head,
    now: Instant,
}

fn log_key() -> SigningKey {
    SigningKey::from_seed("test.example/log".parse().unwrap(), [7; 32])
}

fn head(size: u64) -> Head {
    let root = match size {
        0 => TreeHead::EMPTY.root,
        size => Hash::leaf(&size.to_be_bytes()),
    };
    Head::new(sign_checkpoint(TreeHead { size, root }, &log_key()))
}

impl Scene {
    /// The quorum is `threshold` of so many witnesses.
    fn new(threshold: usize, witnesses: u8, without_quorum: WithoutQuorum) -> Scene {
        let key = |number| CosigningKey::from_seed(format!("witness.example/{number}").parse().unwrap(), [number; 32]);
        let keys: Vec<_> = (0..witnesses).map(key).collect();
        let mut policy: String = (0..)
            .zip(&keys)
            .map(|(number, key)| format!("witness w{number} {}\n", key.cosigner()))
            .collect();
        let names: String = (0..witnesses).map(|number| format!(" w{number}")).collect();
        policy += &format!("group g {threshold}{names}\nquorum g\n");
        let pace = Pace {
            interval: SECOND,
            timeout: 5 * SECOND,
            refresh: 600 * SECOND,
            patience: 30 * SECOND,
            without_quorum,
        };
        let newest = head(0);
        let now = Instant::now();
        let starts = vec![Start { size: 0, agreed: true }; keys.len()];
        let policy = Policy::parse(policy.as_bytes()).unwrap();
        let rounds = Rounds::new(policy, pace, &starts, newest.checkpoint().clone(), &newest, now);
        Scene {
            rounds,
            keys,
            newest,
            now,
        }
    }

    fn next(&mut self) -> Vec<Sending> {
        self.rounds.next(&self.newest, self.now).sendings
    }

    fn grow(&mut self, size: u64) {
        self.newest = head(size);
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    fn outcome(&mut self, sending: &Sending, outcome: Outcome) {
        let published = self.newest.size();
        self.rounds.take_in(sending, outcome, published, self.now).unwrap();
    }

    fn cosign(&mut self, sending: &Sending) {
        let checkpoint = sending.head.checkpoint();
        let proof = indelible_merkle::ConsistencyProof::new(0, sending.head.size(), vec![]);
        let request = Request::new(proof, SignedCheckpoint::clone(checkpoint));
        let known = KnownLog {
            keys: vec![log_key().verifier()],
            latest: None,
        };
        let key = &self.keys[sending.place];
        let line = decide(request.clone(), Some(&known))
            .unwrap()
            .cosign(PosixTime::from_secs(1).unwrap(), key)
            .to_string();
        let body = format!("{}\n", line.trim_end());
        let answer = read_answer(&request, 200, None, body.as_bytes(), &[key.cosigner()]);
        assert!(matches!(answer, Answer::Cosigned(_)), "{answer:?}");
        self.outcome(sending, Outcome::Answered(answer));
    }

    fn refused(&mut self, sending: &Sending, status: u16) {
        let message = String::new();
        let refused = Refused::Status { status, message };
        self.outcome(sending, Outcome::Answered(Answer::Refused(refused)));
    }

    fn served(&self) -> (u64, usize) {
        let served = self.rounds.served();
        (served.head().size, served.note().signatures().len())
    }

    fn witnessed(&self) -> Option<u64> {
        self.rounds
            .witnessed()
            .map(|witnessed| witnessed.checkpoint().head().size)
    }
}

fn of(sendings: &[Sending]) -> Vec<(usize, u64)> {
    sendings
        .iter()
        .map(|sending| (sending.place, sending.head.size()))
        .collect()
}

#[test]
fn all_are_asked_for_the_same_head_and_what_comes_between_is_coalesced() {
    let mut scene = Scene::new(2, 2, WithoutQuorum::Witnessed);
    let first = scene.next();
    assert_eq!(of(&first), [(0, 0), (1, 0)]);
    assert!(scene.next().is_empty(), "one request a witness at a time");
    scene.cosign(&first[0]);
    assert!(scene.next().is_empty(), "the round waits for the other one");
    for size in 1..100 {
        scene.grow(size);
        scene.pass(SECOND / 200);
        assert!(scene.next().is_empty());
    }
    scene.cosign(&first[1]);
    assert_eq!(scene.served(), (0, 3));
    assert!(scene.next().is_empty(), "the interval is not over");
    scene.pass(SECOND);
    let second = scene.next();
    assert_eq!(of(&second), [(0, 99), (1, 99)]);
    scene.grow(150);
    scene.cosign(&second[0]);
    scene.cosign(&second[1]);
    assert_eq!((scene.served(), scene.witnessed()), ((99, 3), Some(99)));
}

#[test]
fn a_slow_witness_is_asked_for_the_round_of_the_time_when_it_is_ready() {
    let mut scene = Scene::new(1, 2, WithoutQuorum::Witnessed);
    let first = scene.next();
    scene.cosign(&first[0]);
    for size in [10, 20, 30] {
        scene.grow(size);
        scene.pass(2 * SECOND);
        let quick = scene.next();
        assert_eq!(of(&quick), [(0, size)], "the quorum needs nobody else");
        scene.cosign(&quick[0]);
        assert_eq!(scene.served(), (size, 2));
    }
    // What it says to a head that is no longer served changes nothing.
    scene.cosign(&first[1]);
    assert_eq!(scene.served(), (30, 2));
    let late = scene.next();
    assert_eq!(of(&late), [(1, 30)]);
    scene.cosign(&late[0]);
    assert_eq!(scene.served(), (30, 3), "it is added to the head that is served");
}

#[test]
fn a_quorum_for_an_older_round_counts_there() {
    let mut scene = Scene::new(2, 2, WithoutQuorum::Witnessed);
    let first = scene.next();
    scene.cosign(&first[0]);
    scene.cosign(&first[1]);
    scene.grow(10);
    scene.pass(2 * SECOND);
    let second = scene.next();
    scene.cosign(&second[0]);
    scene.grow(20);
    scene.pass(4 * SECOND);
    assert!(scene.next().is_empty());
    scene.pass(2 * SECOND);
    assert_eq!(of(&scene.next()), [(0, 20)], "the round took too long");
    scene.cosign(&second[1]);
    assert_eq!((scene.served(), scene.witnessed()), ((10, 3), Some(10)));
    assert_eq!(of(&scene.next()), [(1, 20)]);
}

#[test]
fn what_is_served_without_a_quorum_never_becomes_smaller_when_there_is_one() {
    let mut scene = Scene::new(2, 2, WithoutQuorum::Signed);
    let first = scene.next();
    scene.cosign(&first[0]);
    scene.cosign(&first[1]);
    let mut size = 0;
    let mut stuck = None;
    for _ in 0..50 {
        size += 10;
        scene.grow(size);
        scene.pass(SECOND);
        for sending in scene.next() {
            match sending.place {
                0 => scene.cosign(&sending),
                _ => stuck = Some(sending),
            }
        }
    }
    let (served, lines) = scene.served();
    assert!(
        served > 300 && served < size,
        "the head of the round, not the newest: {served} of {size}"
    );
    assert_eq!((scene.witnessed(), lines), (Some(0), 2 - 1));
    assert_eq!(scene.rounds.alarms(scene.now), [Alarm::NoQuorum]);

    // The second witness comes back with an answer to its old question, and then with one to a newer.
    scene.cosign(&stuck.unwrap());
    assert!(scene.served().0 >= served);
    while scene.witnessed().unwrap() < served {
        scene.pass(SECOND);
        size += 10;
        scene.grow(size);
        for sending in scene.next() {
            scene.cosign(&sending);
        }
        assert!(scene.served().0 >= served);
    }
    assert_eq!(scene.served(), (scene.witnessed().unwrap(), 3));
    assert_eq!(scene.rounds.alarms(scene.now), []);
}

#[test]
fn witnesses_that_do_not_answer_are_asked_less_and_less_often() {
    let mut scene = Scene::new(1, 1, WithoutQuorum::Witnessed);
    let mut asked = 0;
    for _ in 0..4 * 3_600 {
        for sending in scene.next() {
            asked += 1;
            scene.outcome(&sending, Outcome::Silent("nobody there".to_owned()));
        }
        scene.pass(SECOND / 4);
    }
    assert!((120..140).contains(&asked), "{asked} times in an hour");
    let witness = "w0".to_owned();
    assert_eq!(
        scene.rounds.alarms(scene.now),
        [Alarm::NoQuorum, Alarm::Silent { witness }]
    );
}

#[test]
fn one_that_refuses_is_left_alone_until_there_is_something_new_and_patience_is_over() {
    let mut scene = Scene::new(1, 2, WithoutQuorum::Witnessed);
    let first = scene.next();
    scene.cosign(&first[0]);
    scene.refused(&first[1], 404);
    scene.pass(100 * SECOND);
    assert!(scene.next().is_empty(), "there is nothing new");
    scene.grow(1);
    let second = scene.next();
    assert_eq!(of(&second), [(0, 1), (1, 1)]);
    scene.cosign(&second[0]);
    scene.refused(&second[1], 403);
    scene.grow(2);
    scene.pass(10 * SECOND);
    assert_eq!(of(&scene.next()), [(0, 2)]);
    let (witness, words) = ("w1".to_owned(), "it answered 403".to_owned());
    assert_eq!(scene.rounds.alarms(scene.now), [Alarm::Refuses { witness, words }]);
}

#[test]
fn a_witness_is_proved_to_from_the_size_that_it_names_but_not_for_ever() {
    let mut scene = Scene::new(1, 1, WithoutQuorum::Witnessed);
    scene.grow(100);
    scene.pass(10 * SECOND);
    for sending in scene.next() {
        scene.outcome(&sending, Outcome::Answered(Answer::ProveFrom { size: 7 }));
    }
    for size in [8, 9, 10] {
        let again = scene.next();
        assert_eq!(again[0].old_size, size - 1);
        scene.outcome(&again[0], Outcome::Answered(Answer::ProveFrom { size }));
    }
    assert!(scene.next().is_empty(), "it is asked again after a pause");
    scene.pass(SECOND);
    let again = scene.next();
    assert_eq!(again[0].old_size, 10);
    scene.cosign(&again[0]);
    assert_eq!(scene.witnessed(), Some(100));
}

#[test]
fn only_a_tree_that_was_never_published_stops_the_log() {
    let mut scene = Scene::new(1, 1, WithoutQuorum::Witnessed);
    let first = scene.next();
    scene.grow(100);
    let ahead = |size| Outcome::Answered(Answer::Ahead { size });
    scene.outcome(&first[0], ahead(100));
    scene.pass(10 * SECOND);
    let second = scene.next();
    assert_eq!((second[0].old_size, second[0].head.size()), (100, 100));
    let stop = scene
        .rounds
        .take_in(&second[0], ahead(101), 100, scene.now)
        .unwrap_err();
    assert!(
        stop.to_string().contains("w0") && stop.to_string().contains("101"),
        "{stop}"
    );
}

#[test]
fn an_idle_log_asks_again_and_stays_witnessed_meanwhile() {
    let mut scene = Scene::new(2, 2, WithoutQuorum::Witnessed);
    let first = scene.next();
    scene.cosign(&first[0]);
    scene.cosign(&first[1]);
    scene.pass(599 * SECOND);
    assert!(scene.next().is_empty());
    scene.pass(SECOND);
    let again = scene.next();
    assert_eq!(of(&again), [(0, 0), (1, 0)]);
    scene.cosign(&again[0]);
    assert_eq!(scene.served(), (0, 3));
    scene.pass(31 * SECOND);
    scene.next();
    assert_eq!(scene.rounds.alarms(scene.now), [Alarm::NoQuorum], "one does not live");
    scene.cosign(&again[1]);
    assert_eq!((scene.served(), scene.rounds.alarms(scene.now)), ((0, 3), vec![]));
}

#[test]
fn there_is_always_a_moment_to_wake_or_a_head_to_wait_for() {
    let mut scene = Scene::new(1, 1, WithoutQuorum::Witnessed);
    let sendings = scene.next();
    scene.cosign(&sendings[0]);
    scene.pass(2 * SECOND);
    let next = scene.rounds.next(&scene.newest, scene.now);
    assert!(next.heads);
    let refresh = scene.now + 598 * SECOND;
    // The round's timeout comes first: it is over then, whoever has answered.
    assert!(next.wake.is_some_and(|wake| wake > scene.now && wake <= refresh));
}
