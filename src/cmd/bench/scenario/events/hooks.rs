//! Deliveries of GitHub, as many as come to a large company in a bad hour, in a minute.

use std::sync::Arc;
use std::time::Duration;

use indelible_log::Kind;
use indelible_sources::Secret;
use serde_json::Value;

use super::filled::{indexed, wait_for_index};
use crate::cmd::Failure;
use crate::cmd::bench::check::Refuted;
use crate::cmd::bench::deliveries::{ACCOUNT, Deliveries, SOURCE, delivery};
use crate::cmd::bench::load::{Calls, Kept, REST, Until, exchanges};
use crate::cmd::bench::scenario::filled::started;
use crate::cmd::bench::scenario::{Bench, Round, say, settle};
use crate::cmd::bench::stats::{Observation, count, number};

/// Measures it, if it is wanted. An answer other than 200 ends the benchmark.
pub(super) async fn measure(bench: &Bench, round: &mut Round) -> Result<(), Failure> {
    if !bench.wants(&["hooks"]) {
        return Ok(());
    }
    let due = (bench.entries / 50).clamp(DELIVERIES_MIN, DELIVERIES_MAX);
    say(format_args!("{due} deliveries of GitHub"));
    settle(None).await?;
    let secret = Secret::new(SECRET)?;
    let log = bench.place.new_log(Kind::Events)?;
    bench.place.add_github(&log, SOURCE, ACCOUNT, &secret)?;
    let server = bench.place.serve(&log)?;
    let deliveries = Arc::new(Deliveries::signed_with(secret));
    let write = {
        let deliveries = Arc::clone(&deliveries);
        move |number, request: &mut Vec<u8>| deliveries.write(number, request)
    };
    let delivered = exchanges(server.url(), CONNECTIONS, Until::Number(due), write, stored_at).await?;
    // As the answers were given, nothing more: what was not durable then is gone now.
    server.kill()?;

    let (server, _seconds) = started(bench, &log).await?;
    let told = bench.checker(&log).told(&delivered.kept)?;
    wait_for_index(server.url()).await?;
    let kept = indexed(server.url()).await?;
    if (kept.size, delivered.kept.len() as u64) != (due, due) {
        let answered = delivered.kept.len();
        return Err(Box::new(Refuted::of(format!(
            "{answered} of {due} deliveries were answered, and the log has {}",
            kept.size
        ))));
    }
    stand_where_told(server.url(), &told).await?;
    drop(server);
    log.remove()?;

    let latencies = delivered.latencies();
    let seconds = delivered.time_of(delivered.done.len());
    round.observe(
        "hooks",
        Observation::of(latencies.p99_ms())
            .with("p50_ms", latencies.p50_ms())
            .with("max_ms", latencies.quantile_ms(1.0))
            .with(
                "deliveries_per_s",
                count(delivered.done.len()) / seconds.max(TICK).as_secs_f64(),
            )
            .with("stored", number(kept.size)),
    );
    Ok(())
}

/// The index that the answer to a delivery tells.
fn stored_at(_number: u64, body: &[u8]) -> Result<Option<u64>, Failure> {
    let answer: Value = serde_json::from_slice(body)?;
    match (answer["result"].as_str(), answer["index"].as_u64()) {
        (Some("stored"), Some(index)) => Ok(Some(index)),
        _ => Err(format!("a delivery was answered {answer}").into()),
    }
}

/// Asks for what stands at these indices: the deliveries whose senders were told them.
async fn stand_where_told(url: &str, told: &[&Kept<u64>]) -> Result<(), Failure> {
    let indices: Arc<[u64]> = told.iter().map(|kept| kept.reply).collect();
    let place = |number| usize::try_from(number).unwrap_or(usize::MAX);
    let write = move |number, request: &mut Vec<u8>| {
        request.extend_from_slice(format!("GET /v1/events/{} {REST}\r\n", indices[place(number)]).as_bytes());
    };
    let read = |_, body: &[u8]| Ok(Some(serde_json::from_slice::<Value>(body)?));
    let shown: Calls<Value> = exchanges(url, 1, Until::Number(told.len() as u64), write, read).await?;
    for Kept { number, reply } in &shown.kept {
        let Kept { number, reply: index } = told[place(*number)];
        let its_key = &reply["members"]["delivery"]["value"]["key"];
        if *its_key != delivery(*number) {
            return Err(Box::new(Refuted::of(format!(
                "at {index} stands {its_key}, and not delivery {number}"
            ))));
        }
    }
    Ok(())
}

/// What is promised is about so many; a small benchmark sends fewer.
const DELIVERIES_MAX: u64 = 20_000;
const DELIVERIES_MIN: u64 = 200;

const CONNECTIONS: usize = 64;

/// It guards nothing but this log, for a minute.
const SECRET: &str = "the secret of the benchmark";

/// So that nothing is divided by no time.
const TICK: Duration = Duration::from_micros(1);
