//! One look at a log: its head, and as much of its tree as the comparison with the trusted head needs.

use std::time::Duration;

use indelible_client::{FetchError, TileSource, TreeError, TreeReader};
use indelible_merkle::{TreeHead, check_prefix, proof};

use super::judge::{Evidence, Observation, Question, question};
use super::trust::{LogTrust, NotAHead, SignedHead};

/// What was seen, and what is needed to see more.
#[derive(Debug)]
pub struct Seen {
    /// What was seen.
    pub observation: Observation,
    /// The tree of the head, if it was opened.
    pub reader: Option<TreeReader>,
    /// When the server wants to be asked again, if it says so.
    pub after: Option<Duration>,
}

/// Looks at the log.
pub async fn observe(source: &TileSource, trust: &LogTrust, trusted: Option<TreeHead>) -> Seen {
    let nothing = |observation, after| Seen {
        observation,
        reader: None,
        after,
    };
    let head = match newest(source, trust, trusted).await {
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
    let (evidence, reader) = answer(source, question).await;
    // Only of use for what comes next if it is the tree of this head.
    let reader = reader.filter(|reader| reader.head() == head.checkpoint.head());
    Seen {
        observation: Observation::Head { head, evidence },
        reader,
        after: None,
    }
}

type Newest = Result<Result<SignedHead, Observation>, FetchError>;

/// The head that is served. One that is older than the trusted one may come from a cache, which may hold it for some seconds: then
/// it is asked for again before anybody is accused.
async fn newest(source: &TileSource, trust: &LogTrust, trusted: Option<TreeHead>) -> Newest {
    let trusted = trusted.map_or(0, |trusted| trusted.size);
    let is_older = |newest: &Newest| matches!(newest, Ok(Ok(head)) if head.checkpoint.head().size < trusted);
    let mut newest = head(source, trust).await;
    for _ in 0..STALE_TRIES {
        if !is_older(&newest) {
            break;
        }
        tokio::time::sleep(STALE_PAUSE).await;
        let again = head(source, trust).await;
        if again.as_ref().is_ok_and(Result::is_ok) {
            newest = again;
        }
    }
    newest
}

async fn head(source: &TileSource, trust: &LogTrust) -> Newest {
    let note = source.checkpoint().await?;
    Ok(trust.open(&note).map_err(|error| match error {
        NotAHead::Unsigned(reason) => Observation::Unsigned {
            note: String::from_utf8_lossy(&note).into_owned(),
            reason: reason.to_string(),
        },
        error @ (NotAHead::Malformed(_) | NotAHead::Cosignature(_)) => Observation::Nothing(error.to_string()),
    }))
}

async fn answer(source: &TileSource, question: Question) -> (Evidence, Option<TreeReader>) {
    let head = match question {
        Question::Nothing => return (Evidence::Nothing, None),
        Question::Edge(head) => head,
        Question::Prefix { of, .. } => of,
    };
    let reader = match TreeReader::open(source.clone(), head).await {
        Ok(reader) => reader,
        Err(error) => return (failed(error), None),
    };
    let evidence = match question {
        Question::Prefix { size, of } => prefix(&reader, size, &of).await.unwrap_or_else(failed),
        Question::Edge(_) | Question::Nothing => Evidence::Edge,
    };
    (evidence, Some(reader))
}

async fn prefix(reader: &TreeReader, size: u64, of: &TreeHead) -> Result<Evidence, TreeError> {
    let plan = proof::prefix(size, of.size).expect("it is neither empty nor the whole tree");
    let nodes = reader.nodes(plan.nodes()).await?;
    let hashes = plan.finish(&nodes).expect("a hash for each node that was asked for");
    let proven = check_prefix(&hashes, size, of).expect("these nodes are of the tree with this head");
    Ok(Evidence::Prefix { proven, hashes })
}

fn failed(error: TreeError) -> Evidence {
    match error {
        TreeError::Fetch(error) => Evidence::Unavailable(error.to_string()),
        TreeError::Foreign(reason) => Evidence::Foreign(reason),
    }
}

/// C2SP tlog-tiles lets caches hold a checkpoint for a few seconds: three pauses are six.
const STALE_TRIES: u32 = 3;
const STALE_PAUSE: Duration = Duration::from_secs(2);
