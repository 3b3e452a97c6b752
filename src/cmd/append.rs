//! `indelible append`

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use indelible_client::{Appending, Client};
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
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible append event.json --receipt event.tlog-proof
  echo 'deployed 1.2.3' | indelible append -
  indelible append --lines events.ndjson --receipts receipts/ > indices.tsv")]
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
    #[command(flatten)]
    remote: RemoteArgs,
}

/// Appends.
pub fn run(args: &Args) -> CommandResult {
    if args.receipt.is_some() && args.files.len() != 1 {
        return Err("--receipt is for one entry; --receipts DIR takes any number".into());
    }
    if let Some(folder) = &args.receipts {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    block_on(append(args))?
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
        let index = receipt.index();
        if let Some(path) = &args.receipt {
            write(path, &receipt)?;
        }
        if let Some(folder) = &args.receipts {
            write(&folder.join(format!("{index}.tlog-proof")), &receipt)?;
        }
        writeln!(out, "{index}\t{leaf}")?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(Verdict::Holds)
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

/// Entries that wait for their acknowledgement: enough to fill a commit while another is synced.
const UNDER_WAY: usize = 4_096;
