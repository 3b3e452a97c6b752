//! What strangers try.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use indelible_sources::Secret;
use indelible_sources::github::sign;
use serde_json::Value;

use super::delivery::deliver;
use super::question::evidence;
use super::screen::{heading, show};
use super::stage::Stage;
use super::story::{APPROVAL, CULPRIT, SCAPEGOAT, night};
use crate::cmd::Failure;
use crate::cmd::out::line;

/// The evidence with another name in it.
const FORGED: &str = "forged.indelible";

/// A delivery that is not what was signed.
pub(super) async fn refuse_delivery(stage: &Stage, secret: &Secret) -> Result<(), Failure> {
    heading("Refused: a delivery in which one byte is not what was signed")?;
    let happening = night().swap_remove(0);
    let signature = sign(secret, &happening.body);
    let mut body = happening.body.to_vec();
    if let Some(last) = body.last_mut() {
        *last ^= 1;
    }
    let (status, problem) = deliver(stage, happening.event, &signature, &body).await?;
    let checkpoint = stage.http.get(format!("{}/checkpoint", stage.url()?)).send().await?;
    let checkpoint = checkpoint.text().await?;
    let size = checkpoint.lines().nth(1).unwrap_or_default();
    if (status, size) != (401, "8") {
        return Err(format!("it was answered with {status}, and the log has {size} entries: {problem}").into());
    }
    let detail = problem["detail"].as_str().unwrap_or_default();
    Ok(line(format_args!(
        "  {status} {detail}; the log still has {size} entries"
    ))?)
}

/// Evidence in which somebody else did it.
pub(super) async fn refuse_evidence(stage: &Stage) -> Result<(), Failure> {
    heading("Refused: the evidence, with bo in the place of casey")?;
    let mut lines = evidence(stage)?;
    let forged = lines
        .iter_mut()
        .filter(|line| line["index"] == APPROVAL)
        .map(forge)
        .sum::<usize>();
    if forged != 1 {
        return Err(format!("{forged} members of the approval name casey, and not one").into());
    }
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(stage.path(FORGED), text)?;
    let refused = stage.run(&["verify", FORGED]).await?;
    let refused = refused.told(1, &["does not hold", "the leaf does not commit to it"])?;
    show(refused.stderr.lines().last().unwrap_or_default())
}

/// Puts another name into the disclosures of a line; into how many.
fn forge(line: &mut Value) -> usize {
    let mut count = 0;
    for text in line["disclosures"].as_array_mut().into_iter().flatten() {
        let bytes = URL_SAFE_NO_PAD
            .decode(text.as_str().unwrap_or_default())
            .unwrap_or_default();
        let disclosure = String::from_utf8_lossy(&bytes);
        if disclosure.contains(CULPRIT.0) {
            *text = URL_SAFE_NO_PAD
                .encode(disclosure.replace(CULPRIT.0, SCAPEGOAT.0))
                .into();
            count += 1;
        }
    }
    count
}
