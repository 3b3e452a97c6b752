//! What the operator tries who has root, the disk and the log's private key: the past is changed, in a copy of the log.

use std::fs;
use std::path::Path;

use super::answer::Answer;
use super::operator;
use super::screen::{heading, show};
use super::stage::{Served, Stage};
use super::story::APPROVAL;
use crate::cmd::Failure;
use crate::cmd::out::line;
use crate::data::{DataDir, read_key};
use crate::task::blocking;

/// What the monitor looks at is what it says the log is; what it has seen before it keeps in a folder.
pub(super) async fn look(stage: &Stage, url: &str) -> Result<Answer, Failure> {
    let key = ["--vkey", "indelible-data/log.vkey"];
    let args = [&["monitor", url, "--once", "--state", "stranger"], key.as_slice()].concat();
    stage.run(&args).await
}

/// The first try: the entry is changed, and every checksum of the journal is made anew.
pub(super) async fn refuse_changed_entry(stage: &Stage) -> Result<(), Failure> {
    heading("Refused: the operator changes the approval from casey to bo, in a log with flawless checksums")?;
    let (original, copy) = (stage.data(), DataDir::at(stage.path("changed")));
    blocking(move || operator::rewrite(&original, &copy, APPROVAL)).await?;
    let refused = stage
        .run(&["serve", "--data", "changed", "--listen", "127.0.0.1:0"])
        .await?;
    let refused = refused.told(1, &["does not hold"])?;
    show(refused.stderr.lines().last().unwrap_or_default())
}

/// The second try: the changed tree is signed again, with the right key. By itself it holds; whoever remembers a head sees it.
pub(super) async fn refuse_second_history(stage: &mut Stage) -> Result<(), Failure> {
    heading("Refused: the operator signs the changed tree with the log's own key, and serves it")?;
    let copy = DataDir::at(stage.path("signed-again"));
    let key = read_key(&stage.data().log_key())?.expose_skey();
    operator::sign_again(&stage.data(), &copy, &key, APPROVAL).await?;
    fs::copy(stage.data().log_key(), copy.log_key())?;
    let served = Served::start(copy).await?;
    line("  it starts, and who sees it for the first time finds nothing wrong; the stranger's monitor does:")?;

    let caught = look(stage, &served.url).await?.told(1, &["is accused of: "])?;
    show(&caught.stderr)?;
    let finding = caught.stdout.trim();
    let finding = Path::new(finding);
    let finding = finding
        .strip_prefix(stage.path(""))
        .unwrap_or(finding)
        .to_string_lossy();
    let confirmed = stage.run(&["verify", "--finding", &finding]).await?;
    let confirmed = confirmed.told(1, &["has forked: its key signed two trees"])?;
    show(confirmed.stderr.lines().last().unwrap_or_default())?;
    served.stop().await
}
