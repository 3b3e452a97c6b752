//! `indelible demo`

mod events;
mod operator;

use std::fs;
use std::io;
use std::path::Path;

use bytes::Bytes;
use indelible_client::{Client, Error as ClientError, FileHeads, Options};
use indelible_log::{Kind, VolumeEntries};
use indelible_merkle::Hash;
use indelible_note::{Receipt, VerifierKey};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use self::events::events;
use super::out::line;
use super::runtime::block_on;
use crate::cmd::{CommandResult, Failure, Verdict};
use crate::config::Config;
use crate::data::{DataDir, NewLog, init, read_key};
use crate::serve::{ServeError, Service};
use crate::task::blocking;

/// Show in a minute what the log is for: a receipt, its proof, and two lies that are refused.
///
/// Makes a log in a temporary directory, serves it on a free loopback port, appends a dozen events of a pipeline, verifies one
/// receipt offline and the growth of the tree between two heads. Then plays the operator who has the disk and the private
/// key, on a copy: changes one byte and recomputes every checksum, and re-signs the changed tree. Removes everything at the end.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  indelible demo")]
pub struct Args {}

/// Plays it through; every step that does not go as it should is an error, so that the exit status says something.
pub fn run(_: &Args) -> CommandResult {
    let folder = tempfile::Builder::new().prefix("indelible-demo-").tempdir()?;
    block_on(play(folder.path()))?
}

async fn play(folder: &Path) -> CommandResult {
    heading("A log of its own")?;
    let data = DataDir::at(folder.join("log"));
    let vkey = make(&data)?;
    let served = Served::start(data.clone()).await?;
    line(format_args!(
        "  serving on {}\n  public key, the one thing that its readers trust:\n  {vkey}",
        served.url
    ))?;

    heading("A dozen events from the pipelines, one receipt each")?;
    let client = connect(&served, &vkey, folder).await?;
    let mut receipts = Vec::new();
    for (name, words, body) in events() {
        let receipt = client.append(body).await?;
        line(format_args!("  {:>2}  {name:<17}  {words}", receipt.index()))?;
        receipts.push(receipt);
    }
    let early = receipts[APPROVAL].checkpoint().clone();
    let newest = client.head().await?;

    heading("The receipt of the approval at night, as its submitter keeps it")?;
    let night = &receipts[usize::try_from(NIGHT)?];
    print_indented(&night.to_string())?;

    heading("Verified offline: the receipt, the event, the public key, no server")?;
    verify_offline(night, &vkey)?;
    line(format_args!(
        "\n  The tree of size {} is the beginning of the tree of size {}:",
        early.head().size,
        newest.head().size
    ))?;
    client.consistency(&early, &newest).await?;
    line("  consistency proof checked: nothing was changed, dropped or reordered between the two")?;

    drop(client);
    served.stop().await?;
    refuse_changed_byte(folder, &data).await?;
    refuse_second_history(folder, &data, &vkey).await?;

    heading("That is all")?;
    line("  Nobody had to trust the operator. See README.md for the five-minute start.\n")?;
    Ok(Verdict::Holds)
}

fn make(data: &DataDir) -> Result<VerifierKey, Failure> {
    let mut new = NewLog {
        origin: "demo.example/audit".parse()?,
        kind: Kind::Opaque,
        volume_entries: VolumeEntries::default(),
        key_file: None,
        journal_seed: [0; 16],
        key_seed: [0; 32],
        first_token: None,
    };
    getrandom::fill(&mut new.journal_seed)?;
    getrandom::fill(&mut new.key_seed)?;
    Ok(init(data, &new)?)
}

fn verify_offline(receipt: &Receipt, vkey: &VerifierKey) -> Result<(), Failure> {
    let (_, _, body) = events().swap_remove(usize::try_from(NIGHT).expect("a small index"));
    let verified = receipt
        .verify(Hash::leaf(&body), vkey)
        .map_err(|error| error.to_string())?;
    let head = verified.checkpoint().head();
    line(format_args!(
        "  holds: entry {} is in the tree of size {}, which the log's key has signed",
        NIGHT, head.size
    ))?;
    let forged = forge(&body);
    match receipt.verify(Hash::leaf(&forged), vkey) {
        Err(error) => {
            line(format_args!("  and with one byte of the event changed: {error}"))?;
            Ok(())
        }
        Ok(_) => Err("a receipt held for another event".into()),
    }
}

