//! The question who did what, its answer, and the proof of it.

use std::fs;

use serde_json::Value;

use super::screen::{OMITTED, heading, show};
use super::stage::Stage;
use super::story::APPROVAL;
use crate::cmd::Failure;

/// The evidence of the answer.
pub(super) const ANSWER: &str = "casey.indelible";
/// The receipt of the approval at night.
const RECEIPT: &str = "6.tlog-proof";
/// Its leaf: the bytes that the log has hashed.
const LEAF: &str = "6.leaf";

/// What did casey do?
pub(super) async fn ask(stage: &Stage) -> Result<(), Failure> {
    heading("The question: what did casey do?")?;
    let asked = stage.run(&["events", "--actor", "casey", "--prove", ANSWER]).await?;
    let asked = asked.told(0, &["4 events and 0 tombstones, each checked"])?;
    let rows: Vec<Vec<&str>> = asked
        .stdout
        .lines()
        .skip(1)
        .map(|row| row.split_whitespace().collect())
        .collect();
    let due = [
        ("7", "deploy_key.deleted"),
        ("6", "deployment_review.approved"),
        ("5", "push"),
        ("4", "deploy_key.created"),
    ];
    let is_due = |(row, (index, action)): (&Vec<&str>, (&str, &str))| {
        row.len() > 3 && row[0] == index && row[2] == "casey" && row[3] == action
    };
    if rows.len() != due.len() || !rows.iter().zip(due).all(is_due) {
        return Err(format!("these are not the four events of casey:\n{}", asked.stdout).into());
    }
    show(&asked.stdout)?;
    show(&asked.stderr)
}

/// The answer is proved, and so is one entry of it by its receipt.
pub(super) async fn prove(stage: &Stage) -> Result<(), Failure> {
    heading("The proof: verified offline, with the file and the public key")?;
    let verified = stage.run(&["verify", ANSWER]).await?;
    let verified = verified.told(
        0,
        &[
            "holds: 4 events",
            "event 6",
            "the sender says, and nobody has checked it",
        ],
    )?;
    // It prints each event with all of its members; the auditor's is short enough to be shown.
    show(OMITTED)?;
    show(&verified.stderr)?;

    heading("The receipt of the approval: what the log hashed is in a tree that its key has signed")?;
    let proved = stage.run(&["prove", &APPROVAL.to_string(), "-o", RECEIPT]).await?;
    proved.told(0, &["entry 6 is in the tree of size 8"])?;
    show(&fs::read_to_string(stage.path(RECEIPT))?)?;
    fs::write(stage.path(LEAF), leaf(stage)?)?;
    show(&verify_receipt(stage).await?)
}

/// Verifies the receipt of the approval; what that says.
pub(super) async fn verify_receipt(stage: &Stage) -> Result<String, Failure> {
    let args = ["verify", "--receipt", RECEIPT, "--entry", LEAF];
    let verified = stage.run(&args).await?.told(0, &["holds", "entry 6"])?;
    Ok(verified.stderr)
}

/// The lines of the evidence, the first of them its header.
pub(super) fn evidence(stage: &Stage) -> Result<Vec<Value>, Failure> {
    let text = fs::read_to_string(stage.path(ANSWER))?;
    let lines: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
    Ok(lines?)
}

/// The leaf of the approval, as it stands in the evidence.
fn leaf(stage: &Stage) -> Result<String, Failure> {
    let line = evidence(stage)?.into_iter().find(|line| line["index"] == APPROVAL);
    let line = line.ok_or("the approval is not in the evidence")?;
    let leaf = line["leaf"].as_str().ok_or("the evidence has no leaf")?;
    Ok(leaf.to_owned())
}
