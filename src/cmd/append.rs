//! `indelible append`

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use indelible_client::{Appending, BATCH_BYTES_MAX, Client, Waited};
use indelible_merkle::{ENTRY_MAX, Hash};
use indelible_note::Receipt;

use super::files::read_entry;
use super::progress::counter;
use super::remote::RemoteArgs;
use super::runtime::block_on;
use super::{CommandResult, Failure, Verdict};

/// Append entries to a running log, and keep their receipts.
///
/// Prints a line for each entry, its index and its leaf hash with a tab between them, once the log has made it durable and the
/// answer is checked. Delivery is at least once: when the connection breaks, an entry may or may not be in the log, and the
/// message says so.
///
/// With --wait witnessed the entries are sent in batches of up to 1,000, in their order, and each batch waits until enough of the
/// log's witnesses have cosigned a head that has it. A third column then says "witnessed", or "durable" if they did not in time: the
/// entry is in the log all the same, and `prove` fetches a better receipt later.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible append event.json --receipt event.tlog-proof
  echo 'deployed 1.2.3' | indelible append -
  indelible append --lines events.ndjson --receipts receipts/ > indices.tsv
  indelible append release.json --wait witnessed --receipt release.tlog-proof")]
pub struct Args {
    /// The files to append, one entry each; - is stdin.
    #[arg(value_name = "FILE", default_value = "-")]
    files: Vec<PathBuf>,
    /// Make every line an entry, without its line feed.
    #[arg(long)]
    lines: bool,
    /// Write the receipt of the one entry to FILE.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["receipts", "lines"])]
    receipt: Option<PathBuf>,
    /// Write every receipt to DIR/INDEX.tlog-proof.
    #[arg(long, value_name = "DIR")]
    receipts: Option<PathBuf>,
    /// What to wait for.
    #[arg(long, value_enum, default_value_t = Wait::Durable)]
    wait: Wait,
    /// How long to wait for witnesses, in seconds. The log may be configured for less.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    within: u64,
    #[command(flatten)]
    remote: RemoteArgs,
}

/// What an append waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Wait {
    /// That it is durable, under a signed head.
    Durable,
    /// That witnesses have cosigned a head that has it.
    Witnessed,
}