/// The first lie: one byte, and every checksum of journal and object store recomputed.
async fn refuse_changed_byte(folder: &Path, data: &DataDir) -> Result<(), Failure> {
    heading("The dishonest operator changes one byte, approver 103 to 102, and recomputes every checksum")?;
    let copy = DataDir::at(folder.join("changed"));
    let (original, key) = (data.clone(), read_key(&data.log_key())?);
    let started = blocking(move || {
        operator::rewrite(&original, &copy, NIGHT, forge)?;
        operator::start(&copy, key)
    });
    match started.await? {
        Err(refused) => println!("  the log refuses to start: {refused}"),
        Ok(()) => return Err("a changed entry was served".into()),
    }
    Ok(())
}

/// The second lie: the changed tree is signed again, with the right key. By itself it holds; whoever remembers a head sees it.
async fn refuse_second_history(folder: &Path, data: &DataDir, vkey: &VerifierKey) -> Result<(), Failure> {
    heading("The dishonest operator signs the changed tree again, with the log's own key")?;
    let copy = DataDir::at(folder.join("signed-again"));
    let key: Zeroizing<String> = read_key(&data.log_key())?.expose_skey();
    let entries = events()
        .into_iter()
        .zip(0u64..)
        .map(|((_, _, body), index)| if index == NIGHT { forge(&body) } else { body });
    operator::sign_again(&copy, &key, entries.collect()).await?;
    fs::copy(data.log_key(), copy.log_key())?;
    let served = Served::start(copy).await?;
    line("  it starts, and a stranger who sees it for the first time finds nothing wrong")?;

    let client = connect(&served, vkey, folder).await?;
    match client.head().await {
        Err(error @ ClientError::Misbehaved(_)) => {
            line("  the client that holds the older head refuses it:")?;
            print_indented(&error.to_string())?;
        }
        Err(other) => return Err(other.into()),
        Ok(_) => return Err("a second history was believed".into()),
    }
    drop(client);
    served.stop().await?;
    Ok(())
}

/// A log that is served in this process.
struct Served {
    url: String,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), ServeError>>,
}

impl Served {
    async fn start(data: DataDir) -> Result<Served, ServeError> {
        let config = Config {
            listen: ([127, 0, 0, 1], 0).into(),
            open: true,
            ..Config::default()
        };
        let service = Service::start(data, config).await?;
        let url = service.url();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(service.run(async {
            // Either way it is time to stop.
            let _ = stopped.await;
        }));
        Ok(Served { url, stop, running })
    }

    async fn stop(self) -> Result<(), Failure> {
        drop(self.stop);
        Ok(self.running.await??)
    }
}

/// The client of this demo, which remembers in a file the newest head that it has verified.
async fn connect(served: &Served, vkey: &VerifierKey, folder: &Path) -> Result<Client, Failure> {
    let heads = FileHeads::new(folder.join("client.checkpoint"))?;
    Ok(Client::connect(&served.url, vkey.clone(), heads, Options::default()).await?)
}

/// Changes one byte: the approver 103, who is cy, becomes 102, who is bo.
fn forge(body: &[u8]) -> Bytes {
    let text = String::from_utf8_lossy(body).replacen("\"id\":103", "\"id\":102", 1);
    Bytes::from(text)
}

fn heading(words: &str) -> io::Result<()> {
    line(format_args!("\n{words}"))
}

fn print_indented(text: &str) -> io::Result<()> {
    for row in text.lines() {
        line(format_args!("  | {row}"))?;
    }
    Ok(())
}

/// Where the approval at night stands.
const NIGHT: u64 = 9;

/// The receipt whose head is the older one of the two that are compared.
const APPROVAL: usize = 3;
