//! A log is made, and GitHub delivers to it.

use std::time::Duration;

use indelible_sources::Secret;
use indelible_sources::github::sign;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::history::look;
use super::screen::{heading, show};
use super::stage::Stage;
use super::story::{Happening, day, night};
use crate::cmd::Failure;
use crate::cmd::out::line;

/// Makes the log with GitHub as a source, and serves it. The secret is what GitHub signs with.
pub(super) async fn make_log(stage: &mut Stage) -> Result<Secret, Failure> {
    heading("A log, and GitHub as its source. Of the log its readers trust the public key, and nothing else")?;
    let made = stage.run(&["init", "--origin", "demo.example/audit"]).await?;
    show(&made.told(0, &["demo.example/audit+"])?.stdout)?;
    let added = stage
        .run(&["source", "add", "github", "acme", "--allow", "acme"])
        .await?;
    let added = added.told(0, &["hooks/github/acme"])?;
    let row = added.stdout.lines().find(|row| row.trim().starts_with("Secret "));
    let row = row.ok_or("a new source has no secret")?.trim();
    show(row)?;
    stage.open().await?;
    let secret = row.rsplit(' ').next().unwrap_or_default();
    Ok(Secret::new(secret)?)
}

/// What everybody expects, and a stranger who looks at the log.
pub(super) async fn by_day(stage: &Stage, secret: &Secret) -> Result<(), Failure> {
    heading("By day. What GitHub delivers is signed with the secret, and answered when it is durable")?;
    deliver_all(stage, secret, &day(), 0).await?;
    heading("A stranger's monitor looks at the log, and remembers the head that it has seen")?;
    show(&look(stage, stage.url()?).await?.told(0, &["has 4 entries"])?.stderr)
}

/// What somebody should ask about, and the stranger again.
pub(super) async fn at_night(stage: &Stage, secret: &Secret) -> Result<(), Failure> {
    heading("At night")?;
    deliver_all(stage, secret, &night(), day().len()).await?;
    heading("The monitor looks again: nothing was changed, dropped or reordered between the two heads")?;
    let seen = look(stage, stage.url()?).await?;
    show(
        &seen
            .told(0, &["has 8 entries and continues what was seen before"])?
            .stderr,
    )
}

/// Delivers each, and waits until it can be asked for.
async fn deliver_all(stage: &Stage, secret: &Secret, all: &[Happening], first: usize) -> Result<(), Failure> {
    for (happening, due) in all.iter().zip(first..) {
        let (event, words) = (happening.event, happening.words);
        let signature = sign(secret, &happening.body);
        let (status, answer) = deliver(stage, event, &signature, &happening.body).await?;
        let (result, index) = (answer["result"].as_str().unwrap_or_default(), &answer["index"]);
        if (status, result, index.as_u64()) != (200, "stored", Some(due as u64)) {
            return Err(format!("the delivery {words:?} was answered with {status}: {answer}").into());
        }
        line(format_args!("  {status} {result} {index}  {event:<17}  {words}"))?;
    }
    wait_for_index(stage, (first + all.len()) as u64).await
}

/// Sends one delivery as GitHub does; the status, and the answer.
pub(super) async fn deliver(stage: &Stage, event: &str, signature: &str, body: &[u8]) -> Result<(u16, Value), Failure> {
    let mut id = [0; 8];
    getrandom::fill(&mut id)?;
    let request = stage
        .http
        .post(format!("{}/hooks/github/acme", stage.url()?))
        .header("Content-Type", "application/json")
        .header("X-GitHub-Event", event)
        .header("X-GitHub-Delivery", format!("{:016x}", u64::from_be_bytes(id)))
        .header("X-Hub-Signature-256", signature);
    let answer = request.body(body.to_vec()).send().await?;
    let status = answer.status().as_u16();
    Ok((status, serde_json::from_slice(&answer.bytes().await?)?))
}

/// The search tables follow the log. A question that is asked too early is answered, and says that it is; the demo waits instead.
async fn wait_for_index(stage: &Stage, size: u64) -> Result<(), Failure> {
    let until = Instant::now() + INDEX_PATIENCE;
    loop {
        let url = format!("{}/v1/events?limit=1", stage.url()?);
        let answer = stage.http.get(url).send().await?.bytes().await?;
        let answer: Value = serde_json::from_slice(&answer)?;
        if answer["indexed_size"] == size {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(format!("the index does not come to {size} entries: {answer}").into());
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// It takes milliseconds, but on a machine that has more to do.
const INDEX_PATIENCE: Duration = Duration::from_secs(30);