/// Appends.
pub fn run(args: &Args) -> CommandResult {
    if args.receipt.is_some() && args.files.len() != 1 {
        return Err("--receipt is for one entry; --receipts DIR takes any number".into());
    }
    if let Some(folder) = &args.receipts {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    match args.wait {
        Wait::Durable => block_on(append(args))?,
        Wait::Witnessed => block_on(append_witnessed(args))?,
    }
}

async fn append(args: &Args) -> CommandResult {
    let client = args.remote.connect().await?;
    let bar = counter("appended", None);
    let mut out = io::stdout().lock();
    let entries = stream::iter(entries(args));
    // Begun one after the other, so that they stand in the log in their order; the receipts come behind.
    let begun = entries.then(|entry| begin(&client, entry));
    let mut receipts = std::pin::pin!(begun.map(finish).buffered(UNDER_WAY));
    while let Some((leaf, receipt)) = receipts.try_next().await? {
        keep(args, &receipt)?;
        writeln!(out, "{}\t{leaf}", receipt.index())?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(Verdict::Holds)
}

/// In batches: entries of one stand in their order, and all of it waits once.
async fn append_witnessed(args: &Args) -> CommandResult {
    let client = args.remote.connect().await?;
    let bar = counter("appended", None);
    let mut out = io::stdout().lock();
    let mut entries = entries(args).peekable();
    while entries.peek().is_some() {
        let batch = next_batch(&mut entries)?;
        let leaves: Vec<Hash> = batch.iter().map(|entry| Hash::leaf(entry)).collect();
        let waited = client
            .append_batch_witnessed(batch, Duration::from_secs(args.within))
            .await?;
        let said = match &waited {
            Waited::Witnessed(_) => "witnessed",
            Waited::Durable(_) => "durable",
        };
        if said == "durable" {
            bar.suspend(|| eprintln!("indelible: in the log, but not enough witnesses have cosigned it in time"));
        }
        let run = waited.into_inner();
        for (index, leaf) in (run.first_index()..).zip(leaves) {
            let receipt = run.receipt(index).expect("a run has a receipt for each of its entries");
            keep(args, &receipt)?;
            writeln!(out, "{index}\t{leaf}\t{said}")?;
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok(Verdict::Holds)
}

/// As many entries as one batch takes, at least one.
fn next_batch(entries: &mut Peekable<impl Iterator<Item = io::Result<Bytes>>>) -> io::Result<Vec<Bytes>> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while batch.len() < BATCH_ENTRIES {
        let fits = |entry: &io::Result<Bytes>| {
            entry
                .as_ref()
                .map_or(true, |entry| bytes + entry.len() + 4 <= BATCH_BYTES_MAX)
        };
        let Some(entry) = entries.next_if(fits).transpose()? else {
            break;
        };
        bytes += entry.len() + 4;
        batch.push(entry);
    }
    Ok(batch)
}

fn keep(args: &Args, receipt: &Receipt) -> io::Result<()> {
    if let Some(path) = &args.receipt {
        write(path, receipt)?;
    }
    if let Some(folder) = &args.receipts {
        write(&folder.join(format!("{}.tlog-proof", receipt.index())), receipt)?;
    }
    Ok(())
}

async fn begin(client: &Client, entry: io::Result<Bytes>) -> Result<(Hash, Appending), Failure> {
    let entry = entry?;
    let leaf = Hash::leaf(&entry);
    Ok((leaf, client.begin_append(entry).await?))
}

async fn finish(begun: Result<(Hash, Appending), Failure>) -> Result<(Hash, Receipt), Failure> {
    let (leaf, appending) = begun?;
    Ok((leaf, appending.receipt().await?))
}

/// The entries of all files, read as they are asked for.
fn entries(args: &Args) -> impl Iterator<Item = io::Result<Bytes>> + '_ {
    args.files
        .iter()
        .flat_map(|path| -> Box<dyn Iterator<Item = io::Result<Bytes>>> {
            match args.lines {
                true => match open(path) {
                    Ok(source) => Box::new(Lines {
                        source,
                        path: path.clone(),
                        line: 0,
                    }),
                    Err(error) => Box::new(std::iter::once(Err(error))),
                },
                false => Box::new(std::iter::once(whole(path))),
            }
        })
}

fn whole(path: &Path) -> io::Result<Bytes> {
    let entry = read_entry(path)?;
    check_length(path, None, entry.len())?;
    Ok(entry.into())
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    match path == Path::new("-") {
        true => Ok(Box::new(BufReader::new(io::stdin()))),
        false => {
            let file = File::open(path)
                .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
            Ok(Box::new(BufReader::new(file)))
        }
    }
}

/// The lines of a source, each bounded.
struct Lines {
    source: Box<dyn BufRead>,
    path: PathBuf,
    line: u64,
}

impl Iterator for Lines {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<io::Result<Bytes>> {
        self.line += 1;
        let mut entry = Vec::new();
        // One byte more for the line feed, and one more to notice what is too long without reading on.
        match io::Read::take(&mut self.source, ENTRY_MAX as u64 + 2).read_until(b'\n', &mut entry) {
            Err(error) => return Some(Err(error)),
            Ok(0) => return None,
            Ok(_) => {}
        }
        if entry.last() == Some(&b'\n') {
            entry.pop();
        }
        Some(check_length(&self.path, Some(self.line), entry.len()).map(|()| entry.into()))
    }
}

fn check_length(path: &Path, line: Option<u64>, length: usize) -> io::Result<()> {
    if length <= ENTRY_MAX {
        return Ok(());
    }
    let place = line.map_or_else(
        || path.display().to_string(),
        |line| format!("{}:{line}", path.display()),
    );
    Err(io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("{place}: an entry has at most {ENTRY_MAX} bytes"),
    ))
}

fn write(path: &Path, receipt: &Receipt) -> io::Result<()> {
    std::fs::write(path, receipt.to_string())
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// Entries that wait for witnesses together: few enough that somebody who reads along is not left without a word for long.
const BATCH_ENTRIES: usize = 1_000;
/// Entries that wait for their acknowledgement: enough to fill a commit while another is synced.
const UNDER_WAY: usize = 4_096;
