//! The answer to a question, and its evidence.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use serde_json::json;

use super::Args;
use super::row::{Cells, Columns, HEADINGS, cells};
use crate::cmd::Failure;
use crate::cmd::evidence::{EvidenceTrustArgs, EvidenceWriter, header, members_json};
use crate::cmd::out::line;
use crate::cmd::service::{Answered, BadAnswer, Gatherer, Opened, Page, Question, Service, Turn, is_tombstone};
use crate::cmd::terminal::Safe;

/// Prints the answer, the newest first, and writes its evidence if that is asked for.
pub(super) async fn run(args: &Args, question: &Question) -> Result<(), Failure> {
    let service = args.service.service()?;
    let mut printer = Printer::new(args.json);
    let mut leaves = BTreeMap::new();
    let mut left = args.limit;
    let mut turn = Turn::Newest;
    let mut first = None;
    while left > 0 {
        let page = service.events(question, turn, page_limit(left)).await?;
        let events: Vec<&Answered> = page.events.iter().take(usize::try_from(left)?).collect();
        left -= events.len() as u64;
        printer.print(&events)?;
        if args.prove.is_some() {
            leaves.extend(events.iter().map(|event| (event.index, event.leaf())));
        }
        let next = page.next;
        first.get_or_insert(page);
        match next {
            Some(index) => turn = Turn::Before(index),
            None => break,
        }
    }
    if let Some(page) = &first {
        say_lag(page);
    }
    match &args.prove {
        Some(path) => prove(path, service, &leaves, &args.trust).await,
        None => Ok(()),
    }
}

/// Writes the events of an answer with their proofs, each checked first, and the tombstones of what was erased of them.
async fn prove(
    path: &Path,
    service: Service,
    leaves: &BTreeMap<u64, Bytes>,
    trust: &EvidenceTrustArgs,
) -> Result<(), Failure> {
    let trust = trust.read()?;
    let mut writer = EvidenceWriter::create(path, &header(&trust)?)?;
    let mut gatherer = Gatherer::new(service, trust);
    let mut other = None;
    gatherer
        .entries(leaves.keys().copied(), |line, _| {
            if leaves.get(&line.index()) != Some(&leaf_of(line)) {
                other = other.or(Some(line.index()));
            }
            writer.write(line)
        })
        .await?;
    if let Some(index) = other {
        return Err(BadAnswer::OtherLeaf { index }.into());
    }
    let mut tombstones = 0_u64;
    gatherer
        .tombstones(|line, checked| {
            tombstones += u64::from(is_tombstone(&checked));
            writer.write(line)
        })
        .await?;
    writer.finish()?;
    eprintln!(
        "wrote {}: {} events and {tombstones} tombstones, each checked",
        path.display(),
        leaves.len()
    );
    Ok(())
}

fn leaf_of(line: &indelible_event::EvidenceLine) -> Bytes {
    match line {
        indelible_event::EvidenceLine::Event { leaf, .. } => leaf.text().clone(),
        indelible_event::EvidenceLine::Tombstone { leaf, .. } => leaf.text().clone(),
    }
}

/// Says how far the index is behind the log, if it is.
pub(super) fn say_lag(page: &Page) {
    if page.indexed_size < page.size {
        eprintln!(
            "the index is behind: it has the first {} of {} entries, and this answer none of the {} after them",
            page.indexed_size,
            page.size,
            page.size - page.indexed_size
        );
    }
}

/// As many as one page takes.
pub(super) fn page_limit(left: u64) -> usize {
    usize::try_from(left).map_or(PAGE_EVENTS, |left| left.min(PAGE_EVENTS))
}

/// Prints events as they come.
#[derive(Debug)]
pub(super) struct Printer {
    json: bool,
    columns: Option<Columns>,
}

impl Printer {
    pub(super) fn new(json: bool) -> Printer {
        Printer { json, columns: None }
    }

    /// Prints events whose members their leaves commit to. Of those that do not hold none is printed.
    pub(super) fn print(&mut self, events: &[&Answered]) -> Result<(), Failure> {
        let opened = events.iter().map(|event| Ok((event.index, event.open()?)));
        let opened: Vec<(u64, Opened)> = opened.collect::<Result<_, BadAnswer>>()?;
        match self.json {
            true => opened.iter().try_for_each(|(index, opened)| print_json(*index, opened)),
            false => self.print_rows(&opened),
        }
    }

    fn print_rows(&mut self, opened: &[(u64, Opened)]) -> Result<(), Failure> {
        let rows: Vec<Cells> = opened.iter().map(|(index, opened)| row(*index, opened)).collect();
        let columns = match &mut self.columns {
            Some(columns) => {
                columns.widen(&rows);
                columns
            }
            None => {
                let columns = self.columns.insert(Columns::of(&rows));
                line(columns.row(HEADINGS))?;
                columns
            }
        };
        for row in &rows {
            line(columns.row(row.iter().map(String::as_str)))?;
        }
        Ok(())
    }
}

fn row(index: u64, opened: &Opened) -> Cells {
    match opened {
        Opened::Event { leaf, members } => cells(index, leaf, members),
        Opened::Tombstone => {
            let mut cells = Cells::default();
            cells[0] = index.to_string();
            cells[3] = "(tombstone)".to_owned();
            cells
        }
    }
}

fn print_json(index: u64, opened: &Opened) -> Result<(), Failure> {
    let json = match opened {
        Opened::Event { leaf, members } => json!({
            "type": "event",
            "index": index,
            "received": leaf.received().to_string(),
            "members": members_json(members),
        }),
        Opened::Tombstone => json!({"type": "tombstone", "index": index}),
    };
    Ok(line(Safe(&json.to_string()))?)
}

/// As many as are asked for at a time.
const PAGE_EVENTS: usize = 100;
