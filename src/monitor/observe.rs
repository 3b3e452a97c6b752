//! One look at a log: its head, and as much of its tree as the comparison with the trusted head needs.

use std::time::Duration;

use indelible_client::{BadHead, FetchError, PatientSource, SignedHead, TileError, Trunk, TrustedLog};
use indelible_merkle::{TreeHead, check_prefix};
use indelible_note::NotWitnessed;

use super::judge::{Evidence, Observation, Question, question};

/// What was seen, and what is needed to see more.
#[derive(Debug)]
pub struct Seen {
    /// What was seen.
    pub observation: Observation,
    /// The tree of the head, if it was opened.
    pub trunk: Option<Trunk>,
    /// When the server wants to be asked again, if it says so.
    pub after: Option<Duration>,
}

/// Looks at the log.
pub async fn observe(source: &PatientSource, log: &TrustedLog, trusted: Option<TreeHead>) -> Seen {
    let nothing = |observation, after| Seen {
        observation,
        trunk: None,
        after,
    };
    let head = match newest(source, log, trusted).await {
        Ok(Ok(head)) => head,
        Ok(Err(observation)) => return nothing(observation, None),
        Err(error) => {
            let after = match &error {
                FetchError::Busy { after, .. } => *after,
                _ => None,
            };
            return nothing(Observation::Nothing(error.to_string()), after);
        }
    };
    let question = question(trusted, head.checkpoint.head());
    let (evidence, trunk) = answer(source, question).await;
    // Only of use for what comes next if it is the tree of this head.
    let trunk = trunk.filter(|trunk| trunk.head() == head.checkpoint.head());
    Seen {
        observation: Observation::Head { head, evidence },
        trunk,
        after: None,
    }
}

type Newest = Result<Result<SignedHead, Observation>, FetchError>;

/// The head that is served. One that is older than the trusted one may come from a cache, which may hold it for some seconds: then
/// it is asked for again before anybody is accused.
async fn newest(source: &PatientSource, log: &TrustedLog, trusted: Option<TreeHead>) -> Newest {
    let trusted = trusted.map_or(0, |trusted| trusted.size);
    let is_older = |newest: &Newest| matches!(newest, Ok(Ok(head)) if head.checkpoint.head().size < trusted);
    let mut newest = head(source, log).await;
    for _ in 0..STALE_TRIES {
        if !is_older(&newest) {
            break;
        }
        tokio::time::sleep(STALE_PAUSE).await;
        let again = head(source, log).await;
        if again.as_ref().is_ok_and(Result::is_ok) {
            newest = again;
        }
    }
    newest
}

async fn head(source: &PatientSource, log: &TrustedLog) -> Newest {
    let note = source.checkpoint().await?;
    Ok(log.open_signed(&note).map_err(|error| match error {
        // A cosignature is not the log's, and convicts nobody.
        BadHead::NotWitnessed(NotWitnessed::Cosignature(_)) => {
            Observation::Nothing(format!("{error}; the head is not believed"))
        }
        BadHead::NotWitnessed(reason) => Observation::Unsigned {
            note: String::from_utf8_lossy(&note).into_owned(),
            reason: reason.to_string(),
        },
        BadHead::Malformed(_) => Observation::Nothing(error.to_string()),
    }))
}

async fn answer(source: &PatientSource, question: Question) -> (Evidence, Option<Trunk>) {
    let head = match question {
        Question::Nothing => return (Evidence::Nothing, None),
        Question::Edge(head) => head,
        Question::Prefix { of, .. } => of,
    };
    let mut trunk = match Trunk::open(source.clone(), head).await {
        Ok(trunk) => trunk,
        Err(error) => return (failed(&error), None),
    };
    let evidence = match question {
        Question::Prefix { size, of } => match trunk.prefix(size).await {
            Ok(hashes) => Evidence::Prefix {
                proven: check_prefix(&hashes, size, &of).expect("these hashes are of the tree with this head"),
                hashes,
            },
            Err(error) => failed(&error),
        },
        Question::Edge(_) | Question::Nothing => Evidence::Edge,
    };
    (evidence, Some(trunk))
}

fn failed(error: &TileError) -> Evidence {
    match error {
        TileError::Fetch(error) => Evidence::Unavailable(error.to_string()),
        TileError::Wrong(_) | TileError::Root { .. } => Evidence::Foreign(error.to_string()),
    }
}

/// C2SP tlog-tiles lets caches hold a checkpoint for a few seconds: three pauses are six.
const STALE_TRIES: u32 = 3;
const STALE_PAUSE: Duration = Duration::from_secs(2);
